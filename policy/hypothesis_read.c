/* SPDX-License-Identifier: Apache-2.0 */
/* The members of a hypothetical question: which object may have which, and what each fills. */
#include "policy/hypothesis.h"

#include "base/addr.h"
#include "base/encode.h"

/* What may stand in which object; bits of enum ambit_hypothesis_part and the kinds behind ASKED. */
enum place {
    IN_GIVEN = AMBIT_PART_GIVEN,
    IN_STOPS = AMBIT_PART_STOPS,
    IN_QUESTION = AMBIT_PART_QUESTION,
    IN_GRANT = 1 << 8 << AMBIT_QUESTION_GRANT,
    IN_ACTION = 1 << 8 << AMBIT_QUESTION_ACTION,
    IN_EVENT = 1 << 8 << AMBIT_QUESTION_EVENT,
    IN_PARENT = 1 << 12,
    IN_BOTH = IN_GRANT | IN_ACTION,
};

/* Where the members of one object go: the question's own, or a parent's. */
struct target {
    struct hypothesis_reader *r;
    struct ambit_grant_view *view; /* of the action's grant, or the parent */
    struct ambit_str agent;        /* whose rules items are charged to */
    bool is_parent;
};

static enum ambit_err read_parent(struct hypothesis_reader *r, const struct json_value *object,
                                  const struct ambit_grant_view **ret);

static enum ambit_err skip(struct target *t, const struct json_value *m)
{
    (void)t, (void)m;
    return AMBIT_OK; /* read before the others */
}

static enum ambit_err read_source(struct target *t, const struct json_value *m)
{
    struct ambit_str text;
    struct addr addr;
    enum ambit_err err = hypothesis_str(t->r, m, &text);
    if (err)
        return err;
    if (addr_decode(text, &addr) != AMBIT_OK)
        return AMBIT_OK; /* no address: as good as absent, and judged so */
    struct ambit_addr_view view = {.family = addr.family};
    memcpy(view.b, addr.b, sizeof view.b);
    t->r->h->grant.source = t->r->h->action.source = view;
    return AMBIT_OK;
}

static enum ambit_err read_history(struct target *t, const struct json_value *m)
{
    return hypothesis_history(t->r, m);
}

static enum ambit_err read_stops(struct target *t, const struct json_value *m)
{
    return hypothesis_stops(t->r, m);
}

static enum ambit_err read_approval(struct target *t, const struct json_value *m)
{
    struct ambit_str text;
    enum ambit_err err = hypothesis_str(t->r, m, &text);
    if (err)
        return err;
    bool is_given = ambit_str_is(text, "given");
    if (!is_given && !ambit_str_is(text, "rejected"))
        return hypothesis_complain(t->r, m, "no answer of an approval",
                                   "\"given\" or \"rejected\"");
    t->r->h->grant.approval = t->r->h->action.approval =
        is_given ? AMBIT_APPROVAL_GIVEN : AMBIT_APPROVAL_REJECTED;
    return AMBIT_OK;
}

static enum ambit_err read_question_parent(struct target *t, const struct json_value *m)
{
    struct ambit_hypothesis *h = t->r->h;
    const struct ambit_grant_view *parent = NULL;
    enum ambit_err err = read_parent(t->r, m, &parent);
    h->grant.parent = t->view->above = parent;
    if (parent) {
        t->view->depth = parent->depth + 1;
        t->view->parent = parent->id;
    }
    return err;
}

static enum ambit_err read_purpose(struct target *t, const struct json_value *m)
{
    enum ambit_err err = hypothesis_str(t->r, m, &t->view->purpose);
    if (!err && !t->is_parent)
        t->r->h->grant.purpose = t->view->purpose;
    return err;
}

static enum ambit_err read_composition(struct target *t, const struct json_value *m)
{
    enum ambit_err err = hypothesis_str(t->r, m, &t->view->composition);
    if (!err && !t->is_parent)
        t->r->h->grant.composition = t->view->composition;
    return err;
}

static enum ambit_err read_binding(struct target *t, const struct json_value *m)
{
    enum ambit_err err = hypothesis_binding(t->r, m, &t->view->binding);
    if (!err && !t->is_parent)
        t->r->h->grant.binding = t->view->binding;
    return err;
}

static enum ambit_err read_audience(struct target *t, const struct json_value *m)
{
    enum ambit_err err = hypothesis_str(t->r, m, &t->view->audience);
    if (!err && !t->is_parent)
        t->r->h->grant.audience = t->view->audience;
    return err;
}

static enum ambit_err read_items(struct target *t, const struct json_value *m)
{
    return hypothesis_asked(t->r, m, &t->r->h->grant.items, &t->r->h->grant.n_items);
}

