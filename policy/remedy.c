/* SPDX-License-Identifier: Apache-2.0 */
/* Trying a changed question, and writing down the change that passed. */
#include "policy/remedy.h"

const char *ambit_change_text(enum ambit_change change)
{
    switch (change) {
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
    case AMBIT_CHANGE_NONE:
        break;
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

static bool is_allowed(struct remedy *r, enum ambit_err err)
{
    if (err && err != AMBIT_ERR_TOO_LARGE)
        r->err = err;
    return !err && r->scratch->verdict == AMBIT_ALLOW;
}

bool remedy_try_grant(struct remedy *r, const struct ambit_grant_question *question)
{
    return try_left(r) && is_allowed(r, decide_grant(r->set, question, r->world, NULL, r->scratch));
}

bool remedy_try_action(struct remedy *r, const struct ambit_action_question *question)
{
    return try_left(r) &&
           is_allowed(r, decide_action(r->set, question, r->world, NULL, r->scratch));
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

static void write_names(struct json_out *out, const char *key, struct ambit_strs names)
{
    if (names.n == 0)
        return;
    json_key(out, key);
    json_begin_array(out);
    for (size_t i = 0; i < names.n; i++)
        json_str(out, names.v[i]);
    json_end_array(out);
}

static void write_ask(struct json_out *out, const struct ambit_ask *ask)
{
    json_begin_object(out);
    json_key(out, "agent");
    json_str(out, ask->agent);
    json_key(out, "policy");
    json_str(out, ask->policy);
    json_key(out, "rule");
    json_str(out, ask->rule);
    write_names(out, "roles", ask->approval->roles);
    write_names(out, "teams", ask->approval->teams);
    json_key(out, "count");
    json_i64(out, ask->approval->count);
    json_end_object(out);
}

void remedy_give_approval(struct remedy *r)
{
    BUF_AUTO value = {0};
    struct json_out out;
    json_out_init(&out, &value, false);
    json_begin_array(&out);
    for (size_t i = 0; i < r->scratch->n_asks; i++)
        write_ask(&out, &r->scratch->asks[i]);
    json_end_array(&out);
    remedy_give(r, AMBIT_CHANGE_ASK_APPROVAL, &value,
                "Ask for approval: with a yes of these people it would pass.", REMEDY_FOR_PEOPLE);
    r->ret->agent_remedy.text = AMBIT_STR("Ask for approval: with a person's yes it would pass.");
}

static void put_texts(struct buf *buf, struct ambit_strs texts)
{
    for (size_t i = 0; i < texts.n; i++) {
        if (i > 0)
            buf_put_text(buf, i + 1 == texts.n ? " or " : ", ");
        buf_put_str(buf, texts.v[i]);
    }
}

void remedy_give_order(struct remedy *r, const struct compiled_rule *rule)
{
    BUF_AUTO text = {0};
    buf_init(&text, 0);
    for (size_t i = 0; i < rule->rule->when.n_after; i++) {
        const struct ambit_after *after = &rule->rule->when.after[i];
        buf_put_text(&text, i ? "; and "
                              : "First this must be allowed, and be reported done where "
                                "an outcome is due: ");
        put_texts(&text, after->actions);
        if (after->resources.n) {
            buf_put_text(&text, " on ");
            put_texts(&text, after->resources);
        }
    }
    buf_put_char(&text, '.');
    if (buf_check(&text) == AMBIT_OK)
        r->ret->remedy.text = arena_copy(r->arena, buf_str(&text));
    if (buf_check(&text) != AMBIT_OK || !r->ret->remedy.text.p)
        r->err = AMBIT_ERR_NO_MEMORY;
    r->ret->agent_remedy.text = AMBIT_STR("Something else must be done first.");
}

static enum ambit_err figure_in_order(void *ctx, const struct ambit_figure_query *query,
                                      int64_t *ret)
{
    const struct later *done = ctx;
    *ret = done->ms;
    return query->kind == AMBIT_LIMIT_AFTER && !query->is_stop
               ? AMBIT_OK
               : done->now->figure(done->now->ctx, query, ret);
}

struct ambit_world remedy_world_in_order(struct later *later)
{
    struct ambit_world world = remedy_world_later(later);
    world.figure = figure_in_order;
    return world;
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
    char *copy = arena_array(r->arena, pattern.len + 1, 1);
    size_t n = 0;
    if (!copy) {
        r->err = AMBIT_ERR_NO_MEMORY;
        return (struct ambit_str){0};
    }
    for (size_t i = 0; i < pattern.len; i++) {
        if (pattern.p[i] != '*')
            copy[n++] = pattern.p[i];
    }
    if (n == 0)
        copy[n++] = '1';
    return (struct ambit_str){.p = copy, .len = n};
}
