/* SPDX-License-Identifier: Apache-2.0 */
/* The TZif file: header, data block, footer, each exactly as RFC 9636 section 3 has it. */
#include "base/zone.h"

#include "base/encode.h"
#include "base/zone_internal.h"

enum {
    HEADER = 44,
    TYPE_BYTES = 6,
    LONG_TIME = 8,
    SHORT_TIME = 4,
    OFFSET_MIN_S = -89999, /* RFC 9636 section 3.2 */
    OFFSET_MAX_S = 93599,
    CHANGES_MAX = 16384,
};
static const int64_t time_max = (int64_t)1 << 59;

struct cursor {
    const uint8_t *p;
    size_t left;
};

static const uint8_t *take(struct cursor *in, size_t n)
{
    if (n > in->left)
        return NULL;
    const uint8_t *p = in->p;
    in->p += n;
    in->left -= n;
    return p;
}

struct header {
    char version; /* 0, '2', '3', '4' */
    uint32_t n_ut, n_std, n_leap, n_times, n_types, n_chars;
};

static enum ambit_err read_header(struct cursor *in, struct header *ret)
{
    const uint8_t *p = take(in, HEADER);
    if (!p || memcmp(p, "TZif", 4) != 0)
        return AMBIT_ERR_MALFORMED;
    *ret = (struct header){
        .version = (char)p[4],
        .n_ut = get_be32(p + 20),
        .n_std = get_be32(p + 24),
        .n_leap = get_be32(p + 28),
        .n_times = get_be32(p + 32),
        .n_types = get_be32(p + 36),
        .n_chars = get_be32(p + 40),
    };
    if (ret->version != 0 && (ret->version < '2' || ret->version > '4'))
        return AMBIT_ERR_UNSUPPORTED;
    if (ret->n_leap)
        return AMBIT_ERR_UNSUPPORTED;
    if (ret->n_types == 0 || ret->n_types > 256 || ret->n_chars == 0 || ret->n_chars > 65536 ||
        ret->n_times > CHANGES_MAX || (ret->n_ut && ret->n_ut != ret->n_types) ||
        (ret->n_std && ret->n_std != ret->n_types))
        return AMBIT_ERR_MALFORMED;
    return AMBIT_OK;
}

struct block {
    const uint8_t *times, *indexes, *types, *chars, *std, *ut;
};

static enum ambit_err take_block(struct cursor *in, const struct header *header, size_t time_bytes,
                                 struct block *ret)
{
    ret->times = take(in, header->n_times * time_bytes);
    ret->indexes = take(in, header->n_times);
    ret->types = take(in, header->n_types * (size_t)TYPE_BYTES);
    ret->chars = take(in, header->n_chars);
    ret->std = take(in, header->n_std);
    ret->ut = take(in, header->n_ut);
    return ret->times && ret->indexes && ret->types && ret->chars && ret->std && ret->ut
               ? AMBIT_OK
               : AMBIT_ERR_MALFORMED;
}

static int32_t type_offset(const struct block *block, size_t type)
{
    return (int32_t)get_be32(block->types + type * TYPE_BYTES);
}

/* The names and the two kinds of indicators are used by nobody here, but a file in which they are
 * wrong is no TZif file. */
static bool is_type_whole(const struct header *header, const struct block *block, size_t i)
{
    const uint8_t *type = block->types + i * TYPE_BYTES;
    int32_t offset_s = type_offset(block, i);
    uint8_t is_summer = type[4], name = type[5];
    bool is_std = header->n_std && block->std[i], is_ut = header->n_ut && block->ut[i];
    if (offset_s < OFFSET_MIN_S || offset_s > OFFSET_MAX_S || is_summer > 1)
        return false;
    if (name >= header->n_chars || !memchr(block->chars + name, 0, header->n_chars - name))
        return false;
    if ((header->n_std && block->std[i] > 1) || (header->n_ut && block->ut[i] > 1))
        return false;
    return is_std || !is_ut;
}

static int64_t time_at(const struct block *block, size_t time_bytes, size_t i)
{
    const uint8_t *p = block->times + i * time_bytes;
    return time_bytes == LONG_TIME ? (int64_t)get_be64(p) : (int32_t)get_be32(p);
}

/* Changes of the offset; a change of the name alone is none. */
static enum ambit_err take_changes(const struct header *header, const struct block *block,
                                   size_t time_bytes, struct zone_changes *ret)
{
    for (size_t i = 0; i < header->n_types; i++) {
        if (!is_type_whole(header, block, i))
            return AMBIT_ERR_MALFORMED;
    }
    ret->first_offset_s = type_offset(block, 0);
    for (size_t i = 0; i < header->n_times; i++) {
        int64_t at_s = time_at(block, time_bytes, i);
        if (block->indexes[i] >= header->n_types || at_s < -time_max || at_s > time_max ||
            (i > 0 && at_s <= time_at(block, time_bytes, i - 1)))
            return AMBIT_ERR_MALFORMED;
        /* Kept even without a new offset: the footer speaks of what lies behind the last. */
        ret->v[ret->n++] =
            (struct zone_change){.at_s = at_s, .offset_s = type_offset(block, block->indexes[i])};
    }
    return AMBIT_OK;
}

/* "\n", a TZ string or nothing, "\n", and the end of the file. */
static enum ambit_err take_footer(struct cursor *in, char version, struct zone_changes *changes,
                                  bool *ret_is_endless)
{
    struct zone_rule rule = {0};
    *ret_is_endless = true;
    if (in->left < 2 || in->p[0] != '\n' || in->p[in->left - 1] != '\n')
        return AMBIT_ERR_MALFORMED;
    struct ambit_str text = {.p = (const char *)in->p + 1, .len = in->left - 2};
    if (text.len == 0)
        return AMBIT_OK;
    enum ambit_err err = zone_rule_read(text, version >= '3', &rule);
    if (err)
        return err;
    *ret_is_endless = !rule.has_summer;
    return zone_rule_apply(&rule, changes);
}

static enum ambit_err read_file(struct cursor *in, struct zone_changes *changes,
                                bool *ret_is_endless)
{
    struct header header = {0};
    struct block block = {0};
    enum ambit_err err = read_header(in, &header);
    if (!err)
        err = take_block(in, &header, SHORT_TIME, &block);
    if (err)
        return err;

    *ret_is_endless = true;
    if (header.version == 0) {
        err = take_changes(&header, &block, SHORT_TIME, changes);
        return !err && in->left ? AMBIT_ERR_MALFORMED : err;
    }
    /* The first block is for readers of version 1; what counts follows. */
    char version = header.version;
    err = read_header(in, &header);
    if (!err)
        err = header.version == version ? take_block(in, &header, LONG_TIME, &block)
                                        : AMBIT_ERR_MALFORMED;
    if (!err)
        err = take_changes(&header, &block, LONG_TIME, changes);
    return err ? err : take_footer(in, version, changes, ret_is_endless);
}

enum ambit_err zone_read(struct arena *arena, struct ambit_str tzif, struct zone *ret)
{
    ARENA_AUTO scratch;
    arena_init(&scratch, NULL, 0, 0);
    struct zone_changes changes = {.cap = CHANGES_MAX + ZONE_RULE_CHANGES};
    changes.v = arena_array(&scratch, changes.cap, sizeof *changes.v);
    if (!changes.v)
        return AMBIT_ERR_NO_MEMORY;

    struct cursor in = {.p = (const uint8_t *)tzif.p, .left = tzif.len};
    bool is_endless = true;
    enum ambit_err err = read_file(&in, &changes, &is_endless);
    return err ? err : zone_stretches_of(arena, &changes, is_endless, ret);
}
