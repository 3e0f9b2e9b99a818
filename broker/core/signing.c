/* SPDX-License-Identifier: Apache-2.0 */
/* The signing key's file and the published key set. A new key is recorded (key.created, by its
 * thumbprint) before anything is signed with it. */
#include "core/signing.h"

#include <fcntl.h>
#include <unistd.h>

#include "base/file.h"
#include "base/json_write.h"

static const char key_file[] = "keys/signing.jwk";
static const char credential[] = "ambit-signing-key";

static AMBIT_CHECKED enum ambit_err key_load(int folder_fd, const char *name, struct broker *broker)
{
    struct buf text;
    buf_init(&text, 0);
    enum ambit_err err = file_read(folder_fd, name, AMBIT_FORM_BYTES, &text);
    if (err == AMBIT_OK)
        err = crypto_key_from_private_text(buf_str(&text), &broker->key);
    buf_wipe(&text);
    return err;
}

static AMBIT_CHECKED enum ambit_err key_record(struct broker *broker)
{
    char kid[CRYPTO_KID_LEN];
    crypto_key_kid(broker->key, kid);
    BUF_AUTO detail;
    struct json_out out;
    buf_init(&detail, 0);
    json_out_init(&out, &detail, true);
    json_begin_object(&out);
    json_key(&out, "alg");
    json_text(&out, crypto_alg_text(CRYPTO_ES256));
    json_member_str(&out, "kid", (struct ambit_str){kid, sizeof kid});
    json_end_object(&out);
    enum ambit_err err = buf_check(&detail);
    return err != AMBIT_OK ? err : broker_record_own(broker, EVENT_KEY_CREATED, buf_str(&detail));
}

static AMBIT_CHECKED enum ambit_err key_make(int state_fd, struct broker *broker)
{
    struct buf text;
    struct json_out out;
    buf_init(&text, 0);
    json_out_init(&out, &text, true);
    enum ambit_err err = dir_make(state_fd, "keys", 0700);
    if (err == AMBIT_OK)
        err = crypto_key_new(CRYPTO_ES256, &broker->key);
    if (err == AMBIT_OK)
        err = crypto_key_put_private_jwk(broker->key, CRYPTO_ES256, &out);
    if (err == AMBIT_OK)
        err = buf_check(&text);
    if (err ==
        AMBIT_OK) /* recorded first: a key that was never kept is on record, never the reverse */
        err = key_record(broker);
    if (err == AMBIT_OK)
        err = file_create(state_fd, key_file, buf_str(&text), 0600);
    buf_wipe(&text);
    return err;
}

/* The service manager's credential, where it has one; never made there. */
static AMBIT_CHECKED enum ambit_err key_of_manager(struct broker *broker)
{
    FD_AUTO fd = -1;
    if (broker->credentials_folder.len == 0)
        return AMBIT_ERR_NOT_FOUND;
    enum ambit_err err = dir_open(AT_FDCWD, broker->credentials_folder.p, &fd);
    return err == AMBIT_OK ? key_load(fd, credential, broker) : err;
}

static AMBIT_CHECKED enum ambit_err publish(struct broker *broker)
{
    struct json_out out;
    buf_init(&broker->jwks, 0);
    json_out_init(&out, &broker->jwks, true);
    json_begin_object(&out);
    json_key(&out, "keys");
    json_begin_array(&out);
    crypto_key_put_jwk(broker->key, CRYPTO_ES256, &out);
    json_end_array(&out);
    json_end_object(&out);
    return buf_check(&broker->jwks);
}

enum ambit_err signing_open(struct broker *broker)
{
    FD_AUTO state_fd = -1;
    enum ambit_err err = key_of_manager(broker);
    if (err == AMBIT_ERR_NOT_FOUND)
        err = dir_open(AT_FDCWD, broker->state_folder.p, &state_fd);
    if (err == AMBIT_OK && broker->key == NULL)
        err = key_load(state_fd, key_file, broker);
    if (err == AMBIT_ERR_NOT_FOUND && state_fd >= 0)
        err = key_make(state_fd, broker);
    if (err == AMBIT_OK && !crypto_key_fits(broker->key, CRYPTO_ES256))
        err = AMBIT_ERR_UNSUPPORTED;
    if (err == AMBIT_OK)
        err = publish(broker);
    return err == AMBIT_OK ? jws_signer_new(broker->key, CRYPTO_ES256, &broker->signer) : err;
}

void signing_close(struct broker *broker)
{
    jws_signer_free(broker->signer);
    crypto_key_free(broker->key);
    buf_done(&broker->jwks);
}
