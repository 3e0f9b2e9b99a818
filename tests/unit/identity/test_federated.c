/* SPDX-License-Identifier: Apache-2.0 */
/* Goal: a platform's token is taken for the one agent whose document names it, from an issuer that
 * is configured, by its keys, for us alone, young enough, once where it is meant for once (ASG-1 to
 * ASG-6, WIF-1 to WIF-4, K8S-1, K8S-2, GHA-1, GHA-2, SPF-1 to SPF-3, SPF-6). */
#include "support/unit.h"

#include "identity/keys.h"
#include "trust_fixture.h"

#define AUD    "\"aud\":\"" ISSUER "\""
#define TIMES  "\"iat\":1789999990,\"exp\":1790000300"
#define IDP    "\"iss\":\"https://idp.example.gov\",\"sub\":\"batch\"," AUD "," TIMES
#define K8S    "\"iss\":\"https://kubernetes.default.svc\",\"sub\":\"system:serviceaccount:prod:rem\""
#define GITHUB "\"iss\":\"https://token.actions.githubusercontent.com\"," AUD "," TIMES
#define SVID   "\"sub\":\"spiffe://example.gov/ns/rem\"," AUD ",\"exp\":1790000300"

struct world {
    struct fixture f;
    struct trust_fixture t;
    struct ambit_credential ways[2][4];
    struct ambit_agent agents[2];
    struct ambit_claim uid, event, environment;
    struct identity_keys *keys;
};

static struct ambit_credential federated(const char *issuer, const char *subject,
                                         const struct ambit_claim *claim)
{
    return (struct ambit_credential){.method = AMBIT_METHOD_FEDERATED_JWT,
                                     .issuer = ambit_str_of(issuer),
                                     .subject = ambit_str_of(subject),
                                     .claims = claim,
                                     .n_claims = claim != NULL,
                                     .gid = -1};
}

static struct ambit_claim claim(const char *name, const char *value)
{
    return (struct ambit_claim){
        .name = ambit_str_of(name),
        .value = {.kind = AMBIT_SCALAR_STRING, .text = ambit_str_of(value)}};
}

static void world_init(struct world *w)
{
    *w = (struct world){0};
    fixture_init(&w->f);
    trust_init(&w->t, NULL);
    w->uid = claim("/kubernetes.io/serviceaccount/uid", "u-1");
    w->event = claim("event_name", "pull_request");
    w->environment = claim("environment", "prod");
    w->ways[0][0] = federated("https://idp.example.gov", "batch", NULL);
    w->ways[0][1] =
        federated("https://kubernetes.default.svc", "system:serviceaccount:prod:rem", &w->uid);
    w->ways[0][2] = federated("spiffe://example.gov", "spiffe://example.gov/ns/rem", NULL);
    w->ways[0][3] = w->f.agent_ways[2]; /* private_key_jwt */
    w->ways[1][0] = federated("https://token.actions.githubusercontent.com",
                              "repo:o/r:environment:prod", &w->environment);
    w->ways[1][1] =
        federated("https://token.actions.githubusercontent.com", "repo:o/r:x", &w->event);
    w->ways[1][2] =
        federated("https://token.actions.githubusercontent.com", "repo:o/r:pull_request", NULL);
    w->ways[1][3] = federated("https://nobody.example", "batch", NULL);
    w->agents[0] = (struct ambit_agent){
        .doc.name = AMBIT_STR("remediator"), .credentials = w->ways[0], .n_credentials = 4};
    w->agents[1] = (struct ambit_agent){
        .doc.name = AMBIT_STR("reporter"), .credentials = w->ways[1], .n_credentials = 4};
    w->f.documents.agents = w->agents;
    w->f.documents.n_agents = 2;
    struct ambit_str name = {0};
    const char *what = NULL;
    assert_int_equal(identity_keys_new(&w->f.documents, &w->keys, &name, &what), AMBIT_OK);
    assert_int_equal(identity_keys_attach(w->keys, w->t.trust), AMBIT_OK);
}

static void world_done(struct world *w)
{
    identity_keys_free(w->keys);
    trust_done(&w->t);
    fixture_done(&w->f);
}

static void sign(const struct jws_signer *signer, const char *typ, const char *claims,
                 struct buf *out)
{
    BUF_AUTO payload = {.p = NULL};
    buf_put_char(&payload, '{');
    buf_put_text(&payload, claims);
    buf_put_char(&payload, '}');
    buf_reset(out);
    assert_int_equal(jws_sign(signer, typ, buf_str(&payload), out), AMBIT_OK);
}

