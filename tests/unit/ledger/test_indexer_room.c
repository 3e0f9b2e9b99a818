/* SPDX-License-Identifier: Apache-2.0 */
/* Goal: an index without room waits and says so, and goes on when there is room; what is forgotten
 * leaves and makes room; one that is damaged is built again, while the process runs, or at the next
 * start after it ended in words. */
#include "index_fixture.h"

#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/encode.h"
#include "ledger/facts.h"

/* So many more environments of an index can be opened; for the next there is no room. */
static atomic_int opens_left = INT_MAX;

enum ambit_err __real_store_open(const struct store_options *options, struct store **ret);
enum ambit_err __wrap_store_open(const struct store_options *options, struct store **ret);
enum ambit_err __wrap_store_open(const struct store_options *options, struct store **ret)
{
    if (options->is_search && atomic_load(&opens_left) == 0)
        return AMBIT_ERR_NO_SPACE;
    if (options->is_search)
        atomic_fetch_sub(&opens_left, 1);
    return __real_store_open(options, ret);
}

/* ---- room ---- */

/* Where the disk is not for it, it waits and says so; the record goes on; with room it follows. */
static void test_short_disk(void **state)
{
    struct index_fixture *f = *state;
    struct indexer_counts counts;
    uint64_t seqs[64];
    append(f, 60);
    assert_true(indexer_wait(f->indexer, 60, 5000));
    stop(f);
    f->keep_bytes = UINT64_MAX;
    start(f);
    append(f, 60);
    assert_false(indexer_wait(f->indexer, 120, 300));
    assert_int_equal(indexer_problem(f->indexer), AMBIT_ERR_NO_SPACE);
    assert_int_equal(indexer_complete_to(f->indexer), 60);
    assert_int_equal(find(f, INDEX_AGENT, "a0", seqs, 64), 20); /* what is in is found */
    indexer_count(f->indexer, &counts);
    assert_true(counts.used_bytes > 0);
    stop(f);
    f->keep_bytes = 1 << 20;
    start(f);
    assert_true(indexer_wait(f->indexer, 120, 5000));
    assert_int_equal(indexer_problem(f->indexer), AMBIT_OK);
    assert_int_equal(find(f, INDEX_AGENT, "a0", seqs, 64), 40);
}

static bool settles(const struct index_fixture *f, bool (*is_so)(const struct index_fixture *f))
{
    const struct timespec moment = {.tv_nsec = 10000000};
    for (int i = 0; i < 3000 && !is_so(f); i++)
        (void)nanosleep(&moment, NULL);
    return is_so(f);
}

static bool is_held(const struct index_fixture *f)
{
    return indexer_problem(f->indexer) == AMBIT_ERR_NO_SPACE;
}

static bool is_swept(const struct index_fixture *f)
{
    struct indexer_counts counts;
    indexer_count(f->indexer, &counts);
    return indexer_complete_from(f->indexer) > 0 && !counts.is_sweeping;
}

/* A full map holds it up before anything is lost; what leaves makes room, and a larger map does. */
static void test_full_map(void **state)
{
    struct index_fixture *f = *state;
    static uint64_t seqs[10000];
    stop(f);
    folder_remove(f->path);
    f->map_bytes = (size_t)12 << 20;
    start(f);
    size_t size = 0;
    for (int i = 0; i < 40 && !is_held(f); i++, size += 1000) {
        append(f, 1000);
        (void)indexer_wait(f->indexer, size + 1000, 1500);
    }
    assert_true(settles(f, is_held));
    uint64_t to = indexer_complete_to(f->indexer);
    assert_in_range(to, 1000, size - 1);
    size_t n = find(f, INDEX_AGENT, "a0", seqs, 10000);
    assert_int_equal(n, (to + 2) / 3);

    indexer_forget(f->indexer, to / 2);
    assert_true(settles(f, is_swept));
    assert_int_equal(indexer_complete_from(f->indexer), to / 2);
    append(f, 1000);
    size += 1000;
    assert_true(indexer_wait(f->indexer, to + 500, 20000));
    n = find(f, INDEX_AGENT, "a0", seqs, 10000);
    assert_true(n > 0 && seqs[0] >= to / 2 && seqs[0] < to / 2 + 3);

    stop(f);
    f->map_bytes = (size_t)256 << 20;
    start(f);
    assert_true(indexer_wait(f->indexer, size, 20000));
    assert_int_equal(indexer_problem(f->indexer), AMBIT_OK);
    assert_int_equal(indexer_complete_from(f->indexer), to / 2);
    n = find(f, INDEX_AGENT, "a0", seqs, 10000);
    assert_int_equal(n, (size + 2) / 3 - (to / 2 + 2) / 3);
}

