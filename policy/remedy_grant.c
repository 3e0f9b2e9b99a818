/* SPDX-License-Identifier: Apache-2.0 */
/* The smallest change with which a refused token request would pass: one of the fields of the
 * request, else fewer or narrower items. */
#include "policy/decide_grant.h"
#include "policy/remedy.h"

struct grant_remedy {
    struct remedy r;
    struct ambit_grant_question q; /* the question as changed so far */
    struct ambit_item items[AMBIT_ITEMS_MAX];
    const struct compiled_agent *agent;
    const struct compiled_rule *rule; /* that decided; NULL: none */
    struct pattern_buf filled;        /* a rule's resource with its variables' values */
    char text[AMBIT_WORD_MAX], action_room[AMBIT_WORD_MAX], resource_room[AMBIT_WORD_MAX];
};

static void write_items(struct buf *buf, const struct ambit_item *items, size_t n)
{
    struct json_out out;
    json_out_init(&out, buf, false);
    json_begin_array(&out);
    for (size_t i = 0; i < n; i++) {
        json_begin_object(&out);
        json_key(&out, "actions");
        json_begin_array(&out);
        json_str(&out, items[i].action);
        json_end_array(&out);
        if (items[i].resource.p) {
            json_key(&out, "resources");
            json_begin_array(&out);
            json_str(&out, items[i].resource);
            json_end_array(&out);
        }
        json_end_object(&out);
    }
    json_end_array(&out);
}

static void give_items(struct grant_remedy *g, enum remedy_for whom)
{
    BUF_AUTO value = {0};
    write_items(&value, g->q.items, g->q.n_items);
    remedy_give(&g->r, AMBIT_CHANGE_NARROW_ITEMS, &value, "Ask for less: these items would pass.",
                whom);
    if (whom == REMEDY_FOR_PEOPLE)
        g->r.ret->agent_remedy.text = AMBIT_STR("Ask for less: a narrower item would pass.");
}

/* Leaves out the item that failed, again and again, until the rest passes. All of it is the agent's
 * own words. */
static bool drop_items(struct grant_remedy *g, size_t failed)
{
    while (g->q.n_items > 1 && failed < g->q.n_items) {
        memmove(&g->items[failed], &g->items[failed + 1],
                (g->q.n_items - failed - 1) * sizeof g->items[0]);
        g->q.n_items--;
        if (remedy_try_grant(&g->r, &g->q)) {
            give_items(g, REMEDY_FOR_ALL);
            return true;
        }
        if (g->r.tries == 0)
            return false;
        failed = g->r.scratch->item;
    }
    return false;
}

static bool try_narrower(struct grant_remedy *g, const struct ambit_item *item)
{
    g->items[0] = *item;
    return item->action.p && item->resource.p && remedy_try_grant(&g->r, &g->q);
}

static bool narrow_to_rule(struct grant_remedy *g, const struct compiled_rule *rule,
                           const struct pattern *action, const struct pattern *resource)
{
    struct variables values = {
        .agent = g->q.agent, .team = compiled_team(g->agent), .purpose = g->q.purpose};
    for (size_t a = 0; a < rule->actions.n; a++) {
        struct ambit_item item = {.action =
                                      remedy_narrower(action, &rule->actions.v[a], g->action_room)};
        for (size_t k = 0; item.action.p && k < rule->resources.n; k++) {
            struct pattern_buf *real = &g->filled;
            const struct pattern *own = &rule->resources.v[k];
            if (own->has_variables && !pattern_fill(own, &values, g->text, real))
                continue;
            item.resource = remedy_narrower(resource, own->has_variables ? &real->pattern : own,
                                            g->resource_room);
            if (try_narrower(g, &item))
                return true;
        }
    }
    return false;
}

static bool narrow_to_parent(struct grant_remedy *g, const struct pattern *action,
                             const struct pattern *resource)
{
    const struct ambit_grant_view *parent = g->q.parent;
    struct pattern_buf held PATTERN_SCRATCH;
    for (size_t i = 0; parent && i < parent->n_items && g->r.tries > 0; i++) {
        struct ambit_item item = {0};
        if (pattern_parse(parent->items[i].action, PATTERN_ACTION, false, &held) == AMBIT_OK)
            item.action = remedy_narrower(action, &held.pattern, g->action_room);
        if (pattern_parse(parent->items[i].resource, PATTERN_RESOURCE, false, &held) == AMBIT_OK)
            item.resource = remedy_narrower(resource, &held.pattern, g->resource_room);
        if (try_narrower(g, &item))
            return true;
    }
    return false;
}

