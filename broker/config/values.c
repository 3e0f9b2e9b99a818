/* SPDX-License-Identifier: Apache-2.0 */
/* Single values of the configuration. Every function either stores a whole value or complains;
 * none falls back to a default because a value was wrong. */
#include "config/values.h"

#include "base/encode.h"
#include <stdio.h>

#include "base/json_read.h"
#include "policy/nearest.h"

struct ambit_str config_nearest(struct ambit_str word, const char *const *names, size_t n)
{
    struct nearest nearest = nearest_to(word);
    for (size_t i = 0; i < n; i++)
        nearest_offer(&nearest, ambit_str_of(names[i]));
    return nearest.best;
}

/* ---- complaints ------------------------------------------------------------------------------ */

/* RFC 6901: "~" and "/" in a name are written "~0" and "~1". A long name is cut. */
void config_put_pointer(struct buf *out, struct ambit_str part)
{
    buf_put_char(out, '/');
    for (size_t i = 0; i < part.len && i < 64; i++) {
        if (part.p[i] == '~')
            buf_put_text(out, "~0");
        else if (part.p[i] == '/')
            buf_put_text(out, "~1");
        else
            buf_put_char(out, part.p[i]);
    }
}

struct config_place config_place_member(const struct config_reader *reader, const char *section,
                                        const struct json_value *member)
{
    struct config_place place = {
        .file = reader->path, .line = member->key_line, .column = member->key_column};
    struct buf pointer = {.p = NULL};
    buf_init_fixed(&pointer, place.pointer, sizeof place.pointer - 1);
    if (*section)
        config_put_pointer(&pointer, ambit_str_of(section));
    config_put_pointer(&pointer, member->key);
    place.pointer[pointer.len] = '\0';
    return place;
}

struct config_place config_place_key(struct ambit_str source, const struct config_row *row)
{
    struct config_place place = {.file = source};
    struct buf pointer = {.p = NULL};
    buf_init_fixed(&pointer, place.pointer, sizeof place.pointer - 1);
    buf_printf(&pointer, "%s%s/%s", *row->section ? "/" : "", row->section, row->key);
    place.pointer[pointer.len] = '\0';
    return place;
}

void config_complain(struct config_reader *reader, const struct config_place *place,
                     const char *what, const char *expected)
{
    struct ambit_problem problem = {.file = place->file,
                                    .line = place->line,
                                    .column = place->column,
                                    .pointer = ambit_str_of(place->pointer),
                                    .what = ambit_str_of(what),
                                    .expected = ambit_str_of(expected)};
    if (ambit_problems_add(reader->problems, &problem))
        reader->is_out_of_memory = true;
}

void config_complain_unknown(struct config_reader *reader, const struct config_place *place,
                             struct ambit_str key, const char *const *names, size_t n)
{
    BUF_AUTO expected = {.p = NULL};
    buf_put_text(&expected, n ? "one of " : "nothing");
    for (size_t i = 0; i < n; i++)
        buf_printf(&expected, "%s%s", i ? ", " : "", names[i]);

    struct ambit_problem problem = {.file = place->file,
                                    .line = place->line,
                                    .column = place->column,
                                    .pointer = ambit_str_of(place->pointer),
                                    .what = AMBIT_STR("unknown key"),
                                    .expected = buf_str(&expected),
                                    .nearest = config_nearest(key, names, n)};
    if (buf_check(&expected) || ambit_problems_add(reader->problems, &problem))
        reader->is_out_of_memory = true;
}

/* ---- places of values ------------------------------------------------------------------------ */

static struct ambit_str *text_at(struct config *config, const struct config_row *row)
{
    return (struct ambit_str *)(void *)((char *)config + row->offset);
}

static int64_t *number_at(struct config *config, const struct config_row *row)
{
    return (int64_t *)(void *)((char *)config + row->offset);
}

static void set_switch(struct config *config, const struct config_row *row, bool value)
{
    *(bool *)(void *)((char *)config + row->offset) = value;
}

void config_set_preset(struct config *config, const struct config_row *row)
{
    switch (row->kind) {
    case CONFIG_DURATION:
    case CONFIG_INTEGER:
        *number_at(config, row) = row->preset;
        return;
    case CONFIG_SWITCH:
        set_switch(config, row, row->preset != 0);
        return;
    case CONFIG_ISSUER:
    case CONFIG_PATH:
    case CONFIG_FILE:
    case CONFIG_REVIEW:
    case CONFIG_ALGORITHM:
    case CONFIG_ORIGIN:
        *text_at(config, row) = ambit_str_of(row->text);
        return;
    case CONFIG_LISTEN:
    case CONFIG_PROXIES:
    case CONFIG_ISSUERS:
    case CONFIG_ALIASES:
    case CONFIG_BLOCKS:
    case CONFIG_WITNESSES:
    case CONFIG_FORWARD:
    case CONFIG_SECTION:
    case CONFIG_EMPTY_LIST:
    case CONFIG_NOT_YET:
        return;
    }
}

