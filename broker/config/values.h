/* SPDX-License-Identifier: Apache-2.0 */
/* One value of the configuration: from JSON or from text (environment, flag) into its place, or a
 * problem that says what was found and what was expected. Used by config.c alone. */
#pragma once

#include "config/config.h"

struct json_value;

enum config_kind {
    CONFIG_ISSUER,
    CONFIG_PATH,
    CONFIG_FILE,
    CONFIG_PROXIES,
    CONFIG_FORWARD,
    CONFIG_LISTEN,
    CONFIG_REVIEW,
    CONFIG_ALGORITHM,
    CONFIG_DURATION, /* seconds */
    CONFIG_SWITCH,   /* true or false */
    CONFIG_INTEGER,
    CONFIG_ISSUERS,
    CONFIG_ALIASES,
    CONFIG_BLOCKS, /* of addresses */
    CONFIG_ORIGIN, /* the name of a log */
    CONFIG_WITNESSES,
    CONFIG_SECTION,    /* an object with rows of its own */
    CONFIG_EMPTY_LIST, /* anything in it is what this version cannot do: refused in words */
    CONFIG_NOT_YET,    /* refused in words when present */
};
struct config_row {
    const char *section, *key;
    enum config_kind kind;
    size_t offset; /* in struct config */
    int64_t least, most, preset;
    const char *text; /* preset of a text; the words of a refusal */
};

struct config_reader {
    struct config *config;
    struct ambit_problems *problems;
    struct ambit_str path; /* of the file, for messages */
    const char *folder;    /* that relative paths start from; NULL: the working directory */
    bool is_out_of_memory;
};

/* Where a value stands. */
struct config_place {
    struct ambit_str file;
    uint32_t line, column;
    char pointer[128];
};
struct config_place config_place_member(const struct config_reader *reader, const char *section,
                                        const struct json_value *member);

/* Of what stands in a list or an object: its line, the list's pointer. */
struct config_place config_place_of(const struct config_place *list,
                                    const struct json_value *value);
/* Of a flag or a variable: no line, but the key it stands for. */
struct config_place config_place_key(struct ambit_str source, const struct config_row *row);

void config_complain(struct config_reader *reader, const struct config_place *place,
                     const char *what, const char *expected);
void config_complain_unknown(struct config_reader *reader, const struct config_place *place,
                             struct ambit_str key, const char *const *names, size_t n);

void config_set_preset(struct config *config, const struct config_row *row);
void config_take_json(struct config_reader *reader, const struct config_row *row,
                      const struct config_place *place, const struct json_value *value);
void config_take_text(struct config_reader *reader, const struct config_row *row,
                      const struct config_place *place, struct ambit_str text);

bool config_starts_with(struct ambit_str text, const char *prefix);
/* A copy that lives as long as the configuration. */
struct ambit_str config_keep(struct config_reader *reader, struct ambit_str text);
/* The name that was probably meant; absent when none is near. */
struct ambit_str config_nearest(struct ambit_str word, const char *const *names, size_t n);
/* Appends "/PART", escaped as RFC 6901 says, cut at 64 bytes. */
void config_put_pointer(struct buf *out, struct ambit_str part);

/* A path, relative ones from the folder of the file; {NULL,0} after a complaint. */
struct ambit_str config_take_path(struct config_reader *reader, const struct config_place *place,
                                  struct ambit_str text, const char *expected);

/* listen_member.c: one member of listen[index], by its key; complains and returns false otherwise.
 */
bool config_take_listener_member(struct config_reader *reader, const struct config_place *place,
                                 const struct json_value *member, struct config_listener *listener);
/* "ADDR:PORT", wherever it is. */
AMBIT_CHECKED enum ambit_err config_address_decode(struct ambit_str text,
                                                   struct config_listener *ret);
/* forward.c */
void config_take_forward(struct config_reader *reader, const struct config_place *place,
                         const struct json_value *value);
/* proxies.c */
void config_take_proxies(struct config_reader *reader, const struct config_place *place,
                         const struct json_value *value);

/* listen.c */
void config_take_listeners(struct config_reader *reader, const struct config_place *place,
                           const struct json_value *value);
void config_take_listener_text(struct config_reader *reader, const struct config_place *place,
                               struct ambit_str text);

/* trust.c */
void config_take_issuers(struct config_reader *reader, const struct config_place *place,
                         const struct json_value *value);
void config_take_aliases(struct config_reader *reader, const struct config_place *place,
                         const struct json_value *value);
void config_take_blocks(struct config_reader *reader, const struct config_place *place,
                        const struct json_value *value);
/* log.c */
bool config_is_origin(struct ambit_str text);
void config_take_witnesses(struct config_reader *reader, const struct config_place *place,
                           const struct json_value *value);

/* Between keys. */
void config_check_trust(struct config_reader *reader, const struct config_place *place);