/* A single item, cut down to what it shares with a rule, or with what the parent holds. The agent
 * is told that it can be done, not how: the rule's patterns were not granted to it. */
static bool narrow_item(struct grant_remedy *g)
{
    struct pattern_buf action PATTERN_SCRATCH, resource PATTERN_SCRATCH;
    struct ambit_item asked = g->items[0];
    if (g->q.n_items != 1 || !asked.resource.p ||
        pattern_parse(asked.action, PATTERN_ACTION, false, &action) != AMBIT_OK ||
        pattern_parse(asked.resource, PATTERN_RESOURCE, false, &resource) != AMBIT_OK)
        return false;

    if (narrow_to_parent(g, &action.pattern, &resource.pattern)) {
        give_items(g, REMEDY_FOR_PEOPLE);
        return true;
    }
    for (size_t p = 0; p < g->agent->n_policies; p++) {
        const struct compiled_policy *policy = g->agent->policies[p].policy;
        for (size_t r = 0; r < policy->n_rules && g->r.tries > 0; r++) {
            if (narrow_to_rule(g, &policy->rules[r], &action.pattern, &resource.pattern)) {
                give_items(g, REMEDY_FOR_PEOPLE);
                return true;
            }
        }
    }
    g->items[0] = asked;
    return false;
}

static bool state_purpose(struct grant_remedy *g)
{
    BUF_AUTO value = {0};
    struct ambit_grant_question q = g->q;
    struct ambit_str pattern = g->rule->rule->when.purpose;
    q.purpose = remedy_text_for(&g->r, pattern);
    if (!q.purpose.p || !remedy_try_grant(&g->r, &q))
        return false;

    struct json_out out;
    json_out_init(&out, &value, false);
    json_str(&out, pattern);
    remedy_give(&g->r, AMBIT_CHANGE_STATE_PURPOSE, &value,
                "State a purpose of this form; a star stands for any text.", REMEDY_FOR_ALL);
    return true;
}

static bool bind_key(struct grant_remedy *g)
{
    static const enum ambit_binding kinds[] = {AMBIT_BINDING_DPOP, AMBIT_BINDING_MTLS};
    for (size_t i = 0; i < AMBIT_LEN(kinds); i++) {
        BUF_AUTO value = {0};
        struct ambit_grant_question q = g->q;
        struct json_out out;
        q.binding = kinds[i];
        if (!remedy_try_grant(&g->r, &q))
            continue;
        json_out_init(&out, &value, false);
        json_text(&out, ambit_binding_text(kinds[i]));
        remedy_give(&g->r, AMBIT_CHANGE_BIND, &value, "Ask for a token that is bound to a key.",
                    REMEDY_FOR_ALL);
        return true;
    }
    return false;
}

static bool try_at(const struct waiting *w, int64_t at_ms)
{
    struct ambit_grant_question q = *(const struct ambit_grant_question *)w->question;
    struct remedy *r = w->r;
    const struct ambit_world *now = r->world;
    struct later later = {.now = now, .ms = at_ms - q.now_ms};
    struct ambit_world then = remedy_world_later(&later);
    q.now_ms = at_ms;
    r->world = &then;
    bool passes = remedy_try_grant(r, &q);
    r->world = now;
    return passes;
}

static bool wait(struct grant_remedy *g, const struct ambit_decision *denied)
{
    struct waiting w = {
        .r = &g->r, .agent = g->q.agent, .above = g->q.parent, .try_at = try_at, .question = &g->q};
    return remedy_wait(&w, denied, g->q.now_ms);
}

static bool ask_approval(struct grant_remedy *g)
{
    struct ambit_grant_question q = g->q;
    q.approval = AMBIT_APPROVAL_GIVEN;
    if (!remedy_try_grant(&g->r, &q))
        return false;
    remedy_give_approval(&g->r);
    return true;
}

static bool do_first(struct grant_remedy *g)
{
    const struct ambit_world *now = g->r.world;
    struct later done = {.now = now, .ms = g->q.now_ms};
    struct ambit_world in_order = remedy_world_in_order(&done);
    g->r.world = &in_order;
    bool passes = remedy_try_grant(&g->r, &g->q);
    g->r.world = now;
    if (passes)
        remedy_give_order(&g->r, g->rule);
    return passes;
}

