/* SPDX-License-Identifier: Apache-2.0 */
/* Agents and services proving themselves: which way, then that way. People: person.c. */
#include "base/arena.h"
#include "crypto/digest.h"
#include "identity/assertion.h"
#include "identity/basic.h"
#include "identity/certificate.h"
#include "identity/credential.h"
#include "identity/federated.h"
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

/* ---- signed by others, or by the client itself ---- */

/* One request at an OAuth endpoint. */
struct client_question {
    const struct ambit_documents *documents;
    const struct identity_keys *keys;
    struct ambit_str issuer;
    int64_t now_ms;
    const struct identity_proof *proof;
};

static bool is_own_assertion(struct ambit_str type)
{
    return ambit_str_is(type, "urn:ietf:params:oauth:client-assertion-type:jwt-bearer");
}

static bool is_spiffe_assertion(struct ambit_str type)
{
    return ambit_str_is(type, "urn:ietf:params:oauth:client-assertion-type:jwt-spiffe");
}

/* REFUSED is an answer; everything else is not. */
static enum ambit_err answer_of(enum ambit_err err, enum identity_refusal refusal,
                                struct identity_answer *ret)
{
    if (err && err != AMBIT_ERR_REFUSED)
        return err;
    return refuse(ret, err ? refusal : IDENTITY_FINE);
}

/* A platform's token in the place of the client's own (WIF-4 b, SPF-3). It names its subject as the
 * platform does, so the client says which agent it is; an SVID may say it by its SPIFFE ID, or not
 * at all (SPF-6). */
static enum ambit_err by_federated(const struct client_question *question, bool is_spiffe,
                                   struct arena *arena, struct identity_answer *ret)
{
    const struct identity_proof *proof = question->proof;
    const struct federated_question federated = {.documents = question->documents,
                                                 .keys = question->keys,
                                                 .token = proof->client_assertion,
                                                 .is_spiffe = is_spiffe,
                                                 .now_ms = question->now_ms};
    struct federated_answer answer = {0};
    enum ambit_err err = federated_check(&federated, arena, &answer);
    if (err)
        return answer_of(err, IDENTITY_INVALID, ret);
    struct ambit_str id = proof->client_id;
    bool is_same = id.p ? ambit_str_eq(id, answer.caller.name) ||
                              (is_spiffe && ambit_str_eq(id, answer.subject))
                        : is_spiffe;
    if (!is_same)
        return refuse(ret, IDENTITY_INVALID);
    ret->caller = answer.caller;
    return refuse(ret, IDENTITY_FINE);
}

static enum ambit_err by_assertion(const struct client_question *question, struct arena *arena,
                                   struct identity_answer *ret)
{
    const struct identity_proof *proof = question->proof;
    bool is_spiffe = is_spiffe_assertion(proof->client_assertion_type);
    if (!proof->client_assertion.p ||
        (!is_spiffe && !is_own_assertion(proof->client_assertion_type))) /* CLI-5 */
        return refuse(ret, IDENTITY_INVALID);
    if (is_spiffe || federated_is_assertion(question->keys, proof->client_assertion, arena))
        return by_federated(question, is_spiffe, arena, ret);

    struct assertion_question own = {.documents = question->documents,
                                     .keys = question->keys,
                                     .issuer = question->issuer,
                                     .client_id = proof->client_id,
                                     .assertion = proof->client_assertion,
                                     .now_ms = question->now_ms};
    return answer_of(assertion_check(&own, arena, &ret->caller), IDENTITY_INVALID, ret);
}

/* ---- the connection ---- */

static enum ambit_err by_certificate(const struct client_question *question,
                                     struct identity_answer *ret)
{
    const struct certificate_question certificate = {.documents = question->documents,
                                                     .keys = question->keys,
                                                     .chain = question->proof->certificates,
                                                     .n = question->proof->n_certificates,
                                                     .now_ms = question->now_ms};
    return answer_of(certificate_client(&certificate, question->proof->client_id, &ret->caller),
                     IDENTITY_INVALID, ret);
}

/* UNX-1, UNX-4: who the kernel says connected. Root is nobody's agent. */
static enum ambit_err by_peer(const struct client_question *question, struct identity_answer *ret)
{
    const struct identity_proof *proof = question->proof;
    struct credentials credentials = credentials_of_client(question->documents, proof->client_id);
    for (size_t i = 0; i < credentials.n; i++) {
        const struct ambit_credential *credential = &credentials.v[i];
        if (credential->method != AMBIT_METHOD_UNIX_PEER || proof->uid <= 0 ||
            credential->uid != proof->uid ||
            (credential->gid >= 0 && credential->gid != proof->gid))
            continue;
        ret->caller = (struct caller){.kind = credentials.kind,
                                      .name = credentials.name,
                                      .method = AMBIT_METHOD_UNIX_PEER,
                                      .credential = credential_digest(credential)};
        return refuse(ret, IDENTITY_FINE);
    }
    return refuse(ret, IDENTITY_INVALID);
}

/* ---- clients ---- */

