/* SPDX-License-Identifier: Apache-2.0 */
/* The set in force: shared by count, kept in the store by digest, so that the folder is only a
 * proposal. */
#include "core/internal.h"

#include "base/arena.h"
#include "config/folder.h"
#include "core/document_row.h"
#include "core/set_row.h"
#include "crypto/digest.h"

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

static AMBIT_CHECKED enum ambit_err store_bytes(struct store_txn *txn, int kind,
                                                struct ambit_str name, struct ambit_str bytes,
                                                const struct ambit_digest *digest)
{
    BUF_AUTO row;
    buf_init(&row, 0);
    document_row_put(&row, &(struct document_row){.kind = kind, .name = name, .bytes = bytes});
    enum ambit_err err = buf_check(&row);
    return err != AMBIT_OK
               ? err
               : store_put(txn, STORE_DOCUMENTS, (struct store_key){digest->b, 32}, row.p, row.len);
}

static AMBIT_CHECKED enum ambit_err store_each(struct store_txn *txn,
                                               const struct ambit_document *first, size_t stride,
                                               size_t n)
{
    enum ambit_err err = AMBIT_OK;
    for (size_t i = 0; err == AMBIT_OK && i < n; i++) {
        const struct ambit_document *document = (const void *)((const char *)first + i * stride);
        err = store_bytes(txn, (int)document->kind, document->name, document->canonical,
                          &document->digest);
    }
    return err;
}

enum ambit_err documents_store(struct store_txn *txn, const struct ambit_documents *set)
{
    enum ambit_err err = store_each(txn, &set->people->doc, sizeof *set->people, set->n_people);
    if (err == AMBIT_OK)
        err = store_each(txn, &set->agents->doc, sizeof *set->agents, set->n_agents);
    if (err == AMBIT_OK)
        err = store_each(txn, &set->services->doc, sizeof *set->services, set->n_services);
    if (err == AMBIT_OK)
        err = store_each(txn, &set->policies->doc, sizeof *set->policies, set->n_policies);
    /* Two names may share their rules, and then share this row. */
    for (size_t i = 0; err == AMBIT_OK && i < set->n_zones; i++)
        err = store_bytes(txn, AMBIT_KIND_ZONE, AMBIT_STR(""), set->zones[i].tzif,
                          &set->zones[i].digest);
    if (err != AMBIT_OK)
        return err;

    BUF_AUTO row;
    buf_init(&row, SET_ROW_MAX);
    set_row_put(&row, set);
    err = buf_check(&row);
    return err != AMBIT_OK
               ? err
               : store_put(txn, STORE_SETS, (struct store_key){set->digest.b, 32}, row.p, row.len);
}

/* A row of documents, whatever its kind; the path is the name. */
static AMBIT_CHECKED enum ambit_err load_bytes(struct store_txn *txn, const uint8_t *digest,
                                               struct arena *arena, int *ret_kind,
                                               struct ambit_file *ret)
{
    size_t len = 0;
    struct document_row found;
    AMBIT_AUTO_FREE char *row = malloc(DOCUMENT_ROW_MAX);
    if (row == NULL)
        return AMBIT_ERR_NO_MEMORY;
    enum ambit_err err = store_get(txn, STORE_DOCUMENTS, (struct store_key){digest, 32}, row,
                                   DOCUMENT_ROW_MAX, &len);
    if (err == AMBIT_OK)
        err = document_row_read((struct ambit_str){.p = row, .len = len}, &found);
    if (err != AMBIT_OK)
        return err == AMBIT_ERR_NOT_FOUND ? AMBIT_ERR_DAMAGED : err;

    *ret_kind = found.kind;
    ret->name = arena_copy(arena, found.name);
    ret->bytes = arena_copy(arena, found.bytes);
    ret->path = ret->name;
    ret->digest = NULL;
    if (found.is_erased) { /* it goes by the digest of what it was */
        struct ambit_digest *original = arena_alloc(arena, sizeof *original);
        if (original == NULL)
            return AMBIT_ERR_NO_MEMORY;
        memcpy(original->b, digest, sizeof original->b);
        ret->digest = original;
    }
    return ret->name.p != NULL && ret->bytes.p != NULL ? AMBIT_OK : AMBIT_ERR_NO_MEMORY;
}

static AMBIT_CHECKED enum ambit_err load_document(struct store_txn *txn, const uint8_t *digest,
                                                  struct arena *arena, struct ambit_file *ret)
{
    int kind = 0;
    enum ambit_err err = load_bytes(txn, digest, arena, &kind, ret);
    if (err == AMBIT_OK && kind > AMBIT_KIND_POLICY)
        err = AMBIT_ERR_DAMAGED;
    ret->kind = (enum ambit_kind)kind;
    return err;
}

/* The zones of a stored set: nothing of the machine's own is asked. */
struct stored_zones {
    struct ambit_str *names;
    struct ambit_str *bytes;
    size_t n;
};

