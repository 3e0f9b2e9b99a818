/* SPDX-License-Identifier: Apache-2.0 */
/* forward_auth: the rows of the map from requests of reverse proxies to actions and resources. */
#include <stdio.h>

#include "base/json_read.h"
#include "config/values.h"

static const char *const members[] = {"service", "host", "methods", "path", "action", "resource"};

/* One row, and where it stands. */
struct row_reader {
    struct config_reader *reader;
    struct config_place place; /* of the row; its pointer is "/forward_auth/3" */
    struct forward_row *row;
    bool is_whole;
};

static void complain(struct row_reader *r, const struct json_value *at, const char *member,
                     const char *what, const char *expected)
{
    struct config_place place = r->place;
    if (at) {
        place.line = at->line;
        place.column = at->column;
    }
    size_t len = strlen(place.pointer);
    int n = snprintf(place.pointer + len, sizeof place.pointer - len, "/%s", member);
    AMBIT_ASSERT(n > 0 && (size_t)n < sizeof place.pointer - len);
    config_complain(r->reader, &place, what, expected);
    r->is_whole = false;
}

static void take_methods(struct row_reader *r, const struct json_value *value)
{
    static const char form[] = "a list of 1 to 16 methods such as \"GET\", each once";
    bool holds =
        value->kind == JSON_ARRAY && value->count >= 1 && value->count <= FORWARD_METHODS_MAX;
    struct forward_row *row = r->row;
    for (const struct json_value *one = holds ? value->first : NULL; one && holds;
         one = one->next) {
        holds = one->kind == JSON_STRING && forward_is_method(one->text);
        for (size_t i = 0; i < row->n_methods && holds; i++)
            holds = !ambit_str_eq(row->methods[i], one->text);
        if (holds)
            row->methods[row->n_methods++] = one->text;
    }
    if (!holds)
        complain(r, value, "methods", "is no list of methods", form);
}

static struct ambit_str *text_of(struct forward_row *row, struct ambit_str key)
{
    return ambit_str_is(key, "service")    ? &row->service
           : ambit_str_is(key, "host")     ? &row->host
           : ambit_str_is(key, "path")     ? &row->path
           : ambit_str_is(key, "action")   ? &row->action
           : ambit_str_is(key, "resource") ? &row->resource
                                           : NULL;
}

static void take_member(struct row_reader *r, const struct json_value *member)
{
    struct ambit_str *text = text_of(r->row, member->key);
    if (ambit_str_is(member->key, "methods")) {
        take_methods(r, member);
    } else if (!text) {
        struct config_place place = r->place;
        place.line = member->key_line;
        place.column = member->key_column;
        config_complain_unknown(r->reader, &place, member->key, members, AMBIT_LEN(members));
        r->is_whole = false;
    } else if (member->kind != JSON_STRING || !member->text.len ||
               member->text.len > AMBIT_WORD_MAX) {
        char key[16];
        int n = snprintf(key, sizeof key, "%.*s", AMBIT_STR_ARG(member->key));
        AMBIT_ASSERT(n > 0 && (size_t)n < sizeof key);
        complain(r, member, key, "is no text of this map", "a text of 1 to 512 bytes");
    } else {
        *text = member->text;
    }
}

static void check_row(struct row_reader *r)
{
    struct forward_row *row = r->row;
    const struct {
        const char *name;
        bool is_there;
    } needed[] = {{"service", row->service.p},
                  {"methods", row->n_methods > 0},
                  {"path", row->path.p},
                  {"action", row->action.p},
                  {"resource", row->resource.p}};
    for (size_t i = 0; i < AMBIT_LEN(needed); i++) {
        if (!needed[i].is_there)
            complain(r, NULL, needed[i].name, "is missing",
                     "service, methods, path, action and resource in every row");
    }
    if (row->host.p && !forward_is_host(row->host))
        complain(r, NULL, "host", "is no host", "a host in lower case, with or without a port");
    if (!r->is_whole)
        return;
    const char *member = NULL, *expected = NULL;
    const char *what = forward_row_read(row, &member, &expected);
    if (what)
        complain(r, NULL, member, what, expected);
}

static void take_row(struct row_reader *r, const struct json_value *value)
{
    if (value->kind != JSON_OBJECT) {
        config_complain(r->reader, &r->place, "is no row",
                        "an object with service, methods, path, "
                        "action and resource, and host");
        return;
    }
    r->is_whole = true;
    for (const struct json_value *member = value->first; member; member = member->next) {
        if (json_is_duplicate(value, member)) {
            config_complain(r->reader, &r->place, "the key occurs twice", "each key once");
            r->is_whole = false;
        } else {
            take_member(r, member);
        }
    }
    if (r->is_whole)
        check_row(r);
}

void config_take_forward(struct config_reader *reader, const struct config_place *place,
                         const struct json_value *value)
{
    struct config *config = reader->config;
    if (value->kind != JSON_ARRAY || value->count > FORWARD_ROWS_MAX) {
        config_complain(reader, place, "is no map of requests", "a list of at most 256 rows");
        return;
    }
    struct forward_row *rows = arena_array(&config->arena, value->count + 1, sizeof *rows);
    if (!rows) {
        reader->is_out_of_memory = true;
        return;
    }
    size_t n = 0;
    for (const struct json_value *one = value->first; one; one = one->next, n++) {
        struct row_reader r = {.reader = reader, .place = *place, .row = &rows[n]};
        r.place.line = one->line;
        r.place.column = one->column;
        int len = snprintf(r.place.pointer, sizeof r.place.pointer, "/forward_auth/%zu", n);
        AMBIT_ASSERT(len > 0 && (size_t)len < sizeof r.place.pointer);
        take_row(&r, one);
    }
    config->forward = (struct forward_map){.rows = rows, .n = n};
}
