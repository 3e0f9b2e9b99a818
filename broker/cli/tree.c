/* SPDX-License-Identifier: Apache-2.0 */
/* Draws a tree of lines. */
#include "cli/tree.h"

#include "base/arena.h"

enum { DEPTH_MAX = 16 };

struct tree_node *tree_add(struct arena *arena, struct tree_node *above, const struct buf *text)
{
    struct tree_node *node = above ? arena_alloc(arena, sizeof *node) : NULL;
    if (!node)
        return NULL;
    node->text = arena_copy(arena, buf_str(text));
    if (!node->text.p || buf_check(text))
        return NULL;
    if (above->last)
        above->last->next = node;
    else
        above->first = node;
    above->last = node;
    return node;
}

struct pen {
    struct buf *out;
    bool is_ascii;
    bool goes_on[DEPTH_MAX]; /* more follows at this depth */
};

static void put_branch(const struct pen *pen, size_t depth)
{
    static const char *const boxes[] = {"   ", "\xe2\x94\x82  ", "\xe2\x94\x94\xe2\x94\x80 ",
                                        "\xe2\x94\x9c\xe2\x94\x80 "};
    static const char *const plain[] = {"   ", "|  ", "`- ", "|- "};
    const char *const *parts = pen->is_ascii ? plain : boxes;
    for (size_t i = 0; i + 1 < depth; i++)
        buf_put_text(pen->out, parts[pen->goes_on[i]]);
    if (depth > 0)
        buf_put_text(pen->out, parts[2 + pen->goes_on[depth - 1]]);
}

/* Depth first, without recursion: the path down is at most DEPTH_MAX long; what lies deeper is
 * drawn at that depth. */
static void draw(struct pen *pen, const struct tree_node *top)
{
    const struct tree_node *path[DEPTH_MAX] = {top};
    size_t depth = 0;
    for (const struct tree_node *node = top; node;) {
        put_branch(pen, depth);
        buf_put_str(pen->out, node->text);
        buf_put_char(pen->out, '\n');
        if (node->first && depth + 1 < DEPTH_MAX) {
            path[++depth] = node = node->first;
        } else {
            while (depth > 0 && !path[depth]->next)
                depth--;
            node = depth > 0 ? path[depth]->next : NULL;
            path[depth] = node;
        }
        if (node && depth > 0)
            pen->goes_on[depth - 1] = node->next != NULL;
    }
}

void tree_write(struct buf *out, const struct tree_node *root, bool is_ascii)
{
    struct pen pen = {.out = out, .is_ascii = is_ascii};
    for (const struct tree_node *node = root->first; node; node = node->next) {
        draw(&pen, node);
        if (node->next)
            buf_put_char(out, '\n');
    }
}
