/* SPDX-License-Identifier: Apache-2.0 */
/* The ideal: the smallest program on the same libraries that does the same physical work as ambit
 * does for the same request bytes, and nothing else: no policy, one caller, no record worth the
 * name. What ambit reaches is told as a ratio to it.
 *
 *   POST /token       form, secret by digest (HTTP Basic) or one ES256 assertion with its one-time
 *                     value; ES256 signature; event, grant and agent-grant rows; answered after the
 *                     commit
 *   POST /introspect  form, secret; the row by jti, one digest compared; claims
 *   POST /decision    JSON of one shape, secret; row and digest as above; event and counter rows;
 *                     answered after the commit
 *
 * bench_ideal FOLDER JWK      the secret is that of `ideal_secret`; JWK is whose assertions pass */
#include "bench/ideal_store.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "bench/jose.h"

static const char ideal_secret[] = "bench-secret-of-high-entropy-0123456789";

enum {
    BODY_MAX = 8192,
    OUT_MAX = 2048,
    CLAIMS_MAX = 1024,
    ID_TEXT = 22,
    JTI_AT = 8, /* in {"jti":"<22>","rnd":"<22>", */
    RND_AT = JTI_AT + ID_TEXT + 9,
    CLAIMS_AT = IDEAL_DIGEST, /* in a grant's row: digest of rnd, then claims */
    LIFETIME_S = 300,
    FORM_MAX = 16,
};

struct request {
    struct ideal_write write; /* first */
    size_t len, out_len;
    char body[BODY_MAX];
    char out[OUT_MAX];
};

static uint8_t secret_digest[JOSE_DIGEST];

/* ---- reading ---- */

struct field {
    const char *name, *value;
    size_t len;
};

