/* SPDX-License-Identifier: Apache-2.0 */
/* Goal: assertions as real platforms and clients shape them are taken: a projected service-account
 * token (K8S-1), a JWT-SVID (SPF-1), and the client assertions of stock libraries (CLI-5). */
#include "support/vectors.h"

#include "base/file.h"
#include "base/json_read.h"
#include "trust_fixture.h"

#define OURS "https://ambit.example"

struct world {
    struct fixture f;
    struct trust_fixture t;
    struct ambit_credential ways[3];
    struct identity_keys *keys;
    struct arena arena;
    struct buf bytes;
    const struct json_value *shapes;
};

static bool world_init(struct world *w)
{
    char path[4096];
    struct json_problem problem = {0};
    struct ambit_str name = {0};
    const char *what = NULL;
    *w = (struct world){0};
    if (!vectors_path("rfc/assertion-shapes.json", path))
        return false;
    arena_init(&w->arena, NULL, 0, 0);
    assert_int_equal(file_read(AT_FDCWD, path, 1 << 20, &w->bytes), AMBIT_OK);
    assert_int_equal(
        json_read(buf_str(&w->bytes), (struct json_limits){0}, &w->arena, &w->shapes, &problem),
        AMBIT_OK);
    fixture_init(&w->f);
    trust_init(&w->t, NULL);
    w->t.trust->issuer = AMBIT_STR(OURS);
    w->t.config.issuers[1].issuer = AMBIT_STR("https://kubernetes.default.svc.cluster.local");
    w->t.config.issuers[3].issuer = AMBIT_STR("spiffe://example.org");
    static const struct ambit_claim uid = {
        .name = {"/kubernetes.io/serviceaccount/uid", 33},
        .value = {.kind = AMBIT_SCALAR_STRING, .text = {"u3", 2}}};
    w->ways[0] = (struct ambit_credential){
        .method = AMBIT_METHOD_FEDERATED_JWT,
        .issuer = AMBIT_STR("https://kubernetes.default.svc.cluster.local"),
        .subject = AMBIT_STR("system:serviceaccount:agents:triage-bot"),
        .claims = &uid,
        .n_claims = 1};
    w->ways[1] = (struct ambit_credential){
        .method = AMBIT_METHOD_FEDERATED_JWT,
        .issuer = AMBIT_STR("spiffe://example.org"),
        .subject = AMBIT_STR("spiffe://example.org/ns/agents/sa/triage-bot")};
    w->ways[2] = w->f.agent_ways[2];
    w->f.agents[0].doc.name = AMBIT_STR("client-1");
    w->f.agents[0].credentials = w->ways;
    w->f.agents[0].n_credentials = 3;
    assert_int_equal(identity_keys_new(&w->f.documents, &w->keys, &name, &what), AMBIT_OK);
    assert_int_equal(identity_keys_attach(w->keys, w->t.trust), AMBIT_OK);
    return true;
}

static void world_done(struct world *w)
{
    identity_keys_free(w->keys);
    trust_done(&w->t);
    fixture_done(&w->f);
    arena_done(&w->arena);
    buf_done(&w->bytes);
}

static void shapes(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        bool is_grant, by_bundle, once;
        int64_t now_s;
    } rows[] = {
        {"kubernetes_projected_service_account", true, false, false, 1790000100},
        {"spiffe_jwt_svid", true, true, false, 1790000100},
        {"oauth4webapi_3_8_8_private_key_jwt", false, false, true, 1790000010},
        {"mcp_sdk_1_32_private_key_jwt", false, false, true, 1790000010},
    };
    struct world w;
    if (!world_init(&w))
        return;
    for (size_t i = 0; i < AMBIT_LEN(rows); i++) {
        const struct json_value *shape = json_get(w.shapes, rows[i].name);
        BUF_AUTO payload = {.p = NULL}, token = {.p = NULL};
        struct json_out out;
        json_out_init(&out, &payload, false);
        json_write_value(&out, json_get(shape, "claims"));
        const struct jws_signer *signer = w.f.signer;
        if (rows[i].is_grant)
            signer = rows[i].by_bundle ? w.t.svid_signer : w.t.signer;
        assert_int_equal(jws_sign(signer, "JWT", buf_str(&payload), &token), AMBIT_OK);
        struct identity_proof proof = {0};
        if (rows[i].is_grant)
            proof.assertion = buf_str(&token);
        else {
            proof.client_assertion = buf_str(&token);
            proof.client_assertion_type =
                AMBIT_STR("urn:ietf:params:oauth:client-assertion-type:jwt-bearer");
        }
        struct identity_answer got = {0};
        ROW_CHECK(rows[i].name,
                  identity_client(&w.f.documents, w.keys, AMBIT_STR(OURS), rows[i].now_s * 1000,
                                  &proof, &w.arena, &got) == AMBIT_OK);
        ROW_CHECK(rows[i].name, got.refusal == IDENTITY_FINE);
        ROW_CHECK(rows[i].name, ambit_str_is(got.caller.name, "client-1"));
        ROW_CHECK(rows[i].name, got.caller.has_once == rows[i].once);
    }
    world_done(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(shapes)};
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
