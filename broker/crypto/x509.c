/* SPDX-License-Identifier: Apache-2.0 */
/* Certificates read and their names compared. Chains: x509_verify.c. */
#include "crypto/x509_inside.h"

#include <strings.h>

#include "base/addr.h"
#include "base/dn.h"
#include "base/spiffe.h"
#include "crypto/digest.h"

/* ---- reading ---- */

enum ambit_err x509_read_whole(struct ambit_str der, X509 **ret)
{
    if (der.len > X509_BYTES_MAX)
        return AMBIT_ERR_TOO_LARGE;
    const uint8_t *at = (const uint8_t *)der.p;
    X509_AUTO *certificate = d2i_X509(NULL, &at, (long)der.len);
    if (!certificate || at != (const uint8_t *)der.p + der.len)
        return AMBIT_ERR_MALFORMED;
    /* Reads every extension; marks what does not parse or stands twice. */
    if (X509_check_purpose(certificate, -1, 0) != 1 ||
        (X509_get_extension_flags(certificate) & EXFLAG_INVALID))
        return AMBIT_ERR_MALFORMED;
    *ret = TAKE(certificate);
    return AMBIT_OK;
}

enum ambit_err x509_leaf_read(struct ambit_str der, struct x509_leaf **ret)
{
    CRYPTO_SCOPE;
    X509_AUTO *certificate = NULL;
    enum ambit_err err = x509_read_whole(der, &certificate);
    if (err)
        return err;

    int critical = 0;
    GENERAL_NAMES *names = X509_get_ext_d2i(certificate, NID_subject_alt_name, &critical, NULL);
    if (!names && critical != -1) /* -1: there is none */
        return AMBIT_ERR_MALFORMED;
    struct x509_leaf *leaf = calloc(1, sizeof *leaf);
    if (!leaf || (names && sk_GENERAL_NAME_num(names) > X509_NAMES_MAX)) {
        GENERAL_NAMES_free(names);
        free(leaf);
        return leaf ? AMBIT_ERR_TOO_LARGE : AMBIT_ERR_NO_MEMORY;
    }
    leaf->certificate = TAKE(certificate);
    leaf->names = names;
    crypto_sha256(der.p, der.len, &leaf->thumbprint);
    *ret = leaf;
    return AMBIT_OK;
}

void x509_leaf_free(struct x509_leaf *leaf)
{
    if (!leaf)
        return;
    X509_free(leaf->certificate);
    GENERAL_NAMES_free(leaf->names);
    free(leaf);
}

void x509_leaf_freep(struct x509_leaf **leaf)
{
    x509_leaf_free(*leaf);
}

struct ambit_digest x509_leaf_thumbprint(const struct x509_leaf *leaf)
{
    return leaf->thumbprint;
}

bool x509_leaf_is_in_date(const struct x509_leaf *leaf, int64_t now_ms)
{
    CRYPTO_SCOPE;
    time_t now = (time_t)(now_ms / 1000);
    return X509_cmp_time(X509_get0_notBefore(leaf->certificate), &now) < 0 &&
           X509_cmp_time(X509_get0_notAfter(leaf->certificate), &now) > 0;
}

/* ---- subject ---- */

/* The short names of RFC 4514 section 3 and a few that everybody writes, in any case; others as
 * OpenSSL knows them, or dotted. */
static ASN1_OBJECT *object_of(struct ambit_str type)
{
    static const struct {
        const char *text;
        int nid;
    } known[] = {
        {"CN", NID_commonName},
        {"L", NID_localityName},
        {"ST", NID_stateOrProvinceName},
        {"O", NID_organizationName},
        {"OU", NID_organizationalUnitName},
        {"C", NID_countryName},
        {"STREET", NID_streetAddress},
        {"DC", NID_domainComponent},
        {"UID", NID_userId},
        {"serialNumber", NID_serialNumber},
        {"emailAddress", NID_pkcs9_emailAddress},
    };
    char text[64] = "";
    if (type.len >= sizeof text)
        return NULL;
    memcpy(text, type.p, type.len);
    for (size_t i = 0; i < AMBIT_LEN(known); i++)
        if (strcasecmp(known[i].text, text) == 0)
            return OBJ_nid2obj(known[i].nid); /* static: freeing it does nothing */
    return OBJ_txt2obj(text, 0);
}

static bool is_same_bytes(struct ambit_str text, const void *bytes, int len)
{
    return len >= 0 && text.len == (size_t)len && memcmp(text.p, bytes, text.len) == 0;
}

static bool is_same_encoding(struct ambit_str der, const ASN1_STRING *value)
{
    ASN1_TYPE *type = ASN1_TYPE_new();
    unsigned char *encoded = NULL;
    int len = -1;
    if (type && ASN1_TYPE_set1(type, ASN1_STRING_type(value), value) == 1)
        len = i2d_ASN1_TYPE(type, &encoded);
    bool is_same = is_same_bytes(der, encoded, len);
    OPENSSL_free(encoded);
    ASN1_TYPE_free(type);
    return is_same;
}

static bool is_same_value(const struct dn_piece *piece, const ASN1_STRING *value)
{
    if (piece->is_encoded)
        return is_same_encoding(piece->value, value);
    unsigned char *utf8 = NULL;
    int len = ASN1_STRING_to_UTF8(&utf8, value);
    bool is_same = is_same_bytes(piece->value, utf8, len);
    OPENSSL_free(utf8);
    return is_same;
}

static bool is_piece(const struct dn_piece *piece, const X509_NAME_ENTRY *entry)
{
    ASN1_OBJECT *object = object_of(piece->type);
    bool is_same = object && OBJ_cmp(object, X509_NAME_ENTRY_get_object(entry)) == 0 &&
                   is_same_value(piece, X509_NAME_ENTRY_get_data(entry));
    ASN1_OBJECT_free(object);
    return is_same;
}

