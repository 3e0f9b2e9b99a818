/* SPDX-License-Identifier: Apache-2.0 */
/* `policy test`: every NAME.test.json beside its policy, run by the engine itself with no broker.
 */
#include "cli/owners.h"

#include "ambit/policy_test.h"
#include "base/encode.h"
#include "base/json_write.h"
#include "cli/show.h"
#include "cli/xml.h"
#include "config/folder.h"

/* One file of tests, as it went. */
struct test_file {
    struct ambit_str path;
    enum ambit_err err; /* MALFORMED: `problem` says why */
    struct ambit_test_problem problem;
    struct ambit_test_report report;
};

struct suite {
    struct ambit_problems problems; /* of the documents */
    struct ambit_policy_set *set;
    struct folder tests;
    struct test_file *files;
    size_t n_files, n_cases, n_passed, n_reach, n_reached, n_unreadable;
};

static void suite_done(struct suite *suite)
{
    ambit_problems_done(&suite->problems);
    ambit_policy_set_free(suite->set);
    folder_done(&suite->tests);
}

static enum ambit_err load(struct suite *suite, const char *folder, int64_t now_ms)
{
    struct ambit_documents *documents = NULL;
    enum ambit_err err = folder_load(folder, now_ms, &suite->problems, &documents);
    if (!err)
        err = ambit_policy_compile(documents, &suite->set);
    if (!err)
        err = folder_read_tests(folder, &suite->problems, &suite->tests);
    return err;
}

static enum ambit_err run_files(struct cli *cli, struct suite *suite)
{
    const char *only = cli_get(cli, "policy");
    suite->files = arena_array(&cli->arena, suite->tests.n + 1, sizeof *suite->files);
    if (!suite->files)
        return AMBIT_ERR_NO_MEMORY;

    for (size_t i = 0; i < suite->tests.n; i++) {
        const struct ambit_file *tests = &suite->tests.files[i];
        if (only && !ambit_str_is(tests->name, only))
            continue;
        struct test_file *file = &suite->files[suite->n_files++];
        file->path = tests->path;
        file->err = ambit_policy_test(suite->set, tests->name, tests->bytes, cli->now_ms,
                                      &cli->arena, &file->report, &file->problem);
        if (file->err && file->err != AMBIT_ERR_MALFORMED)
            return file->err;
        if (file->err) {
            suite->n_unreadable++;
            continue;
        }
        suite->n_cases += file->report.n_cases;
        suite->n_passed += file->report.n_passed;
        suite->n_reach += file->report.n_reach;
        suite->n_reached += file->report.n_reached;
    }
    return AMBIT_OK;
}

/* Of all rules, `never` rules and hard stops of the policies tested; rounded down. */
static int64_t percent(size_t n, size_t of)
{
    return of ? (int64_t)(n * 100 / of) : 100;
}

/* ---- as text --------------------------------------------------------------------------------- */

static void put_problem(struct buf *out, const struct test_file *file)
{
    const struct ambit_test_problem *p = &file->problem;
    show_escaped(out, file->path);
    buf_printf(out, ":%u:%u: error: %.*s: %s; expected %s\n", p->line, p->column,
               AMBIT_STR_ARG(p->pointer), p->what, p->expected);
}

static void put_unreached(struct buf *out, const struct ambit_test_report *report)
{
    buf_printf(out, "  reached %zu of %zu", report->n_reached, report->n_reach);
    const char *before = "; not reached: ";
    for (size_t i = 0; i < report->n_reach; i++) {
        if (report->reach[i].is_reached)
            continue;
        buf_printf(out, "%s%s %.*s", before, ambit_test_part_text(report->reach[i].part),
                   AMBIT_STR_ARG(report->reach[i].id));
        before = ", ";
    }
    buf_put_char(out, '\n');
}

static void put_file(struct buf *out, const struct test_file *file)
{
    const struct ambit_test_report *report = &file->report;
    show_escaped(out, file->path);
    buf_put_char(out, '\n');
    for (size_t i = 0; i < report->n_cases; i++) {
        const struct ambit_test_case *c = &report->cases[i];
        buf_put_text(out, c->passed ? "  ok    " : "  FAIL  ");
        show_escaped(out, c->name);
        buf_printf(out, c->passed ? "\n" : " (line %u)\n", c->line);
        for (size_t k = 0; k < c->n_differences; k++) {
            buf_put_text(out, "        ");
            show_escaped(out, c->differences[k]);
            buf_put_char(out, '\n');
        }
    }
    put_unreached(out, report);
}

