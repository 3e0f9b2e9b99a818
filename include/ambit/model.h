/* SPDX-License-Identifier: Apache-2.0 */
/* The closed vocabularies of policy-language.md, each declared once: reasons, checks, tiers, stop
 * targets, what counts and by what. The text forms are wire format. Plain values; no memory
 * owned. */
#pragma once

#include "ambit/base.h"
#include "ambit/limits.h"

/* Why. ALLOWED is the reason of every allow, for both questions. */
#define AMBIT_REASON_LIST(X)                        \
    X(ALLOWED, "allowed")                           \
    X(STOPPED, "stopped")                           \
    X(OWNER_REQUIRED, "owner_required")             \
    X(MALFORMED, "malformed")                       \
    X(NOTHING_REQUESTED, "nothing_requested")       \
    X(FORBIDDEN, "forbidden")                       \
    X(OUT_OF_SCOPE, "out_of_scope")                 \
    X(NOT_DELEGABLE, "not_delegable")               \
    X(WRONG_AUDIENCE, "wrong_audience")             \
    X(POLICY_EXPIRED, "policy_expired")             \
    X(OUTSIDE_HOURS, "outside_hours")               \
    X(WRONG_SOURCE, "wrong_source")                 \
    X(PURPOSE_REQUIRED, "purpose_required")         \
    X(REASON_REQUIRED, "reason_required")           \
    X(MISSING_CONTEXT, "missing_context")           \
    X(CONTEXT_VIOLATED, "context_violated")         \
    X(COMPOSITION_MISMATCH, "composition_mismatch") \
    X(ORDER_VIOLATED, "order_violated")             \
    X(BINDING_REQUIRED, "binding_required")         \
    X(BINDING_MISMATCH, "binding_mismatch")         \
    X(EXPIRED, "expired")                           \
    X(LIMIT_EXCEEDED, "limit_exceeded")             \
    X(HARD_STOP, "hard_stop")                       \
    X(APPROVAL_REQUIRED, "approval_required")       \
    X(APPROVAL_REJECTED, "approval_rejected")       \
    X(INACTIVE, "inactive")                         \
    X(POLICY_CHANGED, "policy_changed")             \
    X(NOT_SUPPORTED, "not_supported")

enum ambit_reason {
#define X(name, text) AMBIT_REASON_##name,
    AMBIT_REASON_LIST(X)
#undef X
};
const char *ambit_reason_text(enum ambit_reason reason);
AMBIT_CHECKED enum ambit_err ambit_reason_parse(struct ambit_str text, enum ambit_reason *ret);

enum ambit_verdict { AMBIT_DENY, AMBIT_ALLOW };

/* The checks of each question, in their order (interfaces.md CHECK). */
#define AMBIT_GRANT_CHECK_LIST(X) \
    X(STOP, "stop")               \
    X(OWNER, "owner")             \
    X(FORM, "form")               \
    X(NEVER, "never")             \
    X(SCOPE, "scope")             \
    X(AUDIENCE, "audience")       \
    X(DATES, "dates")             \
    X(HOURS, "hours")             \
    X(SOURCE, "source")           \
    X(PURPOSE, "purpose")         \
    X(COMPOSITION, "composition") \
    X(AFTER, "after")             \
    X(BINDING, "binding")         \
    X(LIFETIME, "lifetime")       \
    X(LIMITS, "limits")           \
    X(HARD_STOP, "hard_stop")     \
    X(APPROVAL, "approval")
enum ambit_grant_check {
#define X(name, text) AMBIT_GRANT_CHECK_##name,
    AMBIT_GRANT_CHECK_LIST(X)
#undef X
        AMBIT_GRANT_CHECKS /* how many; as a position: every check passed */
};

