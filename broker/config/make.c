/* SPDX-License-Identifier: Apache-2.0 */
/* Documents written by us. Each is first written compactly through the one JSON writer and then
 * laid out for people by the one layout, so that two ways of making a document cannot differ. */
#include "config/make.h"

#include "base/encode.h"
#include "base/json_write.h"
#include "base/random.h"
#include "crypto/digest.h"
#include "crypto/key.h"

void make_secret_draw(struct make_secret *ret)
{
    uint8_t bytes[32] = {0};
    random_bytes(bytes, sizeof bytes);
    base64url_encode(bytes, sizeof bytes, ret->text);
    secret_wipe(bytes, sizeof bytes);
    crypto_sha256(ret->text, sizeof ret->text, &ret->digest);
}

static void put_texts(struct json_out *out, const char *key, struct ambit_strs texts)
{
    json_key(out, key);
    json_begin_array(out);
    for (size_t i = 0; i < texts.n; i++)
        json_str(out, texts.v[i]);
    json_end_array(out);
}

/* {"method": …, "sha256": …, "expires": …} */
static void put_shared_secret(struct json_out *out, const char *method,
                              const struct ambit_digest *digest, int64_t expires_ms)
{
    json_begin_object(out);
    json_member_text(out, "method", method);
    json_key(out, "sha256");
    json_hex(out, digest->b, sizeof digest->b);
    json_key(out, "expires");
    json_time_ms(out, expires_ms / 1000 * 1000);
    json_end_object(out);
}

/* Lays out what was written into `compact`, remembering failure in `out`. */
static void lay_out(struct buf *compact, struct buf *out)
{
    enum ambit_err err = buf_check(compact);
    if (!err)
        err = make_pretty(buf_str(compact), out);
    if (err && !out->err)
        out->err = err;
}

static void put_roles(struct json_out *out, unsigned roles)
{
    static const struct {
        enum ambit_role role;
        const char *text;
    } names[] = {{AMBIT_ROLE_OWNER, "owner"},
                 {AMBIT_ROLE_ONCALL, "oncall"},
                 {AMBIT_ROLE_APPROVER, "approver"},
                 {AMBIT_ROLE_AUDITOR, "auditor"},
                 {AMBIT_ROLE_ADMIN, "admin"}};

    json_key(out, "roles");
    json_begin_array(out);
    for (size_t i = 0; i < AMBIT_LEN(names); i++) {
        if (roles & names[i].role)
            json_text(out, names[i].text);
    }
    json_end_array(out);
}

void make_person_json(const struct make_person *person, struct buf *out)
{
    BUF_AUTO compact = {.p = NULL};
    struct json_out json = {.buf = NULL};
    json_out_init(&json, &compact, false);
    json_begin_object(&json);
    json_member_str(&json, "person", person->person);
    json_member_str(&json, "name", person->name);
    json_member_str(&json, "email", person->email);
    json_member_str(&json, "team", person->team);
    json_key(&json, "active");
    json_bool(&json, true);
    put_roles(&json, person->roles);
    if (person->token) {
        json_key(&json, "authenticate");
        json_begin_array(&json);
        put_shared_secret(&json, "token", person->token, person->token_expires_ms);
        json_end_array(&json);
    }
    json_end_object(&json);
    lay_out(&compact, out);
}

void make_agent_json(const struct make_agent *agent, struct buf *out)
{
    BUF_AUTO compact = {.p = NULL};
    struct json_out json = {.buf = NULL};
    json_out_init(&json, &compact, false);
    json_begin_object(&json);
    json_member_str(&json, "agent", agent->agent);
    json_member_str(&json, "description", agent->description);
    json_member_str(&json, "owner", agent->owner);
    json_member_str(&json, "backup", agent->backup);
    json_key(&json, "authenticate");
    json_begin_array(&json);
    json_begin_object(&json);
    json_member_text(&json, "method", "private_key_jwt");
    json_key(&json, "jwks");
    json_begin_object(&json);
    json_key(&json, "keys");
    json_begin_array(&json);
    json_raw(&json, agent->jwk);
    json_end_array(&json);
    json_end_object(&json);
    json_end_object(&json);
    if (agent->secret)
        put_shared_secret(&json, "client_secret_basic", agent->secret, agent->secret_expires_ms);
    json_end_array(&json);
    put_texts(&json, "policies", agent->policies);
    json_end_object(&json);
    lay_out(&compact, out);
}

void make_service_json(const struct make_service *service, struct buf *out)
{
    BUF_AUTO compact = {.p = NULL};
    struct json_out json = {.buf = NULL};
    json_out_init(&json, &compact, false);
    json_begin_object(&json);
    json_member_str(&json, "service", service->service);
    json_member_str(&json, "owner", service->owner);
    json_member_str(&json, "tier", service->tier);
    put_texts(&json, "audiences", service->audiences);
    put_texts(&json, "resources", service->resources);
    json_key(&json, "authenticate");
    json_begin_array(&json);
    put_shared_secret(&json, "client_secret_basic", service->secret, service->secret_expires_ms);
    json_end_array(&json);
    json_end_object(&json);
    lay_out(&compact, out);
}

enum ambit_err make_key(struct buf *ret_private, struct buf *ret_public)
{
    CRYPTO_KEY_AUTO *key = NULL;
    enum ambit_err err = crypto_key_new(CRYPTO_ES256, &key);
    if (err)
        return err;

    struct json_out out = {.buf = NULL};
    json_out_init(&out, ret_public, false);
    crypto_key_put_jwk(key, CRYPTO_ES256, &out);
    err = buf_check(ret_public);
    if (err)
        return err;

    json_out_init(&out, ret_private, false);
    err = crypto_key_put_private_jwk(key, CRYPTO_ES256, &out);
    return err ? err : buf_check(ret_private);
}
