/* SPDX-License-Identifier: Apache-2.0 */
/* The names of the files of a log. */
#include "ledger/source.h"

#include "base/buf.h"
#include "base/encode.h"
#include "ledger/tile_path.h"

static void finish(struct buf *path)
{
    buf_put_char(path, '\0');
    AMBIT_ASSERT(buf_check(path) == AMBIT_OK);
}

void log_tile_path(const struct tile_path *tile, char ret[LOG_PATH_MAX])
{
    struct buf path;
    buf_init_fixed(&path, ret, LOG_PATH_MAX);
    tile_path_put(tile, &path);
    finish(&path);
}

/* As its bundle is named. */
void log_openings_path(uint64_t index, char ret[LOG_PATH_MAX])
{
    static const char bundle[] = "tile/entries";
    const struct tile_path tile = {.is_entries = true, .index = index, .width = LOG_TILE_WIDTH};
    char name[LOG_PATH_MAX];
    struct buf path;
    log_tile_path(&tile, name);
    buf_init_fixed(&path, ret, LOG_PATH_MAX);
    buf_put_text(&path, "openings");
    buf_put_text(&path, name + sizeof bundle - 1);
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

bool log_opening_read(struct ambit_str line, struct ambit_str *ret, uint64_t *ret_seq)
{
    static const char before[] = "{\"open\":", between[] = ",\"seq\":";
    size_t n_before = sizeof before - 1, n_between = sizeof between - 1;
    if (line.len < n_before + n_between + 2 || memcmp(line.p, before, n_before) != 0 ||
        line.p[line.len - 1] != '}')
        return false;
    const char *end = line.p + line.len - 1, *digits = end;
    while (digits > line.p && digits[-1] >= '0' && digits[-1] <= '9')
        digits--;
    if ((size_t)(digits - line.p) < n_before + n_between ||
        memcmp(digits - n_between, between, n_between) != 0)
        return false;
    *ret = (struct ambit_str){.p = line.p + n_before,
                              .len = (size_t)(digits - n_between - line.p) - n_before};
    struct ambit_str number = {.p = digits, .len = (size_t)(end - digits)};
    return parse_u64(number, ret_seq) == AMBIT_OK;
}
