/* SPDX-License-Identifier: Apache-2.0 */
/* One English sentence for whoever asked, and one for whoever may see all. The first is fixed text:
 * it names nothing that the agent was not granted (and is plain ASCII without quotes, so that it
 * may stand in an OAuth error_description). */
#include "policy/explain.h"

const char *ambit_reason_sentence(enum ambit_reason reason, bool is_grant)
{
    switch (reason) {
    case AMBIT_REASON_ALLOWED:
        return is_grant ? "Everything that was asked for is granted." : "This is allowed now.";
    case AMBIT_REASON_STOPPED:
        return "A stop in force covers this; only a person can clear it.";
    case AMBIT_REASON_OWNER_REQUIRED:
        return "The agent has no active owner and backup, so nothing is granted to it.";
    case AMBIT_REASON_MALFORMED:
        return "Something in the request does not have the form that it must have.";
    case AMBIT_REASON_NOTHING_REQUESTED:
        return "Nothing was asked for.";
    case AMBIT_REASON_FORBIDDEN:
        return "This is forbidden, whatever else allows it.";
    case AMBIT_REASON_OUT_OF_SCOPE:
        return is_grant ? "No rule gives what was asked for."
                        : "This lies outside what the token gives.";
    case AMBIT_REASON_NOT_DELEGABLE:
        return "This may not be delegated to that agent.";
    case AMBIT_REASON_WRONG_AUDIENCE:
        return is_grant ? "What was asked for is not for this audience, or for no single one."
                        : "The token is not addressed to this service, or the resource is not "
                          "the service's.";
    case AMBIT_REASON_POLICY_EXPIRED:
        return "The policy that gives this is not inside its dates.";
    case AMBIT_REASON_OUTSIDE_HOURS:
        return "This is not open at this hour.";
    case AMBIT_REASON_WRONG_SOURCE:
        return "This is not given to the address that asks.";
    case AMBIT_REASON_PURPOSE_REQUIRED:
        return "A purpose of the right form must be stated.";
    case AMBIT_REASON_REASON_REQUIRED:
        return "A reason must be stated.";
    case AMBIT_REASON_MISSING_CONTEXT:
        return "The context lacks a member that the rule requires.";
    case AMBIT_REASON_CONTEXT_VIOLATED:
        return "A member of the context is not as the rule requires.";
    case AMBIT_REASON_COMPOSITION_MISMATCH:
        return "The agent is not shown to be made of what its document says.";
    case AMBIT_REASON_ORDER_VIOLATED:
        return "Something else must be done first, or must not have been.";
    case AMBIT_REASON_BINDING_REQUIRED:
        return "The token must be bound to a key.";
    case AMBIT_REASON_BINDING_MISMATCH:
        return "The key that the token is bound to was not proved.";
    case AMBIT_REASON_EXPIRED:
        return "No lifetime is left.";
    case AMBIT_REASON_LIMIT_EXCEEDED:
        return "A limit is reached.";
    case AMBIT_REASON_HARD_STOP:
        return "A hard stop fired: this crossed a line that ends the agent's authority.";
    case AMBIT_REASON_APPROVAL_REQUIRED:
        return "A person must approve this first.";
    case AMBIT_REASON_APPROVAL_REJECTED:
        return "A person refused to approve this.";
    case AMBIT_REASON_INACTIVE:
        return "The token is not active.";
    case AMBIT_REASON_POLICY_CHANGED:
        return "The rule that gave this no longer does.";
    case AMBIT_REASON_NOT_SUPPORTED:
        break;
    }
    return "This version cannot judge a condition of the rule, so the answer is no.";
}

static void put_who(struct explainer *e, struct buf *buf)
{
    const struct ambit_action_question *q = e->action_question;
    if (e->grant_question)
        buf_put_str(buf, e->grant_question->agent);
    else if (q->grant)
        buf_put_str(buf, q->grant->agent);
    else if (e->grant)
        buf_put_str(buf, e->grant->agent);
    else
        buf_put_text(buf, "An unknown token");
}

static void put_what(struct explainer *e, struct buf *buf)
{
    const struct ambit_grant_question *q = e->grant_question;
    if (!q)
        put_item(buf, e->action_question->action, e->action_question->resource);
    else if (e->item < q->n_items)
        put_item(buf, q->items[e->item].action, q->items[e->item].resource);
    else
        buf_put_text(buf, "nothing");
}

void explain_sentences(struct explainer *e)
{
    const struct ambit_decision *d = e->d;
    struct ambit_explanation *ret = e->ret;
    struct buf *buf = &e->required;
    ret->user_text = ambit_str_of(ambit_reason_sentence(d->reason, e->grant_question != NULL));
    buf_reset(buf);
    put_who(e, buf);
    buf_put_text(buf, d->verdict == AMBIT_ALLOW ? " was allowed " : " was refused ");
    put_what(e, buf);
    buf_put_text(buf, " (");
    buf_put_text(buf, ambit_reason_text(d->reason));
    buf_put_char(buf, ')');
    if (d->policy.p) {
        buf_put_text(buf, " by ");
        put_path(buf, d->policy, d->rule);
    }
    if (d->verdict == AMBIT_DENY) {
        const struct ambit_check_report *failed = &ret->checks[d->failed_check];
        buf_printf(buf, ": %s required ", failed->check);
        buf_put_str(buf, failed->required);
        buf_put_text(buf, ", and saw ");
        buf_put_str(buf, failed->saw);
    }
    buf_put_char(buf, '.');
    ret->admin_text = explain_take(e, buf);
}
