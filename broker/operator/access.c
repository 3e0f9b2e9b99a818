/* SPDX-License-Identifier: Apache-2.0 */
/* Rights, and the refusals that every operator route shares. */
#include "operator/access.h"

/* `all`: roles that may on everything; `own`: roles that may on what is theirs; `unlimited`: never
 * refused for a spent budget: stops always go through. */
static const struct {
    unsigned all, own;
    bool unlimited;
} rights[] = {
    [RIGHT_READ] = {.all = AMBIT_ROLE_ONCALL | AMBIT_ROLE_AUDITOR, .own = AMBIT_ROLE_OWNER},
    [RIGHT_STOP] = {.all = AMBIT_ROLE_ONCALL, .own = AMBIT_ROLE_OWNER, .unlimited = true},
    [RIGHT_CLEAR] = {.all = AMBIT_ROLE_ONCALL, .own = AMBIT_ROLE_OWNER},
    [RIGHT_TIME] = {.all = AMBIT_ROLE_ONCALL},
    [RIGHT_OFFBOARD] = {.all = AMBIT_ROLE_ONCALL | AMBIT_ROLE_ADMIN, .unlimited = true},
    [RIGHT_CONFIRM] = {.all = AMBIT_ROLE_OWNER | AMBIT_ROLE_ONCALL | AMBIT_ROLE_APPROVER |
                              AMBIT_ROLE_AUDITOR | AMBIT_ROLE_ADMIN},
    [RIGHT_DOCUMENTS] = {.all = AMBIT_ROLE_ADMIN},
    [RIGHT_KEYS] = {.all = AMBIT_ROLE_ADMIN},
    [RIGHT_SEE_KEYS] = {.all = AMBIT_ROLE_ADMIN | AMBIT_ROLE_ONCALL | AMBIT_ROLE_AUDITOR},
    [RIGHT_BACKUPS] = {.all = AMBIT_ROLE_ADMIN},
    [RIGHT_SEE_BACKUPS] = {.all = AMBIT_ROLE_ADMIN | AMBIT_ROLE_ONCALL | AMBIT_ROLE_AUDITOR},
    /* Read in thousands of small pieces, of which one a minute is recorded. */
    [RIGHT_LOG] = {.all = AMBIT_ROLE_ONCALL | AMBIT_ROLE_AUDITOR, .unlimited = true},
    [RIGHT_ERASE] = {.all = AMBIT_ROLE_ADMIN},
    [RIGHT_SEE_ERASED] = {.all = AMBIT_ROLE_ADMIN | AMBIT_ROLE_AUDITOR},
    [RIGHT_APPROVE] = {.all = AMBIT_ROLE_OWNER | AMBIT_ROLE_ONCALL | AMBIT_ROLE_APPROVER |
                              AMBIT_ROLE_AUDITOR | AMBIT_ROLE_ADMIN},
};

/* ---- refusals ---- */

void access_reply_unproved(struct broker *broker, struct http_request *req,
                           struct http_reply *reply)
{
    char text[ADDR_TEXT_MAX];
    size_t len = req->source.family ? addr_encode(&req->source, text) : 0;
    broker_count_unproved(broker, (struct ambit_str){.p = text, .len = len});
    http_reply_problem(
        req, reply,
        (struct http_problem){.status = 401,
                              .reason = "credentials_required",
                              .detail = "The caller is not known or did not prove itself."});
    /* BRR-2: no error code when nothing was shown. */
    http_reply_header(reply, "WWW-Authenticate",
                      http_header(req, "authorization").p
                          ? "Bearer realm=\"ambit\", error=\"invalid_token\""
                          : "Bearer realm=\"ambit\"");
}

void access_reply_role(struct http_request *req, struct http_reply *reply)
{
    http_reply_problem(req, reply,
                       (struct http_problem){.status = 403,
                                             .reason = "role_required",
                                             .detail = "None of the caller's roles allows this."});
}

void access_reply_conflict(struct http_request *req, struct http_reply *reply, const char *detail)
{
    http_reply_problem(
        req, reply, (struct http_problem){.status = 409, .reason = "conflict", .detail = detail});
}

void access_reply_malformed(struct http_request *req, struct http_reply *reply, const char *detail)
{
    http_reply_problem(
        req, reply, (struct http_problem){.status = 400, .reason = "malformed", .detail = detail});
}

