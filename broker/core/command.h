/* SPDX-License-Identifier: Apache-2.0 */
/* The use cases as commands. A command is a flat value that holds everything the decision may look
 * at; it is filled by an answering thread, run by the writer, and read again by the answering
 * thread after its `done` was called. It lives in the request's arena: the wire keeps the request
 * suspended until then. Strings are borrowed from the request (they outlive the command) or, in the
 * outputs, from `command.documents`, which the command holds a reference to until command_done().
 *
 * Life:  command_init() -> fill -> command_submit() -> [writer] -> done(ctx) -> read outputs ->
 *        command_release(). */
#pragma once

#include "core/broker.h"
#include "core/grant_row.h"
#include "core/repeat.h"
#include "core/review.h"
#include "ledger/event.h"

struct command {
    struct writer_job job; /* first */
    struct broker *broker;
    void (*done)(void *ctx); /* on the writer thread: resume the request, nothing else */
    /* May be NULL: the outputs stand, but for err; nothing of them may leave before `done`. */
    void (*ready)(void *ctx);
    void *done_ctx; /* of both */
    struct caller caller;
    struct once_value extra[2]; /* one-time values beside the caller's own; see command_add_once */
    size_t n_extra;
    struct documents_ref *authenticated; /* the set the caller was authenticated under */
    struct ambit_str txn;                /* trace id, 32 hex */
    struct ambit_str source;             /* source address text, may be absent */
    struct event_seed seed;              /* drawn by command_init; other ids derive from it */
    struct ambit_id id;                  /* of the decision */

    /* outputs of every command */
    enum ambit_err err; /* OK: decided and durable. Else nothing happened: err_http maps it */
    struct documents_ref *documents; /* the set it was decided under; released by command_release */
    int64_t now_ms;
    uint64_t seq;     /* of its (first) event */
    bool way_in_lost; /* the set changed and the caller's way in is gone: 401 */
    /* err == REFUSED: a one-time value was used before: the caller's own (CLI-11), which is
     * invalid_client, or one of `extra`. err == BUSY: the caller has too many proofs alive. */
    bool once_used;    /* core's own note of any of the three */
    size_t extra_used; /* which of `extra` it was, from 1; 0: the caller's own */
    bool has_too_many; /* proofs alive (DPOP-12) */
    bool is_behind;  /* err == BUSY: what fell due was not all recorded yet; nothing was decided */
    bool is_damaged; /* err == DAMAGED: the rows of its grant are; nothing was decided */
};
void command_init(struct command *command, struct broker *broker, const struct caller *caller,
                  struct documents_ref *authenticated);
/* One more value to be consumed with the outcome; between command_init and command_submit. */
void command_add_once(struct command *command, const struct once_value *value);
/* OK: done will be called. Else command->err is set too and done is not called. */
AMBIT_CHECKED enum ambit_err command_submit(struct command *command, enum writer_class class);
void command_release(struct command *command);

/* What a decision left for the answer. Arrays are allocated from the request's arena handed in. */
struct decided {
    enum ambit_verdict verdict;
    enum ambit_reason reason;
    int failed_check;
    size_t item; /* which asked item failed (grants): tells scope from authorization_details */
    struct ambit_str policy, rule, member;
    struct ambit_digest digest;
    int64_t *figures;
    size_t n_figures;
    struct ambit_stop_view *used_stops;
    size_t n_used_stops;
    struct ambit_str *trips;
    size_t n_trips;
    struct ambit_id replaces;
};

/* ---- a request that its client comes back for: CIBA, deferred token responses ---- */
enum { AWAIT_LIFE_S = 600 /* where nobody is asked */, AWAIT_INTERVAL_S = 5 };
enum await_step {
    AWAIT_NOT,    /* given or refused at once */
    AWAIT_PUT,    /* given later, always (POST /bc-authorize) */
    AWAIT_DEFERS, /* given at once, or later where people are asked */
    AWAIT_POLLS,  /* the client comes back */
};
enum await_found {
    AWAIT_FINE, /* decided now */
    AWAIT_UNKNOWN,
    AWAIT_USED,
    AWAIT_EXPIRED,
    AWAIT_PENDING,
    AWAIT_SLOW,       /* pending, and asked too often */
    AWAIT_TAKEN_BACK, /* by the client */
    AWAIT_OTHER_KEY,  /* shown with another key than it was asked with */
};
struct grant_await {
    enum await_step step;
    bool is_deferral;           /* a deferral code; else an auth_req_id */
    struct ambit_digest handle; /* SHA-256 of what the client holds */
    struct ambit_str hint;      /* PUT: login_hint */
    struct ambit_str message;   /* PUT: binding_message, shown to whoever is asked; absent: none */
    bool has_expiry;            /* PUT: requested_expiry */
    int64_t expiry_s;
    /* outputs */
    enum await_found found; /* POLLS: unless FINE, nothing was decided */
    bool is_unknown_user;   /* PUT: the hint is nobody who may answer */
    bool is_waiting;        /* PUT, DEFERS: recorded; whatever `decided` says, nothing was given */
    int64_t expires_ms;
};

