/* SPDX-License-Identifier: Apache-2.0 */
/* Goal: CKP-2: the log signs what is durable and follows from what it signed before, and nothing
 * else; what was told stands in the file; who waits is told once. */
#include "support/folder.h"
#include "support/unit.h"

#include <fcntl.h>
#include <stdatomic.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/encode.h"
#include "base/file.h"
#include "crypto/key.h"
#include "ledger/tlog.h"
#include "store/store.h"

enum { HASH_BYTES = 32, SOON_MS = 5000 };

/* A record of leaves, its tree in memory, and a log over it. */
struct fixture {
    char folder[FOLDER_PATH_MAX], log[FOLDER_PATH_MAX], witness[FOLDER_PATH_MAX];
    struct store *store;
    struct crypto_key *key;
    struct tree_edge start;
    struct tlog *tlog;
};
static struct tree_edge tree; /* as the head row would have it */
static _Atomic uint64_t durable_size, told[TLOG_STEPS];

static void add_leaves(struct fixture *f, size_t n, char seed)
{
    struct store_txn *txn = NULL;
    assert_int_equal(store_write_begin(f->store, &txn), AMBIT_OK);
    for (size_t i = 0; i < n; i++) {
        uint8_t key[8], row[HASH_BYTES + 2] = {0};
        row[HASH_BYTES] = (uint8_t)seed;
        row[HASH_BYTES + 1] = (uint8_t)tree.size;
        struct ambit_digest leaf =
            tree_leaf((struct ambit_str){.p = (const char *)row + HASH_BYTES, .len = 2});
        memcpy(row, leaf.b, sizeof leaf.b);
        put_be64(key, tree.size);
        assert_int_equal(
            store_put(txn, STORE_EVENTS, (struct store_key){key, sizeof key}, row, sizeof row),
            AMBIT_OK);
        assert_int_equal(tree_append(&tree, txn, leaf), AMBIT_OK);
    }
    /* What head.c does: the edge stands in the store, and is read in the same transaction. */
    assert_int_equal(
        store_put(txn, STORE_META, (struct store_key){"edge", 4}, &tree, sizeof tree), AMBIT_OK);
    assert_int_equal(store_write_commit(txn), AMBIT_OK);
}

static void commit(struct fixture *f, size_t n)
{
    add_leaves(f, n, 'a');
    atomic_store(&durable_size, tree.size);
    if (f->tlog)
        tlog_wake(f->tlog);
}

static enum ambit_err edge_of(struct store_txn *txn, struct tree_edge *ret)
{
    size_t len = 0;
    return store_get(txn, STORE_META, (struct store_key){"edge", 4}, ret, sizeof *ret, &len);
}

static uint64_t durable(void *ctx)
{
    (void)ctx;
    return atomic_load(&durable_size);
}

static void tell(void *ctx, enum tlog_step step, enum ambit_err err)
{
    (void)ctx;
    if (err != AMBIT_OK)
        atomic_fetch_add(&told[step], 1);
}

static void log_start(struct fixture *f, uint64_t size, struct ambit_digest root)
{
    const struct tlog_options options = {.store = f->store,
                                         .folder = f->log,
                                         .witness_file = f->witness,
                                         .origin = AMBIT_STR("log.example"),
                                         .key = f->key,
                                         .size = size,
                                         .root = root,
                                         .edge = edge_of,
                                         .durable = durable,
                                         .told = tell};
    assert_int_equal(tlog_start(&options, &f->tlog), AMBIT_OK);
}

static void setup(struct fixture *f)
{
    char path[FOLDER_PATH_MAX];
    *f = (struct fixture){.store = NULL};
    memset(&tree, 0, sizeof tree);
    atomic_store(&durable_size, 0);
    for (size_t i = 0; i < TLOG_STEPS; i++)
        atomic_store(&told[i], 0);
    folder_make(f->folder);
    assert_int_equal(mkdir(folder_join(f->log, f->folder, "log"), 0700), 0);
    folder_join(f->witness, f->folder, "witness");
    struct store_options options = {
        .folder = folder_join(path, f->folder, "store"), .create = true, .map_bytes = 64 << 20};
    assert_int_equal(store_open(&options, &f->store), AMBIT_OK);
    assert_int_equal(crypto_key_new(CRYPTO_ED25519, &f->key), AMBIT_OK);
}

static void teardown(struct fixture *f)
{
    tlog_stop(f->tlog);
    store_close(f->store);
    crypto_key_free(f->key);
    folder_remove(f->folder);
}

