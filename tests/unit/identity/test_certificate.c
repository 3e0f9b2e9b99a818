/* SPDX-License-Identifier: Apache-2.0 */
/* Goal: the connection itself proves who calls: a certificate whose name or digest the document
 * registers (MTL-1 to MTL-3, SPF-5, SPF-6), or the uid that the kernel says (UNX-1, UNX-4). */
#include "support/unit.h"

#include <openssl/pem.h>

#include "../crypto/certificates.h"
#include "trust_fixture.h"

struct world {
    struct fixture f;
    struct trust_fixture t;
    struct ambit_credential agent_ways[4], service_ways[2], person_ways[1];
    struct identity_keys *keys;
    struct cert root, dns, svid, pinned, stranger, old;
    char ca[64];
};

static void write_pem(struct world *w)
{
    BIO *out = BIO_new(BIO_s_mem());
    char *text = NULL;
    assert_int_equal(PEM_write_bio_X509(out, w->root.x), 1);
    long len = BIO_get_mem_data(out, &text);
    assert_true(snprintf(w->ca, sizeof w->ca, "ca-%d.pem", (int)getpid()) > 0);
    trust_write(w->ca, (struct ambit_str){.p = text, .len = (size_t)len});
    BIO_free(out);
}

static struct ambit_digest digest_of_cert(const struct cert *cert)
{
    struct ambit_digest digest;
    crypto_sha256(cert->der, cert->len, &digest);
    return digest;
}

static void make_certificates(struct world *w)
{
    cert_ca(&w->root, NULL, "root");
    cert_make(&w->dns, &w->root, (struct cert_plan){.cn = "a", .san = "DNS:agent.example.gov"});
    cert_make(&w->svid, &w->root,
              (struct cert_plan){.cn = "a",
                                 .san = "URI:spiffe://prod.example.gov/rem",
                                 .usage = "critical,digitalSignature"});
    cert_make(&w->pinned, NULL, (struct cert_plan){.cn = "self"});
    cert_make(&w->stranger, NULL, (struct cert_plan){.cn = "a", .san = "DNS:agent.example.gov"});
    cert_make(&w->old, NULL, (struct cert_plan){.cn = "old", .from_s = -20, .to_s = -10});
}

static void world_init(struct world *w)
{
    *w = (struct world){0};
    fixture_init(&w->f);
    make_certificates(w);
    write_pem(w);
    trust_init(&w->t, w->ca);
    w->agent_ways[0] = (struct ambit_credential){.method = AMBIT_METHOD_TLS,
                                                 .tls_kind = AMBIT_TLS_SAN_DNS,
                                                 .tls_value = AMBIT_STR("agent.example.gov"),
                                                 .gid = -1};
    w->agent_ways[1] =
        (struct ambit_credential){.method = AMBIT_METHOD_TLS,
                                  .tls_kind = AMBIT_TLS_SAN_URI,
                                  .tls_value = AMBIT_STR("spiffe://prod.example.gov/rem"),
                                  .gid = -1};
    w->agent_ways[2] =
        (struct ambit_credential){.method = AMBIT_METHOD_UNIX_PEER, .uid = 1001, .gid = 100};
    w->agent_ways[3] = (struct ambit_credential){.method = AMBIT_METHOD_SELF_SIGNED_TLS,
                                                 .digest = digest_of_cert(&w->old)};
    w->service_ways[0] = (struct ambit_credential){.method = AMBIT_METHOD_SELF_SIGNED_TLS,
                                                   .digest = digest_of_cert(&w->pinned)};
    w->service_ways[1] = w->f.service_ways[0];
    w->person_ways[0] = (struct ambit_credential){.method = AMBIT_METHOD_MTLS,
                                                  .digest = digest_of_cert(&w->stranger)};
    w->f.agents[0].credentials = w->agent_ways;
    w->f.agents[0].n_credentials = 4;
    w->f.services[0].credentials = w->service_ways;
    w->f.services[0].n_credentials = 2;
    w->f.people[0].credentials = w->person_ways;
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
    cert_done(&w->root);
    cert_done(&w->dns);
    cert_done(&w->svid);
    cert_done(&w->pinned);
    cert_done(&w->stranger);
    cert_done(&w->old);
    (void)unlink(w->ca);
}

