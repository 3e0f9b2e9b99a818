/* SPDX-License-Identifier: Apache-2.0 */
/* The steps of verifying, and the report. */
#include "ledger/log_verify.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/encode.h"
#include "base/json_write.h"
#include "ledger/log_verify_internal.h"
#include "ledger/tile_path.h"

enum { WHAT_MAX = 512 };

/* ---- the report -------------------------------------------------------------------------------
 */

void log_problem(struct log_verify *verify, const uint64_t *seq, const char *path,
                 const char *format, ...)
{
    struct log_report *report = verify->report;
    char text[WHAT_MAX];
    va_list args;
    report->n_problems++;
    if (report->n == LOG_PROBLEMS_MAX)
        return;
    va_start(args, format);
    int n = vsnprintf(text, sizeof text, format, args);
    va_end(args);
    report->problems[report->n++] = (struct log_problem){
        .has_seq = seq != NULL,
        .seq = seq != NULL ? *seq : 0,
        .path =
            path != NULL ? arena_copy(report->memory, ambit_str_of(path)) : (struct ambit_str){0},
        .what = arena_copy(report->memory, n < 0 ? AMBIT_STR("") : ambit_str_of(text)),
    };
}

void log_report_done(struct log_report *report)
{
    if (report->memory != NULL)
        arena_done(report->memory);
    free(TAKE(report->memory));
}

static void write_problem(const struct log_problem *problem, struct json_out *out)
{
    json_begin_object(out);
    json_member_str(out, "path", problem->path);
    if (problem->has_seq) {
        json_key(out, "seq");
        json_i64(out, (int64_t)problem->seq);
    }
    json_member_str(out, "what", problem->what);
    json_end_object(out);
}

static void write_count(struct json_out *out, const char *name, uint64_t count)
{
    json_key(out, name);
    json_i64(out, (int64_t)count);
}

void log_report_write(const struct log_report *report, struct json_out *out)
{
    static const char *const kinds[] = {
        [LOG_WHOLE] = "log", [LOG_SEGMENT] = "segment", [LOG_EVIDENCE] = "evidence"};
    json_begin_object(out);
    json_key(out, "ok");
    json_bool(out, report->n_problems == 0);
    write_count(out, "events", report->events);
    json_key(out, "root");
    json_hex(out, report->root.b, sizeof report->root.b);
    json_member_text(out, "kind", kinds[report->export.kind]);
    json_member_str(out, "origin", report->origin);
    write_count(out, "size", report->size);
    json_key(out, "signed");
    json_bool(out, report->is_signed);
    json_key(out, "key_given");
    json_bool(out, report->is_key_given);
    write_count(out, "decided_again", report->counts.redecided);
    write_count(out, "not_decided_erased", report->counts.erased);
    write_count(out, "not_decided_absent", report->counts.undecided);
    write_count(out, "not_followed", report->counts.unfollowed);
    write_count(out, "openings_erased", report->counts.erased_texts);
    json_key(out, "openings");
    json_bool(out, report->export.has_openings);
    write_count(out, "openings_unaccounted", report->counts.unaccounted_texts);
    write_count(out, "documents_unaccounted", report->counts.unaccounted_documents);
    write_count(out, "unknown_links", report->counts.unknown_links);
    write_count(out, "other_files", report->n_others);
    if (report->export.kind == LOG_EVIDENCE) {
        write_count(out, "listed_files", report->n_listed);
        json_key(out, "manifest");
        json_digest(out, report->manifest);
    }
    json_key(out, "problems");
    json_begin_array(out);
    for (size_t i = 0; i < report->n; i++)
        write_problem(&report->problems[i], out);
    json_end_array(out);
    if (report->n_problems > report->n)
        write_count(out, "not_listed", report->n_problems - report->n);
    json_end_object(out);
}

/* ---- what does not belong ------------------------------------------------------------------- */

static bool is_hex(struct ambit_str text)
{
    for (size_t i = 0; i < text.len; i++)
        if (!(text.p[i] >= '0' && text.p[i] <= '9') && !(text.p[i] >= 'a' && text.p[i] <= 'f'))
            return false;
    return text.len == HEX_DIGEST_LEN;
}

static bool is_tile(const struct log_verify *verify, const char *path)
{
    struct tile_path tile;
    if (tile_path_read(ambit_str_of(path), &tile) != AMBIT_OK)
        return false;
    return (tile.is_entries || tile.level < LOG_TILE_LEVELS) &&
           tile.width == log_tile_width(verify->checkpoint.size, tile.is_entries ? 0 : tile.level,
                                        tile.index);
}

/* As its bundle is named, were that full. */
static bool is_openings(const struct log_verify *verify, const char *path)
{
    static const char openings[] = "openings/";
    char name[LOG_PATH_MAX];
    struct tile_path tile;
    if (strncmp(path, openings, sizeof openings - 1) != 0)
        return false;
    int len = snprintf(name, sizeof name, "tile/entries/%s", path + sizeof openings - 1);
    return len > 0 && (size_t)len < sizeof name &&
           tile_path_read(ambit_str_of(name), &tile) == AMBIT_OK && tile.width == LOG_TILE_WIDTH &&
           log_tile_width(verify->checkpoint.size, 0, tile.index) > 0;
}

