/* SPDX-License-Identifier: Apache-2.0 */
/* First pass: every event, its leaf, the digests it names (verify_documents.c); each is applied to
 * an empty store of our own. Second pass: that store against the one in question, table by table
 * (verify_tables.c), and the search index beside it (verify_search.c). */
#include "core/verify_internal.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/file.h"
#include "core/clock_row.h"

/* ---- the head ---- */

/* No event says what was believed of the time: the row is held against itself and the head. */
static void check_clock(struct verify *verify)
{
    struct guard_mark mark;
    enum ambit_err err = clock_row_load(verify->txn, &verify->stored, &mark);
    if (err != AMBIT_OK && err != AMBIT_ERR_NOT_FOUND)
        verify_problem(verify, NULL, "meta", AMBIT_STR("clock"),
                       "the row of the clock is not the one that was written with the head");
}

static void check_head(struct verify *verify)
{
    struct verify_report *report = verify->report;
    struct ambit_digest stored = tree_root(&verify->stored.edge);
    report->events = verify->head.edge.size;
    report->root = tree_root(&verify->head.edge);
    if (!verify->has_head)
        verify->stored.last_now_ms = verify->head.last_now_ms;
    if (!verify->has_head && (report->events > 0 || !verify->is_head_missing)) {
        verify_problem(verify, NULL, "meta", AMBIT_STR("head"),
                       verify->is_head_missing ? "the head row is missing"
                                               : "the head row cannot be read");
    }
    if (!verify->has_head)
        return;
    report->unread = verify->n_unread;
    verify_pruned_check(verify);
    if (!ambit_digest_eq(stored, report->root))
        verify_problem(verify, NULL, "tree", AMBIT_STR("root"),
                       "the events do not have the root that the head row gives");
    bool is_other = verify->stored.last_cutoff_seq != verify->head.last_cutoff_seq ||
                    verify->stored.holds_version != verify->head.holds_version ||
                    verify->stored.grants_issued != verify->head.grants_issued ||
                    verify->stored.outage_ms != verify->head.outage_ms ||
                    verify->stored.stops_in_force != verify->head.stops_in_force ||
                    memcmp(&verify->stored.tally, &verify->head.tally, sizeof(struct tally)) != 0 ||
                    !ambit_digest_eq(verify->stored.documents, verify->head.documents);
    if (is_other && verify_is_whole(verify))
        verify_problem(verify, NULL, "meta", AMBIT_STR("head"),
                       "the head row is not what the events give");
    if (verify->stored.last_now_ms < verify->head.last_now_ms)
        verify_problem(verify, NULL, "meta", AMBIT_STR("head"),
                       "the head row's time is behind the last event");
    check_clock(verify);
}

/* ---- opening ---- */

/* A state folder has the store in store/. */
static AMBIT_CHECKED enum ambit_err find_store(const char *folder, struct buf *path)
{
    static const char *const below[] = {"/store", ""};
    for (size_t i = 0; i < AMBIT_LEN(below); i++) {
        struct stat status;
        buf_reset(path);
        buf_printf(path, "%s%s/data.mdb", folder, below[i]);
        buf_put_char(path, '\0');
        if (buf_check(path) != AMBIT_OK)
            return AMBIT_ERR_NO_MEMORY;
        if (stat(path->p, &status) != 0 || !S_ISREG(status.st_mode))
            continue;
        buf_reset(path);
        buf_printf(path, "%s%s", folder, below[i]);
        buf_put_char(path, '\0');
        return buf_check(path);
    }
    return AMBIT_ERR_NOT_FOUND;
}

static void folder_remove(const char *folder)
{
    static const char *const files[] = {
        "search/data.mdb", "search/lock.mdb", "data.mdb", "lock.mdb", "lock", "stops.journal"};
    FD_AUTO fd = -1;
    if (dir_open(AT_FDCWD, folder, &fd) != AMBIT_OK)
        return;
    for (size_t i = 0; i < AMBIT_LEN(files); i++)
        (void)unlinkat(fd, files[i], 0);
    (void)unlinkat(fd, "search", AT_REMOVEDIR);
    (void)rmdir(folder);
}

static AMBIT_CHECKED enum ambit_err open_rebuilt(struct verify *verify, const char *scratch,
                                                 uint64_t map_bytes)
{
    int n = snprintf(verify->folder, sizeof verify->folder, "%s/ambit-verify-XXXXXX", scratch);
    if (n < 0 || (size_t)n >= sizeof verify->folder || mkdtemp(verify->folder) == NULL) {
        verify->folder[0] = '\0';
        return AMBIT_ERR_IO;
    }
    struct store_options options = {
        .folder = verify->folder, .create = true, .map_bytes = map_bytes};
    enum ambit_err err = store_open(&options, &verify->rebuilt);
    return err == AMBIT_OK ? store_write_begin(verify->rebuilt, &verify->rebuilt_txn) : err;
}

