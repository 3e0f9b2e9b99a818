/* SPDX-License-Identifier: Apache-2.0 */
/* A small set of documents for the tests of identity/: an agent with a secret and a key, a service,
 * a person; and assertions signed for them. */
#pragma once

#include "base/arena.h"
#include "base/buf.h"
#include "base/json_write.h"
#include "crypto/digest.h"
#include "crypto/jws.h"
#include "identity/identity.h"

#define NOW_MS INT64_C(1790000000000)
#define ISSUER "https://broker.example.gov"

struct fixture {
    struct ambit_credential agent_ways[3], service_ways[1], person_ways[2];
    struct ambit_agent agents[1];
    struct ambit_service services[1];
    struct ambit_person people[2];
    struct ambit_documents documents;
    struct identity_keys *keys;
    struct jws_signer *signer, *stranger;
    struct buf jwks;
};

static inline struct ambit_digest digest_of(const char *text)
{
    struct ambit_digest digest;
    crypto_sha256(text, strlen(text), &digest);
    return digest;
}

static inline void fixture_keys(struct fixture *f)
{
    struct crypto_key *key = NULL, *other = NULL;
    AMBIT_ASSERT(crypto_key_new(CRYPTO_ES256, &key) == AMBIT_OK);
    AMBIT_ASSERT(crypto_key_new(CRYPTO_ES256, &other) == AMBIT_OK);
    struct json_out out;
    buf_init(&f->jwks, 0);
    json_out_init(&out, &f->jwks, false);
    json_begin_object(&out);
    json_key(&out, "keys");
    json_begin_array(&out);
    crypto_key_put_jwk(key, CRYPTO_ES256, &out);
    json_end_array(&out);
    json_end_object(&out);
    AMBIT_ASSERT(jws_signer_new(key, CRYPTO_ES256, &f->signer) == AMBIT_OK);
    AMBIT_ASSERT(jws_signer_new(other, CRYPTO_ES256, &f->stranger) == AMBIT_OK);
    crypto_key_free(key);
    crypto_key_free(other);
}

static inline void fixture_init(struct fixture *f)
{
    *f = (struct fixture){0};
    fixture_keys(f);
    f->agent_ways[0] = (struct ambit_credential){.method = AMBIT_METHOD_CLIENT_SECRET_BASIC,
                                                 .digest = digest_of("agent secret"),
                                                 .expires_ms = NOW_MS + 1000};
    f->agent_ways[1] = (struct ambit_credential){.method = AMBIT_METHOD_CLIENT_SECRET_BASIC,
                                                 .digest = digest_of("lapsed secret"),
                                                 .expires_ms = NOW_MS};
    f->agent_ways[2] = (struct ambit_credential){.method = AMBIT_METHOD_PRIVATE_KEY_JWT,
                                                 .jwks = buf_str(&f->jwks)};
    f->service_ways[0] = (struct ambit_credential){.method = AMBIT_METHOD_CLIENT_SECRET_BASIC,
                                                   .digest = digest_of("service secret"),
                                                   .expires_ms = NOW_MS + 1000};
    f->person_ways[0] = (struct ambit_credential){.method = AMBIT_METHOD_TOKEN,
                                                  .digest = digest_of("dana-token"),
                                                  .expires_ms = NOW_MS + 1000};
    f->person_ways[1] = (struct ambit_credential){.method = AMBIT_METHOD_TOKEN,
                                                  .digest = digest_of("kim-token"),
                                                  .expires_ms = NOW_MS + 1000};
    f->agents[0] = (struct ambit_agent){
        .doc.name = AMBIT_STR("remediator"), .credentials = f->agent_ways, .n_credentials = 3};
    f->services[0] = (struct ambit_service){
        .doc.name = AMBIT_STR("payments-api"), .credentials = f->service_ways, .n_credentials = 1};
    f->people[0] = (struct ambit_person){.doc.name = AMBIT_STR("dana"),
                                         .is_active = true,
                                         .credentials = &f->person_ways[0],
                                         .n_credentials = 1};
    f->people[1] = (struct ambit_person){.doc.name = AMBIT_STR("kim"),
                                         .is_active = false,
                                         .credentials = &f->person_ways[1],
                                         .n_credentials = 1};
    f->documents = (struct ambit_documents){.agents = f->agents,
                                            .n_agents = 1,
                                            .services = f->services,
                                            .n_services = 1,
                                            .people = f->people,
                                            .n_people = 2};
    struct ambit_str name = {0};
    const char *what = NULL;
    AMBIT_ASSERT(identity_keys_new(&f->documents, &f->keys, &name, &what) == AMBIT_OK);
}

static inline void fixture_done(struct fixture *f)
{
    identity_keys_free(f->keys);
    jws_signer_free(f->signer);
    jws_signer_free(f->stranger);
    buf_done(&f->jwks);
}

static inline enum ambit_err fixture_client(struct fixture *f, const struct identity_proof *proof,
                                            struct arena *arena, struct identity_answer *ret)
{
    return identity_client(&f->documents, f->keys, AMBIT_STR(ISSUER), NOW_MS, proof, arena, ret);
}