static bool is_named(const char *path)
{
    static const struct {
        const char *folder, *end;
    } forms[] = {{"documents/", ""}, {"sets/", ".json"}, {"zones/", ""}};
    size_t len = strlen(path);
    for (size_t i = 0; i < AMBIT_LEN(forms); i++) {
        size_t n = strlen(forms[i].folder), n_end = strlen(forms[i].end);
        if (len >= n + n_end && strncmp(path, forms[i].folder, n) == 0 &&
            strcmp(path + len - n_end, forms[i].end) == 0)
            return is_hex((struct ambit_str){.p = path + n, .len = len - n - n_end});
    }
    return false;
}

static void count_other(void *ctx, const char *path)
{
    static const char *const files[] = {"export.json", "checkpoint", "log.vkey"};
    struct log_verify *verify = ctx;
    bool is_ours = verify->report->export.kind == LOG_EVIDENCE
                       ? log_is_receipt(path) || log_is_listed(verify, path)
                       : is_tile(verify, path) || is_openings(verify, path);
    for (size_t i = 0; i < AMBIT_LEN(files); i++)
        is_ours = is_ours || strcmp(path, files[i]) == 0;
    verify->report->n_others += !is_ours && !is_named(path);
}

/* ---- the steps ------------------------------------------------------------------------------- */

static AMBIT_CHECKED enum ambit_err make_follow(struct log_verify *verify)
{
    const struct log_export *export = &verify->report->export;
    const struct follow_source source = log_follow_source(verify);
    const struct follow_options options = {
        .key = {verify->options->hash_key[0], verify->options->hash_key[1]},
        .no_redecide = verify->options->no_redecide,
        .has_gaps = export->kind == LOG_EVIDENCE,
        .is_partial = export->kind == LOG_EVIDENCE || export->first > 0,
        .ends_early = export->kind == LOG_EVIDENCE || export->next < verify->checkpoint.size,
        .has_erasures = export->has_unread && export->unread == 0,
        .may_lack_sets = export->kind != LOG_WHOLE,
        .are_withheld = !export->has_openings,
    };
    return follow_new(&source, &options, &verify->follow);
}

/* Nothing may hold that was not looked at, whatever the reason. */
static void judge_coverage(struct log_verify *verify)
{
    const struct log_report *report = verify->report;
    const struct log_export *export = &report->export;
    if (export->kind == LOG_EVIDENCE && report->events == 0)
        log_problem(verify, NULL, "receipts", "is no event");
    else if (export->kind == LOG_EVIDENCE && report->events != export->events)
        log_problem(verify, NULL, "receipts", "are of %llu events, not of the %llu chosen",
                    (unsigned long long)report->events, (unsigned long long)export->events);
    else if (export->kind == LOG_SEGMENT && export->first == export->next)
        log_problem(verify, NULL, "export.json", "is of no event");
    if (report->n_problems > 0)
        return;
    if (!report->is_signed)
        log_problem(verify, NULL, "checkpoint", "is not signed");
    if (export->kind != LOG_EVIDENCE && report->events != export->next - export->first)
        log_problem(verify, NULL, "tile/entries", "not every event was looked at");
}

static AMBIT_CHECKED enum ambit_err walk(struct log_verify *verify)
{
    enum ambit_err err = AMBIT_OK;
    if (verify->report->export.kind == LOG_EVIDENCE)
        err = log_verify_evidence(verify);
    else
        err = log_walk(verify);
    if (err == AMBIT_OK && verify->report->export.kind != LOG_EVIDENCE)
        err = log_verify_tiles(verify);
    if (err == AMBIT_OK)
        err = follow_end(verify->follow);
    if (err == AMBIT_OK)
        judge_coverage(verify);
    verify->report->counts = *follow_counts(verify->follow);
    if (err == AMBIT_OK && verify->source->each != NULL)
        err = verify->source->each(verify->source->ctx, count_other, verify);
    return err;
}

static AMBIT_CHECKED enum ambit_err run(struct log_verify *verify)
{
    enum ambit_err err = log_read_export(verify);
    if (err != AMBIT_OK)
        return err;
    err = log_read_checkpoint(verify);
    if (err != AMBIT_OK && err != AMBIT_ERR_CRYPTO && !log_is_ours(err))
        return AMBIT_OK; /* told: without a checkpoint nothing can be said of the rest */
    if (err == AMBIT_OK)
        err = make_follow(verify);
    return err == AMBIT_OK ? walk(verify) : err;
}

static AMBIT_CHECKED enum ambit_err report_init(struct log_report *report)
{
    *report = (struct log_report){0};
    report->memory = malloc(sizeof *report->memory);
    if (report->memory == NULL)
        return AMBIT_ERR_NO_MEMORY;
    arena_init(report->memory, NULL, 0, 0);
    return AMBIT_OK;
}

enum ambit_err log_verify(const struct log_source *source, const struct log_verify_options *options,
                          struct log_report *ret)
{
    struct log_verify verify = {.source = source, .options = options, .report = ret};
    enum ambit_err err = report_init(ret);
    if (err != AMBIT_OK)
        return err;
    buf_init(&verify.note, 0);
    buf_init(&verify.scratch, 0);
    buf_init(&verify.manifest, 0);
    verify.walked = malloc(sizeof *verify.walked);
    verify.again = malloc(sizeof *verify.again);
    if (verify.walked == NULL || verify.again == NULL) {
        err = AMBIT_ERR_NO_MEMORY;
    } else {
        log_bundle_init(verify.walked);
        log_bundle_init(verify.again);
        err = run(&verify);
        log_bundle_done(verify.walked);
        log_bundle_done(verify.again);
    }
    follow_free(verify.follow);
    free(verify.walked);
    free(verify.again);
    buf_done(&verify.note);
    buf_done(&verify.scratch);
    buf_done(&verify.manifest);
    free(verify.listed);
    return err;
}
