/* SPDX-License-Identifier: Apache-2.0 */
/* A broker on a stage: its own folder, documents written by the test, and clocks and commits in the
 * test's hand. Commands are handed to the core as the wire would, without a wire. One stage a
 * program at a time; everything below fails the test when what it needs does not work. */
#pragma once

#include <semaphore.h>
#include <stdatomic.h>

#include "support/folder.h"

#include "base/arena.h"
#include "base/buf.h"
#include "core/command.h"
#include "core/query.h"

/* 2026-11-20T10:00:00Z; the broker's wall clock and CLOCK_BOOTTIME. */
#define STAGE_START_MS 1795168800000
extern atomic_int_fast64_t stage_wall_ms, stage_boot_ms;
extern struct ambit_id stage_boot; /* which start of the machine; zero: not known */
void stage_pass(int64_t ms);       /* both go on */

struct stage {
    char folder[FOLDER_PATH_MAX];    /* the state folder */
    char documents[FOLDER_PATH_MAX]; /* the proposal */
    struct ambit_limits_config limits;
    bool is_enforcing;     /* for the next stage_open */
    int64_t attestation_s; /* 0: as it is */
    enum crypto_alg algorithm;
    int64_t rotate_s;
    const char *credentials; /* of the service manager; NULL: none */
    const char *accept_time; /* at the next stage_open alone; NULL: not */
    struct broker *broker;   /* NULL while closed */
};

/* Folder and the documents of stage_documents.c, broker closed; clocks at the start. */
void stage_make(struct stage *stage);
/* The broker's folder with a copy of this one as its store/. */
void stage_take_store(struct stage *stage, const char *data_mdb);
/* "policies/x.json"; in the text ' stands for ". NULL: the file is taken away. */
void stage_document(struct stage *stage, const char *path, const char *text);
AMBIT_CHECKED enum ambit_err stage_try_open(struct stage *stage, struct buf *reterr_text);
void stage_open(struct stage *stage);
void stage_close(struct stage *stage);
void stage_reopen(struct stage *stage);
void stage_done(struct stage *stage); /* closes, removes the folder */
#define STAGE_AUTO AMBIT_CLEANUP(stage_done) struct stage

/* OK: taken up or unchanged; MALFORMED: refused. */
AMBIT_CHECKED enum ambit_err stage_reload(struct stage *stage);
/* Closes, verifies the store offline and fails unless nothing was found; stays closed. */
void stage_verify(struct stage *stage);

/* ---- commits of the writer ---- */
/* Every commit waits from here until the release; returns once one waits, when `wait`. */
void stage_hold_commits(void);
void stage_release_commits(void);
void stage_await_commit(void); /* while held: until the writer stands at a commit */
enum stage_failure {
    STAGE_COMMITS,       /* as they are */
    STAGE_COMMIT_FAILS,  /* nothing is written, EIO */
    STAGE_COMMIT_UNSURE, /* written, and EIO all the same */
};
void stage_commits(enum stage_failure failure);
extern atomic_int stage_n_commits; /* of the writer, since stage_make */

/* ---- questions ---- */
struct caller stage_caller(enum caller_kind kind, const char *name);

struct answer;
/* A request for a grant. Submitted by stage_ask(), or in two steps. */
struct ask {
    const char *agent, *action, *resource;
    const char *audience, *purpose; /* NULL: none */
    int64_t lifetime_s;             /* 0: none asked */
    const char *source;             /* address text; NULL: none */
    const struct answer *parent;    /* delegated from this token's grant; NULL: a root grant */
    uint8_t key;                    /* not 0: proved by DPoP, by this number */
    bool by_certificate;            /* it is that of a certificate instead */
    uint8_t once;                   /* not 0: a one-time value, by this number */
    uint8_t proof;                  /* not 0: a DPoP proof's, likewise */
    struct ambit_id approval;       /* that the request names, or none */
};
struct answer { /* of a grant or an action */
    enum ambit_err err;
    enum ambit_verdict verdict;
    enum ambit_reason reason;
    char policy[65], rule[65], trip[132]; /* the first trip */
    size_t n_trips;
    struct ambit_id grant, id;
    uint8_t rnd[16];
    struct ambit_id replaces;
    uint64_t seq;
    int64_t now_ms, expires_ms;
    bool way_in_lost;
    struct ambit_id approval; /* the question that people now have, or none */
};
struct answer stage_ask(struct stage *stage, const struct ask *ask);
/* As above for the common case; fails the test unless it is given. */
struct answer stage_grant(struct stage *stage, const char *agent, const char *action,
                          const char *resource);

