/* SPDX-License-Identifier: Apache-2.0 */
/* Whose standing the events so far ended or gave: people who were offboarded and came back, agents
 * whose owner confirmed them. 16 to 32 bytes each. Pure. */
#pragma once

#include "ledger/event.h"
#include "ledger/places.h"

struct people {
    struct places places;
};
void people_init(struct people *people, const uint64_t key[2]);
void people_done(struct people *people);
/* After the event was judged. */
AMBIT_CHECKED enum ambit_err people_note(struct people *people, const struct event *event);

/* What was wrong with the standing of an agent's owner when the event was decided: absent, "owner",
 * "backup", "attestation". NOT_FOUND: only the event can say it. */
AMBIT_CHECKED enum ambit_err people_fault(const struct people *people, const struct event *event,
                                          const struct ambit_agent *agent, bool is_partial,
                                          struct ambit_str *ret);
/* NULL, or what is wrong with the time until which the event says the agent is attested. */
const char *people_judge(const struct people *people, const struct event *event,
                         const struct ambit_agent *agent, bool is_partial);