static const char *reason_of(unsigned status)
{
    switch (status) {
    case 400:
    case 413:
        return "malformed";
    case 404:
        return "not_found";
    case 409:
        return "conflict";
    case 503:
        return "unavailable";
    default:
        return "failed";
    }
}

void access_reply_err(struct http_request *req, struct http_reply *reply, enum ambit_err err)
{
    unsigned status = http_status_of(err);
    http_reply_problem(req, reply,
                       (struct http_problem){.status = status,
                                             .reason = reason_of(status),
                                             .detail = ambit_err_text(err)});
    if (status == 503)
        http_reply_header(reply, "Retry-After", "5");
}

bool access_is_in_budget(struct broker *broker, const struct caller *caller,
                         struct http_request *req, struct http_reply *reply)
{
    uint32_t retry_after_s = 0;
    enum ambit_err err = broker_budget(broker, caller, &retry_after_s);
    if (err == AMBIT_OK)
        return true;
    if (err != AMBIT_ERR_BUSY) {
        access_reply_err(req, reply, err);
        return false;
    }
    http_reply_problem(
        req, reply,
        (struct http_problem){.status = 429,
                              .reason = "limited",
                              .detail = "More requests than this caller's budget allows."});
    http_reply_retry_after(req, reply, retry_after_s);
    return false;
}

/* ---- who, and may they ---- */

struct identity_proof access_proof(struct http_request *req)
{
    struct identity_proof proof = {.authorization = http_header(req, "authorization")};
    /* A browser shows its certificate to whatever a page of somebody else's asks for: what comes
     * from a page proves itself by a header that only the page of ours could have set. */
    if (http_header(req, "origin").p)
        return proof;
    proof.certificates = req->certificates;
    proof.n_certificates = req->n_certificates;
    return proof;
}

static bool identify(struct access *access, struct http_request *req, struct http_reply *reply)
{
    const struct documents_ref *documents = access->documents;
    struct identity_answer answer = {0};
    struct identity_proof proof = access_proof(req);
    enum ambit_err err = identity_person(documents->documents, documents->keys, &proof,
                                         broker_now_ms(access->broker), &answer);
    if (err && err != AMBIT_ERR_REFUSED) {
        access_reply_err(req, reply, err);
        return false;
    }
    if (!err && answer.refusal == IDENTITY_FINE)
        access->person = ambit_person_find(documents->documents, answer.caller.name);
    if (access->person && broker_person_left(access->broker, answer.caller.name))
        access->person = NULL;
    if (!access->person) {
        access_reply_unproved(access->broker, req, reply);
        return false;
    }
    access->caller = answer.caller;
    return true;
}

bool access_check(struct access *access, struct broker *broker, enum right right,
                  struct http_request *req, struct http_reply *reply)
{
    *access = (struct access){.broker = broker, .documents = broker_documents_acquire(broker)};
    reply->no_store = true; /* what is said to one person is nobody else's */
    char text[ADDR_TEXT_MAX];
    if (req->source.family)
        access->source = arena_copy(
            &req->arena, (struct ambit_str){.p = text, .len = addr_encode(&req->source, text)});
    if (!identify(access, req, reply))
        return false;

    unsigned roles = access->person->roles;
    if (!(roles & rights[right].all)) {
        if (!(roles & rights[right].own)) {
            access_reply_role(req, reply);
            return false;
        }
        access->only_owner = access->person->doc.name;
    }
    return rights[right].unlimited || access_is_in_budget(broker, &access->caller, req, reply);
}

void access_done(struct access *access)
{
    if (access->documents)
        broker_documents_release(TAKE(access->documents));
}

/* ---- commands ---- */

static void resume(void *ctx)
{
    http_resume(ctx);
}

void access_command(const struct access *access, struct command *command, struct http_request *req)
{
    command_init(command, access->broker, &access->caller, access->documents);
    command->done = resume;
    command->done_ctx = req;
    command->txn = ambit_str_of(req->trace_id);
    command->source = access->source;
}

bool access_answered(const struct command *command, struct http_request *req,
                     struct http_reply *reply)
{
    if (command->way_in_lost) {
        access_reply_unproved(command->broker, req, reply);
        return false;
    }
    if (command->err) {
        access_reply_err(req, reply, command->err);
        return false;
    }
    req->log.event = (int64_t)command->seq;
    return true;
}