static void room_comes(struct index_fixture *f, uint64_t rebuilt)
{
    struct index_query query = {.tag = INDEX_AGENT, .value = AMBIT_STR("a0")};
    struct indexer_counts counts;
    struct search_reader *reader = NULL;
    uint64_t seqs[64];
    size_t n = 0;
    assert_true(settles(f, is_held));
    assert_false(indexer_wait(f->indexer, 60, 300));
    assert_int_equal(indexer_complete_to(f->indexer), 0);
    assert_int_equal(indexer_find(f->search, &query, seqs, 64, &n), AMBIT_ERR_NO_SPACE);
    assert_int_equal(search_reader_open(f->search, &reader), AMBIT_ERR_NO_SPACE);
    indexer_forget(f->indexer, 1);
    atomic_store(&opens_left, INT_MAX);
    assert_true(indexer_wait(f->indexer, 60, 5000));
    assert_int_equal(find(f, INDEX_AGENT, "a1", seqs, 64), 20);
    assert_false(search_is_suspect(f->search));
    assert_int_equal(indexer_problem(f->indexer), AMBIT_OK);
    indexer_count(f->indexer, &counts);
    assert_int_equal(counts.rebuilt, rebuilt);
}

/* There is no room to make one: it starts without, and makes it when there is. Only damage is
 * counted as such. */
static void test_no_room_to_make(void **state)
{
    struct index_fixture *f = *state;
    struct search_position position;
    append(f, 60);
    assert_true(indexer_wait(f->indexer, 60, 5000));
    stop(f);
    folder_remove(f->path);
    atomic_store(&opens_left, 0);
    start(f);
    room_comes(f, 0);

    stop(f);
    assert_int_equal(search_open(f->path, f->map_bytes, &f->search), AMBIT_OK);
    assert_int_equal(search_position(f->search, &position), AMBIT_OK);
    position.built_as = INDEX_VERSION - 1;
    assert_int_equal(search_add(f->search, NULL, 0, &position), AMBIT_OK);
    search_close(TAKE(f->search));
    atomic_store(&opens_left, 1); /* opened, and of other rules */
    start(f);
    room_comes(f, 0);

    atomic_store(&opens_left, 0);
    search_suspect(f->search);
    room_comes(f, 1);
}

static bool has_let_go(const struct index_fixture *f)
{
    struct search_position position;
    return search_position(f->search, &position) == AMBIT_OK && position.swept == 110;
}

static enum ambit_err count_fact(void *ctx, uint64_t seq, const struct fact *fact)
{
    uint64_t *n = ctx;
    assert_true(seq < 60 || seq >= 110);
    assert_true(fact->time_ms > 0);
    ++*n;
    return AMBIT_OK;
}

