/* SPDX-License-Identifier: Apache-2.0 */
/* One event: what was decided or changed, with everything needed to decide it again and to rebuild
 * every table from the events alone. In the store and in the tree it is canonical JSON (RFC 8785),
 * at most AMBIT_EVENT_BYTES; personal text stands there only as a salted commitment, its opening
 * beside it (openings table), erasable without touching the tree.
 *
 * The struct is a plain value; every pointer is borrowed (from the command, or from the arena of
 * event_decode). Absent members are {NULL,0}, zero ids, n == 0, or the documented "absent" value,
 * and are left out of the JSON. `v` is 1; later versions add members and never change one.
 *
 * JSON names are the names of the struct but for: time_ms "time", expires_ms "expires_at" and
 * once_until_ms "once_until" (RFC 3339 text), has_proof "proved" (true or left out),
 * asked_lifetime_s (left out unless has_asked_lifetime). Lists: asked
 * [{"actions":[a],"resources":[r]}], resources left out for TOK-12 items
 * [{"actions":[a],"digest","policy","resources":[r],"rule"}] except
 * [{"actions":[…],"id","policy","resources":[…]}] counts
 * [{"amount","by","field","id","keep_ms","key","kind","policy","resets","stop","values",
 * "when_done"}]: amount left out when 1, keep_ms when 0, resets, stop and when_done unless true,
 * values when there are none; figures [n,…], "full" for
 * AMBIT_FIGURE_FULL used_stops  [{"id","kind","target"}], target left out for all; trips, also,
 * expired, expired_outcomes ["…"] Personal members stand as {"commitment":"sha256:…"}. Integers are
 * at most 2^53-1 in magnitude (MALFORMED beyond). */
#pragma once

#include "ambit/policy.h"

struct arena;
struct buf;
struct json_value;

#define EVENT_TYPE_LIST(X)                            \
    X(GRANT_ISSUED, "grant.issued")                   \
    X(GRANT_REFUSED, "grant.refused")                 \
    X(GRANT_REVOKED, "grant.revoked")                 \
    X(ACTION_ALLOWED, "action.allowed")               \
    X(ACTION_DENIED, "action.denied")                 \
    X(STOP_RAISED, "stop.raised")                     \
    X(STOP_CLEARED, "stop.cleared")                   \
    X(INCIDENT_OPENED, "incident.opened")             \
    X(DOCUMENTS_ACTIVATED, "documents.activated")     \
    X(DOCUMENTS_REJECTED, "documents.rejected")       \
    X(PERSON_READ, "person.read")                     \
    X(IDENTITY_REFUSED, "identity.refused")           \
    X(CALLER_LIMITED, "caller.limited")               \
    X(KEY_CREATED, "key.created")                     \
    X(TIME_DISTRUSTED, "time.distrusted")             \
    X(TIME_ACKNOWLEDGED, "time.acknowledged")         \
    X(BROKER_STARTED, "broker.started")               \
    X(BROKER_STOPPED, "broker.stopped")               \
    X(BROKER_SEALED, "broker.sealed")                 \
    X(REFUSALS_FOLDED, "refusals.folded")             \
    X(STOP_CLEAR_ASKED, "stop.clear_asked")           \
    X(DOCUMENTS_CONFIRMED, "documents.confirmed")     \
    X(DOCUMENTS_SUPERSEDED, "documents.superseded")   \
    X(PERSON_OFFBOARDED, "person.offboarded")         \
    X(ACTION_OUTCOME, "action.outcome")               \
    X(ACTION_UNACCOUNTED, "action.unaccounted")       \
    X(SIGNAL_RECEIVED, "signal.received")             \
    X(INCIDENT_ESCALATED, "incident.escalated")       \
    X(INCIDENT_ACKNOWLEDGED, "incident.acknowledged") \
    X(INCIDENT_CLOSED, "incident.closed")             \
    X(HISTORY_EXPIRED, "history.expired")             \
    X(BROKER_OUTAGE, "broker.outage")                 \
    X(QUESTION_ANSWERED, "question.answered")         \
    X(APPROVAL_ASKED, "approval.asked")               \
    X(APPROVAL_GIVEN, "approval.given")               \
    X(APPROVAL_REFUSED, "approval.refused")           \
    X(APPROVAL_LAPSED, "approval.lapsed")             \
    X(APPROVAL_USED, "approval.used")                 \
    X(KEY_ACTIVATED, "key.activated")                 \
    X(KEY_RETIRED, "key.retired")                     \
    X(APPROVAL_AWAITED, "approval.awaited")           \
    X(APPROVAL_CANCELLED, "approval.cancelled")       \
    X(PERSONAL_ERASED, "personal.erased")             \
    X(RECORD_BACKED_UP, "record.backed_up")           \
    X(RECORD_PRUNED, "record.pruned")                 \
    X(LOG_STARTED, "log.started")                     \
    X(LOG_CONTINUED, "log.continued")
