/* SPDX-License-Identifier: Apache-2.0 */
/* Goal: what ssh-keygen signed verifies against its key; another namespace, message, key, hash or
 * form does not (OpenSSH PROTOCOL.sshsig). */
#include "support/unit.h"

#include "base/buf.h"
#include "base/encode.h"
#include "crypto/sshsig.h"

#include "sshsig_vectors.h"

static const struct sshsig_vector *vector(const char *name)
{
    for (size_t i = 0; i < AMBIT_LEN(sshsig_vectors); i++) {
        if (streq(sshsig_vectors[i].name, name))
            return &sshsig_vectors[i];
    }
    fail_msg("no vector %s", name);
    return NULL;
}

static enum ambit_err verify(const char *armored, const char *signer, const char *namespace,
                             const char *message)
{
    struct ambit_str line = ambit_str_of(signer);
    struct sshsig_signed what = {.armored = ambit_str_of(armored),
                                 .namespace = ambit_str_of(namespace),
                                 .message = ambit_str_of(message)};
    return sshsig_verify(&what, &line, 1);
}

static void test_what_ssh_keygen_signed(void **state)
{
    (void)state;
    for (size_t i = 0; i < AMBIT_LEN(sshsig_vectors); i++) {
        const struct sshsig_vector *v = &sshsig_vectors[i];
        enum ambit_err want = AMBIT_OK;
        if (streq(v->name, "rsa1024_sha512"))
            want = AMBIT_ERR_UNSUPPORTED;
        if (strstr(v->name, "untouched") != NULL)
            want = AMBIT_ERR_REFUSED;
        ROW_CHECK(v->name, verify(v->armored, v->signer, "ambit-policy", SIGNED_MESSAGE) == want);
        enum ambit_err err = verify(v->armored, v->signer, "ambit-policy", "another\n");
        ROW_CHECK(v->name, err == (want == AMBIT_OK ? AMBIT_ERR_REFUSED : want));
        err = verify(v->armored, v->signer, "file", SIGNED_MESSAGE);
        ROW_CHECK(v->name, err == AMBIT_ERR_REFUSED);
        err = verify(v->armored, v->signer, "ambit-polic", SIGNED_MESSAGE);
        ROW_CHECK(v->name, err == AMBIT_ERR_REFUSED);
    }
}

static void test_whose_key(void **state)
{
    (void)state;
    const struct sshsig_vector *mine = vector("ed25519_sha512");
    const char *other = vector("p256_sha512")->signer;
    struct ambit_str both[] = {ambit_str_of(other), ambit_str_of(mine->signer)};
    struct sshsig_signed what = {.armored = ambit_str_of(mine->armored),
                                 .namespace = AMBIT_STR("ambit-policy"),
                                 .message = ambit_str_of(SIGNED_MESSAGE)};
    assert_int_equal(sshsig_verify(&what, both, 2), AMBIT_OK);
    assert_int_equal(sshsig_verify(&what, both, 1), AMBIT_ERR_REFUSED);
    assert_int_equal(sshsig_verify(&what, NULL, 0), AMBIT_ERR_REFUSED);

    /* The type in front of the key must be the key's own, and there must be a key. */
    static const char *const lines[] = {"", "ssh-ed25519", "ssh-ed25519 ", "ssh-ed25519 ????"};
    for (size_t i = 0; i < AMBIT_LEN(lines); i++)
        ROW_CHECK(lines[i], verify(mine->armored, lines[i], "ambit-policy", SIGNED_MESSAGE) ==
                                AMBIT_ERR_REFUSED);
    char line[512];
    const char *key = strchr(mine->signer, ' ');
    int len = snprintf(line, sizeof line, "ssh-rsa%s", key);
    assert_in_range(len, 1, sizeof line - 1);
    assert_int_equal(verify(mine->armored, line, "ambit-policy", SIGNED_MESSAGE),
                     AMBIT_ERR_REFUSED);
}

