/* SPDX-License-Identifier: Apache-2.0 */
/* The names of the files of a log. */
#include "ledger/source.h"

#include <stdio.h>

#include "base/buf.h"
#include "base/encode.h"

/* Groups of three digits, all but the last behind an `x` (TIL-2). */
static void put_index(struct buf *path, uint64_t index)
{
    uint64_t groups[7];
    size_t n = 0;
    do {
        groups[n++] = index % 1000;
        index /= 1000;
    } while (index > 0);
    while (n-- > 0)
        buf_printf(path, "/%s%03u", n > 0 ? "x" : "", (unsigned)groups[n]);
}

static void finish(struct buf *path)
{
    buf_put_char(path, '\0');
    AMBIT_ASSERT(buf_check(path) == AMBIT_OK);
}

void log_tile_path(const struct log_tile *tile, char ret[LOG_PATH_MAX])
{
    struct buf path;
    buf_init_fixed(&path, ret, LOG_PATH_MAX);
    if (tile->is_entries)
        buf_put_text(&path, "tile/entries");
    else
        buf_printf(&path, "tile/%u", tile->level);
    put_index(&path, tile->index);
    if (tile->width < LOG_TILE_WIDTH)
        buf_printf(&path, ".p/%u", (unsigned)tile->width);
    finish(&path);
}

void log_openings_path(uint64_t index, char ret[LOG_PATH_MAX])
{
    struct buf path;
    buf_init_fixed(&path, ret, LOG_PATH_MAX);
    buf_put_text(&path, "openings");
    put_index(&path, index);
    finish(&path);
}

void log_named_path(enum log_named kind, const struct ambit_digest *digest, char ret[LOG_PATH_MAX])
{
    static const char *const folders[] = {
        [LOG_DOCUMENT] = "documents/", [LOG_SET] = "sets/", [LOG_ZONE] = "zones/"};
    struct buf path;
    buf_init_fixed(&path, ret, LOG_PATH_MAX);
    buf_put_text(&path, folders[kind]);
    buf_put_hex(&path, digest->b, sizeof digest->b);
    if (kind == LOG_SET)
        buf_put_text(&path, ".json");
    finish(&path);
}

size_t log_tile_width(uint64_t size, unsigned level, uint64_t index)
{
    uint64_t nodes = size >> (8 * level);
    uint64_t first = index * LOG_TILE_WIDTH;
    if (first >= nodes)
        return 0;
    return nodes - first < LOG_TILE_WIDTH ? (size_t)(nodes - first) : LOG_TILE_WIDTH;
}
