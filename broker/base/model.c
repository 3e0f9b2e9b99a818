/* SPDX-License-Identifier: Apache-2.0 */
/* The wire words of the closed vocabularies (ambit/model.h). */
#include "ambit/model.h"

/* A value outside its enumeration is a broken caller, never input. */
#define TEXT_OF(table, value) text_of((table), AMBIT_LEN(table), (size_t)(value))

static const char *text_of(const char *const *table, size_t n, size_t value)
{
    AMBIT_ASSERT(value < n);
    return table[value];
}

static const char *const reason_texts[] = {
#define X(name, text) [AMBIT_REASON_##name] = text,
    AMBIT_REASON_LIST(X)
#undef X
};

const char *ambit_reason_text(enum ambit_reason reason)
{
    return TEXT_OF(reason_texts, reason);
}

enum ambit_err ambit_reason_parse(struct ambit_str text, enum ambit_reason *ret)
{
    for (size_t i = 0; i < AMBIT_LEN(reason_texts); i++) {
        if (ambit_str_is(text, reason_texts[i])) {
            *ret = (enum ambit_reason)i;
            return AMBIT_OK;
        }
    }
    return AMBIT_ERR_MALFORMED;
}

const char *ambit_tier_text(enum ambit_tier tier)
{
    static const char *const texts[] = {
        [AMBIT_TIER_LOW] = "low",
        [AMBIT_TIER_MEDIUM] = "medium",
        [AMBIT_TIER_HIGH] = "high",
        [AMBIT_TIER_CRITICAL] = "critical",
    };
    return TEXT_OF(texts, tier);
}

const char *ambit_target_text(enum ambit_target_kind kind)
{
    static const char *const texts[] = {
#define X(name, text) [AMBIT_TARGET_##name] = text,
        AMBIT_TARGET_LIST(X)
#undef X
    };
    return TEXT_OF(texts, kind);
}

const char *ambit_by_text(enum ambit_by by)
{
    static const char *const texts[] = {
        [AMBIT_BY_GRANT] = "grant",   [AMBIT_BY_LINEAGE] = "lineage",
        [AMBIT_BY_AGENT] = "agent",   [AMBIT_BY_TEAM] = "team",
        [AMBIT_BY_OWNER] = "owner",   [AMBIT_BY_RESOURCE] = "resource",
        [AMBIT_BY_POLICY] = "policy",
    };
    return TEXT_OF(texts, by);
}

const char *ambit_limit_kind_text(enum ambit_limit_kind kind)
{
    static const char *const texts[] = {
        [AMBIT_LIMIT_COUNT] = "count",
        [AMBIT_LIMIT_SUM] = "sum",
        [AMBIT_LIMIT_DISTINCT] = "distinct",
        [AMBIT_LIMIT_GRANTS] = "grants",
        [AMBIT_LIMIT_LIVE_GRANTS] = "live_grants",
        [AMBIT_LIMIT_USES] = "uses",
        [AMBIT_LIMIT_AFTER] = "after",
    };
    return TEXT_OF(texts, kind);
}

const char *ambit_on_text(enum ambit_stop_on on)
{
    static const char *const texts[] = {
        [AMBIT_ON_DENIED] = "denied",           [AMBIT_ON_ALLOWED] = "allowed",
        [AMBIT_ON_ATTEMPTED] = "attempted",     [AMBIT_ON_GRANTED] = "granted",
        [AMBIT_ON_UNACCOUNTED] = "unaccounted", [AMBIT_ON_SIGNAL] = "signal",
    };
    return TEXT_OF(texts, on);
}

const char *ambit_then_text(enum ambit_stop_then then)
{
    static const char *const texts[] = {
        [AMBIT_THEN_REVOKE_GRANT] = "revoke_grant",
        [AMBIT_THEN_SUSPEND_AGENT] = "suspend_agent",
        [AMBIT_THEN_STOP_TEAM] = "stop_team",
        [AMBIT_THEN_STOP_POLICY] = "stop_policy",
    };
    return TEXT_OF(texts, then);
}

const char *ambit_binding_text(enum ambit_binding binding)
{
    static const char *const texts[] = {
        [AMBIT_BINDING_NONE] = "none",
        [AMBIT_BINDING_DPOP] = "dpop",
        [AMBIT_BINDING_MTLS] = "mtls",
    };
    return TEXT_OF(texts, binding);
}
