/* SPDX-License-Identifier: Apache-2.0 */
/* The engine asked again, and what may be said where a text is erased. */
#include "ledger/redecide_internal.h"

enum { SERVICE_LIFE_MAX_MS = 600 * 1000 }; /* of a service's own token */

/* ---- words --------------------------------------------------------------------------------- */

void redecided_put_str(struct redecided *ret, struct ambit_str text)
{
    size_t at = strlen(ret->what);
    for (size_t i = 0; i < text.len && at + 1 < sizeof ret->what; i++) {
        char c = text.p[i];
        ret->what[at++] = c >= ' ' && c < 0x7f ? c : '?';
    }
    ret->what[at] = '\0';
}

void redecided_put(struct redecided *ret, const char *text)
{
    redecided_put_str(ret, ambit_str_of(text));
}

void redecided_differs(struct redecided *ret, const char *text)
{
    ret->finding = REDECIDE_DIFFERS;
    ret->what[0] = '\0';
    redecided_put(ret, text);
}

/* ---- what the documents read ---------------------------------------------------------------- */

static bool has_variable(struct ambit_str pattern)
{
    static const char variable[] = "${purpose}";
    return pattern.len >= sizeof variable - 1 &&
           memmem(pattern.p, pattern.len, variable, sizeof variable - 1) != NULL;
}

static bool rule_reads_purpose(const struct ambit_rule *rule)
{
    if (rule->when.purpose.p != NULL)
        return true;
    for (size_t i = 0; i < rule->resources.n; i++)
        if (has_variable(rule->resources.v[i]))
            return true;
    return false;
}

bool redecide_reads_purpose(const struct ambit_documents *documents)
{
    for (size_t i = 0; i < documents->n_policies; i++)
        for (size_t k = 0; k < documents->policies[i].n_rules; k++)
            if (rule_reads_purpose(&documents->policies[i].rules[k]))
                return true;
    return false;
}

/* ---- what an erased text leaves open ----------------------------------------------------------
 */

/* A refusal for the form of a text is judged by nobody without the text. */
static bool hangs_on(const struct event *event, const char *text)
{
    return event->reason == AMBIT_REASON_MALFORMED && ambit_str_is(event->member, text);
}

static bool hangs_on_erased(const struct event *event, const struct redecide_question *question,
                            const struct redecide_set *set)
{
    bool hides_purpose = (event->erased & EVENT_ERASED_PURPOSE) != 0 ||
                         (question->has_subject && question->subject.hides_purpose);
    if (hides_purpose && (set->reads_purpose || hangs_on(event, "purpose")))
        return true;
    return (event->erased & EVENT_ERASED_STATED_REASON) != 0 && hangs_on(event, "stated_reason");
}

/* Of a stated reason it counts only whether anything was said: said and empty is a refusal. */
static void stand_in(const struct event *event, struct redecide_question *question)
{
    if (!question->is_grant && (event->erased & EVENT_ERASED_STATED_REASON) != 0)
        question->action.stated_reason =
            event->reason == AMBIT_REASON_REASON_REQUIRED ? AMBIT_STR("") : AMBIT_STR("-");
}

/* ---- the engine ----------------------------------------------------------------------------- */

/* The recorded figures, and beside them the history itself where there is one. */
struct beside {
    struct ambit_world recorded;
    const struct ambit_world *history;
    enum ambit_err err; /* of the history: ours */
    bool differs;
};

/* Grants that lived before their rule had a limit are in no table. */
static bool is_other(const struct ambit_figure_query *query, int64_t said, int64_t was)
{
    return query->kind == AMBIT_LIMIT_LIVE_GRANTS ? said < was : said != was;
}

static enum ambit_err figure_beside(void *ctx, const struct ambit_figure_query *query, int64_t *ret)
{
    struct beside *beside = ctx;
    int64_t was = 0;
    enum ambit_err err = beside->recorded.figure(beside->recorded.ctx, query, ret);
    if (err != AMBIT_OK || beside->history == NULL)
        return err;
    err = beside->history->figure(beside->history->ctx, query, &was);
    if (err == AMBIT_ERR_NO_MEMORY)
        beside->err = err;
    /* what stands in the tables otherwise is told there */
    beside->differs = beside->differs || (err == AMBIT_OK && is_other(query, *ret, was));
    return AMBIT_OK;
}

