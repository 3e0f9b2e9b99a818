/* SPDX-License-Identifier: Apache-2.0 */
/* Goal: a client's certificate is taken only whole, only in its dates, only with a strict path to
 * the anchors that were given, and only by the very name that was registered (MTL-2, SPF-4,
 * SPF-5). */
#include "support/unit.h"

#include "crypto/digest.h"
#include "crypto/x509.h"

#include "certificates.h"

static struct cert root, other, middle, leaf;

static void make_all(void)
{
    cert_ca(&root, NULL, "root");
    cert_ca(&other, NULL, "other root");
    cert_ca(&middle, &root, "middle");
    cert_make(&leaf, &middle,
              (struct cert_plan){.cn = "remediator",
                                 .unit = "Ops+Night",
                                 .san =
                                     "DNS:Agent.Example.gov,URI:spiffe://example.gov/ns/remediator,"
                                     "IP:10.1.2.3,IP:2001:db8::7,email:Robot@Example.gov",
                                 .constraints = "critical,CA:FALSE",
                                 .usage = "critical,digitalSignature",
                                 .purposes = "clientAuth"});
}

static struct x509_anchors *anchors_of(const struct cert *cert)
{
    struct ambit_str der = cert_str(cert);
    struct x509_anchors *anchors = NULL;
    assert_int_equal(x509_anchors_from_der(&der, 1, &anchors), AMBIT_OK);
    return anchors;
}

static void names(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        enum x509_name kind;
        const char *text;
        bool want;
    } rows[] = {
        {"MTL-2 subject as RFC 4514 writes it", X509_SUBJECT,
         "CN=remediator,OU=Ops\\+Night,O=Example\\, Inc.,C=DE", true},
        {"types in any case", X509_SUBJECT, "cn=remediator,ou=Ops\\2bNight,o=Example\\2C Inc.,c=DE",
         true},
        {"a dotted type", X509_SUBJECT, "2.5.4.3=remediator,OU=Ops\\+Night,O=Example\\, Inc.,C=DE",
         true},
        {"an encoded value", X509_SUBJECT,
         "2.5.4.3=#0c0a72656d65646961746f72,OU=Ops\\+Night,O=Example\\, Inc.,C=DE", true},
        {"another encoding of the same", X509_SUBJECT,
         "2.5.4.3=#130a72656d65646961746f72,OU=Ops\\+Night,O=Example\\, Inc.,C=DE", false},
        {"the order of X.500", X509_SUBJECT, "C=DE,O=Example\\, Inc.,OU=Ops\\+Night,CN=remediator",
         false},
        {"a value in another case", X509_SUBJECT,
         "CN=Remediator,OU=Ops\\+Night,O=Example\\, Inc.,C=DE", false},
        {"the beginning alone", X509_SUBJECT, "CN=remediator", false},
        {"the end alone", X509_SUBJECT, "OU=Ops\\+Night,O=Example\\, Inc.,C=DE", false},
        {"one more", X509_SUBJECT, "UID=1,CN=remediator,OU=Ops\\+Night,O=Example\\, Inc.,C=DE",
         false},
        {"joined what stands apart", X509_SUBJECT,
         "CN=remediator+OU=Ops\\+Night,O=Example\\, Inc.,C=DE", false},
        {"no name at all", X509_SUBJECT, "remediator", false},
        {"empty", X509_SUBJECT, "", false},
        {"MTL-2 DNS without case", X509_DNS, "agent.example.GOV", true},
        {"another host", X509_DNS, "agent2.example.gov", false},
        {"a host under it", X509_DNS, "x.agent.example.gov", false},
        {"a URI is no host", X509_DNS, "spiffe://example.gov/ns/remediator", false},
        {"MTL-2 URI", X509_URI, "spiffe://example.gov/ns/remediator", true},
        {"URI in another case", X509_URI, "spiffe://Example.gov/ns/remediator", false},
        {"a longer URI", X509_URI, "spiffe://example.gov/ns/remediator/", false},
        {"MTL-2 IPv4 as bytes", X509_IP, "10.1.2.3", true},
        {"IPv6 as bytes", X509_IP, "2001:0db8:0:0::0007", true},
        {"another address", X509_IP, "10.1.2.4", false},
        {"no address", X509_IP, "agent.example.gov", false},
        {"MTL-2 mail, host without case", X509_EMAIL, "Robot@example.GOV", true},
        {"mail, another case before the @", X509_EMAIL, "robot@example.gov", false},
    };
    X509_LEAF_AUTO *read = NULL;
    assert_int_equal(x509_leaf_read(cert_str(&leaf), &read), AMBIT_OK);
    for (size_t i = 0; i < AMBIT_LEN(rows); i++)
        ROW_CHECK(rows[i].name, x509_leaf_has_name(read, rows[i].kind,
                                                   ambit_str_of(rows[i].text)) == rows[i].want);
    struct ambit_digest digest;
    crypto_sha256(leaf.der, leaf.len, &digest);
    assert_true(ambit_digest_eq(digest, x509_leaf_thumbprint(read)));
}

