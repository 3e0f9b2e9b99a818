/* SPDX-License-Identifier: Apache-2.0 */
/* The smallest change with which a refused action would pass: a member of context, a stated reason,
 * the proof of a key, or time. */
#include "policy/remedy.h"

struct action_remedy {
    struct remedy r;
    struct ambit_action_question q; /* as changed so far */
    struct ambit_context_member context[AMBIT_CONTEXT_MAX];
    struct ambit_str changed[AMBIT_CONTEXT_MAX]; /* members that were added or changed */
    size_t n_changed;
    const struct compiled_rule *rule; /* that decided; NULL: none */
};

/* A value that the test accepts, if one can be named. */
static bool value_for_test(struct action_remedy *a, const struct ambit_context_test *test,
                           struct ambit_scalar *ret)
{
    *ret = (struct ambit_scalar){.kind = AMBIT_SCALAR_INTEGER};
    if (test->has_equals)
        *ret = test->equals;
    else if (test->n_in)
        *ret = test->in[0];
    else if (test->has_max)
        ret->integer = test->max;
    else if (test->has_min)
        ret->integer = test->min;
    else
        *ret = (struct ambit_scalar){.kind = AMBIT_SCALAR_STRING,
                                     .text = remedy_text_for(&a->r, test->matches)};
    return ret->kind != AMBIT_SCALAR_STRING || ret->text.p != NULL;
}

static bool value_for(struct action_remedy *a, struct ambit_str member, struct ambit_scalar *ret)
{
    const struct ambit_when *when = &a->rule->rule->when;
    for (size_t i = 0; i < when->n_context; i++) {
        if (ambit_str_eq(when->context[i].member, member))
            return value_for_test(a, &when->context[i], ret);
    }
    /* A number that a limit or a hard stop sums: the least that counts. */
    *ret = (struct ambit_scalar){.kind = AMBIT_SCALAR_INTEGER, .integer = 1};
    return true;
}

static bool set_member(struct action_remedy *a, struct ambit_str name)
{
    struct ambit_context_member member = {.name = name};
    size_t at = 0;
    for (size_t i = 0; i < a->n_changed; i++) {
        if (ambit_str_eq(a->changed[i], name))
            return false; /* tried already */
    }
    if (!value_for(a, name, &member.value))
        return false;
    while (at < a->q.n_context && !ambit_str_eq(a->context[at].name, name))
        at++;
    if (at == AMBIT_CONTEXT_MAX || a->n_changed == AMBIT_CONTEXT_MAX)
        return false;
    a->context[at] = member;
    a->changed[a->n_changed++] = name;
    if (at == a->q.n_context)
        a->q.n_context++;
    return true;
}

static void write_scalar(struct json_out *out, const struct ambit_scalar *value)
{
    switch (value->kind) {
    case AMBIT_SCALAR_STRING:
        json_str(out, value->text);
        return;
    case AMBIT_SCALAR_INTEGER:
        json_i64(out, value->integer);
        return;
    case AMBIT_SCALAR_BOOLEAN:
        break;
    }
    json_bool(out, value->boolean);
}

static void give_context(struct action_remedy *a)
{
    BUF_AUTO value = {0};
    struct json_out out;
    json_out_init(&out, &value, false);
    json_begin_object(&out);
    for (size_t i = 0; i < a->n_changed; i++) {
        const struct ambit_context_member *member = context_find(&a->q, a->changed[i]);
        if (!member)
            continue;
        json_key_str(&out, member->name);
        write_scalar(&out, &member->value);
    }
    json_end_object(&out);
    remedy_give(&a->r, AMBIT_CHANGE_ADD_CONTEXT, &value,
                "With these members of context it would pass.", REMEDY_FOR_ALL);
}

/* Context is believed from services alone, or where all is in thought. */
static bool is_believed(const struct action_remedy *a)
{
    return a->q.service.p || a->q.is_hypothetical;
}

