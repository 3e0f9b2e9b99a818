/* SPDX-License-Identifier: Apache-2.0 */
/* Signals that no stop hears: the first of a service is recorded, what it says so within a minute
 * is counted and told in one event at its end. The writer's alone; a minute of memory. */
#pragma once

#include "ambit/model.h"

enum { UNHEARD_SLOTS = 64 };
struct unheard_slot {
    char service[AMBIT_AGENT_NAME_MAX];
    size_t len; /* 0: free */
    int64_t told_ms;
    uint64_t count; /* since */
};
struct unheard {
    struct unheard_slot slots[UNHEARD_SLOTS];
    struct unheard_slot before[UNHEARD_SLOTS]; /* at the begin of the batch, if it changed them */
    bool is_changed;
};
void unheard_keep(struct unheard *unheard);
void unheard_restore(struct unheard *unheard);
/* True: to be recorded now. False: counted. */
bool unheard_tell(struct unheard *unheard, struct ambit_str service, int64_t now_ms);
/* A slot whose minute is over and that counted something, or NULL; the caller records it and frees
 * it. */
struct unheard_slot *unheard_due(struct unheard *unheard, int64_t now_ms);
void unheard_free(struct unheard *unheard, struct unheard_slot *slot);
