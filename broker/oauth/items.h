/* SPDX-License-Identifier: Apache-2.0 */
/* The items of a grant on the wire: as a scope text and as authorization_details. The same writer
 * serves the token, the token response and introspection, so that the three cannot part.
 *
 * One object stands for several items only where its actions times its resources are exactly those
 * items in their order: arrays multiply (RAR-4), and a pair that was not given must not appear. */
#pragma once

#include "core/grant_row.h"

struct json_out;

/* Which items, bit i for item i, and how they are named. */
struct items_view {
    const struct grant_row *row;
    uint64_t mask; /* the items to show */
    uint64_t ask;  /* of them: those a service must ask about */
    bool split;    /* `ask` items under `ambit-ask` and not in the scope; else all under `ambit` */
};

/* Does any item stand in the scope? */
bool items_have_scope(const struct items_view *view);
/* The value of `scope`, as a JSON string. */
void items_write_scope(const struct items_view *view, struct json_out *out);
/* The value of `authorization_details`, a JSON array. */
void items_write_details(const struct items_view *view, struct json_out *out);
/* The value of `policy`: [{"policy","digest","rule"}], each giver once. */
void items_write_policies(const struct items_view *view, struct json_out *out);