/* ---- a blob of one's own ---- */

static void put_string(struct buf *buf, const void *p, size_t len)
{
    uint8_t framed[4];
    put_be32(framed, (uint32_t)len);
    buf_put(buf, framed, sizeof framed);
    buf_put(buf, p, len);
}

static void put_str(struct buf *buf, struct ambit_str text)
{
    put_string(buf, text.p, text.len);
}

static void put_armored(struct buf *dst, const struct buf *blob)
{
    buf_put_text(dst, "-----BEGIN SSH SIGNATURE-----\n");
    buf_put_base64(dst, (const uint8_t *)blob->p, blob->len);
    buf_put_text(dst, "\n-----END SSH SIGNATURE-----\n");
    buf_put_char(dst, '\0');
}

/* Every byte of every blob changed in turn verifies nowhere. */
static void test_altered_bytes(void **state)
{
    (void)state;
    static const char *const names[] = {"ed25519_sha512", "p256_sha512",    "p384_sha512",
                                        "p521_sha512",    "rsa2048_sha256", "sk_ed25519_touched",
                                        "sk_p256_touched"};
    for (size_t n = 0; n < AMBIT_LEN(names); n++) {
        const struct sshsig_vector *v = vector(names[n]);
        struct sshsig sig;
        assert_int_equal(sshsig_read(ambit_str_of(v->armored), &sig), AMBIT_OK);
        size_t len = (size_t)(sig.signature.p + sig.signature.len - (const char *)sig.blob);
        for (size_t i = 0; i < len; i += names[n][0] == 'r' ? 7 : 1) {
            BUF_AUTO blob, armored;
            buf_init(&blob, 0);
            buf_init(&armored, 0);
            buf_put(&blob, sig.blob, len);
            blob.p[i] = (char)(blob.p[i] ^ 1);
            put_armored(&armored, &blob);
            if (verify(armored.p, v->signer, "ambit-policy", SIGNED_MESSAGE) == AMBIT_OK)
                fail_msg("%s: byte %zu may be altered", names[n], i);
        }
    }
}

/* The frame put together again with one part replaced. */
struct framed {
    const char *name;
    const char *namespace, *reserved, *hash;
    struct ambit_str key, signature;
    const char *before, *behind;
    uint32_t version;
    enum ambit_err want;
};

static enum ambit_err verify_framed(const struct framed *row, const struct sshsig *sig,
                                    const char *signer)
{
    BUF_AUTO blob, armored;
    uint8_t version[4];
    buf_init(&blob, 0);
    buf_init(&armored, 0);
    buf_put_text(&blob, row->before);
    put_be32(version, row->version);
    buf_put(&blob, version, sizeof version);
    put_str(&blob, row->key.p ? row->key : sig->key);
    put_string(&blob, row->namespace, strlen(row->namespace));
    put_string(&blob, row->reserved, strlen(row->reserved));
    put_string(&blob, row->hash, strlen(row->hash));
    put_str(&blob, row->signature.p ? row->signature : sig->signature);
    buf_put_text(&blob, row->behind);
    put_armored(&armored, &blob);
    return verify(armored.p, signer, "ambit-policy", SIGNED_MESSAGE);
}

/* Everything as it was, but for the signature. */
#define SIGNED_AS(name, signature, want)                                          \
    {                                                                             \
        name, "ambit-policy", "", "sha512", {0}, signature, "SSHSIG", "", 1, want \
    }

