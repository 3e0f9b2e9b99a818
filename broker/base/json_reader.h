/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of the JSON reader share (json_read.c, json_read_string.c, json_members.c).
 * Not for other rooms: they see json_read.h. Every function that gives false has noted why. */
#pragma once

#include "base/json_read.h"

/* Objects of up to so many members are compared pairwise, larger ones sorted. */
enum { JSON_FEW_MEMBERS = 16 };

struct json_reader {
    const char *p, *end;
    uint32_t line;
    const char *line_start; /* only white space can hold a line feed, so that counting is cheap */
    struct json_limits limits;
    struct arena *arena;
    enum ambit_err err;
    struct json_problem problem;
};

static inline uint32_t json_reader_column(const struct json_reader *r, const char *at)
{
    return (uint32_t)(at - r->line_start) + 1;
}

/* Notes the first problem, at a place on the present line. */
void json_reader_fail(struct json_reader *r, const char *at, const char *what,
                      const char *expected);
void json_reader_fail_memory(struct json_reader *r);
/* The string at r->p, which is its opening quote. */
bool json_reader_string(struct json_reader *r, struct ambit_str *ret);
/* Whether no member of `object` so far has the name of `member`; with keep_duplicates it is marked
 * instead of refused. */
bool json_member_is_new(struct json_reader *r, const struct json_value *object,
                        struct json_value *member);
/* The same for all members at once, in n log n. */
bool json_members_are_new(struct json_reader *r, struct json_value *object);
