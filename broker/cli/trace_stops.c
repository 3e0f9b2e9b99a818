/* SPDX-License-Identifier: Apache-2.0 */
/* What people were asked and how they answered; what was stopped, by whom or what, and who took it
 * from there. */
#include "base/encode.h"
#include "base/json_read.h"
#include "cli/show.h"
#include "cli/trace.h"
#include "cli/tree.h"

static void say_count(struct buf *line, const struct json_value *object, const char *member,
                      const char *behind)
{
    int64_t n = 0;
    if (json_get_i64(object, member, &n))
        buf_printf(line, "%lld%s", (long long)n, behind);
}

/* ---- approvals ----------------------------------------------------------------------------- */

static void put_question(const struct trace_view *view, struct tree_node *node,
                         const struct json_value *approval)
{
    BUF_AUTO line = {.p = NULL};
    say_time_member(&line, "asked ", view, approval, "asked_at");
    say_member(&line, ": may ", approval, "agent");
    if (json_get_str(approval, "action").p) {
        say_member(&line, " ", approval, "action");
        say_member(&line, " on ", approval, "resource");
    } else {
        buf_put_text(&line, " have ");
        say_items(&line, approval);
    }
    say_quoted(&line, ", because ", approval, "stated_reason");
    say_quoted(&line, ", for ", approval, "purpose");
    (void)tree_line(view, node, &line);
    buf_put_text(&line, "what was shown: ");
    say_digest(&line, json_get_str(approval, "shown"));
    say_time_member(&line, ", to be answered until ", view, approval, "until");
    (void)tree_line(view, node, &line);
}

/* One rule that asks. */
static void put_asks(const struct trace_view *view, struct tree_node *node,
                     const struct json_value *ask)
{
    BUF_AUTO line = {.p = NULL};
    const struct json_value *roles = json_get(ask, "roles"), *teams = json_get(ask, "teams");
    say_member(&line, "wanted by ", ask, "policy");
    say_member(&line, "/", ask, "rule");
    buf_put_text(&line, ": ");
    say_count(&line, ask, "count", " of ");
    for (const struct json_value *one = roles ? roles->first : NULL; one; one = one->next) {
        say(&line, one->text);
        buf_put_text(&line, one->next ? " or " : "");
    }
    buf_put_text(&line, roles && roles->count && teams && teams->count ? " in " : "");
    for (const struct json_value *one = teams ? teams->first : NULL; one; one = one->next) {
        say(&line, one->text);
        buf_put_text(&line, one->next ? " or " : "");
    }
    (void)tree_line(view, node, &line);
}

static void put_answer(const struct trace_view *view, struct tree_node *node,
                       const struct json_value *answer)
{
    BUF_AUTO line = {.p = NULL};
    int64_t took_ms = 0;
    bool is_yes = ambit_str_is(json_get_str(answer, "answer"), "approve");
    say_time(&line, view, json_get_str(answer, "at"));
    say_member(&line, "  ", answer, "person");
    buf_put_text(&line, is_yes ? " said yes" : " said NO");
    if (json_get_i64(answer, "took_ms", &took_ms)) {
        buf_put_text(&line, " after ");
        say_duration(&line, took_ms);
    }
    say_quoted(&line, ": ", answer, "reason");
    (void)tree_line(view, node, &line);
}

static void put_use(const struct trace_view *view, struct tree_node *node,
                    const struct json_value *approval)
{
    BUF_AUTO line = {.p = NULL};
    const struct json_value *used = json_get(approval, "used_by");
    int64_t envelope_s = 0;
    bool has_envelope = json_get_i64(approval, "envelope_s", &envelope_s);
    buf_put_text(&line, has_envelope ? "for several uses within " : "for one use");
    if (has_envelope)
        say_duration(&line, envelope_s * 1000);
    buf_put_text(&line, ", ");
    say_count(&line, approval, "uses_left", " left");
    for (const struct json_value *one = used ? used->first : NULL; one; one = one->next) {
        buf_put_text(&line, one == used->first ? "; used for " : ", ");
        say(&line, one->text);
    }
    (void)tree_line(view, node, &line);
}

