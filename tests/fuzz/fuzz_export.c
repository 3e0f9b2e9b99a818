/* SPDX-License-Identifier: Apache-2.0 */
/* An export as a tar: the archive, export.json, the checkpoint, bundles, openings, sets, documents,
 * and every event decided again. What verifies is copied and verifies again, to the same root with
 * the same counts; and evidence of all of it holds as much. */
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/file.h"
#include "base/json_read.h"
#include "base/json_write.h"
#include "cli/files.h"
#include "crypto/digest.h"
#include "ledger/evidence.h"

#include "fuzz.h"

enum { FILES_MAX = 512 };

struct copied {
    struct arena arena;
    struct ambit_str path[FILES_MAX], bytes[FILES_MAX];
    size_t n;
};

static enum ambit_err put(void *ctx, const char *path, struct ambit_str bytes)
{
    struct copied *copied = ctx;
    if (copied->n == FILES_MAX)
        return AMBIT_ERR_NO_SPACE;
    copied->path[copied->n] = arena_copy(&copied->arena, ambit_str_of(path));
    copied->bytes[copied->n++] = arena_copy(&copied->arena, bytes);
    return AMBIT_OK;
}

static enum ambit_err get(void *ctx, const char *path, size_t max, struct buf *ret)
{
    const struct copied *copied = ctx;
    for (size_t i = 0; i < copied->n; i++) {
        if (!ambit_str_is(copied->path[i], path))
            continue;
        if (copied->bytes[i].len > max)
            return AMBIT_ERR_TOO_LARGE;
        buf_put_str(ret, copied->bytes[i]);
        return buf_check(ret);
    }
    return AMBIT_ERR_NOT_FOUND;
}

static void check_copy(const struct log_source *source, const struct log_report *first)
{
    struct copied copied = {.n = 0};
    struct log_copied told;
    struct log_report again;
    char path[LOG_PATH_MAX];
    arena_init(&copied.arena, NULL, 0, 0);
    const struct log_sink sink = {.ctx = &copied, .put = put};
    const struct log_copy_options options = {
        .next = UINT64_MAX, .no_openings = !first->export.has_openings, .hash_key = {3, 5}};
    enum ambit_err err = log_copy(source, &sink, &options, path, &told);
    FUZZ_CHECK(err == AMBIT_OK || err == AMBIT_ERR_NO_SPACE);
    if (err == AMBIT_OK) {
        const struct log_source copy = {.ctx = &copied, .get = get};
        const struct log_verify_options how = {.hash_key = {7, 11}};
        FUZZ_CHECK(log_verify(&copy, &how, &again) == AMBIT_OK);
        FUZZ_CHECK(again.n_problems == 0 && again.events == first->events);
        FUZZ_CHECK(ambit_digest_eq(again.root, first->root));
        FUZZ_CHECK(again.counts.redecided == first->counts.redecided);
        log_report_done(&again);
    }
    arena_done(&copied.arena);
}

static enum ambit_err each(void *ctx, void (*one)(void *one_ctx, const char *path), void *one_ctx)
{
    const struct copied *copied = ctx;
    for (size_t i = 0; i < copied->n; i++)
        one(one_ctx, copied->path[i].p);
    return AMBIT_OK;
}

static enum ambit_err put_list(struct copied *copied)
{
    BUF_AUTO list = {.p = NULL};
    for (size_t i = 0; i < copied->n; i++) {
        struct ambit_digest digest;
        crypto_sha256(copied->bytes[i].p, copied->bytes[i].len, &digest);
        buf_put_hex(&list, digest.b, sizeof digest.b);
        buf_printf(&list, "  %s\n", copied->path[i].p);
    }
    return put(copied, "SHA256SUMS", buf_str(&list));
}

