/* SPDX-License-Identifier: Apache-2.0 */
/* Attestation and its lapse (policy-language.md, "No owner, no authority"). */
#include "core/attest.h"

#include "base/arena.h"
#include "core/confirm_row.h"

enum { AHEAD_MS = 14 * 86400 * 1000, AGENTS_AT_ONCE = 500 };

static AMBIT_CHECKED enum ambit_err attested_until(const struct broker *broker,
                                                   struct store_txn *txn,
                                                   const struct ambit_agent *agent, int64_t *ret)
{
    char block[512];
    ARENA_AUTO arena;
    arena_init(&arena, block, sizeof block, 0);
    const struct confirm_key key = {.digest = agent->doc.digest, .person = agent->owner};
    struct confirm_row row;
    *ret = EVENT_ATTESTED_NEVER;
    if (!atomic_load_explicit(&broker->has_confirmed, memory_order_relaxed))
        return AMBIT_OK;
    enum ambit_err err = confirm_row_load(txn, &key, &arena, &row);
    if (err != AMBIT_OK)
        return err == AMBIT_ERR_NOT_FOUND ? AMBIT_OK : err;
    int64_t said_ms = row.is_spent ? 0 : row.said_ms;
    int64_t signed_ms = row.is_signed_spent ? 0 : row.signed_ms;
    int64_t since_ms = said_ms > signed_ms ? said_ms : signed_ms;
    if (since_ms > 0)
        *ret = since_ms + broker->attestation_s * 1000;
    return AMBIT_OK;
}

static AMBIT_CHECKED enum ambit_err has_left(struct broker *broker, struct store_txn *txn,
                                             struct ambit_str person, bool *ret)
{
    char block[512];
    ARENA_AUTO arena;
    arena_init(&arena, block, sizeof block, 0);
    struct offboard_row row;
    *ret = false;
    if (!atomic_load(&broker->has_offboarded))
        return AMBIT_OK;
    enum ambit_err err = offboard_row_load(txn, person, &arena, &row);
    *ret = err == AMBIT_OK;
    return err == AMBIT_ERR_NOT_FOUND ? AMBIT_OK : err;
}

bool broker_person_left(struct broker *broker, struct ambit_str person)
{
    struct store_txn *txn = NULL;
    bool left = true;
    if (!atomic_load(&broker->has_offboarded))
        return false;
    enum ambit_err err = store_read_begin(broker->store, &txn);
    if (err != AMBIT_OK)
        return true;
    err = has_left(broker, txn, person, &left);
    store_read_end(txn);
    return err != AMBIT_OK || left;
}

static AMBIT_CHECKED enum ambit_err has_rows(struct store_txn *txn, enum store_table table,
                                             bool *ret)
{
    STORE_CURSOR_AUTO cursor = NULL;
    enum ambit_err err = store_cursor_open(txn, table, &cursor);
    if (err == AMBIT_OK)
        err = store_cursor_move(cursor, STORE_FIRST, (struct store_key){0}, NULL, NULL);
    *ret = err == AMBIT_OK;
    return err == AMBIT_ERR_NOT_FOUND ? AMBIT_OK : err;
}

enum ambit_err people_look(struct broker *broker, struct store_txn *txn)
{
    bool has_offboarded = true, has_confirmed = true;
    enum ambit_err err = has_rows(txn, STORE_OFFBOARDED, &has_offboarded);
    if (err == AMBIT_OK)
        err = has_rows(txn, STORE_CONFIRMATIONS, &has_confirmed);
    atomic_store(&broker->has_offboarded, has_offboarded);
    atomic_store(&broker->has_confirmed, has_confirmed);
    return err;
}

enum ambit_err standing_of(struct broker *broker, struct store_txn *txn,
                           const struct ambit_agent *agent, int64_t now_ms, struct standing *ret)
{
    bool owner_left = false, backup_left = false;
    *ret = (struct standing){0};
    enum ambit_err err = attested_until(broker, txn, agent, &ret->attested_until_ms);
    if (err == AMBIT_OK)
        err = has_left(broker, txn, agent->owner, &owner_left);
    if (err == AMBIT_OK)
        err = has_left(broker, txn, agent->backup, &backup_left);
    bool is_lapsed = ret->attested_until_ms <= now_ms;
    if (owner_left)
        ret->fault = AMBIT_STR("owner");
    else if (backup_left)
        ret->fault = AMBIT_STR("backup");
    else if (is_lapsed && broker->is_enforcing)
        ret->fault = AMBIT_STR("attestation");
    ret->is_unattested = is_lapsed && !broker->is_enforcing;
    return err;
}

/* ---- ahead of time ---- */

static void round_ends(struct broker *broker)
{
    struct attest_round *round = &broker->attest;
    uint64_t before = atomic_exchange(&broker->metrics.lapsing, round->n_lapsing);
    if (round->n_lapsing > 0 && round->n_lapsing != before && broker->is_enforcing)
        LOG(LOG_WARNING, "attestations have lapsed or lapse within two weeks: owners confirm again",
            LOG_NUMBER("agents", (int64_t)round->n_lapsing),
            LOG_TEXT("first", ((struct ambit_str){.p = round->first, .len = round->first_len})));
    *round = (struct attest_round){0};
}

enum ambit_err attest_tick(struct broker *broker, struct store_txn *txn, int64_t now_ms)
{
    struct attest_round *round = &broker->attest;
    const struct ambit_documents *set =
        broker->batch.documents != NULL ? broker->batch.documents->documents : NULL;
    for (size_t i = 0; set != NULL && i < AGENTS_AT_ONCE && round->next < set->n_agents; i++) {
        const struct ambit_agent *agent = &set->agents[round->next++];
        int64_t until_ms = 0;
        enum ambit_err err = attested_until(broker, txn, agent, &until_ms);
        if (err != AMBIT_OK)
            return err;
        if (until_ms > now_ms + AHEAD_MS)
            continue;
        if (round->n_lapsing++ == 0) {
            round->first_len = agent->doc.name.len;
            memcpy(round->first, agent->doc.name.p, agent->doc.name.len);
        }
    }
    if (set == NULL || round->next >= set->n_agents)
        round_ends(broker);
    return AMBIT_OK;
}
