/* SPDX-License-Identifier: Apache-2.0 */
/* What a policy, or its removal, still lacks, by its tier. */
#include "ambit/pattern.h"
#include "policy/reviewing.h"

enum { REVIEWERS_MEDIUM = 1, REVIEWERS_CRITICAL = 2, APPROVALS_CRITICAL = 2 };

static AMBIT_CHECKED enum ambit_err judge_reviewers(const struct judging *j,
                                                    const struct ambit_policy *policy)
{
    char memory[REVIEW_TEXT_MAX / 2];
    struct several several = {.role = "in reviewed_by who wrote and accepted nothing of it",
                              .pointer = "/review/reviewed_by",
                              .needed = policy->tier == AMBIT_TIER_CRITICAL ? REVIEWERS_CRITICAL
                                                                            : REVIEWERS_MEDIUM};
    buf_init_fixed(&several.names, memory, sizeof memory);
    for (size_t i = 0; i < policy->review.reviewed_by.n; i++) {
        struct ambit_str person = policy->review.reviewed_by.v[i];
        if (ambit_str_eq(person, policy->review.authored_by) ||
            ambit_str_eq(person, policy->review.accepted_by))
            continue;
        enum ambit_err err = review_count_one(j, person, &several);
        if (err != AMBIT_OK)
            return err;
    }
    return review_need_several(j, &several);
}

/* What cannot be told within the bound counts as overlapping. */
static AMBIT_CHECKED enum ambit_err reaches(const struct ambit_policy *policy,
                                            const struct ambit_service *service, bool *ret)
{
    const struct ambit_area_terms terms = {.kind = AMBIT_AREA_RESOURCES};
    const struct ambit_area theirs = {.resources = service->resources};
    *ret = false;
    for (size_t i = 0; i < policy->n_rules && !*ret; i++) {
        const struct ambit_area ours = {.resources = policy->rules[i].resources};
        struct ambit_area_answer answer;
        enum ambit_err err = ambit_area_overlap(&terms, &ours, &theirs, &answer);
        if (err != AMBIT_OK && err != AMBIT_ERR_TOO_LARGE)
            return err;
        *ret = err == AMBIT_ERR_TOO_LARGE || answer.is_found;
    }
    return AMBIT_OK;
}

static AMBIT_CHECKED enum ambit_err judge_services(const struct judging *j,
                                                   const struct ambit_policy *policy)
{
    for (size_t i = 0; i < policy->audiences.n; i++) {
        const struct ambit_service *service =
            ambit_service_of_audience(j->set, policy->audiences.v[i]);
        bool is_reached = false, is_said = false;
        if (service == NULL) /* a set that was read has one of each audience it names */
            return AMBIT_ERR_MALFORMED;
        enum ambit_err err = reaches(policy, service, &is_reached);
        /* Two audiences of one service, or of one owner: said once. */
        for (size_t k = 0; err == AMBIT_OK && is_reached && !is_said && k < i; k++) {
            const struct ambit_service *other =
                ambit_service_of_audience(j->set, policy->audiences.v[k]);
            AMBIT_ASSERT(other != NULL); /* it was there when k was i */
            if (ambit_str_eq(other->owner, service->owner))
                err = reaches(policy, other, &is_said);
        }
        if (err == AMBIT_OK && is_reached && !is_said)
            err =
                review_need(j, service->owner, "owner of a service that it reaches", "/audiences");
        if (err != AMBIT_OK)
            return err;
    }
    return AMBIT_OK;
}

/* An old signed file cannot come back: it names what it replaced then. A shadow policy names the
 * one beside which it is judged. */
