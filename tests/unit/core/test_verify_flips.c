/* SPDX-License-Identifier: Apache-2.0 */
/* Goal: a byte changed anywhere in data.mdb never ends in a signal, and is reported whenever any
 * row reads otherwise than before; so is every lie of the search index beside it. */
#include "golden_copy.h"

#include <fcntl.h>
#include <sys/wait.h>

#include "base/file.h"
#include "core/verify.h"
#include "crypto/digest.h"
#include "ledger/indexer.h"
#include "store/search.h"

enum { FLIPS = 200, META_PAGES = 2, PAGE = 4096 };
enum verdict { WELL, REPORTED, REFUSED, CHANGED };

/* A digest over every row of every table but the one-time values, of which the record does not know
 * all, and the time of the last batch in the head. */
static struct ambit_digest contents(const char *folder)
{
    struct ambit_digest digest = {{0}};
    struct store *store = NULL;
    struct store_txn *txn = NULL;
    struct crypto_hash *hash = NULL;
    struct store_options options = {.folder = folder, .read_only = true};
    if (store_open(&options, &store))
        return digest;
    assert_int_equal(store_read_begin(store, &txn), AMBIT_OK);
    assert_int_equal(crypto_hash_begin(&hash), AMBIT_OK);
    for (int table = 0; table < STORE_TABLES; table++) {
        struct store_cursor *cursor = NULL;
        struct ambit_str key, value;
        enum store_seek seek = STORE_FIRST;
        assert_int_equal(store_cursor_open(txn, (enum store_table)table, &cursor), AMBIT_OK);
        while (table != STORE_ONCE &&
               store_cursor_move(cursor, seek, (struct store_key){0}, &key, &value) == AMBIT_OK) {
            seek = STORE_NEXT;
            bool is_head = table == STORE_META && ambit_str_is(key, "head");
            crypto_hash_add(hash, key.p, key.len);
            crypto_hash_add(hash, value.p, is_head ? 9 : value.len);
            if (is_head)
                crypto_hash_add(hash, value.p + 17, value.len - 17);
        }
        store_cursor_close(cursor);
    }
    crypto_hash_end(hash, &digest);
    store_read_end(txn);
    store_close(store);
    return digest;
}

static enum verdict judge(struct stage *stage, const char *folder,
                          const struct ambit_digest *before)
{
    struct verify_report report;
    enum ambit_err err = verify_store(stage->folder, stage->folder, &report);
    bool is_reported = report.n_problems > 0;
    verify_done(&report);
    if (err)
        return REFUSED;
    if (is_reported)
        return REPORTED;
    return ambit_digest_eq(contents(folder), *before) ? WELL : CHANGED;
}

/* In a process of its own, so that a signal is seen for what it is. */
static enum verdict judge_apart(struct stage *stage, const char *folder,
                                const struct ambit_digest *before, off_t at)
{
    int status = 0;
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0)
        _exit((int)judge(stage, folder, before));
    assert_int_equal(waitpid(pid, &status, 0), pid);
    if (!WIFEXITED(status))
        fail_msg("byte %ld: signal %d", (long)at, WTERMSIG(status));
    return (enum verdict)WEXITSTATUS(status);
}

static uint64_t draw(uint64_t *state)
{
    *state = *state * 6364136223846793005ULL + 1442695040888963407ULL;
    return *state >> 33;
}

static void test_any_byte(void **state)
{
    (void)state;
    STAGE_AUTO stage;
    struct golden_store golden;
    char folder[FOLDER_PATH_MAX], path[FOLDER_PATH_MAX];
    size_t n[4] = {0};
    uint64_t random = 20261120;
    golden_make(&stage, &golden);
    folder_join(folder, stage.folder, "store");
    struct ambit_digest before = contents(folder);
    int fd = open(folder_join(path, folder, "data.mdb"), O_RDWR | O_CLOEXEC);
    assert_true(fd >= 0);
    off_t size = lseek(fd, 0, SEEK_END);
    for (int i = 0; i < FLIPS; i++) {
        /* Not in the meta pages: a file whose last transaction is undone is whole, and only a
         * checkpoint kept elsewhere tells. What is flipped where nothing stands changes nothing. */
        off_t at =
            META_PAGES * PAGE + (off_t)(draw(&random) % (uint64_t)(size - META_PAGES * PAGE));
        uint8_t was = 0, is = 0;
        assert_int_equal(pread(fd, &was, 1, at), 1);
        is = was ^ (uint8_t)(1U << draw(&random) % 8);
        assert_int_equal(pwrite(fd, &is, 1, at), 1);
        enum verdict verdict = judge_apart(&stage, folder, &before, at);
        if (verdict == CHANGED || (int)verdict > CHANGED)
            fail_msg("byte %ld changed a row and was not reported (%d)", (long)at, (int)verdict);
        n[verdict]++;
        assert_int_equal(pwrite(fd, &was, 1, at), 1);
    }
    assert_int_equal(close(fd), 0);
    print_message("# well %d, reported %d, refused %d\n", (int)n[WELL], (int)n[REPORTED],
                  (int)n[REFUSED]);
    assert_true(n[REPORTED] + n[REFUSED] > FLIPS / 4);
}