static enum ambit_err ask(struct world *w, const struct identity_proof *proof, struct arena *arena,
                          struct identity_answer *ret)
{
    return identity_client(&w->f.documents, w->keys, AMBIT_STR(ISSUER), NOW_MS, proof, arena, ret);
}

static void grants(void **state)
{
    (void)state;
    static const struct {
        const char *name, *typ, *claims;
        enum identity_refusal want;
        const char *agent;
        bool once;
    } rows[] = {
        {"ASG-1", "JWT", IDP, IDENTITY_FINE, "remediator", false},
        {"ASG-4 a jti is used once", "JWT", IDP ",\"jti\":\"1\"", IDENTITY_FINE, "remediator",
         true},
        {"ASG-2 the token endpoint", "JWT",
         "\"iss\":\"https://idp.example.gov\",\"sub\":\"batch\",\"aud\":\"" ISSUER
         "/token\"," TIMES,
         IDENTITY_FINE, "remediator", false},
        {"a list of one", "JWT",
         "\"iss\":\"https://idp.example.gov\",\"sub\":\"batch\",\"aud\":[\"" ISSUER "\"]," TIMES,
         IDENTITY_FINE, "remediator", false},
        {"WIF-2 others too", "JWT",
         "\"iss\":\"https://idp.example.gov\",\"sub\":\"batch\",\"aud\":[\"" ISSUER
         "\",\"x\"]," TIMES,
         IDENTITY_INVALID_GRANT, "", false},
        {"ASG-2 no audience", "JWT", "\"iss\":\"https://idp.example.gov\",\"sub\":\"batch\"," TIMES,
         IDENTITY_INVALID_GRANT, "", false},
        {"ASG-2 no subject", "JWT", "\"iss\":\"https://idp.example.gov\"," AUD "," TIMES,
         IDENTITY_INVALID_GRANT, "", false},
        {"ASG-5, WIF-3 another subject", "JWT",
         "\"iss\":\"https://idp.example.gov\",\"sub\":\"batch2\"," AUD "," TIMES,
         IDENTITY_INVALID_GRANT, "", false},
        {"WIF-1 another issuer", "JWT",
         "\"iss\":\"https://nobody.example\",\"sub\":\"batch\"," AUD "," TIMES,
         IDENTITY_INVALID_GRANT, "", false},
        {"WIF-1 no issuer", "JWT", "\"sub\":\"batch\"," AUD "," TIMES, IDENTITY_INVALID_GRANT, "",
         false},
        {"ASG-2 no end (K8S-2)", "JWT",
         "\"iss\":\"https://idp.example.gov\",\"sub\":\"batch\",\"iat\":1789999990," AUD,
         IDENTITY_INVALID_GRANT, "", false},
        {"over", "JWT",
         "\"iss\":\"https://idp.example.gov\",\"sub\":\"batch\",\"exp\":1790000000," AUD,
         IDENTITY_INVALID_GRANT, "", false},
        {"ASG-2 not yet", "JWT", IDP ",\"nbf\":1790000100", IDENTITY_INVALID_GRANT, "", false},
        {"WIF-2 too old", "JWT",
         "\"iss\":\"https://"
         "idp.example.gov\",\"sub\":\"batch\",\"iat\":1789999300,\"exp\":1790009000"
         "," AUD,
         IDENTITY_INVALID_GRANT, "", false},
        {"WIF-2 it does not say how old, and lives long", "JWT",
         "\"iss\":\"https://idp.example.gov\",\"sub\":\"batch\",\"exp\":1790009000," AUD,
         IDENTITY_INVALID_GRANT, "", false},
        {"from the future", "JWT",
         "\"iss\":\"https://"
         "idp.example.gov\",\"sub\":\"batch\",\"iat\":1790000100,\"exp\":1790000300"
         "," AUD,
         IDENTITY_INVALID_GRANT, "", false},
        {"a decimal is no text", "JWT", IDP ",\"jti\":1", IDENTITY_INVALID_GRANT, "", false},
        {"ASG-6 an access token", "at+jwt", IDP, IDENTITY_INVALID_GRANT, "", false},
        {"ASG-6 an identity assertion of another profile", "oauth-id-jag+jwt", IDP,
         IDENTITY_INVALID_GRANT, "", false},
        {"K8S-1 the pinned account", "JWT",
         K8S
         "," AUD "," TIMES
         ",\"jti\":\"k\",\"kubernetes.io\":{\"serviceaccount\":{\"name\":\"rem\",\"uid\":\"u-1\"}}",
         IDENTITY_FINE, "remediator", false},
        {"K8S-1 an account made again", "JWT",
         K8S "," AUD "," TIMES ",\"kubernetes.io\":{\"serviceaccount\":{\"uid\":\"u-2\"}}",
         IDENTITY_INVALID_GRANT, "", false},
        {"K8S-1 nothing of it", "JWT", K8S "," AUD "," TIMES, IDENTITY_INVALID_GRANT, "", false},
        {"K8S-2", "JWT", K8S "," AUD ",\"kubernetes.io\":{\"serviceaccount\":{\"uid\":\"u-1\"}}",
         IDENTITY_INVALID_GRANT, "", false},
        {"GHA-1", "JWT",
         GITHUB ",\"sub\":\"repo:o/r:environment:prod\",\"environment\":\"prod\",\"event_name\":"
                "\"push\"",
         IDENTITY_FINE, "reporter", false},
        {"GHA-2 a pull request", "JWT",
         GITHUB ",\"sub\":\"repo:o/r:environment:prod\",\"environment\":\"prod\",\"event_name\":"
                "\"pull_request\"",
         IDENTITY_INVALID_GRANT, "", false},
        {"GHA-2 named by the claim", "JWT",
         GITHUB ",\"sub\":\"repo:o/r:x\",\"event_name\":\"pull_request\"", IDENTITY_FINE,
         "reporter", false},
        {"GHA-2 named by the subject", "JWT",
         GITHUB ",\"sub\":\"repo:o/r:pull_request\",\"event_name\":\"pull_request\"", IDENTITY_FINE,
         "reporter", false},
        {"GHA-2 another claim", "JWT",
         GITHUB ",\"sub\":\"repo:o/r:environment:prod\",\"environment\":\"test\"",
         IDENTITY_INVALID_GRANT, "", false},
        {"GHA-1 case matters", "JWT",
         GITHUB ",\"sub\":\"repo:O/r:environment:prod\",\"environment\":\"prod\"",
         IDENTITY_INVALID_GRANT, "", false},
        {"a subject of our agents is none of theirs", "JWT",
         "\"iss\":\"remediator\",\"sub\":\"remediator\",\"jti\":\"1\"," AUD "," TIMES,
         IDENTITY_INVALID_GRANT, "", false},
    };
    struct world w;
    world_init(&w);
    for (size_t i = 0; i < AMBIT_LEN(rows); i++) {
        ARENA_AUTO arena;
        arena_init(&arena, NULL, 0, 0);
        BUF_AUTO text = {.p = NULL};
        struct identity_answer got = {0};
        sign(w.t.signer, rows[i].typ, rows[i].claims, &text);
        struct identity_proof proof = {.assertion = buf_str(&text)};
        ROW_CHECK(rows[i].name, ask(&w, &proof, &arena, &got) == AMBIT_OK);
        ROW_CHECK(rows[i].name, got.refusal == rows[i].want);
        if (got.refusal != IDENTITY_FINE)
            continue;
        ROW_CHECK(rows[i].name, ambit_str_is(got.caller.name, rows[i].agent));
        ROW_CHECK(rows[i].name, got.caller.has_once == rows[i].once);
        ROW_CHECK(rows[i].name, identity_stands(&w.f.documents, w.keys, &got.caller, NOW_MS));
    }
    world_done(&w);
}

