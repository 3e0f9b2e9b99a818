/* SPDX-License-Identifier: Apache-2.0 */
/* The public face of the policy engine: two questions, decided by a pure function of
 * (compiled documents, stops in force, history, question). No clock, no I/O, no allocation while
 * deciding. Everything the engine reads of the changing world comes through `struct ambit_world`,
 * and every answer it got there is written down in the decision (`figures`, `used` stops), so that
 * the record replayed through ambit_world_of_record() gives the same answer.
 *
 * Strings in a decision are borrowed from the compiled set or from the question. */
#pragma once

#include "ambit/document.h"

struct ambit_policy_set; /* compiled; immutable; shared by threads */

/* Takes ownership of `documents` (freed with the set, also on failure). Any set that
 * ambit_documents_read accepted compiles, or the error is NO_MEMORY. */
AMBIT_CHECKED enum ambit_err ambit_policy_compile(struct ambit_documents *documents,
                                                  struct ambit_policy_set **ret);
void ambit_policy_set_free(struct ambit_policy_set *set);
const struct ambit_documents *ambit_policy_documents(const struct ambit_policy_set *set);

/* ---- the changing world ---------------------------------------------------------------------- */

/* A stop in force (PL "A stop is a cut-off and a hold"): only the holding kinds are listed here. */
struct ambit_stop_view {
    struct ambit_id id;
    enum ambit_target_kind kind; /* AGENT TEAM OWNER POLICY RESOURCE ALL */
    struct ambit_str target;     /* name or resource pattern; empty for ALL */
};

/* One number read from history: what stands in the window now, without the question itself.
 * The history belongs to (policy, id, is_stop, kind, field, by, key). What is read:
 *   COUNT GRANTS USES  how many entries;       SUM  their amounts together
 *   LIVE_GRANTS        how many of the grants are alive
 *   DISTINCT           how many different values there would be with `values` added
 *   AFTER              the time in ms of the latest entry, or -1: there is none */
struct ambit_figure_query {
    struct ambit_str policy, id; /* rule or stop id */
    bool is_stop;
    enum ambit_limit_kind kind;
    struct ambit_str field; /* SUM: the context member; DISTINCT: "resource" or "action"; AFTER:
                               what is looked for, as struct ambit_after names it */
    enum ambit_by by;
    /* agent/team/owner/policy name, resource, or 22-char id of grant/lineage */
    struct ambit_str key;
    int64_t within_ms;              /* 0: no window (USES, LIVE_GRANTS, AFTER) */
    const struct ambit_str *values; /* DISTINCT: names or pattern texts, no two equal */
    size_t n_values;
};

/* "Is there a live grant of this agent with the same items (in whatever order, whichever rules gave
 * them), audience and key, that holds a place in each of these rules?" - asked only of a token
 * request that a `live_grants` limit would refuse otherwise; `slots` are the rules where it is
 * reached, and a grant holds a place in each that gave it an item. */
struct ambit_slot {
    struct ambit_str policy, rule;
};
struct ambit_same_query {
    struct ambit_str agent, audience;
    enum ambit_binding binding;
    struct ambit_digest binding_key; /* as in the question */
    const struct ambit_given *items; /* no two with the same action and resource */
    size_t n_items;
    const struct ambit_slot *slots;
    size_t n_slots;
};

struct ambit_world {
    const struct ambit_stop_view *stops;
    size_t n_stops;
    void *ctx;
    /* OK with the number, or why it could not be told: the question is then not decided.
     * AMBIT_FIGURE_FULL: the window holds AMBIT_WINDOW_MAX entries and takes no more; the engine
     * treats that like any other excess (a limit refuses, a stop fires). */
    enum ambit_err (*figure)(void *ctx, const struct ambit_figure_query *query, int64_t *ret);
    /* OK with the grant's id, or with the id "none". NULL: there is never one. */
    enum ambit_err (*same_live)(void *ctx, const struct ambit_same_query *query,
                                struct ambit_id *ret);
};
#define AMBIT_FIGURE_FULL INT64_MAX

/* ---- what is asked --------------------------------------------------------------------------- */

struct ambit_addr_view { /* base/addr.h in plain form: family 0 absent, 4, 6 */
    uint8_t family;
    uint8_t b[16];
};

struct ambit_item {
    struct ambit_str action, resource; /* patterns; resource {NULL,0}: TOK-12, "on every resource
                                          pattern of the rules that contain the action and pass" */
};

