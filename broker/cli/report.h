/* SPDX-License-Identifier: Apache-2.0 */
/* `ambit report`: the answer of GET /v1/report as a table and as a page. Which figures there are,
 * what they are called and which way is better stands in one list (report_signals.c). */
#pragma once

#include "cli/cli.h"

struct json_value;

enum report_unit {
    REPORT_COUNT,
    REPORT_SHARE, /* whole ten-thousandths: shown as per cent with two digits */
    REPORT_PER_1000,
    REPORT_PER_100,
    REPORT_SECONDS,
    REPORT_MS,
};
struct report_signal {
    const char *title, *path; /* below the figures, by dots */
    enum report_unit unit;
    enum { REPORT_NEITHER, REPORT_MORE, REPORT_LESS } better;
    const char *about; /* one sentence */
    bool is_headline;  /* a tile of the page */
};
extern const struct report_signal report_signals[];
extern const size_t report_n_signals;

/* A number below a value, by a dotted path; false: it is not told. */
bool report_number(const struct json_value *value, const char *path, int64_t *ret);
const struct json_value *report_at(const struct json_value *value, const char *path);
/* "98.20 %", "12", "3.5 s", "41 d", "1,234" */
void report_put_number(struct buf *out, enum report_unit unit, int64_t number);
/* Against the period before, in words: "up from 12", "the same"; empty when that is not told.
 * *ret_worse: it moved the wrong way. */
void report_put_change(struct buf *out, const struct report_signal *signal, int64_t now,
                       const struct json_value *before, bool *ret_worse);

/* Where chains of allowed actions break: "confirmation 4, grant 1"; nothing when none does. */
void report_put_breaks(struct buf *out, const struct json_value *report);

/* report_table.c: at most 80 columns wide. */
void report_table(struct buf *out, const struct json_value *report,
                  const struct json_value *untested);
/* report_html.c: one page, self-contained, nothing that runs. */
struct report_page {
    struct buf *out;
    const struct json_value *report, *untested;
    int64_t now_ms;
};
AMBIT_CHECKED enum ambit_err report_html(const struct report_page *page);
/* report_page.c: the tables. */
void report_tables(const struct report_page *page);
/* A figure, or that it is not known. */
void report_put_known(struct buf *out, enum report_unit unit, const struct json_value *value,
                      const char *path);
/* report_plots.c */
void report_plots(const struct report_page *page);
/* The house's look, for whatever page is made of the record. */
extern const char report_style[];
/* Any text within the page: markup escaped, nothing that could turn the reading direction. */
void report_put_html(struct buf *out, struct ambit_str text);

/* report_tests.c: {"n","of","per_10000","parts":[{"policy","part","id"}]}: what no case of the
 * tests in this folder of documents reaches. */
enum cli_exit report_untested(struct cli *cli, const char *folder, struct buf *json);
