/* SPDX-License-Identifier: Apache-2.0 */
/* Reading and writing the names of tiles. */
#include "ledger/tile_path.h"

#include "ambit/limits.h"
#include "base/buf.h"
#include "base/encode.h"

enum { GROUP = 3, GROUP_VALUES = 1000 };

static bool cut_front(struct ambit_str *text, const char *front)
{
    size_t len = strlen(front);
    if (text->len < len || memcmp(text->p, front, len) != 0)
        return false;
    *text = (struct ambit_str){.p = text->p + len, .len = text->len - len};
    return true;
}

/* The segment up to a slash, or up to the end; the slash is left. */
static struct ambit_str take_segment(struct ambit_str *text)
{
    const char *slash = text->len ? memchr(text->p, '/', text->len) : NULL;
    struct ambit_str segment = {.p = text->p, .len = slash ? (size_t)(slash - text->p) : text->len};
    *text = (struct ambit_str){.p = text->p + segment.len, .len = text->len - segment.len};
    return segment;
}

/* Exactly three digits more of the number. */
static bool add_group(struct ambit_str digits, uint64_t *index)
{
    uint64_t group = 0;
    if (digits.len != GROUP)
        return false;
    for (size_t i = 0; i < GROUP; i++) {
        if (digits.p[i] < '0' || digits.p[i] > '9')
            return false;
        group = group * 10 + (uint64_t)(digits.p[i] - '0');
    }
    return !__builtin_mul_overflow(*index, (uint64_t)GROUP_VALUES, index) &&
           !__builtin_add_overflow(*index, group, index);
}

static bool read_index(struct ambit_str *text, uint64_t *ret, bool *ret_is_partial)
{
    *ret = 0;
    while (cut_front(text, "x")) {
        /* The first group is not all zeros: each number has one name. */
        if (!add_group(take_segment(text), ret) || *ret == 0 || !cut_front(text, "/"))
            return false;
    }
    struct ambit_str last = take_segment(text);
    *ret_is_partial = last.len == GROUP + 2 && memcmp(last.p + GROUP, ".p", 2) == 0;
    if (*ret_is_partial)
        last.len = GROUP;
    return add_group(last, ret);
}

enum ambit_err tile_path_read(struct ambit_str text, struct tile_path *ret)
{
    struct tile_path path = {.width = AMBIT_TILE_HASHES};
    uint64_t level = 0, width = 0;
    bool is_partial = false;
    if (!cut_front(&text, "tile/"))
        return AMBIT_ERR_MALFORMED;
    path.is_entries = cut_front(&text, "entries/");
    if (!path.is_entries) {
        if (parse_u64(take_segment(&text), &level) != AMBIT_OK || level > TILE_PATH_LEVEL_MAX ||
            !cut_front(&text, "/"))
            return AMBIT_ERR_MALFORMED;
        path.level = (unsigned)level;
    }
    if (!read_index(&text, &path.index, &is_partial))
        return AMBIT_ERR_MALFORMED;
    if (is_partial) {
        if (!cut_front(&text, "/") || parse_u64(take_segment(&text), &width) != AMBIT_OK ||
            width == 0 || width >= AMBIT_TILE_HASHES)
            return AMBIT_ERR_MALFORMED;
        path.width = (unsigned)width;
    }
    if (text.len > 0)
        return AMBIT_ERR_MALFORMED;
    *ret = path;
    return AMBIT_OK;
}

void tile_path_put(const struct tile_path *path, struct buf *out)
{
    uint64_t above = 1;
    if (path->is_entries)
        buf_put_text(out, "tile/entries/");
    else
        buf_printf(out, "tile/%u/", path->level);
    while (path->index / above >= GROUP_VALUES)
        above *= GROUP_VALUES;
    for (; above > 1; above /= GROUP_VALUES)
        buf_printf(out, "x%03u/", (unsigned)(path->index / above % GROUP_VALUES));
    buf_printf(out, "%03u", (unsigned)(path->index % GROUP_VALUES));
    if (path->width < AMBIT_TILE_HASHES)
        buf_printf(out, ".p/%u", path->width);
}