/* A number that is no whole one is of the right type, and judged: as no lifetime at all. */
static enum ambit_err read_lifetime(struct target *t, const struct json_value *m)
{
    if (m->kind != JSON_INTEGER && m->kind != JSON_DECIMAL)
        return hypothesis_complain(t->r, m, "not a number", "seconds");
    t->r->h->grant.has_lifetime = true;
    t->r->h->grant.lifetime_s = m->kind == JSON_INTEGER ? m->integer : 0;
    return AMBIT_OK;
}

static enum ambit_err read_grant_items(struct target *t, const struct json_value *m)
{
    struct told_by by = {.agent = t->agent, .purpose = t->view->purpose};
    return hypothesis_given(t->r, m, &by, &t->view->items, &t->view->n_items);
}

static enum ambit_err read_except(struct target *t, const struct json_value *m)
{
    return hypothesis_except(t->r, m, &t->view->except, &t->view->n_except);
}

static enum ambit_err read_action(struct target *t, const struct json_value *m)
{
    return hypothesis_str(t->r, m, &t->r->h->action.action);
}

static enum ambit_err read_resource(struct target *t, const struct json_value *m)
{
    return hypothesis_str(t->r, m, &t->r->h->action.resource);
}

/* Reserved members are told apart, as on the wire: `source` gives way to the question's own. */
static enum ambit_err read_context(struct target *t, const struct json_value *m)
{
    struct ambit_action_question *q = &t->r->h->action;
    const struct ambit_context_member *members = NULL;
    size_t n = 0, kept = 0;
    enum ambit_err err = hypothesis_context(t->r, m, &members, &n);
    if (err)
        return err;
    const struct json_value *reason = json_get(m, "stated_reason");
    const struct json_value *source = json_get(m, "source");
    if (reason)
        err = hypothesis_str(t->r, reason, &q->stated_reason);
    if (!err && source && q->source.family == 0)
        err = read_source(t, source);

    struct ambit_context_member *others = arena_array(t->r->arena, n + 1, sizeof *others);
    if (!others)
        return AMBIT_ERR_NO_MEMORY;
    for (size_t i = 0; i < n; i++) {
        if (!ambit_str_is(members[i].name, "source") &&
            !ambit_str_is(members[i].name, "arguments_digest") &&
            !ambit_str_is(members[i].name, "stated_reason"))
            others[kept++] = members[i];
    }
    q->context = others;
    q->n_context = kept;
    return err;
}

static enum ambit_err read_grant(struct target *t, const struct json_value *m)
{
    return hypothesis_id(t->r, m, &t->view->id);
}

static enum ambit_err read_lineage(struct target *t, const struct json_value *m)
{
    return hypothesis_id(t->r, m, &t->view->lineage);
}

static enum ambit_err read_issued(struct target *t, const struct json_value *m)
{
    return hypothesis_time(t->r, m, &t->view->issued_ms);
}

static enum ambit_err read_expires(struct target *t, const struct json_value *m)
{
    return hypothesis_time(t->r, m, &t->view->expires_ms);
}

static enum ambit_err read_depth(struct target *t, const struct json_value *m)
{
    if (m->kind != JSON_INTEGER || m->integer < 0 || m->integer > 64)
        return hypothesis_complain(t->r, m, "not a depth", "0 for a root grant, at most 64");
    t->view->depth = (unsigned)m->integer;
    return AMBIT_OK;
}

static enum ambit_err read_grandparent(struct target *t, const struct json_value *m)
{
    return read_parent(t->r, m, &t->view->above);
}

/* `source` stands before `context`: the question's own counts. */
static const struct member {
    const char *name;
    unsigned places;
    enum ambit_err (*read)(struct target *t, const struct json_value *m);
} members[] = {
    {"question", IN_QUESTION, skip},
    {"agent", IN_GIVEN | IN_PARENT, skip},
    {"now", IN_GIVEN, skip},
    {"source", IN_GIVEN, read_source},
    {"history", IN_GIVEN, read_history},
    {"stops", IN_STOPS, read_stops},
    {"parent", IN_BOTH, read_question_parent},
    {"parent", IN_PARENT, read_grandparent},
    {"approval", IN_BOTH, read_approval},
    {"purpose", IN_BOTH | IN_PARENT, read_purpose},
    {"composition", IN_BOTH | IN_PARENT, read_composition},
    {"binding", IN_BOTH | IN_PARENT, read_binding},
    {"audience", IN_BOTH | IN_PARENT, read_audience},
    {"items", IN_GRANT, read_items},
    {"items", IN_PARENT, read_grant_items},
    {"lifetime_s", IN_GRANT, read_lifetime},
    {"grant_items", IN_ACTION, read_grant_items},
    {"except", IN_ACTION | IN_PARENT, read_except},
    {"action", IN_ACTION, read_action},
    {"resource", IN_ACTION, read_resource},
    {"context", IN_ACTION, read_context},
    {"grant", IN_ACTION | IN_PARENT, read_grant},
    {"lineage", IN_ACTION | IN_PARENT, read_lineage},
    {"issued_at", IN_ACTION | IN_PARENT, read_issued},
    {"expires_at", IN_ACTION | IN_PARENT, read_expires},
    {"depth", IN_PARENT, read_depth},
};

