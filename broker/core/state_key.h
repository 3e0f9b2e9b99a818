/* SPDX-License-Identifier: Apache-2.0 */
/* Keys of the state tables: 16 bytes of SHA-256 over a tag and length-framed parts, so that no text
 * stands in a key (LMDB's limit is 511 bytes) and no two things share one. */
#pragma once

#include "ambit/policy.h"
#include "store/store.h"

struct state_key {
    uint8_t b[16];
};
static inline struct store_key state_key_store(const struct state_key *key)
{
    return (struct store_key){.p = key->b, .len = sizeof key->b};
}

/* A history: (policy, id, is_stop, kind, field, by, key). */
struct state_key state_key_counter(const struct ambit_figure_query *query);
/* What a cut-off covers: the text form of a target, "agent:remediator", "all", …  */
struct state_key state_key_cutoff(enum ambit_target_kind kind, struct ambit_str name);
struct state_key state_key_cutoff_text(struct ambit_str target);
/* The grants of one agent under one policy (a hard stop on token requests revokes these). */
struct state_key state_key_cutoff_agent_policy(struct ambit_str agent, struct ambit_str policy);
struct state_key state_key_agent(struct ambit_str agent);
/* One incident is open for a hard stop and a counting key ("agent:remediator"). */
struct state_key state_key_incident(struct ambit_str policy, struct ambit_str stop,
                                    struct ambit_str key);
struct state_key state_key_person(struct ambit_str person);
/* What an agent has people asked: exactly this. */
struct state_key state_key_shown(struct ambit_str agent, const struct ambit_digest *shown);
