/* SPDX-License-Identifier: Apache-2.0 */
/* A hypothetical question answered: decided, explained, and for a denial the change that would
 * pass, each by the engine run on the world handed in. */
#include "ambit/explain.h"

#include "base/buf.h"
#include "base/encode.h"
#include "base/json_write.h"
#include "policy/explain_json.h"
#include "policy/judge.h"

static enum ambit_err answer_grant(const struct ambit_policy_set *set,
                                   const struct ambit_hypothesis *h,
                                   const struct ambit_world *world, struct arena *arena,
                                   struct ambit_answer *ret)
{
    struct ambit_decision *d = ret->decision;
    enum ambit_err err = ambit_decide_grant(set, &h->grant, world, d);
    if (err)
        return err;
    struct ambit_recorded figures = {
        .figures = d->figures, .n = d->n_figures, .replaces = d->replaces};
    struct ambit_world told = ambit_world_of_record(&figures, d->used_stops, d->n_used_stops);
    err = ambit_explain_grant(set, &h->grant, &told, arena, &ret->explanation);
    if (err || d->verdict == AMBIT_ALLOW)
        return err;
    return ambit_remedy_grant(set, &h->grant, d, world, arena, &ret->explanation);
}

static enum ambit_err answer_action(const struct ambit_policy_set *set,
                                    const struct ambit_hypothesis *h,
                                    const struct ambit_world *world, struct arena *arena,
                                    struct ambit_answer *ret)
{
    struct ambit_decision *d = ret->decision;
    enum ambit_err err = ambit_decide_action(set, &h->action, world, d);
    if (err)
        return err;
    struct ambit_recorded figures = {.figures = d->figures, .n = d->n_figures};
    struct ambit_world told = ambit_world_of_record(&figures, d->used_stops, d->n_used_stops);
    err = ambit_explain_action(set, &h->action, &told, arena, &ret->explanation);
    if (err || d->verdict == AMBIT_ALLOW)
        return err;
    return ambit_remedy_action(set, &h->action, d, world, arena, &ret->explanation);
}

enum ambit_err ambit_answer(const struct ambit_policy_set *set, struct ambit_hypothesis *h,
                            const struct ambit_world *world, struct arena *arena,
                            struct ambit_answer *ret)
{
    *ret = (struct ambit_answer){.decision = arena_alloc(arena, sizeof *ret->decision)};
    if (!ret->decision)
        return arena_err(arena);

    h->grant.now_ms = h->action.now_ms = h->event.now_ms = h->now_ms;
    /* Copies of the hypothesis keep pointing at their own grant. */
    h->action.grant = &h->grant_view;
    h->event.grant = &h->grant_view;
    switch (h->kind) {
    case AMBIT_QUESTION_GRANT:
        return answer_grant(set, h, world, arena, ret);
    case AMBIT_QUESTION_ACTION:
        return answer_action(set, h, world, arena, ret);
    case AMBIT_QUESTION_EVENT:
        break;
    }
    return ambit_decide_event(set, &h->event, world, ret->decision);
}

/* ---- as text --------------------------------------------------------------------------------- */

static void put_text(const struct ambit_hypothesis *h, const struct ambit_answer *answer,
                     struct buf *out)
{
    const struct ambit_decision *d = answer->decision;
    const struct ambit_explanation *e = &answer->explanation;
    bool is_allowed = d->verdict == AMBIT_ALLOW;
    buf_put_text(out, is_allowed ? "allow" : "deny");
    if (d->policy.p)
        buf_printf(out, ", by %.*s/%.*s", AMBIT_STR_ARG(d->policy), AMBIT_STR_ARG(d->rule));
    if (is_allowed && h->kind == AMBIT_QUESTION_GRANT) {
        char end[TIME_TEXT_LEN];
        time_encode(d->expires_ms, end);
        buf_printf(out, ", until %.*s", TIME_TEXT_LEN, end);
    }
    if (!is_allowed)
        buf_printf(out, ": %s. %.*s", ambit_reason_text(d->reason), AMBIT_STR_ARG(e->admin_text));
    for (size_t i = 0; i < e->n_checks; i++) {
        const struct ambit_check_report *check = &e->checks[i];
        buf_printf(out, "\n  %-11s %s", explain_outcome_text(check->outcome), check->check);
        if (check->required.len)
            buf_printf(out, ": required %.*s", AMBIT_STR_ARG(check->required));
        if (check->saw.len)
            buf_printf(out, "; saw %.*s", AMBIT_STR_ARG(check->saw));
    }
    for (size_t i = 0; i < d->n_trips; i++)
        buf_printf(out, "\n  hard stop %.*s/%.*s fires", AMBIT_STR_ARG(d->trips[i].policy),
                   AMBIT_STR_ARG(d->trips[i].id));
    if (!is_allowed)
        buf_printf(out, "\n  what would pass: %.*s", AMBIT_STR_ARG(e->remedy.text));
}

