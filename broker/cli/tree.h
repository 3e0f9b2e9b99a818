/* SPDX-License-Identifier: Apache-2.0 */
/* A tree of lines: what stands below something is drawn below it. The lines are finished: whoever
 * adds one has escaped what is not ours, so that none can hold a newline. */
#pragma once

#include "base/buf.h"

struct arena;

struct tree_node {
    struct ambit_str text;
    struct tree_node *first, *last, *next;
};
/* A line at the end of those below `above`, a copy in the arena; NULL when out of memory, and then
 * nothing can be added below it either: NULL is fine. */
struct tree_node *tree_add(struct arena *arena, struct tree_node *above, const struct buf *text);
/* Those right below the root stand at the margin with an empty line between; box drawing, or ASCII
 * for terminals without UTF-8. */
void tree_write(struct buf *out, const struct tree_node *root, bool is_ascii);
