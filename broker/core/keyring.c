/* SPDX-License-Identifier: Apache-2.0 */
/* See keyring.h. */
#include "core/internal.h"

#include "base/json_write.h"
#include "core/keyring.h"

/* ---- private halves ------------------------------------------------------------------------ */

static size_t find(const struct key_halves *halves, const struct ambit_digest *kid)
{
    size_t i = 0;
    while (i < halves->n && !ambit_digest_eq(halves->v[i].kid, *kid))
        i++;
    return i;
}

enum ambit_err key_halves_add(struct key_halves *halves, struct crypto_key *key)
{
    struct ambit_digest kid = crypto_key_thumbprint(key);
    if (key_halves_has(halves, &kid))
        return AMBIT_OK;
    if (halves->n == KEYS_MAX)
        return AMBIT_ERR_NO_SPACE;
    halves->v[halves->n].kid = kid;
    halves->v[halves->n++].key = crypto_key_hold(key);
    return AMBIT_OK;
}

bool key_halves_has(const struct key_halves *halves, const struct ambit_digest *kid)
{
    return find(halves, kid) < halves->n;
}

void key_halves_keep(struct key_halves *halves, const struct broker_keys *keys)
{
    size_t kept = 0;
    for (size_t i = 0; i < halves->n; i++) {
        bool is_needed = false;
        for (size_t j = 0; keys != NULL && j < keys->n_needed && !is_needed; j++)
            is_needed = ambit_digest_eq(keys->needed[j], halves->v[i].kid);
        if (is_needed)
            halves->v[kept++] = halves->v[i];
        else
            crypto_key_free(halves->v[i].key);
    }
    halves->n = kept;
}

/* ---- what is published --------------------------------------------------------------------- */

static AMBIT_CHECKED enum ambit_err put_set(const struct key_row *rows, size_t n, struct buf *buf)
{
    struct json_out out;
    json_out_init(&out, buf, false);
    json_begin_object(&out);
    json_key(&out, "keys");
    json_begin_array(&out);
    for (size_t i = 0; i < n; i++)
        json_raw(&out, rows[i].jwk);
    json_end_array(&out);
    json_end_object(&out);
    return buf_check(buf);
}

static int64_t due_of(const struct key_row *rows, size_t n, int64_t rotate_ms)
{
    int64_t due_ms = INT64_MAX;
    bool has_next = false;
    for (size_t i = 0; i < n; i++)
        has_next |= rows[i].state == KEY_NEXT;
    for (size_t i = 0; i < n; i++) {
        int64_t at_ms = INT64_MAX;
        if (rows[i].state == KEY_NEXT)
            at_ms = rows[i].from_ms;
        else if (rows[i].state == KEY_PREVIOUS)
            at_ms = rows[i].until_ms;
        else if (!has_next && rotate_ms > 0)
            at_ms = rows[i].from_ms + rotate_ms - KEY_LEAD_MS;
        if (at_ms < due_ms)
            due_ms = at_ms;
    }
    return due_ms;
}

enum ambit_err keyring_build(struct store_txn *txn, const struct key_halves *halves,
                             int64_t rotate_ms, struct broker_keys **ret, int64_t *ret_due_ms)
{
    ARENA_AUTO arena;
    arena_init(&arena, NULL, 0, 0);
    struct key_row *rows = arena_array(&arena, KEYS_MAX, sizeof *rows);
    size_t n = 0, at = halves->n;
    if (rows == NULL)
        return AMBIT_ERR_NO_MEMORY;
    enum ambit_err err = key_rows_load(txn, &arena, rows, &n);
    const struct key_row *current = NULL;
    for (size_t i = 0; err == AMBIT_OK && i < n; i++)
        if (rows[i].state == KEY_CURRENT)
            current = &rows[i];
    if (err == AMBIT_OK && current != NULL)
        at = find(halves, &current->kid);
    if (err == AMBIT_OK && at == halves->n)
        err = AMBIT_ERR_NOT_FOUND;
    if (err != AMBIT_OK)
        return err;

    struct broker_keys *keys = calloc(1, sizeof *keys);
    if (keys == NULL)
        return AMBIT_ERR_NO_MEMORY;
    atomic_store(&keys->count, 1);
    buf_init(&keys->jwks, 0);
    err = put_set(rows, n, &keys->jwks);
    if (err == AMBIT_OK)
        err = jws_signer_new(halves->v[at].key, current->alg, &keys->signer);
    if (err != AMBIT_OK) {
        broker_keys_release(keys);
        return err;
    }
    for (size_t i = 0; i < n; i++)
        if (rows[i].state != KEY_PREVIOUS && keys->n_needed < AMBIT_LEN(keys->needed))
            keys->needed[keys->n_needed++] = rows[i].kid;
    *ret = keys;
    *ret_due_ms = due_of(rows, n, rotate_ms);
    return AMBIT_OK;
}

struct broker_keys *broker_keys_acquire(struct broker *broker)
{
    pthread_mutex_lock(&broker->lock);
    struct broker_keys *keys = broker->keys;
    atomic_fetch_add_explicit(&keys->count, 1, memory_order_relaxed);
    pthread_mutex_unlock(&broker->lock);
    return keys;
}

void broker_keys_release(struct broker_keys *keys)
{
    if (keys == NULL || atomic_fetch_sub(&keys->count, 1) != 1)
        return;
    jws_signer_free(keys->signer);
    buf_done(&keys->jwks);
    free(keys);
}