static void store_text(struct config_reader *reader, const struct config_row *row,
                       struct ambit_str text)
{
    struct ambit_str copy = arena_copy(&reader->config->arena, text);
    if (!copy.p)
        reader->is_out_of_memory = true;
    *text_at(reader->config, row) = copy;
}

/* ---- texts ----------------------------------------------------------------------------------- */

bool config_starts_with(struct ambit_str text, const char *prefix)
{
    size_t len = strlen(prefix);
    return text.len >= len && memcmp(text.p, prefix, len) == 0;
}

struct ambit_str config_keep(struct config_reader *reader, struct ambit_str text)
{
    struct ambit_str copy = arena_copy(&reader->config->arena, text);
    reader->is_out_of_memory |= !copy.p;
    return copy;
}

struct config_place config_place_of(const struct config_place *list, const struct json_value *value)
{
    struct config_place place = *list;
    place.line = value->line;
    place.column = value->column;
    return place;
}

/* HTP-1, MET-3: https, or http on loopback; no query, fragment, user or trailing slash. */
static bool is_issuer(struct ambit_str text)
{
    bool is_plain = config_starts_with(text, "http://127.0.0.1") ||
                    config_starts_with(text, "http://[::1]") ||
                    config_starts_with(text, "http://localhost");
    if (!is_plain && !config_starts_with(text, "https://"))
        return false;

    size_t host = is_plain ? 7 : 8;
    if (text.len <= host || text.len > 256 || text.p[host] == '/' || text.p[text.len - 1] == '/')
        return false;

    for (size_t i = 0; i < text.len; i++) {
        if ((uint8_t)text.p[i] <= 0x20 || (uint8_t)text.p[i] >= 0x7f ||
            strchr("?#@\"\\<>", text.p[i]))
            return false;
    }
    if (!is_plain)
        return true;

    /* Not http://127.0.0.1.example.net: after the host only a port or a path. */
    size_t end = config_starts_with(text, "http://[::1]") ? 12 : 16;
    return text.len == end || text.p[end] == ':' || text.p[end] == '/';
}

struct ambit_str config_take_path(struct config_reader *reader, const struct config_place *place,
                                  struct ambit_str text, const char *expected)
{
    struct ambit_str kept = {NULL, 0};
    if (text.len == 0 || text.len > 4000 || text_has_control(text)) {
        config_complain(reader, place, "is no path", expected);
        return kept;
    }

    /* "." beside the file is the file's folder itself. */
    BUF_AUTO whole = {.p = NULL};
    if (text.p[0] != '/' && reader->folder)
        buf_put_text(&whole, reader->folder);
    if (!whole.len || !ambit_str_is(text, "."))
        buf_put_str(&whole, text);
    while (whole.len > 1 && whole.p[whole.len - 1] == '/')
        whole.len--;
    if (!buf_check(&whole))
        kept = arena_copy(&reader->config->arena, buf_str(&whole));
    if (!kept.p)
        reader->is_out_of_memory = true;
    return kept;
}

static void take_path(struct config_reader *reader, const struct config_row *row,
                      const struct config_place *place, struct ambit_str text)
{
    struct ambit_str path =
        config_take_path(reader, place, text,
                         row->kind == CONFIG_FILE ? "the path of a file" : "the path of a folder");
    if (path.p)
        *text_at(reader->config, row) = path;
}

static void take_review(struct config_reader *reader, const struct config_row *row,
                        const struct config_place *place, struct ambit_str text)
{
    if (ambit_str_is(text, "record") || ambit_str_is(text, "enforce")) {
        store_text(reader, row, text);
        return;
    }

    config_complain(reader, place, "is no way to treat reviews", "\"enforce\" or \"record\"");
}

static void take_algorithm(struct config_reader *reader, const struct config_row *row,
                           const struct config_place *place, struct ambit_str text)
{
    if (ambit_str_is(text, "ES256") || ambit_str_is(text, "EdDSA") || ambit_str_is(text, "RS256"))
        store_text(reader, row, text);
    else
        config_complain(reader, place, "is no algorithm that tokens are signed with",
                        "\"ES256\", \"EdDSA\" or \"RS256\"");
}

static void take_duration(struct config_reader *reader, const struct config_row *row,
                          const struct config_place *place, struct ambit_str text)
{
    int64_t seconds = 0;
    if (duration_decode(text, &seconds) || seconds < row->least || seconds > row->most)
        config_complain(reader, place, "is no duration in range",
                        row->most < 3600 ? "a duration from 10s to 60s"
                                         : "a duration such as 90d, at most 3650d");
    else
        *number_at(reader->config, row) = seconds;
}

static void take_integer(struct config_reader *reader, const struct config_row *row,
                         const struct config_place *place, int64_t value)
{
    if (value >= row->least && value <= row->most) {
        *number_at(reader->config, row) = value;
        return;
    }

    char expected[96] = "";
    int n = snprintf(expected, sizeof expected, "a whole number from %lld to %lld",
                     (long long)row->least, (long long)row->most);
    AMBIT_ASSERT(n > 0 && (size_t)n < sizeof expected);
    config_complain(reader, place, "is out of range", expected);
}

