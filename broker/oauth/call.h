/* SPDX-License-Identifier: Apache-2.0 */
/* What the three OAuth endpoints that ask for a client share: the form, the proof of who calls, the
 * budget; steps 1 and 2 of standards.md section 3. Lives in the request's arena. */
#pragma once

#include "base/form.h"
#include "core/broker.h"
#include "http/http.h"
#include "ledger/event.h"
#include "oauth/binding.h"

struct oauth_call {
    struct broker *broker;
    struct documents_ref *documents; /* the caller was authenticated under it */
    struct form form;
    struct caller caller;
    struct oauth_binding binding; /* step 3 (oauth_binding_read); of a bearer its proof */
    bool takes_assertion;         /* in: the grant's own assertion says which agent it is (ASG-3) */
    bool takes_bearer;            /* in: a service may come by its own ambit.decide token (INT-2) */
    bool used_header;             /* the Authorization header carried the proof (CLI-13) */
    bool has_grant_once; /* of the grant's assertion, where the client proved itself besides */
    struct once_value grant_once;
    struct ambit_str source; /* the caller's address; absent on a Unix socket */
};

/* True when the client has proved itself and is within its budget; else the reply is filled. Either
 * way oauth_call_done() afterwards. */
bool oauth_call_begin(struct oauth_call *call, struct broker *broker, struct http_request *req,
                      struct http_reply *reply);
void oauth_call_done(struct oauth_call *call);
/* After a command: true when it was decided; else the reply says why not. */
struct command;
bool oauth_call_answered(const struct oauth_call *call, const struct command *command,
                         struct http_request *req, struct http_reply *reply);