static void test_frames(void **state)
{
    (void)state;
    const struct sshsig_vector *v = vector("rsa2048_sha512");
    struct sshsig sig, other;
    assert_int_equal(sshsig_read(ambit_str_of(v->armored), &sig), AMBIT_OK);
    assert_int_equal(sshsig_read(ambit_str_of(vector("ed25519_sha512")->armored), &other),
                     AMBIT_OK);

    /* The same signature under the name of RSA with SHA-1, and others that a key may not use. */
    struct ambit_str rest = {.p = sig.signature.p + 4 + 12, .len = sig.signature.len - 16};
    BUF_AUTO sha1, longer, shorter;
    buf_init(&sha1, 0);
    put_string(&sha1, "ssh-rsa", 7);
    buf_put_str(&sha1, rest);
    buf_init(&longer, 0);
    buf_put_str(&longer, sig.signature);
    buf_put_char(&longer, 0);
    buf_init(&shorter, 0);
    put_string(&shorter, "rsa-sha2-512", 12);
    put_string(&shorter, rest.p + 4, rest.len - 5);
    const struct framed rows[] = {
        {"as it was", "ambit-policy", "", "sha512", {0}, {0}, "SSHSIG", "", 1, AMBIT_OK},
        {"trailing", "ambit-policy", "", "sha512", {0}, {0}, "SSHSIG", "x", 1, AMBIT_ERR_MALFORMED},
        {"magic", "ambit-policy", "", "sha512", {0}, {0}, "SSHSIX", "", 1, AMBIT_ERR_MALFORMED},
        {"version 0", "ambit-policy", "", "sha512", {0}, {0}, "SSHSIG", "", 0, AMBIT_ERR_MALFORMED},
        {"version 2", "ambit-policy", "", "sha512", {0}, {0}, "SSHSIG", "", 2, AMBIT_ERR_MALFORMED},
        {"no namespace", "", "", "sha512", {0}, {0}, "SSHSIG", "", 1, AMBIT_ERR_MALFORMED},
        {"namespace", "git", "", "sha512", {0}, {0}, "SSHSIG", "", 1, AMBIT_ERR_REFUSED},
        {"reserved", "ambit-policy", "x", "sha512", {0}, {0}, "SSHSIG", "", 1, AMBIT_ERR_REFUSED},
        {"other hash", "ambit-policy", "", "sha256", {0}, {0}, "SSHSIG", "", 1, AMBIT_ERR_REFUSED},
        {"sha1", "ambit-policy", "", "sha1", {0}, {0}, "SSHSIG", "", 1, AMBIT_ERR_UNSUPPORTED},
        {"no hash", "ambit-policy", "", "", {0}, {0}, "SSHSIG", "", 1, AMBIT_ERR_UNSUPPORTED},
        {"key", "ambit-policy", "", "sha512", other.key, {0}, "SSHSIG", "", 1, AMBIT_ERR_REFUSED},
        SIGNED_AS("signature of another kind", other.signature, AMBIT_ERR_UNSUPPORTED),
        SIGNED_AS("ssh-rsa is SHA-1", buf_str(&sha1), AMBIT_ERR_UNSUPPORTED),
        SIGNED_AS("a byte behind", buf_str(&longer), AMBIT_ERR_MALFORMED),
        SIGNED_AS("a byte short", buf_str(&shorter), AMBIT_ERR_MALFORMED),
    };
    for (size_t i = 0; i < AMBIT_LEN(rows); i++)
        ROW_CHECK(rows[i].name, verify_framed(&rows[i], &sig, v->signer) == rows[i].want);
}

/* A DSA key, a certificate, a point off the curve, keys with a byte too many: whoever lists them.
 */
