/* SPDX-License-Identifier: Apache-2.0 */
/* The set in force: shared by count, kept in the store by digest, so that the folder is only a
 * proposal. */
#include "core/internal.h"

#include "base/arena.h"
#include "config/folder.h"

void broker_documents_keep(struct documents_ref *ref)
{
    atomic_fetch_add_explicit(&ref->count, 1, memory_order_relaxed);
}

void broker_documents_release(struct documents_ref *ref)
{
    if (ref == NULL || atomic_fetch_sub_explicit(&ref->count, 1, memory_order_acq_rel) != 1)
        return;
    identity_keys_free(ref->keys);
    ambit_policy_set_free(ref->set);
    free(ref);
}

struct documents_ref *broker_documents_acquire(struct broker *broker)
{
    pthread_mutex_lock(&broker->lock);
    struct documents_ref *ref = broker->documents;
    broker_documents_keep(ref);
    pthread_mutex_unlock(&broker->lock);
    return ref;
}

struct holds *broker_holds_acquire(struct broker *broker)
{
    pthread_mutex_lock(&broker->lock);
    struct holds *holds = broker->holds;
    holds_keep(holds);
    pthread_mutex_unlock(&broker->lock);
    return holds;
}

void documents_publish(struct broker *broker, struct documents_ref *ref)
{
    broker_documents_keep(ref);
    pthread_mutex_lock(&broker->lock);
    struct documents_ref *old = broker->documents;
    broker->documents = ref;
    pthread_mutex_unlock(&broker->lock);
    broker_documents_release(old);
}

/* A key that does not import is a problem of its document. */
static AMBIT_CHECKED enum ambit_err key_problem(struct ambit_problems *problems,
                                                struct ambit_str name, const char *what)
{
    struct ambit_problem problem = {
        .file = name,
        .pointer = AMBIT_STR("/authenticate"),
        .what = ambit_str_of(what),
        .expected = AMBIT_STR("a JWK set with public keys of a supported kind"),
    };
    enum ambit_err err = problems != NULL ? ambit_problems_add(problems, &problem) : AMBIT_OK;
    return err == AMBIT_OK ? AMBIT_ERR_MALFORMED : err;
}

enum ambit_err documents_ref_new(struct ambit_documents *documents, struct ambit_problems *problems,
                                 struct documents_ref **ret)
{
    struct identity_keys *keys = NULL;
    struct ambit_policy_set *set = NULL;
    struct ambit_str name = {0};
    const char *what = "";
    enum ambit_err err = identity_keys_new(documents, &keys, &name, &what);
    if (err != AMBIT_OK) {
        if (err == AMBIT_ERR_MALFORMED)
            err = key_problem(problems, name, what);
        ambit_documents_free(documents);
        return err;
    }
    struct documents_ref *ref = calloc(1, sizeof *ref);
    err = ambit_policy_compile(documents, &set);
    if (err != AMBIT_OK || ref == NULL) {
        free(ref);
        identity_keys_free(keys);
        if (err == AMBIT_OK)
            ambit_policy_set_free(set);
        return err != AMBIT_OK ? err : AMBIT_ERR_NO_MEMORY;
    }
    ref->set = set;
    ref->keys = keys;
    ref->documents = ambit_policy_documents(set);
    atomic_init(&ref->count, 1);
    *ret = ref;
    return AMBIT_OK;
}

/* ---- in the store -------------------------------------------------------------------------- */

/* Every document of a set in set order: people, agents, services, policies, each by name. */
struct each_document {
    const struct ambit_documents *documents;
    size_t index;
};

static const struct ambit_document *next_document(struct each_document *each)
{
    const struct ambit_documents *set = each->documents;
    size_t i = each->index++;
    if (i < set->n_people)
        return &set->people[i].doc;
    i -= set->n_people;
    if (i < set->n_agents)
        return &set->agents[i].doc;
    i -= set->n_agents;
    if (i < set->n_services)
        return &set->services[i].doc;
    i -= set->n_services;
    return i < set->n_policies ? &set->policies[i].doc : NULL;
}

