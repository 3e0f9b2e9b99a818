/* SPDX-License-Identifier: Apache-2.0 */
/* Signed client assertions (RFC 7523), one a line, each good once and for ten minutes: what the
 * bench of private_key_jwt sends. bench_assertions JWK AGENT ISSUER COUNT */
#include <fcntl.h>
#include <stdio.h>

#include "base/clock.h"
#include "base/encode.h"
#include "base/file.h"
#include "base/json_write.h"
#include "base/random.h"
#include "crypto/jws.h"

enum { LIFE_S = 590, KEY_FILE_MAX = 16 * 1024 };

static enum ambit_err read_signer(const char *path, struct jws_signer **ret)
{
    BUF_AUTO bytes = {.p = NULL};
    CRYPTO_KEY_AUTO *key = NULL;
    enum ambit_err err = file_read(AT_FDCWD, path, KEY_FILE_MAX, &bytes);
    if (!err)
        err = crypto_key_from_private_text(buf_str(&bytes), &key);
    return err ? err : jws_signer_new(key, CRYPTO_ES256, ret);
}

static enum ambit_err write_one(const struct jws_signer *signer, const char *agent,
                                const char *issuer)
{
    BUF_AUTO claims = {.p = NULL};
    BUF_AUTO assertion = {.p = NULL};
    struct json_out out = {.buf = NULL};
    int64_t now_ms = clock_wall_ms();
    json_out_init(&out, &claims, false);
    json_begin_object(&out);
    json_member_text(&out, "aud", issuer);
    json_key(&out, "exp");
    json_i64(&out, now_ms / 1000 + LIFE_S);
    json_key(&out, "iat");
    json_i64(&out, now_ms / 1000);
    json_member_text(&out, "iss", agent);
    json_member_id(&out, "jti", random_id(now_ms));
    json_member_text(&out, "sub", agent);
    json_end_object(&out);
    enum ambit_err err = buf_check(&claims);
    if (!err)
        err = jws_sign(signer, "client-authentication+jwt", buf_str(&claims), &assertion);
    if (!err && fwrite(assertion.p, 1, assertion.len, stdout) == assertion.len &&
        putchar('\n') == '\n')
        return AMBIT_OK;
    return err ? err : AMBIT_ERR_IO;
}

int main(int argc, char **argv)
{
    uint64_t count = 0;
    struct jws_signer *signer = NULL;
    if (argc != 5 || parse_u64(ambit_str_of(argv[4]), &count) != AMBIT_OK)
        return 2;
    enum ambit_err err = read_signer(argv[1], &signer);
    for (uint64_t i = 0; !err && i < count; i++)
        err = write_one(signer, argv[2], argv[3]);
    jws_signer_free(signer);
    if (!err && fflush(stdout) == 0)
        return 0;
    (void)fprintf(stderr, "%s: %s\n", argv[1], ambit_err_text(err));
    return 1;
}