/* ---- as JSON --------------------------------------------------------------------------------- */

/* A stop that fires for two keys, a delegate's and an ancestor's, is named once. */
static bool is_first_trip(const struct ambit_decision *d, size_t i)
{
    for (size_t k = 0; k < i; k++) {
        if (ambit_str_eq(d->trips[k].policy, d->trips[i].policy) &&
            ambit_str_eq(d->trips[k].id, d->trips[i].id))
            return false;
    }
    return true;
}

static void write_trips(struct json_out *out, const struct ambit_decision *d)
{
    json_key(out, "trips");
    json_begin_array(out);
    for (size_t i = 0; i < d->n_trips; i++) {
        if (!is_first_trip(d, i))
            continue;
        char text[2 * AMBIT_NAME_MAX + 1];
        struct buf joined;
        buf_init_fixed(&joined, text, sizeof text);
        buf_put_str(&joined, d->trips[i].policy);
        buf_put_char(&joined, '/');
        buf_put_str(&joined, d->trips[i].id);
        json_str(out, buf_str(&joined));
    }
    json_end_array(out);
}

static void write_strs(struct json_out *out, const char *key, struct ambit_strs texts)
{
    json_key(out, key);
    json_begin_array(out);
    for (size_t i = 0; i < texts.n; i++)
        json_str(out, texts.v[i]);
    json_end_array(out);
}

static void write_except(struct json_out *out, const struct ambit_decision *d)
{
    if (d->n_except == 0)
        return;
    json_key(out, "except");
    json_begin_array(out);
    for (size_t i = 0; i < d->n_except; i++) {
        json_begin_object(out);
        json_member_str(out, "policy", d->except[i].policy);
        json_member_str(out, "id", d->except[i].id);
        write_strs(out, "actions", d->except[i].actions);
        write_strs(out, "resources", d->except[i].resources);
        json_end_object(out);
    }
    json_end_array(out);
}

/* What decided; absent when nothing of a document did. */
static void write_decider(struct json_out *out, const struct ambit_decision *d,
                          enum ambit_disclosure disclosure)
{
    static const struct ambit_digest none = {{0}};
    if (disclosure != AMBIT_FOR_AGENT) {
        json_member_str(out, "policy", d->policy);
        if (!ambit_digest_eq(d->digest, none)) {
            json_key(out, "digest");
            json_digest(out, d->digest);
        }
    }
    json_member_str(out, "rule", d->rule);
}

void ambit_answer_write(const struct ambit_hypothesis *hypothesis,
                        const struct ambit_answer *answer, enum ambit_disclosure disclosure,
                        struct buf *out)
{
    const struct ambit_decision *d = answer->decision;
    const struct ambit_explanation *e = &answer->explanation;
    bool is_allowed = d->verdict == AMBIT_ALLOW, is_full = disclosure != AMBIT_FOR_AGENT;
    struct json_out json;
    json_out_init(&json, out, false);
    json_begin_object(&json);
    if (hypothesis->kind == AMBIT_QUESTION_EVENT) {
        write_trips(&json, d);
        json_end_object(&json);
        return;
    }
    json_member_text(&json, "decision", is_allowed ? "allow" : "deny");
    json_member_text(&json, "reason", ambit_reason_text(d->reason));
    write_decider(&json, d, disclosure);
    if (is_allowed && hypothesis->kind == AMBIT_QUESTION_GRANT) {
        json_key(&json, "lifetime_s");
        json_i64(&json, (d->expires_ms - hypothesis->now_ms) / 1000);
        write_except(&json, d);
    }
    if (is_full) {
        write_trips(&json, d);
        explain_write_checks(&json, e);
    }
    if (!is_allowed)
        explain_write_remedy(&json, "remedy", is_full ? &e->remedy : &e->agent_remedy);
    BUF_AUTO text = {0};
    if (is_full)
        put_text(hypothesis, answer, &text);
    else
        buf_put_str(&text, is_allowed ? AMBIT_STR("Allowed.") : e->user_text);
    if (buf_check(&text))
        buf_fail(out, buf_check(&text));
    json_member_str(&json, "text", buf_str(&text));
    json_end_object(&json);
}
