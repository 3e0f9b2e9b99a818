/* SPDX-License-Identifier: Apache-2.0 */
/* The rows of stops and of incidents. Personal words are not copied here: they stand in the event
 * (its sequence is in the row) and are read from its opening. */
#pragma once

#include "ambit/policy.h"

struct arena;
struct buf;
struct store_txn;

struct stop_row {
    struct ambit_id id, incident;
    struct ambit_str target; /* "agent:x" */
    struct ambit_str by;     /* person's name, or "hard_stop:POLICY/ID" */
    struct ambit_str agent;  /* that acted, for a hard stop; absent otherwise */
    bool by_person, holds;
    uint64_t seq; /* of stop.raised */
    int64_t raised_ms;
    int64_t cleared_ms; /* 0: in force */
    uint64_t cleared_seq;
    struct ambit_str cleared_by;
    /* Where two people clear: the first, and when they asked. Absent: nobody did. */
    struct ambit_str asked_by;
    int64_t asked_ms;
    uint64_t asked_seq; /* of stop.clear_asked */
};
void stop_row_encode(const struct stop_row *row, struct buf *buf);
AMBIT_CHECKED enum ambit_err stop_row_decode(struct ambit_str bytes, struct arena *arena,
                                             struct stop_row *ret);
/* The row of a stop in the store; texts in the arena. NOT_FOUND. */
AMBIT_CHECKED enum ambit_err stop_row_load(struct store_txn *txn, struct ambit_id id,
                                           struct arena *arena, struct stop_row *ret);

struct incident_row {
    struct ambit_id id, stop;
    struct ambit_str owner, agent, policy, rule; /* absent where a stop covers no one of these */
    uint64_t seq;                                /* of incident.opened */
    int64_t opened_ms;
    /* Not in the rows of the first version, which knew of no end: absent and zero there. */
    bool is_later;
    struct ambit_str service; /* on whose word it rests */
    struct ambit_str key;     /* of the hard stop; absent: nothing joins it */
    struct ambit_str backup;  /* who is next */
    int64_t escalates_ms;     /* 0: it goes no further */
    struct ambit_str level;   /* "backup", "escalation"; absent: it is the owner's */
    struct ambit_str to;      /* the person it went to, where it is one */
    int64_t escalated_ms;
    int64_t acknowledged_ms; /* 0: nobody has */
    struct ambit_str acknowledged_by;
    int64_t closed_ms; /* 0: open */
    uint64_t closed_seq;
    struct ambit_str closed_by;
    uint64_t n_stops;          /* that it stands for */
    struct ambit_id last_stop; /* none: the first */
};
void incident_row_encode(const struct incident_row *row, struct buf *buf);
AMBIT_CHECKED enum ambit_err incident_row_decode(struct ambit_str bytes, struct arena *arena,
                                                 struct incident_row *ret);
/* NOT_FOUND. */
AMBIT_CHECKED enum ambit_err incident_row_load(struct store_txn *txn, struct ambit_id id,
                                               struct arena *arena, struct incident_row *ret);
