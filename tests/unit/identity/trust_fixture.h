/* SPDX-License-Identifier: Apache-2.0 */
/* A configuration that trusts a few issuers by files in a folder of the test's own, and tokens that
 * they sign. */
#pragma once

#include <stdio.h>
#include <unistd.h>

#include "fixture.h"
#include "identity/trust.h"

enum { TRUST_ISSUERS = 4 };

struct trust_fixture {
    struct config config;
    char paths[TRUST_ISSUERS + 1][64];
    struct jws_signer *signer; /* of every issuer but the trust domain */
    struct jws_signer *svid_signer;
    struct identity_trust *trust;
};

static inline void trust_write(const char *path, struct ambit_str text)
{
    FILE *file = fopen(path, "w");
    AMBIT_ASSERT(file && fwrite(text.p, 1, text.len, file) == text.len && fclose(file) == 0);
}

/* {"keys":[{...}]} of one key, `use` as given. */
static inline void trust_key(struct crypto_key *key, const char *use, struct buf *out)
{
    BUF_AUTO jwk = {.p = NULL};
    struct json_out json;
    json_out_init(&json, &jwk, false);
    crypto_key_put_jwk(key, CRYPTO_ES256, &json);
    struct ambit_str text = buf_str(&jwk);
    const char *at = strstr((buf_put_char(&jwk, '\0'), jwk.p), "\"use\":\"sig\"");
    AMBIT_ASSERT(at);
    buf_put_text(out, "{\"keys\":[");
    buf_put(out, text.p, (size_t)(at - jwk.p));
    buf_put_text(out, "\"use\":\"");
    buf_put_text(out, use);
    buf_put_text(out, "\"");
    buf_put_text(out, at + strlen("\"use\":\"sig\""));
    buf_put_text(out, "]}");
}

static inline void trust_issuer_file(struct trust_fixture *t, size_t i, struct crypto_key *key,
                                     const char *use)
{
    BUF_AUTO text = {.p = NULL};
    trust_key(key, use, &text);
    int n = snprintf(t->paths[i], sizeof t->paths[i], "trust-%d-%zu.json", (int)getpid(), i);
    AMBIT_ASSERT(n > 0 && buf_check(&text) == AMBIT_OK);
    trust_write(t->paths[i], buf_str(&text));
}

/* `client_ca`: a PEM file, or NULL. */
static inline void trust_init(struct trust_fixture *t, const char *client_ca)
{
    static const struct {
        const char *issuer;
        enum config_profile profile;
        bool is_assertion;
    } rows[TRUST_ISSUERS] = {
        {"https://idp.example.gov", CONFIG_PROFILE_OIDC, true},
        {"https://kubernetes.default.svc", CONFIG_PROFILE_KUBERNETES, false},
        {"https://token.actions.githubusercontent.com", CONFIG_PROFILE_GITHUB, false},
        {"spiffe://example.gov", CONFIG_PROFILE_SPIFFE, true},
    };
    *t = (struct trust_fixture){.config.fetch.stale_s = 60};
    struct crypto_key *key = NULL, *svid = NULL;
    AMBIT_ASSERT(crypto_key_new(CRYPTO_ES256, &key) == AMBIT_OK);
    AMBIT_ASSERT(crypto_key_new(CRYPTO_ES256, &svid) == AMBIT_OK);
    for (size_t i = 0; i < TRUST_ISSUERS; i++) {
        bool is_spiffe = rows[i].profile == CONFIG_PROFILE_SPIFFE;
        trust_issuer_file(t, i, is_spiffe ? svid : key, is_spiffe ? "jwt-svid" : "sig");
        t->config.issuers[i] = (struct config_issuer){.issuer = ambit_str_of(rows[i].issuer),
                                                      .jwks = ambit_str_of(t->paths[i]),
                                                      .is_file = true,
                                                      .algorithms = CRYPTO_ALG_BIT(CRYPTO_ES256),
                                                      .max_age_s = 600,
                                                      .profile = rows[i].profile,
                                                      .is_assertion = rows[i].is_assertion};
    }
    t->config.n_issuers = TRUST_ISSUERS;
    if (client_ca) {
        t->config.n_listen = 1;
        t->config.listen[0].tls = (struct config_tls){.certificate = AMBIT_STR("c.pem"),
                                                      .client_ca = ambit_str_of(client_ca)};
    }
    BUF_AUTO text = {.p = NULL};
    AMBIT_ASSERT(identity_trust_new(&t->config, AMBIT_STR(ISSUER), &t->trust, &text) == AMBIT_OK);
    AMBIT_ASSERT(jws_signer_new(key, CRYPTO_ES256, &t->signer) == AMBIT_OK);
    AMBIT_ASSERT(jws_signer_new(svid, CRYPTO_ES256, &t->svid_signer) == AMBIT_OK);
    crypto_key_free(key);
    crypto_key_free(svid);
}

static inline void trust_done(struct trust_fixture *t)
{
    identity_trust_free(t->trust);
    jws_signer_free(t->signer);
    jws_signer_free(t->svid_signer);
    for (size_t i = 0; i < TRUST_ISSUERS; i++)
        (void)unlink(t->paths[i]);
}
