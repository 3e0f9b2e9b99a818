/* SPDX-License-Identifier: Apache-2.0 */
/* What a stop and an offboarding, which is one, have alike: a dry run on a query thread, which is
 * a reading; else in force before it is queued, answered once it is durable; and that answer. */
#pragma once

#include "core/query.h"
#include "operator/access.h"

/* One of the two; hangs at req->user. */
struct raising {
    const struct raising_kind *kind;
    struct access access;
    /* filled by decode, with what the command says is raised and why */
    bool is_dry_run;
    struct ambit_str person; /* of an offboarding; else absent */
    struct ambit_str target; /* as it is written */
    struct stop_command command;
    struct read_command dry; /* a dry run is a reading, and recorded as one */
    bool has_command, has_dry;
};
/* What differs between them. */
struct raising_kind {
    enum right right;
    /* Reads the body; false: the reply says why not. */
    bool (*decode)(struct raising *raising, struct http_request *req, struct http_reply *reply);
    /* Writes what it would take. On a query thread. */
    enum ambit_err (*count)(const struct raising *raising, struct json_out *out);
    const char *read_as;      /* how the reading of a dry run begins; the name follows */
    const char *at, *verdict; /* the member that says when; the word of the log */
};
enum http_next raising_begin(struct broker *broker, const struct raising_kind *kind,
                             struct http_request *req, struct http_reply *reply);
/* `finish` and `done` of both: raising_finish, raising_done in handlers.h. */
/* The two texts as one, in the request's arena; absent when there is no memory. */
struct ambit_str raising_join(struct http_request *req, const char *word, struct ambit_str name);