#define AMBIT_ACTION_CHECK_LIST(X) \
    X(AUDIENCE, "audience")        \
    X(GRANT, "grant")              \
    X(STOP, "stop")                \
    X(LIVE, "live")                \
    X(PROOF, "proof")              \
    X(FORM, "form")                \
    X(NEVER, "never")              \
    X(SCOPE, "scope")              \
    X(POLICY, "policy")            \
    X(HOURS, "hours")              \
    X(SOURCE, "source")            \
    X(PURPOSE, "purpose")          \
    X(REASON, "reason")            \
    X(CONTEXT, "context")          \
    X(AFTER, "after")              \
    X(COMPOSITION, "composition")  \
    X(LIMITS, "limits")            \
    X(HARD_STOP, "hard_stop")      \
    X(APPROVAL, "approval")
enum ambit_action_check {
#define X(name, text) AMBIT_ACTION_CHECK_##name,
    AMBIT_ACTION_CHECK_LIST(X)
#undef X
        AMBIT_ACTION_CHECKS
};

enum ambit_tier { AMBIT_TIER_LOW, AMBIT_TIER_MEDIUM, AMBIT_TIER_HIGH, AMBIT_TIER_CRITICAL };
const char *ambit_tier_text(enum ambit_tier tier);

enum ambit_role {
    AMBIT_ROLE_OWNER = 1,
    AMBIT_ROLE_ONCALL = 2,
    AMBIT_ROLE_APPROVER = 4,
    AMBIT_ROLE_AUDITOR = 8,
    AMBIT_ROLE_ADMIN = 16,
};

/* What a stop covers. GRANT and LINEAGE are cut-offs without a hold. */
#define AMBIT_TARGET_LIST(X) \
    X(GRANT, "grant")        \
    X(LINEAGE, "lineage")    \
    X(AGENT, "agent")        \
    X(TEAM, "team")          \
    X(OWNER, "owner")        \
    X(POLICY, "policy")      \
    X(RESOURCE, "resource")  \
    X(ALL, "all")
enum ambit_target_kind {
#define X(name, text) AMBIT_TARGET_##name,
    AMBIT_TARGET_LIST(X)
#undef X
};
const char *ambit_target_text(enum ambit_target_kind kind);

enum ambit_by {
    AMBIT_BY_GRANT,
    AMBIT_BY_LINEAGE,
    AMBIT_BY_AGENT,
    AMBIT_BY_TEAM,
    AMBIT_BY_OWNER,
    AMBIT_BY_RESOURCE,
    AMBIT_BY_POLICY
};
const char *ambit_by_text(enum ambit_by by);

enum ambit_limit_kind {
    AMBIT_LIMIT_COUNT,
    AMBIT_LIMIT_SUM,
    AMBIT_LIMIT_DISTINCT,
    AMBIT_LIMIT_GRANTS,
    AMBIT_LIMIT_LIVE_GRANTS,
    AMBIT_LIMIT_USES,
    AMBIT_LIMIT_AFTER /* no limit of a document: the history behind an `after`, its latest time */
};
const char *ambit_limit_kind_text(enum ambit_limit_kind kind);

enum ambit_stop_on {
    AMBIT_ON_DENIED,
    AMBIT_ON_ALLOWED,
    AMBIT_ON_ATTEMPTED,
    AMBIT_ON_GRANTED,
    AMBIT_ON_UNACCOUNTED,
    AMBIT_ON_SIGNAL
};
const char *ambit_on_text(enum ambit_stop_on on);

enum ambit_stop_then {
    AMBIT_THEN_REVOKE_GRANT,
    AMBIT_THEN_SUSPEND_AGENT,
    AMBIT_THEN_STOP_TEAM,
    AMBIT_THEN_STOP_POLICY
};
const char *ambit_then_text(enum ambit_stop_then then);

/* How an approval that a rule asks for was answered (PL "Approval"). */
enum ambit_approval_state {
    AMBIT_APPROVAL_NONE, /* nobody was asked, or nobody answered yet */
    AMBIT_APPROVAL_GIVEN,
    AMBIT_APPROVAL_REJECTED
};

enum ambit_binding { AMBIT_BINDING_NONE, AMBIT_BINDING_DPOP, AMBIT_BINDING_MTLS };
const char *ambit_binding_text(enum ambit_binding binding);