/* A lifetime of zero or less: the rule's own, or what is left of it. */
static bool state_lifetime(struct grant_remedy *g)
{
    BUF_AUTO value = {0};
    struct ambit_grant_question q = g->q;
    struct json_out out;
    q.has_lifetime = false;
    if (!remedy_try_grant(&g->r, &q))
        return false;
    q.has_lifetime = true;
    q.lifetime_s = (g->r.scratch->expires_ms - q.now_ms) / 1000;
    if (!remedy_try_grant(&g->r, &q))
        return false;

    json_out_init(&out, &value, false);
    json_i64(&out, q.lifetime_s);
    remedy_give(&g->r, AMBIT_CHANGE_SHORTEN, &value, "Ask for a lifetime of this many seconds.",
                REMEDY_FOR_ALL);
    return true;
}

static bool change_field(struct grant_remedy *g, const struct ambit_decision *denied)
{
    switch (denied->reason) {
    case AMBIT_REASON_PURPOSE_REQUIRED:
        return state_purpose(g);
    case AMBIT_REASON_BINDING_REQUIRED:
        return bind_key(g);
    case AMBIT_REASON_POLICY_EXPIRED:
    case AMBIT_REASON_OUTSIDE_HOURS:
    case AMBIT_REASON_LIMIT_EXCEEDED:
        return wait(g, denied);
    case AMBIT_REASON_APPROVAL_REQUIRED:
        return ask_approval(g);
    case AMBIT_REASON_ORDER_VIOLATED:
        return do_first(g);
    case AMBIT_REASON_MALFORMED:
        return ambit_str_is(denied->member, "lifetime_s") && state_lifetime(g);
    case AMBIT_REASON_ALLOWED:
    case AMBIT_REASON_STOPPED:
    case AMBIT_REASON_OWNER_REQUIRED:
    case AMBIT_REASON_NOTHING_REQUESTED:
    case AMBIT_REASON_FORBIDDEN:
    case AMBIT_REASON_OUT_OF_SCOPE:
    case AMBIT_REASON_NOT_DELEGABLE:
    case AMBIT_REASON_WRONG_AUDIENCE:
    case AMBIT_REASON_WRONG_SOURCE:
    case AMBIT_REASON_REASON_REQUIRED:
    case AMBIT_REASON_MISSING_CONTEXT:
    case AMBIT_REASON_CONTEXT_VIOLATED:
    case AMBIT_REASON_COMPOSITION_MISMATCH:
    case AMBIT_REASON_BINDING_MISMATCH:
    case AMBIT_REASON_EXPIRED:
    case AMBIT_REASON_HARD_STOP:
    case AMBIT_REASON_APPROVAL_REJECTED:
    case AMBIT_REASON_INACTIVE:
    case AMBIT_REASON_POLICY_CHANGED:
    case AMBIT_REASON_NOT_SUPPORTED:
        break;
    }
    return false;
}

/* Fewer items can help only where an item failed, not the request as a whole. */
static bool is_of_an_item(const struct ambit_decision *denied)
{
    return denied->failed_check >= AMBIT_GRANT_CHECK_NEVER ||
           (denied->failed_check == AMBIT_GRANT_CHECK_FORM &&
            ambit_str_is(denied->member, "items"));
}

static void find(struct grant_remedy *g, const struct ambit_decision *denied)
{
    if (denied->verdict == AMBIT_ALLOW || g->q.n_items == 0 || change_field(g, denied))
        return;
    /* A hard stop is not gone around by asking less. */
    if (!is_of_an_item(denied) || denied->reason == AMBIT_REASON_HARD_STOP)
        return;
    if (!drop_items(g, denied->item))
        (void)narrow_item(g);
}

enum ambit_err ambit_remedy_grant(const struct ambit_policy_set *set,
                                  const struct ambit_grant_question *question,
                                  const struct ambit_decision *denied,
                                  const struct ambit_world *world, struct arena *arena,
                                  struct ambit_explanation *ret)
{
    struct grant_remedy g = {
        .r = {.set = set, .world = world, .arena = arena, .ret = ret},
        .q = *question,
        .agent = compiled_agent_find(set, question->agent),
    };
    if (!g.agent)
        return AMBIT_ERR_NOT_FOUND;

    enum ambit_err err = remedy_begin(&g.r);
    if (err)
        return err;

    g.rule = remedy_rule(set, question->agent, question->parent, denied);
    if (question->n_items <= AMBIT_ITEMS_MAX) {
        if (question->n_items)
            memcpy(g.items, question->items, question->n_items * sizeof g.items[0]);
        g.q.items = g.items;
        find(&g, denied);
    }
    return remedy_end(&g.r);
}