static void svids(void **state)
{
    (void)state;
    static const struct {
        const char *name, *typ, *claims;
        bool by_bundle;
        enum identity_refusal want;
    } rows[] = {
        {"SPF-1 without issuer or jti", "JWT", SVID, true, IDENTITY_FINE},
        {"SPF-1 JOSE", "JOSE", SVID, true, IDENTITY_FINE},
        {"SPF-2 iss says nothing", "JWT", SVID ",\"iss\":\"https://idp.example.gov\"", true,
         IDENTITY_FINE},
        {"SPF-2 keys of its iss", "JWT", SVID ",\"iss\":\"https://idp.example.gov\"", false,
         IDENTITY_INVALID_GRANT},
        {"SPF-2 another trust domain", "JWT",
         "\"sub\":\"spiffe://other.gov/ns/rem\"," AUD ",\"exp\":1790000300", true,
         IDENTITY_INVALID_GRANT},
        {"SPF-2 the domain as iss, of somebody else", "JWT",
         "\"iss\":\"spiffe://example.gov\",\"sub\":\"batch\"," AUD ",\"exp\":1790000300", true,
         IDENTITY_INVALID_GRANT},
        {"SPF-1 no end", "JWT", "\"sub\":\"spiffe://example.gov/ns/rem\"," AUD, true,
         IDENTITY_INVALID_GRANT},
        {"SPF-4 a subject that is no ID", "JWT",
         "\"sub\":\"spiffe://example.gov/ns/rem/\"," AUD ",\"exp\":1790000300", true,
         IDENTITY_INVALID_GRANT},
        {"another purpose", "at+jwt", SVID, true, IDENTITY_INVALID_GRANT},
    };
    struct world w;
    world_init(&w);
    for (size_t i = 0; i < AMBIT_LEN(rows); i++) {
        ARENA_AUTO arena;
        arena_init(&arena, NULL, 0, 0);
        BUF_AUTO text = {.p = NULL};
        struct identity_answer got = {0};
        sign(rows[i].by_bundle ? w.t.svid_signer : w.t.signer, rows[i].typ, rows[i].claims, &text);
        struct identity_proof proof = {.assertion = buf_str(&text)};
        ROW_CHECK(rows[i].name, ask(&w, &proof, &arena, &got) == AMBIT_OK);
        ROW_CHECK(rows[i].name, got.refusal == rows[i].want);
        ROW_CHECK(rows[i].name, !got.caller.has_once);
    }
    world_done(&w);
}

