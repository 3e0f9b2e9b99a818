/* SPDX-License-Identifier: Apache-2.0 */
/* See explain.h. */
#include "core/explain.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/json_write.h"
#include "core/internal.h"
#include "core/world.h"

static const char *const kinds[] = {[AMBIT_QUESTION_GRANT] = "grant",
                                    [AMBIT_QUESTION_ACTION] = "action",
                                    [AMBIT_QUESTION_EVENT] = "event"};

static enum ambit_err complain(struct explain_query *query, const char *what, const char *expected)
{
    query->problem = (struct ambit_hypothesis_problem){
        .pointer = AMBIT_STR("/now"), .what = what, .expected = expected};
    return AMBIT_ERR_MALFORMED;
}

static bool owns(const struct documents_ref *documents, const struct explain_query *query,
                 struct ambit_str agent)
{
    const struct ambit_agent *found = ambit_agent_find(documents->documents, agent);
    return found != NULL && ambit_str_eq(found->owner, query->only_owner);
}

/* An owner is told all of what is theirs: the answer tells each check of the agents above as well,
 * with the figures of their histories. */
static AMBIT_CHECKED enum ambit_err is_theirs(const struct documents_ref *documents,
                                              const struct explain_query *query)
{
    const struct ambit_hypothesis *h = &query->hypothesis;
    const struct ambit_grant_view *above = NULL;
    if (query->only_owner.p == NULL)
        return AMBIT_OK;
    switch (h->kind) {
    case AMBIT_QUESTION_GRANT:
        above = h->grant.parent;
        break;
    case AMBIT_QUESTION_ACTION:
    case AMBIT_QUESTION_EVENT:
        above = h->grant_view.above;
        break;
    }
    bool is_own = owns(documents, query, h->agent);
    for (; is_own && above != NULL; above = above->above)
        is_own = owns(documents, query, above->agent);
    return is_own ? AMBIT_OK : AMBIT_ERR_REFUSED;
}

enum ambit_err query_explain(struct broker *broker, const struct documents_ref *documents,
                             struct arena *arena, struct explain_query *query)
{
    struct ambit_hypothesis *h = &query->hypothesis;
    struct world world;
    int64_t now_ms = broker_now_ms(broker);
    *h = (struct ambit_hypothesis){.now_ms = now_ms};
    enum ambit_err err = ambit_hypothesis_read(
        documents->set, query->question, AMBIT_PART_GIVEN | AMBIT_PART_QUESTION | AMBIT_PART_ASKED,
        arena, h, &query->problem);
    if (!err)
        err = is_theirs(documents, query);
    if (err)
        return err;

    /* The recorded windows end at the record's last time; what lies behind them is not told apart.
     */
    if (!h->has_history && h->now_ms < now_ms)
        return complain(query, "before the present, with no history of its own",
                        "a time from now on, or `history`");
    err = world_open_read(broker, h->now_ms, &world);
    if (err)
        return err;
    struct ambit_world told = world.view;
    if (h->has_history) {
        h->stops = world.view.stops;
        h->n_stops = world.view.n_stops;
        err = ambit_world_of_hypothesis(documents->set, h, arena, &told);
    }
    if (!err)
        err = ambit_answer(documents->set, h, &told, arena, &query->answer);
    world_close(&world);
    return err;
}

/* {"asked","question"} */
static AMBIT_CHECKED enum ambit_err put_detail(const struct question_command *command,
                                               struct buf *buf)
{
    struct json_out out;
    json_out_init(&out, buf, true);
    json_begin_object(&out);
    json_key(&out, "asked");
    json_digest(&out, command->asked);
    json_member_text(&out, "question", kinds[command->query->hypothesis.kind]);
    json_end_object(&out);
    return buf_check(buf);
}

static enum ambit_err question_run(struct writer_job *job, struct store_txn *txn, int64_t now_ms)
{
    struct question_command *command = (struct question_command *)(void *)job;
    struct command *base = &command->base;
    const struct explain_query *query = command->query;
    enum ambit_err err = command_begin(base, now_ms);
    if (err != AMBIT_OK || base->way_in_lost)
        return err;

    BUF_AUTO detail;
    buf_init(&detail, 0);
    err = put_detail(command, &detail);
    if (err != AMBIT_OK)
        return err;
    struct event event;
    event_init(&event, base, EVENT_QUESTION_ANSWERED);
    const struct ambit_agent *agent =
        ambit_agent_find(base->documents->documents, query->hypothesis.agent);
    event.agent = query->hypothesis.agent;
    if (agent)
        event.owner = agent->owner;
    if (query->hypothesis.kind != AMBIT_QUESTION_EVENT) {
        event.decision = (int)query->answer.decision->verdict;
        event.reason = query->answer.decision->reason;
        event.policy = query->answer.decision->policy;
        event.rule = query->answer.decision->rule;
        event.digest = query->answer.decision->digest;
    }
    event.detail = buf_str(&detail);
    err = record_event(base->broker, txn, base, &event);
    base->seq = event.seq;
    return err;
}

enum ambit_err question_submit(struct question_command *command)
{
    command->base.job.run = question_run;
    return command_submit(&command->base, WRITER_RECORDS);
}