static AMBIT_CHECKED enum ambit_err store_document(struct store_txn *txn,
                                                   const struct ambit_document *document,
                                                   struct buf *row)
{
    buf_reset(row);
    buf_put_char(row, (char)document->kind);
    buf_put_char(row, (char)document->name.len);
    buf_put_str(row, document->name);
    buf_put_str(row, document->canonical);
    enum ambit_err err = buf_check(row);
    return err != AMBIT_OK
               ? err
               : store_put(txn, STORE_DOCUMENTS, (struct store_key){document->digest.b, 32}, row->p,
                           row->len);
}

enum ambit_err documents_store(struct store_txn *txn, const struct ambit_documents *documents)
{
    struct each_document each = {.documents = documents};
    const struct ambit_document *document = NULL;
    BUF_AUTO row, digests;
    buf_init(&row, 0);
    buf_init(&digests, 0);
    while ((document = next_document(&each)) != NULL) {
        enum ambit_err err = store_document(txn, document, &row);
        if (err != AMBIT_OK)
            return err;
        buf_put(&digests, document->digest.b, 32);
    }
    enum ambit_err err = buf_check(&digests);
    return err != AMBIT_OK ? err
                           : store_put(txn, STORE_SETS, (struct store_key){documents->digest.b, 32},
                                       digests.p, digests.len);
}

static AMBIT_CHECKED enum ambit_err load_document(struct store_txn *txn, const uint8_t *digest,
                                                  struct arena *arena, struct ambit_file *ret)
{
    size_t size = AMBIT_DOCUMENT_BYTES + 2 + AMBIT_AGENT_NAME_MAX, len = 0;
    AMBIT_AUTO_FREE char *row = malloc(size);
    if (row == NULL)
        return AMBIT_ERR_NO_MEMORY;
    enum ambit_err err =
        store_get(txn, STORE_DOCUMENTS, (struct store_key){digest, 32}, row, size, &len);
    if (err != AMBIT_OK)
        return err == AMBIT_ERR_NOT_FOUND ? AMBIT_ERR_DAMAGED : err;
    if (len < 2 || len < 2u + (uint8_t)row[1] || (uint8_t)row[0] > AMBIT_KIND_POLICY)
        return AMBIT_ERR_DAMAGED;

    size_t name_len = (uint8_t)row[1];
    ret->kind = (enum ambit_kind)row[0];
    ret->name = arena_copy(arena, (struct ambit_str){.p = row + 2, .len = name_len});
    ret->bytes =
        arena_copy(arena, (struct ambit_str){.p = row + 2 + name_len, .len = len - 2 - name_len});
    ret->path = ret->name;
    return ret->name.p != NULL && ret->bytes.p != NULL ? AMBIT_OK : AMBIT_ERR_NO_MEMORY;
}

enum ambit_err documents_load(struct store_txn *txn, struct zones *zones,
                              const struct ambit_digest *set, struct documents_ref **ret)
{
    size_t size = (size_t)FOLDER_FILES_MAX * 32, len = 0;
    AMBIT_AUTO_FREE uint8_t *digests = malloc(size);
    ARENA_AUTO arena;
    arena_init(&arena, NULL, 0, 0);
    if (digests == NULL)
        return AMBIT_ERR_NO_MEMORY;
    enum ambit_err err =
        store_get(txn, STORE_SETS, (struct store_key){set->b, 32}, digests, size, &len);
    if (err != AMBIT_OK)
        return err == AMBIT_ERR_NOT_FOUND ? AMBIT_ERR_DAMAGED : err;

    size_t n = len / 32;
    struct ambit_file *files = arena_array(&arena, n + 1, sizeof *files);
    if (files == NULL)
        return AMBIT_ERR_NO_MEMORY;
    for (size_t i = 0; i < n; i++) {
        err = load_document(txn, digests + 32 * i, &arena, &files[i]);
        if (err != AMBIT_OK)
            return err;
    }
    struct ambit_problems problems = {0};
    struct ambit_documents *documents = NULL;
    struct ambit_read_env env = folder_env(zones, 0);
    err = ambit_documents_read(files, n, &env, &problems, &documents);
    ambit_problems_done(&problems);
    if (err == AMBIT_OK && !ambit_digest_eq(documents->digest, *set)) {
        ambit_documents_free(documents);
        err = AMBIT_ERR_DAMAGED;
    }
    if (err != AMBIT_OK)
        return err == AMBIT_ERR_MALFORMED ? AMBIT_ERR_DAMAGED : err;
    return documents_ref_new(documents, NULL, ret);
}