static enum ambit_err same_live_beside(void *ctx, const struct ambit_same_query *query,
                                       struct ambit_id *ret)
{
    const struct beside *beside = ctx;
    return beside->recorded.same_live(beside->recorded.ctx, query, ret);
}

struct readings {
    bool all_read, differs;
};

static AMBIT_CHECKED enum ambit_err decide(const struct event *event,
                                           const struct redecide_question *question,
                                           const struct redecide_set *set,
                                           const struct redecide_source *source,
                                           const struct redecide_stops *stops,
                                           struct ambit_decision *decision, struct readings *ret)
{
    struct ambit_recorded recorded = {
        .figures = event->figures, .n = event->n_figures, .replaces = event->replaces};
    struct beside beside = {.recorded = ambit_world_of_record(&recorded, stops->views, stops->n),
                            .history = source->history};
    const struct ambit_world world = {.stops = beside.recorded.stops,
                                      .n_stops = beside.recorded.n_stops,
                                      .ctx = &beside,
                                      .figure = figure_beside,
                                      .same_live = same_live_beside};
    enum ambit_err err = question->is_grant
                             ? ambit_decide_grant(set->set, &question->grant, &world, decision)
                             : ambit_decide_action(set->set, &question->action, &world, decision);
    *ret = (struct readings){.all_read = recorded.next == recorded.n, .differs = beside.differs};
    return beside.err != AMBIT_OK ? beside.err : err;
}

/* Why the engine has no answer to it. */
static void undecided(enum ambit_err err, struct redecided *ret)
{
    redecided_differs(ret, "is a decision that its inputs do not give: ");
    if (err == AMBIT_ERR_NOT_FOUND)
        redecided_put(ret, "its agent is none of its documents");
    else if (err == AMBIT_ERR_DAMAGED)
        redecided_put(ret, "it holds fewer figures of history than the decision reads");
    else
        redecided_put(ret, ambit_err_text(err));
}

/* AZN-18: whom a service may name its document says; the subject's type is not in the event. */
static bool may_name(const struct redecide_set *set, struct ambit_str name, struct ambit_str agent)
{
    const struct ambit_service *service =
        ambit_service_find(ambit_policy_documents(set->set), name);
    for (size_t i = 0; service != NULL && i < service->n_subjects; i++) {
        struct ambit_str prefix = service->subjects[i].value.text;
        if (prefix.len == 0 ||
            (prefix.len <= agent.len && memcmp(agent.p, prefix.p, prefix.len) == 0))
            return true;
    }
    return false;
}

/* The owner's standing, where the events before say it. */
static AMBIT_CHECKED enum ambit_err take_standing(const struct event *event,
                                                  const struct redecide_set *set,
                                                  const struct redecide_followed *followed,
                                                  struct redecide_question *question)
{
    struct ambit_str agent =
        question->is_grant ? question->grant.agent : question->action.named_agent;
    struct ambit_str *fault =
        question->is_grant ? &question->grant.owner_fault : &question->action.owner_fault;
    if (followed == NULL || followed->fault_of == NULL || agent.p == NULL)
        return AMBIT_OK;
    const struct ambit_agent *found = ambit_agent_find(ambit_policy_documents(set->set), agent);
    if (found == NULL)
        return AMBIT_OK;
    enum ambit_err err = followed->fault_of(followed->ctx, event, found, fault);
    return err == AMBIT_ERR_NOT_FOUND ? AMBIT_OK : err;
}

