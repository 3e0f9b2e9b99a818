/* SPDX-License-Identifier: Apache-2.0 */
/* See forward_asked.h. */
#include "authzen/forward_asked.h"

#include "base/json_read.h"

enum { PREFIX = sizeof "/forward-auth" - 1 }; /* of our own path */

/* By these servers and frameworks change what a request is, after it passed. */
static const char *const behind_its_back[] = {
    "x-http-method-override", "x-http-method", "x-method-override",
    "x-original-url",         "x-rewrite-url", "x-forwarded-path",
};

/* One way to say it. */
struct way {
    struct ambit_str method, uri, host;
};

static bool is_used(const struct way *way)
{
    return way->method.p || way->uri.p;
}

static struct ambit_str own_path(const struct http_request *req)
{
    return req->path.len > PREFIX
               ? (struct ambit_str){.p = req->path.p + PREFIX, .len = req->path.len - PREFIX}
               : (struct ambit_str){0};
}

const char *forward_asked_read(const struct http_request *req, struct forward_question *ret)
{
    struct way original = {.method = http_header(req, "x-original-method"),
                           .uri = http_header(req, "x-original-uri"),
                           .host = http_header(req, "x-original-host")};
    struct way forwarded = {.method = http_header(req, "x-forwarded-method"),
                            .uri = http_header(req, "x-forwarded-uri"),
                            .host = http_header(req, "x-forwarded-host")};
    struct way own = {.uri = own_path(req), .host = http_header(req, "host")};
    if (is_used(&original) + is_used(&forwarded) + is_used(&own) > 1)
        return "the request is told in two ways, of which one may be its sender's";
    for (size_t i = 0; i < AMBIT_LEN(behind_its_back); i++) {
        if (http_header(req, behind_its_back[i]).p)
            return "the request carries a header that changes what it is";
    }
    if (own.uri.p)
        own.method = http_method_text(req);
    const struct way *way = is_used(&own) ? &own : is_used(&forwarded) ? &forwarded : &original;
    if (!way->method.p || !way->uri.p)
        return "the proxy did not say method and URI of the request";
    if (way->host.p && memchr(way->host.p, ',', way->host.len))
        return "the request is told with several hosts";
    ret->method = way->method;
    ret->uri = way->uri;
    ret->host = way->host;
    return NULL;
}

struct proof_told forward_asked_proof(const struct http_request *req,
                                      const struct forward_question *question, struct arena *arena)
{
    struct proof_told told = {.method = question->method};
    struct ambit_str header = http_header(req, "dpop");
    const char *query = memchr(question->uri.p, '?', question->uri.len);
    size_t path_len = query ? (size_t)(query - question->uri.p) : question->uri.len;
    bool is_plain = ambit_str_is(http_header(req, "x-forwarded-proto"), "http");
    BUF_AUTO uri;
    buf_init(&uri, 0);
    buf_put_text(&uri, is_plain ? "http://" : "https://");
    buf_put_str(&uri, question->host);
    buf_put(&uri, question->uri.p, path_len);
    told.uri = buf_check(&uri) ? (struct ambit_str){0} : arena_copy(arena, buf_str(&uri));
    if (told.uri.p)
        told.proof = header;
    return told;
}

static struct json_value *add(struct arena *arena, struct evaluation *to, const char *name,
                              struct ambit_str text)
{
    struct json_value *value = arena_alloc(arena, sizeof *value);
    if (!value)
        return NULL;
    *value = (struct json_value){.kind = JSON_STRING, .key = ambit_str_of(name), .text = text};
    to->members[to->n_members++] = (struct ambit_context_member){
        .name = value->key, .value = {.kind = AMBIT_SCALAR_STRING, .text = text}};
    return value;
}

/* As much of it as is worth a place in the record; a host is no longer anyway. */
static struct ambit_str bounded(struct ambit_str text)
{
    size_t n = 0;
    while (n < text.len && n < 255 && text.p[n] > ' ' && text.p[n] <= '~')
        n++;
    return (struct ambit_str){.p = text.p, .len = n};
}