static enum ambit_err check_known(struct hypothesis_reader *r, const struct json_value *object,
                                  unsigned places)
{
    for (const struct json_value *m = object->first; m; m = m->next) {
        bool is_known = false;
        for (size_t i = 0; i < AMBIT_LEN(members) && !is_known; i++)
            is_known = members[i].places & places && ambit_str_is(m->key, members[i].name);
        if (!is_known)
            return hypothesis_complain(r, m, "unknown member",
                                       "a member of this question (interfaces, POST /v1/explain)");
    }
    return AMBIT_OK;
}

static enum ambit_err read_members(struct target *t, const struct json_value *object,
                                   unsigned places)
{
    enum ambit_err err = check_known(t->r, object, places);
    for (size_t i = 0; i < AMBIT_LEN(members) && !err; i++) {
        const struct json_value *m =
            members[i].places & places ? json_get(object, members[i].name) : NULL;
        if (m)
            err = members[i].read(t, m);
    }
    return err;
}

enum { ANCESTORS_MAX = 8 }; /* more than any depth allows; nesting is bounded besides */

static enum ambit_err read_parent(struct hypothesis_reader *r, const struct json_value *object,
                                  const struct ambit_grant_view **ret)
{
    struct ambit_grant_view *view = arena_alloc(r->arena, sizeof *view);
    if (!view)
        return AMBIT_ERR_NO_MEMORY;
    *view = (struct ambit_grant_view){.expires_ms = INT64_MAX};
    if (object->kind != JSON_OBJECT)
        return hypothesis_complain(r, object, "not a parent", "an object");

    const struct json_value *agent = json_get(object, "agent");
    if (!agent)
        return hypothesis_complain(r, object, "member missing", "agent");
    enum ambit_err err = hypothesis_agent(r, agent, &view->agent);
    if (err)
        return err;
    const struct compiled_agent *found = compiled_agent_find(r->set, view->agent);
    view->owner = found->agent->owner;
    view->team = compiled_team(found);
    struct target t = {.r = r, .view = view, .agent = view->agent, .is_parent = true};
    err = read_members(&t, object, IN_PARENT);
    if (view->above) {
        view->parent = view->above->id;
        if (!json_get(object, "depth"))
            view->depth = view->above->depth + 1;
    }
    if (!err && view->depth > ANCESTORS_MAX)
        return hypothesis_complain(r, object, "too deep", "at most 8 grants above one another");
    *ret = view;
    return err;
}

/* The agent and the time, which the other members are read by. */
static enum ambit_err read_first(struct hypothesis_reader *r, const struct json_value *object,
                                 unsigned parts)
{
    const struct json_value *agent = json_get(object, "agent"), *now = json_get(object, "now");
    struct ambit_hypothesis *h = r->h;
    if (parts & AMBIT_PART_GIVEN && now) {
        enum ambit_err err = hypothesis_time(r, now, &h->now_ms);
        if (err)
            return err;
        h->has_now = true;
    }
    return parts & AMBIT_PART_GIVEN && agent ? hypothesis_agent(r, agent, &h->agent) : AMBIT_OK;
}

static enum ambit_err read_kind(struct hypothesis_reader *r, const struct json_value *object)
{
    static const char *const kinds[] = {[AMBIT_QUESTION_GRANT] = "grant",
                                        [AMBIT_QUESTION_ACTION] = "action",
                                        [AMBIT_QUESTION_EVENT] = "event"};
    const struct json_value *value = json_get(object, "question");
    for (size_t i = 0; value && value->kind == JSON_STRING && i < AMBIT_LEN(kinds); i++) {
        if (ambit_str_is(value->text, kinds[i])) {
            r->h->kind = (enum ambit_question_kind)i;
            return AMBIT_OK;
        }
    }
    return hypothesis_complain(r, value ? value : object,
                               value ? "no such question" : "member missing",
                               "\"question\": \"grant\", \"action\" or \"event\"");
}

