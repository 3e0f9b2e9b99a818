/* SPDX-License-Identifier: Apache-2.0 */
/* A policy among the other documents: its owner, its audiences, the people of its review, the
 * services whose signals it hears. */
#include "policy/check.h"

#include "policy/nearest.h"

static void check_audiences(struct loaded_set *set, struct loaded *loaded)
{
    const struct ambit_strs *audiences = &loaded->as.policy->audiences;
    struct place list = place_member(&loaded->root, "audiences");
    for (size_t i = 0; i < audiences->n; i++) {
        struct place at = check_element(&list, i);
        if (!audiences->v[i].p || check_find_audience(set, audiences->v[i]))
            continue;
        struct nearest nearest = nearest_to(audiences->v[i]);
        for (size_t j = 0; j < set->n_audiences; j++)
            nearest_offer(&nearest, set->audiences[j].audience);
        complain_name(&loaded->reading, &at, "no service has the audience",
                      "an audience that a document in services/ names", nearest.best);
    }
}

static void check_person(struct loaded_set *set, struct loaded *loaded, const struct place *at,
                         struct ambit_str name)
{
    if (name.p)
        (void)check_reference(set, loaded, at, AMBIT_KIND_PERSON);
}

static void check_review(struct loaded_set *set, struct loaded *loaded)
{
    const struct ambit_review *review = &loaded->as.policy->review;
    struct place at = place_member(&loaded->root, "review");
    struct place author = place_member(&at, "authored_by");
    struct place acceptor = place_member(&at, "accepted_by");
    struct place reviewers = place_member(&at, "reviewed_by");
    check_person(set, loaded, &author, review->authored_by);
    check_person(set, loaded, &acceptor, review->accepted_by);
    for (size_t i = 0; i < review->reviewed_by.n; i++) {
        struct place reviewer = check_element(&reviewers, i);
        check_person(set, loaded, &reviewer, review->reviewed_by.v[i]);
    }
}

static void check_senders(struct loaded_set *set, struct loaded *loaded)
{
    const struct ambit_policy *policy = loaded->as.policy;
    struct place list = place_member(&loaded->root, "hard_stops");
    for (size_t i = 0; i < policy->n_hard_stops; i++) {
        const struct ambit_strs *from = &policy->hard_stops[i].from;
        struct place stop = check_element(&list, i);
        struct place senders = place_member(&stop, "from");
        for (size_t j = 0; j < from->n; j++) {
            struct place sender = check_element(&senders, j);
            if (from->v[j].p)
                (void)check_reference(set, loaded, &sender, AMBIT_KIND_SERVICE);
        }
    }
}

void check_policy_of_set(struct loaded_set *set, struct loaded *loaded)
{
    check_owner(set, loaded, "owner", loaded->as.policy->owner);
    check_audiences(set, loaded);
    check_review(set, loaded);
    check_senders(set, loaded);
}