static void check_evidence(const struct log_source *source, const struct log_report *first)
{
    static const struct evidence_ask all = {.from_ms = INT64_MIN, .to_ms = INT64_MAX};
    struct copied copied = {.n = 0};
    struct evidence *evidence = NULL;
    struct log_report again;
    char path[LOG_PATH_MAX];
    arena_init(&copied.arena, NULL, 0, 0);
    const struct log_sink sink = {.ctx = &copied, .put = put};
    const struct log_copy_options options = {.no_openings = !first->export.has_openings,
                                             .hash_key = {3, 5}};
    FUZZ_CHECK(evidence_open(source, &options, path, &evidence) == AMBIT_OK);
    FUZZ_CHECK(evidence_choose(evidence, &all) == AMBIT_OK);
    FUZZ_CHECK(evidence_summary(evidence)->n == first->events);
    enum ambit_err err = evidence_write(evidence, &sink, NULL, NULL);
    if (err == AMBIT_OK)
        err = put_list(&copied);
    FUZZ_CHECK(err == AMBIT_OK || err == AMBIT_ERR_NO_SPACE);
    if (err == AMBIT_OK && first->events > 0) {
        const struct log_source copy = {.ctx = &copied, .get = get, .each = each};
        const struct log_verify_options how = {.hash_key = {7, 11}};
        FUZZ_CHECK(log_verify(&copy, &how, &again) == AMBIT_OK);
        for (size_t i = 0; i < again.n; i++) /* of sets that no decision hangs on: not looked at */
            FUZZ_CHECK(again.problems[i].path.len > 5 &&
                       memcmp(again.problems[i].path.p, "sets/", 5) == 0);
        FUZZ_CHECK(again.events == first->events && again.counts.unknown_links == 0);
        FUZZ_CHECK(again.counts.redecided == first->counts.redecided);
        log_report_done(&again);
    }
    evidence_close(evidence);
    arena_done(&copied.arena);
}

/* Whatever names and texts a report repeats, it is JSON. */
static void check_report(const struct log_report *report)
{
    BUF_AUTO text = {.p = NULL};
    struct json_out out = {.buf = NULL};
    struct json_problem problem;
    const struct json_value *value = NULL;
    ARENA_AUTO arena;
    arena_init(&arena, NULL, 0, 0);
    json_out_init(&out, &text, false);
    log_report_write(report, &out);
    FUZZ_CHECK(buf_check(&text) == AMBIT_OK);
    FUZZ_CHECK(json_read(buf_str(&text), (struct json_limits){.depth = 8}, &arena, &value,
                         &problem) == AMBIT_OK);
}

static void check_files(struct files *files)
{
    const struct log_source source = files_source(files);
    const struct log_verify_options options = {.hash_key = {1, 2}};
    struct log_report report;
    enum ambit_err err = log_verify(&source, &options, &report);
    FUZZ_CHECK(err != AMBIT_ERR_INTERNAL && err != AMBIT_ERR_NO_MEMORY);
    if (err == AMBIT_OK && report.n_problems == 0 && report.export.kind == LOG_WHOLE)
        check_copy(&source, &report);
    if (err == AMBIT_OK && report.n_problems == 0 && report.export.kind == LOG_WHOLE)
        check_evidence(&source, &report);
    if (err == AMBIT_OK && report.n_problems == 0 && report.export.kind == LOG_EVIDENCE)
        FUZZ_CHECK(report.events == report.export.events && report.n_listed > 0);
    check_report(&report);
    log_report_done(&report);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    char path[64];
    struct files *files = NULL;
    FD_AUTO fd = memfd_create("export", MFD_CLOEXEC);
    FUZZ_CHECK(fd >= 0 && write(fd, bytes, size) == (ssize_t)size);
    (void)snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    enum ambit_err err = files_open(path, &files);
    FUZZ_CHECK(err == AMBIT_OK || err == AMBIT_ERR_MALFORMED || err == AMBIT_ERR_DAMAGED);
    if (err == AMBIT_OK)
        check_files(files);
    files_close(files);
    return 0;
}
