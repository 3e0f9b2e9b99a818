/* SPDX-License-Identifier: Apache-2.0 */
/* `authenticate`: the ways in that a person, an agent or a service may use. Each method is a table
 * of its own members; which methods a kind of document may name is that kind's list. */
#include "policy/shape.h"
#include "policy/read.h"

#define AT(member) offsetof(struct ambit_credential, member)
#define METHOD                                    \
    {                                             \
        "method", FIELD_REQUIRED, read_nothing, 0 \
    } /* it chose the table */

static const int64_t DAY_MS = 86400000;
enum { UID_MAX = 0x7ffffffe };

static void read_expires(struct reading *reading, const struct place *at, const struct field *field,
                         void *target)
{
    struct ambit_credential *credential = target;
    int64_t now_ms = reading->env->now_ms;
    read_instant(reading, at, field, target);
    if (now_ms && credential->expires_ms > now_ms + AMBIT_SECRET_DAYS_MAX * DAY_MS)
        complain_text(reading, at, "too far ahead",
                      "a shared secret to expire at most 90 days from now");
}

static void read_claim(struct reading *reading, const struct place *at, const struct field *field,
                       void *target)
{
    struct ambit_claim *claim = target;
    (void)field;
    const struct field value = {.at = offsetof(struct ambit_claim, value)};
    if (at->key.len == 0 || at->key.len > AMBIT_TEXT_MAX) {
        struct place key = *at;
        key.is_key = true;
        complain_name(reading, &key, "no claim", shape_free_text.expected, (struct ambit_str){0});
        return;
    }
    claim->name = arena_copy(reading->keep, at->key);
    reading->is_out_of_memory |= claim->name.p == NULL;
    read_scalar(reading, at, &value, target);
}

static const struct field element_claim = {.read = read_claim};
static const struct list_type list_claims = {&element_claim, sizeof(struct ambit_claim), 1,
                                             AMBIT_LIST_MAX};

static const struct field secret_fields[] = {
    METHOD,
    {"sha256", FIELD_REQUIRED, read_hex_digest, AT(digest)},
    {"expires", FIELD_REQUIRED, read_expires, AT(expires_ms)},
};
static const struct field thumbprint_fields[] = {
    METHOD,
    {"x5t#S256", FIELD_REQUIRED, read_thumbprint, AT(digest)},
};
static const struct field oidc_fields[] = {
    METHOD,
    {"issuer", FIELD_REQUIRED, read_text, AT(issuer), .with = &shape_uri},
    {"subject", FIELD_REQUIRED, read_text, AT(subject), .with = &shape_free_text},
};
static const struct field federated_fields[] = {
    METHOD,
    {"issuer", FIELD_REQUIRED, read_text, AT(issuer), .with = &shape_uri},
    {"subject", FIELD_REQUIRED, read_text, AT(subject), .with = &shape_free_text},
    {"claims", FIELD_OPTIONAL, read_map, AT(claims), .with = &list_claims},
};
static const struct field key_fields[] = {
    METHOD,
    {"jwks", FIELD_OPTIONAL, read_jwks, AT(jwks)},
    {"jwks_uri", FIELD_OPTIONAL, read_text, AT(jwks_uri), .with = &shape_https_uri},
};
static const struct field peer_fields[] = {
    METHOD,
    {"uid", FIELD_REQUIRED, read_integer, AT(uid), .min = 1, .max = UID_MAX},
    {"gid", FIELD_OPTIONAL, read_integer, AT(gid), .min = 0, .max = UID_MAX},
};

/* One name of a certificate; field->min says which. */
static void read_tls_name(struct reading *reading, const struct place *at,
                          const struct field *field, void *target)
{
    struct ambit_credential *credential = target;
    credential->tls_kind = (enum ambit_tls_kind)field->min;
    read_text(reading, at, field, target);
}

#define TLS_NAME(key, kind, form)                                                         \
    {                                                                                     \
        key, FIELD_OPTIONAL, read_tls_name, AT(tls_value), .min = (kind), .with = &(form) \
    }
static const struct field tls_fields[] = {
    METHOD,
    TLS_NAME("subject_dn", AMBIT_TLS_SUBJECT_DN, shape_free_text),
    TLS_NAME("san_dns", AMBIT_TLS_SAN_DNS, shape_dns_name),
    TLS_NAME("san_uri", AMBIT_TLS_SAN_URI, shape_uri),
    TLS_NAME("san_ip", AMBIT_TLS_SAN_IP, shape_ip),
    TLS_NAME("san_email", AMBIT_TLS_SAN_EMAIL, shape_email),
};

static void check_keys(struct reading *reading, const struct place *at, void *target)
{
    (void)target;
    want_one_of(reading, at, (const char *const[]){"jwks", "jwks_uri", NULL},
                "one of \"jwks\" or \"jwks_uri\"");
}

static void check_tls(struct reading *reading, const struct place *at, void *target)
{
    (void)target;
    want_one_of(
        reading, at,
        (const char *const[]){"subject_dn", "san_dns", "san_uri", "san_ip", "san_email", NULL},
        "one of \"subject_dn\", \"san_dns\", \"san_uri\", \"san_ip\" or \"san_email\"");
}

static const struct object_type method_types[] = {
    [AMBIT_METHOD_TOKEN] = OBJECT_TYPE(secret_fields, NULL),
    [AMBIT_METHOD_MTLS] = OBJECT_TYPE(thumbprint_fields, NULL),
    [AMBIT_METHOD_OIDC] = OBJECT_TYPE(oidc_fields, NULL),
    [AMBIT_METHOD_PRIVATE_KEY_JWT] = OBJECT_TYPE(key_fields, check_keys),
    [AMBIT_METHOD_SELF_SIGNED_TLS] = OBJECT_TYPE(thumbprint_fields, NULL),
    [AMBIT_METHOD_TLS] = OBJECT_TYPE(tls_fields, check_tls),
    [AMBIT_METHOD_FEDERATED_JWT] = OBJECT_TYPE(federated_fields, NULL),
    [AMBIT_METHOD_UNIX_PEER] = OBJECT_TYPE(peer_fields, NULL),
    [AMBIT_METHOD_CLIENT_SECRET_BASIC] = OBJECT_TYPE(secret_fields, NULL),
};

static void read_credential(struct reading *reading, const struct place *at,
                            const struct field *field, void *target)
{
    const struct methods *methods = field->with;
    struct ambit_credential *credential = target;
    const char *texts[AMBIT_LEN(method_types)];
    const struct words words = {.texts = texts, .n = methods->n};
    size_t word = 0;
    for (size_t i = 0; i < methods->n; i++)
        texts[i] = ambit_method_text(methods->v[i]);
    if (at->value->kind != JSON_OBJECT) {
        complain_found(reading, at, "an object with a \"method\"");
        return;
    }
    struct place method = place_member(at, "method");
    if (!method.value)
        complain_name(reading, &method, "missing member", "the way to authenticate",
                      (struct ambit_str){0});
    if (!method.value || !take_word(reading, &method, &words, &word))
        return; /* which members it may have cannot be told */
    credential->method = methods->v[word];
    credential->gid = -1;
    read_members(reading, at, &method_types[credential->method], credential);
}

void read_credentials(struct reading *reading, const struct place *at, const struct field *field,
                      void *target)
{
    const struct field element = {.read = read_credential, .with = field->with};
    const struct list_type type = {
        .element = &element, .size = sizeof(struct ambit_credential), .min = 1, .max = 64};
    const struct field list = {.read = read_list, .at = field->at, .with = &type};
    read_list(reading, at, &list, target);
}