static AMBIT_CHECKED enum ambit_err judge_replaces(const struct judging *j,
                                                   const struct ambit_policy *policy)
{
    const struct ambit_documents *in_force = j->review->in_force;
    const struct ambit_policy *before =
        in_force != NULL ? ambit_policy_find(in_force, policy->doc.name) : NULL;
    const struct ambit_digest *named =
        policy->review.has_replaces ? &policy->review.replaces : NULL;
    if (policy->is_shadow) {
        bool is_known = named == NULL;
        for (size_t i = 0; in_force != NULL && i < in_force->n_policies && !is_known; i++)
            is_known = ambit_digest_eq(in_force->policies[i].doc.digest, *named);
        return is_known ? AMBIT_OK
                        : review_complain_text(
                              j, "/review/replaces", "names no version in force",
                              "the version of the policy that it is judged in place of");
    }
    if (before == NULL)
        return named == NULL
                   ? AMBIT_OK
                   : review_complain_text(j, "/review/replaces", "a first version replaces nothing",
                                          "no member \"replaces\"");
    if (named != NULL && ambit_digest_eq(*named, before->doc.digest))
        return AMBIT_OK;
    char what_memory[REVIEW_TEXT_MAX], expected_memory[REVIEW_TEXT_MAX];
    struct buf what, expected;
    buf_init_fixed(&what, what_memory, sizeof what_memory);
    buf_init_fixed(&expected, expected_memory, sizeof expected_memory);
    buf_put_text(&what, named != NULL ? "does not name the version in force"
                                      : "is absent, and a version is in force");
    buf_put_text(&expected, "\"replaces\": \"sha256:");
    buf_put_hex(&expected, before->doc.digest.b, sizeof before->doc.digest.b);
    buf_put_char(&expected, '"');
    return review_complain(j, "/review/replaces", &what, &expected);
}

static AMBIT_CHECKED enum ambit_err judge_tests(const struct judging *j,
                                                const struct ambit_policy *policy)
{
    struct ambit_str why = AMBIT_STR("nobody has run them");
    enum ambit_err err =
        j->review->tested != NULL ? j->review->tested(j->review->ctx, policy, &why) : AMBIT_OK;
    if (err != AMBIT_OK || why.p == NULL)
        return err;
    char what_memory[REVIEW_TEXT_MAX], expected_memory[REVIEW_TEXT_MAX];
    struct buf what, expected;
    buf_init_fixed(&what, what_memory, sizeof what_memory);
    buf_init_fixed(&expected, expected_memory, sizeof expected_memory);
    buf_put_text(&what, "its tests do not hold it: ");
    buf_put_str(&what, why.len < REVIEW_TEXT_MAX / 2
                           ? why
                           : (struct ambit_str){.p = why.p, .len = REVIEW_TEXT_MAX / 2});
    buf_put_text(&expected, "tests beside it that pass and reach every rule and hard stop");
    return review_complain(j, "", &what, &expected);
}

static AMBIT_CHECKED enum ambit_err judge_approvals(const struct judging *j,
                                                    const struct ambit_policy *policy)
{
    for (size_t i = 0; i < policy->n_rules; i++) {
        const struct ambit_approval *approval = policy->rules[i].approval;
        if (approval != NULL && approval->count >= APPROVALS_CRITICAL)
            continue;
        char memory[64];
        struct buf pointer;
        buf_init_fixed(&pointer, memory, sizeof memory);
        buf_put_text(&pointer, "/allow/");
        buf_put_i64(&pointer, (int64_t)i);
        buf_put_text(&pointer, "/approval");
        buf_put_char(&pointer, '\0');
        enum ambit_err err = review_complain_text(
            j, memory, "a rule of tier critical that two people need not approve",
            "\"approval\" with a \"count\" of at least 2");
        if (err != AMBIT_OK)
            return err;
    }
    return AMBIT_OK;
}

enum ambit_err review_policy(struct judging *j, const struct ambit_policy *policy)
{
    j->by_signature = policy->tier >= AMBIT_TIER_HIGH;
    enum ambit_err err = AMBIT_OK;
    if (!j->is_removal)
        err = judge_replaces(j, policy);
    if (err == AMBIT_OK)
        err = review_need(j, policy->review.accepted_by, "who accepted it", "/review/accepted_by");
    if (err == AMBIT_OK && policy->tier >= AMBIT_TIER_MEDIUM)
        err = judge_reviewers(j, policy);
    if (err == AMBIT_OK && policy->tier >= AMBIT_TIER_HIGH &&
        !ambit_str_eq(policy->owner, policy->review.accepted_by))
        err = review_need(j, policy->owner, "its owner", "/owner");
    if (err == AMBIT_OK)
        err = judge_services(j, policy);
    if (err == AMBIT_OK && policy->tier >= AMBIT_TIER_HIGH && !j->is_removal)
        err = judge_tests(j, policy);
    if (err == AMBIT_OK && policy->tier == AMBIT_TIER_CRITICAL && !j->is_removal)
        err = judge_approvals(j, policy);
    return err;
}
