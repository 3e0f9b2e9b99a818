/* SPDX-License-Identifier: Apache-2.0 */
/* Whether those whom the tiers ask for have confirmed the documents, as `review: "enforce"` would
 * hold them against the store. */
#include "cli/doctor.h"

#include "ambit/policy.h"
#include "config/config.h"
#include "config/folder.h"
#include "core/review.h"

static enum ambit_err missing(struct doctor *doctor, const char *state, const struct config *config,
                              struct ambit_problems *problems)
{
    const struct review_check check = {.state_folder = state,
                                       .documents_folder = config->documents.p,
                                       .now_ms = doctor->cli->now_ms};
    struct ambit_documents *documents = NULL;
    struct ambit_policy_set *set = NULL;
    enum ambit_err err =
        folder_load(config->documents.p, doctor->cli->now_ms, problems, &documents);
    ambit_problems_done(problems); /* of the documents: said in their row */
    *problems = (struct ambit_problems){0};
    if (err == AMBIT_OK)
        err = ambit_policy_compile(TAKE(documents), &set);
    if (err == AMBIT_OK)
        err = review_check(&check, set, problems);
    ambit_policy_set_free(set);
    return err;
}

void doctor_look_at_review(struct doctor *doctor, const char *state, const struct config *config)
{
    struct ambit_problems problems = {0};
    bool is_enforced = ambit_str_is(config->review, "enforce");
    enum ambit_err err = missing(doctor, state, config, &problems);
    if (err == AMBIT_ERR_MALFORMED && problems.n_errors > 0)
        doctor_say(doctor, "review", DOCTOR_WARN,
                   is_enforced ? "ambitd --check names each; ambit confirm"
                               : "ambit confirm; then \"review\": \"enforce\", and ambitd --check "
                                 "names each",
                   is_enforced ? "%zu confirmations are missing: the folder does not come in force"
                               : "%zu confirmations are missing, and none is enforced",
                   problems.n_errors);
    else if (err)
        doctor_say(doctor, "review", DOCTOR_NOT_LOOKED, "a store, and documents that hold", "%s",
                   ambit_err_text(err));
    else
        doctor_say(doctor, "review", is_enforced ? DOCTOR_OK : DOCTOR_WARN,
                   "\"review\": \"enforce\" in the configuration keeps it so",
                   is_enforced ? "everybody whom a tier asks for has confirmed"
                               : "everybody has confirmed, and nobody would have to");
    ambit_problems_done(&problems);
}
