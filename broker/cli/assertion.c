/* SPDX-License-Identifier: Apache-2.0 */
/* One assertion: made, sent once, good for a minute. */
#include "cli/assertion.h"

#include <fcntl.h>

#include "base/encode.h"
#include "base/file.h"
#include "base/json_write.h"
#include "base/random.h"
#include "crypto/jws.h"

enum { ASSERTION_LIFE_S = 60, KEY_FILE_MAX = 16 * 1024 };

static void free_signer(struct jws_signer **signer)
{
    jws_signer_free(*signer);
}

enum cli_exit assertion_read_key(struct cli *cli, const char *path, struct crypto_key **ret)
{
    struct buf bytes = {.p = NULL};
    enum ambit_err err = file_read(AT_FDCWD, path, KEY_FILE_MAX, &bytes);
    bool is_file = !err;
    if (!err)
        err = crypto_key_from_private_text(buf_str(&bytes), ret);
    buf_wipe(&bytes);
    if (!err)
        return CLI_YES;
    if (!is_file && (err == AMBIT_ERR_NOT_FOUND || err == AMBIT_ERR_IO))
        return cli_fail(cli, CLI_USAGE, "%s: %s", path, ambit_err_text(err));
    return cli_fail(cli, CLI_USAGE, "%s holds no private key that can sign (a private JWK or PEM)",
                    path);
}

/* CLI-6, CLI-7, CLI-11. */
static void put_claims(const struct assertion *assertion, struct buf *claims)
{
    int64_t now_s = assertion->now_ms / 1000;
    struct json_out out = {.buf = NULL};
    json_out_init(&out, claims, false);
    json_begin_object(&out);
    json_member_str(&out, "aud", assertion->audience);
    json_key(&out, "exp");
    json_i64(&out, now_s + ASSERTION_LIFE_S);
    json_key(&out, "iat");
    json_i64(&out, now_s);
    json_member_text(&out, "iss", assertion->agent);
    json_member_id(&out, "jti", random_id(assertion->now_ms));
    json_member_text(&out, "sub", assertion->agent);
    json_end_object(&out);
}

enum cli_exit assertion_make(struct cli *cli, const struct assertion *assertion, struct buf *out)
{
    AMBIT_CLEANUP(free_signer) struct jws_signer *signer = NULL;
    CRYPTO_KEY_AUTO *key = NULL;
    enum cli_exit code = assertion_read_key(cli, assertion->key_path, &key);
    if (code)
        return code;
    enum ambit_err err = jws_signer_new(key, crypto_key_alg(key), &signer);
    if (err)
        return cli_fail(cli, CLI_USAGE,
                        "%s holds no private key that can sign (a private JWK or PEM)",
                        assertion->key_path);

    BUF_AUTO claims = {.p = NULL};
    put_claims(assertion, &claims);
    err = buf_check(&claims);
    if (!err)
        err = jws_sign(signer, "client-authentication+jwt", buf_str(&claims), out);
    return err ? cli_fail(cli, CLI_USAGE, "the assertion cannot be made: %s", ambit_err_text(err))
               : CLI_YES;
}