static void put_text(struct buf *out, const struct suite *suite)
{
    for (size_t i = 0; i < suite->n_files; i++) {
        if (suite->files[i].err)
            put_problem(out, &suite->files[i]);
        else
            put_file(out, &suite->files[i]);
    }
    buf_printf(out, "%zu passed, %zu failed; reached %zu of %zu rules and stops (%lld %%)\n",
               suite->n_passed, suite->n_cases - suite->n_passed, suite->n_reached, suite->n_reach,
               (long long)percent(suite->n_reached, suite->n_reach));
}

/* ---- as JSON --------------------------------------------------------------------------------- */

static void put_member_n(struct json_out *out, const char *key, size_t n)
{
    json_key(out, key);
    json_i64(out, (int64_t)n);
}

static void put_json_case(struct json_out *out, const struct ambit_test_case *c)
{
    json_begin_object(out);
    json_member_str(out, "name", c->name);
    put_member_n(out, "line", c->line);
    json_key(out, "ok");
    json_bool(out, c->passed);
    json_key(out, "differences");
    json_begin_array(out);
    for (size_t i = 0; i < c->n_differences; i++)
        json_str(out, c->differences[i]);
    json_end_array(out);
    json_end_object(out);
}

static void put_json_file(struct json_out *out, const struct test_file *file)
{
    const struct ambit_test_report *report = &file->report;
    json_begin_object(out);
    json_member_str(out, "file", file->path);
    json_member_str(out, "policy", report->policy);
    if (file->err) {
        json_key(out, "problem");
        json_begin_object(out);
        put_member_n(out, "line", file->problem.line);
        put_member_n(out, "column", file->problem.column);
        json_member_str(out, "pointer", file->problem.pointer);
        json_member_text(out, "what", file->problem.what);
        json_member_text(out, "expected", file->problem.expected);
        json_end_object(out);
    }
    json_key(out, "cases");
    json_begin_array(out);
    for (size_t i = 0; i < report->n_cases && !file->err; i++)
        put_json_case(out, &report->cases[i]);
    json_end_array(out);
    json_key(out, "reach");
    json_begin_array(out);
    for (size_t i = 0; i < report->n_reach && !file->err; i++) {
        json_begin_object(out);
        json_member_text(out, "part", ambit_test_part_text(report->reach[i].part));
        json_member_str(out, "id", report->reach[i].id);
        json_key(out, "reached");
        json_bool(out, report->reach[i].is_reached);
        json_end_object(out);
    }
    json_end_array(out);
    json_end_object(out);
}

static void put_json(struct buf *buf, const struct suite *suite, bool ok)
{
    struct json_out out;
    json_out_init(&out, buf, false);
    json_begin_object(&out);
    json_key(&out, "ok");
    json_bool(&out, ok);
    put_member_n(&out, "passed", suite->n_passed);
    put_member_n(&out, "failed", suite->n_cases - suite->n_passed);
    json_key(&out, "coverage");
    json_begin_object(&out);
    put_member_n(&out, "reached", suite->n_reached);
    put_member_n(&out, "of", suite->n_reach);
    put_member_n(&out, "percent", (size_t)percent(suite->n_reached, suite->n_reach));
    json_end_object(&out);
    json_key(&out, "files");
    json_begin_array(&out);
    for (size_t i = 0; i < suite->n_files; i++)
        put_json_file(&out, &suite->files[i]);
    json_end_array(&out);
    json_end_object(&out);
    buf_put_char(buf, '\n');
}

/* ---- as JUnit XML ---------------------------------------------------------------------------- */

static void put_junit_case(struct buf *out, const struct test_file *file,
                           const struct ambit_test_case *c)
{
    buf_put_text(out, "    <testcase classname=\"");
    xml_put(out, file->report.policy);
    buf_put_text(out, "\" name=\"");
    xml_put(out, c->name);
    buf_put_text(out, "\" file=\"");
    xml_put(out, file->path);
    buf_printf(out, "\" line=\"%u\">", c->line);
    if (!c->passed) {
        buf_put_text(out, "<failure message=\"not as expected\">");
        for (size_t i = 0; i < c->n_differences; i++) {
            xml_put(out, c->differences[i]);
            buf_put_char(out, '\n');
        }
        buf_put_text(out, "</failure>");
    }
    buf_put_text(out, "</testcase>\n");
}