/* One member after the other, until it passes or something else is wrong. */
static bool add_context(struct action_remedy *a, struct ambit_str member)
{
    if (!a->rule || !is_believed(a))
        return false;
    while (set_member(a, member)) {
        if (remedy_try_action(&a->r, &a->q)) {
            give_context(a);
            return true;
        }
        enum ambit_reason reason = a->r.scratch->reason;
        if (a->r.tries == 0 ||
            (reason != AMBIT_REASON_MISSING_CONTEXT && reason != AMBIT_REASON_CONTEXT_VIOLATED))
            return false;
        member = a->r.scratch->member;
    }
    return false;
}

static bool state_reason(struct action_remedy *a)
{
    BUF_AUTO value = {0};
    struct json_out out;
    a->q.stated_reason = AMBIT_STR("a reason");
    if (!remedy_try_action(&a->r, &a->q))
        return false;

    json_out_init(&out, &value, false);
    json_begin_object(&out);
    json_key(&out, "stated_reason");
    json_text(&out, "why this is done");
    json_end_object(&out);
    remedy_give(&a->r, AMBIT_CHANGE_ADD_CONTEXT, &value, "State a reason.", REMEDY_FOR_ALL);
    return true;
}

static bool prove_key(struct action_remedy *a)
{
    BUF_AUTO value = {0};
    struct json_out out;
    a->q.has_proof = true;
    if (!remedy_try_action(&a->r, &a->q))
        return false;

    json_out_init(&out, &value, false);
    json_text(&out, ambit_binding_text(a->q.grant->binding));
    remedy_give(&a->r, AMBIT_CHANGE_BIND, &value, "Prove the key that the token is bound to.",
                REMEDY_FOR_ALL);
    return true;
}

/* The address is the caller's to tell, not to choose: shown is what the rule accepts, and the agent
 * is not told the network. */
static bool name_source(struct action_remedy *a)
{
    BUF_AUTO value = {0};
    struct json_out out;
    if (!a->rule || !is_believed(a) || a->q.source.family)
        return false;
    a->q.source.family = a->rule->sources[0].base.family;
    memcpy(a->q.source.b, a->rule->sources[0].base.b, sizeof a->q.source.b);
    if (!remedy_try_action(&a->r, &a->q))
        return false;

    json_out_init(&out, &value, false);
    json_begin_object(&out);
    json_key(&out, "source");
    json_str(&out, a->rule->rule->when.source.v[0]);
    json_end_object(&out);
    remedy_give(&a->r, AMBIT_CHANGE_ADD_CONTEXT, &value,
                "Name the source address; one in this block would pass.", REMEDY_FOR_PEOPLE);
    a->r.ret->agent_remedy.text = AMBIT_STR("The service must name the source address.");
    return true;
}

static bool try_at(const struct waiting *w, int64_t at_ms)
{
    struct ambit_action_question q = *(const struct ambit_action_question *)w->question;
    struct remedy *r = w->r;
    const struct ambit_world *now = r->world;
    struct later later = {.now = now, .ms = at_ms - q.now_ms};
    struct ambit_world then = remedy_world_later(&later);
    q.now_ms = at_ms;
    r->world = &then;
    bool passes = remedy_try_action(r, &q);
    r->world = now;
    return passes;
}

static bool wait(struct action_remedy *a, const struct ambit_decision *denied)
{
    const struct ambit_grant_view *grant = a->q.grant;
    struct waiting w = {.r = &a->r,
                        .agent = grant ? grant->agent : a->q.named_agent,
                        .above = grant ? grant->above : NULL,
                        .try_at = try_at,
                        .question = &a->q};
    return remedy_wait(&w, denied, a->q.now_ms);
}

/* More than a window ever takes: how much of it would pass now, found by halving. */
static bool do_less(struct action_remedy *a, const struct ambit_limit *limit)
{
    int64_t passes = 0, refused = 0;
    if (!context_amount(&a->q, limit->field, &refused))
        return false; /* another limit was reached */
    size_t at = 0;
    while (!ambit_str_eq(a->context[at].name, limit->field))
        at++;
    int64_t asked = refused;
    while (refused - passes > 1 && a->r.tries > 1) {
        int64_t middle = passes + (refused - passes) / 2;
        a->context[at].value.integer = middle;
        if (remedy_try_action(&a->r, &a->q))
            passes = middle;
        else
            refused = middle;
    }
    a->context[at].value.integer = passes;
    a->changed[0] = limit->field;
    a->n_changed = 1;
    if (passes > 0 && remedy_try_action(&a->r, &a->q)) {
        give_context(a);
        return true;
    }
    a->context[at].value.integer = asked;
    return false;
}

