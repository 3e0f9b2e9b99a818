/* SPDX-License-Identifier: Apache-2.0 */
/* Certificates as a client sends them: what is taken is taken whole (a byte more or less is none),
 * has the digest of its bytes, never leads to an anchor that did not sign it, and an SVID's id is a
 * SPIFFE ID and one of its names. */
#include "base/spiffe.h"
#include "crypto/digest.h"
#include "crypto/x509.h"
#include "fuzz.h"

/* A root that signed nothing of the corpus; made once with openssl, its key thrown away. */
static const char root[] = "-----BEGIN CERTIFICATE-----\n"
                           "MIIBZjCCAQygAwIBAgIUAg5Y1CwUA70nH6r8cN2gEsh1JZswCgYIKoZIzj0EAwIw\n"
                           "ETEPMA0GA1UEAwwGbm9ib2R5MB4XDTI2MTEyMTIwNDYyNFoXDTQ2MTExNjIwNDYy\n"
                           "NFowETEPMA0GA1UEAwwGbm9ib2R5MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE\n"
                           "IJAhxZ+0Q1MJ9RuOKMu+Wm7Eh7e9AKGFJj+iIcsZQTGEnWfTZ/vC/eQpiwtrRNua\n"
                           "eX6kifwLh+MsIXtZSCWMSqNCMEAwDwYDVR0TAQH/BAUwAwEB/zAOBgNVHQ8BAf8E\n"
                           "BAMCAgQwHQYDVR0OBBYEFOIQunoseeH0Y6rU9WRyy5hQMDe9MAoGCCqGSM49BAMC\n"
                           "A0gAMEUCIG26l6+TRKY/FUnGI83gMi2X7TG7lObM4Nej1tCJw7wQAiEA7BOEN9bf\n"
                           "uOHq1n/wDH2szzsXu/hG626plwQfel+id6Y=\n"
                           "-----END CERTIFICATE-----\n";

static void check_names(const struct x509_leaf *leaf)
{
    static const struct {
        enum x509_name kind;
        const char *text;
    } names[] = {
        {X509_SUBJECT, "CN=agent,OU=a\\+b,O=Example\\, Inc.,C=DE"},
        {X509_SUBJECT, "2.5.4.3=#0c056167656e74,OU=a\\+b,O=Example\\, Inc.,C=DE"},
        {X509_SUBJECT, "CN=agent+UID=1"},
        {X509_DNS, "agent.example.gov"},
        {X509_URI, "spiffe://example.gov/agent"},
        {X509_IP, "10.1.2.3"},
        {X509_IP, "2001:db8::7"},
        {X509_EMAIL, "robot@example.gov"},
    };
    for (size_t i = 0; i < AMBIT_LEN(names); i++)
        (void)x509_leaf_has_name(leaf, names[i].kind, ambit_str_of(names[i].text));
    FUZZ_CHECK(!x509_leaf_has_name(leaf, X509_SUBJECT, AMBIT_STR("")));
    FUZZ_CHECK(!x509_leaf_has_name(leaf, X509_IP, AMBIT_STR("agent")));
}

static void check_svid(const struct x509_leaf *leaf)
{
    struct ambit_str id = {0};
    struct spiffe_id read = {0};
    if (!x509_leaf_is_svid(leaf, &id))
        return;
    FUZZ_CHECK(spiffe_read(id, &read) && read.path.len > 1);
    FUZZ_CHECK(x509_leaf_has_name(leaf, X509_URI, id));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct x509_anchors *anchors;
    const int64_t now_ms = INT64_C(1790000000000);
    if (!anchors)
        FUZZ_CHECK(x509_anchors_from_pem(ambit_str_of(root), &anchors) == AMBIT_OK);
    struct ambit_str der = {.p = (const char *)data, .len = size};
    struct x509_leaf *leaf = NULL;
    if (x509_leaf_read(der, &leaf) != AMBIT_OK) {
        FUZZ_CHECK(leaf == NULL);
        return 0;
    }
    FUZZ_CHECK(size <= X509_BYTES_MAX);
    struct ambit_digest digest;
    crypto_sha256(data, size, &digest);
    FUZZ_CHECK(ambit_digest_eq(digest, x509_leaf_thumbprint(leaf)));
    check_names(leaf);
    check_svid(leaf);
    (void)x509_leaf_is_in_date(leaf, now_ms);
    FUZZ_CHECK(x509_verify(anchors, leaf, &der, 1, now_ms) != AMBIT_OK);
    x509_leaf_free(leaf);

    leaf = NULL;
    der.len--;
    FUZZ_CHECK(x509_leaf_read(der, &leaf) != AMBIT_OK && leaf == NULL);
    return 0;
}
