/* SPDX-License-Identifier: Apache-2.0 */
/* The table of configuration keys, and the values taken from file, environment and flags through
 * it. Cross-checks between keys stand at the end. Parsing of single values: values.c. */
#include "config/config.h"

#include <fcntl.h>

#include "base/encode.h"
#include "base/file.h"
#include "base/json_read.h"
#include "config/values.h"

#define AT(member) offsetof(struct config, member)
#define GB         ((int64_t)1 << 30)
#define MB         ((int64_t)1 << 20)
#define MANY       1000000000
#define DAY        86400

/* section, key, kind, where, least, most, default, default text */
static const struct config_row rows[] = {
    {"", "issuer", CONFIG_ISSUER, AT(issuer), 0, 0, 0, NULL},
    {"", "state", CONFIG_PATH, AT(state), 0, 0, 0, "/var/lib/ambit"},
    {"", "documents", CONFIG_PATH, AT(documents), 0, 0, 0, "/etc/ambit"},
    {"", "listen", CONFIG_LISTEN, AT(listen), 0, 0, 0, NULL},
    {"", "keys", CONFIG_SECTION, 0, 0, 0, 0, NULL},
    {"", "issuer_aliases", CONFIG_ALIASES, 0, 0, 0, 0, NULL},
    {"", "trusted_issuers", CONFIG_ISSUERS, 0, 0, 0, 0, NULL},
    {"", "fetch", CONFIG_SECTION, 0, 0, 0, 0, NULL},
    {"fetch", "ca", CONFIG_FILE, AT(fetch.ca), 0, 0, 0, NULL},
    {"fetch", "allow", CONFIG_BLOCKS, 0, 0, 0, 0, NULL},
    {"fetch", "stale", CONFIG_DURATION, AT(fetch.stale_s), 0, DAY, 3600, NULL},
    {"", "log", CONFIG_SECTION, 0, 0, 0, 0, NULL},
    {"log", "origin", CONFIG_ORIGIN, AT(log.origin), 0, 0, 0, NULL},
    {"log", "public", CONFIG_SWITCH, AT(log.is_public), 0, 0, 0, NULL},
    {"log", "witness_file", CONFIG_FILE, AT(log.witness_file), 0, 0, 0, NULL},
    {"log", "witnesses", CONFIG_WITNESSES, 0, 0, 0, 0, NULL},
    {"log", "receipts_wait_ms", CONFIG_INTEGER, AT(log.receipts_wait_ms), 0, 60000, 3000, NULL},
    {"", "review", CONFIG_REVIEW, AT(review), 0, 0, 0, "enforce"},
    {"", "attestation", CONFIG_DURATION, AT(attestation_s), 1, 3650 * DAY, 90 * DAY, NULL},
    {"", "trusted_proxies", CONFIG_PROXIES, 0, 0, 0, 0, NULL},
    {"", "proxy_client_ca", CONFIG_FILE, AT(proxy_client_ca), 0, 0, 0, NULL},
    {"", "forward_auth", CONFIG_FORWARD, 0, 0, 0, 0, NULL},
    {"", "notify", CONFIG_EMPTY_LIST, 0, 0, 0, 0, "this version notifies nobody"},
    {"", "limits", CONFIG_SECTION, 0, 0, 0, 0, NULL},
    {"", "status_list", CONFIG_SECTION, 0, 0, 0, 0, NULL},
    {"status_list", "ttl", CONFIG_DURATION, AT(status_ttl_s), 10, 60, 0, NULL},
    {"status_list", "size", CONFIG_INTEGER, AT(status_size), 1024, 4194304, 131072, NULL},
    {"", "deferred", CONFIG_SWITCH, AT(is_deferring), 0, 0, 0, NULL},
    {"", "record", CONFIG_SECTION, 0, 0, 0, 0, NULL},
    {"record", "segments", CONFIG_PATH, AT(segments_folder), 0, 0, 0, NULL},
    {"record", "least_age", CONFIG_DURATION, AT(least_age_s), 1, 3650 * DAY, 31 * DAY, NULL},
    {"record", "keep", CONFIG_DURATION, AT(keep_s), 1, 36500 * (int64_t)DAY, 0, NULL},
    {"", "backup", CONFIG_SECTION, 0, 0, 0, 0, NULL},
    {"backup", "folder", CONFIG_PATH, AT(backup_folder), 0, 0, 0, NULL},
    {"backup", "keys", CONFIG_SWITCH, AT(backup_keys), 0, 0, 0, NULL},
    {"backup", "bytes_per_s", CONFIG_INTEGER, AT(backup_bytes_per_s), MB, 65536 * GB, 64 * MB,
     NULL},
    {"keys", "algorithm", CONFIG_ALGORITHM, AT(algorithm), 0, 0, 0, "ES256"},
    {"keys", "rotate", CONFIG_DURATION, AT(rotate_s), 3600, 3650 * DAY, 0, NULL},
    {"limits", "store_bytes", CONFIG_INTEGER, AT(limits.store_bytes), MB, 65536 * GB, 8 * GB, NULL},
    {"limits", "store_reserve_bytes", CONFIG_INTEGER, AT(limits.store_reserve_bytes), 65536,
     64 * GB, 16 * MB, NULL},
    {"limits", "store_grow_bytes", CONFIG_INTEGER, AT(limits.store_grow_bytes), 65536, 64 * GB,
     64 * MB, NULL},
    {"limits", "connections", CONFIG_INTEGER, AT(limits.connections), 1, 1000000, 4096, NULL},
    {"limits", "connections_per_source", CONFIG_INTEGER, AT(limits.connections_per_source), 1,
     1000000, 1024, NULL},
    {"limits", "idle_s", CONFIG_INTEGER, AT(limits.idle_s), 1, 3600, 30, NULL},
    {"limits", "request_s", CONFIG_INTEGER, AT(limits.request_s), 1, 3600, 30, NULL},
    {"limits", "queue", CONFIG_INTEGER, AT(limits.queue), 16, 1000000, 8192, NULL},
    {"limits", "query_threads", CONFIG_INTEGER, AT(limits.query_threads), 2, 8, 0, NULL},
    {"limits", "streams", CONFIG_INTEGER, AT(limits.streams), 1, 10000, 64, NULL},
    {"limits", "streams_per_person", CONFIG_INTEGER, AT(limits.streams_per_person), 1, 10000, 8,
     NULL},
    {"limits", "agent_per_s", CONFIG_INTEGER, AT(limits.agent_per_s), 1, MANY, 200, NULL},
    {"limits", "failed_burst", CONFIG_INTEGER, AT(limits.failed_burst), 1, MANY, 60, NULL},
    {"limits", "failed_per_minute", CONFIG_INTEGER, AT(limits.failed_per_minute), 1, MANY, 60,
     NULL},
    {"limits", "agent_burst", CONFIG_INTEGER, AT(limits.agent_burst), 1, MANY, 1000, NULL},
    {"limits", "service_per_s", CONFIG_INTEGER, AT(limits.service_per_s), 1, MANY, 20000, NULL},
    {"limits", "service_burst", CONFIG_INTEGER, AT(limits.service_burst), 1, MANY, 40000, NULL},
    {"limits", "person_per_s", CONFIG_INTEGER, AT(limits.person_per_s), 1, MANY, 50, NULL},
    {"limits", "person_burst", CONFIG_INTEGER, AT(limits.person_burst), 1, MANY, 200, NULL},
};

