/* SPDX-License-Identifier: Apache-2.0 */
/* Goal: of a log exactly those events are chosen that belong to the target and its period, and what
 * they lead to; what is written of them verifies alone (TLP-1), and each damage to a file of it is
 * named where it is. */
#include "crypto/digest.h"
#include "evidence_log.h"
#include "ledger/evidence.h"

/* ---- choosing ------------------------------------------------------------------------------- */

static enum ambit_err put_seq(void *ctx, const struct evidence_item *item)
{
    static const char why[] = {
        [EVIDENCE_BELONGS] = 'b', [EVIDENCE_LINKED] = 'l', [EVIDENCE_RECORD] = 'r'};
    buf_printf(ctx, "%c%llu ", why[item->why], (unsigned long long)item->event->seq);
    return AMBIT_OK;
}

static const struct log_copy_options options = {.hash_key = {1, 2}, .now_ms = BEGAN_S * 1000ll};

static void what_belongs_and_what_it_leads_to(void **state)
{
    static const struct {
        const char *name, *of;
        enum evidence_kind kind;
        int64_t from, to; /* sequences */
        const char *want;
    } rows[] = {
        {"an agent, with the grant above, approval, outcome, and the stops of its owner and of a "
         "policy that an item came of",
         "hand", EVIDENCE_AGENT, 0, SIZE, "l10 b20 b30 l31 b40 b50 b70 l260 l290 r295 "},
        {"what answers is of any time", "hand", EVIDENCE_AGENT, 40, 41,
         "l10 l20 l30 l31 b40 l260 "},
        {"a denial, with the stop it names and its clearing", "chief", EVIDENCE_AGENT, 60, 61,
         "l10 l50 b60 l290 "},
        {"an owner", "dana", EVIDENCE_OWNER, 0, 30, "b10 b20 "},
        {"an owner: what they did", "lee", EVIDENCE_OWNER, 0, SIZE, "l30 b31 r295 "},
        {"a policy", "helper", EVIDENCE_POLICY, 0, 100, "l10 b20 "},
        {"a policy that an item came of", "second", EVIDENCE_POLICY, 0, 100, "l10 b20 b70 "},
        {"a period", NULL, EVIDENCE_PERIOD, 50, 52, "b50 b51 l290 "},
        {"the end of a period is not in it", NULL, EVIDENCE_PERIOD, 20, 20, ""},
        {"nothing in the period", "hand", EVIDENCE_AGENT, 100, 200, ""},
        {"no name is a part of another", "han", EVIDENCE_AGENT, 0, SIZE, ""},
        {"nor a whole one", "hands", EVIDENCE_AGENT, 0, SIZE, ""},
    };
    (void)state;
    struct log *log = make();
    const struct log_source source = {.ctx = log, .get = get};
    for (size_t i = 0; i < AMBIT_LEN(rows); i++) {
        const struct evidence_ask ask = {.kind = rows[i].kind,
                                         .name = rows[i].of ? ambit_str_of(rows[i].of)
                                                            : (struct ambit_str){0},
                                         .from_ms = (BEGAN_S + rows[i].from) * 1000,
                                         .to_ms = (BEGAN_S + rows[i].to) * 1000};
        struct evidence *evidence = NULL;
        char path[LOG_PATH_MAX];
        BUF_AUTO said;
        buf_init(&said, 0);
        assert_int_equal(evidence_open(&source, &options, path, &evidence), AMBIT_OK);
        assert_int_equal(evidence_choose(evidence, &ask), AMBIT_OK);
        bool has_any = evidence_summary(evidence)->by[EVIDENCE_BELONGS] > 0;
        if (has_any)
            assert_int_equal(evidence_each(evidence, put_seq, &said), AMBIT_OK);
        if (!ambit_str_is(buf_str(&said), rows[i].want))
            print_error("%s: %.*s\n", rows[i].name, AMBIT_STR_ARG(buf_str(&said)));
        ROW_CHECK(rows[i].name, ambit_str_is(buf_str(&said), rows[i].want));
        evidence_close(evidence);
    }
    done(log);
}

/* ---- writing and damage --------------------------------------------------------------------- */