static void chains(void **state)
{
    (void)state;
    struct x509_anchors *right = anchors_of(&root), *wrong = anchors_of(&other);
    struct x509_anchors *near = anchors_of(&middle);
    const struct ambit_str whole[] = {cert_str(&leaf), cert_str(&middle), cert_str(&root)};
    const struct ambit_str broken[] = {cert_str(&leaf), cert_str(&middle), AMBIT_STR("broken")};
    const struct {
        const char *name;
        const struct x509_anchors *anchors;
        const struct ambit_str *chain;
        size_t n;
        int64_t now_ms;
        bool want;
    } rows[] = {
        {"MTL-2 a path", right, whole, 2, CERT_NOW_MS, true},
        {"the root sent too", right, whole, 3, CERT_NOW_MS, true},
        {"an anchor that is not self-signed", near, whole, 1, CERT_NOW_MS, true},
        {"nothing between", right, whole, 1, CERT_NOW_MS, false},
        {"no anchor of ours", wrong, whole, 3, CERT_NOW_MS, false},
        {"before its time", right, whole, 2, CERT_NOW_MS - 2 * 86400000, false},
        {"after its time", right, whole, 2, CERT_NOW_MS + 2 * 86400000, false},
        {"something that is none in the chain", right, broken, 3, CERT_NOW_MS, false},
        {"no chain", right, whole, 0, CERT_NOW_MS, false},
    };
    X509_LEAF_AUTO *read = NULL;
    assert_int_equal(x509_leaf_read(cert_str(&leaf), &read), AMBIT_OK);
    for (size_t i = 0; i < AMBIT_LEN(rows); i++) {
        enum ambit_err err =
            x509_verify(rows[i].anchors, read, rows[i].chain, rows[i].n, rows[i].now_ms);
        ROW_CHECK(rows[i].name, err == (rows[i].want ? AMBIT_OK : AMBIT_ERR_REFUSED));
    }
    assert_true(x509_leaf_is_in_date(read, CERT_NOW_MS));
    assert_false(x509_leaf_is_in_date(read, CERT_NOW_MS + 86400000));
    x509_anchors_free(right);
    x509_anchors_free(wrong);
    x509_anchors_free(near);
}