static void set_presets(struct config *config)
{
    for (size_t i = 0; i < AMBIT_LEN(rows); i++)
        config_set_preset(config, &rows[i]);
}

/* ---- the file -------------------------------------------------------------------------------- */

static size_t names_of(const char *section, const char *names[AMBIT_LEN(rows)])
{
    size_t n = 0;
    for (size_t i = 0; i < AMBIT_LEN(rows); i++) {
        if (streq(rows[i].section, section))
            names[n++] = rows[i].key;
    }
    return n;
}

static const struct config_row *row_of(const char *section, struct ambit_str key)
{
    for (size_t i = 0; i < AMBIT_LEN(rows); i++) {
        if (streq(rows[i].section, section) && ambit_str_is(key, rows[i].key))
            return &rows[i];
    }
    return NULL;
}

static void take_section(struct config_reader *reader, const char *section,
                         const struct json_value *object)
{
    const char *names[AMBIT_LEN(rows)] = {NULL};
    size_t n = names_of(section, names);
    for (const struct json_value *member = object->first; member; member = member->next) {
        const struct config_row *row = row_of(section, member->key);
        struct config_place place = config_place_member(reader, section, member);
        if (!row)
            config_complain_unknown(reader, &place, member->key, names, n);
        else if (json_is_duplicate(object, member))
            config_complain(reader, &place, "the key occurs twice", "each key once");
        else if (row->kind != CONFIG_SECTION)
            config_take_json(reader, row, &place, member);
        else if (member->kind != JSON_OBJECT)
            config_complain(reader, &place, "has the wrong type", "an object");
        else
            take_section(reader, row->key, member);
    }
}