/* The file is none that can be read at all. */
static void problem_damage(struct verify *verify, const struct store_damage *damage)
{
    char text[64];
    (void)snprintf(text, sizeof text, "page %llu", (unsigned long long)damage->page);
    verify_problem(verify, NULL, damage->table[0] ? verify_copy(verify, damage->table).p : "store",
                   ambit_str_of(text),
                   damage->what ? damage->what : "this is no file of a store, or one cut short");
}

/* A head row that is not there or not one: the events are judged all the same. */
static AMBIT_CHECKED enum ambit_err load_head(struct verify *verify)
{
    enum ambit_err err = head_load(verify->txn, &verify->stored);
    verify->has_head = err == AMBIT_OK;
    if (err != AMBIT_ERR_NOT_FOUND && err != AMBIT_ERR_DAMAGED && err != AMBIT_ERR_TOO_LARGE)
        return err;
    verify->is_head_missing = err == AMBIT_ERR_NOT_FOUND;
    verify->stored = (struct head){.last_now_ms = 0};
    return AMBIT_OK;
}

static AMBIT_CHECKED enum ambit_err verify_open(struct verify *verify, const char *path,
                                                const char *scratch)
{
    struct store_damage damage = {.what = NULL};
    struct store_options options = {.folder = path, .read_only = true, .reterr_damage = &damage};
    struct store_space space;
    enum ambit_err err = verify_search_open(verify, path);
    if (err == AMBIT_OK)
        err = store_open(&options, &verify->store);
    if (err == AMBIT_OK)
        err = store_read_begin(verify->store, &verify->txn);
    if (err == AMBIT_ERR_DAMAGED)
        problem_damage(verify, &damage);
    if (err == AMBIT_OK)
        err = load_head(verify);
    if (err == AMBIT_OK)
        err = verify_documents_init(verify);
    if (err == AMBIT_OK && !verify->options->no_redecide)
        err = verify_redecide_init(verify);
    if (err == AMBIT_OK)
        err = verify_checkpoint_open(verify, verify->options->folder);
    if (err == AMBIT_OK)
        err = verify_erasures_init(verify);
    if (err != AMBIT_OK)
        return err;
    store_space(verify->store, &space);
    verify->large = malloc(VERIFY_LARGE);
    return verify->large != NULL ? open_rebuilt(verify, scratch, space.map_bytes)
                                 : AMBIT_ERR_NO_MEMORY;
}

static void verify_close(struct verify *verify)
{
    if (verify->rebuilt_txn != NULL)
        store_write_abort(verify->rebuilt_txn);
    store_close(verify->rebuilt);
    if (verify->folder[0] != '\0')
        folder_remove(verify->folder);
    if (verify->txn != NULL)
        store_read_end(verify->txn);
    store_close(verify->store);
    verify_search_close(verify);
    verify_documents_done(verify);
    verify_redecide_done(verify);
    verify_checkpoint_done(verify);
    verify_erasures_done(verify);
    verify_pruned_done(verify);
    buf_done(&verify->memory);
    buf_done(&verify->scratch);
    free(verify->large);
}

enum ambit_err verify_store(const char *folder, const char *scratch, struct verify_report *ret)
{
    const struct verify_options options = {.folder = folder, .scratch = scratch};
    return verify_store_with(&options, ret);
}

enum ambit_err verify_store_with(const struct verify_options *options, struct verify_report *ret)
{
    BUF_AUTO path;
    struct verify verify = {.options = options, .report = ret};
    buf_init(&path, 0);
    enum ambit_err err = verify_report_init(ret);
    if (err == AMBIT_OK)
        err = find_store(options->folder, &path);
    if (err == AMBIT_OK)
        err = verify_open(&verify, path.p, options->scratch);
    if (err == AMBIT_OK)
        err = verify_pruned_init(&verify, path.p, options->segments);
    if (err == AMBIT_OK)
        err = verify_events(&verify);
    if (err == AMBIT_OK) {
        verify_checkpoint_end(&verify);
        check_head(&verify);
        err = verify_tables(&verify);
    }
    if (err == AMBIT_OK && verify_is_whole(&verify)) /* else their names were not all read */
        err = verify_documents(&verify);
    if (err == AMBIT_OK)
        err = verify_erasures(&verify);
    if (err == AMBIT_OK)
        err = verify_search(&verify);
    verify_close(&verify);
    return err;
}
