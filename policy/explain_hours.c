/* SPDX-License-Identifier: Apache-2.0 */
/* The windows of a rule in words, and how they stood at the time asked. */
#include "policy/explain.h"

static void put_clock(struct buf *buf, int16_t minutes)
{
    buf_printf(buf, "%02d:%02d", minutes / 60, minutes % 60);
}

static void put_window(struct buf *buf, const struct ambit_hours *hours)
{
    static const char days[][4] = {"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"};
    enum { ALL = 0x7f };
    for (size_t i = 0; i < AMBIT_LEN(days) && hours->days != ALL; i++) {
        if (hours->days >> i & 1)
            buf_printf(buf, "%s ", days[i]);
    }
    put_clock(buf, hours->from_min);
    buf_put_text(buf, " to ");
    put_clock(buf, hours->to_min);
    buf_put_char(buf, ' ');
    buf_put_str(buf, hours->zone);
}

void put_hours(struct explainer *e, int64_t now_ms)
{
    const struct ambit_when *when = &e->rule->rule->when;
    int64_t closes_ms = 0;
    put_time(&e->saw, now_ms);
    if (when->n_hours == 0) {
        buf_put_text(&e->required, "any hour");
        return;
    }
    for (size_t i = 0; i < when->n_hours; i++) {
        buf_put_text(&e->required, i ? " or " : "an open window: ");
        put_window(&e->required, &when->hours[i]);
    }
    if (!rule_in_hours(e->rule, now_ms, &closes_ms)) {
        buf_put_text(&e->saw, ", when none is open");
        return;
    }
    buf_put_text(&e->saw, ", open until ");
    put_time(&e->saw, closes_ms);
}
