/* SPDX-License-Identifier: Apache-2.0 */
/* Who may call what (interfaces.md, "Who may call"): one row a right, closed until opened. A person
 * proves themselves by a bearer token or a certificate; their roles are those of the documents in
 * force. */
#pragma once

#include "core/command.h"
#include "http/http.h"

enum right {
    RIGHT_READ,      /* grants, stops, events, traces */
    RIGHT_STOP,      /* raise a stop */
    RIGHT_CLEAR,     /* ask for a stop to be cleared: who may in the end is core's to say */
    RIGHT_TIME,      /* acknowledge the time */
    RIGHT_OFFBOARD,  /* stop all that is a person's, and end their way in */
    RIGHT_CONFIRM,   /* confirm a document: anybody who is a person */
    RIGHT_DOCUMENTS, /* take up changed documents */
    RIGHT_KEYS,      /* have another key sign */
    RIGHT_SEE_KEYS,  /* which keys sign */
    RIGHT_BACKUPS,   /* have the store copied, or its old events moved out */
    RIGHT_SEE_BACKUPS,
    RIGHT_LOG,   /* tiles and entries of the log */
    RIGHT_ERASE, /* have personal text erased */
    RIGHT_SEE_ERASED,
    RIGHT_APPROVE, /* read and answer what people are asked: which, the rules that ask say */
};

struct access {
    struct broker *broker;
    struct documents_ref *documents; /* released by access_done */
    struct caller caller;
    const struct ambit_person *person;
    /* The person's own name when they may see and do only what is theirs; absent: everything. */
    struct ambit_str only_owner;
    struct ambit_str source; /* the caller's address */
};
/* True when the person has proved themselves, has the right and is within their budget (stops ask
 * for none); else the reply is filled (401, 403, 429). access_done() either way. */
bool access_check(struct access *access, struct broker *broker, enum right right,
                  struct http_request *req, struct http_reply *reply);
void access_done(struct access *access);

/* The header and the certificate by which a caller of /v1 may prove itself. */
struct identity_proof access_proof(struct http_request *req);

/* A command of this person, answered by resuming `req`. */
void access_command(const struct access *access, struct command *command, struct http_request *req);
/* After a command: true when it was carried out; else the reply says why not. */
bool access_answered(const struct command *command, struct http_request *req,
                     struct http_reply *reply);

/* Problems by what went wrong; 503 carries Retry-After. */
void access_reply_err(struct http_request *req, struct http_reply *reply, enum ambit_err err);
/* 409: it is so already, or something else is. */
void access_reply_conflict(struct http_request *req, struct http_reply *reply, const char *detail);
void access_reply_malformed(struct http_request *req, struct http_reply *reply, const char *detail);
void access_reply_unproved(struct broker *broker, struct http_request *req,
                           struct http_reply *reply);
void access_reply_role(struct http_request *req, struct http_reply *reply);
bool access_is_in_budget(struct broker *broker, const struct caller *caller,
                         struct http_request *req, struct http_reply *reply);