enum ambit_err forward_asked_context(const struct forward_question *question, struct arena *arena,
                                     struct evaluation *ret)
{
    struct json_value *object = arena_alloc(arena, sizeof *object);
    ret->members = arena_array(arena, 2, sizeof *ret->members);
    if (!object || !ret->members)
        return AMBIT_ERR_NO_MEMORY;
    struct json_value *method = add(arena, ret, "method", bounded(question->method));
    struct json_value *host = NULL;
    if (question->host.p)
        host = add(arena, ret, "host", bounded(question->host));
    if (!method || (question->host.p && !host))
        return AMBIT_ERR_NO_MEMORY;
    method->next = host;
    *object = (struct json_value){.kind = JSON_OBJECT, .first = method, .count = ret->n_members};
    ret->context = object;
    return AMBIT_OK;
}

/* ---- the answer ---- */

enum meaning { TOKEN_IS_NO_GOOD, TOKEN_IS_TOO_SMALL, REFUSED };

static bool is_for_another(const struct action_command *command)
{
    const struct ambit_service *service =
        ambit_service_find(command->base.documents->documents, command->question.service);
    for (size_t i = 0; service && i < service->audiences.n; i++) {
        if (ambit_str_eq(service->audiences.v[i], command->grant.audience))
            return false;
    }
    return command->grant_found;
}

static enum meaning meaning_of(const struct action_command *command)
{
    switch (command->decided.reason) {
    case AMBIT_REASON_INACTIVE:
    case AMBIT_REASON_EXPIRED:
    case AMBIT_REASON_BINDING_REQUIRED:
    case AMBIT_REASON_BINDING_MISMATCH:
        return TOKEN_IS_NO_GOOD;
    case AMBIT_REASON_WRONG_AUDIENCE: /* ATJ-4; or the map names what is not the service's */
        return is_for_another(command) ? TOKEN_IS_NO_GOOD : REFUSED;
    case AMBIT_REASON_FORBIDDEN:
    case AMBIT_REASON_OUT_OF_SCOPE:
    case AMBIT_REASON_NOT_DELEGABLE:
    case AMBIT_REASON_NOTHING_REQUESTED:
        return TOKEN_IS_TOO_SMALL;
    case AMBIT_REASON_ALLOWED:
    case AMBIT_REASON_STOPPED:
    case AMBIT_REASON_OWNER_REQUIRED:
    case AMBIT_REASON_MALFORMED:
    case AMBIT_REASON_POLICY_EXPIRED:
    case AMBIT_REASON_OUTSIDE_HOURS:
    case AMBIT_REASON_WRONG_SOURCE:
    case AMBIT_REASON_PURPOSE_REQUIRED:
    case AMBIT_REASON_REASON_REQUIRED:
    case AMBIT_REASON_MISSING_CONTEXT:
    case AMBIT_REASON_CONTEXT_VIOLATED:
    case AMBIT_REASON_COMPOSITION_MISMATCH:
    case AMBIT_REASON_ORDER_VIOLATED:
    case AMBIT_REASON_LIMIT_EXCEEDED:
    case AMBIT_REASON_HARD_STOP:
    case AMBIT_REASON_APPROVAL_REQUIRED:
    case AMBIT_REASON_APPROVAL_REJECTED:
    case AMBIT_REASON_POLICY_CHANGED:
    case AMBIT_REASON_NOT_SUPPORTED:
        return REFUSED;
    }
    return REFUSED;
}

unsigned forward_asked_status(const struct action_command *command)
{
    return meaning_of(command) == TOKEN_IS_NO_GOOD ? 401 : 403;
}

const char *forward_asked_challenge(const struct action_command *command)
{
    switch (meaning_of(command)) {
    case TOKEN_IS_NO_GOOD:
        return "Bearer realm=\"ambit\", error=\"invalid_token\"";
    case TOKEN_IS_TOO_SMALL:
        return "Bearer realm=\"ambit\", error=\"insufficient_scope\"";
    case REFUSED:
        return NULL;
    }
    return NULL;
}
