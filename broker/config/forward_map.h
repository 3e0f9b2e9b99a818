/* SPDX-License-Identifier: Apache-2.0 */
/* From what a reverse proxy was asked to what that is in the language: a map from method and path
 * (and host) to action and resource, row by row, the first that matches. What no row matches is
 * nobody's right. A path is compared byte by byte, segment by segment, never decoded and never
 * normalised: one that a server behind the proxy could read as another (an escape, an empty or a
 * dot segment, a backslash, `;` parameters, the case of a written word) matches nothing at all. The
 * query is not looked at. Pure; texts are borrowed. */
#pragma once

#include "ambit/base.h"
#include "ambit/limits.h"

enum {
    FORWARD_ROWS_MAX = 256,
    FORWARD_SEGMENTS_MAX = 32, /* of a path, in a row as in a request */
    FORWARD_METHODS_MAX = 16,
    FORWARD_URI_MAX = 4096,
};

enum forward_kind {
    FORWARD_LITERAL,
    FORWARD_PIECE, /* "{name}": one segment */
    FORWARD_REST,  /* "{name...}", last: one or more */
};
struct forward_segment {
    enum forward_kind kind;
    struct ambit_str text; /* the segment, or the name; "_" is asked for nowhere */
};
struct forward_row {
    struct ambit_str service;
    struct ambit_str host; /* absent: any; with a port: that one alone */
    struct ambit_str methods[FORWARD_METHODS_MAX];
    size_t n_methods;
    struct ambit_str path, action, resource;               /* as written */
    struct forward_segment segments[FORWARD_SEGMENTS_MAX]; /* of `path` */
    size_t n_segments;
};
struct forward_map {
    const struct forward_row *rows;
    size_t n;
};

/* Reads `path`, and holds `action` and `resource` against it. NULL when they hold; else what is
 * wrong, and *reterr_member which of the three it is, *reterr_expected what was expected. */
const char *forward_row_read(struct forward_row *row, const char **reterr_member,
                             const char **reterr_expected);
bool forward_is_host(struct ambit_str text);   /* lower case, with or without a port */
bool forward_is_method(struct ambit_str text); /* "GET" */

enum forward_found {
    FORWARD_MATCHED,
    FORWARD_NO_ROW,
    FORWARD_HOSTILE /* a path that could be read in more than one way */
};
struct forward_question {
    struct ambit_str service; /* whose rows */
    struct ambit_str method, host, uri;
};
struct forward_answer {
    struct ambit_str action, resource; /* in `memory` */
    char memory[2 * AMBIT_WORD_MAX];
};
enum forward_found forward_find(const struct forward_map *map,
                                const struct forward_question *question,
                                struct forward_answer *ret);
