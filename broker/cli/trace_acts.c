/* SPDX-License-Identifier: Apache-2.0 */
/* What was done, line by line, and what became of each. */
#include "base/encode.h"
#include "base/json_read.h"
#include "cli/trace_grove.h"
#include "cli/tree.h"

enum { RUN_SHOWN = 3 };

bool grove_is_type(const struct json_value *event, const char *type)
{
    return ambit_str_is(json_get_str(event, "type"), type);
}

bool grove_begins(const struct json_value *event, const char *type)
{
    struct ambit_str text = json_get_str(event, "type");
    size_t len = strlen(type);
    return text.len >= len && memcmp(text.p, type, len) == 0;
}

/* ---- actions ------------------------------------------------------------------------------- */

static void put_report(const struct grove *grove, struct tree_node *node,
                       const struct json_value *report)
{
    BUF_AUTO line = {.p = NULL};
    say_time(&line, grove->view, json_get_str(report, "at"));
    buf_put_text(&line, "  outcome");
    say_member(&line, " by the ", report, "by");
    say_member(&line, ", ", report, "who");
    say_member(&line, ": ", report, "outcome");
    buf_put_text(&line, json_get(report, "late") ? ", too late" : "");
    say_quoted(&line, ": ", report, "words");
    (void)tree_line(grove->view, node, &line);
}

static void put_agreement(const struct grove *grove, struct tree_node *node,
                          const struct json_value *action)
{
    BUF_AUTO line = {.p = NULL};
    struct ambit_str agreement = json_get_str(action, "agreement");
    if (json_get(action, "unaccounted"))
        buf_put_text(&line, "NOBODY said in time what became of it");
    else if (ambit_str_is(agreement, "mismatched"))
        buf_put_text(&line, "the two do NOT agree: mismatched");
    else if (agreement.p)
        say_member(&line, "agreement: ", action, "agreement");
    else if (json_get_str(action, "outcome_due").p)
        say_time_member(&line, "its outcome is due ", grove->view, action, "outcome_due");
    if (line.len)
        (void)tree_line(grove->view, node, &line);
}

void grove_approval_of(const struct grove *grove, struct tree_node *node,
                       const struct json_value *event)
{
    const struct json_value *approval =
        trace_find(grove->approvals, "approval", json_get_str(event, "approval"));
    if (approval)
        tree_approval(grove->view, node, approval);
}

static const struct json_value *action_of(const struct grove *grove, const struct json_value *event)
{
    return trace_find(grove->actions, "id", json_get_str(event, "id"));
}

/* Several of one kind in a row, with nothing to say of any: they may be told as a number. */
static bool is_plain(const struct grove *grove, const struct json_value *event)
{
    const struct json_value *action = action_of(grove, event),
                            *reports = json_get(action, "reports");
    bool is_request = grove_is_type(event, "grant.refused") && !json_get(event, "purpose");
    return (is_request || grove_begins(event, "action.")) && !json_get(event, "trips") &&
           !json_get(event, "stated_reason") && !json_get(event, "erased") &&
           !json_get(event, "approval") && !json_get(action, "outcome_due") &&
           !json_get(action, "unaccounted") && (!reports || reports->count == 0);
}

static bool is_alike(const struct json_value *a, const struct json_value *b)
{
    static const char *const members[] = {"type", "action", "reason", "policy", "rule", "agent"};
    for (size_t i = 0; i < AMBIT_LEN(members); i++)
        if (!ambit_str_eq(json_get_str(a, members[i]), json_get_str(b, members[i])))
            return false;
    return true;
}

void grove_run_end(const struct grove *grove, struct tree_node *node, struct grove_run *run)
{
    BUF_AUTO line = {.p = NULL};
    if (run->n > RUN_SHOWN) {
        buf_printf(&line, "... and %zu more like these, the last ", run->n - RUN_SHOWN);
        say_time(&line, grove->view, json_get_str(run->last, "time"));
        (void)tree_line(grove->view, node, &line);
    }
    *run = (struct grove_run){NULL, 0};
}

/* True: it goes on, and is not told by itself. */
bool grove_run_takes(const struct grove *grove, struct tree_node *node, struct grove_run *run,
                     const struct json_value *event)
{
    bool is_one = is_plain(grove, event);
    if (!is_one || !run->last || !is_alike(run->last, event))
        grove_run_end(grove, node, run);
    if (!is_one)
        return false;
    run->last = event;
    return ++run->n > RUN_SHOWN;
}

void grove_event(const struct grove *grove, struct tree_node *above, const struct json_value *event,
                 bool is_brief)
{
    BUF_AUTO line = {.p = NULL};
    const struct json_value *action = action_of(grove, event),
                            *reports = json_get(action, "reports");
    say_time(&line, grove->view, json_get_str(event, "time"));
    buf_put_text(&line, "  ");
    say_event(&line, event, is_brief ? SAY_BRIEF : SAY_WHOLE);
    struct tree_node *node = tree_line(grove->view, above, &line);
    if (grove_begins(event, "action.") || grove_is_type(event, "grant.refused"))
        grove_approval_of(grove, node, event);
    if (!grove_begins(event, "action."))
        return;
    for (const struct json_value *one = reports ? reports->first : NULL; one; one = one->next)
        put_report(grove, node, one);
    put_agreement(grove, node, action);
}
