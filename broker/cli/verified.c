/* SPDX-License-Identifier: Apache-2.0 */
/* See verified.h. */
#include "cli/verified.h"

#include <stdio.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"

enum { EVERY_MS = 250, BAR = 30 };

enum ambit_err verified_key(const char *text, struct note_verifier *ret)
{
    if (note_verifier_read(ambit_str_of(text), ret) == AMBIT_OK)
        return AMBIT_OK;
    BUF_AUTO file;
    buf_init(&file, 0);
    enum ambit_err err = file_read(AT_FDCWD, text, NOTE_VKEY_MAX + 2, &file);
    if (err != AMBIT_OK)
        return err == AMBIT_ERR_TOO_LARGE ? AMBIT_ERR_MALFORMED : AMBIT_ERR_NOT_FOUND;
    struct ambit_str key = buf_str(&file);
    if (key.len > 0 && key.p[key.len - 1] == '\n')
        key.len--;
    return note_verifier_read(key, ret);
}

/* ---- progress ---------------------------------------------------------------------------------
 */

void verified_progress_begin(struct verified_progress *progress, bool is_wanted)
{
    *progress = (struct verified_progress){.is_on = is_wanted || isatty(STDERR_FILENO) == 1,
                                           .began_ms = clock_mono_us() / 1000};
}

void verified_progress(void *ctx, uint64_t done, uint64_t of)
{
    struct verified_progress *progress = ctx;
    int64_t now_ms = progress->is_on ? clock_mono_us() / 1000 : 0;
    if (!progress->is_on || (now_ms - progress->told_ms < EVERY_MS && done < of))
        return;
    progress->told_ms = now_ms;
    int64_t took_ms = now_ms - progress->began_ms;
    double rate = took_ms > 0 ? (double)done * 1000.0 / (double)took_ms : 0.0;
    double left = rate > 0 ? (double)(of - done) / rate : 0.0;
    char bar[BAR + 1];
    size_t full = of > 0 ? (size_t)((double)done / (double)of * BAR) : BAR;
    memset(bar, '.', BAR);
    memset(bar, '#', full > BAR ? BAR : full);
    bar[BAR] = '\0';
    (void)dprintf(STDERR_FILENO, "\r[%s] %llu of %llu events, %.0f a second, %.0f s left   ", bar,
                  (unsigned long long)done, (unsigned long long)of, rate, left);
}

void verified_progress_end(struct verified_progress *progress)
{
    if (progress->is_on && progress->told_ms != 0)
        (void)dprintf(STDERR_FILENO, "\n");
    progress->is_on = false;
}

/* ---- words ------------------------------------------------------------------------------------
 */

/* Names of files in an archive are anybody's. */
static void put_plain(struct buf *out, struct ambit_str text)
{
    for (size_t i = 0; i < text.len; i++)
        buf_put_char(out, text.p[i] >= ' ' && text.p[i] < 0x7f ? text.p[i] : '?');
}

static void put_problem(const struct log_problem *problem, struct buf *out)
{
    if (problem->has_seq)
        buf_printf(out, "event %llu", (unsigned long long)problem->seq);
    if (problem->has_seq && problem->path.len > 0)
        buf_put_text(out, ", ");
    put_plain(out, problem->path);
    buf_put_text(out, ": ");
    put_plain(out, problem->what);
    buf_put_char(out, '\n');
}

static void put_count(struct buf *out, uint64_t n, const char *what)
{
    if (n > 0)
        buf_printf(out, "%llu %s\n", (unsigned long long)n, what);
}

static void put_signer(const struct log_report *report, struct buf *out)
{
    if (!report->is_signed)
        return;
    if (report->is_key_given)
        buf_put_text(out, "the checkpoint is signed by the key that was given\n");
    else
        buf_put_text(out, "no key was given: the checkpoint is signed by the key that lies beside "
                          "it, which proves nothing about who signed (--key)\n");
}

static void put_range(const struct log_report *report, struct buf *out)
{
    const struct log_export *export = &report->export;
    switch (export->kind) {
    case LOG_WHOLE:
        break;
    case LOG_SEGMENT:
        if (export->first < export->next)
            buf_printf(out, "events %llu to %llu of the %llu: ", (unsigned long long)export->first,
                       (unsigned long long)export->next - 1, (unsigned long long)report->size);
        break;
    case LOG_EVIDENCE:
        buf_printf(out,
                   "%llu files were held against SHA256SUMS, which nobody signed; its own digest "
                   "is sha256:",
                   (unsigned long long)report->n_listed);
        buf_put_hex(out, report->manifest.b, sizeof report->manifest.b);
        buf_put_text(out, "\nchosen events: what was left out is not shown\n");
        break;
    }
    buf_printf(out, "%llu events of ", (unsigned long long)report->events);
}

void verified_write(const struct log_report *report, struct buf *out)
{
    const struct log_export *export = &report->export;
    const struct follow_counts *counts = &report->counts;
    for (size_t i = 0; i < report->n; i++)
        put_problem(&report->problems[i], out);
    if (report->n_problems > report->n)
        buf_printf(out, "and %zu more\n", report->n_problems - report->n);
    put_signer(report, out);
    put_count(out, counts->redecided, "decisions made again from their own inputs");
    put_count(out, counts->erased,
              "decisions cannot be made again: a text they hang on is erased or withheld");
    put_count(out, counts->undecided,
              "decisions cannot be made again: what they hang on is not in this part");
    put_count(out, counts->erased_texts, "events whose texts an erasure took");
    put_count(out, counts->unaccounted_texts,
              "events lack texts: what would account for it is not in this part");
    put_count(
        out, counts->unaccounted_documents,
        "documents have others in their place: what would account for it is not in this part");
    put_count(
        out, export->unread,
        "events of the log could not be read when this was made: what is in them is not here");
    put_count(out, counts->unfollowed,
              "decisions were held against a part of what was in force: more stood open at once "
              "than is followed");
    put_count(out, counts->unknown_links,
              "events name what is not in this part, or was never given: this part cannot tell");
    if (!export->has_openings)
        buf_put_text(out, "personal texts were left out of this export: whether any went without "
                          "an erasure was not judged\n");
    put_count(out, report->n_others, "files are not part of the log and were not judged");
    put_range(report, out);
    put_plain(out, report->origin);
    buf_put_text(out, ", root sha256:");
    buf_put_hex(out, report->root.b, sizeof report->root.b);
    if (report->n_problems == 0)
        buf_put_text(out, ": the record holds\n");
    else
        buf_printf(out, ": DAMAGED, %zu differences\n", report->n_problems);
}
