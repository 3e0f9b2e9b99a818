/* SPDX-License-Identifier: Apache-2.0 */
/* Agents and services proving themselves: which way, then that way; and people by their tokens. */
#include "base/arena.h"
#include "crypto/digest.h"
#include "identity/assertion.h"
#include "identity/basic.h"
#include "identity/keys.h"

static enum ambit_err refuse(struct identity_answer *ret, enum identity_refusal refusal)
{
    ret->refusal = refusal;
    return AMBIT_OK;
}

/* ---- shared secrets ---- */

/* Every secret of the client is compared, whichever fits; for a client that is not there, one that
 * nothing fits: it takes as long (CLI-3). */
static const struct ambit_credential *secret_of(const struct credentials *credentials,
                                                struct ambit_str secret, int64_t now_ms)
{
    static const struct ambit_credential nobodys = {.method = AMBIT_METHOD_CLIENT_SECRET_BASIC,
                                                    .expires_ms = INT64_MIN};
    struct ambit_digest digest;
    crypto_sha256(secret.p, secret.len, &digest);

    const struct ambit_credential *found = NULL, *v = credentials->n ? credentials->v : &nobodys;
    size_t n = credentials->n ? credentials->n : 1;
    for (size_t i = 0; i < n; i++) {
        bool is_equal = crypto_equal(digest.b, v[i].digest.b, sizeof digest.b);
        if (is_equal && v[i].method == AMBIT_METHOD_CLIENT_SECRET_BASIC && v[i].expires_ms > now_ms)
            found = &v[i];
    }
    return found;
}

struct basic_question {
    const struct ambit_documents *documents;
    struct ambit_str authorization, client_id;
    int64_t now_ms;
};

static enum ambit_err by_basic(const struct basic_question *question, struct arena *arena,
                               struct identity_answer *ret)
{
    ret->used_header = true;
    struct basic basic = {0};
    enum ambit_err err = basic_read(question->authorization, arena, &basic);
    if (err == AMBIT_ERR_NO_MEMORY)
        return err;
    if (err)
        return refuse(ret, IDENTITY_INVALID);

    struct credentials credentials = credentials_of_client(question->documents, basic.id);
    const struct ambit_credential *credential =
        secret_of(&credentials, basic.secret, question->now_ms);
    if (!credential)
        return refuse(ret, IDENTITY_INVALID);
    if (question->client_id.p && !ambit_str_eq(question->client_id, basic.id)) /* CLI-3 */
        return refuse(ret, IDENTITY_INVALID);
    ret->caller = (struct caller){.kind = credentials.kind,
                                  .name = credentials.name,
                                  .method = AMBIT_METHOD_CLIENT_SECRET_BASIC,
                                  .credential = credential->digest};
    return refuse(ret, IDENTITY_FINE);
}

/* ---- clients ---- */

static bool is_assertion_type(struct ambit_str type)
{
    return ambit_str_is(type, "urn:ietf:params:oauth:client-assertion-type:jwt-bearer");
}

enum ambit_err identity_client(const struct ambit_documents *documents,
                               const struct identity_keys *keys, struct ambit_str issuer,
                               int64_t now_ms, const struct identity_proof *proof,
                               struct arena *arena, struct identity_answer *ret)
{
    *ret = (struct identity_answer){.refusal = IDENTITY_INVALID,
                                    .used_header = proof->authorization.p};
    bool has_header = proof->authorization.p, has_secret = proof->client_secret.p;
    bool has_assertion = proof->client_assertion.p || proof->client_assertion_type.p;
    int ways = has_header + has_secret + has_assertion;
    if (ways > 1)
        return refuse(ret, has_assertion ? IDENTITY_TWO_METHODS_ASSERTION
                                         : IDENTITY_TWO_METHODS); /* CLI-1 */
    if (ways == 0)
        return refuse(ret, IDENTITY_NO_CREDENTIALS);
    if (has_secret)
        return refuse(ret, IDENTITY_INVALID); /* client_secret_post is off (CLI-14) */
    if (has_header) {
        struct basic_question question = {.documents = documents,
                                          .authorization = proof->authorization,
                                          .client_id = proof->client_id,
                                          .now_ms = now_ms};
        return by_basic(&question, arena, ret);
    }

    if (!proof->client_assertion.p || !is_assertion_type(proof->client_assertion_type)) /* CLI-5 */
        return refuse(ret, IDENTITY_INVALID);
    struct assertion_question question = {.documents = documents,
                                          .keys = keys,
                                          .issuer = issuer,
                                          .client_id = proof->client_id,
                                          .assertion = proof->client_assertion,
                                          .now_ms = now_ms};
    enum ambit_err err = assertion_check(&question, arena, &ret->caller);
    if (err == AMBIT_ERR_REFUSED)
        return refuse(ret, IDENTITY_INVALID);
    if (err)
        return err;
    return refuse(ret, IDENTITY_FINE);
}

enum ambit_err identity_service(const struct ambit_documents *documents,
                                struct ambit_str authorization, int64_t now_ms, struct arena *arena,
                                struct identity_answer *ret)
{
    *ret = (struct identity_answer){.refusal = IDENTITY_INVALID, .used_header = authorization.p};
    if (!authorization.p)
        return refuse(ret, IDENTITY_NO_CREDENTIALS);
    struct basic_question question = {
        .documents = documents, .authorization = authorization, .now_ms = now_ms};
    enum ambit_err err = by_basic(&question, arena, ret);
    if (err)
        return err;
    if (ret->refusal == IDENTITY_FINE && ret->caller.kind != CALLER_SERVICE)
        return refuse(ret, IDENTITY_INVALID);
    return AMBIT_OK;
}

/* ---- people ---- */

/* Found by digest: how long the search takes tells about SHA-256 of what was presented, not about
 * any token there is. */
static const struct person_token *token_find(const struct identity_keys *keys,
                                             struct ambit_str token)
{
    struct ambit_digest digest;
    crypto_sha256(token.p, token.len, &digest);
    size_t low = 0, high = keys->n_tokens;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (memcmp(keys->tokens[middle].digest.b, digest.b, sizeof digest.b) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    bool is_found =
        low < keys->n_tokens && crypto_equal(keys->tokens[low].digest.b, digest.b, sizeof digest.b);
    /* Two people with one token: neither can be told from the other. */
    bool is_shared = is_found && low + 1 < keys->n_tokens &&
                     ambit_digest_eq(keys->tokens[low].digest, keys->tokens[low + 1].digest);
    return is_found && !is_shared ? &keys->tokens[low] : NULL;
}

enum ambit_err identity_person(const struct ambit_documents *documents,
                               const struct identity_keys *keys, struct ambit_str authorization,
                               int64_t now_ms, struct identity_answer *ret)
{
    (void)documents; /* the index points into it */
    *ret = (struct identity_answer){.refusal = IDENTITY_INVALID, .used_header = authorization.p};
    if (!authorization.p)
        return refuse(ret, IDENTITY_NO_CREDENTIALS);
    struct ambit_str token = identity_bearer(authorization);
    if (!token.p)
        return refuse(ret, IDENTITY_INVALID);
    const struct person_token *found = token_find(keys, token);
    if (!found || found->expires_ms <= now_ms || !found->person->is_active)
        return refuse(ret, IDENTITY_INVALID);
    ret->caller = (struct caller){.kind = CALLER_PERSON,
                                  .name = found->person->doc.name,
                                  .method = AMBIT_METHOD_TOKEN,
                                  .credential = found->digest};
    return refuse(ret, IDENTITY_FINE);
}