struct ambit_grant_view;
struct ambit_grant_question {
    int64_t now_ms;
    struct ambit_str agent; /* authenticated; must exist in the set, else NOT_FOUND */
    const struct ambit_item *items;
    size_t n_items;            /* more than AMBIT_ITEMS_MAX is `malformed` */
    struct ambit_str audience; /* absent: TOK-14, the one audience common to the giving policies */
    bool has_lifetime;
    int64_t lifetime_s;       /* as asked; zero or negative is `malformed` */
    struct ambit_str purpose; /* absent: {NULL,0} */
    struct ambit_addr_view source;
    enum ambit_binding binding;
    /* Of the key that was proved: its RFC 7638 thumbprint, or SHA-256 of the certificate; all zero
     * without a binding, or where it is not known. The engine hands it on and judges it nowhere. */
    struct ambit_digest binding_key;
    struct ambit_str
        composition; /* vouched for by the platform that started the agent; else absent */
    enum ambit_approval_state approval; /* of exactly this request, or an envelope that covers it */
    int64_t approval_lapse_ms;          /* GIVEN: the grant ends no later; 0: it does not bound */
    /* What the documents do not say of the people behind the agent: "owner" or "backup", who was
     * offboarded, or "attestation", which has lapsed. `owner_required` then. Absent: nothing. */
    struct ambit_str owner_fault;
    const struct ambit_grant_view *parent; /* delegation: the grant this one shall hang from; NULL:
                                              a root grant */
    bool keeps_binding; /* below a bound grant none is given without a key (TEX-8): of what is asked
                           on the wire. The language leaves it open, so not of what is asked in
                           thought */
};

/* An item of a grant, tied to the rule that gave it. */
struct ambit_given {
    struct ambit_str action, resource;
    struct ambit_str policy, rule;
    struct ambit_digest digest; /* of the policy document that gave it */
};
struct ambit_except {
    struct ambit_str policy, id;
    struct ambit_strs actions, resources;
};

/* How the row of a grant stands, looked up by core (cut-offs are compared there, PL stop table). */
enum ambit_liveness {
    AMBIT_LIVE,
    AMBIT_UNKNOWN_GRANT, /* no such row: `inactive` at check `grant` */
    AMBIT_DEAD_STOPPED,  /* by the cut-off of a stop in force: `stopped` at check `stop` */
    AMBIT_DEAD_REVOKED,  /* by a cleared stop's cut-off, revoke_grant or /revoke: `inactive` at
                            `live` */
};
struct ambit_grant_view {
    struct ambit_id id, lineage, parent;
    struct ambit_str agent, owner, team;
    struct ambit_str audience;
    int64_t issued_ms, expires_ms;
    enum ambit_binding binding;
    struct ambit_digest binding_key; /* of the key it is bound to; as in a question */
    struct ambit_str purpose;
    struct ambit_str composition; /* as vouched for when it was given; else absent */
    bool is_approved;             /* a person approved it when it was given */
    const struct ambit_given *items;
    size_t n_items;
    const struct ambit_except *except;
    size_t n_except;
    enum ambit_liveness liveness;
    unsigned depth;                       /* 0: a root grant; else how many are above it */
    const struct ambit_grant_view *above; /* the grant it was delegated from, as its row stands;
                                             NULL exactly when depth is 0 */
};

/* A member of the action's context, scalars only; anything else never equals (kind OTHER). */
struct ambit_context_member {
    struct ambit_str name;
    bool is_other; /* null, array, object, decimal */
    struct ambit_scalar value;
};

struct ambit_action_question {
    int64_t now_ms;
    const struct ambit_grant_view *grant; /* NULL: unknown token, or none was shown: */
    /* AZN-18: nothing was presented; the service's word names this agent. Judged as if a grant of
     * exactly this action on this resource were asked for, unbound and without purpose, composition
     * or approval, and used at once; of the agent's policies those alone give, hear and count that
     * name one of the service's audiences (every `never` holds). Absent, or no agent of the set: an
     * unknown token. Never with a grant. */
    struct ambit_str named_agent;
    struct ambit_str owner_fault; /* with it: as of a token request */
    struct ambit_str service;     /* who asks; absent: the agent itself */
    bool has_proof;               /* the bound key was proved (binding NONE needs none) */
    struct ambit_str action;
    struct ambit_str resource;                  /* "type:id" joined */
    const struct ambit_context_member *context; /* without the reserved members */
    size_t n_context;
    struct ambit_addr_view source; /* context.source of a service, or the agent's peer */
    struct ambit_str stated_reason;
    enum ambit_approval_state approval; /* of exactly this action (approval at action) */
    /* Asked in thought (explain.h): by a service whose context is believed, named or not. What the
     * grant, or one above it, then leaves out passes: audience, binding, issued_ms 0; an expires_ms
     * of INT64_MAX never comes. */
    bool is_hypothetical;
};

