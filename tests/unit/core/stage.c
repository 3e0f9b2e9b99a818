/* SPDX-License-Identifier: Apache-2.0 */
/* The stage: folders, clocks, and the commit of LMDB, which is replaced in the programs that link
 * this so that a test can hold it or make it fail. */
#include "stage.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <time.h>

#include <lmdb.h>

#include "base/file.h"
#include "base/log.h"
#include "core/verify.h"
#include "stage_documents.h"

/* ---- clocks ---- */

atomic_int_fast64_t stage_wall_ms, stage_boot_ms;
struct ambit_id stage_boot;

static int64_t wall_ms(void)
{
    return stage_wall_ms;
}

static int64_t boot_ms(void)
{
    return stage_boot_ms;
}

void stage_pass(int64_t ms)
{
    stage_wall_ms += ms;
    stage_boot_ms += ms;
}

/* ---- commits of the writer; what the indexer and verification commit is not ours ---- */

static struct {
    pthread_mutex_t mutex; /* guards the rest */
    pthread_cond_t changed;
    bool is_held, is_waiting;
    enum stage_failure failure;
} commits = {.mutex = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER};
atomic_int stage_n_commits;

int __real_mdb_txn_commit(MDB_txn *txn);
int __wrap_mdb_txn_commit(MDB_txn *txn);
int __wrap_mdb_txn_commit(MDB_txn *txn)
{
    char name[32] = "";
    (void)pthread_getname_np(pthread_self(), name, sizeof name);
    if (!streq(name, "writer"))
        return __real_mdb_txn_commit(txn);

    (void)pthread_mutex_lock(&commits.mutex);
    while (commits.is_held) {
        commits.is_waiting = true;
        (void)pthread_cond_broadcast(&commits.changed);
        (void)pthread_cond_wait(&commits.changed, &commits.mutex);
    }
    commits.is_waiting = false;
    enum stage_failure failure = commits.failure;
    (void)pthread_mutex_unlock(&commits.mutex);
    stage_n_commits++;
    if (failure == STAGE_COMMIT_FAILS) {
        mdb_txn_abort(txn);
        return EIO;
    }
    int rc = __real_mdb_txn_commit(txn);
    return failure == STAGE_COMMIT_UNSURE && rc == 0 ? EIO : rc;
}

static void set_held(bool is_held)
{
    (void)pthread_mutex_lock(&commits.mutex);
    commits.is_held = is_held;
    (void)pthread_cond_broadcast(&commits.changed);
    (void)pthread_mutex_unlock(&commits.mutex);
}

void stage_hold_commits(void)
{
    set_held(true);
}

void stage_release_commits(void)
{
    set_held(false);
}

void stage_await_commit(void)
{
    (void)pthread_mutex_lock(&commits.mutex);
    while (!commits.is_waiting)
        (void)pthread_cond_wait(&commits.changed, &commits.mutex);
    (void)pthread_mutex_unlock(&commits.mutex);
}

void stage_commits(enum stage_failure failure)
{
    (void)pthread_mutex_lock(&commits.mutex);
    commits.failure = failure;
    (void)pthread_mutex_unlock(&commits.mutex);
}

/* ---- folders ---- */

void stage_document(struct stage *stage, const char *path, const char *text)
{
    FD_AUTO fd = -1;
    BUF_AUTO bytes = {0};
    assert_int_equal(dir_open(AT_FDCWD, stage->documents, &fd), AMBIT_OK);
    if (!text) {
        assert_int_equal(unlinkat(fd, path, 0), 0);
        return;
    }
    for (const char *p = text; *p; p++)
        buf_put_char(&bytes, *p == '\'' ? '"' : *p);
    assert_int_equal(file_write(fd, path, buf_str(&bytes), 0600), AMBIT_OK);
}