/* ---- POST /token ---- */
struct grant_command {
    struct command base;
    /* The question's binding is of a certificate that was shown anyway: it binds where a rule that
     * gives asks for one, and else not; output: it does not (the question's binding is NONE). */
    bool binds_if_asked;
    /* now_ms and parent are filled by the writer; binding and binding_key by whoever saw the proof
     */
    struct ambit_grant_question question;
    struct ambit_digest token; /* SHA-256(rnd) */
    struct ambit_id grant;     /* the jti; drawn by grant_command_init */
    struct ambit_id parent;    /* delegation: the grant it shall hang from; none: a root grant */
    /* By which token that grant was named, its `jti` being `parent`: without its secret it is no
     * grant that we know. NULL: by nobody outside. */
    const struct identity_token *parent_token;
    bool is_parent_vouched; /* filled by grant_submit */
    struct arena *arena;
    struct ambit_id approval_wanted; /* that the request names, or none */
    struct grant_await await;
    /* outputs */
    struct decided decided;
    struct grant_above *above; /* the parent as it was found, in the arena; NULL: none was named */
    struct grant_row row;      /* when allowed: as committed; strings in the arena */
    struct ambit_id
        approval; /* refused for want of one: the question that people now have, or none */
};
void grant_command_init(struct grant_command *command); /* after command_init of its base */
/* Was the key that this row is bound to proved with the command? True where it is bound to none. */
bool grant_key_is_shown(const struct grant_command *command, const struct grant_row *row);
AMBIT_CHECKED enum ambit_err grant_submit(struct grant_command *command);

/* ---- POST /access/v1/evaluation ---- */
struct action_command {
    struct command base;
    bool has_token; /* false: the token had not the form of one: unknown grant */
    struct identity_token token;
    bool is_vouched; /* the token's grant; filled by submitting */
    /* Keys that were proved: held against the grant's (PL: proof of the bound key). */
    struct proved_keys {
        bool has_dpop, has_certificate;
        struct ambit_digest dpop, certificate;
    } proved;
    bool by_agent; /* the agent itself asks with its own token: caller is {AGENT, name of the row,
                      method TOKEN} */
    /* AZN-18: the subject is no access token. A type that the asking service's document names makes
     * an agent of the id, on its word; any other is not_supported: no grant, nobody's attempt,
     * recorded without asking the engine. Absent: the token. */
    struct ambit_str subject_type, subject_id;
    /* grant, named_agent, owner_fault, service and now_ms are filled by the writer */
    struct ambit_action_question question;
    const struct json_value *context; /* for the record: the object without reserved members */
    struct ambit_str arguments_digest;
    struct arena *arena;
    struct repeat repeat;     /* AZN-20: of a service */
    uint64_t last_cutoff_seq; /* filled by whoever looks: cut-offs up to it are known */
    /* outputs */
    struct decided decided;
    struct ambit_grant_view grant; /* as found (when found), strings in the arena; of an agent that
                                      is named: whose it is */
    bool grant_found;
    bool is_unsupported; /* not_supported, see above */
    /* AZN-20: `decided` and the question's time are an earlier decision's, which stands: that of
     * base.seq; nothing was counted. Without is_same_set it was decided under another set. */
    bool is_repeated, is_same_set;
    struct ambit_id earlier;
    bool is_key_reused;       /* the key was used with another body: nothing was decided */
    struct ambit_id approval; /* as of a grant */
};
AMBIT_CHECKED enum ambit_err action_submit(struct action_command *command);

/* ---- POST /access/v1/evaluations ---- */
enum action_semantic { ACTION_EXECUTE_ALL, ACTION_UNTIL_DENY, ACTION_UNTIL_PERMIT };
enum { ACTION_BATCH_MAX = 256 };
/* Decided one after the other in one transaction, up to the one that settles it; what stands behind
 * that is neither decided nor counted. Each item is a command of its own, filled as one, but for
 * `done`, `ready` and submitting: they are the batch's. */