#define OWN  "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
#define SPIF "urn:ietf:params:oauth:client-assertion-type:jwt-spiffe"

static void assertions(void **state)
{
    (void)state;
    static const struct {
        const char *name, *type, *client_id, *claims;
        bool by_bundle;
        enum identity_refusal want;
    } rows[] = {
        {"WIF-4 b", OWN, "remediator", IDP, false, IDENTITY_FINE},
        {"WIF-4 b without client_id", OWN, NULL, IDP, false, IDENTITY_INVALID},
        {"WIF-4 b another client_id", OWN, "reporter", IDP, false, IDENTITY_INVALID},
        {"WIF-4 b the token endpoint is for grants", OWN, "remediator",
         "\"iss\":\"https://idp.example.gov\",\"sub\":\"batch\",\"aud\":\"" ISSUER
         "/token\"," TIMES,
         false, IDENTITY_INVALID},
        {"WIF-4 b off for that issuer", OWN, "reporter",
         GITHUB ",\"sub\":\"repo:o/r:environment:prod\",\"environment\":\"prod\"", false,
         IDENTITY_INVALID},
        {"SPF-3 no client_id", SPIF, NULL, SVID, true, IDENTITY_FINE},
        {"SPF-6 the agent's name", SPIF, "remediator", SVID, true, IDENTITY_FINE},
        {"SPF-6 the SPIFFE ID", SPIF, "spiffe://example.gov/ns/rem", SVID, true, IDENTITY_FINE},
        {"SPF-6 another ID", SPIF, "spiffe://example.gov/ns/other", SVID, true, IDENTITY_INVALID},
        {"SPF-3 another kind of token", SPIF, "remediator", IDP, false, IDENTITY_INVALID},
        {"SPF-3 signed by another", SPIF, NULL, SVID, false, IDENTITY_INVALID},
    };
    struct world w;
    world_init(&w);
    for (size_t i = 0; i < AMBIT_LEN(rows); i++) {
        ARENA_AUTO arena;
        arena_init(&arena, NULL, 0, 0);
        BUF_AUTO text = {.p = NULL};
        struct identity_answer got = {0};
        sign(rows[i].by_bundle ? w.t.svid_signer : w.t.signer, "JWT", rows[i].claims, &text);
        struct identity_proof proof = {.client_assertion = buf_str(&text),
                                       .client_assertion_type = ambit_str_of(rows[i].type),
                                       .client_id = ambit_str_of(rows[i].client_id)};
        ROW_CHECK(rows[i].name, ask(&w, &proof, &arena, &got) == AMBIT_OK);
        ROW_CHECK(rows[i].name, got.refusal == rows[i].want);
    }
    world_done(&w);
}

