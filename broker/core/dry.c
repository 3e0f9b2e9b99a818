/* SPDX-License-Identifier: Apache-2.0 */
/* See dry.h. */
#include "core/dry.h"

#include "core/action.h"
#include "core/approval.h"

static struct ambit_decision *scratch(void)
{
    static _Thread_local struct ambit_decision decision; /* large: one a thread */
    return &decision;
}

static enum ambit_err standstill(const struct broker *broker)
{
    switch (writer_state(broker->writer)) {
    case WRITER_READY:
        return AMBIT_OK;
    case WRITER_FULL:
        return AMBIT_ERR_FULL;
    case WRITER_CLOCK:
        return AMBIT_ERR_CLOCK;
    case WRITER_SEALED:
        return AMBIT_ERR_SEALED;
    case WRITER_STOPPING:
        return AMBIT_ERR_STOPPING;
    }
    return AMBIT_ERR_STOPPING;
}

enum ambit_err dry_open(struct broker *broker, struct documents_ref *documents, struct dry *ret)
{
    *ret = (struct dry){.broker = broker, .documents = documents, .now_ms = broker_now_ms(broker)};
    enum ambit_err err = standstill(broker);
    return err == AMBIT_OK ? world_open_read(broker, ret->now_ms, &ret->world) : err;
}

void dry_close(struct dry *dry)
{
    world_close(&dry->world);
}

enum ambit_err dry_subject(struct dry *dry, struct action_command *command)
{
    command->base.documents = dry->documents;
    command->base.now_ms = dry->now_ms;
    command->last_cutoff_seq = dry->world.last_cutoff_seq;
    enum ambit_err err = action_find_subject(command, dry->world.txn);
    command->base.documents = NULL; /* it holds no reference */
    return err;
}

enum ambit_err dry_allows(struct dry *dry, struct action_command *command, bool *ret)
{
    struct approval_use use;
    struct ambit_decision *decision = scratch();
    *ret = false;
    if (command->is_unsupported)
        return AMBIT_OK;
    command->base.documents = dry->documents;
    enum ambit_err err =
        action_decide_approved(command, dry->world.txn, &dry->world.view, decision, &use);
    command->base.documents = NULL;
    *ret = err == AMBIT_OK && decision->verdict == AMBIT_ALLOW;
    return err;
}

struct ambit_str dry_agent(const struct action_command *command)
{
    bool is_known = command->grant_found || command->question.named_agent.p != NULL;
    return is_known ? command->grant.agent : (struct ambit_str){0};
}