static enum ambit_err authenticate(const struct client_question *question, struct arena *arena,
                                   struct identity_answer *ret)
{
    const struct identity_proof *proof = question->proof;
    bool has_header = proof->authorization.p, has_secret = proof->client_secret.p;
    bool has_assertion = proof->client_assertion.p || proof->client_assertion_type.p;
    int ways = has_header + has_secret + has_assertion;
    if (ways > 1)
        return refuse(ret, has_assertion ? IDENTITY_TWO_METHODS_ASSERTION
                                         : IDENTITY_TWO_METHODS); /* CLI-1 */
    if (has_secret)
        return refuse(ret, IDENTITY_INVALID); /* client_secret_post is off (CLI-14) */
    if (has_header) {
        struct basic_question basic = {.documents = question->documents,
                                       .authorization = proof->authorization,
                                       .client_id = proof->client_id,
                                       .now_ms = question->now_ms};
        return by_basic(&basic, arena, ret);
    }
    if (has_assertion)
        return by_assertion(question, arena, ret);
    if (proof->assertion.p) /* ASG-3: the grant speaks for itself */
        return refuse(ret, IDENTITY_NO_CREDENTIALS);
    /* MTL-1: a certificate by itself is a way in only with the name; beside another way it is what
     * a token may be bound to, and nothing here. */
    if (proof->n_certificates > 0)
        return by_certificate(question, ret);
    if (proof->is_unix && proof->client_id.p)
        return by_peer(question, ret);
    return refuse(ret, IDENTITY_NO_CREDENTIALS);
}

/* ASG-1..5: the assertion says which agent; a client that authenticates besides must be that one.
 */
static enum ambit_err by_grant(const struct client_question *question, struct arena *arena,
                               struct identity_answer *ret)
{
    const struct federated_question federated = {.documents = question->documents,
                                                 .keys = question->keys,
                                                 .token = question->proof->assertion,
                                                 .is_grant = true,
                                                 .now_ms = question->now_ms};
    struct federated_answer answer = {0};
    enum ambit_err err = federated_check(&federated, arena, &answer);
    if (err)
        return answer_of(err, IDENTITY_INVALID_GRANT, ret);
    if (ret->refusal == IDENTITY_FINE) {
        if (ret->caller.kind != CALLER_AGENT || !ambit_str_eq(ret->caller.name, answer.caller.name))
            return refuse(ret, IDENTITY_INVALID_GRANT);
        ret->caller.composition = answer.caller.composition;
        ret->has_grant_once = answer.caller.has_once;
        ret->grant_once = answer.caller.once;
        ret->grant_once_until_ms = answer.caller.once_until_ms;
        return AMBIT_OK;
    }
    struct ambit_str id = question->proof->client_id;
    if (id.p && !ambit_str_eq(id, answer.caller.name) && !ambit_str_eq(id, answer.subject))
        return refuse(ret, IDENTITY_INVALID); /* CLI-3 */
    ret->caller = answer.caller;
    return refuse(ret, IDENTITY_FINE);
}

enum ambit_err identity_client(const struct ambit_documents *documents,
                               const struct identity_keys *keys, struct ambit_str issuer,
                               int64_t now_ms, const struct identity_proof *proof,
                               struct arena *arena, struct identity_answer *ret)
{
    const struct client_question question = {
        .documents = documents, .keys = keys, .issuer = issuer, .now_ms = now_ms, .proof = proof};
    *ret = (struct identity_answer){.refusal = IDENTITY_INVALID,
                                    .used_header = proof->authorization.p};
    enum ambit_err err = authenticate(&question, arena, ret);
    bool is_left_to_grant =
        ret->refusal == IDENTITY_FINE || ret->refusal == IDENTITY_NO_CREDENTIALS;
    if (!err && proof->assertion.p && is_left_to_grant)
        err = by_grant(&question, arena, ret);
    if (!err && ret->refusal == IDENTITY_FINE)
        identity_note_certificate(proof, &ret->caller);
    return err;
}

struct ambit_str identity_claimed(const struct identity_proof *proof, struct arena *arena)
{
    struct basic basic = {0};
    if (proof->client_id.p || !proof->authorization.p)
        return proof->client_id;
    enum ambit_err err = basic_read(proof->authorization, arena, &basic);
    return err ? (struct ambit_str){0} : basic.id;
}

enum ambit_err identity_service(const struct ambit_documents *documents,
                                const struct identity_keys *keys,
                                const struct identity_proof *proof, int64_t now_ms,
                                struct arena *arena, struct identity_answer *ret)
{
    *ret = (struct identity_answer){.refusal = IDENTITY_INVALID,
                                    .used_header = proof->authorization.p};
    enum ambit_err err = AMBIT_OK;
    if (proof->authorization.p) {
        struct basic_question question = {
            .documents = documents, .authorization = proof->authorization, .now_ms = now_ms};
        err = by_basic(&question, arena, ret);
    } else if (proof->n_certificates > 0) {
        const struct certificate_question question = {.documents = documents,
                                                      .keys = keys,
                                                      .chain = proof->certificates,
                                                      .n = proof->n_certificates,
                                                      .now_ms = now_ms};
        err = answer_of(certificate_service(&question, &ret->caller), IDENTITY_INVALID, ret);
    } else {
        return refuse(ret, IDENTITY_NO_CREDENTIALS);
    }
    if (err)
        return err;
    if (ret->refusal == IDENTITY_FINE && ret->caller.kind != CALLER_SERVICE)
        return refuse(ret, IDENTITY_INVALID);
    if (ret->refusal == IDENTITY_FINE)
        identity_note_certificate(proof, &ret->caller);
    return AMBIT_OK;
}