/* What is deleted between two chunks was pruned: that is no damage, and what was in stays. */
static void test_pruned_before_it_came(void **state)
{
    struct index_fixture *f = *state;
    struct indexer_counts counts;
    uint64_t seqs[64], facts = 0, next = 0;
    uint8_t from[8], to[8];
    size_t n = 0;
    struct store_txn *txn = NULL;
    append(f, 60);
    assert_true(indexer_wait(f->indexer, 60, 5000));
    struct store *store = f->fixture->store;
    put_be64(from, 0);
    put_be64(to, 110);
    assert_int_equal(store_write_begin(store, &txn), AMBIT_OK);
    append_to(f, txn, 100);
    assert_int_equal(store_delete_range(txn, STORE_EVENTS, (struct store_key){from, sizeof from},
                                        (struct store_key){to, sizeof to}, 110, &n),
                     AMBIT_OK);
    assert_int_equal(n, 110);
    assert_int_equal(store_write_commit(txn), AMBIT_OK);
    assert_true(indexer_wait(f->indexer, 160, 5000));
    assert_true(settles(f, has_let_go));
    assert_int_equal(indexer_complete_from(f->indexer), 110);
    assert_int_equal(find(f, INDEX_AGENT, "a0", seqs, 64), 17);
    assert_int_equal(seqs[0], 111);
    indexer_count(f->indexer, &counts);
    assert_int_equal(counts.rebuilt, 0);
    struct facts_scan scan = {.since_ms = 1,
                              .until_ms = INT64_MAX,
                              .below = UINT64_MAX,
                              .each = count_fact,
                              .ctx = &facts};
    assert_int_equal(facts_read(f->search, &scan, &next), AMBIT_OK);
    assert_int_equal(facts, 60 + 50);
    assert_int_equal(next, 160);
}

/* Entries of what is forgotten are gone from every tag, and no other. It goes on where it was cut.
 */
static void test_forgets(void **state)
{
    struct index_fixture *f = *state;
    static uint64_t seqs[10000];
    append(f, 3000);
    assert_true(indexer_wait(f->indexer, 3000, 20000));
    indexer_forget(f->indexer, 5000); /* no further than it has come */
    indexer_forget(f->indexer, 2000);
    stop(f);
    start(f);
    indexer_forget(f->indexer, 2000);
    assert_true(settles(f, is_swept));
    uint64_t from = indexer_complete_from(f->indexer);
    assert_true(from == 2000 || from == 3000);
    append(f, 1000);
    assert_true(indexer_wait(f->indexer, 4000, 5000));
    assert_int_equal(find(f, INDEX_TYPE, "grant.issued", seqs, 10000), 4000 - from);
    assert_int_equal(seqs[0], from);
    stop(f);
    start(f);
    assert_int_equal(indexer_complete_from(f->indexer), from);

    struct search_cursor *cursor = NULL;
    struct search_entry entry;
    assert_int_equal(search_cursor_open(f->search, &cursor), AMBIT_OK);
    enum ambit_err err = AMBIT_OK;
    while ((err = search_cursor_next(cursor, &entry)) == AMBIT_OK)
        assert_true(entry.seq >= from);
    assert_int_equal(err, AMBIT_ERR_NOT_FOUND);
    search_cursor_close(cursor);
}

/* ---- damage ---- */

/* All pages but the two that say where the rest is: torn up under a running index. */
static void tear(const struct index_fixture *f)
{
    char path[FOLDER_PATH_MAX], page[4096];
    int fd = open(folder_join(path, f->path, "data.mdb"), O_RDWR | O_CLOEXEC);
    assert_true(fd >= 0);
    memset(page, 0xff, sizeof page);
    off_t end = lseek(fd, 0, SEEK_END);
    for (off_t at = 2 * (off_t)sizeof page; at < end; at += (off_t)sizeof page)
        assert_int_equal(pwrite(fd, page, sizeof page, at), sizeof page);
    assert_int_equal(close(fd), 0);
}

static bool is_rebuilt(const struct index_fixture *f)
{
    struct indexer_counts counts;
    indexer_count(f->indexer, &counts);
    return counts.rebuilt > 0 && indexer_complete_to(f->indexer) == 60;
}

/* Who reads it says that it is damaged: it is begun anew beside those who go on asking, also where
 * nothing is recorded any more. */
