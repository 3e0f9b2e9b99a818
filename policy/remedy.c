/* SPDX-License-Identifier: Apache-2.0 */
/* Trying a changed question, and writing down the change that passed. */
#include "policy/remedy.h"

const char *ambit_change_text(enum ambit_change change)
{
    switch (change) {
    case AMBIT_CHANGE_NONE:
        return "none";
    case AMBIT_CHANGE_NARROW_ITEMS:
        return "narrow_items";
    case AMBIT_CHANGE_SHORTEN:
        return "shorten";
    case AMBIT_CHANGE_WAIT:
        return "wait";
    case AMBIT_CHANGE_ADD_CONTEXT:
        return "add_context";
    case AMBIT_CHANGE_STATE_PURPOSE:
        return "state_purpose";
    case AMBIT_CHANGE_BIND:
        return "bind";
    case AMBIT_CHANGE_ASK_APPROVAL:
        return "ask_approval";
    }
    return "none";
}

static bool try_left(struct remedy *r)
{
    if (r->tries == 0)
        return false;
    r->tries--;
    return true;
}

bool remedy_try_grant(struct remedy *r, const struct ambit_grant_question *question)
{
    return try_left(r) && decide_grant(r->set, question, r->world, NULL, r->scratch) == AMBIT_OK &&
           r->scratch->verdict == AMBIT_ALLOW;
}

bool remedy_try_action(struct remedy *r, const struct ambit_action_question *question)
{
    return try_left(r) && decide_action(r->set, question, r->world, NULL, r->scratch) == AMBIT_OK &&
           r->scratch->verdict == AMBIT_ALLOW;
}

void remedy_give(struct remedy *r, enum ambit_change change, const struct buf *value,
                 const char *text, enum remedy_for whom)
{
    struct ambit_remedy remedy = {.change = change, .may_retry = true, .text = ambit_str_of(text)};
    r->ret->agent_remedy = remedy;
    if (value->len > 0 || buf_check(value)) {
        if (buf_check(value) == AMBIT_OK)
            remedy.value = arena_copy(r->arena, buf_str(value));
        if (!remedy.value.p)
            r->err = AMBIT_ERR_NO_MEMORY;
    }
    r->ret->remedy = remedy;
    if (whom == REMEDY_FOR_ALL)
        r->ret->agent_remedy = remedy;
}

void remedy_none(struct remedy *r)
{
    struct ambit_remedy none = {
        .change = AMBIT_CHANGE_NONE,
        .text = AMBIT_STR("Nothing that the caller can change would pass."),
    };
    r->ret->remedy = r->ret->agent_remedy = none;
}

enum ambit_err remedy_begin(struct remedy *r)
{
    r->tries = REMEDY_TRIES;
    remedy_none(r);
    r->scratch = malloc(sizeof *r->scratch);
    return r->scratch ? AMBIT_OK : AMBIT_ERR_NO_MEMORY;
}

enum ambit_err remedy_end(struct remedy *r)
{
    free(TAKE(r->scratch));
    return r->err;
}

struct ambit_str remedy_text_for(struct remedy *r, struct ambit_str pattern)
{
    struct ambit_str text = arena_copy(r->arena, pattern);
    char *copy = text.p ? arena_array(r->arena, pattern.len + 1, 1) : NULL;
    size_t n = 0;
    if (!copy)
        return (struct ambit_str){0};
    for (size_t i = 0; i < pattern.len; i++) {
        if (pattern.p[i] != '*')
            copy[n++] = pattern.p[i];
    }
    if (n == 0)
        copy[n++] = '1';
    return (struct ambit_str){.p = copy, .len = n};
}
