/* SPDX-License-Identifier: Apache-2.0 */
/* Explains a decision from its command, exactly as the record would: same set, same figures, same
 * stops. The remedy alone looks at the state of now. */
#include "core/teach.h"

#include "core/world.h"

/* The engine's decision is large: one per answering thread, which takes it with it when it ends. */
static struct ambit_decision *scratch(void)
{
    static _Thread_local struct ambit_decision decision;
    return &decision;
}

static struct ambit_world recorded_world(const struct decided *decided,
                                         struct ambit_recorded *recorded)
{
    *recorded = (struct ambit_recorded){
        .figures = decided->figures, .n = decided->n_figures, .replaces = decided->replaces};
    return ambit_world_of_record(recorded, decided->used_stops, decided->n_used_stops);
}

enum ambit_err teach_grant(const struct grant_command *command, struct arena *arena,
                           struct ambit_explanation *ret)
{
    const struct ambit_policy_set *set = command->base.documents->set;
    struct ambit_recorded recorded;
    struct ambit_world past = recorded_world(&command->decided, &recorded);
    enum ambit_err err = ambit_explain_grant(set, &command->question, &past, arena, ret);
    if (err != AMBIT_OK || command->decided.verdict == AMBIT_ALLOW)
        return err;

    struct ambit_decision *denied = scratch();
    struct world now;
    past = recorded_world(&command->decided, &recorded);
    err = ambit_decide_grant(set, &command->question, &past, denied);
    if (err == AMBIT_OK)
        err = world_open_read(command->base.broker, command->question.now_ms, &now);
    if (err != AMBIT_OK)
        return err;
    err = ambit_remedy_grant(set, &command->question, denied, &now.view, arena, ret);
    world_close(&now);
    return err;
}

enum ambit_err teach_action(const struct action_command *command, struct arena *arena,
                            struct ambit_explanation *ret)
{
    const struct ambit_policy_set *set = command->base.documents->set;
    struct ambit_recorded recorded;
    struct ambit_world past = recorded_world(&command->decided, &recorded);
    struct ambit_decision *decision = scratch();
    enum ambit_err err =
        ambit_explain_action_in(set, &command->question, &past, decision, arena, ret);
    if (err != AMBIT_OK || command->decided.verdict == AMBIT_ALLOW)
        return err;

    struct world now;
    err = world_open_read(command->base.broker, command->question.now_ms, &now);
    if (err != AMBIT_OK)
        return err;
    err = ambit_remedy_action(set, &command->question, decision, &now.view, arena, ret);
    world_close(&now);
    return err;
}
