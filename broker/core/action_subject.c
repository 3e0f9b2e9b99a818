/* SPDX-License-Identifier: Apache-2.0 */
/* Whom an evaluation is about: the grant of the token that was shown, or an agent that the service
 * names (AZN-18); and the question of it. Reads only, for the writer and for searches. */
#include "core/action.h"

#include "base/arena.h"
#include "core/approval.h"
#include "core/attest.h"
#include "core/cutoff.h"
#include "crypto/digest.h"

/* Finds the grant; a token whose rnd does not fit is an unknown one. */
static AMBIT_CHECKED enum ambit_err find_grant(struct action_command *command,
                                               struct store_txn *txn)
{
    struct grant_row row;
    command->grant_found = false;
    if (!command->has_token)
        return AMBIT_OK;

    struct grant_shown shown = {.token = &command->token,
                                .now_ms = command->base.now_ms,
                                .is_vouched = command->is_vouched};
    enum ambit_err err = grant_find(command->base.broker, txn, &shown, command->arena, &row);
    if (err != AMBIT_OK)
        return err == AMBIT_ERR_NOT_FOUND ? AMBIT_OK : err;
    grant_row_view(&row, &command->grant);
    command->grant_found = true;
    if (pending_covers(&command->base.broker->pending, &row)) {
        command->grant.liveness = AMBIT_DEAD_STOPPED;
        return AMBIT_OK;
    }
    return cutoff_liveness(txn, command->last_cutoff_seq, &row, &command->grant.liveness);
}

/* AZN-18: the agent that the service's word names, by the service's document of now. False: the
 * type is none of it. */
static bool agent_named(const struct action_command *command, const struct ambit_agent **ret)
{
    const struct ambit_documents *documents = command->base.documents->documents;
    const struct ambit_service *service = ambit_service_find(documents, command->question.service);
    *ret = NULL;
    for (size_t i = 0; service != NULL && i < service->n_subjects; i++) {
        struct ambit_str prefix = service->subjects[i].value.text, id = command->subject_id;
        char name[AMBIT_AGENT_NAME_MAX];
        if (!ambit_str_eq(service->subjects[i].name, command->subject_type))
            continue;
        if (id.len > sizeof name || prefix.len > sizeof name - id.len)
            return true; /* longer than any agent's id: none has it */
        if (prefix.len > 0)
            memcpy(name, prefix.p, prefix.len);
        if (id.len > 0)
            memcpy(name + prefix.len, id.p, id.len);
        *ret =
            ambit_agent_find(documents, (struct ambit_str){.p = name, .len = prefix.len + id.len});
        return true;
    }
    return false;
}

static AMBIT_CHECKED enum ambit_err find_named(struct action_command *command,
                                               struct store_txn *txn)
{
    const struct ambit_agent *agent = NULL;
    struct standing standing;
    command->grant_found = false;
    command->question.named_agent = (struct ambit_str){0};
    command->is_unsupported = !agent_named(command, &agent);
    if (agent == NULL)
        return AMBIT_OK;
    enum ambit_err err =
        standing_of(command->base.broker, txn, agent, command->base.now_ms, &standing);
    if (err != AMBIT_OK)
        return err;
    const struct ambit_person *owner =
        ambit_person_find(command->base.documents->documents, agent->owner);
    command->question.named_agent = agent->doc.name;
    command->question.owner_fault = standing.fault;
    command->grant = (struct ambit_grant_view){.agent = agent->doc.name,
                                               .owner = agent->owner,
                                               .team = owner ? owner->team : (struct ambit_str){0}};
    return AMBIT_OK;
}

enum ambit_err action_find_subject(struct action_command *command, struct store_txn *txn)
{
    command->is_unsupported = false;
    command->question.named_agent = (struct ambit_str){0};
    return command->subject_type.p != NULL ? find_named(command, txn) : find_grant(command, txn);
}

/* Was the key proved that the grant is bound to? */
static bool has_proof(const struct action_command *command)
{
    const struct ambit_grant_view *grant = &command->grant;
    const struct proved_keys *proved = &command->proved;
    const struct ambit_digest *key = NULL;
    if (!command->grant_found)
        return false;
    switch (grant->binding) {
    case AMBIT_BINDING_NONE:
        break;
    case AMBIT_BINDING_DPOP:
        key = proved->has_dpop ? &proved->dpop : NULL;
        break;
    case AMBIT_BINDING_MTLS:
        key = proved->has_certificate ? &proved->certificate : NULL;
        break;
    }
    return key != NULL && crypto_equal(key->b, grant->binding_key.b, sizeof key->b);
}

enum ambit_err action_decide_approved(struct action_command *command, struct store_txn *txn,
                                      const struct ambit_world *world,
                                      struct ambit_decision *decision, struct approval_use *use)
{
    const struct ambit_policy_set *set = command->base.documents->set;
    struct ambit_action_question *question = &command->question;
    *use = (struct approval_use){.is_found = false};
    question->now_ms = command->base.now_ms;
    question->grant = command->grant_found ? &command->grant : NULL;
    question->approval = AMBIT_APPROVAL_NONE;
    question->has_proof = has_proof(command);
    enum ambit_err err = ambit_decide_action(set, question, world, decision);
    if (err != AMBIT_OK || decision->reason != AMBIT_REASON_APPROVAL_REQUIRED)
        return err;
    err = approval_look_action(txn, command, use);
    if (err != AMBIT_OK || use->state == AMBIT_APPROVAL_NONE)
        return err;
    question->approval = use->state;
    err = ambit_decide_action(set, question, world, decision);
    if (err != AMBIT_OK || approval_fits(use, decision))
        return err;
    use->state = AMBIT_APPROVAL_NONE;
    question->approval = AMBIT_APPROVAL_NONE;
    return ambit_decide_action(set, question, world, decision);
}