static void clients(void **state)
{
    (void)state;
    struct world w;
    world_init(&w);
    const struct {
        const char *name, *client_id;
        const struct cert *cert; /* NULL: none */
        int64_t uid, gid;        /* 0, 0: no Unix socket */
        enum identity_refusal want;
        enum ambit_method method;
    } rows[] = {
        {"MTL-2", "remediator", &w.dns, 0, 0, IDENTITY_FINE, AMBIT_METHOD_TLS},
        {"MTL-1 without client_id", NULL, &w.dns, 0, 0, IDENTITY_INVALID, 0},
        {"MTL-1 another client", "payments-api", &w.dns, 0, 0, IDENTITY_INVALID, 0},
        {"CLI-3 nobody", "nobody", &w.dns, 0, 0, IDENTITY_INVALID, 0},
        {"MTL-2 the name without the path", "remediator", &w.stranger, 0, 0, IDENTITY_INVALID, 0},
        {"MTL-3", "payments-api", &w.pinned, 0, 0, IDENTITY_FINE, AMBIT_METHOD_SELF_SIGNED_TLS},
        {"MTL-3 of another client", "remediator", &w.pinned, 0, 0, IDENTITY_INVALID, 0},
        {"MTL-3 out of date", "remediator", &w.old, 0, 0, IDENTITY_INVALID, 0},
        {"SPF-5", "remediator", &w.svid, 0, 0, IDENTITY_FINE, AMBIT_METHOD_TLS},
        {"SPF-6 without client_id", NULL, &w.svid, 0, 0, IDENTITY_FINE, AMBIT_METHOD_TLS},
        {"SPF-6 the SPIFFE ID", "spiffe://prod.example.gov/rem", &w.svid, 0, 0, IDENTITY_FINE,
         AMBIT_METHOD_TLS},
        {"SPF-6 another ID", "spiffe://prod.example.gov/x", &w.svid, 0, 0, IDENTITY_INVALID, 0},
        {"UNX-1", "remediator", NULL, 1001, 100, IDENTITY_FINE, AMBIT_METHOD_UNIX_PEER},
        {"UNX-1 another gid", "remediator", NULL, 1001, 101, IDENTITY_INVALID, 0},
        {"UNX-1 another uid", "remediator", NULL, 1002, 100, IDENTITY_INVALID, 0},
        {"UNX-1 root", "remediator", NULL, 0, 100, IDENTITY_INVALID, 0},
        {"UNX-1 a document without it", "payments-api", NULL, 1001, 100, IDENTITY_INVALID, 0},
        {"UNX-4 no client_id", NULL, NULL, 1001, 100, IDENTITY_NO_CREDENTIALS, 0},
        {"nothing", "remediator", NULL, 0, 0, IDENTITY_NO_CREDENTIALS, 0},
    };
    for (size_t i = 0; i < AMBIT_LEN(rows); i++) {
        ARENA_AUTO arena;
        arena_init(&arena, NULL, 0, 0);
        struct identity_answer got = {0};
        struct ambit_str chain = rows[i].cert ? cert_str(rows[i].cert) : (struct ambit_str){0};
        struct identity_proof proof = {.client_id = ambit_str_of(rows[i].client_id),
                                       .certificates = &chain,
                                       .n_certificates = rows[i].cert != NULL,
                                       .is_unix = rows[i].gid != 0,
                                       .uid = rows[i].uid,
                                       .gid = rows[i].gid};
        ROW_CHECK(rows[i].name, identity_client(&w.f.documents, w.keys, AMBIT_STR(ISSUER),
                                                CERT_NOW_MS, &proof, &arena, &got) == AMBIT_OK);
        ROW_CHECK(rows[i].name, got.refusal == rows[i].want);
        if (got.refusal != IDENTITY_FINE)
            continue;
        ROW_CHECK(rows[i].name, got.caller.method == rows[i].method);
        ROW_CHECK(rows[i].name, got.caller.has_certificate == (rows[i].cert != NULL));
        ROW_CHECK(rows[i].name, identity_stands(&w.f.documents, w.keys, &got.caller, CERT_NOW_MS));
    }
    world_done(&w);
}