static bool make_room(struct action_remedy *a, const struct ambit_decision *denied)
{
    bool is_sum = ambit_str_is(denied->member, "sum");
    if (wait(a, denied))
        return true;
    for (size_t i = 0; a->rule && is_sum && i < a->rule->rule->n_limits; i++) {
        if (a->rule->rule->limits[i].kind == AMBIT_LIMIT_SUM &&
            do_less(a, &a->rule->rule->limits[i]))
            return true;
    }
    return false;
}

static bool ask_approval(struct action_remedy *a)
{
    a->q.approval = AMBIT_APPROVAL_GIVEN;
    if (!remedy_try_action(&a->r, &a->q))
        return false;
    remedy_give_approval(&a->r);
    return true;
}

static bool do_first(struct action_remedy *a)
{
    const struct ambit_world *now = a->r.world;
    struct later done = {.now = now, .ms = a->q.now_ms};
    struct ambit_world in_order = remedy_world_in_order(&done);
    a->r.world = &in_order;
    bool passes = remedy_try_action(&a->r, &a->q);
    a->r.world = now;
    if (passes)
        remedy_give_order(&a->r, a->rule);
    return passes;
}

static bool change(struct action_remedy *a, const struct ambit_decision *denied)
{
    switch (denied->reason) {
    case AMBIT_REASON_MISSING_CONTEXT:
    case AMBIT_REASON_CONTEXT_VIOLATED:
        return add_context(a, denied->member);
    case AMBIT_REASON_REASON_REQUIRED:
        return state_reason(a);
    case AMBIT_REASON_BINDING_MISMATCH:
        return prove_key(a);
    case AMBIT_REASON_WRONG_SOURCE:
        return name_source(a);
    case AMBIT_REASON_LIMIT_EXCEEDED:
        return make_room(a, denied);
    case AMBIT_REASON_OUTSIDE_HOURS:
        return wait(a, denied);
    case AMBIT_REASON_APPROVAL_REQUIRED:
        return ask_approval(a);
    case AMBIT_REASON_ORDER_VIOLATED:
        return do_first(a);
    case AMBIT_REASON_ALLOWED:
    case AMBIT_REASON_STOPPED:
    case AMBIT_REASON_OWNER_REQUIRED:
    case AMBIT_REASON_MALFORMED:
    case AMBIT_REASON_NOTHING_REQUESTED:
    case AMBIT_REASON_FORBIDDEN:
    case AMBIT_REASON_OUT_OF_SCOPE:
    case AMBIT_REASON_NOT_DELEGABLE:
    case AMBIT_REASON_WRONG_AUDIENCE:
    case AMBIT_REASON_POLICY_EXPIRED:
    case AMBIT_REASON_PURPOSE_REQUIRED:
    case AMBIT_REASON_COMPOSITION_MISMATCH:
    case AMBIT_REASON_BINDING_REQUIRED:
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

enum ambit_err ambit_remedy_action(const struct ambit_policy_set *set,
                                   const struct ambit_action_question *question,
                                   const struct ambit_decision *denied,
                                   const struct ambit_world *world, struct arena *arena,
                                   struct ambit_explanation *ret)
{
    struct action_remedy a = {
        .r = {.set = set, .world = world, .arena = arena, .ret = ret},
        .q = *question,
    };
    if (question->grant)
        a.rule = remedy_rule(set, question->grant->agent, question->grant->above, denied);
    else if (question->named_agent.p)
        a.rule = remedy_rule(set, question->named_agent, NULL, denied);

    enum ambit_err err = remedy_begin(&a.r);
    if (err)
        return err;
    if (question->n_context <= AMBIT_CONTEXT_MAX && denied->verdict == AMBIT_DENY) {
        if (question->n_context)
            memcpy(a.context, question->context, question->n_context * sizeof a.context[0]);
        a.q.context = a.context;
        (void)change(&a, denied);
    }
    return remedy_end(&a.r);
}
