/* SPDX-License-Identifier: Apache-2.0 */
/* How long people take to answer: medians and the like, of all and of each. */
#include "core/report.h"

static int by_size(const void *a, const void *b)
{
    uint32_t x, y;
    memcpy(&x, a, sizeof x);
    memcpy(&y, b, sizeof y);
    return (x > y) - (x < y);
}

/* The smallest time that a share of them does not pass (nearest rank). */
static int64_t rank(const uint32_t *ms, size_t n, size_t per_cent)
{
    return ms[(n * per_cent + 99) / 100 - 1];
}

struct report_times report_times_of(uint32_t *ms, size_t n)
{
    struct report_times times = {.n = n};
    if (n == 0)
        return times;
    qsort(ms, n, sizeof *ms, by_size);
    while (times.under < n && ms[times.under] < REPORT_UNDER_MS)
        times.under++;
    times.median_ms = rank(ms, n, 50);
    times.p95_ms = rank(ms, n, 95);
    return times;
}

static int by_group(const void *a, const void *b)
{
    const struct report_answer *x = a, *y = b;
    if (x->group != y->group)
        return x->group < y->group ? -1 : 1;
    return (x->person > y->person) - (x->person < y->person);
}

enum ambit_err report_answers(struct report *report, struct report_period *period)
{
    (void)report;
    size_t n = period->n_answers;
    uint32_t *ms = reallocarray(NULL, n + 1, sizeof *ms);
    if (!ms)
        return AMBIT_ERR_NO_MEMORY;
    for (size_t i = 0; i < n; i++)
        ms[i] = period->answers[i].ms;
    period->total.times = report_times_of(ms, n);
    if (n > 0)
        qsort(period->answers, n, sizeof *period->answers, by_group);
    for (size_t i = 0, end = 0; i < n; i = end) {
        for (end = i; end < n && period->answers[end].group == period->answers[i].group; end++)
            ms[end - i] = period->answers[end].ms;
        period->groups[period->answers[i].group].tally.times = report_times_of(ms, end - i);
    }
    free(ms);
    return AMBIT_OK;
}
