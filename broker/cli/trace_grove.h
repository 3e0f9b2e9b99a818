/* SPDX-License-Identifier: Apache-2.0 */
/* What the files share that draw a story as a tree. */
#pragma once

#include "cli/trace.h"
#include "cli/tree.h"

struct grove {
    struct trace_view *view;
    struct tree_node root;
    const struct json_value *events, *grants, *approvals, *actions;
    bool *is_told; /* each event's; by its place */
};

bool grove_is_type(const struct json_value *event, const char *type);
bool grove_begins(const struct json_value *event, const char *type);
/* trace_acts.c: one event with what became of it; brief: below its grant. */
void grove_event(const struct grove *grove, struct tree_node *above, const struct json_value *event,
                 bool is_brief);
/* The approval that it rests on, where there is one. */
void grove_approval_of(const struct grove *grove, struct tree_node *node,
                       const struct json_value *event);
/* Several of one kind in a row, with nothing to say of any, are told as a number. */
struct grove_run {
    const struct json_value *last; /* told, or counted; NULL: none */
    size_t n;
};
/* True: it is one more of them, and not told by itself. */
bool grove_run_takes(const struct grove *grove, struct tree_node *node, struct grove_run *run,
                     const struct json_value *event);
void grove_run_end(const struct grove *grove, struct tree_node *node, struct grove_run *run);