/* The event is told as one entry of a history is; around it stand the members of GIVEN. */
static enum ambit_err read_event(struct hypothesis_reader *r, const struct json_value *object)
{
    struct ambit_hypothesis *h = r->h;
    struct ambit_entry entry;
    struct json_value told = *object;
    struct json_value *last = NULL;
    told.first = NULL;
    for (const struct json_value *m = object->first; m; m = m->next) {
        if (ambit_str_is(m->key, "now") || ambit_str_is(m->key, "source") ||
            ambit_str_is(m->key, "history") || ambit_str_is(m->key, "stops"))
            continue;
        struct json_value *copy = arena_alloc(r->arena, sizeof *copy);
        if (!copy)
            return AMBIT_ERR_NO_MEMORY;
        *copy = *m;
        copy->next = NULL;
        if (last)
            last->next = copy;
        else
            told.first = copy;
        last = copy;
    }
    r->root = &told;
    enum ambit_err err = hypothesis_entry(r, &told, &entry);
    if (err)
        return err;
    if (entry.kind != AMBIT_ENTRY_UNACCOUNTED && entry.kind != AMBIT_ENTRY_SIGNAL)
        return hypothesis_complain(r, json_get(&told, "kind"), "no event of its own",
                                   "unaccounted or signal");
    bool is_signal = entry.kind == AMBIT_ENTRY_SIGNAL;
    h->agent = entry.agent;
    h->grant_view.id = entry.grant;
    h->grant_view.lineage = entry.lineage;
    h->event = (struct ambit_event_question){
        .kind = is_signal ? AMBIT_EVENT_SIGNAL : AMBIT_EVENT_UNACCOUNTED,
        .agent = entry.agent,
        .action = entry.action,
        .resource = entry.resource,
        .signal = entry.signal,
        .from = entry.from,
    };
    return AMBIT_OK;
}

/* Who may ask is not said: the service that the grant is addressed to, where it says that. */
static enum ambit_err finish_action(struct ambit_hypothesis *h, const struct ambit_policy_set *set)
{
    struct ambit_grant_view *view = &h->grant_view;
    const struct compiled_agent *agent = compiled_agent_find(set, h->agent);
    if (!agent) /* read from another set */
        return AMBIT_ERR_NOT_FOUND;

    view->agent = h->agent;
    view->owner = agent->agent->owner;
    view->team = compiled_team(agent);
    view->is_approved = h->action.approval == AMBIT_APPROVAL_GIVEN;
    h->action.has_proof = true;
    h->action.is_hypothetical = true;
    if (view->audience.p) {
        const struct ambit_service *service =
            ambit_service_of_audience(set->documents, view->audience);
        h->action.service = service ? service->doc.name : view->audience;
    }
    return AMBIT_OK;
}

enum ambit_err ambit_hypothesis_read(const struct ambit_policy_set *set,
                                     const struct json_value *object, unsigned parts,
                                     struct arena *arena, struct ambit_hypothesis *ret,
                                     struct ambit_hypothesis_problem *reterr)
{
    struct hypothesis_reader r = {
        .set = set, .arena = arena, .h = ret, .problem = reterr, .root = object};
    *reterr = (struct ambit_hypothesis_problem){0};
    if (object->kind != JSON_OBJECT)
        return hypothesis_complain(&r, object, "not a question", "an object");
    enum ambit_err err = parts & AMBIT_PART_QUESTION ? read_kind(&r, object) : AMBIT_OK;
    if (!err)
        err = read_first(&r, object, parts);
    if (err)
        return err;

    bool is_asked = parts & AMBIT_PART_ASKED, is_event = ret->kind == AMBIT_QUESTION_EVENT;
    unsigned places = parts & (IN_GIVEN | IN_STOPS | IN_QUESTION);
    if (is_asked && !is_event)
        places |= (unsigned)(1 << 8) << ret->kind;
    if (is_asked && !is_event) {
        if (!ret->agent.p)
            return hypothesis_complain(&r, object, "member missing", "agent");
        ret->grant_view.expires_ms = INT64_MAX;
    }
    struct target t = {.r = &r, .view = &ret->grant_view, .agent = ret->agent};
    if (is_asked && is_event) {
        for (size_t i = 0; i < AMBIT_LEN(members) && !err; i++) {
            const struct json_value *m =
                members[i].places & places ? json_get(object, members[i].name) : NULL;
            if (m)
                err = members[i].read(&t, m);
        }
        if (!err)
            err = read_event(&r, object);
    } else {
        err = read_members(&t, object, places);
    }
    if (err || !is_asked)
        return err;

    ret->grant.agent = ret->agent;
    ret->action.grant = &ret->grant_view;
    ret->event.grant = is_event ? &ret->grant_view : NULL;
    if (ret->kind == AMBIT_QUESTION_ACTION) {
        if (!ret->action.action.p || !ret->action.resource.p || !ret->grant_view.items)
            return hypothesis_complain(&r, object, "member missing",
                                       "grant_items, action and resource");
    }
    err = finish_action(ret, set);
    if (!err)
        hypothesis_settle(ret);
    return err;
}