static void read_checkpoint(const char *folder, const char *name, const struct tlog *log,
                            struct buf *note, struct checkpoint *ret)
{
    char path[FOLDER_PATH_MAX];
    buf_reset(note);
    assert_int_equal(file_read(AT_FDCWD, folder_join(path, folder, name), NOTE_BYTES_MAX, note),
                     AMBIT_OK);
    assert_int_equal(checkpoint_open(buf_str(note), tlog_verifier(log), ret), AMBIT_OK);
}

static void test_follows_the_record_ckp_2(void **state)
{
    struct fixture f;
    BUF_AUTO note = {0};
    struct checkpoint on_disk, mirrored;
    (void)state;
    setup(&f);
    commit(&f, 3);
    log_start(&f, 0, tree_root(&f.start));
    TLOG_CHECKPOINT_AUTO *first = tlog_checkpoint_acquire(f.tlog);
    assert_int_equal(first->size, 3);
    commit(&f, 300);
    assert_true(tlog_wait(f.tlog, 302, SOON_MS));
    TLOG_CHECKPOINT_AUTO *next = tlog_checkpoint_acquire(f.tlog);
    struct ambit_digest root = tree_root(&tree);
    assert_int_equal(next->size, 303);
    assert_true(ambit_digest_eq(next->root, root));
    read_checkpoint(f.log, "checkpoint", f.tlog, &note, &on_disk);
    assert_true(on_disk.size == 303 && ambit_digest_eq(on_disk.root, root));
    assert_true(ambit_str_eq(buf_str(&note), buf_str(&next->note)));
    read_checkpoint(f.folder, "witness", f.tlog, &note, &mirrored);
    assert_int_equal(mirrored.size, 303);
    assert_false(tlog_wait(f.tlog, 303, 20));
    teardown(&f);
}

/* What is in the store and not known to be durable is not signed. */
static void test_signs_what_is_durable_ckp_2(void **state)
{
    struct fixture f;
    (void)state;
    setup(&f);
    commit(&f, 3);
    log_start(&f, 0, tree_root(&f.start));
    add_leaves(&f, 1, 'a');
    tlog_wake(f.tlog);
    assert_false(tlog_wait(f.tlog, 3, 300));
    atomic_store(&durable_size, tree.size);
    assert_true(tlog_wait(f.tlog, 3, SOON_MS));
    assert_int_equal(atomic_load(&told[TLOG_READ]) + atomic_load(&told[TLOG_PROVE]), 0);
    teardown(&f);
}

/* Another tree, or a smaller one, under a checkpoint that stands: nothing is signed, and it is
 * told once. */
static void test_never_inconsistent_ckp_2(void **state)
{
    static const struct {
        const char *name;
        uint64_t published;
        size_t there;
    } rows[] = {{"another tree", 3, 5}, {"smaller", 9, 5}};
    (void)state;
    for (size_t i = 0; i < AMBIT_LEN(rows); i++) {
        struct fixture f;
        struct tlog_counts counts;
        setup(&f);
        commit(&f, rows[i].there);
        log_start(&f, rows[i].published, tree_leaf(AMBIT_STR("of another tree")));
        commit(&f, 1);
        ROW_CHECK(rows[i].name, !tlog_wait(f.tlog, rows[i].published, 300));
        tlog_count(f.tlog, &counts);
        ROW_CHECK(rows[i].name, counts.size == rows[i].published);
        ROW_CHECK(rows[i].name, counts.failures[TLOG_PROVE] > 0);
        ROW_CHECK(rows[i].name, atomic_load(&told[TLOG_PROVE]) == 1);
        char path[FOLDER_PATH_MAX];
        ROW_CHECK(rows[i].name, access(folder_join(path, f.log, "checkpoint"), F_OK) != 0);
        teardown(&f);
    }
}

/* Nobody is told what does not stand in the file; the witness file holds nothing up. */
static void test_files_that_fail_ckp_2(void **state)
{
    struct fixture f;
    struct tlog_counts counts;
    (void)state;
    setup(&f);
    commit(&f, 1);
    log_start(&f, 0, tree_root(&f.start));
    assert_int_equal(unlink(f.witness), 0);
    assert_int_equal(mkdir(f.witness, 0700), 0);
    commit(&f, 1);
    assert_true(tlog_wait(f.tlog, 1, SOON_MS));
    tlog_count(f.tlog, &counts);
    assert_true(counts.size == 2 && counts.failures[TLOG_WITNESS_FILE] > 0);
    assert_int_equal(atomic_load(&told[TLOG_WITNESS_FILE]), 1);

    char path[FOLDER_PATH_MAX];
    folder_join(path, f.log, "checkpoint");
    assert_int_equal(unlink(path), 0);
    assert_int_equal(mkdir(path, 0700), 0);
    commit(&f, 1);
    assert_false(tlog_wait(f.tlog, 2, 1500));
    tlog_count(f.tlog, &counts);
    assert_true(counts.size == 2 && counts.failures[TLOG_FILE] > 0);
    assert_int_equal(rmdir(path), 0);
    assert_true(tlog_wait(f.tlog, 2, SOON_MS)); /* tried again by itself */
    teardown(&f);
}

