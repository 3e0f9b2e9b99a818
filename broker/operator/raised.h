/* SPDX-License-Identifier: Apache-2.0 */
/* What a stop and an offboarding, which is one, answer alike: that it is in force, recorded or not;
 * and, of a dry run, that somebody read what it would take. */
#pragma once

#include "core/query.h"
#include "operator/access.h"

/* What differs between the two. */
struct raised {
    struct ambit_str person; /* of an offboarding; else absent */
    struct ambit_str target, reason;
    const char *at, *verdict; /* the member that says when; the word of the log */
};
/* In force: recorded; or not yet or not at all, where the broker is sealed. */
void raised_reply(const struct access *access, struct stop_command *command,
                  const struct raised *raised, struct http_request *req, struct http_reply *reply);
/* The body was written: the reading is recorded as `what` before it is answered, if it can be. */
enum http_next raised_read(struct access *access, struct read_command *dry, struct ambit_str what,
                           struct http_request *req, struct http_reply *reply);