/* ASG-3: a client that proves itself besides is that agent; both one-time values count. */
static void with_client(void **state)
{
    (void)state;
    struct world w;
    world_init(&w);
    ARENA_AUTO arena;
    arena_init(&arena, NULL, 0, 0);
    BUF_AUTO grant = {.p = NULL}, own = {.p = NULL}, composed = {.p = NULL};
    sign(w.t.signer, "JWT", IDP ",\"jti\":\"1\"", &grant);
    sign(w.f.signer, "JWT",
         "\"iss\":\"remediator\",\"sub\":\"remediator\",\"jti\":\"1\"," AUD "," TIMES, &own);
    sign(w.t.signer, "JWT", IDP ",\"composition\":\"sha256:9f\"", &composed);
    struct identity_answer got = {0};
    struct identity_proof proof = {.assertion = buf_str(&grant),
                                   .client_assertion = buf_str(&own),
                                   .client_assertion_type = AMBIT_STR(OWN)};
    assert_int_equal(ask(&w, &proof, &arena, &got), AMBIT_OK);
    assert_int_equal(got.refusal, IDENTITY_FINE);
    assert_true(got.caller.has_once && got.has_grant_once);
    assert_false(ambit_digest_eq(got.caller.once, got.grant_once));
    assert_int_equal(got.caller.method, AMBIT_METHOD_PRIVATE_KEY_JWT);

    w.agents[0].doc.name = AMBIT_STR("another"); /* the assertion's agent is not that client now */
    struct identity_keys *keys = w.keys;
    for (size_t i = 0; i < keys->n_ways; i++)
        if (ambit_str_is(keys->ways[i].agent, "remediator"))
            keys->ways[i].agent = AMBIT_STR("reporter");
    w.agents[0].doc.name = AMBIT_STR("remediator");
    assert_int_equal(ask(&w, &proof, &arena, &got), AMBIT_OK);
    assert_int_equal(got.refusal, IDENTITY_INVALID_GRANT);

    /* The claim of the platform comes along, the client's name must be right. */
    proof = (struct identity_proof){.assertion = buf_str(&composed)};
    assert_int_equal(ask(&w, &proof, &arena, &got), AMBIT_OK);
    assert_true(ambit_str_is(got.caller.composition, "sha256:9f"));
    proof.client_id = AMBIT_STR("nobody");
    assert_int_equal(ask(&w, &proof, &arena, &got), AMBIT_OK);
    assert_int_equal(got.refusal, IDENTITY_INVALID);
    world_done(&w);
}

/* ASG-5: should two agents fit, none is chosen. The way in is gone when the document loses it. */
static void ambiguous(void **state)
{
    (void)state;
    struct world w;
    world_init(&w);
    ARENA_AUTO arena;
    arena_init(&arena, NULL, 0, 0);
    BUF_AUTO text = {.p = NULL};
    struct identity_answer got = {0};
    sign(w.t.signer, "JWT", IDP, &text);
    struct identity_proof proof = {.assertion = buf_str(&text)};
    assert_int_equal(ask(&w, &proof, &arena, &got), AMBIT_OK);
    assert_int_equal(got.refusal, IDENTITY_FINE);
    struct caller before = got.caller;
    w.ways[0][0].subject = AMBIT_STR("other");
    assert_false(identity_stands(&w.f.documents, w.keys, &before, NOW_MS));
    w.ways[0][0].subject = AMBIT_STR("batch");
    assert_true(identity_stands(&w.f.documents, w.keys, &before, NOW_MS));

    w.ways[1][3] = federated("https://idp.example.gov", "batch", NULL);
    struct identity_keys *keys = NULL;
    struct ambit_str name = {0};
    const char *what = NULL;
    assert_int_equal(identity_keys_new(&w.f.documents, &keys, &name, &what), AMBIT_OK);
    assert_int_equal(identity_keys_attach(keys, w.t.trust), AMBIT_OK);
    assert_int_equal(
        identity_client(&w.f.documents, keys, AMBIT_STR(ISSUER), NOW_MS, &proof, &arena, &got),
        AMBIT_OK);
    assert_int_equal(got.refusal, IDENTITY_INVALID_GRANT);
    identity_keys_free(keys);
    world_done(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(grants), cmocka_unit_test(svids),
                                       cmocka_unit_test(assertions), cmocka_unit_test(with_client),
                                       cmocka_unit_test(ambiguous)};
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
