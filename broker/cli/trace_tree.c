/* SPDX-License-Identifier: Apache-2.0 */
/* A story as a tree: in short what came of it; who stands behind it; the grants, each below the one
 * it was handed on from, with what was done with it; the stops and who answered. */
#include "base/arena.h"
#include "base/encode.h"
#include "base/json_read.h"
#include "cli/trace_grove.h"
#include "cli/tree.h"

enum { DEPTH_MAX = 8 };

/* ---- grants -------------------------------------------------------------------------------- */

static struct ambit_str first_of(const struct json_value *item, const char *member)
{
    const struct json_value *list = json_get(item, member);
    const struct json_value *first = list && list->kind == JSON_ARRAY ? list->first : NULL;
    return first && first->kind == JSON_STRING ? first->text : (struct ambit_str){0};
}

static void say_item(struct buf *line, const struct json_value *item)
{
    say(line, first_of(item, "actions"));
    buf_put_char(line, '[');
    say(line, first_of(item, "resources"));
    buf_put_char(line, ']');
}

static bool has_item(const struct json_value *grant, const struct json_value *item)
{
    const struct json_value *items = json_get(grant, "items");
    for (const struct json_value *one = items ? items->first : NULL; one; one = one->next)
        if (ambit_str_eq(first_of(one, "actions"), first_of(item, "actions")) &&
            ambit_str_eq(first_of(one, "resources"), first_of(item, "resources")))
            return true;
    return false;
}

static void put_items(const struct grove *grove, struct tree_node *node,
                      const struct json_value *event)
{
    BUF_AUTO line = {.p = NULL};
    const struct json_value *items = json_get(event, "items"), *except = json_get(event, "except");
    for (const struct json_value *one = items ? items->first : NULL; one; one = one->next) {
        buf_put_text(&line, "may ");
        say_item(&line, one);
        say_member(&line, "  by rule ", one, "policy");
        say_member(&line, "/", one, "rule");
        (void)tree_line(grove->view, node, &line);
    }
    for (const struct json_value *one = except ? except->first : NULL; one; one = one->next) {
        buf_put_text(&line, "never ");
        say_item(&line, one);
        say_member(&line, "  by ", one, "policy");
        say_member(&line, "/", one, "id");
        (void)tree_line(grove->view, node, &line);
    }
}

/* What the one above has and did not hand on as it is. */
static void put_narrowed(const struct grove *grove, struct tree_node *node,
                         const struct json_value *grant)
{
    BUF_AUTO line = {.p = NULL};
    const struct json_value *above =
        trace_find(grove->grants, "grant", json_get_str(grant, "parent"));
    const struct json_value *items = json_get(above, "items");
    for (const struct json_value *one = items ? items->first : NULL; one; one = one->next) {
        if (has_item(grant, one))
            continue;
        buf_put_text(&line, line.len ? ", " : "narrowed from ");
        say_item(&line, one);
    }
    if (line.len)
        (void)tree_line(grove->view, node, &line);
}

static struct tree_node *put_head(const struct grove *grove, struct tree_node *above,
                                  const struct json_value *event, bool is_handed_on)
{
    BUF_AUTO line = {.p = NULL};
    const struct json_value *grant =
        trace_find(grove->grants, "grant", json_get_str(event, "grant"));
    if (is_handed_on) {
        say_time(&line, grove->view, json_get_str(event, "time"));
        say_member(&line, "  handed on to ", event, "agent");
        say_member(&line, " of ", event, "owner");
        buf_put_text(&line, ": ");
    }
    say_member(&line, "grant ", event, "grant");
    if (!is_handed_on) {
        say_member(&line, " to ", event, "agent");
        say_member(&line, " of ", event, "owner");
    }
    say_member(&line, ": ", grant, "state");
    struct tree_node *node = tree_line(grove->view, above, &line);
    say_time_member(&line, "given ", grove->view, event, "time");
    say_between(&line, " for ", json_get_str(event, "time"), json_get_str(event, "expires_at"));
    say_time_member(&line, ", until ", grove->view, event, "expires_at");
    say_member(&line, ", to be used at ", event, "audience");
    say_member(&line, ", bound by ", event, "binding");
    (void)tree_line(grove->view, node, &line);
    put_items(grove, node, event);
    if (is_handed_on && grant)
        put_narrowed(grove, node, grant);
    say_quoted(&line, "purpose: ", event, "purpose");
    if (line.len)
        (void)tree_line(grove->view, node, &line);
    grove_approval_of(grove, node, event);
    return node;
}

static bool is_below(const struct json_value *event, struct ambit_str grant)
{
    return grove_begins(event, "grant.") && !grove_is_type(event, "grant.revoked") &&
           ambit_str_eq(json_get_str(event, "parent"), grant);
}

static bool is_with(const struct json_value *event, struct ambit_str grant)
{
    bool is_act = grove_is_type(event, "action.allowed") || grove_is_type(event, "action.denied") ||
                  grove_is_type(event, "grant.revoked");
    return is_act && ambit_str_eq(json_get_str(event, "grant"), grant);
}

