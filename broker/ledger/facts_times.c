/* SPDX-License-Identifier: Apache-2.0 */
/* The rows of 'g' and 'a': two times each, in native order like the facts. Use after use is of the
 * same few grants, so rows are kept until the transaction ends, each in the one place that it falls
 * on, and written once. */
#include "ledger/facts_inside.h"

enum { TIMES_BYTES = 2 * sizeof(int64_t) };

static AMBIT_CHECKED enum ambit_err store(struct facts *facts, struct recent_times *recent)
{
    if (!recent->is_changed)
        return AMBIT_OK;
    recent->is_changed = false;
    return search_put(facts->txn, facts_key_store(&recent->key), recent->times, TIMES_BYTES);
}

enum ambit_err facts_times_end(struct facts *facts)
{
    for (size_t i = 0; i < AMBIT_LEN(facts->times); i++) {
        enum ambit_err err = store(facts, &facts->times[i]);
        if (err != AMBIT_OK)
            return err;
    }
    facts_times_forget(facts);
    return AMBIT_OK;
}

void facts_times_forget(struct facts *facts)
{
    for (size_t i = 0; i < AMBIT_LEN(facts->times); i++)
        facts->times[i] = (struct recent_times){.is_changed = false};
}

/* The place of a key, which is another's until it is taken. */
static struct recent_times *place_of(struct facts *facts, const struct facts_key *key, bool *ret)
{
    struct recent_times *recent = &facts->times[key->b[key->len - 1] % AMBIT_LEN(facts->times)];
    *ret = recent->key.len == key->len && memcmp(recent->key.b, key->b, key->len) == 0;
    return recent;
}

static AMBIT_CHECKED enum ambit_err take(struct facts *facts, struct recent_times *recent,
                                         const struct facts_key *key, const int64_t times[2])
{
    enum ambit_err err = store(facts, recent);
    *recent = (struct recent_times){.key = *key, .times = {times[0], times[1]}};
    return err;
}

enum ambit_err facts_times_get(struct facts *facts, const struct facts_key *key, int64_t times[2],
                               bool *ret)
{
    size_t len = 0;
    struct recent_times *recent = place_of(facts, key, ret);
    if (*ret) {
        memcpy(times, recent->times, TIMES_BYTES);
        return AMBIT_OK;
    }
    enum ambit_err err =
        store_get(facts->txn, SEARCH_FACTS, facts_key_store(key), times, TIMES_BYTES, &len);
    *ret = err == AMBIT_OK && len == TIMES_BYTES;
    if (*ret)
        return take(facts, recent, key, times);
    return err == AMBIT_ERR_NOT_FOUND ? AMBIT_OK : err;
}

enum ambit_err facts_times_put(struct facts *facts, const struct facts_key *key,
                               const int64_t times[2])
{
    bool is_there = false;
    struct recent_times *recent = place_of(facts, key, &is_there);
    enum ambit_err err = is_there ? AMBIT_OK : take(facts, recent, key, times);
    memcpy(recent->times, times, TIMES_BYTES);
    recent->is_changed = true;
    return err;
}