/* What happened to an agent without a question of its own (PL "Outcome", "Signal"). */
enum ambit_event_kind { AMBIT_EVENT_UNACCOUNTED, AMBIT_EVENT_SIGNAL };
struct ambit_event_question {
    int64_t now_ms;
    enum ambit_event_kind kind;
    struct ambit_str agent;               /* must exist in the set, else NOT_FOUND */
    const struct ambit_grant_view *grant; /* under which it happened, with what is above it; NULL:
                                             none (a signal about the agent itself) */
    struct ambit_str action, resource;    /* UNACCOUNTED: what no outcome was reported of */
    struct ambit_str signal, from;        /* SIGNAL: its name; the service that says so */
};

/* ---- what is answered ------------------------------------------------------------------------ */

/* An entry that history gets when the decision is recorded, or a stop's history that begins anew.
 * There is at most one charge for one history (policy, id, is_stop, kind, field, by, key).
 * LIVE_GRANTS: the new row counts under that key while it is alive. */
struct ambit_charge {
    struct ambit_figure_query what; /* within_ms here: how long the entry must be kept, the largest
                                       window that reads this history in the set; of USES as long
                                       as a grant may live (0: for ever).
                                       DISTINCT: `values` are added */
    int64_t amount;                 /* 1 for COUNT, GRANTS, LIVE_GRANTS, USES; else unused (AFTER,
                                       DISTINCT: 1) */
    bool resets;                    /* a stop that fired: this history begins again from nothing */
    bool when_done; /* AFTER of a rule, and the action owes an outcome: enters history, at the time
                       of the action, once that is reported `succeeded`; never otherwise */
};

/* A hard stop that fired. */
struct ambit_trip {
    struct ambit_str policy, id;
    enum ambit_stop_then then;
    enum ambit_by by;
    /* What it takes: REVOKE_GRANT: none besides the lineage (on a token request every live grant of
     * `agent` under `policy`); SUSPEND_AGENT: `agent`; STOP_TEAM: `team`; STOP_POLICY: `policy`. */
    struct ambit_str agent, team;
    struct ambit_str key;    /* the counting key it fired for */
    struct ambit_id lineage; /* of the event: revoked either way; none: it happened under none */
};

/* A rule that asks a person: who may answer, and for whose agent (an ancestor's rule asks too). */
struct ambit_ask {
    struct ambit_str agent, policy, rule;
    struct ambit_digest digest; /* of the policy */
    enum ambit_tier tier;       /* of the policy */
    const struct ambit_approval *approval;
};

enum {
    AMBIT_FIGURES_MAX = 512,
    AMBIT_CHARGES_MAX = 512,
    AMBIT_TRIPS_MAX = 64,
    AMBIT_USED_STOPS_MAX = 64,
    AMBIT_ASKS_MAX = 64,
    AMBIT_VALUES_MAX = 1024,
    AMBIT_GIVEN_MAX = 64, /* items given: TOK-12 may expand one action to several patterns */
};

struct ambit_decision {
    enum ambit_verdict verdict;
    enum ambit_reason reason;
    int failed_check; /* enum ambit_grant_check or ambit_action_check; the count of checks when
                         allowed */
    struct ambit_str policy; /* that decided; absent when none did */
    struct ambit_digest digest;
    struct ambit_str rule;   /* rule, never rule or stop id */
    struct ambit_str member; /* the document member, context field or item that the reason is about;
                                may be absent */
    struct ambit_id stop;    /* the stop in force that covered, or none */
    size_t item;             /* which asked item failed */
    unsigned level;          /* whose check failed: 0 the agent's that asks or acts; 1 that of the
                                grant it was delegated from, 2 of the one above that, ... */

