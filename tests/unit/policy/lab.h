/* SPDX-License-Identifier: Apache-2.0 */
/* A small world for the engine's tests: documents written as in the language page (with ' for "), a
 * map of figures in place of history, stops in force, and one decision to look at. */
#pragma once

#include "ambit/policy.h"
#include "base/arena.h"

enum { LAB_NOW_S = 1795168800 }; /* 2026-11-20T10:00:00Z */
#define LAB_NOW_MS      ((int64_t)LAB_NOW_S * 1000)
#define LAB_AUDIENCE    AMBIT_STR("https://payments.example.gov")
#define LAB_OTHER       AMBIT_STR("https://other.example.gov")
#define LAB_COMPOSITION "sha256:9f9f9f9f9f9f9f9f9f9f9f9f9f9f9f9f9f9f9f9f9f9f9f9f9f9f9f9f9f9f9f9f"
/* Members every policy needs, when a test says nothing about them. */
#define LAB_QUIET                                                                                  \
    "'hard_stops':[{'id':'quiet','on':'denied','actions':['never.used'],'count':9,'within':'1m','" \
    "then':'suspend_agent'}]"

struct lab_figure {
    char key[512]; /* policy/id/stop|rule/kind/field/by/key; of an `after` the field is left out; of
                      different names what they are stands behind '=' */
    int64_t value;
};
struct lab {
    struct ambit_policy_set *set;
    struct arena arena;
    struct ambit_decision d;
    struct lab_figure figures[256];
    size_t n_figures, n_reads;
    int64_t asked_ms; /* when the last question was asked */
    struct ambit_stop_view stops[16];
    struct ambit_world world;
    struct ambit_id same; /* what same_live answers */
    struct ambit_given items[AMBIT_GIVEN_MAX];
    struct ambit_except except[AMBIT_EXCEPT_MAX];
    struct ambit_grant_view grant; /* of the last lab_take_grant() */
    struct ambit_explanation explanation;
};

/* One policy: `name`, and the members from `'allow'` on; `head` are further members, or "". */
struct lab_policy {
    const char *name, *head, *body;
};

/* dana owns agent `remediator` (team payments) with backup sam; the services payments-api and
 * other. */
void lab_open(struct lab *lab, const struct lab_policy *policies, size_t n);
/* The same with the owner or the backup not active. */
void lab_open_with(struct lab *lab, const struct lab_policy *policies, size_t n, bool dana_active,
                   bool sam_active);
/* Several agents: `more` are further members ("'delegates_to':['b'],"), or "". People: a list that
 * ends with NULL; "-lee" is not active, "kim@ops" is of team ops, all others of team payments. */
struct lab_agent {
    const char *name, *owner, *backup, *policies, *more;
};
struct lab_documents {
    const char *const *people;
    const struct lab_agent *agents;
    size_t n_agents;
    const struct lab_policy *policies;
    size_t n_policies;
};
void lab_open_agents(struct lab *lab, const struct lab_documents *documents);
void lab_close(struct lab *lab);

void lab_set(struct lab *lab, const char *key, int64_t value);
int64_t lab_get(const struct lab *lab, const char *key);
/* Writes the charges of the last decision into the figures. */
void lab_commit(struct lab *lab);
struct ambit_id lab_id(uint8_t n);
void lab_stop(struct lab *lab, uint8_t id, enum ambit_target_kind kind, const char *target);

/* A question for one item, with everything else as it passes. */
struct ambit_grant_question lab_question(const struct ambit_item *items, size_t n);
void lab_decide_grant(struct lab *lab, const struct ambit_grant_question *question);
void lab_decide_action(struct lab *lab, const struct ambit_action_question *question);
/* Turns the last allowed grant into the row that actions are asked about. */
void lab_take_grant(struct lab *lab, const struct ambit_grant_question *question);
/* payments-api asks about the row. */
struct ambit_action_question lab_action(const struct lab *lab, const char *action,
                                        const char *resource);
/* The last decision again, from its figures and used stops: the same to the byte of what it says.
 */
void lab_replay_grant(struct lab *lab, const struct ambit_grant_question *question);
void lab_replay_action(struct lab *lab, const struct ambit_action_question *question);

/* `want` NULL: anything. */
void lab_assert_text(const char *what, struct ambit_str got, const char *want);
/* In lab->explanation every check before the one that failed passed, with words; none behind it was
 * reached. */
void lab_assert_checks(const struct lab *lab, size_t failed, size_t n);
