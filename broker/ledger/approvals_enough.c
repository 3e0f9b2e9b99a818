/* SPDX-License-Identifier: Apache-2.0 */
/* Were those who answered enough for every rule that asks? By the rules as the decision reads them,
 * and the people as they were when the last of them answered (core/approval_question.c). */
#include "ledger/approvals.h"

static unsigned role_of(struct ambit_str text)
{
    static const struct {
        const char *text;
        unsigned bit;
    } roles[] = {{"owner", AMBIT_ROLE_OWNER},
                 {"oncall", AMBIT_ROLE_ONCALL},
                 {"approver", AMBIT_ROLE_APPROVER},
                 {"auditor", AMBIT_ROLE_AUDITOR},
                 {"admin", AMBIT_ROLE_ADMIN}};
    for (size_t i = 0; i < AMBIT_LEN(roles); i++)
        if (ambit_str_is(text, roles[i].text))
            return roles[i].bit;
    return 0;
}

static bool may_answer(const struct ambit_approval *asks, const struct ambit_person *person)
{
    bool is_team = asks->teams.n == 0, has_role = asks->roles.n == 0;
    for (size_t i = 0; i < asks->teams.n; i++)
        is_team = is_team || ambit_str_eq(asks->teams.v[i], person->team);
    for (size_t i = 0; i < asks->roles.n; i++)
        has_role = has_role || (person->roles & role_of(asks->roles.v[i])) != 0;
    return person->is_active && is_team && has_role;
}

static bool is_enough(const struct approved *row, const struct ambit_ask *ask,
                      const struct ambit_documents *people)
{
    const struct ambit_agent *agent = ambit_agent_find(people, ask->agent);
    bool has_other = ask->tier < AMBIT_TIER_HIGH;
    int64_t n = 0;
    for (size_t i = 0; i < row->n_answers && agent != NULL; i++) {
        const struct ambit_person *person = ambit_person_find(people, row->answers[i]);
        if (person == NULL || !may_answer(ask->approval, person))
            continue;
        n++;
        has_other = has_other || (!ambit_str_eq(person->doc.name, agent->owner) &&
                                  !ambit_str_eq(person->doc.name, agent->backup));
    }
    return n >= ask->approval->count && has_other;
}

const char *approvals_enough(const struct approved *approved, const struct ambit_decision *decision,
                             const struct ambit_documents *people)
{
    if (approved->n_answers > APPROVALS_ANSWERS_MAX)
        return NULL;
    for (size_t i = 0; i < decision->n_asks; i++)
        if (!is_enough(approved, &decision->asks[i], people))
            return "was made with an approval of people who do not suffice for its rule";
    return NULL;
}
