/* SPDX-License-Identifier: Apache-2.0 */
/* Output for people. Everything that came from a broker, an agent or a file is somebody else's
 * text: control bytes and what is not UTF-8 are escaped, so that no word of an agent can move the
 * cursor, recolour the screen or forge a line. */
#pragma once

#include "base/buf.h"

struct ambit_problem;
struct json_value;

/* Control bytes (newline too) as \xNN or \n, \t; other UTF-8 as it is. */
void show_escaped(struct buf *out, struct ambit_str text);

/* Valid JSON as it came, but for DEL, C1 and bidirectional controls inside its texts: they are
 * written \uXXXX, which is the same value. */
void show_json(struct buf *out, struct ambit_str json);

/* A problem of a document on a line of its own. */
void show_problem(struct buf *out, const struct ambit_problem *problem);

/* Columns of text, as wide as their widest cell; the last column is not padded. */
enum { SHOW_COLUMNS_MAX = 8 };
struct show_table {
    const char *const *headings; /* n_columns of them */
    size_t n_columns;
    struct ambit_str *cells; /* row by row; borrowed texts */
    size_t n_cells;
};
void show_table(struct buf *out, const struct show_table *table);

/* A table of a JSON list of objects: one row each, one column per member name. A value that is no
 * text is shown as JSON. Nested members by a dotted name. */
struct show_column {
    const char *heading, *member;
};
struct arena;
AMBIT_CHECKED enum ambit_err show_list(struct buf *out, struct arena *arena,
                                       const struct json_value *list,
                                       const struct show_column *columns, size_t n_columns);

/* Text of several lines: newlines stay, everything else is escaped. Ends with a newline. */
void show_paragraphs(struct buf *out, struct ambit_str text);

/* "name: text" lines, names padded to one width; absent texts are left out. */
struct show_line {
    const char *name;
    struct ambit_str text;
};
void show_lines(struct buf *out, const struct show_line *lines, size_t n);

/* A member by dotted path as text for people; {NULL,0} when absent, "(erased)" where the object
 * says that it is. */
struct ambit_str show_member(struct arena *arena, const struct json_value *object,
                             const char *path);