static void take_file(struct config_reader *reader, struct ambit_str bytes)
{
    const struct json_value *top = NULL;
    struct json_problem wrong = {.line = 1, .column = 1, .what = "is not JSON", .expected = "JSON"};
    struct json_limits limits = {.depth = AMBIT_DOCUMENT_DEPTH, .keep_duplicates = true};
    enum ambit_err err = json_read(bytes, limits, &reader->config->arena, &top, &wrong);
    struct config_place place = {.file = reader->path, .line = wrong.line, .column = wrong.column};
    if (err) {
        config_complain(reader, &place, wrong.what, wrong.expected);
        return;
    }

    if (top->kind != JSON_OBJECT) {
        config_complain(reader, &place, "is no JSON object", "one JSON object");
        return;
    }

    take_section(reader, "", top);
}

/* ---- environment and flags ------------------------------------------------------------------- */

static struct ambit_str environment_value(const char *const *environment, struct ambit_str name)
{
    for (; environment && *environment; environment++) {
        const char *entry = *environment;
        if (strncmp(entry, name.p, name.len) == 0 && entry[name.len] == '=')
            return ambit_str_of(entry + name.len + 1);
    }
    return (struct ambit_str){NULL, 0};
}

/* keys.algorithm is AMBIT_KEYS_ALGORITHM. An empty value is as good as none. */
static void take_environment(struct config_reader *reader, const char *const *environment)
{
    for (size_t i = 0; i < AMBIT_LEN(rows); i++) {
        char name[64] = "";
        struct buf text = {.p = NULL};
        buf_init_fixed(&text, name, sizeof name);
        buf_printf(&text, "AMBIT_%s%s%s", rows[i].section, *rows[i].section ? "_" : "",
                   rows[i].key);
        for (size_t k = 0; k < text.len; k++)
            text.p[k] = (char)(name[k] >= 'a' && name[k] <= 'z' ? name[k] - 'a' + 'A' : name[k]);

        struct ambit_str value = environment_value(environment, buf_str(&text));
        if (value.len == 0)
            continue;
        struct config_place place = config_place_key(buf_str(&text), &rows[i]);
        config_take_text(reader, &rows[i], &place, value);
    }
}

static void take_flag(struct config_reader *reader, const char *key, const char *flag,
                      const char *value)
{
    if (!value)
        return;

    const struct config_row *row = row_of("", ambit_str_of(key));
    struct config_place place = config_place_key(ambit_str_of(flag), row);
    config_take_text(reader, row, &place, ambit_str_of(value));
}

/* ---- the whole ------------------------------------------------------------------------------- */