struct action_batch {
    struct command base;
    struct action_command **items; /* NULL: could not be read; stands for a denial */
    size_t n;
    enum action_semantic semantic;
    /* outputs */
    size_t n_decided; /* items that have an answer, unreadable ones among them */
};
AMBIT_CHECKED enum ambit_err action_batch_submit(struct action_batch *batch);

/* ---- POST /revoke ---- */
struct revoke_command {
    struct command base;
    bool has_token;
    struct identity_token token;
    bool is_vouched; /* filled by revoke_submit */
    bool has_handle; /* it may be a deferral code (DTR-5) */
    struct ambit_digest handle;
    /* outputs */
    bool foreign; /* another client's: refused, recorded */
};
AMBIT_CHECKED enum ambit_err revoke_submit(struct revoke_command *command);

/* ---- one-time values without an outcome ---- */
/* A caller that changes nothing (POST /introspect by private_key_jwt) and proved itself by an
 * assertion: its one-time value is consumed all the same (CLI-11), durably, and so are those in
 * base.extra. base.err REFUSED when one was used before. */
struct once_command {
    struct command base;
};
AMBIT_CHECKED enum ambit_err once_submit(struct once_command *command);
/* The same for a query thread, which waits: base.err, way_in_lost and once_used as after `done`. */
AMBIT_CHECKED enum ambit_err once_call(struct once_command *command);

/* ---- stops ---- */
struct stop_command {
    struct command base;
    enum ambit_target_kind kind;
    struct ambit_str target;        /* name, id text, resource pattern; empty for ALL */
    struct ambit_str reason;        /* words, 1..1024 bytes */
    struct ambit_id stop, incident; /* drawn by stop_submit */
    bool is_offboarding; /* of an OWNER: that person leaves, their credentials end with it */
    struct ambit_str journaled_by; /* start-up only: the person in stops.journal */
    /* outputs */
    bool recorded_pending; /* sealed: in the journal */
    bool not_recorded;     /* in force in memory, could not be written: 500 */
    int64_t raised_ms;
};
/* In force in memory when this returns OK, before the command is queued. NOT_FOUND: no such target,
 * MALFORMED: not a target, or no reason. SEALED: the store takes nothing any more; the stop is in
 * force until the end of this process, `done` is not called, and recorded_pending or not_recorded
 * says where it was written. When that is found out only after the wait (base.err), the caller
 * writes it by stop_to_journal(). Both may write to disk. */
AMBIT_CHECKED enum ambit_err stop_submit(struct stop_command *command);
void stop_to_journal(struct stop_command *command);
/* "agent:x" -> kind and target; MALFORMED otherwise. */
AMBIT_CHECKED enum ambit_err stop_target_parse(struct ambit_str text,
                                               enum ambit_target_kind *ret_kind,
                                               struct ambit_str *ret_target);

/* Where two people clear, the first one's word stands for a day. */
enum { CLEAR_ASKED_FOR_S = 24 * 3600 };
/* ---- POST /v1/actions/{id}/outcome ---- */
enum outcome_refusal {
    OUTCOME_FINE,
    OUTCOME_UNKNOWN, /* no such action that was allowed, or none of this caller's */
    OUTCOME_OTHER    /* this side has reported something else before */
};
struct outcome_command {
    struct command base; /* its caller is a service or an agent */
    struct ambit_id action;
    struct ambit_str outcome;     /* "succeeded" "failed" "not_attempted" */
    struct ambit_str detail;      /* 0..1024 bytes; absent: none */
    struct ambit_digest evidence; /* all zero: none */
    uint64_t hint_seq; /* where the index has it; UINT64_MAX: nowhere. Filled by outcome_submit */
    enum ambit_err hint_err; /* the index could not be asked; likewise */
    /* outputs */
    enum outcome_refusal refusal;
    const char *reported_by, *agreement;
    bool is_late;
    bool is_repeated; /* the same report again: nothing was recorded */
};
AMBIT_CHECKED enum ambit_err outcome_submit(struct outcome_command *command);