static void test_keys_refused(void **state)
{
    (void)state;
    struct sshsig sig;
    const struct sshsig_vector *v = vector("p256_sha512");
    assert_int_equal(sshsig_read(ambit_str_of(v->armored), &sig), AMBIT_OK);
    for (int row = 0; row < 4; row++) {
        BUF_AUTO key, line;
        buf_init(&key, 0);
        buf_init(&line, 0);
        const char *type = "ecdsa-sha2-nistp256";
        if (row < 2) {
            type = row == 0 ? "ssh-dss" : "ecdsa-sha2-nistp256-cert-v01@openssh.com";
            put_string(&key, type, strlen(type));
            put_string(&key, "xx", 2);
        } else {
            buf_put_str(&key, sig.key);
        }
        if (row == 2)
            key.p[key.len - 1] = (char)(key.p[key.len - 1] ^ 1);
        if (row == 3)
            buf_put_char(&key, 0);
        buf_printf(&line, "%s ", type);
        buf_put_base64(&line, (const uint8_t *)key.p, key.len);
        buf_put_char(&line, '\0');
        const struct framed framed = {"key", "ambit-policy", "", "sha512", buf_str(&key),
                                      {0},   "SSHSIG",       "", 1,        AMBIT_OK};
        enum ambit_err want = row < 2 ? AMBIT_ERR_UNSUPPORTED : AMBIT_ERR_MALFORMED;
        assert_int_equal(verify_framed(&framed, &sig, line.p), want);
    }
}

static void test_armor(void **state)
{
    (void)state;
    static const struct {
        const char *name, *before, *behind;
        enum ambit_err want;
    } rows[] = {
        {"as it is", "", "", AMBIT_OK},
        {"words before", "x\n", "", AMBIT_ERR_MALFORMED},
        {"an empty line before", "\n", "", AMBIT_ERR_MALFORMED},
        {"words behind", "", "x\n", AMBIT_ERR_MALFORMED},
        {"an empty line behind", "", "\n", AMBIT_ERR_MALFORMED},
    };
    const struct sshsig_vector *v = vector("ed25519_sha512");
    for (size_t i = 0; i < AMBIT_LEN(rows); i++) {
        char text[2048];
        int len = snprintf(text, sizeof text, "%s%s%s", rows[i].before, v->armored, rows[i].behind);
        assert_in_range(len, 1, sizeof text - 1);
        ROW_CHECK(rows[i].name,
                  verify(text, v->signer, "ambit-policy", SIGNED_MESSAGE) == rows[i].want);
    }
    static const char *const broken[] = {
        "",
        "-----BEGIN SSH SIGNATURE-----\n-----END SSH SIGNATURE-----\n",
        "-----BEGIN SSH SIGNATURE-----\n\n-----END SSH SIGNATURE-----\n",
        "-----BEGIN SSH SIGNATURE-----\nU1NIU0lH\n\nAAAAAQ==\n-----END SSH SIGNATURE-----\n",
        "-----BEGIN SSH SIGNATURE-----\nU1NIU0lHAAAAAQ=\n-----END SSH SIGNATURE-----\n",
        "-----BEGIN SSH SIGNATURE-----\r\nU1NIU0lH\r\n-----END SSH SIGNATURE-----\r\n",
        "-----BEGIN SSH SIGNATURE-----\nU1NIU0lHAAAAAQAAAA==\n-----END SSH SIGNATURE-----\n",
        "-----BEGIN SSH SIGNATURE-----\nU1NIU0lHAAAAAf////8=\n-----END SSH SIGNATURE-----\n",
        "-----BEGIN PGP SIGNATURE-----\nU1NIU0lHAAAAAQ==\n-----END PGP SIGNATURE-----\n",
    };
    for (size_t i = 0; i < AMBIT_LEN(broken); i++)
        ROW_CHECK(broken[i], verify(broken[i], v->signer, "ambit-policy", SIGNED_MESSAGE) ==
                                 AMBIT_ERR_MALFORMED);
    BUF_AUTO large;
    buf_init(&large, 0);
    while (large.len <= SSHSIG_ARMORED_MAX)
        buf_put_char(&large, 'A');
    buf_put_char(&large, '\0');
    assert_int_equal(verify(large.p, v->signer, "ambit-policy", SIGNED_MESSAGE),
                     AMBIT_ERR_TOO_LARGE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_ssh_keygen_signed), cmocka_unit_test(test_whose_key),
        cmocka_unit_test(test_altered_bytes),          cmocka_unit_test(test_frames),
        cmocka_unit_test(test_keys_refused),           cmocka_unit_test(test_armor),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