static void list_files(struct log *made)
{
    BUF_AUTO list;
    buf_init(&list, 0);
    for (size_t i = 0; i < made->n; i++) {
        struct ambit_digest digest;
        crypto_sha256(made->file[i].bytes.p, made->file[i].bytes.len, &digest);
        if (made->file[i].is_gone || strcmp(made->file[i].path, "SHA256SUMS") == 0)
            continue;
        buf_put_hex(&list, digest.b, sizeof digest.b);
        buf_printf(&list, "  %s\n", made->file[i].path);
    }
    buf_reset(file_of(made, "SHA256SUMS"));
    buf_put_str(file_of(made, "SHA256SUMS"), buf_str(&list));
}

static struct log *make_evidence(struct log *log)
{
    static const struct evidence_ask ask = {
        .kind = EVIDENCE_AGENT, .name = {"hand", 4}, .from_ms = INT64_MIN, .to_ms = INT64_MAX};
    const struct log_source source = {.ctx = log, .get = get};
    struct evidence *evidence = NULL;
    char path[LOG_PATH_MAX];
    struct log *made = calloc(1, sizeof *made);
    assert_non_null(made);
    const struct log_sink sink = {.ctx = made, .put = put};
    assert_int_equal(evidence_open(&source, &options, path, &evidence), AMBIT_OK);
    assert_int_equal(evidence_choose(evidence, &ask), AMBIT_OK);
    assert_int_equal(evidence_write(evidence, &sink, NULL, NULL), AMBIT_OK);
    evidence_close(evidence);
    buf_put_text(file_of(made, "index.html"), "to read");
    list_files(made);
    return made;
}

static void verify(struct log *made, struct log_report *ret)
{
    const struct log_source source = {.ctx = made, .get = get, .each = each};
    const struct log_verify_options how = {.hash_key = {3, 4}, .no_redecide = true};
    assert_int_equal(log_verify(&source, &how, ret), AMBIT_OK);
}

static bool is_told(const struct log_report *report, const char *what)
{
    char text[1024];
    for (size_t i = 0; i < report->n; i++) {
        const struct log_problem *problem = &report->problems[i];
        (void)snprintf(text, sizeof text, "%.*s: %.*s", AMBIT_STR_ARG(problem->path),
                       AMBIT_STR_ARG(problem->what));
        if (strstr(text, what) != NULL)
            return true;
    }
    return false;
}

static void what_is_written_verifies_alone(void **state)
{
    (void)state;
    struct log *log = make(), *made = make_evidence(log);
    struct log_report report;
    verify(made, &report);
    assert_int_equal(report.n_problems, 0);
    assert_true(report.is_signed && report.events == 10 && report.export.events == 10);
    assert_int_equal(report.counts.unknown_links, 0);
    assert_int_equal(report.n_listed + 1, made->n);
    assert_int_equal(report.n_others, 0);
    log_report_done(&report);
    done(made);
    done(log);
}

enum damage { CHANGED, CUT, GONE, LONGER, SWAPPED, GARBLED };

static void damage(struct log *made, const char *path, enum damage how)
{
    struct buf *bytes = file_of(made, path);
    switch (how) {
    case CHANGED:
        bytes->p[bytes->len / 2] ^= 1;
        break;
    case CUT:
        bytes->len--;
        break;
    case GONE:
        find_file(made, path)->is_gone = true;
        break;
    case LONGER:
        buf_put_char(bytes, 'x');
        break;
    case SWAPPED: /* for that of another event */
        buf_reset(bytes);
        buf_put_str(bytes, buf_str(file_of(made, "receipts/10.tlog-proof")));
        break;
    case GARBLED: /* a line, and none of its kind */
        buf_reset(bytes);
        buf_put_text(bytes, "x\n");
        break;
    }
}