/* After a change of the documents the way in is looked for again. */
static void ways_end(void **state)
{
    (void)state;
    struct world w;
    world_init(&w);
    ARENA_AUTO arena;
    arena_init(&arena, NULL, 0, 0);
    struct identity_answer got = {0};
    struct ambit_str chain = cert_str(&w.dns);
    struct identity_proof proof = {
        .client_id = AMBIT_STR("remediator"), .certificates = &chain, .n_certificates = 1};
    assert_int_equal(identity_client(&w.f.documents, w.keys, AMBIT_STR(ISSUER), CERT_NOW_MS, &proof,
                                     &arena, &got),
                     AMBIT_OK);
    w.agent_ways[0].tls_value = AMBIT_STR("other.example.gov");
    assert_false(identity_stands(&w.f.documents, w.keys, &got.caller, CERT_NOW_MS));

    proof = (struct identity_proof){
        .client_id = AMBIT_STR("remediator"), .is_unix = true, .uid = 1001, .gid = 100};
    assert_int_equal(identity_client(&w.f.documents, w.keys, AMBIT_STR(ISSUER), CERT_NOW_MS, &proof,
                                     &arena, &got),
                     AMBIT_OK);
    assert_int_equal(got.refusal, IDENTITY_FINE);
    w.agent_ways[2].uid = 1002;
    assert_false(identity_stands(&w.f.documents, w.keys, &got.caller, CERT_NOW_MS));
    world_done(&w);
}

static void people_and_services(void **state)
{
    (void)state;
    struct world w;
    world_init(&w);
    ARENA_AUTO arena;
    arena_init(&arena, NULL, 0, 0);
    struct identity_answer got = {0};
    struct ambit_str chain = cert_str(&w.stranger);
    struct identity_proof proof = {.certificates = &chain, .n_certificates = 1};
    assert_int_equal(identity_person(&w.f.documents, w.keys, &proof, CERT_NOW_MS, &got), AMBIT_OK);
    assert_int_equal(got.refusal, IDENTITY_FINE);
    assert_true(ambit_str_is(got.caller.name, "dana"));
    assert_true(identity_stands(&w.f.documents, w.keys, &got.caller, CERT_NOW_MS));
    assert_int_equal(
        identity_person(&w.f.documents, w.keys, &proof, CERT_NOW_MS + 2 * 86400000, &got),
        AMBIT_OK);
    assert_int_equal(got.refusal, IDENTITY_INVALID); /* over */
    w.f.people[0].is_active = false;
    assert_int_equal(identity_person(&w.f.documents, w.keys, &proof, CERT_NOW_MS, &got), AMBIT_OK);
    assert_int_equal(got.refusal, IDENTITY_INVALID);

    assert_int_equal(identity_service(&w.f.documents, w.keys, &proof, CERT_NOW_MS, &arena, &got),
                     AMBIT_OK);
    assert_int_equal(got.refusal, IDENTITY_INVALID);
    chain = cert_str(&w.pinned);
    assert_int_equal(identity_service(&w.f.documents, w.keys, &proof, CERT_NOW_MS, &arena, &got),
                     AMBIT_OK);
    assert_int_equal(got.refusal, IDENTITY_FINE);
    assert_true(ambit_str_is(got.caller.name, "payments-api"));
    assert_true(got.caller.has_certificate);
    world_done(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(clients), cmocka_unit_test(ways_end),
                                       cmocka_unit_test(people_and_services)};
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
