/* SPDX-License-Identifier: Apache-2.0 */
/* Tokens of other issuers: any bytes as the whole of it stand for nobody; any bytes as the payload
 * of a well signed one stand for the agent that a document names, and only with the claims that the
 * rules ask. */
#include "../unit/identity/trust_fixture.h"

#include "base/json_read.h"
#include "fuzz.h"
#include "identity/federated.h"

struct world {
    struct fixture f;
    struct trust_fixture t;
    struct ambit_claim claims[4];
    struct ambit_credential ways[4];
    struct ambit_agent agents[2];
    struct identity_keys *keys;
};

static struct ambit_claim claim(const char *name, const char *value)
{
    return (struct ambit_claim){
        .name = ambit_str_of(name),
        .value = {.kind = AMBIT_SCALAR_STRING, .text = ambit_str_of(value)}};
}

static void fill_ways(struct world *w)
{
    static const char *const names[][2] = {
        {"https://idp.example.gov", "batch"},
        {"https://kubernetes.default.svc", "system:serviceaccount:prod:rem"},
        {"https://token.actions.githubusercontent.com", "repo:o/r:pull_request"},
        {"spiffe://example.gov", "spiffe://example.gov/ns/rem"},
    };
    w->claims[0] = claim("/kubernetes.io/serviceaccount/a~1b", "u-1");
    w->claims[1] = claim("environment", "prod");
    w->claims[2] = (struct ambit_claim){.name = AMBIT_STR("n"),
                                        .value = {.kind = AMBIT_SCALAR_INTEGER, .integer = 7}};
    w->claims[3] = (struct ambit_claim){.name = AMBIT_STR("ok"),
                                        .value = {.kind = AMBIT_SCALAR_BOOLEAN, .boolean = true}};
    for (size_t i = 0; i < 4; i++)
        w->ways[i] = (struct ambit_credential){.method = AMBIT_METHOD_FEDERATED_JWT,
                                               .issuer = ambit_str_of(names[i][0]),
                                               .subject = ambit_str_of(names[i][1]),
                                               .gid = -1};
    w->ways[1].claims = &w->claims[0];
    w->ways[1].n_claims = 1;
    w->ways[2].claims = &w->claims[1];
    w->ways[2].n_claims = 3;
}

static void begin(struct world *w)
{
    struct ambit_str name = {0};
    const char *what = NULL;
    fixture_init(&w->f);
    trust_init(&w->t, NULL);
    fill_ways(w);
    w->agents[0] = (struct ambit_agent){
        .doc.name = AMBIT_STR("remediator"), .credentials = w->ways, .n_credentials = 3};
    w->agents[1] = (struct ambit_agent){
        .doc.name = AMBIT_STR("reporter"), .credentials = &w->ways[3], .n_credentials = 1};
    w->f.documents.agents = w->agents;
    w->f.documents.n_agents = 2;
    FUZZ_CHECK(identity_keys_new(&w->f.documents, &w->keys, &name, &what) == AMBIT_OK);
    FUZZ_CHECK(identity_keys_attach(w->keys, w->t.trust) == AMBIT_OK);
    for (size_t i = 0; i < TRUST_ISSUERS; i++)
        FUZZ_CHECK(unlink(w->t.paths[i]) == 0); /* read already */
}

static enum ambit_err check(struct world *w, struct ambit_str token, bool is_grant,
                            struct arena *arena, struct federated_answer *ret)
{
    const struct federated_question question = {.documents = &w->f.documents,
                                                .keys = w->keys,
                                                .token = token,
                                                .is_grant = is_grant,
                                                .now_ms = NOW_MS};
    (void)federated_is_assertion(w->keys, token, arena);
    return federated_check(&question, arena, ret);
}

static void check_claims(struct ambit_str payload, const struct federated_answer *answer,
                         bool is_svid, struct arena *arena)
{
    const struct json_value *claims = NULL;
    struct json_problem problem = {0};
    FUZZ_CHECK(json_read(payload, (struct json_limits){.allow_decimals = true}, arena, &claims,
                         &problem) == AMBIT_OK);
    struct ambit_str subject = json_get_str(claims, "sub");
    FUZZ_CHECK(answer->caller.kind == CALLER_AGENT && ambit_str_eq(subject, answer->subject));
    FUZZ_CHECK(is_svid == ambit_str_is(answer->caller.name, "reporter"));
    FUZZ_CHECK(is_svid == ambit_str_is(subject, "spiffe://example.gov/ns/rem"));
    FUZZ_CHECK(json_get(claims, "exp") && json_get(claims, "aud"));
    FUZZ_CHECK(is_svid || json_get_str(claims, "iss").p);
    FUZZ_CHECK(!answer->caller.has_once || (json_get_str(claims, "jti").len > 0 && !is_svid &&
                                            answer->caller.once_until_ms > NOW_MS));
    FUZZ_CHECK(!answer->caller.composition.p ||
               ambit_str_eq(answer->caller.composition, json_get_str(claims, "composition")));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct world w;
    if (!w.keys)
        begin(&w);
    ARENA_AUTO arena;
    arena_init(&arena, NULL, 0, (size_t)16 << 20);
    struct ambit_str bytes = {.p = size ? (const char *)data : "", .len = size};
    struct federated_answer answer = {0};
    FUZZ_CHECK(check(&w, bytes, true, &arena, &answer) != AMBIT_OK);

    for (int i = 0; i < 4; i++) {
        bool is_svid = i & 1, is_grant = i & 2;
        BUF_AUTO token = {.p = NULL};
        const struct jws_signer *signer = is_svid ? w.t.svid_signer : w.t.signer;
        FUZZ_CHECK(jws_sign(signer, is_grant ? "JWT" : "JOSE", bytes, &token) == AMBIT_OK);
        if (check(&w, buf_str(&token), is_grant, &arena, &answer) == AMBIT_OK)
            check_claims(bytes, &answer, is_svid, &arena);
    }
    return 0;
}
