/* SPDX-License-Identifier: Apache-2.0 */
/* The parts of a trace: the events of a story, the facts in them, and how they are told. */
#pragma once

#include "base/arena.h"
#include "core/query_internal.h"
#include "ledger/ledger.h"

struct json_out;

enum { STORY_EVENTS_MAX = 500, FACTS_MAX = 64 };

struct story {
    struct broker *broker;
    struct reading reading;
    struct buf memory;
    const char *kind; /* of the subject */
    struct ambit_str id;
    uint64_t seqs[STORY_EVENTS_MAX];
    size_t n;
    bool is_cut; /* there were more */
};

/* What the events of a story name, each once, in order of first mention. Texts in the arena. */
struct trace_facts {
    struct arena arena;
    struct ambit_str owner, agent; /* of the subject itself, where it is of one */
    struct {
        struct ambit_str owner, agent;
    } people[FACTS_MAX]; /* who answers for whom: each agent of a delegation has its own */
    size_t n_people;
    struct {
        struct ambit_str policy;
        struct ambit_digest digest;
    } policies[FACTS_MAX];
    size_t n_policies;
    struct ambit_id grants[FACTS_MAX], stops[FACTS_MAX], incidents[FACTS_MAX];
    size_t n_grants, n_stops, n_incidents;
};
AMBIT_CHECKED enum ambit_err trace_gather(struct story *story, struct trace_facts *facts);
AMBIT_CHECKED enum ambit_err trace_write(struct story *story, const struct trace_facts *facts,
                                         struct json_out *out);
/* The story in English, a line an event. */
AMBIT_CHECKED enum ambit_err trace_text(struct story *story, const struct trace_facts *facts,
                                        struct buf *text);
