/* SPDX-License-Identifier: Apache-2.0 */
/* What a changed set still lacks. Each rule of review.h is a few lines here; whatever is not there
 * is a problem of the file that needs it, and nothing is ever taken as given. */
#include "policy/reviewing.h"

/* ---- complaints ---- */

static void put_file(const struct judging *j, struct buf *dst)
{
    struct ambit_str name = j->document->name;
    if (j->review->folder.len > 0) {
        buf_put_str(dst, j->review->folder);
        buf_put_char(dst, '/');
    }
    buf_put_text(dst, ambit_kind_folder(j->document->kind));
    buf_put_char(dst, '/');
    for (size_t i = 0; i < name.len; i++) {
        if (name.p[i] == '/')
            buf_put_text(dst, "__");
        else
            buf_put_char(dst, name.p[i]);
    }
    buf_put_text(dst, ".json");
}

enum ambit_err review_complain(const struct judging *j, const char *pointer, const struct buf *what,
                               const struct buf *expected)
{
    char memory[REVIEW_TEXT_MAX];
    struct buf file;
    buf_init_fixed(&file, memory, sizeof memory);
    put_file(j, &file);
    if (buf_check(&file) || buf_check(what) || buf_check(expected))
        return AMBIT_ERR_TOO_LARGE;
    const struct ambit_problem problem = {.file = buf_str(&file),
                                          .pointer = ambit_str_of(pointer),
                                          .what = buf_str(what),
                                          .expected = buf_str(expected)};
    return ambit_problems_add(j->missing, &problem);
}

enum ambit_err review_complain_text(const struct judging *j, const char *pointer, const char *what,
                                    const char *expected)
{
    char a_memory[REVIEW_TEXT_MAX], b_memory[REVIEW_TEXT_MAX];
    struct buf a, b;
    buf_init_fixed(&a, a_memory, sizeof a_memory);
    buf_init_fixed(&b, b_memory, sizeof b_memory);
    buf_put_text(&a, what);
    buf_put_text(&b, expected);
    return review_complain(j, pointer, &a, &b);
}

/* "its removal is " / "" */
static void put_subject(const struct judging *j, struct buf *what)
{
    buf_put_text(what, j->is_removal ? "its removal is not confirmed by " : "not confirmed by ");
}

static void put_how(const struct judging *j, struct buf *dst)
{
    buf_put_text(dst, j->by_signature ? ", by signature" : "");
}

/* ---- who has ---- */

static const struct ambit_person *judge_of(const struct judging *j, struct ambit_str name)
{
    const struct ambit_person *person = ambit_person_find(j->judges, name);
    return person != NULL && person->is_active ? person : NULL;
}

static AMBIT_CHECKED enum ambit_err look(const struct judging *j, struct ambit_str person,
                                         bool *ret_has, bool *ret_bad)
{
    const struct ambit_confirm_query query = {.kind = j->document->kind,
                                              .name = j->document->name,
                                              .digest = j->document->digest,
                                              .is_removal = j->is_removal,
                                              .person = person};
    struct ambit_confirmed confirmed = {0};
    *ret_has = false;
    *ret_bad = false;
    if (judge_of(j, person) == NULL)
        return AMBIT_OK;
    enum ambit_err err = j->review->confirmed(j->review->ctx, &query, &confirmed);
    if (err != AMBIT_OK)
        return err;
    *ret_has = confirmed.by_signature || (confirmed.by_word && !j->by_signature);
    *ret_bad = confirmed.has_bad_signature;
    return AMBIT_OK;
}

/* This very person, who is its `role`. */
enum ambit_err review_need(const struct judging *j, struct ambit_str person, const char *role,
                           const char *pointer)
{
    bool has = false, is_bad = false;
    enum ambit_err err = look(j, person, &has, &is_bad);
    if (err != AMBIT_OK || has)
        return err;

    char what_memory[REVIEW_TEXT_MAX], expected_memory[REVIEW_TEXT_MAX];
    struct buf what, expected;
    buf_init_fixed(&what, what_memory, sizeof what_memory);
    buf_init_fixed(&expected, expected_memory, sizeof expected_memory);
    put_subject(j, &what);
    buf_put_str(&what, person);
    buf_put_text(&what, ", ");
    buf_put_text(&what, role);
    put_how(j, &what);
    if (judge_of(j, person) == NULL)
        buf_put_text(&what, ", who is not active in the set in force");
    else if (is_bad)
        buf_put_text(&what, ", whose signature there is not theirs over these bytes");
    buf_put_text(&expected, "the confirmation of ");
    buf_put_str(&expected, person);
    buf_put_text(&expected, j->by_signature ? ": FILE." : ": ambit confirm, or FILE.");
    buf_put_text(&expected, j->is_removal ? "removed." : "");
    buf_put_str(&expected, person);
    buf_put_text(&expected, ".sig");
    return review_complain(j, pointer, &what, &expected);
}