static AMBIT_CHECKED enum ambit_err judge(const struct event *event,
                                          struct redecide_question *question,
                                          const struct redecide_set *set,
                                          const struct redecide_source *source,
                                          struct ambit_decision *decision, struct arena *arena,
                                          struct redecided *ret)
{
    struct readings readings = {.all_read = false};
    struct redecide_stops stops;
    enum ambit_err err = redecide_stops_of(event, source->followed, arena, &stops);
    if (err == AMBIT_OK)
        err = take_standing(event, set, source->followed, question);
    if (err != AMBIT_OK)
        return err;
    stand_in(event, question);
    err = decide(event, question, set, source, &stops, decision, &readings);
    if (err == AMBIT_ERR_NO_MEMORY)
        return err;
    ret->finding = REDECIDE_FOLLOWS;
    if (stops.differs)
        redecided_differs(ret, "names a stop on something else than it was raised on");
    else if (err != AMBIT_OK)
        undecided(err, ret);
    else
        redecide_compare(event, question, set, decision, stops.is_exact, ret);
    if (ret->finding == REDECIDE_FOLLOWS && !readings.all_read)
        redecided_differs(ret, "holds more figures of history than its decision reads");
    if (ret->finding == REDECIDE_FOLLOWS && readings.differs)
        redecided_differs(ret, "holds a figure of history that the events before it do not give");
    if (ret->finding == REDECIDE_DIFFERS && set->lacks_zones)
        ret->finding = REDECIDE_NO_ZONES;
    return AMBIT_OK;
}

static AMBIT_CHECKED enum ambit_err answer(const struct event *event,
                                           struct redecide_question *question,
                                           const struct redecide_set *set,
                                           const struct redecide_source *source,
                                           struct ambit_decision *decision, struct arena *arena,
                                           struct redecided *ret)
{
    if (!question->is_grant && question->action.named_agent.p != NULL &&
        !may_name(set, event->service, question->action.named_agent)) {
        redecided_differs(ret, "is of an agent that the service's document cannot name");
        return AMBIT_OK;
    }
    if (hangs_on_erased(event, question, set)) {
        ret->finding = REDECIDE_ERASED;
        return AMBIT_OK;
    }
    return judge(event, question, set, source, decision, arena, ret);
}

/* ---- what was never put to it -----------------------------------------------------------------
 */

/* The token of a service (no policy gives it): nothing but what every service may have. */
static void judge_services_own(const struct event *event, const struct redecide_set *set,
                               struct redecided *ret)
{
    const struct ambit_service *service =
        ambit_service_find(ambit_policy_documents(set->set), event->agent);
    bool is_issued = event->type == EVENT_GRANT_ISSUED;
    if (service == NULL || !ambit_str_eq(event->service, event->agent))
        redecided_differs(ret, "gives a service's own token to what is no service");
    else if (event->n_items > 0 || event->n_except > 0)
        redecided_differs(ret, "gives items with a service's own token");
    else if (!ambit_str_eq(event->owner, service->owner))
        redecided_differs(ret, "names another owner than the service's document");
    else if (is_issued != (event->decision == AMBIT_ALLOW))
        redecided_differs(ret, "is of a type that its decision is not");
    else if (event->n_counts > 0 || event->n_trips > 0)
        redecided_differs(ret, "counts or stops with a service's own token");
    else if (is_issued && event->expires_ms - event->time_ms > SERVICE_LIFE_MAX_MS)
        redecided_differs(ret, "gives a service's own token for longer than any lives");
}

enum ambit_err redecide_event(const struct event *event, const struct redecide_source *source,
                              struct ambit_decision *scratch, struct arena *arena,
                              struct redecided *ret)
{
    struct redecide_question question;
    struct redecide_set set;
    bool is_services = event->type == EVENT_GRANT_ISSUED || event->type == EVENT_GRANT_REFUSED;
    ret->finding = REDECIDE_NOT_ASKED;
    ret->what[0] = '\0';
    if (!redecide_was_asked(event) && !is_services)
        return AMBIT_OK;
    enum ambit_err err = source->set_of(source->ctx, &event->documents, &set);
    if (err == AMBIT_ERR_NOT_FOUND || err == AMBIT_ERR_DAMAGED) {
        ret->finding = REDECIDE_NO_SET;
        return AMBIT_OK;
    }
    if (err == AMBIT_OK)
        err = redecide_ask(event, source, arena, &question);
    if (err == AMBIT_OK)
        return answer(event, &question, &set, source, scratch, arena, ret);
    if (err == AMBIT_ERR_UNSUPPORTED)
        judge_services_own(event, &set, ret);
    else if (err == AMBIT_ERR_NOT_FOUND)
        redecided_differs(ret, "is about a grant that was never given");
    else if (err == AMBIT_ERR_MALFORMED || err == AMBIT_ERR_TOO_LARGE)
        redecided_differs(ret, "holds a context that no question can have");
    else
        return err;
    return AMBIT_OK;
}