enum event_type {
#define X(name, text) EVENT_##name,
    EVENT_TYPE_LIST(X)
#undef X
        EVENT_TYPES
};
const char *event_type_text(enum event_type type);

/* JSON `counts`: one entry that history got (or, with resets, lost) by this event. */
struct event_count {
    struct ambit_str policy, id;
    bool is_stop;
    enum ambit_limit_kind kind;
    struct ambit_str field;
    enum ambit_by by;
    struct ambit_str key;
    int64_t amount;
    int64_t keep_ms; /* 0: for ever */
    bool resets;
    bool when_done; /* enters when the action is reported done: waits in the outcome's row */
    const struct ambit_str *values; /* DISTINCT */
    size_t n_values;
};

/* JSON `once_also`: a one-time value that was consumed. */
struct once_value {
    struct ambit_digest digest;
    int64_t until_ms;
    bool is_proof; /* of a DPoP proof: bounded for its caller, who is `agent` */
};

enum { EVENT_DECISION_NONE = -1, EVENT_ATTESTED_NEVER = -1 };

struct event {
    uint64_t seq;    /* from 0: the leaf index; given by ledger_append */
    size_t bytes;    /* of the leaf; given by ledger_append */
    int64_t time_ms; /* the batch's now */
    enum event_type type;
    struct ambit_id id; /* the decision's id, ambit_request */

    struct ambit_str agent, owner, team;
    struct ambit_id grant, lineage, parent;
    struct ambit_str person;  /* document name of who did it */
    struct ambit_str words;   /* PERSONAL: their written reason */
    struct ambit_str service; /* who asked, for an action; absent: the agent itself */

    struct ambit_str policy, rule; /* that decided */
    struct ambit_digest digest;    /* of that policy; all zero: absent */
    struct ambit_digest documents; /* the set in force; all zero: absent */
    int decision;                  /* enum ambit_verdict or EVENT_DECISION_NONE */
    enum ambit_reason reason;      /* when decision != NONE */
    struct ambit_str member;       /* what the reason is about */

    const struct ambit_item *asked; /* grants: as asked (resource absent = TOK-12) */
    size_t n_asked;
    const struct ambit_given *items; /* grants: as given */
    size_t n_items;
    const struct ambit_except *except;
    size_t n_except;
    struct ambit_str audience;
    /* JSON "audience_asked": the request named it (else TOK-14 found it) */
    bool has_asked_audience;
    bool has_asked_lifetime;
    int64_t asked_lifetime_s;
    int64_t lifetime_s; /* given; 0 absent */
    int64_t expires_ms; /* 0 absent; JSON "expires_at" */
    struct ambit_str action, resource;
    enum ambit_liveness liveness; /* of the grant asked about, or under (`parent`), when it was dead
                                     by a cut-off of its own or of one above it */
    const struct json_value
        *context; /* the object as sent, without the reserved members; NULL absent */
    struct ambit_str arguments_digest;
    struct ambit_str stated_reason; /* PERSONAL */
    struct ambit_str source;        /* address text */
    enum ambit_binding binding;     /* NONE = absent */
    /* of the key that was proved (grants) or that the grant is bound to; all zero: absent */
    struct ambit_digest binding_key;
    struct ambit_digest certificate; /* grant.*: shown, and not what it is bound to */
    struct ambit_str purpose;        /* PERSONAL */
    struct ambit_str txn;            /* W3C trace id, 32 hex */
    bool has_proof;                  /* the agent or its bound key was proved (JSON "proved") */

    struct ambit_digest token; /* SHA-256(rnd) of an issued token; all zero: absent */
    struct ambit_digest once;  /* one-time value consumed (digest of client and jti) */
    int64_t once_until_ms;
    const struct once_value *once_also; /* what it consumed beside */
    size_t n_once_also;
    struct ambit_id replaces; /* live_grants: the grant this one replaces */
    /* grant.issued: how many grants are above it (`parent` is the next); 0 absent */
    int64_t depth;
    struct ambit_str composition; /* grant.*: as the agent's platform vouched for it */

    const struct event_count *counts;
    size_t n_counts;
    const int64_t *figures; /* read of history, in the engine's order */
    size_t n_figures;
    const struct ambit_stop_view *used_stops; /* stops in force that changed the answer */
    size_t n_used_stops;
    const struct ambit_str *trips; /* "POLICY/STOP" */
    size_t n_trips;

    /* stop.raised, stop.clear_asked (expires_ms: until when a second person may follow),
     * stop.cleared, incident.opened, grant.revoked */
    struct ambit_id stop, incident;
    struct ambit_str target; /* "agent:remediator", "all", "grant:<id>" */
    const struct ambit_str
        *also; /* further cut-offs it sets, as targets: the lineage of the event that
                  tripped it; "agent:x policy:y" for the grants of x under y */
    size_t n_also;
    struct ambit_str by; /* "hard_stop:POLICY/ID"; absent when a person did it */
    bool holds;          /* in force until cleared; every stop but a hard stop's mere revocation */
    struct ambit_id cause; /* id of the event that tripped it */