/* ---- POST /v1/signals ---- */
struct signal_command {
    struct command base; /* its caller is a service */
    struct ambit_str signal;
    struct ambit_str agent; /* or */
    struct ambit_id grant;  /* then the agent is the grant's */
    struct ambit_str detail;
    struct arena *arena;
    /* outputs */
    bool is_unknown; /* no such agent or grant */
    bool is_heard;
    struct ambit_str *trips; /* "POLICY/STOP" */
    size_t n_trips;
};
AMBIT_CHECKED enum ambit_err signal_submit(struct signal_command *command);

/* ---- POST /v1/incidents/{id}/acknowledge, /close ---- */
struct incident_command {
    struct command base;
    struct ambit_id incident;
    bool closes;
    struct ambit_str reason; /* required to close */
    /* outputs */
    enum incident_refusal {
        INCIDENT_FINE,
        INCIDENT_UNKNOWN,
        INCIDENT_CLOSED,
        INCIDENT_ALREADY, /* acknowledged before */
        INCIDENT_NOT_PERMITTED
    } refusal;
};
AMBIT_CHECKED enum ambit_err incident_submit(struct incident_command *command);

struct clear_command {
    struct command base;
    struct ambit_id stop;
    struct ambit_str reason;
    /* outputs */
    enum clear_refusal {
        CLEAR_FINE,
        CLEAR_UNKNOWN,
        CLEAR_ALREADY,
        CLEAR_NOT_PERMITTED,
        CLEAR_NEEDS_TWO,  /* taken as the first of two: recorded, and the stop holds */
        CLEAR_NEEDS_OTHER /* the same person asked before: it is for another one now */
    } refusal;
};
AMBIT_CHECKED enum ambit_err clear_submit(struct clear_command *command);

/* ---- approvals ---- */
struct approve_command {
    struct command base;
    struct ambit_id approval;
    bool is_given;
    struct ambit_str reason; /* words, 1..1024 bytes */
    /* outputs */
    enum approve_refusal {
        APPROVE_FINE,
        APPROVE_UNKNOWN,
        APPROVE_NOT_PERMITTED,
        APPROVE_OVER,  /* answered, lapsed or used before */
        APPROVE_TWICE, /* this person answered already */
    } refusal;
};
AMBIT_CHECKED enum ambit_err approve_submit(struct approve_command *command);

/* ---- signing keys ---- */
enum key_change {
    KEY_PUBLISH, /* becomes the next one: published now, signs in five minutes */
    KEY_SIGN,    /* signs at once; what signed until now stays published; a waiting one goes */
    KEY_REPLACE, /* signs at once; all others are withdrawn: they may be in wrong hands */
};
struct key_command {
    struct command base; /* its caller is a person, or nobody: the broker itself */
    enum key_change change;
    struct ambit_str reason; /* words; absent: none */
    struct crypto_key *key;  /* by key_prepare; held */
    bool is_known;           /* of the start: an existing key, not a new one */
    bool is_making;          /* key_prepare's own note of it */
    /* outputs */
    enum key_refusal {
        KEY_FINE,
        KEY_WAITS,  /* there is a next one already */
        KEY_HANDED, /* the service manager hands the keys in */
        KEY_TOO_MANY
    } refusal;
    int64_t from_ms; /* it signs from then */
    size_t n_withdrawn;
};
/* Makes the key and its file. Not on a loop thread. Sets `refusal` where it is clear already. */
AMBIT_CHECKED enum ambit_err key_prepare(struct key_command *command);
/* MALFORMED: the reason is no text of 1 to 1,024 bytes. */
AMBIT_CHECKED enum ambit_err key_submit(struct key_command *command);
void key_done(struct key_command *command); /* instead of command_release */

