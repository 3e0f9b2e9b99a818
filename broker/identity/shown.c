/* SPDX-License-Identifier: Apache-2.0 */
/* A token that is shown to ambit as the resource: the way it is shown, and the key it is bound
 * to. */
#include "identity/dpop.h"

#include "crypto/digest.h"
#include "identity/basic.h"
#include "identity/identity.h"

struct shown_token identity_shown_token(struct ambit_str authorization)
{
    struct shown_token shown = {.text = identity_bearer(authorization)};
    if (shown.text.p)
        return shown;
    struct ambit_str rest = scheme_rest(authorization, "DPoP");
    shown.by_dpop = is_token68(rest);
    if (shown.by_dpop)
        shown.text = rest;
    return shown;
}

static enum ambit_err refuse(struct dpop_proof *ret, enum dpop_refusal refusal, const char *what)
{
    ret->refusal = refusal;
    ret->what = what;
    return AMBIT_OK;
}

static enum ambit_err check_dpop(const struct shown_question *question, struct arena *arena,
                                 struct dpop_proof *ret)
{
    if (!question->proof.proof.p)
        return refuse(ret, DPOP_INVALID_PROOF, "the token is bound to a key: send a DPoP proof");
    struct dpop_question proof = question->proof;
    proof.token = question->token.text;
    enum ambit_err err = dpop_check(&proof, arena, ret);
    if (err || ret->refusal != DPOP_FINE)
        return err;
    if (!crypto_equal(ret->key.b, question->key.b, sizeof ret->key.b))
        return refuse(ret, DPOP_INVALID_TOKEN, "the token is bound to another key");
    return AMBIT_OK;
}

enum ambit_err identity_shown_check(const struct shown_question *question, struct arena *arena,
                                    struct dpop_proof *ret)
{
    *ret = (struct dpop_proof){.refusal = DPOP_FINE};
    if (question->token.by_dpop != (question->binding == AMBIT_BINDING_DPOP))
        return refuse(ret, DPOP_INVALID_TOKEN,
                      question->token.by_dpop ? "the token is bound to no key: show it as Bearer"
                                              : "the token is bound to a key: show it as DPoP");
    switch (question->binding) {
    case AMBIT_BINDING_NONE:
        break;
    case AMBIT_BINDING_DPOP:
        return check_dpop(question, arena, ret);
    case AMBIT_BINDING_MTLS:
        if (!question->has_certificate ||
            !crypto_equal(question->certificate.b, question->key.b, sizeof question->key.b))
            return refuse(ret, DPOP_INVALID_TOKEN,
                          "the token is bound to another certificate than that of the connection");
        break;
    }
    return AMBIT_OK;
}

#define ALGS ", algs=\"ES256 EdDSA Ed25519 RS256 PS256\""

const char *dpop_challenge(enum dpop_refusal refusal)
{
    switch (refusal) {
    case DPOP_FINE:
        break;
    case DPOP_INVALID_PROOF:
        return "DPoP realm=\"ambit\", error=\"invalid_dpop_proof\"" ALGS;
    case DPOP_USE_NONCE:
        return "DPoP realm=\"ambit\", error=\"use_dpop_nonce\"" ALGS;
    case DPOP_INVALID_TOKEN:
        return "DPoP realm=\"ambit\", error=\"invalid_token\"" ALGS;
    }
    return "DPoP realm=\"ambit\"" ALGS;
}
