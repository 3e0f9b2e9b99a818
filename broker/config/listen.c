/* SPDX-License-Identifier: Apache-2.0 */
/* Listeners: what each serves and where it stands. Only loopback addresses, since this version has
 * no TLS and a token in the clear is anybody's (HTP-1). */
#include <stdio.h>

#include "base/encode.h"
#include "base/json_read.h"
#include "config/values.h"

const char *config_listener_text(enum config_listener_kind kind)
{
    switch (kind) {
    case CONFIG_LISTENER_ALL:
        return "all";
    case CONFIG_LISTENER_AGENTS:
        return "agents";
    case CONFIG_LISTENER_LOCAL:
        return "local";
    case CONFIG_LISTENER_OPERATORS:
        return "operators";
    case CONFIG_LISTENER_OPS:
        return "ops";
    }
    AMBIT_ASSERT(!"listener kind");
}

static bool is_loopback(const struct addr *addr)
{
    static const uint8_t one[16] = {[15] = 1};
    if (addr->family == 4)
        return addr->b[0] == 127;

    return addr->family == 6 && memcmp(addr->b, one, sizeof one) == 0;
}

enum ambit_err config_listen_decode(struct ambit_str text, struct config_listener *ret)
{
    size_t colon = text.len;
    while (colon > 0 && text.p[colon - 1] != ':')
        colon--;
    if (colon < 2)
        return AMBIT_ERR_MALFORMED;

    struct ambit_str host = {.p = text.p, .len = colon - 1};
    struct ambit_str port_text = {.p = text.p + colon, .len = text.len - colon};
    bool has_brackets = host.len > 2 && host.p[0] == '[' && host.p[host.len - 1] == ']';
    if (has_brackets)
        host = (struct ambit_str){.p = host.p + 1, .len = host.len - 2};

    struct config_listener listener = {.kind = CONFIG_LISTENER_ALL};
    uint64_t port = 0;
    if (addr_decode(host, &listener.address) || parse_u64(port_text, &port) || port > UINT16_MAX)
        return AMBIT_ERR_MALFORMED;
    if (has_brackets != (memchr(host.p, ':', host.len) != NULL))
        return AMBIT_ERR_MALFORMED;
    if (!is_loopback(&listener.address))
        return AMBIT_ERR_REFUSED;

    listener.port = (uint16_t)port;
    *ret = listener;
    return AMBIT_OK;
}

void config_listener_url(const struct config_listener *listener, uint16_t port,
                         char dst[CONFIG_URL_MAX])
{
    char text[ADDR_TEXT_MAX] = "";
    size_t len = addr_encode(&listener->address, text);
    bool is_six = listener->address.family == 6;
    int n = snprintf(dst, CONFIG_URL_MAX, "http://%s%.*s%s:%u", is_six ? "[" : "", (int)len, text,
                     is_six ? "]" : "", port);
    AMBIT_ASSERT(n > 0 && n < CONFIG_URL_MAX);
}

static const char listen_form[] = "a loopback ADDRESS:PORT such as 127.0.0.1:8420";

static bool take_address(struct config_reader *reader, const struct config_place *place,
                         struct ambit_str text, struct config_listener *ret)
{
    enum ambit_err err = config_listen_decode(text, ret);
    if (err == AMBIT_ERR_REFUSED)
        config_complain(reader, place,
                        "the address is not loopback, and this version has no TLS: it would carry "
                        "tokens in the clear",
                        listen_form);
    else if (err)
        config_complain(reader, place, "is no address and port", listen_form);
    return err == AMBIT_OK;
}

