/* SPDX-License-Identifier: Apache-2.0 */
/* `ambitd --check` under review "enforce": what would keep the folder from coming in force, as
 * things stand in the store, which is only read. */
#include "core/internal.h"
#include "core/review.h"

static AMBIT_CHECKED enum ambit_err load_in_force(struct store *store, struct documents_ref **ret)
{
    static const struct ambit_digest none = {{0}};
    struct store_txn *txn = NULL;
    struct head head = {0};
    enum ambit_err err = store_read_begin(store, &txn);
    if (err != AMBIT_OK)
        return err;
    err = head_load(txn, &head);
    if (err == AMBIT_OK && !ambit_digest_eq(head.documents, none))
        err = documents_load(txn, &head.documents, ret);
    store_read_end(txn);
    return err == AMBIT_ERR_NOT_FOUND ? AMBIT_OK : err;
}

static AMBIT_CHECKED enum ambit_err open_store(const struct review_check *check, struct store **ret)
{
    BUF_AUTO folder;
    buf_init(&folder, 0);
    buf_printf(&folder, "%s/store", check->state_folder);
    buf_put_char(&folder, '\0');
    enum ambit_err err = buf_check(&folder);
    if (err != AMBIT_OK)
        return err;
    const struct store_options options = {.folder = folder.p, .read_only = true};
    err = store_open(&options, ret);
    return err == AMBIT_ERR_NOT_FOUND ? AMBIT_OK : err;
}

enum ambit_err review_check(const struct review_check *check,
                            const struct ambit_policy_set *proposed,
                            struct ambit_problems *problems)
{
    struct documents_ref *in_force = NULL;
    struct reviewer reviewer = {.folder = check->documents_folder,
                                .proposed = proposed,
                                .now_ms = check->now_ms,
                                .shows_folder = true};
    size_t before = problems->n_errors;
    enum ambit_err err = open_store(check, &reviewer.store);
    if (err == AMBIT_OK && reviewer.store != NULL)
        err = load_in_force(reviewer.store, &in_force);
    if (err == AMBIT_OK) {
        reviewer.in_force = in_force != NULL ? in_force->documents : NULL;
        err = review_run(&reviewer, problems);
    }
    struct store *store = reviewer.store;
    review_done(&reviewer);
    broker_documents_release(in_force);
    store_close(store);
    return err == AMBIT_OK && problems->n_errors > before ? AMBIT_ERR_MALFORMED : err;
}
