/* SPDX-License-Identifier: Apache-2.0 */
/* Listeners: what each serves and where it stands. Plain HTTP on loopback addresses and Unix
 * sockets alone: a token in the clear is anybody's (HTP-1). One member of a listener:
 * listen_member.c. */
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

enum ambit_err config_address_decode(struct ambit_str text, struct config_listener *ret)
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

    struct addr address = {.family = 0};
    uint64_t port = 0;
    if (addr_decode(host, &address) || parse_u64(port_text, &port) || port > UINT16_MAX)
        return AMBIT_ERR_MALFORMED;
    if (has_brackets != (memchr(host.p, ':', host.len) != NULL))
        return AMBIT_ERR_MALFORMED;

    ret->address = address;
    ret->port = (uint16_t)port;
    return AMBIT_OK;
}

static struct config_listener listener_init(void)
{
    return (struct config_listener){.kind = CONFIG_LISTENER_ALL,
                                    .unix_mode = 0666,
                                    .unix_owner = (uid_t)-1,
                                    .unix_group = (gid_t)-1};
}

enum ambit_err config_listen_decode(struct ambit_str text, struct config_listener *ret)
{
    struct config_listener listener = listener_init();
    enum ambit_err err = config_address_decode(text, &listener);
    if (err)
        return err;
    if (!is_loopback(&listener.address))
        return AMBIT_ERR_REFUSED;

    *ret = listener;
    return AMBIT_OK;
}

void config_listener_url(const struct config_listener *listener, uint16_t port,
                         char dst[CONFIG_URL_MAX])
{
    char text[ADDR_TEXT_MAX] = "";
    size_t len = addr_encode(&listener->address, text);
    bool is_six = listener->address.family == 6;
    int n = listener->unix_path.p
                ? snprintf(dst, CONFIG_URL_MAX, "unix:%s", listener->unix_path.p)
                : snprintf(dst, CONFIG_URL_MAX, "http%s://%s%.*s%s:%u",
                           listener->tls.certificate.p ? "s" : "", is_six ? "[" : "", (int)len,
                           text, is_six ? "]" : "", port);
    AMBIT_ASSERT(n > 0 && n < CONFIG_URL_MAX);
}

static const char listen_form[] = "a loopback ADDRESS:PORT such as 127.0.0.1:8420";

/* What holds between the members of one listener. */
static bool check_listener(struct config_reader *reader, const struct config_place *place,
                           const struct json_value *value, const struct config_listener *listener)
{
    bool has_address = json_get(value, "address") != NULL, has_tls = json_get(value, "tls") != NULL;
    bool is_unix = json_get(value, "unix") != NULL;
    bool has_unix_member =
        json_get(value, "mode") || json_get(value, "owner") || json_get(value, "group");
    const char *what = NULL, *expected = listen_form;
    if (has_address == is_unix)
        what = has_address ? "a listener has an address and a Unix socket"
                           : "a listener has no address";
    else if (is_unix && has_tls)
        what = "a Unix socket does not leave this machine and has no TLS";
    else if (!is_unix && has_unix_member)
        what = "mode, owner and group are a Unix socket's";
    else if (!is_unix && !is_loopback(&listener->address) && listener->kind == CONFIG_LISTENER_ALL)
        what = "a listener without a name serves everything, and only this machine";
    else if (!is_unix && !is_loopback(&listener->address) && !has_tls)
        what = "the address is not loopback: without TLS it would carry tokens in the clear";
    if (what && is_unix)
        expected = "{\"name\": \"local\", \"unix\": \"/run/ambit/agent.sock\"}";
    else if (what && !is_unix && has_address && !is_loopback(&listener->address))
        expected = "a loopback address, or a name and \"tls\"";
    if (what)
        config_complain(reader, place, what, expected);
    return what == NULL;
}

static struct config_place place_of_member(const struct config_reader *reader, size_t index,
                                           const struct json_value *member)
{
    struct config_place place = {
        .file = reader->path, .line = member->key_line, .column = member->key_column};
    struct buf pointer = {.p = NULL};
    buf_init_fixed(&pointer, place.pointer, sizeof place.pointer - 1);
    buf_printf(&pointer, "/listen/%zu", index);
    config_put_pointer(&pointer, member->key);
    place.pointer[pointer.len] = '\0';
    return place;
}

static void take_listener(struct config_reader *reader, const struct config_place *place,
                          size_t index, const struct json_value *value)
{
    struct config *config = reader->config;
    struct config_listener listener = listener_init();
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
            struct config_place at = place_of_member(reader, index, member);
            is_good = config_take_listener_member(reader, &at, member, &listener) && is_good;
        }
    }
    if (is_good && check_listener(reader, place, value, &listener) &&
        config->n_listen < CONFIG_LISTENERS_MAX)
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
    struct config_listener listener = listener_init();
    enum ambit_err err = config_listen_decode(text, &listener);
    if (err == AMBIT_ERR_REFUSED)
        config_complain(reader, place,
                        "the address is not loopback: without TLS it would carry tokens in the "
                        "clear",
                        listen_form);
    else if (err)
        config_complain(reader, place, "is no address and port", listen_form);
    if (err)
        return;

    /* Said outright, it stands in place of every listener of the file. */
    reader->config->listen[0] = listener;
    reader->config->n_listen = 1;
}