static bool take_listener_name(struct config_reader *reader, const struct config_place *place,
                               const struct json_value *value, struct config_listener *listener)
{
    static const enum config_listener_kind kinds[] = {CONFIG_LISTENER_AGENTS, CONFIG_LISTENER_LOCAL,
                                                      CONFIG_LISTENER_OPERATORS,
                                                      CONFIG_LISTENER_OPS};
    const char *names[AMBIT_LEN(kinds)] = {NULL};
    for (size_t i = 0; i < AMBIT_LEN(kinds); i++) {
        names[i] = config_listener_text(kinds[i]);
        if (value->kind == JSON_STRING && ambit_str_is(value->text, names[i])) {
            listener->kind = kinds[i];
            return true;
        }
    }

    struct ambit_problem problem = {
        .file = place->file,
        .line = place->line,
        .column = place->column,
        .pointer = ambit_str_of(place->pointer),
        .what = AMBIT_STR("unknown listener"),
        .expected = AMBIT_STR("agents, local, operators, ops, or no name for all"),
        .nearest = config_nearest(value->text, names, AMBIT_LEN(names))};
    if (ambit_problems_add(reader->problems, &problem))
        reader->is_out_of_memory = true;
    return false;
}

/* One member of a listener. */
static bool take_listener_member(struct config_reader *reader, size_t index,
                                 const struct json_value *member, struct config_listener *listener)
{
    static const char *const names[] = {"name", "address", "tls", "unix"};
    struct config_place place = {
        .file = reader->path, .line = member->key_line, .column = member->key_column};
    struct buf pointer = {.p = NULL};
    buf_init_fixed(&pointer, place.pointer, sizeof place.pointer - 1);
    buf_printf(&pointer, "/listen/%zu", index);
    config_put_pointer(&pointer, member->key);
    place.pointer[pointer.len] = '\0';

    if (ambit_str_is(member->key, "name"))
        return take_listener_name(reader, &place, member, listener);
    if (ambit_str_is(member->key, "address")) {
        enum config_listener_kind kind = listener->kind;
        bool is_good = take_address(reader, &place, member->text, listener);
        listener->kind = kind;
        return is_good;
    }

    if (ambit_str_is(member->key, "tls"))
        config_complain(reader, &place, "this version has no TLS", "no \"tls\"");
    else if (ambit_str_is(member->key, "unix"))
        config_complain(reader, &place, "this version does not listen on Unix sockets",
                        "an \"address\"");
    else
        config_complain_unknown(reader, &place, member->key, names, AMBIT_LEN(names));
    return false;
}

static void take_listener(struct config_reader *reader, const struct config_place *place,
                          size_t index, const struct json_value *value)
{
    struct config *config = reader->config;
    struct config_listener listener = {.kind = CONFIG_LISTENER_ALL};
    if (value->kind != JSON_OBJECT) {
        config_complain(reader, place, "a listener is no object",
                        "{\"address\": \"127.0.0.1:8420\"}");
        return;
    }

    bool is_good = true;
    for (const struct json_value *member = value->first; member; member = member->next) {
        if (json_is_duplicate(value, member)) {
            config_complain(reader, place, "a key of a listener occurs twice", "each key once");
            is_good = false;
        } else {
            is_good = take_listener_member(reader, index, member, &listener) && is_good;
        }
    }
    if (is_good && !json_get(value, "address")) {
        config_complain(reader, place, "a listener has no address", listen_form);
        return;
    }
    if (is_good && config->n_listen < CONFIG_LISTENERS_MAX)
        config->listen[config->n_listen++] = listener;
}

void config_take_listeners(struct config_reader *reader, const struct config_place *place,
                           const struct json_value *value)
{
    if (value->kind != JSON_ARRAY || value->count == 0 || value->count > CONFIG_LISTENERS_MAX) {
        config_complain(reader, place, "is no list of listeners", "a list of 1 to 8 listeners");
        return;
    }

    size_t index = 0;
    for (const struct json_value *one = value->first; one; one = one->next) {
        struct config_place at = *place;
        at.line = one->line;
        at.column = one->column;
        int n = snprintf(at.pointer, sizeof at.pointer, "/listen/%zu", index);
        AMBIT_ASSERT(n > 0 && (size_t)n < sizeof at.pointer);
        take_listener(reader, &at, index++, one);
    }
}

void config_take_listener_text(struct config_reader *reader, const struct config_place *place,
                               struct ambit_str text)
{
    struct config_listener listener = {.kind = CONFIG_LISTENER_ALL};
    if (!take_address(reader, place, text, &listener))
        return;

    /* Said outright, it stands in place of every listener of the file. */
    reader->config->listen[0] = listener;
    reader->config->n_listen = 1;
}
