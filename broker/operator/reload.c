/* SPDX-License-Identifier: Apache-2.0 */
/* POST /v1/documents/reload: takes up the folder, whole or not at all. The folder is read on a
 * query thread; the writer activates. A set that is refused is recorded too, and the old one stays.
 * Certificates of listeners are taken up first: where they do not hold, nothing else is looked at.
 */
#include "ambit/document.h"
#include "base/json_write.h"
#include "operator/access.h"
#include "operator/handlers.h"
#include "policy/problem.h"

struct reload_state {
    struct access access;
    struct reload_command reload;
    struct rejected_command rejected;
    struct ambit_problems problems;
    bool has_reload, has_rejected;
};

static void reply_rejected(const struct reload_state *state, struct http_reply *reply)
{
    struct json_out out;
    json_out_init(&out, &reply->body, false);
    json_begin_object(&out);
    json_key(&out, "errors");
    json_begin_array(&out);
    for (size_t i = 0; i < state->problems.n; i++)
        problem_write_json(&out, &state->problems.v[i]);
    json_end_array(&out);
    json_end_object(&out);
    http_reply_json(reply, 422);
}

enum http_next reload_begin(void *app, struct http_request *req, struct http_reply *reply)
{
    struct reload_state *state = arena_alloc(&req->arena, sizeof *state);
    if (!state) {
        access_reply_err(req, reply, AMBIT_ERR_NO_MEMORY);
        return HTTP_DONE;
    }
    req->user = state;
    if (!access_check(&state->access, app, RIGHT_DOCUMENTS, req, reply))
        return HTTP_DONE;
    enum ambit_err err = broker_reload_files(app, &state->problems);
    if (err == AMBIT_ERR_MALFORMED)
        reply_rejected(state, reply);
    else if (err)
        access_reply_err(req, reply, err);
    if (err)
        return HTTP_DONE;
    access_command(&state->access, &state->reload.base, req);
    state->has_reload = true;
    err = reload_prepare(&state->reload, &state->problems);
    if (err == AMBIT_ERR_MALFORMED) {
        access_command(&state->access, &state->rejected.base, req);
        state->has_rejected = true;
        state->rejected.n_errors = state->problems.n_errors;
    }
    if (err && !state->has_rejected) {
        access_reply_err(req, reply, err);
        return HTTP_DONE;
    }
    http_suspend(req);
    err = state->has_rejected ? rejected_submit(&state->rejected) : reload_submit(&state->reload);
    if (err) {
        access_reply_err(req, reply, err);
        return HTTP_DONE;
    }
    return HTTP_WAIT;
}

static void write_changed(const struct ambit_document *now, const struct ambit_document *before,
                          struct json_out *out)
{
    if (before && ambit_digest_eq(now->digest, before->digest))
        return;
    json_begin_object(out);
    json_member_text(out, "kind", ambit_kind_text(now->kind));
    json_member_str(out, "name", now->name);
    json_key(out, "digest");
    json_digest(out, now->digest);
    json_end_object(out);
}

/* What is new or other than in the set under which the person was authenticated. */
static void write_activated(const struct ambit_documents *now, const struct ambit_documents *before,
                            struct json_out *out)
{
    json_key(out, "activated");
    json_begin_array(out);
    for (size_t i = 0; i < now->n_people; i++) {
        const struct ambit_person *old = ambit_person_find(before, now->people[i].doc.name);
        write_changed(&now->people[i].doc, old ? &old->doc : NULL, out);
    }
    for (size_t i = 0; i < now->n_agents; i++) {
        const struct ambit_agent *old = ambit_agent_find(before, now->agents[i].doc.name);
        write_changed(&now->agents[i].doc, old ? &old->doc : NULL, out);
    }
    for (size_t i = 0; i < now->n_services; i++) {
        const struct ambit_service *old = ambit_service_find(before, now->services[i].doc.name);
        write_changed(&now->services[i].doc, old ? &old->doc : NULL, out);
    }
    for (size_t i = 0; i < now->n_policies; i++) {
        const struct ambit_policy *old = ambit_policy_find(before, now->policies[i].doc.name);
        write_changed(&now->policies[i].doc, old ? &old->doc : NULL, out);
    }
    json_end_array(out);
}

/* Under review "record": what would have been refused. */
static void write_missing(const struct ambit_problems *missing, struct json_out *out)
{
    if (missing->n == 0)
        return;
    json_key(out, "missing");
    json_begin_array(out);
    for (size_t i = 0; i < missing->n; i++)
        problem_write_json(out, &missing->v[i]);
    json_end_array(out);
}

enum http_next reload_finish(void *app, struct http_request *req, struct http_reply *reply)
{
    (void)app;
    struct reload_state *state = req->user;
    const struct command *command =
        state->has_rejected ? &state->rejected.base : &state->reload.base;
    if (!access_answered(command, req, reply))
        return HTTP_DONE;
    if (state->has_rejected) {
        reply_rejected(state, reply);
        return HTTP_DONE;
    }
    if (state->reload.is_stale) {
        access_reply_conflict(req, reply,
                              "The set in force changed meanwhile; "
                              "nothing was done.");
        return HTTP_DONE;
    }
    const struct ambit_documents *now = state->reload.proposed->documents;
    struct json_out out;
    json_out_init(&out, &reply->body, false);
    json_begin_object(&out);
    json_key(&out, "documents");
    json_digest(&out, now->digest);
    write_activated(now, state->access.documents->documents, &out);
    write_missing(&state->reload.missing, &out);
    json_end_object(&out);
    http_reply_json(reply, 200);
    return HTTP_DONE;
}

void reload_end(void *app, struct http_request *req)
{
    (void)app;
    struct reload_state *state = req->user;
    if (!state)
        return;
    if (state->has_reload)
        reload_done(&state->reload);
    if (state->has_rejected)
        command_release(&state->rejected.base);
    ambit_problems_done(&state->problems);
    access_done(&state->access);
}
