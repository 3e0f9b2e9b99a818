/* SPDX-License-Identifier: Apache-2.0 */
/* People proving themselves: by a bearer token, or by a certificate that their document pins. */
#include "crypto/digest.h"
#include "identity/certificate.h"
#include "identity/keys.h"

void identity_note_certificate(const struct identity_proof *proof, struct caller *caller)
{
    if (proof->n_certificates == 0)
        return;
    caller->has_certificate = true;
    crypto_sha256(proof->certificates[0].p, proof->certificates[0].len, &caller->certificate);
}

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

static bool by_token(const struct identity_keys *keys, struct ambit_str authorization,
                     int64_t now_ms, struct caller *ret)
{
    struct ambit_str token = identity_bearer(authorization);
    const struct person_token *found = token.p ? token_find(keys, token) : NULL;
    if (!found || found->expires_ms <= now_ms || !found->person->is_active)
        return false;
    *ret = (struct caller){.kind = CALLER_PERSON,
                           .name = found->person->doc.name,
                           .method = AMBIT_METHOD_TOKEN,
                           .credential = found->digest};
    return true;
}

enum ambit_err identity_person(const struct ambit_documents *documents,
                               const struct identity_keys *keys, const struct identity_proof *proof,
                               int64_t now_ms, struct identity_answer *ret)
{
    *ret = (struct identity_answer){.refusal = IDENTITY_INVALID,
                                    .used_header = proof->authorization.p};
    if (proof->authorization.p) {
        if (by_token(keys, proof->authorization, now_ms, &ret->caller))
            ret->refusal = IDENTITY_FINE;
        return AMBIT_OK;
    }
    ret->refusal = IDENTITY_NO_CREDENTIALS;
    if (proof->n_certificates == 0)
        return AMBIT_OK;
    const struct certificate_question question = {.documents = documents,
                                                  .keys = keys,
                                                  .chain = proof->certificates,
                                                  .n = proof->n_certificates,
                                                  .now_ms = now_ms};
    enum ambit_err err = certificate_person(&question, &ret->caller);
    if (err && err != AMBIT_ERR_REFUSED)
        return err;
    ret->refusal = err ? IDENTITY_INVALID : IDENTITY_FINE;
    if (!err)
        identity_note_certificate(proof, &ret->caller);
    return AMBIT_OK;
}