enum ambit_err review_count_one(const struct judging *j, struct ambit_str person,
                                struct several *several)
{
    bool has = false, is_bad = false;
    enum ambit_err err = look(j, person, &has, &is_bad);
    if (several->names.len + person.len + 2 < several->names.cap) {
        buf_put_text(&several->names, several->n_candidates > 0 ? ", " : "");
        buf_put_str(&several->names, person);
    }
    several->n_candidates++;
    several->n_confirmed += has;
    return err;
}

enum ambit_err review_need_several(const struct judging *j, const struct several *several)
{
    if (several->n_confirmed >= several->needed)
        return AMBIT_OK;
    char what_memory[REVIEW_TEXT_MAX], expected_memory[REVIEW_TEXT_MAX];
    struct buf what, expected;
    buf_init_fixed(&what, what_memory, sizeof what_memory);
    buf_init_fixed(&expected, expected_memory, sizeof expected_memory);
    put_subject(j, &what);
    buf_put_i64(&what, (int64_t)several->needed);
    buf_put_char(&what, ' ');
    buf_put_text(&what, several->role);
    put_how(j, &what);
    buf_put_text(&what, ", but by ");
    buf_put_i64(&what, (int64_t)several->n_confirmed);
    buf_put_text(&expected, "the confirmation of ");
    buf_put_i64(&expected, (int64_t)several->needed);
    buf_put_text(&expected, " of: ");
    buf_put_str(&expected, several->n_candidates > 0 ? buf_str(&several->names)
                                                     : AMBIT_STR("nobody there is"));
    return review_complain(j, several->pointer, &what, &expected);
}

/* Active people with the role admin, but for one. */
static AMBIT_CHECKED enum ambit_err need_admins(const struct judging *j, size_t needed,
                                                struct ambit_str but_for)
{
    char memory[REVIEW_TEXT_MAX / 2];
    struct several several = {.role = needed > 1 ? "admins who are somebody else"
                                                 : "admin who is somebody else",
                              .pointer = "",
                              .needed = needed};
    buf_init_fixed(&several.names, memory, sizeof memory);
    for (size_t i = 0; i < j->judges->n_people; i++) {
        const struct ambit_person *person = &j->judges->people[i];
        if (!person->is_active || !(person->roles & AMBIT_ROLE_ADMIN) ||
            ambit_str_eq(person->doc.name, but_for))
            continue;
        enum ambit_err err = review_count_one(j, person->doc.name, &several);
        if (err != AMBIT_OK)
            return err;
    }
    return review_need_several(j, &several);
}

/* ---- the others ---- */

static AMBIT_CHECKED enum ambit_err judge_agent(struct judging *j, const struct ambit_agent *agent)
{
    j->by_signature = agent->tier >= AMBIT_TIER_HIGH;
    enum ambit_err err = review_need(j, agent->owner, "its owner", "/owner");
    if (err == AMBIT_OK)
        err = review_need(j, agent->backup, "its backup", "/backup");
    for (size_t i = 0; err == AMBIT_OK && i < agent->policies.n; i++) {
        const struct ambit_policy *policy = ambit_policy_find(j->set, agent->policies.v[i]);
        if (policy == NULL) /* a set that was read has every policy it names */
            return AMBIT_ERR_MALFORMED;
        bool is_said =
            ambit_str_eq(policy->owner, agent->owner) || ambit_str_eq(policy->owner, agent->backup);
        for (size_t k = 0; k < i && !is_said; k++) {
            const struct ambit_policy *other = ambit_policy_find(j->set, agent->policies.v[k]);
            AMBIT_ASSERT(other != NULL); /* it was there when k was i */
            is_said = ambit_str_eq(other->owner, policy->owner);
        }
        if (!is_said)
            err = review_need(j, policy->owner, "owner of a policy it lists", "/policies");
    }
    return err;
}

static AMBIT_CHECKED enum ambit_err judge_service(struct judging *j,
                                                  const struct ambit_service *service)
{
    enum ambit_err err = review_need(j, service->owner, "its owner", "/owner");
    return err == AMBIT_OK ? need_admins(j, 1, service->owner) : err;
}

static enum ambit_err judge_change(void *ctx, const struct ambit_change_view *change)
{
    struct judging *j = ctx;
    j->is_removal = change->after == NULL;
    j->document = j->is_removal ? change->before : change->after;
    j->set = j->is_removal ? j->review->in_force : j->review->proposed;
    j->by_signature = false;
    const void *document = j->document; /* INVARIANT: the first member of every kind */
    switch (change->kind) {
    case AMBIT_KIND_PERSON:
        return need_admins(j, 2, change->name);
    case AMBIT_KIND_AGENT:
        return judge_agent(j, document);
    case AMBIT_KIND_SERVICE:
        return judge_service(j, document);
    case AMBIT_KIND_POLICY:
        break;
    }
    return review_policy(j, document);
}

enum ambit_err ambit_review_judge(const struct ambit_reviewing *review,
                                  struct ambit_problems *missing)
{
    struct judging j = {.review = review,
                        .missing = missing,
                        .judges = review->in_force != NULL ? review->in_force : review->proposed};
    return ambit_documents_changes(review->in_force, review->proposed, judge_change, &j);
}
