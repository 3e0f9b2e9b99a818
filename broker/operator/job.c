/* SPDX-License-Identifier: Apache-2.0 */
/* Who may have a job done, and what is said of one that does not begin. */
#include "operator/job.h"

struct long_job_asked job_asked(const struct access *access, struct http_request *req,
                                struct ambit_str reason)
{
    return (struct long_job_asked){
        .caller = &access->caller,
        .authenticated = access->documents,
        .reason = reason,
        .txn = ambit_str_of(req->trace_id),
        .source = access->source,
    };
}

enum http_next job_begin(struct broker *broker, const struct job_route *route,
                         struct http_request *req, struct http_reply *reply)
{
    struct access access;
    const char *what = NULL;
    if (access_check(&access, broker, route->right, req, reply)) {
        enum ambit_err err = route->begin(&access, req, reply, &what);
        if (err == AMBIT_ERR_MALFORMED && what)
            access_reply_malformed(req, reply, what);
        else if (err)
            access_reply_err(req, reply, err);
    }
    access_done(&access);
    return HTTP_DONE;
}
