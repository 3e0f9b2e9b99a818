/* SPDX-License-Identifier: Apache-2.0 */
/* How values and the checks that both questions have read in words. */
#include "policy/explain.h"

#include "base/encode.h"

void put_str_or(struct buf *buf, struct ambit_str text, const char *none)
{
    if (text.p)
        buf_put_str(buf, text);
    else
        buf_put_text(buf, none);
}

void put_strs(struct buf *buf, struct ambit_strs texts, const char *none)
{
    for (size_t i = 0; i < texts.n; i++) {
        if (i > 0)
            buf_put_text(buf, i + 1 == texts.n ? " or " : ", ");
        buf_put_str(buf, texts.v[i]);
    }
    if (texts.n == 0)
        buf_put_text(buf, none);
}

void put_asked(struct buf *buf, struct ambit_str text)
{
    for (size_t i = 0; i < text.len && i < AMBIT_WORD_MAX; i++)
        buf_put_char(buf, (char)(text.p[i] >= 0x20 && text.p[i] < 0x7f ? text.p[i] : '?'));
}

void put_item(struct buf *buf, struct ambit_str action, struct ambit_str resource)
{
    put_asked(buf, action);
    if (!resource.p)
        return;
    buf_put_char(buf, '[');
    put_asked(buf, resource);
    buf_put_char(buf, ']');
}

void put_duration(struct buf *buf, int64_t seconds)
{
    static const struct {
        int64_t seconds;
        char unit;
    } units[] = {{86400, 'd'}, {3600, 'h'}, {60, 'm'}, {1, 's'}};
    size_t u = 0;
    while (u + 1 < AMBIT_LEN(units) && (seconds == 0 || seconds % units[u].seconds != 0))
        u++;
    buf_put_i64(buf, seconds / units[u].seconds);
    buf_put_char(buf, units[u].unit);
}

void put_time(struct buf *buf, int64_t unix_ms)
{
    char text[TIME_TEXT_LEN];
    time_encode(unix_ms, text);
    buf_put(buf, text, sizeof text);
}

void put_address(struct buf *buf, const struct ambit_addr_view *addr)
{
    struct addr plain = {.family = addr->family};
    char text[ADDR_TEXT_MAX];
    if (!addr->family) {
        buf_put_text(buf, "none");
        return;
    }
    memcpy(plain.b, addr->b, sizeof plain.b);
    buf_put(buf, text, addr_encode(&plain, text));
}

void put_dates(struct buf *buf, const struct ambit_policy *policy)
{
    if (!policy->not_before_ms && !policy->not_after_ms)
        buf_put_text(buf, "any time");
    if (policy->not_before_ms) {
        buf_put_text(buf, "from ");
        put_time(buf, policy->not_before_ms);
    }
    if (policy->not_after_ms) {
        buf_put_text(buf, policy->not_before_ms ? " until before " : "before ");
        put_time(buf, policy->not_after_ms);
    }
}

void put_bindings(struct buf *buf, const struct ambit_rule *rule)
{
    if (rule->bind_dpop && rule->bind_mtls)
        buf_put_text(buf, "a key bound by dpop or mtls");
    else if (rule->bind_dpop || rule->bind_mtls)
        buf_put_text(buf, rule->bind_dpop ? "a key bound by dpop" : "a key bound by mtls");
    else
        buf_put_text(buf, "none");
}

void put_path(struct buf *buf, struct ambit_str policy, struct ambit_str id)
{
    buf_put_str(buf, policy);
    buf_put_char(buf, '/');
    buf_put_str(buf, id);
}

void put_level(struct explainer *e)
{
    buf_put_text(&e->saw, "of ");
    buf_put_str(&e->saw, e->grant->agent);
    buf_printf(&e->saw, ", %u above: ", e->d->level);
}

void put_stop(struct explainer *e)
{
    char id[ID_TEXT_LEN];
    buf_put_text(&e->saw, "a stop");
    if (ambit_id_is_none(e->d->stop))
        return;
    id_encode(e->d->stop, id);
    buf_put_char(&e->saw, ' ');
    buf_put(&e->saw, id, sizeof id);
    for (size_t i = 0; i < e->d->n_used_stops; i++) {
        const struct ambit_stop_view *stop = &e->d->used_stops[i];
        if (!ambit_id_eq(stop->id, e->d->stop))
            continue;
        buf_printf(&e->saw, " on %s", ambit_target_text(stop->kind));
        if (stop->target.len) {
            buf_put_char(&e->saw, ':');
            buf_put_str(&e->saw, stop->target);
        }
        return;
    }
}

