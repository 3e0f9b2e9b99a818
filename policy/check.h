/* SPDX-License-Identifier: Apache-2.0 */
/* What must hold between documents, once every one of them has been read. A document that is itself
 * broken still has its name, so that whoever names it is not blamed; beyond that nothing is asked
 * of it, so that one mistake gives one message. Private to policy/read.c and policy/check*.c. */
#pragma once

#include "policy/read.h"

/* One file, read as far as it could be. */
struct loaded {
    struct reading reading;
    struct place root; /* value NULL: it is no JSON object */
    union {            /* by kind; zeroed where nothing was read */
        struct ambit_document *document;
        struct ambit_person *person;
        struct ambit_agent *agent;
        struct ambit_service *service;
        struct ambit_policy *policy;
    } as;
    enum ambit_kind kind;
    bool is_broken; /* by its own fault */
};

/* A name under which a document can be meant. */
struct known_name {
    enum ambit_kind kind;
    struct ambit_str name;
    struct loaded *loaded;
};

/* An audience and the service that claims it. */
struct known_audience {
    struct ambit_str audience;
    struct loaded *service;
    size_t index;
};

struct loaded_set {
    struct loaded *v;
    size_t n;
    struct known_name *names; /* sorted by kind and name */
    size_t n_names;
    struct known_audience *audiences; /* sorted by audience */
    size_t n_audiences;
    struct arena *scratch;
};

/* NULL when there is no such document. */
struct loaded *check_find(const struct loaded_set *set, enum ambit_kind kind,
                          struct ambit_str name);
const struct known_audience *check_find_audience(const struct loaded_set *set,
                                                 struct ambit_str audience);
/* Element `index` of the list `key`. */
struct place check_element(const struct place *list, size_t index);

/* Fills names and audiences; NO_MEMORY, or OK. */
AMBIT_CHECKED enum ambit_err check_index(struct loaded_set *set);
/* Complains about everything that does not hold; also sets each agent's tier. */
void check_all(struct loaded_set *set);

/* The parts of check_all(). */
void check_people(struct loaded_set *set);                                 /* check_person.c */
void check_agent_of_set(struct loaded_set *set, struct loaded *agent);     /* check_agent.c */
void check_service_of_set(struct loaded_set *set, struct loaded *service); /* check_service.c */
void check_policy_of_set(struct loaded_set *set, struct loaded *policy);   /* check_policy.c */
void check_tier_of_policy(struct loaded_set *set, struct loaded *policy);  /* check_service.c */

void check_ways(struct loaded_set *set); /* check_way.c */
/* What no certificate can be matched with. */
void check_names(struct loaded *loaded, const struct ambit_credential *v, size_t n);

/* The person named by the member `key` exists and has the role `owner`. */
void check_owner(struct loaded_set *set, struct loaded *loaded, const char *key,
                 struct ambit_str name);
/* A document of that kind is named so; else complains at `at`, with the nearest name there is. */
struct loaded *check_reference(struct loaded_set *set, struct loaded *from, const struct place *at,
                               enum ambit_kind kind);
