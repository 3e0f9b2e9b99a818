/* SPDX-License-Identifier: Apache-2.0 */
/* What people were shown against what was decided with their answer: the members of which
 * core/approval_shown.c makes its digest, one by one. */
#include "ledger/approvals.h"

#include "base/buf.h"
#include "base/json_write.h"

static const char another[] = "was made with the approval of something else";

static bool is_same_text(const struct event *asked, const struct event *event, unsigned member,
                         struct ambit_str a, struct ambit_str b)
{
    return (asked->erased & member) != 0 || (event->erased & member) != 0 || ambit_str_eq(a, b);
}

static bool is_same_holder(const struct event *asked, const struct event *event)
{
    return asked->binding == event->binding &&
           ambit_digest_eq(asked->binding_key, event->binding_key);
}

static struct ambit_str audience_of(const struct event *event)
{
    return event->has_asked_audience ? event->audience : (struct ambit_str){0};
}

static bool are_same_items(const struct event *asked, const struct event *event)
{
    if (asked->n_asked != event->n_asked)
        return false;
    for (size_t i = 0; i < asked->n_asked; i++)
        if (!ambit_str_eq(asked->asked[i].action, event->asked[i].action) ||
            !ambit_str_eq(asked->asked[i].resource, event->asked[i].resource))
            return false;
    return true;
}

static AMBIT_CHECKED enum ambit_err judge_grant(const struct approved *approved,
                                                const struct event *asked,
                                                const struct event *event, bool *ret)
{
    int64_t shown_s = asked->has_asked_lifetime ? asked->asked_lifetime_s : 0;
    int64_t wanted_s = event->has_asked_lifetime ? event->asked_lifetime_s : 0;
    *ret = is_same_holder(asked, event) && ambit_id_eq(asked->parent, event->parent) &&
           ambit_str_eq(audience_of(asked), audience_of(event)) &&
           is_same_text(asked, event, EVENT_ERASED_PURPOSE, asked->purpose, event->purpose);
    if (!*ret || (are_same_items(asked, event) && shown_s == wanted_s))
        return AMBIT_OK;
    *ret = approved->envelope_ms > 0 && asked->n_asked > 0 &&
           (!asked->has_asked_lifetime || (event->has_asked_lifetime && wanted_s <= shown_s));
    if (!*ret)
        return AMBIT_OK;
    enum ambit_err err =
        ambit_items_inside(asked->asked, asked->n_asked, event->asked, event->n_asked, ret);
    return err == AMBIT_ERR_TOO_LARGE || err == AMBIT_ERR_MALFORMED ? AMBIT_OK : err;
}

static AMBIT_CHECKED enum ambit_err is_same_context(const struct event *asked,
                                                    const struct event *event, bool *ret)
{
    BUF_AUTO a;
    BUF_AUTO b;
    struct json_out out;
    buf_init(&a, 0);
    buf_init(&b, 0);
    if (asked->context != NULL) {
        json_out_init(&out, &a, true);
        json_write_value(&out, asked->context);
    }
    if (event->context != NULL) {
        json_out_init(&out, &b, true);
        json_write_value(&out, event->context);
    }
    *ret = ambit_str_eq(buf_str(&a), buf_str(&b));
    return buf_check(&a) != AMBIT_OK ? buf_check(&a) : buf_check(&b);
}

static AMBIT_CHECKED enum ambit_err judge_action(const struct event *asked,
                                                 const struct event *event, bool *ret)
{
    *ret = ambit_str_eq(asked->service, event->service) &&
           ambit_str_eq(asked->action, event->action) &&
           ambit_str_eq(asked->resource, event->resource) &&
           ambit_str_eq(asked->arguments_digest, event->arguments_digest) &&
           ambit_str_eq(asked->audience, event->audience) && is_same_holder(asked, event) &&
           is_same_text(asked, event, EVENT_ERASED_STATED_REASON, asked->stated_reason,
                        event->stated_reason);
    return *ret ? is_same_context(asked, event, ret) : AMBIT_OK;
}

enum ambit_err approvals_shown(const struct approved *approved, const struct event *asked,
                               const struct event *event, const char **ret)
{
    bool is_grant = event->type == EVENT_GRANT_ISSUED || event->type == EVENT_GRANT_REFUSED;
    bool is_it = false;
    enum ambit_err err =
        is_grant ? judge_grant(approved, asked, event, &is_it) : judge_action(asked, event, &is_it);
    *ret = is_it ? NULL : another;
    return err;
}