static void test_damage_while_up(void **state)
{
    struct index_fixture *f = *state;
    uint64_t seqs[64];
    append(f, 60);
    assert_true(indexer_wait(f->indexer, 60, 5000));
    assert_false(indexer_wait(f->indexer, 61, 100)); /* it has seen that there is no more */
    search_suspect(f->search);
    assert_true(settles(f, is_rebuilt));
    assert_int_equal(find(f, INDEX_AGENT, "a0", seqs, 64), 20);
    assert_false(search_is_suspect(f->search));
    append(f, 60);
    assert_true(indexer_wait(f->indexer, 120, 5000));
    assert_int_equal(find(f, INDEX_AGENT, "a0", seqs, 64), 40);
}

/* The process ends with words, and takes the file away; so the next one builds it again. */
static void ends(struct index_fixture *f, void (*touch)(struct index_fixture *f))
{
    char said[512] = {0};
    int pipe_fds[2], status = 0;
    assert_int_equal(pipe(pipe_fds), 0);
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        (void)dup2(pipe_fds[1], STDERR_FILENO);
        touch(f);
        _exit(77);
    }
    (void)close(pipe_fds[1]);
    size_t len = 0;
    for (ssize_t n = 1; n > 0 && len<sizeof said - 1; len += n> 0 ? (size_t)n : 0)
        n = read(pipe_fds[0], said + len, sizeof said - 1 - len);
    (void)close(pipe_fds[0]);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 1);
    assert_non_null(strstr(said, "the search index is damaged"));
    assert_non_null(strstr(said, "built again at the next start"));
    char path[FOLDER_PATH_MAX];
    assert_int_equal(access(folder_join(path, f->path, "data.mdb"), F_OK), -1);
}

static void on_bus(int number, siginfo_t *about, void *context)
{
    (void)number;
    (void)context;
    store_bus_error(about->si_addr);
}

static void read_past_end(struct index_fixture *f)
{
    char path[FOLDER_PATH_MAX];
    const struct sigaction bus = {.sa_sigaction = on_bus, .sa_flags = SA_SIGINFO};
    struct index_query query = {.tag = INDEX_AGENT, .value = AMBIT_STR("a1")};
    uint64_t seq = 0;
    size_t n = 0;
    (void)sigaction(SIGBUS, &bus, NULL);
    if (truncate(folder_join(path, f->path, "data.mdb"), 8192) != 0)
        _exit(78);
    if (indexer_find(f->search, &query, &seq, 1, &n) != AMBIT_OK)
        _exit(79);
}

static void test_ends_in_words(void **state)
{
    struct index_fixture *f = *state;
    uint64_t seqs[64];
    append(f, 60);
    assert_true(indexer_wait(f->indexer, 60, 5000));
    indexer_stop(TAKE(f->indexer)); /* a process of one thread: it is forked */
    ends(f, read_past_end);
    search_close(TAKE(f->search));
    start(f);
    assert_true(indexer_wait(f->indexer, 60, 5000));
    assert_int_equal(find(f, INDEX_AGENT, "a0", seqs, 64), 20);
}

/* Whatever stands in it while it was down: it is thrown away, said, and built again. */
static void test_torn_while_down(void **state)
{
    struct index_fixture *f = *state;
    uint64_t seqs[64];
    append(f, 60);
    assert_true(indexer_wait(f->indexer, 60, 5000));
    assert_false(search_was_damaged(f->search));
    stop(f);
    tear(f);
    start(f);
    assert_true(search_was_damaged(f->search));
    assert_true(indexer_wait(f->indexer, 60, 5000));
    assert_int_equal(find(f, INDEX_AGENT, "a0", seqs, 64), 20);
}

int main(void)
{
#define WITH(test) cmocka_unit_test_setup_teardown(test, up, down)
    const struct CMUnitTest tests[] = {
        WITH(test_short_disk),      WITH(test_full_map),
        WITH(test_forgets),         WITH(test_damage_while_up),
        WITH(test_ends_in_words),   WITH(test_torn_while_down),
        WITH(test_no_room_to_make), WITH(test_pruned_before_it_came),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