void tree_approval(const struct trace_view *view, struct tree_node *above,
                   const struct json_value *approval)
{
    BUF_AUTO line = {.p = NULL};
    const struct json_value *asks = json_get(approval, "asks"),
                            *answers = json_get(approval, "answers");
    say_member(&line, "approval ", approval, "approval");
    say_member(&line, ": ", approval, "state");
    struct tree_node *node = tree_line(view, above, &line);
    put_question(view, node, approval);
    for (const struct json_value *one = asks ? asks->first : NULL; one; one = one->next)
        put_asks(view, node, one);
    for (const struct json_value *one = answers ? answers->first : NULL; one; one = one->next)
        put_answer(view, node, one);
    put_use(view, node, approval);
}

/* ---- incidents ----------------------------------------------------------------------------- */

static void put_steps(const struct trace_view *view, struct tree_node *node,
                      const struct json_value *incident)
{
    BUF_AUTO line = {.p = NULL};
    const struct json_value *further = json_get(incident, "escalations"),
                            *taken = json_get(incident, "acknowledgements");
    struct ambit_str opened = json_get_str(incident, "opened_at");
    for (const struct json_value *one = further ? further->first : NULL; one; one = one->next) {
        say_time(&line, view, json_get_str(one, "at"));
        say_between(&line, "  nobody had taken it up after ", opened, json_get_str(one, "at"));
        say_member(&line, ": it went to the ", one, "level");
        say_member(&line, ", ", one, "to");
        (void)tree_line(view, node, &line);
    }
    for (const struct json_value *one = taken ? taken->first : NULL; one; one = one->next) {
        say_time(&line, view, json_get_str(one, "at"));
        say_member(&line, "  ", one, "person");
        say_between(&line, " took it up after ", opened, json_get_str(one, "at"));
        say_quoted(&line, ": ", one, "words");
        (void)tree_line(view, node, &line);
    }
}

static void put_incident(const struct trace_view *view, struct tree_node *above,
                         const struct json_value *incident)
{
    BUF_AUTO line = {.p = NULL};
    struct ambit_str opened = json_get_str(incident, "opened_at"),
                     closed = json_get_str(incident, "closed_at");
    const struct json_value *with = json_get(incident, "with");
    say_member(&line, "incident ", incident, "incident");
    buf_put_text(&line, closed.p ? ": closed" : ": OPEN");
    say_member(&line, ", with ", with, json_get_str(with, "person").p ? "person" : "level");
    bool is_waiting = !closed.p && !json_get_str(incident, "acknowledged_by").p;
    buf_put_text(&line, is_waiting ? ", taken up by NOBODY" : "");
    struct tree_node *node = tree_line(view, above, &line);
    say_time(&line, view, opened);
    buf_put_text(&line, "  opened");
    say_member(&line, " on the name of ", incident, "owner");
    say_member(&line, ", backup ", incident, "backup");
    (void)tree_line(view, node, &line);
    put_steps(view, node, incident);
    if (!closed.p)
        return;
    say_time(&line, view, closed);
    say_member(&line, "  ", incident, "closed_by");
    say_between(&line, " closed it after ", opened, closed);
    say_quoted(&line, ": ", incident, "closed_reason");
    (void)tree_line(view, node, &line);
}

/* ---- stops --------------------------------------------------------------------------------- */

/* "3 denied within 1m, by grant: revoke_grant", out of the policy itself. */
static void say_hard_stop(const struct trace_view *view, struct buf *line,
                          const struct json_value *hard)
{
    static const char *const bounds[][2] = {
        {"count", ""}, {"sum", "sum of "}, {"distinct", "distinct "}};
    bool has_bound = false;
    for (size_t i = 0; i < AMBIT_LEN(bounds); i++) {
        struct ambit_str value = show_member(view->arena, hard, bounds[i][0]);
        if (!value.p)
            continue;
        buf_put_text(line, bounds[i][1]);
        say(line, value);
        say_member(line, " over ", hard, "max");
        buf_put_char(line, ' ');
        has_bound = true;
    }
    buf_put_text(line, has_bound ? "" : "the first ");
    say_member(line, "", hard, "on");
    say_member(line, " within ", hard, "within");
    say_member(line, ", by ", hard, "by");
    say_member(line, ", then ", hard, "then");
}

