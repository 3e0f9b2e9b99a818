/* SPDX-License-Identifier: Apache-2.0 */
/* Goal: an index without room waits and says so, and goes on when there is room; what is forgotten
 * leaves and makes room; one that is damaged is built again, while the process runs, or at the next
 * start after it ended in words. */
#include "index_fixture.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

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

/* Who reads it says that it is damaged: it is begun anew beside those who go on asking. */
static void test_damage_while_up(void **state)
{
    struct index_fixture *f = *state;
    uint64_t seqs[64];
    append(f, 60);
    assert_true(indexer_wait(f->indexer, 60, 5000));
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
        WITH(test_short_disk),      WITH(test_full_map),      WITH(test_forgets),
        WITH(test_damage_while_up), WITH(test_ends_in_words), WITH(test_torn_while_down),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
