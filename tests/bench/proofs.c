/* SPDX-License-Identifier: Apache-2.0 */
/* Proofs of possession (RFC 9449) for POST to one address, one a line, each good once and for a
 * minute: what the bench of DPoP sends. bench_proofs JWK URI COUNT */
#include <fcntl.h>
#include <stdio.h>

#include "base/clock.h"
#include "base/encode.h"
#include "base/file.h"
#include "base/json_write.h"
#include "base/random.h"
#include "crypto/key.h"

enum { KEY_FILE_MAX = 16 * 1024 };

static enum ambit_err read_key(const char *path, struct crypto_key **ret)
{
    BUF_AUTO bytes = {.p = NULL};
    enum ambit_err err = file_read(AT_FDCWD, path, KEY_FILE_MAX, &bytes);
    return err ? err : crypto_key_from_private_text(buf_str(&bytes), ret);
}

/* The header, the same for all, as its part of the proof. */
static enum ambit_err write_header(const struct crypto_key *key, struct buf *ret)
{
    BUF_AUTO text = {.p = NULL};
    struct json_out out = {.buf = NULL};
    json_out_init(&out, &text, false);
    json_begin_object(&out);
    json_member_text(&out, "alg", "ES256");
    json_key(&out, "jwk");
    crypto_key_put_jwk(key, CRYPTO_ES256, &out);
    json_member_text(&out, "typ", "dpop+jwt");
    json_end_object(&out);
    buf_put_base64url(ret, (const uint8_t *)text.p, text.len);
    return buf_check(&text) ? buf_check(&text) : buf_check(ret);
}

static enum ambit_err write_one(const struct crypto_key *key, struct ambit_str header,
                                const char *uri)
{
    BUF_AUTO claims = {.p = NULL}, proof = {.p = NULL};
    struct json_out out = {.buf = NULL};
    uint8_t signature[CRYPTO_SIGNATURE_MAX];
    size_t len = 0;
    int64_t now_ms = clock_wall_ms();
    json_out_init(&out, &claims, false);
    json_begin_object(&out);
    json_member_text(&out, "htm", "POST");
    json_member_text(&out, "htu", uri);
    json_key(&out, "iat");
    json_i64(&out, now_ms / 1000);
    json_member_id(&out, "jti", random_id(now_ms));
    json_end_object(&out);
    buf_put_str(&proof, header);
    buf_put_char(&proof, '.');
    buf_put_base64url(&proof, (const uint8_t *)claims.p, claims.len);
    enum ambit_err err = buf_check(&claims) ? buf_check(&claims) : buf_check(&proof);
    if (!err)
        err = crypto_sign(key, CRYPTO_ES256, buf_str(&proof), signature, &len);
    if (err)
        return err;
    buf_put_char(&proof, '.');
    buf_put_base64url(&proof, signature, len);
    buf_put_char(&proof, '\n');
    err = buf_check(&proof);
    return err || fwrite(proof.p, 1, proof.len, stdout) == proof.len ? err : AMBIT_ERR_IO;
}

int main(int argc, char **argv)
{
    uint64_t count = 0;
    CRYPTO_KEY_AUTO *key = NULL;
    BUF_AUTO header = {.p = NULL};
    if (argc != 4 || parse_u64(ambit_str_of(argv[3]), &count) != AMBIT_OK)
        return 2;
    enum ambit_err err = read_key(argv[1], &key);
    if (!err)
        err = write_header(key, &header);
    for (uint64_t i = 0; !err && i < count; i++)
        err = write_one(key, buf_str(&header), argv[2]);
    if (!err && fflush(stdout) == 0)
        return 0;
    (void)fprintf(stderr, "%s: %s\n", argv[1], ambit_err_text(err));
    return 1;
}