/* ---- POST /v1/erasures ---- */
enum erase_kind { ERASE_PERSON, ERASE_AGENT, ERASE_EVENT, ERASE_GRANT, ERASE_DECISION };
/* What went (of a dry run: would go), and what stays. */
struct erase_count {
    uint64_t openings, purposes, stated_reasons, words, documents;
    /* In use: purposes and reasons of grants that have not expired, and of questions that people
     * may still answer; decisions are made with them. */
    uint64_t in_use;
    uint64_t events; /* personal.erased that say so */
};
struct erase_command {
    struct command base; /* its caller is a person, who waits on a query thread */
    struct ambit_str target;
    enum erase_kind kind;
    struct ambit_str name; /* PERSON, AGENT */
    struct ambit_id id;    /* GRANT, DECISION */
    uint64_t seq;          /* EVENT */
    unsigned members;      /* ledger/erasure.h; 0: all that the target has */
    int64_t before_ms;     /* of events before that time; 0: of all */
    struct ambit_str reason;
    bool is_dry_run;
    /* outputs */
    enum erase_refusal {
        ERASE_FINE,
        ERASE_UNKNOWN,   /* no such person, agent, event, grant or decision */
        ERASE_IN_FORCE,  /* the person is in the set in force: name and e-mail stay */
        ERASE_NO_MEMBER, /* the target has none of the members */
        /* To know whether an event is meant its segment is read, and that is not there. What was
         * found before may be erased already (first_seq): asking again goes on. */
        ERASE_NO_SEGMENT,
    } refusal;
    uint64_t missing_seq;    /* NO_SEGMENT: the event */
    struct ambit_id erasure; /* none: nothing of it was there */
    struct erase_count count;
    uint64_t first_seq, last_seq; /* of the events */
};
/* "person:dana" and so on into kind and name, id or seq. MALFORMED. */
AMBIT_CHECKED enum ambit_err erase_target_parse(struct ambit_str text, struct erase_command *ret);
/* In bounded events of one erasure, each in force and durable before the next is looked for. On an
 * error base.err says it, and `count` what is erased all the same: the same command goes on with
 * the rest. MALFORMED: no reason, and no dry run. */
AMBIT_CHECKED enum ambit_err erase_call(struct erase_command *command);

/* ---- time, documents ---- */
struct time_command {
    struct command base;
    struct ambit_str reason;
    /* outputs */
    int64_t wall_ms;  /* what is believed from here on */
    int64_t ahead_ms; /* how far what is said to be the time stays ahead of that */
};
AMBIT_CHECKED enum ambit_err time_submit(struct time_command *command);

struct reload_command {
    struct command base;
    /* in and out: read on the answering (query) thread by reload_prepare */
    struct documents_ref *proposed;
    bool unchanged;
    struct documents_ref *judged_under; /* the set in force that it was reviewed against */
    uint64_t people_version;            /* and who had left then */
    struct reviewer reviewer;           /* signatures that the record does not have yet */
    struct ambit_problems missing;      /* under review "record": what is recorded, not refused */
    /* output: the set in force, or who has left, is not what it was when it was reviewed */
    bool is_stale;
};
/* Reads the folder and reviews what changed; MALFORMED with problems: it does not hold, or, under
 * review "enforce", not everything is confirmed. Not on a loop thread. */
AMBIT_CHECKED enum ambit_err reload_prepare(struct reload_command *command,
                                            struct ambit_problems *problems);
AMBIT_CHECKED enum ambit_err reload_submit(struct reload_command *command);

void reload_done(struct reload_command *command); /* releases both; instead of command_release */

/* ---- POST /v1/documents/confirm ---- */
struct confirm_command {
    struct command base;
    enum ambit_kind kind;
    struct ambit_str name;      /* 1 to 128 bytes */
    bool is_in_force;           /* whichever version is in force: for removals; no digest then */
    struct ambit_digest digest; /* of the version that is confirmed; in force: an output */
    bool is_removal;            /* not the document: that this version goes */
    struct ambit_str reason;    /* words; absent: none */
    bool is_proposed;           /* by confirm_prepare: the folder holds this very version */
    bool is_there;              /* by confirm_prepare: the folder holds some version */
    /* outputs */
    enum confirm_refusal {
        CONFIRM_FINE,
        CONFIRM_UNKNOWN, /* no document of that kind and name, neither proposed nor in force */
        CONFIRM_OTHER    /* there is one, of another version */
    } refusal;
};
/* Looks at the folder. Not on a loop thread. */
AMBIT_CHECKED enum ambit_err confirm_prepare(struct confirm_command *command);
/* MALFORMED: the reason is no text of 1 to 1,024 bytes. */
AMBIT_CHECKED enum ambit_err confirm_submit(struct confirm_command *command);

/* A proposed set that was refused: recorded (documents.rejected), the old one stays in force. */
struct rejected_command {
    struct command base;
    size_t n_errors;
};
AMBIT_CHECKED enum ambit_err rejected_submit(struct rejected_command *command);

/* ---- person.read: one event per query or stream opened ---- */
struct read_command {
    struct command base;
    struct ambit_str what; /* "grants", "events", "trace:<id>" … */
    /* A further page: of the same query as long as `query` (its text without the place in it) is
     * the same, and then no event of its own; after a minute it is told again. */
    bool is_further;
    struct ambit_str query;
};
AMBIT_CHECKED enum ambit_err read_submit(struct read_command *command);