/* ---- from text, from JSON -------------------------------------------------------------------- */

void config_take_text(struct config_reader *reader, const struct config_row *row,
                      const struct config_place *place, struct ambit_str text)
{
    int64_t number = 0;
    switch (row->kind) {
    case CONFIG_ISSUER:
        if (is_issuer(text))
            store_text(reader, row, text);
        else
            config_complain(
                reader, place, "is no issuer",
                "an https URL, or http on loopback, without query, fragment or trailing slash");
        return;
    case CONFIG_PATH:
    case CONFIG_FILE:
        take_path(reader, row, place, text);
        return;
    case CONFIG_LISTEN:
        config_take_listener_text(reader, place, text);
        return;
    case CONFIG_REVIEW:
        take_review(reader, row, place, text);
        return;
    case CONFIG_ALGORITHM:
        take_algorithm(reader, row, place, text);
        return;
    case CONFIG_ORIGIN:
        if (config_is_origin(text))
            store_text(reader, row, text);
        else
            config_complain(reader, place, "is no name of a log",
                            "a text such as log.example.gov, without blanks and '+'");
        return;
    case CONFIG_DURATION:
        take_duration(reader, row, place, text);
        return;
    case CONFIG_SWITCH:
        if (ambit_str_is(text, "true") || ambit_str_is(text, "false"))
            set_switch(reader->config, row, ambit_str_is(text, "true"));
        else
            config_complain(reader, place, "is no switch", "true or false");
        return;
    case CONFIG_INTEGER:
        if (parse_i64(text, &number))
            config_complain(reader, place, "is no whole number", "a whole number");
        else
            take_integer(reader, row, place, number);
        return;
    case CONFIG_PROXIES:
        config_complain(reader, place, "is a list and stands in the file alone",
                        "\"trusted_proxies\" in the configuration file");
        return;
    case CONFIG_FORWARD:
        config_complain(reader, place, "is a list and stands in the file alone",
                        "\"forward_auth\" in the configuration file");
        return;
    case CONFIG_NOT_YET:
    case CONFIG_EMPTY_LIST:
        config_complain(reader, place, row->text, "nothing here");
        return;
    case CONFIG_ISSUERS:
    case CONFIG_ALIASES:
    case CONFIG_BLOCKS:
    case CONFIG_WITNESSES:
        config_complain(reader, place, "is a list, and stands in the file alone", "nothing here");
        return;
    case CONFIG_SECTION:
        return;
    }
}

void config_take_json(struct config_reader *reader, const struct config_row *row,
                      const struct config_place *place, const struct json_value *value)
{
    struct config_place at = *place;
    at.line = value->line;
    at.column = value->column;
    bool wants_number = row->kind == CONFIG_INTEGER;
    bool wants_list = row->kind == CONFIG_LISTEN || row->kind == CONFIG_PROXIES ||
                      row->kind == CONFIG_FORWARD || row->kind == CONFIG_EMPTY_LIST;

    if (row->kind == CONFIG_LISTEN)
        config_take_listeners(reader, &at, value);
    else if (row->kind == CONFIG_PROXIES)
        config_take_proxies(reader, &at, value);
    else if (row->kind == CONFIG_ISSUERS)
        config_take_issuers(reader, &at, value);
    else if (row->kind == CONFIG_ALIASES)
        config_take_aliases(reader, &at, value);
    else if (row->kind == CONFIG_BLOCKS)
        config_take_blocks(reader, &at, value);
    else if (row->kind == CONFIG_WITNESSES)
        config_take_witnesses(reader, &at, value);
    else if (row->kind == CONFIG_FORWARD)
        config_take_forward(reader, &at, value);
    else if (row->kind == CONFIG_EMPTY_LIST && value->kind == JSON_ARRAY && value->count == 0)
        return;
    else if (row->kind == CONFIG_EMPTY_LIST && value->kind != JSON_ARRAY)
        config_complain(reader, &at, "has the wrong type", "a list");
    else if (row->kind == CONFIG_SWITCH && (value->kind == JSON_TRUE || value->kind == JSON_FALSE))
        set_switch(reader->config, row, value->kind == JSON_TRUE);
    else if (row->kind == CONFIG_SWITCH)
        config_complain(reader, &at, "has the wrong type", "true or false");
    else if (wants_number && value->kind == JSON_INTEGER)
        take_integer(reader, row, &at, value->integer);
    else if (wants_number)
        config_complain(reader, &at, "has the wrong type", "a whole number");
    else if (!wants_list && row->kind != CONFIG_NOT_YET && value->kind != JSON_STRING)
        config_complain(reader, &at, "has the wrong type", "a text");
    else
        config_take_text(reader, row, &at, value->text);
}