static int hex_of(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 32;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Decodes one component in place, up to `=` or `&`; where it ended. */
static char *component(char *p, char **ret_end)
{
    char *to = p;
    for (; *p && *p != '&' && *p != '='; p++) {
        if (*p == '%' && hex_of(p[1]) >= 0 && hex_of(p[2]) >= 0) {
            *to++ = (char)(hex_of(p[1]) * 16 + hex_of(p[2]));
            p += 2;
        } else {
            *to++ = *p == '+' ? ' ' : *p;
        }
    }
    *ret_end = to;
    return p;
}

static size_t form_read(char *p, struct field *fields)
{
    size_t n = 0;
    while (*p && n < FORM_MAX) {
        struct field *field = &fields[n++];
        char *end = NULL, *name_end = NULL;
        field->name = p;
        p = component(p, &name_end);
        char stopped = *p;
        field->value = stopped == '=' ? ++p : name_end;
        if (stopped == '=')
            p = component(p, &end);
        field->len = end ? (size_t)(end - field->value) : 0;
        stopped = *p;
        *name_end = '\0';
        if (end)
            *end = '\0';
        if (stopped)
            p++;
    }
    return n;
}

static const struct field *form_get(const struct field *fields, size_t n, const char *name)
{
    for (size_t i = 0; i < n; i++)
        if (strcmp(fields[i].name, name) == 0)
            return &fields[i];
    return NULL;
}

/* HTTP Basic: name, colon, the secret whose digest we have. */
static bool is_authentic(struct MHD_Connection *connection)
{
    const char *header = MHD_lookup_connection_value(connection, MHD_HEADER_KIND, "Authorization");
    uint8_t pair[512], digest[JOSE_DIGEST];
    if (!header || strncmp(header, "Basic ", 6) != 0)
        return false;
    size_t len = jose_decode(header + 6, strlen(header + 6), pair, sizeof pair);
    const uint8_t *colon = memchr(pair, ':', len);
    if (!colon)
        return false;
    jose_sha256(colon + 1, len - (size_t)(colon + 1 - pair), digest);
    return jose_same(digest, secret_digest, sizeof digest);
}

/* One ES256 signature over header.payload; its digest is the one-time value. */
static bool assertion_is_authentic(struct request *request, const struct field *assertion)
{
    const char *cut = memrchr(assertion->value, '.', assertion->len);
    uint8_t signature[JOSE_SIGNATURE];
    if (!cut)
        return false;
    size_t len = (size_t)(cut - assertion->value);
    if (jose_decode(cut + 1, assertion->len - len - 1, signature, sizeof signature) !=
        sizeof signature)
        return false;
    jose_sha256(assertion->value, len, request->write.once);
    return jose_verify(assertion->value, len, signature);
}

/* ---- tokens ---- */

/* Time-ordered: milliseconds, a counter, 64 random bits. */
static void id_draw(uint8_t id[IDEAL_ID], time_t *ret_now)
{
    static atomic_uint counter;
    struct timespec now;
    (void)clock_gettime(CLOCK_REALTIME, &now);
    uint64_t ms = (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
    uint64_t head = ms << 16 | (atomic_fetch_add(&counter, 1) & 0xffff);
    for (int i = 7; i >= 0; i--, head >>= 8)
        id[i] = (uint8_t)head;
    jose_random(id + 8, 8);
    *ret_now = now.tv_sec;
}

/* Writes the token answer and the grant's row. */
static void mint(struct request *request, const char *scope)
{
    static const char before[] = "{\"access_token\":\"";
    static const char header[] = "{\"alg\":\"ES256\",\"kid\":\"k1\",\"typ\":\"at+jwt\"}";
    char claims[CLAIMS_MAX], jti[ID_TEXT + 1] = {0}, rnd[ID_TEXT + 1] = {0};
    uint8_t random[IDEAL_ID], signature[JOSE_SIGNATURE];
    time_t now = 0;
    id_draw(request->write.id, &now);
    jose_random(random, sizeof random);
    (void)jose_encode(request->write.id, IDEAL_ID, jti);
    (void)jose_encode(random, sizeof random, rnd);
    size_t len = (size_t)snprintf(
        claims, sizeof claims,
        "{\"jti\":\"%s\",\"rnd\":\"%s\",\"iss\":\"http://127.0.0.1\",\"sub\":\"agent\","
        "\"aud\":\"https://payments.example.gov\",\"scope\":\"%.80s\",\"iat\":%lld,\"exp\":%lld}",
        jti, rnd, scope, (long long)now, (long long)now + LIFETIME_S);
    uint8_t *row = request->write.grant;
    memset(row, 0, IDEAL_GRANT);
    jose_sha256(rnd, ID_TEXT, row);
    memcpy(row + CLAIMS_AT, claims + RND_AT + ID_TEXT + 2, len - (RND_AT + ID_TEXT + 2));

    char *out = mempcpy(request->out, before, sizeof before - 1), *token = out;
    out += jose_encode((const uint8_t *)header, sizeof header - 1, out);
    *out++ = '.';
    out += jose_encode((const uint8_t *)claims, len, out);
    jose_sign(token, (size_t)(out - token), signature);
    *out++ = '.';
    out += jose_encode(signature, sizeof signature, out);
    out += snprintf(out, OUT_MAX - (size_t)(out - request->out),
                    "\",\"token_type\":\"Bearer\",\"expires_in\":%d,\"scope\":\"%.80s\"}",
                    LIFETIME_S, scope);
    request->out_len = (size_t)(out - request->out);
}

/* The row of a token that we made: by its jti, if the digest of its rnd is the row's. */
static bool find(const char *token, size_t len, uint8_t row[IDEAL_GRANT])
{
    char claims[RND_AT + ID_TEXT];
    uint8_t id[IDEAL_ID], digest[JOSE_DIGEST];
    const char *payload = memchr(token, '.', len);
    if (!payload)
        return false;
    payload++;
    if (jose_decode(payload, len - (size_t)(payload - token), (uint8_t *)claims, sizeof claims) !=
            sizeof claims ||
        jose_decode(claims + JTI_AT, ID_TEXT, id, sizeof id) != sizeof id ||
        !ideal_store_grant(id, row))
        return false;
    jose_sha256(claims + RND_AT, ID_TEXT, digest);
    return jose_same(digest, row, sizeof digest);
}

/* ---- what is asked ---- */

static enum MHD_Result answer_text(struct MHD_Connection *connection, unsigned status,
                                   const char *text)
{
    return bench_reply(connection, status, text, strlen(text));
}

static enum MHD_Result wait_for_commit(struct request *request, void *loop,
                                       struct MHD_Connection *connection, enum ideal_kind kind)
{
    request->write.kind = kind;
    bench_suspend(&request->write.wait, loop, connection);
    ideal_store_submit(&request->write);
    return MHD_YES;
}

static enum MHD_Result token_asked(struct request *request, void *loop,
                                   struct MHD_Connection *connection)
{
    struct field fields[FORM_MAX];
    size_t n = form_read(request->body, fields);
    const struct field *type = form_get(fields, n, "grant_type"),
                       *scope = form_get(fields, n, "scope"),
                       *assertion = form_get(fields, n, "client_assertion");
    if (!type || strcmp(type->value, "client_credentials") != 0 || !scope)
        return answer_text(connection, 400, "{\"error\":\"invalid_request\"}");
    if (assertion ? !assertion_is_authentic(request, assertion) : !is_authentic(connection))
        return answer_text(connection, 401, "{\"error\":\"invalid_client\"}");
    mint(request, scope->value);
    return wait_for_commit(request, loop, connection, assertion ? IDEAL_ISSUE_ONCE : IDEAL_ISSUE);
}

static enum MHD_Result introspection_asked(struct request *request,
                                           struct MHD_Connection *connection)
{
    struct field fields[FORM_MAX];
    uint8_t row[IDEAL_GRANT];
    size_t n = form_read(request->body, fields);
    const struct field *token = form_get(fields, n, "token");
    if (!is_authentic(connection))
        return answer_text(connection, 401, "{\"error\":\"invalid_client\"}");
    if (!token || !find(token->value, token->len, row))
        return answer_text(connection, 200, "{\"active\":false}");
    int len = snprintf(request->out, OUT_MAX, "{\"active\":true,%.*s", IDEAL_GRANT - CLAIMS_AT,
                       (const char *)row + CLAIMS_AT);
    return bench_reply(connection, 200, request->out, (size_t)len);
}

static enum MHD_Result decision_asked(struct request *request, void *loop,
                                      struct MHD_Connection *connection)
{
    static const char subject[] = "\"type\":\"access_token\",\"id\":\"";
    uint8_t row[IDEAL_GRANT], random[IDEAL_ID];
    time_t now = 0;
    const char *token = strstr(request->body, subject);
    const char *end = token ? strchr(token + sizeof subject - 1, '"') : NULL;
    if (!is_authentic(connection) || !end)
        return answer_text(connection, 400, "{\"error\":\"invalid_request\"}");
    token += sizeof subject - 1;
    if (!find(token, (size_t)(end - token), row))
        return answer_text(connection, 404, "{\"decision\":false}");

    char id[ID_TEXT + 1] = {0};
    id_draw(random, &now);
    (void)jose_encode(random, sizeof random, id);
    request->out_len = (size_t)snprintf(
        request->out, OUT_MAX,
        "{\"decision\":true,\"context\":{\"id\":\"%s\",\"reason\":\"allowed\"}}", id);
    return wait_for_commit(request, loop, connection, IDEAL_COUNT);
}

/* ---- the edge ---- */

static enum MHD_Result handle(void *loop, struct MHD_Connection *connection, const char *url,
                              const char *method, const char *version, const char *upload,
                              size_t *upload_size, void **context)
{
    struct request *request = *context;
    (void)method, (void)version;
    if (!request) {
        *context = request = malloc(sizeof *request);
        if (request)
            request->len = 0, request->write.kind = IDEAL_READ;
        return request ? MHD_YES : MHD_NO;
    }
    if (*upload_size > 0) {
        if (*upload_size >= BODY_MAX - request->len)
            return MHD_NO;
        memcpy(request->body + request->len, upload, *upload_size);
        request->len += *upload_size;
        *upload_size = 0;
        return MHD_YES;
    }
    if (request->write.kind != IDEAL_READ)
        return request->write.is_used
                   ? answer_text(connection, 401, "{\"error\":\"invalid_client\"}")
                   : bench_reply(connection, 200, request->out, request->out_len);
    request->body[request->len] = '\0';
    request->write.is_used = false;
    if (strcmp(url, "/token") == 0)
        return token_asked(request, loop, connection);
    if (strcmp(url, "/introspect") == 0)
        return introspection_asked(request, connection);
    if (strcmp(url, "/decision") == 0)
        return decision_asked(request, loop, connection);
    return answer_text(connection, 404, "{}");
}

static void completed(void *arg, struct MHD_Connection *connection, void **context,
                      enum MHD_RequestTerminationCode why)
{
    (void)arg, (void)connection, (void)why;
    free(*context);
    *context = NULL;
}

int main(int argc, char **argv)
{
    if (argc != 3)
        return 2;
    jose_open(argv[2]);
    jose_sha256(ideal_secret, sizeof ideal_secret - 1, secret_digest);
    ideal_store_open(argv[1]);
    return bench_serve(handle, completed);
}
