/* SPDX-License-Identifier: Apache-2.0 */
/* The transaction in which facts are written: where they go on, what is not needed any more. */
#include "ledger/facts_inside.h"

#include "base/encode.h"

enum { TRIM_AT_ONCE = 20000 };
static const int64_t grant_kept_ms = INT64_C(25) * 3600 * 1000,
                     approval_kept_ms = INT64_C(40) * 86400 * 1000;

static const uint8_t version_key[] = {'v'};

/* A machine of another byte order reads another number. */
static AMBIT_CHECKED enum ambit_err version_get(struct store_txn *txn, bool *ret)
{
    uint32_t version = 0;
    size_t len = 0;
    enum ambit_err err =
        store_get(txn, SEARCH_FACTS, (struct store_key){version_key, sizeof version_key}, &version,
                  sizeof version, &len);
    *ret = err == AMBIT_OK && len == sizeof version && version == FACTS_VERSION;
    return err == AMBIT_ERR_NOT_FOUND || err == AMBIT_ERR_TOO_LARGE ? AMBIT_OK : err;
}

enum ambit_err facts_are_there(struct search *search, uint64_t next, bool *ret)
{
    struct store_txn *txn = NULL;
    *ret = next == 0;
    if (next == 0)
        return AMBIT_OK;
    enum ambit_err err = search_read_begin(search, &txn);
    if (err != AMBIT_OK)
        return err;
    err = version_get(txn, ret);
    search_read_end(search, txn);
    return err;
}

enum { NO_TYPE = UINT8_MAX }; /* of a place before the first event */

enum ambit_err facts_begin(struct facts *facts, struct store_txn *txn, uint64_t next, bool is_first)
{
    struct facts_key key = facts_key_row(next / FACTS_PER_ROW);
    size_t n = next % FACTS_PER_ROW, len = 0;
    if (facts->next != next)
        facts_drop(facts); /* what was ended before was not committed */
    facts->txn = txn;
    facts->next = next;
    enum ambit_err err = names_begin(facts->names, txn);
    for (size_t i = 0; is_first && i < n; i++)
        facts->row[i] = (struct fact){.type = NO_TYPE};
    if (err != AMBIT_OK || n == 0 || is_first)
        return err;
    err = store_get(txn, SEARCH_FACTS, facts_key_store(&key), facts->row, sizeof facts->row, &len);
    if (err == AMBIT_ERR_NOT_FOUND || (err == AMBIT_OK && len != n * sizeof facts->row[0]))
        return AMBIT_ERR_DAMAGED;
    if (err == AMBIT_OK)
        facts->time_ms = facts->row[n - 1].time_ms;
    return err;
}

/* Ids begin with their time, so that what is old stands first. */
static AMBIT_CHECKED enum ambit_err trim(struct facts *facts, char table, int64_t kept_ms)
{
    uint8_t from[1] = {(uint8_t)table}, to[9] = {(uint8_t)table}, time[8];
    size_t n = 0;
    if (facts->time_ms <= kept_ms)
        return AMBIT_OK;
    put_be64(time, (uint64_t)(facts->time_ms - kept_ms) << 16);
    memcpy(to + 1, time, sizeof time);
    return store_delete_range(facts->txn, SEARCH_FACTS, (struct store_key){from, sizeof from},
                              (struct store_key){to, sizeof to}, TRIM_AT_ONCE, &n);
}

enum ambit_err facts_end(struct facts *facts)
{
    uint32_t version = FACTS_VERSION;
    size_t n = facts->next % FACTS_PER_ROW;
    struct facts_key key = facts_key_row(facts->next / FACTS_PER_ROW);
    enum ambit_err err = n == 0 ? AMBIT_OK
                                : search_put(facts->txn, facts_key_store(&key), facts->row,
                                             n * sizeof facts->row[0]);
    if (err == AMBIT_OK)
        err = facts_times_end(facts);
    if (err == AMBIT_OK)
        err = trim(facts, 'g', grant_kept_ms);
    if (err == AMBIT_OK)
        err = trim(facts, 'a', approval_kept_ms);
    if (err == AMBIT_OK)
        err = names_end(facts->names);
    if (err == AMBIT_OK)
        err = search_put(facts->txn, (struct store_key){version_key, sizeof version_key}, &version,
                         sizeof version);
    facts->txn = NULL;
    return err;
}

void facts_drop(struct facts *facts)
{
    facts->txn = NULL;
    facts->authority.number = facts->set.number = 0;
    facts_times_forget(facts);
    names_forget(facts->names);
}

enum ambit_err facts_new(struct facts **ret)
{
    struct facts *facts = calloc(1, sizeof *facts);
    enum ambit_err err = facts ? names_new(&facts->names) : AMBIT_ERR_NO_MEMORY;
    if (err != AMBIT_OK) {
        facts_free(facts);
        return err;
    }
    *ret = facts;
    return AMBIT_OK;
}

void facts_free(struct facts *facts)
{
    if (!facts)
        return;
    names_free(facts->names);
    free(facts);
}