static void put_grant(struct grove *grove, struct tree_node *above, const struct json_value *given,
                      size_t depth)
{
    struct grove_run run = {NULL, 0};
    struct ambit_str id = json_get_str(given, "grant");
    struct tree_node *node = put_head(grove, above, given, depth > 0);
    size_t at = 0;
    for (const struct json_value *one = grove->events->first; one; one = one->next, at++) {
        if (grove->is_told[at])
            continue;
        bool is_hop = is_below(one, id);
        if (!is_hop && !is_with(one, id))
            continue;
        grove->is_told[at] = true;
        if (is_hop && grove_is_type(one, "grant.issued") && depth + 1 < DEPTH_MAX) {
            grove_run_end(grove, node, &run);
            put_grant(grove, node, one, depth + 1);
        } else if (!grove_run_takes(grove, node, &run, one)) {
            grove_event(grove, node, one, !is_hop);
        }
    }
    grove_run_end(grove, node, &run);
}

/* ---- the whole ----------------------------------------------------------------------------- */

/* Who handed it on, where that is not this person's to see. */
static void put_above(const struct grove *grove, struct tree_node *above)
{
    BUF_AUTO line = {.p = NULL};
    const struct json_value *list = json_get(grove->view->answer, "above");
    for (const struct json_value *one = list ? list->first : NULL; one; one = one->next) {
        say_member(&line, "handed on from grant ", one, "grant");
        say_member(&line, " of ", one, "agent");
        say_member(&line, ", for whom ", one, "owner");
        buf_put_text(&line, " answers; the rest of it is not shown to you");
        (void)tree_line(grove->view, above, &line);
    }
}

static bool is_told_elsewhere(const struct json_value *event)
{
    return grove_begins(event, "stop.") || grove_begins(event, "incident.") ||
           grove_begins(event, "approval.") || grove_is_type(event, "action.outcome") ||
           grove_is_type(event, "action.unaccounted");
}

static void put_rest(struct grove *grove)
{
    BUF_AUTO line = {.p = NULL};
    struct tree_node *node = NULL;
    struct grove_run run = {NULL, 0};
    size_t at = 0;
    for (const struct json_value *one = grove->events->first; one; one = one->next, at++) {
        if (grove->is_told[at] || is_told_elsewhere(one))
            continue;
        if (!node) {
            buf_put_text(&line, "beside the grants");
            node = tree_line(grove->view, &grove->root, &line);
        }
        if (!grove_run_takes(grove, node, &run, one))
            grove_event(grove, node, one, false);
    }
    if (node)
        grove_run_end(grove, node, &run);
}

/* Requests that came to nothing, and hang from no grant of the story. */
static void put_refused(struct grove *grove)
{
    BUF_AUTO line = {.p = NULL};
    struct tree_node *node = NULL;
    struct grove_run run = {NULL, 0};
    size_t at = 0;
    for (const struct json_value *one = grove->events->first; one; one = one->next, at++) {
        if (!grove_is_type(one, "grant.refused") ||
            trace_find(grove->grants, "grant", json_get_str(one, "parent")))
            continue;
        grove->is_told[at] = true;
        if (!node) {
            buf_put_text(&line, "refused requests");
            node = tree_line(grove->view, &grove->root, &line);
        }
        if (!grove_run_takes(grove, node, &run, one))
            grove_event(grove, node, one, false);
    }
    if (node)
        grove_run_end(grove, node, &run);
}

/* Those that no decision of the story rests on. */
static void put_approvals(const struct grove *grove)
{
    const struct json_value *list = grove->approvals;
    for (const struct json_value *one = list ? list->first : NULL; one; one = one->next) {
        bool is_told = false;
        for (const struct json_value *event = grove->events->first; event; event = event->next)
            is_told = is_told || (!grove_begins(event, "approval.") &&
                                  ambit_str_eq(json_get_str(event, "approval"),
                                               json_get_str(one, "approval")));
        if (!is_told)
            tree_approval(grove->view, (struct tree_node *)&grove->root, one);
    }
}

static void put_grants(struct grove *grove)
{
    size_t at = 0;
    for (const struct json_value *one = grove->events->first; one; one = one->next, at++) {
        const struct json_value *above =
            trace_find(grove->grants, "grant", json_get_str(one, "parent"));
        if (!grove_is_type(one, "grant.issued") || above || grove->is_told[at])
            continue;
        grove->is_told[at] = true;
        put_grant(grove, &grove->root, one, 0);
    }
}

static size_t count_if(const struct json_value *list, const char *member, const char *value)
{
    size_t n = 0;
    for (const struct json_value *one = list ? list->first : NULL; one; one = one->next)
        n += ambit_str_is(json_get_str(one, member), value);
    return n;
}