/* One relative name: the same pieces, in whatever order. */
static bool is_relative(const struct dn_piece *pieces, size_t n, const X509_NAME *subject,
                        int first, int last)
{
    uint64_t used = 0;
    if (n != (size_t)(last - first + 1))
        return false;
    for (size_t i = 0; i < n; i++) {
        int found = -1;
        for (int k = first; k <= last && found < 0; k++)
            if (!(used & UINT64_C(1) << (k - first)) &&
                is_piece(&pieces[i], X509_NAME_get_entry(subject, k)))
                found = k;
        if (found < 0)
            return false;
        used |= UINT64_C(1) << (found - first);
    }
    return true;
}

/* The text begins with the most specific relative name, the certificate with the least. */
static bool is_subject(const X509_NAME *subject, struct ambit_str name)
{
    struct dn_piece pieces[DN_PIECES_MAX];
    size_t n = 0, at = 0;
    ARENA_AUTO arena;
    arena_init(&arena, NULL, 0, 64 * 1024);
    if (dn_read(name, &arena, pieces, &n) != AMBIT_OK)
        return false;

    int last = X509_NAME_entry_count(subject) - 1;
    if ((size_t)(last + 1) != n)
        return false;
    while (at < n && last >= 0) {
        size_t count = 1;
        int first = last;
        while (at + count < n && pieces[at + count].is_joined)
            count++;
        while (first > 0 && X509_NAME_ENTRY_set(X509_NAME_get_entry(subject, first - 1)) ==
                                X509_NAME_ENTRY_set(X509_NAME_get_entry(subject, last)))
            first--;
        if (!is_relative(&pieces[at], count, subject, first, last))
            return false;
        at += count;
        last = first - 1;
    }
    return at == n && last < 0;
}

/* ---- alternative names ---- */

static struct ambit_str text_of(const ASN1_STRING *string)
{
    int len = ASN1_STRING_length(string);
    return (struct ambit_str){.p = (const char *)ASN1_STRING_get0_data(string),
                              .len = len > 0 ? (size_t)len : 0};
}

static bool is_same_host(struct ambit_str a, struct ambit_str b)
{
    return a.len == b.len && !memchr(a.p, '\0', a.len) && strncasecmp(a.p, b.p, a.len) == 0;
}

static bool is_same_mail(struct ambit_str a, struct ambit_str b)
{
    const char *at = memchr(a.p, '@', a.len);
    size_t local = at ? (size_t)(at - a.p) + 1 : 0;
    if (!at || a.len != b.len || memcmp(a.p, b.p, local) != 0)
        return false;
    struct ambit_str host = {.p = a.p + local, .len = a.len - local};
    return is_same_host(host, (struct ambit_str){.p = b.p + local, .len = b.len - local});
}

static bool is_same_address(struct ambit_str text, struct ambit_str bytes)
{
    struct addr addr = {0};
    if (addr_decode(text, &addr) != AMBIT_OK)
        return false;
    size_t len = addr.family == 4 ? 4 : 16;
    return bytes.len == len && memcmp(bytes.p, addr.b, len) == 0;
}

static bool is_name(const GENERAL_NAME *name, enum x509_name kind, struct ambit_str text)
{
    switch (kind) {
    case X509_SUBJECT:
        return false;
    case X509_DNS:
        return name->type == GEN_DNS && is_same_host(text_of(name->d.dNSName), text);
    case X509_URI:
        return name->type == GEN_URI &&
               ambit_str_eq(text_of(name->d.uniformResourceIdentifier), text);
    case X509_IP:
        return name->type == GEN_IPADD && is_same_address(text, text_of(name->d.iPAddress));
    case X509_EMAIL:
        return name->type == GEN_EMAIL && is_same_mail(text_of(name->d.rfc822Name), text);
    }
    return false;
}

bool x509_leaf_has_name(const struct x509_leaf *leaf, enum x509_name kind, struct ambit_str name)
{
    CRYPTO_SCOPE;
    if (kind == X509_SUBJECT)
        return is_subject(X509_get_subject_name(leaf->certificate), name);
    int n = leaf->names ? sk_GENERAL_NAME_num(leaf->names) : 0;
    for (int i = 0; i < n; i++)
        if (is_name(sk_GENERAL_NAME_value(leaf->names, i), kind, name))
            return true;
    return false;
}

/* ---- SPIFFE ---- */

bool x509_leaf_is_svid(const struct x509_leaf *leaf, struct ambit_str *ret_id)
{
    CRYPTO_SCOPE;
    X509 *certificate = leaf->certificate;
    int n = leaf->names ? sk_GENERAL_NAME_num(leaf->names) : 0, n_uris = 0;
    for (int i = 0; i < n; i++) {
        const GENERAL_NAME *name = sk_GENERAL_NAME_value(leaf->names, i);
        if (name->type != GEN_URI)
            continue;
        *ret_id = text_of(name->d.uniformResourceIdentifier);
        n_uris++;
    }
    struct spiffe_id id = {0};
    if (n_uris != 1 || !spiffe_read(*ret_id, &id) || id.path.len == 0)
        return false;
    if (X509_get_extension_flags(certificate) & EXFLAG_CA)
        return false;

    int at = X509_get_ext_by_NID(certificate, NID_key_usage, -1);
    uint32_t usage = X509_get_key_usage(certificate);
    return at >= 0 && X509_EXTENSION_get_critical(X509_get_ext(certificate, at)) == 1 &&
           (usage & KU_DIGITAL_SIGNATURE) && !(usage & (KU_KEY_CERT_SIGN | KU_CRL_SIGN));
}