void stage_make(struct stage *stage)
{
    static const char *const folders[] = {"documents", "documents/people", "documents/agents",
                                          "documents/services", "documents/policies"};
    *stage = (struct stage){
        .limits = {.store_bytes = (uint64_t)64 << 20,
                   .store_reserve_bytes = 1 << 20,
                   .store_grow_bytes = 1 << 20,
                   .queue = 8192,
                   .agent_per_s = 1000000,
                   .agent_burst = 1000000,
                   .service_per_s = 1000000,
                   .service_burst = 1000000,
                   .person_per_s = 1000000,
                   .person_burst = 1000000},
    };
    FD_AUTO fd = -1;
    log_set_level((enum log_level)0); /* alarms are wanted here */
    folder_make(stage->folder);
    assert_int_equal(dir_open(AT_FDCWD, stage->folder, &fd), AMBIT_OK);
    for (size_t i = 0; i < AMBIT_LEN(folders); i++)
        assert_int_equal(dir_make(fd, folders[i], 0700), AMBIT_OK);
    folder_join(stage->documents, stage->folder, "documents");
    for (size_t i = 0; i < stage_n_files; i++)
        stage_document(stage, stage_files[i].path, stage_files[i].text);
    stage_wall_ms = STAGE_START_MS;
    stage_boot_ms = 1000;
    stage_boot = (struct ambit_id){{0}};
    stage_n_commits = 0;
    stage_commits(STAGE_COMMITS);
    stage_release_commits();
}

void stage_take_store(struct stage *stage, const char *data_mdb)
{
    FD_AUTO fd = -1;
    BUF_AUTO bytes = {0};
    assert_int_equal(dir_open(AT_FDCWD, stage->folder, &fd), AMBIT_OK);
    assert_int_equal(file_read(AT_FDCWD, data_mdb, (size_t)64 << 20, &bytes), AMBIT_OK);
    assert_int_equal(dir_make(fd, "store", 0700), AMBIT_OK);
    assert_int_equal(file_write(fd, "store/data.mdb", buf_str(&bytes), 0600), AMBIT_OK);
}

enum ambit_err stage_try_open(struct stage *stage, struct buf *reterr_text)
{
    struct ambit_problems problems = {0};
    struct broker_options options = {
        .issuer = AMBIT_STR("https://broker.example.gov"),
        .state_folder = stage->folder,
        .documents_folder = stage->documents,
        .limits = stage->limits,
        .is_enforcing = stage->is_enforcing,
        .attestation_s = stage->attestation_s,
        .algorithm = stage->algorithm,
        .rotate_s = stage->rotate_s,
        .credentials_folder = stage->credentials,
        .wall_ms = wall_ms,
        .boot_ms = boot_ms,
        .boot = stage_boot,
        .accept_time = ambit_str_of(TAKE(stage->accept_time)),
    };
    enum ambit_err err = broker_open(&options, &problems, &stage->broker, reterr_text);
    for (size_t i = 0; err && i < problems.n; i++)
        print_message("# %.*s %.*s: %.*s\n", AMBIT_STR_ARG(problems.v[i].file),
                      AMBIT_STR_ARG(problems.v[i].pointer), AMBIT_STR_ARG(problems.v[i].what));
    ambit_problems_done(&problems);
    return err;
}

void stage_open(struct stage *stage)
{
    BUF_AUTO text = {0};
    enum ambit_err err = stage_try_open(stage, &text);
    if (err)
        fail_msg("the broker does not open: %.*s", AMBIT_STR_ARG(buf_str(&text)));
}

void stage_close(struct stage *stage)
{
    broker_close(TAKE(stage->broker));
}

void stage_reopen(struct stage *stage)
{
    stage_close(stage);
    stage_open(stage);
}

void stage_done(struct stage *stage)
{
    stage_commits(STAGE_COMMITS);
    stage_release_commits();
    stage_close(stage);
    if (stage->folder[0])
        folder_remove(stage->folder);
}

enum ambit_err stage_reload(struct stage *stage)
{
    struct ambit_problems problems = {0};
    enum ambit_err err = broker_reload(stage->broker, &problems);
    ambit_problems_done(&problems);
    return err;
}

void stage_verify(struct stage *stage)
{
    struct verify_report report;
    stage_close(stage);
    assert_int_equal(verify_store(stage->folder, stage->folder, &report), AMBIT_OK);
    for (size_t i = 0; i < report.n; i++)
        print_message("# %s %.*s: %s\n", report.problems[i].table,
                      AMBIT_STR_ARG(report.problems[i].key), report.problems[i].what);
    assert_int_equal(report.n_problems, 0);
    verify_done(&report);
}
