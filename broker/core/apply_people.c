/* SPDX-License-Identifier: Apache-2.0 */
/* From what people said of documents, and of people, to the rows. */
#include "core/apply_people.h"

#include "base/arena.h"
#include "base/encode.h"
#include "core/confirm_row.h"
#include "core/state_key.h"

static bool cut_front(struct ambit_str *text, const char *front)
{
    size_t len = strlen(front);
    if (text->len < len || memcmp(text->p, front, len) != 0)
        return false;
    *text = (struct ambit_str){.p = text->p + len, .len = text->len - len};
    return true;
}

enum ambit_err apply_confirmed(struct store_txn *txn, const struct event *event)
{
    ARENA_AUTO arena;
    arena_init(&arena, NULL, 0, 0);
    const struct confirm_key key = {
        .digest = event->digest, .is_removal = event->is_removal, .person = event->person};
    struct confirm_row row = {0};
    enum ambit_err err = confirm_row_load(txn, &key, &arena, &row);
    if (err != AMBIT_OK && err != AMBIT_ERR_NOT_FOUND)
        return err;
    row.person = event->person;
    if (event->by.p != NULL) {
        row.signed_ms = event->time_ms;
        row.signed_seq = event->seq;
    } else {
        row.said_ms = event->time_ms;
        row.said_seq = event->seq;
        row.is_spent = false;
    }
    return confirm_row_store(txn, &key, &row);
}

enum ambit_err apply_superseded(struct store_txn *txn, const struct event *event)
{
    for (size_t i = 0; i < event->n_also; i++) {
        struct ambit_str what = event->also[i];
        struct ambit_digest digest;
        enum ambit_err err = AMBIT_ERR_DAMAGED;
        if (cut_front(&what, "person:")) {
            struct state_key key = state_key_person(what);
            err = store_delete(txn, STORE_OFFBOARDED, state_key_store(&key));
            err = err == AMBIT_ERR_NOT_FOUND ? AMBIT_ERR_DAMAGED : err;
        } else if (digest_decode(what, &digest) == AMBIT_OK) {
            err = confirm_rows_spend(txn, digest);
        }
        if (err != AMBIT_OK)
            return err;
    }
    return AMBIT_OK;
}

enum ambit_err apply_offboarded(struct store_txn *txn, const struct event *event)
{
    struct ambit_str person = event->target;
    if (!cut_front(&person, "owner:"))
        return AMBIT_ERR_DAMAGED;
    const struct offboard_row row = {.person = person,
                                     .by = event->person,
                                     .at_ms = event->time_ms,
                                     .seq = event->seq,
                                     .stop = event->stop};
    return offboard_row_store(txn, &row);
}