void put_approval(struct explainer *e, const struct ambit_approval *approval,
                  enum ambit_approval_state state)
{
    if (!approval) {
        buf_put_text(&e->required, "none");
        buf_put_text(&e->saw, "none");
        return;
    }
    buf_put_text(&e->required, "approval by ");
    buf_put_i64(&e->required, approval->count);
    buf_put_text(&e->required, approval->count == 1 ? " person" : " people");
    if (approval->roles.n) {
        buf_put_text(&e->required, " of role ");
        put_strs(&e->required, approval->roles, "");
    }
    if (approval->teams.n) {
        buf_put_text(&e->required, approval->roles.n ? ", of team " : " of team ");
        put_strs(&e->required, approval->teams, "");
    }
    buf_put_text(&e->required, " within ");
    put_duration(&e->required, approval->timeout_s);
    buf_put_text(&e->saw, state == AMBIT_APPROVAL_GIVEN      ? "approval"
                          : state == AMBIT_APPROVAL_REJECTED ? "a rejection"
                                                             : "nobody's approval");
}

void put_stop_check(struct explainer *e, bool failed)
{
    buf_put_text(&e->required, "no stop in force on the agent, its team, its owner or everything");
    if (failed)
        put_stop(e);
    else
        buf_put_text(&e->saw, "none");
}

void put_never(struct explainer *e, bool failed)
{
    buf_put_text(&e->required, "inside no never rule of the agent's policies");
    if (!failed)
        buf_put_text(&e->saw, "inside none");
    else if (e->d->reason == AMBIT_REASON_FORBIDDEN)
        put_path(&e->saw, e->d->policy, e->d->rule);
    else
        buf_put_text(&e->saw, "more never rules overlap it than can go with a grant: ask narrower");
}

void put_none(struct explainer *e)
{
    buf_put_text(&e->required, "none");
    buf_put_text(&e->saw, "none");
}

static void put_limit(struct explainer *e, const struct seen_limit *seen)
{
    const struct ambit_limit *limit = seen->limit;
    bool is_distinct = limit->kind == AMBIT_LIMIT_DISTINCT;
    if (e->required.len) {
        buf_put_text(&e->required, "; ");
        buf_put_text(&e->saw, "; ");
    }
    buf_put_text(&e->required, ambit_limit_kind_text(limit->kind));
    if (limit->field.p) {
        buf_put_text(&e->required, " of ");
        buf_put_str(&e->required, limit->field);
    } else if (is_distinct) {
        buf_put_text(&e->required, limit->distinct_action ? " action" : " resource");
    }
    buf_put_text(&e->required, " at most ");
    buf_put_i64(&e->required, limit->max);
    if (limit->within_s) {
        buf_put_text(&e->required, " within ");
        put_duration(&e->required, limit->within_s);
    }
    buf_printf(&e->required, " by %s", ambit_by_text(limit->by));
    if (seen->figure == AMBIT_FIGURE_FULL) {
        buf_put_text(&e->saw, "a full window");
        return;
    }
    buf_put_i64(&e->saw, seen->figure);
    buf_put_text(&e->saw, is_distinct ? " with this" : " before this");
}

static void put_after(struct explainer *e, const struct seen_limit *seen)
{
    if (e->required.len) {
        buf_put_text(&e->required, "; ");
        buf_put_text(&e->saw, "; ");
    }
    put_strs(&e->required, seen->after->actions, "any action");
    if (seen->after->resources.n) {
        buf_put_text(&e->required, " on ");
        put_strs(&e->required, seen->after->resources, "");
    }
    buf_put_text(&e->required, " allowed within ");
    put_duration(&e->required, seen->after->within_s);
    if (seen->figure < 0) {
        buf_put_text(&e->saw, "never");
        return;
    }
    buf_put_text(&e->saw, "last at ");
    put_time(&e->saw, seen->figure);
}

void put_afters(struct explainer *e)
{
    for (size_t i = 0; i < e->n_afters; i++)
        put_after(e, &e->afters[i]);
    if (e->n_afters == 0)
        put_none(e);
}

void put_composition(struct explainer *e, struct ambit_str vouched)
{
    if (!e->rule->rule->when.composition) {
        buf_put_text(&e->required, "none");
    } else {
        put_str_or(&e->required, e->agent->agent->composition, "one in the agent's document");
        buf_put_text(&e->required, ", vouched for by the platform");
    }
    put_str_or(&e->saw, vouched, "none");
}

void put_limits(struct explainer *e)
{
    for (size_t i = 0; i < e->n_limits; i++)
        put_limit(e, &e->limits[i]);
    if (e->n_limits == 0)
        put_none(e);
}

void put_hard_stop(struct explainer *e, bool failed)
{
    buf_put_text(&e->required, "no hard stop fires");
    if (!failed) {
        buf_put_text(&e->saw, "none fires");
        return;
    }
    if (e->d->reason != AMBIT_REASON_HARD_STOP) {
        buf_put_text(&e->saw, "a pattern that could not be settled");
        return;
    }
    put_path(&e->saw, e->d->policy, e->d->rule);
    buf_put_text(&e->saw, " fires");
}

struct ambit_str explain_take(struct explainer *e, struct buf *buf)
{
    if (buf_check(buf) != AMBIT_OK)
        return (struct ambit_str){0};
    return arena_copy(e->arena, buf_str(buf));
}
