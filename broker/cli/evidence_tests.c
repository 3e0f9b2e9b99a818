/* SPDX-License-Identifier: Apache-2.0 */
/* The tests that lie beside the policies, run against a version as it stands in the record, by the
 * engine and when the archive is made. They are no part of the record: whoever makes the archive
 * says where they are. */
#include "ambit/policy_test.h"
#include "base/encode.h"
#include "base/json_write.h"
#include "cli/evidence_page_internal.h"

static const struct ambit_file *find_tests(const struct evidence_page *page,
                                           struct ambit_str policy)
{
    for (size_t i = 0; page->has_tests && i < page->tests.n; i++)
        if (ambit_str_eq(page->tests.files[i].name, policy))
            return &page->tests.files[i];
    return NULL;
}

/* "tests/NAME-HEX" and `end`, as its page is named. */
static void put_path(struct buf *out, const struct page_version *version, const char *end)
{
    static const size_t folder = sizeof "policies/" - 1, type = sizeof ".html" - 1;
    buf_put_text(out, "tests/");
    buf_put(out, version->path.p + folder, version->path.len - folder - type);
    buf_put_text(out, end);
}

static void write_cases(struct json_out *out, const struct ambit_test_report *report)
{
    json_key(out, "cases");
    json_begin_array(out);
    for (size_t i = 0; i < report->n_cases; i++) {
        const struct ambit_test_case *one = &report->cases[i];
        json_begin_object(out);
        json_key(out, "differences");
        json_begin_array(out);
        for (size_t k = 0; k < one->n_differences; k++)
            json_str(out, one->differences[k]);
        json_end_array(out);
        json_member_str(out, "name", one->name);
        json_key(out, "passed");
        json_bool(out, one->passed);
        json_end_object(out);
    }
    json_end_array(out);
}

static AMBIT_CHECKED enum ambit_err put_results(struct evidence_page *page,
                                                const struct page_version *version,
                                                const struct ambit_test_report *report)
{
    BUF_AUTO json;
    BUF_AUTO path;
    struct json_out out;
    buf_init(&json, 0);
    buf_init(&path, 0);
    json_out_init(&out, &json, false);
    json_begin_object(&out);
    json_member_str(&out, "policy", version->policy);
    json_key(&out, "digest");
    json_digest(&out, version->digest);
    json_key(&out, "run_at");
    json_time_ms(&out, page->ask.cli->now_ms);
    json_key(&out, "passed");
    json_i64(&out, (int64_t)report->n_passed);
    json_key(&out, "of");
    json_i64(&out, (int64_t)report->n_cases);
    json_key(&out, "reached");
    json_i64(&out, (int64_t)report->n_reached);
    json_key(&out, "reachable");
    json_i64(&out, (int64_t)report->n_reach);
    write_cases(&out, report);
    json_end_object(&out);
    buf_put_char(&json, '\n');
    put_path(&path, version, ".result.json");
    buf_put_char(&path, '\0');
    enum ambit_err err = buf_check(&json);
    if (err == AMBIT_OK)
        err = buf_check(&path);
    return err == AMBIT_OK ? evidence_put(page->ask.out, path.p, buf_str(&json)) : err;
}

static void tell_cases(struct buf *out, const struct ambit_test_report *report)
{
    buf_put_text(out, "<div class=\"wide\"><table><thead><tr><th>Case<th>Result</thead><tbody>\n");
    for (size_t i = 0; i < report->n_cases; i++) {
        const struct ambit_test_case *one = &report->cases[i];
        buf_put_text(out, "<tr><td>");
        page_text(out, one->name);
        buf_put_text(out, one->passed ? "<td>passed\n" : "<td class=\"worse\">failed");
        for (size_t k = 0; k < one->n_differences; k++) {
            buf_put_text(out, "<div>");
            page_text(out, one->differences[k]);
            buf_put_text(out, "</div>");
        }
    }
    buf_put_text(out, "</tbody></table></div>\n<p>");
    size_t left = 0;
    for (size_t i = 0; i < report->n_reach; i++) {
        if (report->reach[i].is_reached)
            continue;
        buf_put_text(out, left++ == 0 ? "No case reaches: " : ", ");
        buf_put_text(out, ambit_test_part_text(report->reach[i].part));
        buf_put_char(out, ' ');
        page_text(out, report->reach[i].id);
    }
    buf_put_text(out, left > 0 ? ".</p>\n" : "Every rule is reached by a case.</p>\n");
}

static void tell_head(struct evidence_page *page, struct buf *out)
{
    buf_put_text(out, "<p>Tests are no part of the record. These were given by whoever made this "
                      "archive, and run against exactly this version, by the engine that decides, "
                      "when the archive was made: ");
    page_time(out, page->ask.cli->now_ms);
    buf_put_text(out, " UTC.</p>\n");
}

enum ambit_err page_tests(struct evidence_page *page, struct page_version *version,
                          const struct ambit_policy_set *set)
{
    struct buf *out = &page->html;
    const struct ambit_file *file = find_tests(page, version->policy);
    struct ambit_test_report report = {.n_cases = 0};
    struct ambit_test_problem problem;
    BUF_AUTO path;
    ARENA_AUTO arena;
    arena_init(&arena, NULL, 0, 0);
    buf_init(&path, 0);
    buf_put_text(out, "<h2 id=\"tests\">Its tests</h2>\n");
    if (file == NULL) {
        buf_put_text(out, page->has_tests
                              ? "<p>The folder that was given has no tests of this policy.</p>\n"
                              : "<p>Tests are no part of the record, and none were given when this "
                                "archive was made.</p>\n");
        return AMBIT_OK;
    }
    tell_head(page, out);
    put_path(&path, version, ".test.json");
    buf_put_char(&path, '\0');
    enum ambit_err err = buf_check(&path);
    if (err == AMBIT_OK)
        err = evidence_put(page->ask.out, path.p, file->bytes);
    if (err == AMBIT_OK)
        err = ambit_policy_test(set, file->name, file->bytes, page->ask.cli->now_ms, &arena,
                                &report, &problem);
    if (err == AMBIT_ERR_MALFORMED) {
        buf_put_text(out, "<p class=\"worse\">They cannot be run against this version: ");
        page_text(out, problem.pointer);
        buf_printf(out, " %s; expected %s.</p>\n", problem.what, problem.expected);
        return AMBIT_OK;
    }
    if (err != AMBIT_OK)
        return err;
    version->has_tests = true;
    version->n_tests = report.n_cases;
    version->n_passed = report.n_passed;
    buf_printf(out, "<p><b>%zu of %zu passed.</b> <a href=\"../%s\">The tests</a>.</p>\n",
               report.n_passed, report.n_cases, path.p);
    tell_cases(out, &report);
    return put_results(page, version, &report);
}