/* Each is signed by the root itself. */
static void leaves(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        struct cert_plan plan;
        bool want_read, want_path, want_svid;
    } rows[] = {
        {"SPF-5 an SVID",
         {.san = "critical,URI:spiffe://td/a",
          .constraints = "critical,CA:FALSE",
          .usage = "critical,digitalSignature",
          .purposes = "serverAuth,clientAuth"},
         true,
         true,
         true},
        {"SPF-5 two URIs",
         {.cn = "a",
          .san = "URI:spiffe://td/a,URI:spiffe://td/b",
          .usage = "critical,digitalSignature"},
         true,
         true,
         false},
        {"SPF-5 a trust domain is nobody",
         {.cn = "a", .san = "URI:spiffe://td", .usage = "critical,digitalSignature"},
         true,
         true,
         false},
        {"SPF-5 usage not critical",
         {.cn = "a", .san = "URI:spiffe://td/a", .usage = "digitalSignature"},
         true,
         true,
         false},
        {"SPF-5 no usage", {.cn = "a", .san = "URI:spiffe://td/a"}, true, true, false},
        {"SPF-5 usage to sign certificates",
         {.cn = "a", .san = "URI:spiffe://td/a", .usage = "critical,digitalSignature,keyCertSign"},
         true,
         false,
         false},
        {"a CA is no client",
         {.cn = "a",
          .san = "URI:spiffe://td/a",
          .constraints = "critical,CA:TRUE",
          .usage = "critical,keyCertSign,digitalSignature"},
         true,
         false,
         false},
        {"for servers alone", {.cn = "a", .purposes = "serverAuth"}, true, false, false},
        {"any purpose is not a client's",
         {.cn = "a", .purposes = "anyExtendedKeyUsage"},
         true,
         false,
         false},
        {"usage that signs nothing", {.cn = "a", .usage = "keyEncipherment"}, true, false, false},
        {"not yet", {.cn = "a", .from_s = 60, .to_s = 120}, true, false, false},
        {"no longer", {.cn = "a", .from_s = -120, .to_s = -60}, true, false, false},
        {"an extension twice",
         {.cn = "a", .san = "DNS:a.example", .is_twice = true},
         false,
         false,
         false},
    };
    struct x509_anchors *anchors = anchors_of(&root);
    for (size_t i = 0; i < AMBIT_LEN(rows); i++) {
        struct cert cert;
        struct ambit_str id = {0};
        X509_LEAF_AUTO *read = NULL;
        cert_make(&cert, &root, rows[i].plan);
        struct ambit_str der = cert_str(&cert);
        enum ambit_err err = x509_leaf_read(der, &read);
        ROW_CHECK(rows[i].name, err == (rows[i].want_read ? AMBIT_OK : AMBIT_ERR_MALFORMED));
        if (!err) {
            err = x509_verify(anchors, read, &der, 1, CERT_NOW_MS);
            ROW_CHECK(rows[i].name, err == (rows[i].want_path ? AMBIT_OK : AMBIT_ERR_REFUSED));
            ROW_CHECK(rows[i].name, x509_leaf_is_svid(read, &id) == rows[i].want_svid);
        }
        cert_done(&cert);
    }
    x509_anchors_free(anchors);
}

static void forms(void **state)
{
    (void)state;
    uint8_t longer[sizeof leaf.der + 1] = {0};
    static uint8_t huge[X509_BYTES_MAX + 1];
    memcpy(longer, leaf.der, leaf.len);
    struct x509_leaf *read = NULL;
    struct x509_anchors *anchors = NULL;
    struct ambit_str text = {.p = (const char *)longer, .len = leaf.len + 1};
    assert_int_equal(x509_leaf_read(text, &read), AMBIT_ERR_MALFORMED);
    text.len = leaf.len - 1;
    assert_int_equal(x509_leaf_read(text, &read), AMBIT_ERR_MALFORMED);
    assert_int_equal(x509_leaf_read(AMBIT_STR(""), &read), AMBIT_ERR_MALFORMED);
    text = (struct ambit_str){.p = (const char *)huge, .len = sizeof huge};
    assert_int_equal(x509_leaf_read(text, &read), AMBIT_ERR_TOO_LARGE);

    text = cert_str(&leaf);
    assert_int_equal(x509_anchors_from_der(&text, 1, &anchors), AMBIT_ERR_REFUSED);
    assert_int_equal(x509_anchors_from_der(&text, 0, &anchors), AMBIT_ERR_NOT_FOUND);
    assert_int_equal(x509_anchors_from_pem(AMBIT_STR(""), &anchors), AMBIT_ERR_NOT_FOUND);
    assert_int_equal(x509_anchors_from_pem(AMBIT_STR("-----BEGIN CERTIFICATE-----\nAA==\n"
                                                     "-----END CERTIFICATE-----\n"),
                                           &anchors),
                     AMBIT_ERR_MALFORMED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(names), cmocka_unit_test(chains),
                                       cmocka_unit_test(leaves), cmocka_unit_test(forms)};
    cmocka_set_message_output(CM_OUTPUT_TAP);
    make_all();
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    cert_done(&root);
    cert_done(&other);
    cert_done(&middle);
    cert_done(&leaf);
    return failed;
}
