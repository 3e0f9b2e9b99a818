/* SPDX-License-Identifier: Apache-2.0 */
/* The discovery document (MET-1..7). */
#include "oauth/metadata.h"

#include "base/json_write.h"
#include "identity/trust.h"
#include "oauth/token_request.h"

struct list {
    const char *member;
    const char *values[5];
};

#define ALGORITHMS "ES256", "EdDSA", "Ed25519", "RS256", "PS256" /* MET-5 */

/* INVARIANT: only what this version does. Empty lists are left out by having no row (MET-4). */
static const struct list lists[] = {
    {"response_types_supported", {"code"}},         /* MET-6 */
    {"scopes_supported", {"ambit.decide"}},         /* a part: actions are scopes too */
    {"code_challenge_methods_supported", {"S256"}}, /* MET-6 */
    {"token_endpoint_auth_signing_alg_values_supported", {ALGORITHMS}},
    {"introspection_endpoint_auth_signing_alg_values_supported", {ALGORITHMS}},
    {"revocation_endpoint_auth_signing_alg_values_supported", {ALGORITHMS}},
    {"authorization_details_types_supported", {"ambit"}}, /* RAR-9 */
    {"dpop_signing_alg_values_supported", {ALGORITHMS}},
    {"backchannel_token_delivery_modes_supported", {"poll"}},
};

static const struct {
    const char *member, *path;
} endpoints[] = {
    {"authorization_endpoint", "/authorize"}, /* D-1 */
    {"token_endpoint", "/token"},
    {"jwks_uri", "/jwks"},
    {"introspection_endpoint", "/introspect"},
    {"revocation_endpoint", "/revoke"},
    {"backchannel_authentication_endpoint", "/bc-authorize"},
};

static void write_url(struct json_out *out, struct ambit_str issuer, const char *path)
{
    BUF_AUTO url;
    buf_init(&url, 0);
    buf_put_str(&url, issuer);
    buf_put_text(&url, path);
    if (buf_check(&url))
        out->buf->err = buf_check(&url);
    json_str(out, buf_str(&url));
}

static void write_grant_types(struct json_out *out, const struct metadata *metadata)
{
    json_key(out, "grant_types_supported");
    json_begin_array(out);
    for (enum grant_type type = 0; type < GRANT_TYPES; type++)
        if ((type != GRANT_TYPE_DEFERRED || metadata->defers) &&
            (type != GRANT_TYPE_JWT_BEARER || identity_trust_has_issuers(metadata->trust)))
            json_text(out, grant_type_text(type));
    json_end_array(out);
}

/* unix_peer is nobody's but this machine's, and not advertised (UNX-4). `none` stands for the
 * jwt-bearer grant, at the token endpoint alone (CLI-15). */
static void write_methods(const char *member, const struct identity_trust *trust, bool is_token,
                          struct json_out *out)
{
    json_key(out, member);
    json_begin_array(out);
    json_text(out, "private_key_jwt");
    json_text(out, "client_secret_basic");
    if (identity_trust_takes_certificates(trust)) {
        if (identity_trust_has_anchors(trust))
            json_text(out, "tls_client_auth");
        json_text(out, "self_signed_tls_client_auth");
    }
    if (identity_trust_has_svids(trust))
        json_text(out, "spiffe_jwt");
    if (is_token && identity_trust_has_issuers(trust))
        json_text(out, "none");
    json_end_array(out);
}

static void write_list(struct json_out *out, const char *member, const char *value)
{
    json_key(out, member);
    json_begin_array(out);
    json_text(out, value);
    json_end_array(out);
}

/* Members of what is off unless it is configured. */
static void write_switched(const struct metadata *metadata, struct json_out *out)
{
    if (metadata->introspection_alg)
        write_list(out, "introspection_signing_alg_values_supported", metadata->introspection_alg);
    if (metadata->has_status_list) {
        json_key(out, "status_list_aggregation_endpoint");
        write_url(out, metadata->issuer, "/status");
    }
    if (!metadata->defers)
        return;
    json_key(out, "deferred_token_response_supported");
    json_bool(out, true);
    write_list(out, "revocation_endpoint_token_type_values_supported",
               "urn:ietf:params:oauth:token-type:deferral-code");
}

void metadata_write(const struct metadata *metadata, struct json_out *out)
{
    struct ambit_str issuer = metadata->issuer;
    json_begin_object(out);
    json_member_str(out, "issuer", issuer);
    for (size_t i = 0; i < AMBIT_LEN(endpoints); i++) {
        json_key(out, endpoints[i].member);
        write_url(out, issuer, endpoints[i].path);
    }
    write_grant_types(out, metadata);
    write_methods("token_endpoint_auth_methods_supported", metadata->trust, true, out);
    write_methods("introspection_endpoint_auth_methods_supported", metadata->trust, false, out);
    write_methods("revocation_endpoint_auth_methods_supported", metadata->trust, false, out);
    for (size_t i = 0; i < AMBIT_LEN(lists); i++) {
        json_key(out, lists[i].member);
        json_begin_array(out);
        for (size_t j = 0; j < AMBIT_LEN(lists[i].values) && lists[i].values[j]; j++)
            json_text(out, lists[i].values[j]);
        json_end_array(out);
    }
    json_key(out, "backchannel_user_code_parameter_supported");
    json_bool(out, false);
    write_switched(metadata, out);
    json_key(out, "authorization_response_iss_parameter_supported");
    json_bool(out, true);
    json_end_object(out);
}

struct ambit_str metadata_issuer_path(struct ambit_str issuer)
{
    size_t at = 0;
    while (at + 2 < issuer.len && memcmp(issuer.p + at, "://", 3) != 0)
        at++;
    at += 3;
    while (at < issuer.len && issuer.p[at] != '/')
        at++;
    struct ambit_str path = {.p = issuer.p + at, .len = issuer.len > at ? issuer.len - at : 0};
    while (path.len > 0 && path.p[path.len - 1] == '/')
        path.len--;
    return path;
}
