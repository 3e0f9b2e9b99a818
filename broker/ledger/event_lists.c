/* SPDX-License-Identifier: Apache-2.0 */
/* Writing the members of an event that are arrays. Names within an element in canonical order. */
#include "ledger/event_internal.h"

const char event_figure_full[] = "full";

static bool has_digest(struct ambit_digest digest)
{
    static const struct ambit_digest none = {{0}};
    return !ambit_digest_eq(digest, none);
}

/* "name":["one"] */
static void write_single(struct json_out *out, const char *name, struct ambit_str one)
{
    if (!one.p)
        return;
    json_key(out, name);
    json_begin_array(out);
    json_str(out, one);
    json_end_array(out);
}

static void write_strs(struct json_out *out, const char *name, struct ambit_strs strs)
{
    json_key(out, name);
    json_begin_array(out);
    for (size_t i = 0; i < strs.n; i++)
        json_str(out, strs.v[i]);
    json_end_array(out);
}

void event_write_also(struct json_out *out, const struct event *event)
{
    if (event->n_also > 0)
        write_strs(out, "also", (struct ambit_strs){.v = event->also, .n = event->n_also});
}

void event_write_approvers(struct json_out *out, const struct event *event)
{
    if (event->n_approvers > 0)
        write_strs(out, "approvers",
                   (struct ambit_strs){.v = event->approvers, .n = event->n_approvers});
}

void event_write_asked(struct json_out *out, const struct event *event)
{
    if (event->n_asked == 0)
        return;
    json_key(out, "asked");
    json_begin_array(out);
    for (size_t i = 0; i < event->n_asked; i++) {
        json_begin_object(out);
        write_single(out, "actions", event->asked[i].action);
        write_single(out, "resources", event->asked[i].resource);
        json_end_object(out);
    }
    json_end_array(out);
}

void event_write_items(struct json_out *out, const struct event *event)
{
    if (event->n_items == 0)
        return;
    json_key(out, "items");
    json_begin_array(out);
    for (size_t i = 0; i < event->n_items; i++) {
        const struct ambit_given *item = &event->items[i];
        json_begin_object(out);
        write_single(out, "actions", item->action);
        if (has_digest(item->digest)) {
            json_key(out, "digest");
            json_digest(out, item->digest);
        }
        json_member_str(out, "policy", item->policy);
        write_single(out, "resources", item->resource);
        json_member_str(out, "rule", item->rule);
        json_end_object(out);
    }
    json_end_array(out);
}

void event_write_except(struct json_out *out, const struct event *event)
{
    if (event->n_except == 0)
        return;
    json_key(out, "except");
    json_begin_array(out);
    for (size_t i = 0; i < event->n_except; i++) {
        const struct ambit_except *except = &event->except[i];
        json_begin_object(out);
        write_strs(out, "actions", except->actions);
        json_member_str(out, "id", except->id);
        json_member_str(out, "policy", except->policy);
        write_strs(out, "resources", except->resources);
        json_end_object(out);
    }
    json_end_array(out);
}

void event_write_counts(struct json_out *out, const struct event *event)
{
    if (event->n_counts == 0)
        return;
    json_key(out, "counts");
    json_begin_array(out);
    for (size_t i = 0; i < event->n_counts; i++) {
        const struct event_count *count = &event->counts[i];
        json_begin_object(out);
        if (count->amount != 1) {
            json_key(out, "amount");
            json_i64(out, count->amount);
        }
        json_member_text(out, "by", ambit_by_text(count->by));
        json_member_str(out, "field", count->field);
        json_member_str(out, "id", count->id);
        if (count->keep_ms != 0) {
            json_key(out, "keep_ms");
            json_i64(out, count->keep_ms);
        }
        json_member_str(out, "key", count->key);
        json_member_text(out, "kind", ambit_limit_kind_text(count->kind));
        json_member_str(out, "policy", count->policy);
        if (count->resets) {
            json_key(out, "resets");
            json_bool(out, true);
        }
        if (count->is_stop) {
            json_key(out, "stop");
            json_bool(out, true);
        }
        if (count->n_values > 0)
            write_strs(out, "values",
                       (struct ambit_strs){.v = count->values, .n = count->n_values});
        if (count->when_done) {
            json_key(out, "when_done");
            json_bool(out, true);
        }
        json_end_object(out);
    }
    json_end_array(out);
}

void event_write_expired(struct json_out *out, const struct event *event)
{
    if (event->n_expired > 0)
        write_strs(out, "expired", (struct ambit_strs){.v = event->expired, .n = event->n_expired});
}

void event_write_expired_outcomes(struct json_out *out, const struct event *event)
{
    if (event->n_expired_outcomes > 0)
        write_strs(
            out, "expired_outcomes",
            (struct ambit_strs){.v = event->expired_outcomes, .n = event->n_expired_outcomes});
}

void event_write_figures(struct json_out *out, const struct event *event)
{
    if (event->n_figures == 0)
        return;
    json_key(out, "figures");
    json_begin_array(out);
    for (size_t i = 0; i < event->n_figures; i++) {
        if (event->figures[i] == AMBIT_FIGURE_FULL)
            json_text(out, event_figure_full);
        else
            json_i64(out, event->figures[i]);
    }
    json_end_array(out);
}

void event_write_once_also(struct json_out *out, const struct event *event)
{
    if (event->n_once_also == 0)
        return;
    json_key(out, "once_also");
    json_begin_array(out);
    for (size_t i = 0; i < event->n_once_also; i++) {
        const struct once_value *once = &event->once_also[i];
        json_begin_object(out);
        json_key(out, "digest");
        json_digest(out, once->digest);
        if (once->is_proof) {
            json_key(out, "proof");
            json_bool(out, true);
        }
        json_key(out, "until");
        json_time_ms(out, once->until_ms);
        json_end_object(out);
    }
    json_end_array(out);
}

void event_write_trips(struct json_out *out, const struct event *event)
{
    if (event->n_trips > 0)
        write_strs(out, "trips", (struct ambit_strs){.v = event->trips, .n = event->n_trips});
}

void event_write_used_stops(struct json_out *out, const struct event *event)
{
    if (event->n_used_stops == 0)
        return;
    json_key(out, "used_stops");
    json_begin_array(out);
    for (size_t i = 0; i < event->n_used_stops; i++) {
        const struct ambit_stop_view *stop = &event->used_stops[i];
        json_begin_object(out);
        json_member_id(out, "id", stop->id);
        json_member_text(out, "kind", ambit_target_text(stop->kind));
        json_member_str(out, "target", stop->target);
        json_end_object(out);
    }
    json_end_array(out);
}
