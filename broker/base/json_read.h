/* SPDX-License-Identifier: Apache-2.0 */
/* The one JSON reader: RFC 8259 with every number an integer of at most 2^53-1 in magnitude unless
 * `allow_decimals`, duplicate member names (escaped twins too) refused, one value and nothing after
 * it, UTF-8 checked, lone surrogates refused, depth bounded, and a position for every value and
 * key. Linear time; memory comes from the arena alone. Strings are unescaped into the arena (or
 * borrowed from the input where nothing had to be changed): the input must outlive the values. */
#pragma once

#include "base/arena.h"

enum json_kind {
    JSON_NULL,
    JSON_FALSE,
    JSON_TRUE,
    JSON_INTEGER,
    JSON_DECIMAL,
    JSON_STRING,
    JSON_ARRAY,
    JSON_OBJECT
};

struct json_value {
    enum json_kind kind;
    uint32_t line, column;         /* of the value's first byte, both from 1; column in bytes */
    uint32_t key_line, key_column; /* of the member's name, 0 outside an object */
    struct ambit_str key;          /* member name, unescaped; {NULL,0} outside an object */
    struct ambit_str text;         /* JSON_STRING: unescaped (may hold NUL); numbers: as written */
    int64_t integer;               /* JSON_INTEGER */
    double decimal;                /* JSON_DECIMAL */
    size_t count;                  /* of array elements or members */
    struct json_value *first, *next; /* first child; next sibling, in document order */
    bool is_duplicate;               /* with keep_duplicates: an earlier sibling has the same key */
};

enum { JSON_READ_DEPTH_MAX = 256 };
struct json_limits {
    size_t depth; /* of containers; 0 = AMBIT_JSON_DEPTH; at most JSON_READ_DEPTH_MAX */
    bool allow_decimals;
    bool keep_duplicates; /* collect instead of failing: see json_duplicates */
};

/* What was wrong, where. `what` and `expected` are fixed strings. */
struct json_problem {
    uint32_t line, column;
    const char *what, *expected;
};

/* MALFORMED; TOO_LARGE past the depth, the arena's max or 1 GiB; NO_MEMORY. With keep_duplicates
 * the value is returned with both members in place, the later one marked (json_is_duplicate()). */
AMBIT_CHECKED enum ambit_err json_read(struct ambit_str text, struct json_limits limits,
                                       struct arena *arena, const struct json_value **ret_value,
                                       struct json_problem *reterr_problem);
/* True when an earlier sibling has the same name. Only after keep_duplicates. */
bool json_is_duplicate(const struct json_value *object, const struct json_value *member);

/* NULL when absent or when `object` is no object. */
const struct json_value *json_get(const struct json_value *object, const char *key);
/* {NULL,0} unless the member is a string. */
struct ambit_str json_get_str(const struct json_value *object, const char *key);
bool json_get_i64(const struct json_value *object, const char *key, int64_t *ret);
