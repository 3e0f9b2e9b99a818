/* SPDX-License-Identifier: Apache-2.0 */
/* The object `log`: what the log is called, and who cosigns it. */
#include "base/json_read.h"
#include "config/values.h"

bool config_is_origin(struct ambit_str text)
{
    for (size_t i = 0; i < text.len; i++)
        if ((uint8_t)text.p[i] <= 0x20 || (uint8_t)text.p[i] >= 0x7f ||
            memchr("+\"\\<>", text.p[i], 5))
            return false;
    return text.len > 0 && text.len <= CONFIG_ORIGIN_MAX;
}

/* What stands behind the address begins a port or a path, not a longer name. */
static bool is_loopback(struct ambit_str url, const char *address)
{
    size_t len = strlen(address);
    return config_starts_with(url, address) && url.len > len &&
           (url.p[len] == ':' || url.p[len] == '/') && !memchr(url.p, '@', url.len);
}

static bool is_url(struct ambit_str url)
{
    for (size_t i = 0; i < url.len; i++)
        if ((uint8_t)url.p[i] <= 0x20 || (uint8_t)url.p[i] >= 0x7f ||
            memchr("\"\\<>#?", url.p[i], 6))
            return false;
    return url.len > 0 && url.len <= 1024 && url.p[url.len - 1] != '/' &&
           (config_starts_with(url, "https://") || is_loopback(url, "http://127.0.0.1") ||
            is_loopback(url, "http://[::1]"));
}

/* The key's own bytes are looked at by whoever verifies with them. */
static void check_witness(struct config_reader *reader, const struct config_place *place,
                          const struct config_witness *witness)
{
    const struct config_log *log = &reader->config->log;
    if (!config_is_origin(witness->name))
        config_complain(reader, place, "\"name\" is missing or no name of a key",
                        "the witness's name, without blanks and '+'");
    else if (witness->vkey.len <= witness->name.len + 10 ||
             memcmp(witness->vkey.p, witness->name.p, witness->name.len) != 0 ||
             witness->vkey.p[witness->name.len] != '+' ||
             witness->vkey.p[witness->name.len + 9] != '+')
        config_complain(reader, place, "\"vkey\" is missing or not of that name",
                        "NAME+8 hex digits+base64, as the witness publishes it");
    if (!witness->url.p || !is_url(witness->url))
        config_complain(reader, place, "\"url\" is missing or no URL",
                        "https (or http on loopback), without a slash at its end");
    for (size_t i = 0; i < log->n_witnesses; i++)
        if (ambit_str_eq(log->witnesses[i].vkey, witness->vkey))
            config_complain(reader, place, "the witness stands twice", "each witness once");
}

static void take_witness(struct config_reader *reader, const struct config_place *place,
                         const struct json_value *value)
{
    static const char *const names[] = {"name", "vkey", "url"};
    struct config_log *log = &reader->config->log;
    struct config_witness witness = {.name = {NULL, 0}};
    struct ambit_str *const places[] = {&witness.name, &witness.vkey, &witness.url};
    size_t before = reader->problems->n;
    for (const struct json_value *member = value->first; member; member = member->next) {
        struct config_place at = config_place_of(place, member);
        size_t i = 0;
        while (i < AMBIT_LEN(names) && !ambit_str_is(member->key, names[i]))
            i++;
        if (json_is_duplicate(value, member))
            config_complain(reader, &at, "the key occurs twice", "each key once");
        else if (i == AMBIT_LEN(names))
            config_complain_unknown(reader, &at, member->key, names, AMBIT_LEN(names));
        else if (member->kind != JSON_STRING)
            config_complain(reader, &at, "has the wrong type", "a text");
        else
            *places[i] = config_keep(reader, member->text);
    }
    if (reader->problems->n == before)
        check_witness(reader, place, &witness);
    log->witnesses[log->n_witnesses++] = witness;
}

void config_take_witnesses(struct config_reader *reader, const struct config_place *place,
                           const struct json_value *value)
{
    if (value->kind != JSON_ARRAY || value->count > CONFIG_WITNESSES_MAX) {
        config_complain(reader, place, "has the wrong type", "a list of at most 16 witnesses");
        return;
    }
    for (const struct json_value *one = value->first; one; one = one->next) {
        struct config_place at = config_place_of(place, one);
        if (one->kind == JSON_OBJECT)
            take_witness(reader, &at, one);
        else
            config_complain(reader, &at, "has the wrong type", "an object");
    }
}