    /* grants that are allowed */
    struct ambit_given given[AMBIT_GIVEN_MAX];
    size_t n_given;
    struct ambit_except except[AMBIT_EXCEPT_MAX];
    size_t n_except;
    struct ambit_str audience; /* given */
    int64_t expires_ms;        /* on a whole second */

    /* actions: the item of the grant that was charged */
    size_t given_item;
    /* actions that are allowed: until when the outcome is due; 0: none is */
    int64_t outcome_due_ms;

    /* Every rule whose approval stands behind the answer: an allow by approval, `approval_required`
     * and `approval_rejected`. Each rule once for each agent whose authority it gives. */
    struct ambit_ask asks[AMBIT_ASKS_MAX];
    size_t n_asks;

    struct ambit_charge charges[AMBIT_CHARGES_MAX];
    size_t n_charges;
    struct ambit_trip trips[AMBIT_TRIPS_MAX];
    size_t n_trips;
    bool is_attempt; /* heard by hard stops as an attempt of the agent (PL "Attempts", "Nobody's
                        victim"); false for `not_supported`, which no hard stop counts */
    struct ambit_id replaces; /* an allowed grant that takes the slot of this live one: end it in
                                 the same transaction (PL "History", live_grants); or none */

    /* what was read of the world, in the order asked */
    int64_t figures[AMBIT_FIGURES_MAX];
    size_t n_figures;
    struct ambit_stop_view used_stops[AMBIT_USED_STOPS_MAX]; /* every stop that changed anything */
    size_t n_used_stops;
    /* what `key` borrows for BY_GRANT (of each level) and BY_LINEAGE */
    char grant_text[AMBIT_DEPTH_MAX + 2][22], lineage_text[22];
    struct ambit_str values[AMBIT_VALUES_MAX]; /* what charges of DISTINCT borrow */
    size_t n_values;
    char texts[AMBIT_GIVEN_MAX][AMBIT_WORD_MAX]; /* what `given` borrows where a rule's `${...}` was
                                                    filled */
};

/* OK with a decision, or why it could not be decided (what cannot be decided is denied by the
 * caller: 503; TOO_LARGE: one of the arrays above would overflow). NOT_FOUND: no such agent.
 * The decision must not be moved or copied while what is given, charges or trips are read: they
 * borrow from it. About 100 KB, of which only what is counted is written: callers keep one per
 * thread. */
AMBIT_CHECKED enum ambit_err ambit_decide_grant(const struct ambit_policy_set *set,
                                                const struct ambit_grant_question *question,
                                                const struct ambit_world *world,
                                                struct ambit_decision *ret);
AMBIT_CHECKED enum ambit_err ambit_decide_action(const struct ambit_policy_set *set,
                                                 const struct ambit_action_question *question,
                                                 const struct ambit_world *world,
                                                 struct ambit_decision *ret);

/* What stops hear of an event: charges and trips alone; there is no verdict (reason ALLOWED). An
 * event that none hears has neither. */
AMBIT_CHECKED enum ambit_err ambit_decide_event(const struct ambit_policy_set *set,
                                                const struct ambit_event_question *question,
                                                const struct ambit_world *world,
                                                struct ambit_decision *ret);

/* A world that gives back recorded figures in order (asking for more than there are: DAMAGED). */
struct ambit_recorded {
    const int64_t *figures;
    size_t n, next;
    struct ambit_id replaces; /* the recorded decision's */
};
struct ambit_world ambit_world_of_record(struct ambit_recorded *recorded,
                                         const struct ambit_stop_view *stops, size_t n_stops);

/* ---- answers that teach ---------------------------------------------------------------------- */

/* A reason in one fixed English sentence that names nothing. */
const char *ambit_reason_sentence(enum ambit_reason reason, bool is_grant);