static void put_counted(const struct trace_view *view, struct tree_node *node,
                        const struct json_value *counted)
{
    BUF_AUTO line = {.p = NULL};
    if (!counted || counted->count == 0)
        return;
    buf_put_text(&line, counted->count > 1 ? "what it counted" : "what tripped it");
    struct tree_node *list = tree_line(view, node, &line);
    for (const struct json_value *one = counted->first; one; one = one->next) {
        const struct json_value *event = trace_event(view, one->integer);
        if (event) {
            say_time(&line, view, json_get_str(event, "time"));
            buf_put_text(&line, "  ");
            say_event(&line, event, SAY_BARE);
        } else {
            buf_printf(&line, "event %lld, which is not yours to see", (long long)one->integer);
        }
        (void)tree_line(view, list, &line);
    }
}

static void put_raised(const struct trace_view *view, struct tree_node *node,
                       const struct json_value *stop)
{
    BUF_AUTO line = {.p = NULL};
    const struct json_value *hard = json_get(stop, "hard_stop");
    say_time(&line, view, json_get_str(stop, "raised_at"));
    say_member(&line, "  raised by ", stop, "by");
    say_quoted(&line, ": ", stop, "reason");
    if (hard) {
        buf_put_text(&line, ": ");
        say_hard_stop(view, &line, hard);
    }
    (void)tree_line(view, node, &line);
}

static void put_cleared(const struct trace_view *view, struct tree_node *node,
                        const struct json_value *stop)
{
    BUF_AUTO line = {.p = NULL};
    struct ambit_str raised = json_get_str(stop, "raised_at");
    if (json_get_str(stop, "clear_asked_by").p) {
        say_time(&line, view, json_get_str(stop, "clear_asked_at"));
        say_member(&line, "  ", stop, "clear_asked_by");
        buf_put_text(&line, ", the first of two, wants it cleared");
        say_quoted(&line, ": ", stop, "clear_asked_reason");
        (void)tree_line(view, node, &line);
    }
    if (json_get_str(stop, "cleared_by").p) {
        say_time(&line, view, json_get_str(stop, "cleared_at"));
        say_member(&line, "  ", stop, "cleared_by");
        say_between(&line, " cleared it after ", raised, json_get_str(stop, "cleared_at"));
        say_quoted(&line, ": ", stop, "cleared_reason");
    } else {
        buf_put_text(&line, "nobody has cleared it");
    }
    (void)tree_line(view, node, &line);
}

static void put_stop(const struct trace_view *view, struct tree_node *root,
                     const struct json_value *stop)
{
    BUF_AUTO line = {.p = NULL};
    const struct json_value *incidents = json_get(view->answer, "incidents");
    bool is_cleared = json_get_str(stop, "cleared_by").p != NULL;
    say_member(&line, "stop ", stop, "stop");
    say_member(&line, " on ", stop, "target");
    buf_put_text(&line, is_cleared ? ": cleared" : ": IN FORCE");
    struct tree_node *node = tree_line(view, root, &line);
    put_raised(view, node, stop);
    put_counted(view, node, json_get(stop, "counted"));
    for (const struct json_value *one = incidents ? incidents->first : NULL; one; one = one->next)
        if (ambit_str_eq(json_get_str(one, "stop"), json_get_str(stop, "stop")))
            put_incident(view, node, one);
    put_cleared(view, node, stop);
}

void tree_stops(const struct trace_view *view, struct tree_node *root)
{
    const struct json_value *stops = json_get(view->answer, "stops"),
                            *incidents = json_get(view->answer, "incidents");
    for (const struct json_value *one = stops ? stops->first : NULL; one; one = one->next)
        put_stop(view, root, one);
    for (const struct json_value *one = incidents ? incidents->first : NULL; one; one = one->next)
        if (!trace_find(stops, "stop", json_get_str(one, "stop")))
            put_incident(view, root, one);
}