/* ---- the search index ---- */

/* The golden store with an index that is complete, closed. */
static void index_made(struct stage *stage, struct golden_store *golden)
{
    golden_make(stage, golden);
    stage_open(stage);
    stage_close(stage);
    char store_path[FOLDER_PATH_MAX], search_path[FOLDER_PATH_MAX];
    struct store *store = NULL;
    struct search *search = NULL;
    struct indexer *indexer = NULL;
    struct store_options options = {.folder = folder_join(store_path, stage->folder, "store"),
                                    .read_only = true};
    assert_int_equal(store_open(&options, &store), AMBIT_OK);
    assert_int_equal(
        search_open(folder_join(search_path, stage->folder, "search"), 64 << 20, &search),
        AMBIT_OK);
    assert_int_equal(indexer_start(store, search, 1 << 20, &indexer), AMBIT_OK);
    assert_true(indexer_wait(indexer, golden->events, 10000));
    indexer_stop(indexer);
    search_close(search);
    store_close(store);
}

static size_t search_problems(struct stage *stage)
{
    struct verify_report report;
    size_t n = 0;
    assert_int_equal(verify_store(stage->folder, stage->folder, &report), AMBIT_OK);
    for (size_t i = 0; i < report.n; i++)
        n += streq(report.problems[i].table, "search");
    assert_int_equal(n, report.n); /* and nothing else */
    n = report.n_problems;         /* more may be found than are listed */
    verify_done(&report);
    return n;
}

static void index_add(struct stage *stage, struct search_entry *entry, uint64_t next)
{
    char path[FOLDER_PATH_MAX];
    struct search *search = NULL;
    struct search_position position;
    assert_int_equal(search_open(folder_join(path, stage->folder, "search"), 64 << 20, &search),
                     AMBIT_OK);
    assert_int_equal(search_position(search, &position), AMBIT_OK);
    position.built_as = INDEX_VERSION; /* what was begun anew has none yet */
    if (next)
        position.next = next;
    assert_int_equal(search_add(search, entry, entry ? 1 : 0, &position), AMBIT_OK);
    search_close(search);
}

static void test_search(void **state)
{
    (void)state;
    STAGE_AUTO stage;
    struct golden_store golden;
    index_made(&stage, &golden);
    assert_int_equal(search_problems(&stage), 0);
    struct search_entry lie = {.tag = INDEX_AGENT, .key = {1, 2, 3}, .seq = 7};
    index_add(&stage, &lie, 0);
    assert_int_equal(search_problems(&stage), 1);
    lie.seq = 1000000; /* behind the position */
    index_add(&stage, &lie, 0);
    assert_int_equal(search_problems(&stage), 2);
    index_add(&stage, NULL, 1000000); /* says it has come further than there are events */
    assert_true(search_problems(&stage) >= 3);
    index_add(&stage, NULL, 100); /* what it has of later events is not its to have */
    assert_true(search_problems(&stage) > 100);
}

static void test_search_behind(void **state)
{
    (void)state;
    STAGE_AUTO stage;
    struct golden_store golden;
    index_made(&stage, &golden);
    char path[FOLDER_PATH_MAX];
    struct search *search = NULL;
    assert_int_equal(search_open(folder_join(path, stage.folder, "search"), 64 << 20, &search),
                     AMBIT_OK);
    assert_int_equal(search_restart(search), AMBIT_OK);
    search_close(search);
    assert_int_equal(search_problems(&stage), 0); /* empty: it has not come anywhere yet */
    index_add(&stage, NULL, 5);                   /* it says five events, and has none of them */
    assert_true(search_problems(&stage) > 5);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_any_byte),
    cmocka_unit_test(test_search),
    cmocka_unit_test(test_search_behind),
};
UNIT_MAIN(tests)