static void note_done(void *ctx, bool is_covered)
{
    atomic_store((_Atomic int *)ctx, is_covered ? 1 : 2);
}

static int wait_done(_Atomic int *done)
{
    for (int i = 0; i < SOON_MS && atomic_load(done) == 0; i++)
        (void)usleep(1000);
    return atomic_load(done);
}

static void test_waiters(void **state)
{
    struct fixture f;
    _Atomic int now = 0, later = 0, never = 0, at_the_end = 0;
    (void)state;
    setup(&f);
    commit(&f, 2);
    log_start(&f, 0, tree_root(&f.start));
    struct tlog_waiter waiters[] = {
        {.seq = 1, .at_most_ms = 0, .done = note_done, .ctx = &now},
        {.seq = 2, .at_most_ms = SOON_MS, .done = note_done, .ctx = &later},
        {.seq = 900, .at_most_ms = 50, .done = note_done, .ctx = &never},
        {.seq = 900, .at_most_ms = 1000 * 1000, .done = note_done, .ctx = &at_the_end},
    };
    for (size_t i = 0; i < AMBIT_LEN(waiters); i++)
        tlog_wait_begin(f.tlog, &waiters[i]);
    assert_int_equal(now, 1);
    commit(&f, 1);
    assert_int_equal(wait_done(&later), 1);
    assert_int_equal(wait_done(&never), 2);
    assert_int_equal(at_the_end, 0);
    teardown(&f);
    assert_int_equal(at_the_end, 2);
}

static void test_cosignatures_cos_1(void **state)
{
    struct fixture f;
    CRYPTO_KEY_AUTO *witness = NULL;
    BUF_AUTO line = {0};
    struct note note;
    struct note_verifier known[2];
    (void)state;
    setup(&f);
    commit(&f, 2);
    log_start(&f, 0, tree_root(&f.start));
    assert_int_equal(crypto_key_new(CRYPTO_ED25519, &witness), AMBIT_OK);
    TLOG_CHECKPOINT_AUTO *bare = tlog_checkpoint_acquire(f.tlog);
    assert_int_equal(note_read(buf_str(&bare->note), &note), AMBIT_OK);
    const struct note_signer signer = {AMBIT_STR("witness.example"), NOTE_COSIGNATURE, witness, 9};
    assert_int_equal(note_sign_line(note.text, &signer, &line), AMBIT_OK);
    assert_int_equal(tlog_cosign(f.tlog, bare, buf_str(&line), 1), AMBIT_OK);

    TLOG_CHECKPOINT_AUTO *both = tlog_checkpoint_acquire(f.tlog);
    assert_int_equal(both->n_cosigned, 1);
    assert_int_equal(bare->n_cosigned, 0); /* as it was */
    known[0] = *tlog_verifier(f.tlog);
    assert_int_equal(note_verifier_of(signer.name, NOTE_COSIGNATURE, witness, &known[1]), AMBIT_OK);
    bool is_signed[2];
    assert_int_equal(note_read(buf_str(&both->note), &note), AMBIT_OK);
    assert_int_equal(note_verify(&note, known, 2, is_signed), AMBIT_OK);
    assert_true(is_signed[0] && is_signed[1]);

    commit(&f, 1);
    assert_true(tlog_wait(f.tlog, 2, SOON_MS));
    assert_int_equal(tlog_cosign(f.tlog, bare, buf_str(&line), 1), AMBIT_ERR_CONFLICT);
    teardown(&f);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_follows_the_record_ckp_2),
    cmocka_unit_test(test_signs_what_is_durable_ckp_2),
    cmocka_unit_test(test_never_inconsistent_ckp_2),
    cmocka_unit_test(test_files_that_fail_ckp_2),
    cmocka_unit_test(test_waiters),
    cmocka_unit_test(test_cosignatures_cos_1),
};

UNIT_MAIN(tests)