/* A question about an action. */
struct act {
    const char *action, *resource;
    const char *context; /* JSON, ' for "; NULL: none */
    const char *source, *stated_reason;
    bool by_agent;       /* the agent asks about its own token */
    const char *agent;   /* with by_agent */
    const char *service; /* NULL: api */
};
struct answer stage_act(struct stage *stage, const struct answer *token, const struct act *act);
struct answer stage_do(struct stage *stage, const struct answer *token, const char *action,
                       const char *resource);

/* In two steps, so that several stand in one batch. */
struct held_ask {
    struct grant_command command;
    struct ambit_item item;
    struct arena arena;
    struct documents_ref *ref;
    uint8_t rnd[16];
    struct identity_token parent_token;
    sem_t done;
    enum ambit_err submit_err;
};
void stage_submit(struct stage *stage, const struct ask *ask, struct held_ask *held);
struct answer stage_await(struct held_ask *held);
struct held_act {
    struct action_command command;
    struct arena arena;
    struct documents_ref *ref;
    sem_t done;
    enum ambit_err submit_err;
};
void stage_submit_act(struct stage *stage, const struct answer *token, const struct act *act,
                      struct held_act *held);
struct answer stage_await_act(struct held_act *held);

/* ---- introspection, by the service api ---- */
struct seen {
    enum ambit_err err;
    bool is_active;
    uint64_t live_items, ask_items;
};
struct seen stage_look(struct stage *stage, const struct answer *token);
bool stage_is_active(struct stage *stage, const struct answer *token); /* fails on an error */

/* ---- people ---- */
struct stopped {
    enum ambit_err err; /* of the submission, or of the command */
    struct ambit_id stop, incident;
    bool is_pending, not_recorded, way_in_lost;
    uint64_t seq;
};
struct stopped stage_stop(struct stage *stage, const char *person, const char *target);
/* Accepted, not waited for; end it with stage_await_stop. */
struct held_stop {
    struct stop_command command;
    struct documents_ref *ref;
    char target[600];
    sem_t done;
    enum ambit_err submit_err;
};
void stage_submit_stop(struct stage *stage, const char *person, const char *target,
                       struct held_stop *held);
struct stopped stage_await_stop(struct held_stop *held);
enum clear_refusal stage_clear(struct stage *stage, const char *person, struct ambit_id stop);
/* An owner: stop, and the end of their way in. */
struct stopped stage_offboard(struct stage *stage, const char *by, const char *person);
/* The version in the folder; of a removal, the one in force. */
enum confirm_refusal stage_confirm(struct stage *stage, const char *person, enum ambit_kind kind,
                                   const char *name, bool is_removal);
enum approve_refusal stage_approve(struct stage *stage, const char *person,
                                   struct ambit_id approval, bool is_given);
enum ambit_err stage_acknowledge_time(struct stage *stage, const char *person);
enum ambit_err stage_revoke(struct stage *stage, const char *agent, const struct answer *token,
                            bool *ret_foreign);
enum ambit_err stage_note_read(struct stage *stage, const char *person, const char *what);

/* ---- outcomes, signals, incidents (stage_history.c) ---- */
struct reported {
    enum ambit_err err;
    enum outcome_refusal refusal;
    const char *by, *agreement;
    bool is_late, is_repeated;
};
/* `who` is "service:api" or "agent:worker"; `detail` may be NULL. */
struct reported stage_report(struct stage *stage, const char *who, struct ambit_id action,
                             const char *outcome, const char *detail);
struct signalled {
    enum ambit_err err;
    bool is_unknown, is_heard;
    size_t n_trips;
    char trip[132];
};
/* Of an agent, or (agent NULL) of a token's grant. */
struct signalled stage_signal(struct stage *stage, const char *service, const char *signal,
                              const char *agent, const struct answer *token);
enum incident_refusal stage_acknowledge(struct stage *stage, const char *person,
                                        struct ambit_id incident);
enum incident_refusal stage_close_incident(struct stage *stage, const char *person,
                                           struct ambit_id incident);
/* The id in the member of the last event of this type. */
struct ambit_id stage_last_id(struct stage *stage, const char *type, const char *member);
/* Both clocks go on in steps of ten seconds, the broker looking at each: it was there all the
 * time. */
void stage_live_on(struct stage *stage, int64_t ms);

/* "grant:<id>" for an answer. */
const char *stage_target(const char *word, struct ambit_id id, char dst[64]);

/* ---- the record ---- */
struct ambit_digest stage_root(struct stage *stage, uint64_t *ret_size);
/* How many events of this type ("" any) there are; `member`, when not NULL, must stand in the leaf.
 */
size_t stage_count_events(struct stage *stage, const char *type, const char *member);
/* Every decision in the record explained again from its own inputs; says how many. */
size_t stage_explain_all(struct stage *stage);