enum ambit_outcome_of_check { AMBIT_CHECK_NOT_REACHED, AMBIT_CHECK_PASS, AMBIT_CHECK_FAIL };
struct ambit_check_report {
    const char *check; /* wire name */
    enum ambit_outcome_of_check outcome;
    struct ambit_str required, saw; /* short English or values; absent when not reached */
};
enum ambit_change {
    AMBIT_CHANGE_NONE,
    AMBIT_CHANGE_NARROW_ITEMS,
    AMBIT_CHANGE_SHORTEN,
    AMBIT_CHANGE_WAIT,
    AMBIT_CHANGE_ADD_CONTEXT,
    AMBIT_CHANGE_STATE_PURPOSE,
    AMBIT_CHANGE_BIND,
    AMBIT_CHANGE_ASK_APPROVAL
};
const char *ambit_change_text(enum ambit_change change);
struct ambit_remedy {
    enum ambit_change change;
    struct ambit_str value; /* JSON text, or absent */
    bool may_retry;         /* asking again, changed so, would pass as of now (wait: as of then) */
    struct ambit_str text;
};
struct ambit_explanation {
    struct ambit_check_report checks[AMBIT_ACTION_CHECKS]; /* in order */
    size_t n_checks;
    struct ambit_remedy remedy;             /* for whoever may see all */
    struct ambit_remedy agent_remedy;       /* names nothing that the agent was not granted */
    struct ambit_str user_text, admin_text; /* one English sentence each */
};
struct arena;

/* The list of checks of a decision, derived by running the question again on `recorded`. */
AMBIT_CHECKED enum ambit_err ambit_explain_grant(const struct ambit_policy_set *set,
                                                 const struct ambit_grant_question *question,
                                                 const struct ambit_world *recorded,
                                                 struct arena *arena,
                                                 struct ambit_explanation *ret);
AMBIT_CHECKED enum ambit_err ambit_explain_action(const struct ambit_policy_set *set,
                                                  const struct ambit_action_question *question,
                                                  const struct ambit_world *recorded,
                                                  struct arena *arena,
                                                  struct ambit_explanation *ret);
/* The same without taking memory for the decision, which is left in `scratch`. */
AMBIT_CHECKED enum ambit_err ambit_explain_action_in(const struct ambit_policy_set *set,
                                                     const struct ambit_action_question *question,
                                                     const struct ambit_world *recorded,
                                                     struct ambit_decision *scratch,
                                                     struct arena *arena,
                                                     struct ambit_explanation *ret);
/* The remedy of a denial: the smallest change with which the engine, run again on the live `world`,
 * allows. Fills ret->remedy and ret->agent_remedy; `none` when nothing the caller can change would
 * pass. */
AMBIT_CHECKED enum ambit_err ambit_remedy_grant(const struct ambit_policy_set *set,
                                                const struct ambit_grant_question *question,
                                                const struct ambit_decision *denied,
                                                const struct ambit_world *world,
                                                struct arena *arena, struct ambit_explanation *ret);
AMBIT_CHECKED enum ambit_err ambit_remedy_action(const struct ambit_policy_set *set,
                                                 const struct ambit_action_question *question,
                                                 const struct ambit_decision *denied,
                                                 const struct ambit_world *world,
                                                 struct arena *arena,
                                                 struct ambit_explanation *ret);

/* ---- what introspection and tokens need ------------------------------------------------------ */

/* Must a service ask the broker about every item of the rule, whatever `never` rules and stops
 * there are beside it? True too when there is no such rule. */
bool ambit_rule_asks(const struct ambit_policy_set *set, struct ambit_str policy,
                     struct ambit_str rule);

/* Of a grant that is alive: which items the documents and stops of now still give (INT-5), bit i
 * for item i; and which of those a service must ask the broker about (`ambit-ask`). */
void ambit_grant_items_now(const struct ambit_policy_set *set, const struct ambit_grant_view *grant,
                           const struct ambit_stop_view *stops, size_t n_stops, int64_t now_ms,
                           uint64_t *ret_live, uint64_t *ret_ask);

/* What an envelope covers: each of the items asked for lies inside one that was shown (its action
 * inside that one's action, its resource inside that one's resource). No item, one without a
 * resource and one that is malformed lie inside nothing. TOO_LARGE: not settled in the bounded
 * steps of a containment, and thus not covered. */
AMBIT_CHECKED enum ambit_err ambit_items_inside(const struct ambit_item *shown, size_t n_shown,
                                                const struct ambit_item *asked, size_t n_asked,
                                                bool *ret);

/* Patterns (policy/pattern.h has the whole of it). */
bool ambit_name_is_action(struct ambit_str text);
bool ambit_name_is_resource(struct ambit_str text);
bool ambit_pattern_is_action(struct ambit_str text);
bool ambit_pattern_is_resource(struct ambit_str text);
AMBIT_CHECKED enum ambit_err ambit_resource_overlaps(struct ambit_str pattern_a,
                                                     struct ambit_str pattern_b, bool *ret);