static void check_listeners(struct config_reader *reader, const struct config_place *place)
{
    struct config *config = reader->config;
    bool has_all = false;
    for (size_t i = 0; i < config->n_listen; i++)
        has_all = has_all || config->listen[i].kind == CONFIG_LISTENER_ALL;

    if (has_all && config->n_listen > 1)
        config_complain(reader, place,
                        "a listener without a name serves everything, and stands alone",
                        "one listener without a name, or names on all");
    bool is_unix = config->n_listen && config->listen[0].unix_path.p;
    if ((!has_all || is_unix) && !config->issuer.p)
        config_complain(reader, place, "\"issuer\" is missing",
                        "the URL under which agents and services know this broker");
}

static void check_whole(struct config_reader *reader)
{
    struct config *config = reader->config;
    struct config_place place = {.file = reader->path};
    check_listeners(reader, &place);
    config_check_trust(reader, &place);
    if (config->limits.store_reserve_bytes >= config->limits.store_bytes)
        config_complain(reader, &place, "limits.store_reserve_bytes leaves no room for the store",
                        "less than limits.store_bytes");
}

static void add_default_listener(struct config *config)
{
    if (config->n_listen)
        return;

    enum ambit_err err = config_listen_decode(AMBIT_STR("127.0.0.1:8420"), &config->listen[0]);
    AMBIT_ASSERT(err == AMBIT_OK);
    config->n_listen = 1;
}

enum ambit_err config_read(struct ambit_str bytes, const char *path, const char *folder,
                           const struct config_source *source, struct config *ret,
                           struct ambit_problems *problems)
{
    *ret = (struct config){.issuer = {NULL, 0}};
    arena_init(&ret->arena, NULL, 0, 0);
    struct config_reader reader = {.config = ret,
                                   .problems = problems,
                                   .path = ambit_str_of(path ? path : "configuration"),
                                   .folder = folder};
    size_t before = problems->n;
    set_presets(ret);
    if (bytes.p)
        take_file(&reader, arena_copy(&ret->arena, bytes));
    reader.folder = NULL; /* what follows was typed, not written beside the file */
    take_environment(&reader, source->environment);
    take_flag(&reader, "state", "--state", source->state);
    take_flag(&reader, "listen", "--listen", source->listen);
    add_default_listener(ret);
    /* Errors of single keys would only make noise of the checks between them. */
    if (problems->n == before)
        check_whole(&reader);
    if (reader.is_out_of_memory)
        return AMBIT_ERR_NO_MEMORY;

    return problems->n > before ? AMBIT_ERR_MALFORMED : AMBIT_OK;
}

enum ambit_err config_load(const struct config_source *source, struct config *ret,
                           struct ambit_problems *problems)
{
    if (!source->path)
        return config_read((struct ambit_str){NULL, 0}, NULL, NULL, source, ret, problems);

    *ret = (struct config){.issuer = {NULL, 0}};
    BUF_AUTO bytes = {.p = NULL};
    enum ambit_err err = file_read(AT_FDCWD, source->path, AMBIT_DOCUMENT_BYTES, &bytes);
    if (err) {
        struct ambit_problem problem = {.file = ambit_str_of(source->path),
                                        .what = ambit_str_of(ambit_err_text(err)),
                                        .expected = AMBIT_STR("a readable configuration file")};
        enum ambit_err add_err = ambit_problems_add(problems, &problem);
        return add_err ? add_err : AMBIT_ERR_MALFORMED;
    }

    const char *slash = strrchr(source->path, '/');
    AMBIT_AUTO_FREE char *folder =
        slash ? strndup(source->path, (size_t)(slash - source->path) + 1) : strdup("./");
    if (!folder)
        return AMBIT_ERR_NO_MEMORY;

    return config_read(buf_str(&bytes), source->path, folder, source, ret, problems);
}

void config_done(struct config *config)
{
    if (!config)
        return;

    arena_done(&config->arena);
    *config = (struct config){.issuer = {NULL, 0}};
}
