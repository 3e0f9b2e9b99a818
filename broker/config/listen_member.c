/* SPDX-License-Identifier: Apache-2.0 */
/* One member of a listener: its name, address, Unix socket with mode and owner, TLS files. */
#include <grp.h>
#include <pwd.h>

#include "base/encode.h"
#include "base/json_read.h"
#include "config/values.h"

enum { NAME_BYTES_MAX = 64, NSS_BYTES = 16 * 1024 };

static void complain_name(struct config_reader *reader, const struct config_place *place,
                          struct ambit_str text, const char *const *names, size_t n)
{
    struct ambit_problem problem = {
        .file = place->file,
        .line = place->line,
        .column = place->column,
        .pointer = ambit_str_of(place->pointer),
        .what = AMBIT_STR("unknown listener"),
        .expected = AMBIT_STR("agents, local, operators, ops, or no name for all"),
        .nearest = config_nearest(text, names, n)};
    if (ambit_problems_add(reader->problems, &problem))
        reader->is_out_of_memory = true;
}

static bool take_name(struct config_reader *reader, const struct config_place *place,
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

    complain_name(reader, place, value->text, names, AMBIT_LEN(names));
    return false;
}

static bool take_address(struct config_reader *reader, const struct config_place *place,
                         const struct json_value *value, struct config_listener *listener)
{
    if (value->kind == JSON_STRING && config_address_decode(value->text, listener) == AMBIT_OK)
        return true;
    config_complain(reader, place, "is no address and port",
                    "an ADDRESS:PORT such as 127.0.0.1:8420");
    return false;
}

/* ---- Unix sockets ---------------------------------------------------------------------------- */

static bool take_unix(struct config_reader *reader, const struct config_place *place,
                      const struct json_value *value, struct config_listener *listener)
{
    static const char form[] = "a path of at most 107 bytes such as /run/ambit/agent.sock";
    struct ambit_str text = value->kind == JSON_STRING ? value->text : (struct ambit_str){NULL, 0};
    struct ambit_str path = config_take_path(reader, place, text, form);
    if (path.p && path.len > CONFIG_UNIX_PATH_MAX) {
        config_complain(reader, place, "is too long for a socket", form);
        return false;
    }
    listener->unix_path = path;
    return path.p != NULL;
}

static bool take_mode(struct config_reader *reader, const struct config_place *place,
                      const struct json_value *value, struct config_listener *listener)
{
    bool is_good = value->kind == JSON_STRING && value->text.len == 4 && value->text.p[0] == '0';
    unsigned mode = 0;
    for (size_t i = 1; is_good && i < 4; i++) {
        is_good = value->text.p[i] >= '0' && value->text.p[i] <= '7';
        mode = mode * 8 + (unsigned)(value->text.p[i] - '0');
    }
    /* Who may connect is who may write. */
    if (!is_good || !(mode & 0222) || mode & 0111) {
        config_complain(reader, place, "is no mode of a socket",
                        "four octal digits such as \"0660\"");
        return false;
    }
    listener->unix_mode = mode;
    return true;
}

/* A NUL-terminated copy of a name; false when it is none. */
static bool copy_name(const struct json_value *value, char dst[NAME_BYTES_MAX])
{
    if (value->kind != JSON_STRING || value->text.len == 0 || value->text.len >= NAME_BYTES_MAX ||
        text_has_control(value->text))
        return false;
    memcpy(dst, value->text.p, value->text.len);
    dst[value->text.len] = '\0';
    return true;
}

static bool take_owner(struct config_reader *reader, const struct config_place *place,
                       const struct json_value *value, struct config_listener *listener)
{
    char name[NAME_BYTES_MAX], bytes[NSS_BYTES];
    struct passwd entry, *found = NULL;
    if (copy_name(value, name) && getpwnam_r(name, &entry, bytes, sizeof bytes, &found) == 0 &&
        found) {
        listener->unix_owner = found->pw_uid;
        return true;
    }
    config_complain(reader, place, "is no user of this machine", "the name of a user");
    return false;
}

static bool take_group(struct config_reader *reader, const struct config_place *place,
                       const struct json_value *value, struct config_listener *listener)
{
    char name[NAME_BYTES_MAX], bytes[NSS_BYTES];
    struct group entry, *found = NULL;
    if (copy_name(value, name) && getgrnam_r(name, &entry, bytes, sizeof bytes, &found) == 0 &&
        found) {
        listener->unix_group = found->gr_gid;
        return true;
    }
    config_complain(reader, place, "is no group of this machine", "the name of a group");
    return false;
}

/* ---- TLS ------------------------------------------------------------------------------------- */

static bool take_tls(struct config_reader *reader, const struct config_place *place,
                     const struct json_value *value, struct config_listener *listener)
{
    static const char *const names[] = {"certificate", "key", "client_ca"};
    static const char form[] = "{\"certificate\": FILE, \"key\": FILE, \"client_ca\": FILE}";
    struct ambit_str *const places[] = {&listener->tls.certificate, &listener->tls.key,
                                        &listener->tls.client_ca};
    bool is_good = value->kind == JSON_OBJECT;
    if (!is_good)
        config_complain(reader, place, "is no object", form);
    for (const struct json_value *one = is_good ? value->first : NULL; one; one = one->next) {
        struct config_place at = *place;
        at.line = one->key_line;
        at.column = one->key_column;
        size_t i = 0;
        while (i < AMBIT_LEN(names) && !ambit_str_is(one->key, names[i]))
            i++;
        if (i == AMBIT_LEN(names))
            config_complain_unknown(reader, &at, one->key, names, AMBIT_LEN(names));
        else if (json_is_duplicate(value, one))
            config_complain(reader, &at, "the key occurs twice", "each key once");
        else
            *places[i] = config_take_path(
                reader, &at, one->kind == JSON_STRING ? one->text : (struct ambit_str){NULL, 0},
                "the path of a PEM file");
        is_good = is_good && i < AMBIT_LEN(names) && places[i]->p != NULL;
    }
    if (is_good && (!listener->tls.certificate.p || !listener->tls.key.p)) {
        config_complain(reader, place, "needs a certificate and a key", form);
        is_good = false;
    }
    return is_good;
}

/* ---- the table ------------------------------------------------------------------------------- */

bool config_take_listener_member(struct config_reader *reader, const struct config_place *place,
                                 const struct json_value *member, struct config_listener *listener)
{
    static const struct {
        const char *name;
        bool (*take)(struct config_reader *reader, const struct config_place *place,
                     const struct json_value *value, struct config_listener *listener);
    } rows[] = {{"name", take_name},  {"address", take_address}, {"tls", take_tls},
                {"unix", take_unix},  {"mode", take_mode},       {"owner", take_owner},
                {"group", take_group}};
    const char *names[AMBIT_LEN(rows)] = {NULL};
    for (size_t i = 0; i < AMBIT_LEN(rows); i++) {
        names[i] = rows[i].name;
        if (ambit_str_is(member->key, rows[i].name))
            return rows[i].take(reader, place, member, listener);
    }

    config_complain_unknown(reader, place, member->key, names, AMBIT_LEN(names));
    return false;
}
