/* SPDX-License-Identifier: Apache-2.0 */
/* A story line by line: when, how long after the line before, what. */
#include "cli/trace.h"

#include <stdlib.h>

#include "base/arena.h"
#include "base/encode.h"
#include "base/json_read.h"

enum { ELAPSED_WIDTH = 11 };

struct moment {
    int64_t ms;
    struct ambit_str time;
    const struct json_value *event;  /* or */
    const struct json_value *policy; /* what came in force then, or what was confirmed of it */
    const struct json_value *confirmation;
    size_t order;
};

struct moments {
    struct moment *v;
    size_t n;
};

static int moment_order(const void *a, const void *b)
{
    const struct moment *x = a, *y = b;
    if (x->ms != y->ms)
        return x->ms < y->ms ? -1 : 1;
    return (x->order > y->order) - (x->order < y->order);
}

static void add(struct moments *moments, struct ambit_str time, struct moment moment)
{
    if (time_decode(time, &moment.ms))
        return;
    moment.time = time;
    moment.order = moments->n;
    moments->v[moments->n++] = moment;
}

static size_t count(const struct json_value *answer)
{
    const struct json_value *events = json_get(answer, "events"),
                            *policies = json_get(answer, "policies");
    size_t n = events ? events->count : 0;
    for (const struct json_value *one = policies ? policies->first : NULL; one; one = one->next) {
        const struct json_value *confirmations = json_get(one, "confirmations");
        n += 1 + (confirmations ? confirmations->count : 0);
    }
    return n;
}

static void collect(struct moments *moments, const struct json_value *answer)
{
    const struct json_value *events = json_get(answer, "events"),
                            *policies = json_get(answer, "policies");
    for (const struct json_value *one = policies ? policies->first : NULL; one; one = one->next) {
        const struct json_value *confirmations = json_get(one, "confirmations");
        for (const struct json_value *by = confirmations ? confirmations->first : NULL; by;
             by = by->next)
            add(moments, json_get_str(by, "at"),
                (struct moment){.policy = one, .confirmation = by});
        if (json_get_str(one, "activated_at").p)
            add(moments, json_get_str(one, "activated_at"), (struct moment){.policy = one});
    }
    for (const struct json_value *one = events ? events->first : NULL; one; one = one->next)
        add(moments, json_get_str(one, "time"), (struct moment){.event = one});
}

static void put_what(struct buf *out, const struct moment *moment)
{
    if (moment->event) {
        say_event(out, moment->event, SAY_WHOLE);
        return;
    }
    if (moment->confirmation) {
        say_member(out, "", moment->confirmation, "person");
        bool is_signed = ambit_str_is(json_get_str(moment->confirmation, "how"), "signature");
        buf_put_text(out, is_signed ? " signed" : " confirmed");
    }
    say_member(out, moment->confirmation ? " policy " : "policy ", moment->policy, "policy");
    buf_put_text(out, ", version ");
    say_digest(out, json_get_str(moment->policy, "digest"));
    if (moment->confirmation)
        say_quoted(out, ": ", moment->confirmation, "words");
    else
        say_member(out, ", came in force, taken up by ", moment->policy, "activated_by");
}

static void put_elapsed(struct buf *out, int64_t ms, bool is_first)
{
    BUF_AUTO text = {.p = NULL};
    if (!is_first) {
        buf_put_char(&text, '+');
        say_duration(&text, ms);
    }
    for (size_t i = text.len; i < ELAPSED_WIDTH; i++)
        buf_put_char(out, ' ');
    buf_put_str(out, buf_str(&text));
    buf_put_text(out, "  ");
}

enum ambit_err trace_timeline(struct buf *out, struct trace_view *view)
{
    struct moments moments = {
        .v = arena_array(view->arena, count(view->answer) + 1, sizeof *moments.v)};
    if (!moments.v)
        return AMBIT_ERR_NO_MEMORY;
    collect(&moments, view->answer);
    qsort(moments.v, moments.n, sizeof *moments.v, moment_order);
    for (size_t i = 0; i < moments.n; i++) {
        say(out, moments.v[i].time);
        buf_put_text(out, "  ");
        put_elapsed(out, i ? moments.v[i].ms - moments.v[i - 1].ms : 0, i == 0);
        put_what(out, &moments.v[i]);
        buf_put_char(out, '\n');
    }
    return buf_check(out);
}
