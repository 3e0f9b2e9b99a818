/* SPDX-License-Identifier: Apache-2.0 */
/* One proof of possession: the public key in its header, the private one under it. */
#include "cli/proof.h"

#include "base/encode.h"
#include "base/json_write.h"
#include "base/random.h"
#include "cli/assertion.h"

static void put_header(const struct crypto_key *key, struct buf *out)
{
    BUF_AUTO text = {.p = NULL};
    struct json_out json = {.buf = NULL};
    enum crypto_alg alg = crypto_key_alg(key);
    json_out_init(&json, &text, false);
    json_begin_object(&json);
    json_member_text(&json, "alg", crypto_alg_text(alg));
    json_key(&json, "jwk");
    crypto_key_put_jwk(key, alg, &json);
    json_member_text(&json, "typ", "dpop+jwt");
    json_end_object(&json);
    if (buf_check(&text))
        buf_fail(out, buf_check(&text));
    buf_put_base64url(out, (const uint8_t *)text.p, text.len);
}

static void put_claims(const struct proof *proof, struct buf *out)
{
    BUF_AUTO text = {.p = NULL}, uri = {.p = NULL};
    struct json_out json = {.buf = NULL};
    buf_put_str(&uri, proof->issuer);
    buf_put_str(&uri, proof->path);
    json_out_init(&json, &text, false);
    json_begin_object(&json);
    json_member_text(&json, "htm", proof->method);
    json_member_str(&json, "htu", buf_str(&uri));
    json_key(&json, "iat");
    json_i64(&json, proof->now_ms / 1000);
    json_member_id(&json, "jti", random_id(proof->now_ms));
    if (proof->nonce[0])
        json_member_text(&json, "nonce", proof->nonce);
    json_end_object(&json);
    if (buf_check(&text) || buf_check(&uri))
        buf_fail(out, AMBIT_ERR_NO_MEMORY);
    buf_put_base64url(out, (const uint8_t *)text.p, text.len);
}

enum cli_exit proof_make(struct cli *cli, const struct proof *proof, struct buf *out)
{
    CRYPTO_KEY_AUTO *key = NULL;
    uint8_t signature[CRYPTO_SIGNATURE_MAX];
    size_t len = 0;
    enum cli_exit code = assertion_read_key(cli, proof->key_path, &key);
    if (code)
        return code;
    put_header(key, out);
    buf_put_char(out, '.');
    put_claims(proof, out);
    enum ambit_err err = buf_check(out);
    if (!err)
        err = crypto_sign(key, crypto_key_alg(key), buf_str(out), signature, &len);
    if (!err) {
        buf_put_char(out, '.');
        buf_put_base64url(out, signature, len);
        err = buf_check(out);
    }
    return err ? cli_fail(cli, CLI_USAGE, "the proof cannot be made: %s", ambit_err_text(err))
               : CLI_YES;
}