static void each_damage_is_named(void **state)
{
    static const struct {
        const char *path;
        enum damage how;
        bool is_listed_anew; /* by whoever did it */
        const char *want;
    } rows[] = {
        {"receipts/40.entry", CHANGED, false, "receipts/40.entry: was changed since"},
        {"receipts/40.entry", CHANGED, true, "receipts/40.tlog-proof: does not prove this entry"},
        {"receipts/40.entry", CUT, true, "receipts/40.tlog-proof: does not prove this entry"},
        {"receipts/40.entry", GONE, true, "receipts/40.entry: is not there"},
        {"receipts/40.tlog-proof", GONE, true, "receipts/40.tlog-proof: is not there"},
        {"receipts/40.tlog-proof", CUT, true, "receipts/40.tlog-proof: does not prove"},
        {"receipts/40.tlog-proof", SWAPPED, true, "receipts/40.tlog-proof: does not prove"},
        {"receipts/40.open", CHANGED, true, "the opening does not fit"},
        {"receipts/40.open", GONE, false, "receipts/40.open: is not there"},
        {"checkpoint", CHANGED, true, "checkpoint"},
        {"checkpoint", GONE, true, "checkpoint: is not there"},
        {"log.vkey", CHANGED, true, "log.vkey: is no verifier key"},
        {"index.html", CHANGED, false, "index.html: was changed since"},
        {"index.html", LONGER, false, "index.html: was changed since"},
        {"index.html", GONE, false, "index.html: is not there"},
        {"SHA256SUMS", GONE, false, "SHA256SUMS: is not there"},
        {"SHA256SUMS", CUT, false, "SHA256SUMS: is no list"},
        {"SHA256SUMS", LONGER, false, "SHA256SUMS: is no list"},
        {"SHA256SUMS", GARBLED, false, "SHA256SUMS: is no list"},
    };
    (void)state;
    struct log *log = make();
    for (size_t i = 0; i < AMBIT_LEN(rows); i++) {
        struct log *made = make_evidence(log);
        struct log_report report;
        damage(made, rows[i].path, rows[i].how);
        if (rows[i].is_listed_anew)
            list_files(made);
        verify(made, &report);
        ROW_CHECK(rows[i].want, report.n_problems > 0 && is_told(&report, rows[i].want));
        log_report_done(&report);
        done(made);
    }
    done(log);
}

/* A whole event taken away shows only by how many there were. */
static void an_event_less_is_counted(void **state)
{
    (void)state;
    struct log *log = make(), *made = make_evidence(log);
    struct log_report report;
    damage(made, "receipts/10.entry", GONE);
    damage(made, "receipts/10.tlog-proof", GONE);
    list_files(made);
    verify(made, &report);
    assert_true(is_told(&report, "receipts: are of 9 events, not of the 10 chosen"));
    assert_true(report.counts.unknown_links > 0);
    log_report_done(&report);
    done(made);
    done(log);
}

/* No line of the list leads out of the archive, and none twice to one file. */
static void no_line_leads_away(void **state)
{
    static const char *const lines[] = {"/etc/passwd", "../index.html", ".hidden", "a/../b",
                                        "a/.b",        "a b",           "a\\b",    "index.html"};
    (void)state;
    struct log *log = make();
    for (size_t i = 0; i < AMBIT_LEN(lines); i++) {
        struct log *made = make_evidence(log);
        struct log_report report;
        buf_printf(file_of(made, "SHA256SUMS"), "%064d  %s\n", 0, lines[i]);
        verify(made, &report);
        ROW_CHECK(lines[i], is_told(&report, "SHA256SUMS: is no list"));
        log_report_done(&report);
        done(made);
    }
    done(log);
}

/* A bundle that was pruned is told, and what is left is chosen. */
static void what_cannot_be_read_is_counted(void **state)
{
    static const struct evidence_ask ask = {
        .kind = EVIDENCE_OWNER, .name = {"kim", 3}, .from_ms = INT64_MIN, .to_ms = INT64_MAX};
    (void)state;
    struct log *log = make();
    const struct log_source source = {.ctx = log, .get = get};
    struct evidence *evidence = NULL;
    char path[LOG_PATH_MAX];
    find_file(log, "tile/entries/000")->is_gone = true;
    assert_int_equal(evidence_open(&source, &options, path, &evidence), AMBIT_OK);
    assert_int_equal(evidence_choose(evidence, &ask), AMBIT_OK);
    assert_int_equal(evidence_summary(evidence)->unread, 256);
    assert_true(evidence_has(evidence, 290) && !evidence_has(evidence, 50));
    evidence_close(evidence);
    find_file(log, "checkpoint")->is_gone = true;
    assert_int_equal(evidence_open(&source, &options, path, &evidence), AMBIT_ERR_NOT_FOUND);
    assert_string_equal(path, "checkpoint");
    done(log);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_belongs_and_what_it_leads_to),
        cmocka_unit_test(what_is_written_verifies_alone),
        cmocka_unit_test(each_damage_is_named),
        cmocka_unit_test(an_event_less_is_counted),
        cmocka_unit_test(no_line_leads_away),
        cmocka_unit_test(what_cannot_be_read_is_counted),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
