/* SPDX-License-Identifier: Apache-2.0 */
/* How a document is read: tables of fields, walked by one function.
 *
 * A kind of object is a table, one row per member: its key, whether it must be there, how its value
 * is read, where it goes. read_object() walks the members of a JSON object along such a table,
 * complains about every member that is unknown, twice there, missing or wrong, and never stops at
 * the first. A value that is wrong leaves its place in the struct as it was (absent), so that what
 * is checked afterwards skips it: one mistake, one message.
 *
 * This header is private to policy/read*.c and policy/check*.c. */
#pragma once

#include "ambit/document.h"
#include "base/arena.h"
#include "base/json_read.h"

/* More than this many errors of one file teach nobody anything: reading it ends there. */
enum { READ_ERRORS_MAX = 1000 };

/* The zones named so far, each read once. */
struct zone_row {
    struct zone_row *next;
    struct ambit_zone zone;
};
struct zone_list {
    struct zone_row *first;
    size_t n;
};

/* One file being read. */
struct reading {
    const struct ambit_file *file;
    const struct ambit_read_env *env;
    struct arena *keep;    /* what the documents are made of */
    struct arena *scratch; /* JSON trees, comparisons */
    struct ambit_problems *problems;
    struct zone_list *zones; /* every zone that was named, of all files */
    size_t n_errors;         /* of this file */
    bool has_unknown;      /* the object being checked has members that nobody knows: what seems to
                            * be missing may be one of them */
    bool is_out_of_memory; /* sticky: what was read is not to be used */
};

/* Where in the file something stands: a chain from the whole document down, on the stack. */
struct place {
    const struct place *up;         /* NULL: the whole document */
    const struct json_value *value; /* NULL: a member that is not there */
    struct ambit_str key;           /* in an object */
    size_t index;                   /* in an array */
    bool is_key;                    /* the member's name is meant, not its value */
};
struct place place_member(const struct place *up, const char *key);
struct place place_child(const struct place *up, const struct json_value *child, size_t index);

/* Adds an error at a place. Texts are copied. */
void complain(struct reading *reading, const struct place *at, const char *what,
              const char *expected);
void complain_near(struct reading *reading, const struct place *at, const char *what,
                   const char *expected, struct ambit_str nearest);
/* The same with "found X" made from the value that stands there. */
void complain_found(struct reading *reading, const struct place *at, const char *expected);
/* `"<text>": fault`, the text cut and escaped. */
void complain_text(struct reading *reading, const struct place *at, const char *fault,
                   const char *expected);
/* `<sentence> "<text>"` and the nearest name. */
void complain_name(struct reading *reading, const struct place *at, const char *sentence,
                   const char *expected, struct ambit_str nearest);

struct field;
/* Reads the value at `at` into the struct at `target`, at field->at bytes. */
typedef void field_reader(struct reading *reading, const struct place *at,
                          const struct field *field, void *target);

struct field {
    const char *key;
    bool is_required;
    field_reader *read;
    size_t at;        /* offset in the target */
    int64_t min, max; /* numbers, seconds */
    const void *with; /* what the reader needs besides: words, form, list, object */
};
enum { FIELD_OPTIONAL = false, FIELD_REQUIRED = true };

/* A kind of object. `check` judges the members together, after they were read. */
struct object_type {
    const struct field *fields;
    size_t n;
    void (*check)(struct reading *reading, const struct place *at, void *target);
};
#define OBJECT_TYPE(table, together)                                  \
    {                                                                 \
        .fields = (table), .n = AMBIT_LEN(table), .check = (together) \
    }

/* A list, or an object whose keys are data. Elements are structs of `size` bytes; the target has a
 * pointer to them and right behind it their number (INVARIANT of document.h). A wrong element
 * stays in its place, zeroed, so that element i of the struct is element i of the text. */
struct list_type {
    const struct field *element; /* its `at` is counted from the element */
    size_t size;
    size_t min, max;
};

/* The words of a closed vocabulary in the order of its enum. */
struct words {
    const char *const *texts;
    size_t n;
};
#define WORDS(array)                            \
    {                                           \
        .texts = (array), .n = AMBIT_LEN(array) \
    }

struct shape; /* policy/shape.h */

/* -- readers; `with` in brackets -- */
field_reader read_object;      /* [object_type] a struct inside the target, at field->at */
field_reader read_list;        /* [list_type] an array */
field_reader read_map;         /* [list_type] an object whose keys are data */
field_reader read_text;        /* [shape] struct ambit_str */
field_reader read_word;        /* [words] an enum */
field_reader read_word_text;   /* [words] struct ambit_str */
field_reader read_word_is;     /* [words] bool: whether it is word number field->min */
field_reader read_word_bits;   /* [words] a list; unsigned, bit i for word i */
field_reader read_integer;     /* int64_t, from min to max */
field_reader read_boolean;     /* bool */
field_reader read_true;        /* bool; `false` is no value: leave the member out */
field_reader read_duration;    /* int64_t seconds, from min to max */
field_reader read_instant;     /* int64_t milliseconds */
field_reader read_scalar;      /* struct ambit_scalar */
field_reader read_hex_digest;  /* struct ambit_digest, 64 hex digits */
field_reader read_thumbprint;  /* struct ambit_digest, base64url */
field_reader read_digest;      /* struct ambit_digest, "sha256:..." */
field_reader read_zone;        /* struct ambit_str, a zone that env->zone has */
field_reader read_jwks;        /* struct ambit_str, canonical JSON */
field_reader read_credentials; /* [methods] pointer and number */
field_reader read_limits;      /* [list_type] pointer and number, checked together */
field_reader read_nothing;     /* for members that another reader takes */

/* The zones of the list in `keep`, sorted by name. */
AMBIT_CHECKED enum ambit_err read_zones_take(const struct zone_list *list, struct arena *keep,
                                             struct ambit_documents *documents);

/* Reads the members of the object at `at` into `target`. */
void read_members(struct reading *reading, const struct place *at, const struct object_type *type,
                  void *target);

/* The ways in that a kind of document may name. */
struct methods {
    const enum ambit_method *v;
    size_t n;
};

/* Complains unless exactly one of `keys` (NULL-terminated) is a member; `expected` lists them. */
void want_one_of(struct reading *reading, const struct place *at, const char *const *keys,
                 const char *expected);
/* Complains, with `expected`, about each of `keys` that is a member. */
void want_none_of(struct reading *reading, const struct place *at, const char *const *keys,
                  const char *expected);

/* A string of the place, if it is one and free text of 1 to `max` bytes; else complains. */
bool take_text(struct reading *reading, const struct place *at, size_t max, const char *expected,
               struct ambit_str *ret);
/* The number of the word that stands there; else complains, with the nearest word. */
bool take_word(struct reading *reading, const struct place *at, const struct words *words,
               size_t *ret);
/* The same of the member `key`, silently: false when it is absent or no such word. */
bool peek_word(const struct place *at, const char *key, const struct words *words, size_t *ret);
/* Memory for the documents, zeroed; NULL marks the reading as out of memory. */
void *take_memory(struct reading *reading, size_t n, size_t each);

/* -- the four kinds: each table's target is the struct of that kind -- */
extern const struct object_type person_type, agent_type, service_type, policy_type;
/* -- lists and parts that several tables use -- */
extern const struct list_type list_names, list_agent_names, list_audiences, list_action_patterns,
    list_resource_patterns, list_rule_resources;
extern const struct words words_tier, words_by, words_distinct;
extern const struct list_type list_rules, list_never, list_hard_stops, list_limits;
extern const struct object_type type_when, type_after;