static void put_junit(struct buf *out, const struct suite *suite)
{
    buf_put_text(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    buf_printf(out, "<testsuites tests=\"%zu\" failures=\"%zu\" errors=\"%zu\">\n", suite->n_cases,
               suite->n_cases - suite->n_passed, suite->n_unreadable);
    for (size_t i = 0; i < suite->n_files; i++) {
        const struct test_file *file = &suite->files[i];
        const struct ambit_test_report *report = &file->report;
        buf_put_text(out, "  <testsuite name=\"");
        xml_put(out, file->path);
        buf_printf(out, "\" tests=\"%zu\" failures=\"%zu\" errors=\"%d\">\n", report->n_cases,
                   report->n_cases - report->n_passed, file->err != 0);
        for (size_t k = 0; k < report->n_cases && !file->err; k++)
            put_junit_case(out, file, &report->cases[k]);
        if (file->err) {
            buf_put_text(out, "    <testcase name=\"the file itself\"><error message=\"");
            xml_put(out, ambit_str_of(file->problem.what));
            buf_put_text(out, "\">expected ");
            xml_put(out, ambit_str_of(file->problem.expected));
            buf_put_text(out, "</error></testcase>\n");
        }
        buf_put_text(out, "  </testsuite>\n");
    }
    buf_put_text(out, "</testsuites>\n");
}

/* ---- the verb -------------------------------------------------------------------------------- */

enum format { FORMAT_TEXT, FORMAT_JSON, FORMAT_JUNIT };

static enum cli_exit read_options(struct cli *cli, enum format *ret_format, int64_t *ret_minimum)
{
    const char *format = cli_get(cli, "format"), *minimum = cli_get(cli, "min-coverage");
    *ret_minimum = 0;
    *ret_format = cli->wants_json ? FORMAT_JSON : FORMAT_TEXT;
    if (format && streq(format, "json"))
        *ret_format = FORMAT_JSON;
    else if (format && streq(format, "junit"))
        *ret_format = FORMAT_JUNIT;
    else if (format && !streq(format, "text"))
        return cli_usage(cli, "--format \"%s\"; expected text, json or junit", format);
    if (minimum &&
        (parse_i64(ambit_str_of(minimum), ret_minimum) || *ret_minimum < 0 || *ret_minimum > 100))
        return cli_usage(cli, "--min-coverage \"%s\"; expected a percentage, 0 to 100", minimum);
    return CLI_YES;
}

static enum cli_exit run_test(struct cli *cli)
{
    AMBIT_CLEANUP(suite_done) struct suite suite = {.set = NULL};
    enum format format = FORMAT_TEXT;
    int64_t minimum = 0;
    enum cli_exit code = read_options(cli, &format, &minimum);
    if (code)
        return code;
    enum ambit_err err = load(&suite, cli->argument, cli->now_ms);
    if (err == AMBIT_ERR_MALFORMED) {
        for (size_t i = 0; i < suite.problems.n; i++)
            show_problem(&cli->errors, &suite.problems.v[i]);
        return cli_fail(cli, CLI_USAGE, "%s: the documents are not valid; nothing was tested",
                        cli->argument);
    }
    if (!err)
        err = run_files(cli, &suite);
    if (err)
        return cli_fail(cli, CLI_USAGE, "%s: %s", cli->argument, ambit_err_text(err));
    if (suite.n_files == 0)
        return cli_fail(cli, CLI_USAGE,
                        "%s: no tests; expected policies/NAME.test.json beside a policy",
                        cli->argument);

    bool is_covered = percent(suite.n_reached, suite.n_reach) >= minimum;
    bool ok = suite.n_passed == suite.n_cases && suite.n_unreadable == 0 && is_covered;
    switch (format) {
    case FORMAT_TEXT:
        put_text(&cli->out, &suite);
        break;
    case FORMAT_JSON:
        put_json(&cli->out, &suite, ok);
        break;
    case FORMAT_JUNIT:
        put_junit(&cli->out, &suite);
        break;
    }
    if (!is_covered)
        (void)cli_fail(cli, CLI_NO, "the tests reach less than %lld %% of rules and stops",
                       (long long)minimum);
    return suite.n_unreadable ? CLI_USAGE : ok ? CLI_YES : CLI_NO;
}

const struct cli_verb owners_policy_test = {
    .name = "policy test",
    .argument = "DIR",
    .summary = "run the tests of policies, with no broker",
    .text = "Runs every policies/NAME.test.json in DIR: each case asks the engine one question, "
            "with the history and the time it says, and holds the answer to what it expects. Says "
            "which rules, never rules and hard stops of the policy no case reached. Exits 1 when a "
            "case fails or less than --min-coverage is reached, 2 when documents or tests are not "
            "valid.",
    .example = "ambit policy test examples/policies --min-coverage 100",
    .options = {{"policy", "NAME", "only the tests of this policy", false, false},
                {"min-coverage", "PERCENT",
                 "fail when fewer rules and stops are reached (0 when absent)", false, false},
                {"format", "FORMAT", "text, json or junit", false, false},
                {NULL}},
    .run = run_test,
};