/* What somebody wants to know first. */
static void put_short(const struct grove *grove, struct tree_node *head)
{
    BUF_AUTO line = {.p = NULL};
    const struct json_value *stops = json_get(grove->view->answer, "stops"),
                            *incidents = json_get(grove->view->answer, "incidents");
    for (const struct json_value *one = stops ? stops->first : NULL; one; one = one->next) {
        bool is_cleared = json_get_str(one, "cleared_by").p != NULL;
        say_member(&line, is_cleared ? "stopped by " : "STOPPED by ", one, "by");
        say_time_member(&line, " at ", grove->view, one, "raised_at");
        say_quoted(&line, ": ", one, "reason");
        say_member(&line, "; cleared by ", one, "cleared_by");
        say_time_member(&line, " at ", grove->view, one, "cleared_at");
        buf_put_text(&line, is_cleared ? "" : "; in force");
        (void)tree_line(grove->view, head, &line);
    }
    size_t open = count_if(incidents, "state", "open"),
           mismatched = count_if(grove->actions, "agreement", "mismatched"),
           missing = count_if(grove->actions, "agreement", "missing"),
           denied = count_if(grove->actions, "decision", "deny");
    size_t actions = grove->actions ? grove->actions->count : 0;
    size_t grants = grove->grants ? grove->grants->count : 0;
    buf_printf(&line, "%zu grant%s, %zu action%s", grants, grants == 1 ? "" : "s", actions,
               actions == 1 ? "" : "s");
    if (denied)
        buf_printf(&line, " of which %zu DENIED", denied);
    if (mismatched + missing)
        buf_printf(&line, ", %zu with outcomes that do not agree or are missing",
                   mismatched + missing);
    if (open)
        buf_printf(&line, ", %zu incident%s OPEN", open, open == 1 ? "" : "s");
    (void)tree_line(grove->view, head, &line);
}

static void put_left_out(const struct grove *grove, struct tree_node *head)
{
    BUF_AUTO line = {.p = NULL};
    int64_t n = 0, next = 0;
    const struct json_value *answer = grove->view->answer, *left = json_get(answer, "left_out");
    if (json_get_i64(answer, "next", &next)) {
        (void)json_get_i64(left, "events", &n);
        buf_printf(&line, "the newest %zu events are told; %lld%s older: --cursor %lld",
                   grove->events->count, (long long)n,
                   json_get(left, "or_more") ? " or more are"
                   : n == 1                  ? " is"
                                             : " are",
                   (long long)next);
        (void)tree_line(grove->view, head, &line);
    } else if (json_get(answer, "cut")) {
        buf_put_text(&line, "there is more than one answer holds: ask for a part of it by its id");
        (void)tree_line(grove->view, head, &line);
    }
    if (json_get_i64(answer, "complete_to", &n)) {
        buf_printf(&line, "the index is BEHIND: what came from event %lld on was not looked for",
                   (long long)n);
        (void)tree_line(grove->view, head, &line);
    }
    if (json_get_i64(left, "pruned", &n)) {
        buf_printf(&line, "%lld events stand in segments that are not here", (long long)n);
        (void)tree_line(grove->view, head, &line);
    }
}

static void put_top(struct grove *grove)
{
    BUF_AUTO line = {.p = NULL};
    const struct json_value *subject = json_get(grove->view->answer, "subject"),
                            *owner = json_get(grove->view->answer, "owner");
    say_member(&line, "", subject, "kind");
    say_member(&line, " ", subject, "id");
    say_member(&line, ": ", trace_find(grove->grants, "grant", json_get_str(subject, "id")),
               "state");
    struct tree_node *head = tree_line(grove->view, &grove->root, &line);
    if (json_get_str(owner, "person").p) {
        say_member(&line, "", owner, "person");
        say_member(&line, " (", owner, "name");
        say_member(&line, ", team ", owner, "team");
        buf_put_text(&line, json_get_str(owner, "name").p ? ") answers" : " answers");
        say_member(&line, " for ", grove->view->answer, "agent");
        (void)tree_line(grove->view, head, &line);
    }
    put_short(grove, head);
    put_left_out(grove, head);
    if (grove->view->day.len) {
        buf_put_text(&line, "times are UTC, of ");
        say(&line, grove->view->day);
        buf_put_text(&line, " where no day is named");
        (void)tree_line(grove->view, head, &line);
    }
}

enum ambit_err trace_tree(struct buf *out, struct trace_view *view)
{
    enum { DAY = 10 };
    static const struct json_value none = {.kind = JSON_ARRAY};
    struct grove grove = {.view = view,
                          .events = json_get(view->answer, "events"),
                          .grants = json_get(view->answer, "grants"),
                          .approvals = json_get(view->answer, "approvals"),
                          .actions = json_get(view->answer, "actions")};
    grove.events = grove.events ? grove.events : &none;
    grove.is_told = arena_array(view->arena, grove.events->count + 1, sizeof *grove.is_told);
    if (!grove.is_told)
        return AMBIT_ERR_NO_MEMORY;
    struct ambit_str first = json_get_str(grove.events->first, "time");
    if (first.len > DAY)
        view->day = (struct ambit_str){.p = first.p, .len = DAY};
    put_top(&grove);
    tree_people(view, &grove.root);
    tree_policies(view, &grove.root);
    put_above(&grove, &grove.root);
    put_refused(&grove);
    put_grants(&grove);
    put_approvals(&grove);
    put_rest(&grove);
    tree_stops(view, &grove.root);
    tree_write(out, &grove.root, view->is_ascii);
    return buf_check(out);
}