    /* grant.issued, grant.refused: until when the owner's confirmation of the agent attests it.
     * JSON "attested_until": a time, or "never" (EVENT_ATTESTED_NEVER); 0: not judged. */
    int64_t attested_until_ms;
    bool is_unattested; /* JSON "unattested": it was not attested, and review is only recorded */
    /* documents.confirmed: `digest` of the document, `target` its kind and name ("policy:x"), `by`
     * "signature" when no command carried it; JSON "removal": not the document but its removal.
     * documents.superseded: `also` are the digests whose confirmations count no more.
     * person.offboarded: `target` "owner:x", with the stop and its incident. */
    bool is_removal;
    /* action.allowed: when its outcome is due; JSON "outcome_due" */
    int64_t outcome_due_ms;
    /* action.outcome, action.unaccounted (`cause` is the decision's id) */
    struct ambit_str outcome;     /* "succeeded" "failed" "not_attempted" */
    struct ambit_str reported_by; /* "service" "agent" */
    struct ambit_str agreement;   /* "pending" "matched" "mismatched" "missing" */
    bool late;
    struct ambit_digest evidence_digest;
    /* signal.received (`service` says it, `words` are its detail) */
    struct ambit_str signal;
    bool heard;
    /* incident.opened: the stop's counting key, "agent:remediator"; an incident of the same stop
     * and key that is still open is joined instead */
    struct ambit_str key;
    struct ambit_str backup;         /* incident.opened: who is next; absent: nobody is named */
    int64_t escalates_ms;            /* incident.*: when it goes further; 0: no more */
    struct ambit_str level;          /* incident.escalated: "backup" "escalation" */
    struct ambit_str to;             /* incident.escalated: the person, where it is one */
    int64_t outage_ms;               /* broker.outage: how long no report could be taken */
    const struct ambit_str *expired; /* history.expired: keys of counters, as ids */
    size_t n_expired;
    const struct ambit_str *expired_outcomes; /* and actions whose outcome rows are taken away */
    size_t n_expired_outcomes;

    /* approval.*: which. grant.*, action.*: that the decision was made with, `approved` "given" or
     * "rejected", by `approvers`; `approval_until_ms` (JSON "approval_until") bounds what is given.
     * approval.given: until when it may be used, said by the answer that completed it. */
    struct ambit_id approval;
    struct ambit_str approved;
    int64_t approval_until_ms;
    const struct ambit_str *approvers;
    size_t n_approvers;

    /* approval.awaited: SHA-256 of the auth_req_id or deferral code that the client holds (`words`:
     * its binding message); grant.issued, grant.refused: redeemed by it; approval.cancelled */
    struct ambit_digest handle;

    /* Of an event without personal text (whose commitments are salted): 128 random bits, told to
     * nobody who has no right to the record, so that who holds the leaf hash (a receipt, a
     * neighbour's proof) and knows the rest can test no guess; given by ledger_append. Absent in
     * events of before. */
    struct ambit_id blind;

    struct ambit_str detail; /* canonical JSON object of what only this type has; absent mostly */

    /* Not of the JSON; by event_decode: the personal members that were said and whose openings are
     * no more there (EVENT_ERASED_… bits). They are absent, and neither empty nor unsaid. */
    unsigned erased;
};
enum {
    EVENT_ERASED_PURPOSE = 1,
    EVENT_ERASED_STATED_REASON = 2,
    EVENT_ERASED_WORDS = 4,
    EVENT_ERASED_ALL = 7
};

/* Salts for the commitments of one event are derived from `seed` (32 random bytes drawn by the
 * caller of the command, never stored), so that encoding is deterministic: a batch that is run
 * again gives the same bytes. */
struct event_seed {
    uint8_t b[32];
};

/* Sets `blind` where the event needs it. */
void event_hide(struct event *event, const struct event_seed *seed);
/* Writes the leaf bytes to `leaf` and the openings ({"purpose":{"salt","text"},…}, canonical; empty
 * when there is no personal text) to `opening`. TOO_LARGE past AMBIT_EVENT_BYTES. */
AMBIT_CHECKED enum ambit_err event_encode(const struct event *event, const struct event_seed *seed,
                                          struct buf *leaf, struct buf *opening);
/* Strict inverse: canonical form, known types, v == 1 (NEWER beyond). Personal members come from
 * `opening`, each checked against its commitment (DAMAGED); one that is not there stays absent and
 * has its bit in `erased`. Unknown members
 * are an error in v 1. Everything is borrowed from `leaf`, `opening` and the arena. */
AMBIT_CHECKED enum ambit_err event_decode(struct ambit_str leaf, struct ambit_str opening,
                                          struct arena *arena, struct event *ret);
