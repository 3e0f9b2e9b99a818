/* SPDX-License-Identifier: Apache-2.0 */
/* How the answer of GET /v1/trace/{x} is told to people: as a tree, or line by line in time order.
 * Everything in it that is not ours is escaped on its way into a line. */
#pragma once

#include "base/buf.h"

struct arena;
struct json_value;
struct tree_node;

struct trace_view {
    struct arena *arena;
    const struct json_value *answer;
    struct ambit_str day; /* "2026-11-21": times of this day are shown without it */
    bool is_ascii;
};
AMBIT_CHECKED enum ambit_err trace_tree(struct buf *out, struct trace_view *view);
AMBIT_CHECKED enum ambit_err trace_timeline(struct buf *out, struct trace_view *view);

/* trace_words.c: parts of lines. A member that is absent says nothing. */
void say(struct buf *line, struct ambit_str foreign); /* escaped */
void say_member(struct buf *line, const char *before, const struct json_value *object,
                const char *member);
/* BEFORE "…", or BEFORE (erased). */
void say_quoted(struct buf *line, const char *before, const struct json_value *object,
                const char *member);
void say_time(struct buf *line, const struct trace_view *view, struct ambit_str time);
void say_time_member(struct buf *line, const char *before, const struct trace_view *view,
                     const struct json_value *object, const char *member);
void say_duration(struct buf *line, int64_t ms);
/* BEFORE and the time between two members of two objects; nothing where one is absent. */
void say_between(struct buf *line, const char *before, struct ambit_str from, struct ambit_str to);
void say_items(struct buf *line, const struct json_value *event);
void say_digest(struct buf *line, struct ambit_str digest); /* the first of it */
/* An event in a sentence; brief: below its grant, whose agent needs no naming; bare: without the
 * words that stand at its own place. */
enum say_form { SAY_WHOLE, SAY_BRIEF, SAY_BARE };
void say_event(struct buf *line, const struct json_value *event, enum say_form form);

/* trace_people.c, trace_stops.c: the parts of the tree that are not grants. */
void tree_people(const struct trace_view *view, struct tree_node *root);
void tree_policies(const struct trace_view *view, struct tree_node *root);
void tree_approval(const struct trace_view *view, struct tree_node *above,
                   const struct json_value *approval);
void tree_stops(const struct trace_view *view, struct tree_node *root);
const struct json_value *trace_find(const struct json_value *list, const char *member,
                                    struct ambit_str value);
const struct json_value *trace_event(const struct trace_view *view, int64_t seq);
/* ABOVE gets a line that is put together: LINE is emptied. */
struct tree_node *tree_line(const struct trace_view *view, struct tree_node *above,
                            struct buf *line);