static enum ambit_err find_stored_zone(void *ctx, struct ambit_str name, struct ambit_str *ret)
{
    const struct stored_zones *zones = ctx;
    for (size_t i = 0; i < zones->n; i++) {
        if (ambit_str_eq(zones->names[i], name)) {
            *ret = zones->bytes[i];
            return AMBIT_OK;
        }
    }
    return AMBIT_ERR_NOT_FOUND;
}

static AMBIT_CHECKED enum ambit_err load_zones(struct store_txn *txn, struct set_row row,
                                               struct arena *arena, struct stored_zones *ret)
{
    size_t max = row.zones.len / 32 + 1;
    struct ambit_digest digest;
    struct ambit_str name;
    ret->names = arena_array(arena, max, sizeof *ret->names);
    ret->bytes = arena_array(arena, max, sizeof *ret->bytes);
    if (ret->names == NULL || ret->bytes == NULL)
        return AMBIT_ERR_NO_MEMORY;
    while (set_row_zone(&row, &digest, &name)) {
        struct ambit_file file = {.bytes = {NULL, 0}};
        int kind = 0;
        enum ambit_err err = load_bytes(txn, digest.b, arena, &kind, &file);
        if (err != AMBIT_OK)
            return err;
        if (kind != AMBIT_KIND_ZONE)
            return AMBIT_ERR_DAMAGED;
        ret->names[ret->n] = name;
        ret->bytes[ret->n++] = file.bytes;
    }
    return AMBIT_OK;
}

/* A set that was stored before zones were kept has its digest without them; they are the machine's,
 * and one that it does not know leaves the windows of that zone closed. */
static AMBIT_CHECKED enum ambit_err read_old(const struct ambit_file *files, size_t n,
                                             const struct ambit_digest *set,
                                             struct ambit_documents **ret)
{
    ZONES_AUTO zones = NULL;
    enum ambit_err err = zones_open(NULL, &zones);
    if (err != AMBIT_OK)
        return err;

    struct ambit_read_env env = folder_env(zones, 0);
    struct ambit_problems problems = {0};
    struct ambit_digest digest;
    err = ambit_documents_read(files, n, &env, &problems, ret);
    ambit_problems_done(&problems);
    if (err == AMBIT_ERR_MALFORMED) {
        problems = (struct ambit_problems){0};
        env.zone = NULL;
        err = ambit_documents_read(files, n, &env, &problems, ret);
        ambit_problems_done(&problems);
    }
    if (err != AMBIT_OK)
        return err;
    err = ambit_documents_digest(*ret, false, &env, &digest);
    if (err != AMBIT_OK)
        ambit_documents_free(TAKE(*ret));
    else if (ambit_digest_eq(digest, *set))
        (*ret)->digest = digest;
    return err;
}

static AMBIT_CHECKED enum ambit_err read_stored(struct store_txn *txn,
                                                const struct ambit_digest *set,
                                                const struct set_row *row, struct arena *arena,
                                                struct ambit_documents **ret)
{
    struct ambit_file *files = arena_array(arena, row->n + 1, sizeof *files);
    if (files == NULL)
        return AMBIT_ERR_NO_MEMORY;
    for (size_t i = 0; i < row->n; i++) {
        enum ambit_err err = load_document(txn, row->digests + 32 * i, arena, &files[i]);
        if (err != AMBIT_OK)
            return err;
    }
    if (!row->has_zones)
        return read_old(files, row->n, set, ret);

    struct stored_zones stored = {.n = 0};
    enum ambit_err err = load_zones(txn, *row, arena, &stored);
    if (err != AMBIT_OK)
        return err;
    struct ambit_read_env env = {.sha256 = crypto_sha256, .zone = find_stored_zone, .ctx = &stored};
    struct ambit_problems problems = {0};
    err = ambit_documents_read(files, row->n, &env, &problems, ret);
    ambit_problems_done(&problems);
    return err;
}

enum ambit_err documents_load(struct store_txn *txn, const struct ambit_digest *set,
                              struct documents_ref **ret)
{
    AMBIT_AUTO_FREE char *bytes = malloc(SET_ROW_MAX);
    struct ambit_documents *documents = NULL;
    struct set_row row = {0};
    size_t len = 0;
    ARENA_AUTO arena;
    arena_init(&arena, NULL, 0, 0);
    if (bytes == NULL)
        return AMBIT_ERR_NO_MEMORY;
    enum ambit_err err =
        store_get(txn, STORE_SETS, (struct store_key){set->b, 32}, bytes, SET_ROW_MAX, &len);
    if (err != AMBIT_OK)
        return err == AMBIT_ERR_NOT_FOUND ? AMBIT_ERR_DAMAGED : err;

    err = set_row_read((struct ambit_str){bytes, len}, &row);
    if (err == AMBIT_OK)
        err = read_stored(txn, set, &row, &arena, &documents);
    if (err == AMBIT_OK && !ambit_digest_eq(documents->digest, *set)) {
        ambit_documents_free(documents);
        err = AMBIT_ERR_DAMAGED;
    }
    if (err != AMBIT_OK)
        return err == AMBIT_ERR_MALFORMED ? AMBIT_ERR_DAMAGED : err;
    return documents_ref_new(documents, NULL, ret);
}
