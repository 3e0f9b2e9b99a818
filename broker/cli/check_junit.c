/* SPDX-License-Identifier: Apache-2.0 */
/* `policy check --format junit`: a test case a file. Its errors are one failure; its warnings stand
 * in its output, or in the failure where warnings fail. */
#include "base/buf.h"
#include "cli/check_report.h"
#include "cli/xml.h"

static bool fails(const struct check_finding *finding, const struct ambit_problem *problem)
{
    return !problem->is_warning || finding->is_strict;
}

struct case_of {
    struct ambit_str path;
    const char *kind;
    size_t first, n; /* its problems: they are sorted by file */
};

static size_t count(const struct check_finding *finding, const struct case_of *one, bool failing)
{
    size_t n = 0;
    for (size_t i = one->first; i < one->first + one->n; i++)
        n += fails(finding, &finding->problems.v[i]) == failing;
    return n;
}

static void put_lines(struct buf *out, const struct check_finding *finding,
                      const struct case_of *one, bool failing)
{
    for (size_t i = one->first; i < one->first + one->n; i++) {
        const struct ambit_problem *problem = &finding->problems.v[i];
        if (fails(finding, problem) != failing)
            continue;
        BUF_AUTO message = {.p = NULL};
        buf_printf(&message, "%u:%u: %s: %.*s: ", problem->line, problem->column,
                   problem->is_warning ? "warning" : "error", AMBIT_STR_ARG(problem->pointer));
        check_write_message(&message, problem);
        xml_put(out, buf_str(&message));
        if (problem->id.p)
            buf_printf(out, " [%.*s]", AMBIT_STR_ARG(problem->id));
        buf_put_char(out, '\n');
    }
}

static void put_case(struct buf *out, const struct check_finding *finding,
                     const struct case_of *one)
{
    size_t n_failing = count(finding, one, true);
    buf_printf(out, "  <testcase classname=\"%s\" name=\"", one->kind);
    xml_put(out, one->path);
    buf_put_text(out, one->n ? "\">\n" : "\"/>\n");
    if (one->n == 0)
        return;
    if (n_failing > 0) {
        buf_printf(out, "    <failure message=\"%zu problem%s\" type=\"documents\">", n_failing,
                   n_failing == 1 ? "" : "s");
        put_lines(out, finding, one, true);
        buf_put_text(out, "</failure>\n");
    }
    if (n_failing < one->n) {
        buf_put_text(out, "    <system-out>");
        put_lines(out, finding, one, false);
        buf_put_text(out, "</system-out>\n");
    }
    buf_put_text(out, "  </testcase>\n");
}

/* All files that were read, and those that could not be but have a problem. */
static void put_cases(struct buf *out, const struct check_finding *finding, size_t *ret_n,
                      size_t *ret_failing)
{
    const struct ambit_problems *problems = &finding->problems;
    for (size_t i = 0; i < finding->folder.n; i++) {
        const struct ambit_file *file = &finding->folder.files[i];
        struct case_of one = {.path = file->path, .kind = ambit_kind_text(file->kind)};
        while (one.first < problems->n && !ambit_str_eq(problems->v[one.first].file, file->path))
            one.first++;
        while (one.first + one.n < problems->n &&
               ambit_str_eq(problems->v[one.first + one.n].file, file->path))
            one.n++;
        put_case(out, finding, &one);
        *ret_failing += count(finding, &one, true) > 0;
        ++*ret_n;
    }
    for (size_t i = 0; i < problems->n;) {
        struct case_of one = {.path = problems->v[i].file, .kind = "folder", .first = i};
        while (i < problems->n && ambit_str_eq(problems->v[i].file, one.path))
            i++;
        one.n = i - one.first;
        if (check_file_of(finding, one.path))
            continue;
        put_case(out, finding, &one);
        *ret_failing += count(finding, &one, true) > 0;
        ++*ret_n;
    }
}

void check_put_junit(struct buf *out, const struct check_finding *finding)
{
    size_t n = 0, n_failing = 0;
    BUF_AUTO cases = {.p = NULL};
    put_cases(&cases, finding, &n, &n_failing);
    if (buf_check(&cases) != AMBIT_OK)
        buf_fail(out, AMBIT_ERR_NO_MEMORY);
    buf_put_text(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    buf_printf(out, "<testsuites tests=\"%zu\" failures=\"%zu\" errors=\"0\">\n", n, n_failing);
    buf_printf(out,
               " <testsuite name=\"ambit policy check\" tests=\"%zu\" failures=\"%zu\" "
               "errors=\"0\" skipped=\"0\">\n",
               n, n_failing);
    buf_put_str(out, buf_str(&cases));
    buf_put_text(out, " </testsuite>\n</testsuites>\n");
}
