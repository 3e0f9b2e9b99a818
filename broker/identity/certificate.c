/* SPDX-License-Identifier: Apache-2.0 */
/* Matching a certificate against what documents register. */
#include "identity/certificate.h"

#include "base/spiffe.h"
#include "crypto/x509.h"
#include "identity/credential.h"
#include "identity/trust.h"

/* One request's certificate, and what was found out about it so far. */
struct shown {
    const struct certificate_question *question;
    const struct x509_leaf *leaf;
    bool is_judged;
    enum ambit_err path; /* to the client authorities; once is_judged */
};

static enum ambit_err read_leaf(const struct certificate_question *question, struct x509_leaf **ret)
{
    enum ambit_err err = x509_leaf_read(question->chain[0], ret);
    return err == AMBIT_ERR_MALFORMED || err == AMBIT_ERR_TOO_LARGE ? AMBIT_ERR_REFUSED : err;
}

/* ---- the path ---- */

static enum ambit_err verify_by(const struct shown *shown, struct key_source *source)
{
    const struct certificate_question *question = shown->question;
    struct key_sources *sources = question->keys->trust->sources;
    KEY_SNAPSHOT_AUTO *snapshot = key_source_keys(sources, source);
    if (!snapshot)
        return key_source_news(sources, source) ? AMBIT_ERR_BUSY : AMBIT_ERR_REFUSED;
    if (!snapshot->anchors)
        return AMBIT_ERR_REFUSED;
    return x509_verify(snapshot->anchors, shown->leaf, question->chain, question->n,
                       question->now_ms);
}

/* To the authorities of any listener's client_ca. */
static enum ambit_err path_of(struct shown *shown)
{
    const struct identity_trust *trust = shown->question->keys->trust;
    if (shown->is_judged)
        return shown->path;
    shown->path = AMBIT_ERR_REFUSED;
    shown->is_judged = true;
    for (size_t i = 0; trust && i < trust->n_client_ca; i++) {
        shown->path = verify_by(shown, trust->client_ca[i]);
        if (shown->path != AMBIT_ERR_REFUSED)
            break;
    }
    return shown->path;
}

/* SPF-5: an SVID, by the bundle of its own trust domain; where none is configured the client_ca are
 * taken for it. */
static enum ambit_err svid_path_of(struct shown *shown, struct ambit_str registered)
{
    struct ambit_str id = {0};
    if (!x509_leaf_is_svid(shown->leaf, &id) || !ambit_str_eq(id, registered))
        return AMBIT_ERR_REFUSED;
    const struct trusted_issuer *domain = trust_domain(shown->question->keys->trust, id);
    return domain ? verify_by(shown, domain->source) : path_of(shown);
}

/* ---- one credential ---- */

static enum x509_name name_of(enum ambit_tls_kind kind)
{
    switch (kind) {
    case AMBIT_TLS_SUBJECT_DN:
        return X509_SUBJECT;
    case AMBIT_TLS_SAN_DNS:
        return X509_DNS;
    case AMBIT_TLS_SAN_URI:
        return X509_URI;
    case AMBIT_TLS_SAN_IP:
        return X509_IP;
    case AMBIT_TLS_SAN_EMAIL:
        return X509_EMAIL;
    }
    return X509_SUBJECT;
}

static enum ambit_err fits(struct shown *shown, const struct ambit_credential *credential)
{
    struct spiffe_id id = {0};
    if (credential->method == AMBIT_METHOD_SELF_SIGNED_TLS) { /* MTL-3: pinned, no path */
        bool is_pinned = ambit_digest_eq(x509_leaf_thumbprint(shown->leaf), credential->digest) &&
                         x509_leaf_is_in_date(shown->leaf, shown->question->now_ms);
        return is_pinned ? AMBIT_OK : AMBIT_ERR_REFUSED;
    }
    if (credential->method != AMBIT_METHOD_TLS)
        return AMBIT_ERR_REFUSED;
    if (credential->tls_kind == AMBIT_TLS_SAN_URI && spiffe_read(credential->tls_value, &id))
        return svid_path_of(shown, credential->tls_value);
    if (!x509_leaf_has_name(shown->leaf, name_of(credential->tls_kind), credential->tls_value))
        return AMBIT_ERR_REFUSED;
    return path_of(shown);
}

/* REFUSED, or the caller by the first credential that fits. */
static enum ambit_err judge(struct shown *shown, const struct credentials *credentials,
                            struct caller *ret)
{
    for (size_t i = 0; i < credentials->n; i++) {
        const struct ambit_credential *credential = &credentials->v[i];
        enum ambit_err err = fits(shown, credential);
        if (err == AMBIT_ERR_REFUSED)
            continue;
        if (err)
            return err;
        bool is_pinned = credential->method == AMBIT_METHOD_SELF_SIGNED_TLS;
        *ret = (struct caller){
            .kind = credentials->kind,
            .name = credentials->name,
            .method = credential->method,
            .credential = is_pinned ? credential->digest : credential_digest(credential),
        };
        return AMBIT_OK;
    }
    return AMBIT_ERR_REFUSED;
}

/* ---- who ---- */

enum ambit_err certificate_client(const struct certificate_question *question,
                                  struct ambit_str client_id, struct caller *ret)
{
    X509_LEAF_AUTO *leaf = NULL;
    enum ambit_err err = read_leaf(question, &leaf);
    if (err)
        return err;
    struct shown shown = {.question = question, .leaf = leaf};
    struct spiffe_id spiffe = {0};
    struct ambit_str id = {0};
    bool is_alias = client_id.p && spiffe_read(client_id, &spiffe); /* no name holds a ':' */
    if (!client_id.p || is_alias) {
        if (!x509_leaf_is_svid(leaf, &id) || (is_alias && !ambit_str_eq(id, client_id)))
            return AMBIT_ERR_REFUSED;
        client_id = ways_client_of_uri(question->keys, id);
    }
    if (!client_id.p)
        return AMBIT_ERR_REFUSED;
    struct credentials credentials = credentials_of_client(question->documents, client_id);
    return judge(&shown, &credentials, ret);
}

enum ambit_err certificate_service(const struct certificate_question *question, struct caller *ret)
{
    X509_LEAF_AUTO *leaf = NULL;
    enum ambit_err err = read_leaf(question, &leaf);
    if (err)
        return err;
    struct shown shown = {.question = question, .leaf = leaf};
    struct caller found = {.kind = CALLER_NONE};
    for (size_t i = 0; i < question->documents->n_services; i++) {
        const struct ambit_service *service = &question->documents->services[i];
        const struct credentials credentials = {.kind = CALLER_SERVICE,
                                                .name = service->doc.name,
                                                .v = service->credentials,
                                                .n = service->n_credentials};
        struct caller one = {.kind = CALLER_NONE};
        err = judge(&shown, &credentials, &one);
        if (err == AMBIT_ERR_REFUSED)
            continue;
        if (err)
            return err;
        if (found.kind != CALLER_NONE) /* it cannot be told which of them */
            return AMBIT_ERR_REFUSED;
        found = one;
    }
    if (found.kind == CALLER_NONE)
        return AMBIT_ERR_REFUSED;
    *ret = found;
    return AMBIT_OK;
}

enum ambit_err certificate_person(const struct certificate_question *question, struct caller *ret)
{
    const struct identity_keys *keys = question->keys;
    const struct person_token *found = NULL;
    size_t n = 0;
    if (keys->n_certificates == 0)
        return AMBIT_ERR_REFUSED;
    X509_LEAF_AUTO *leaf = NULL;
    enum ambit_err err = read_leaf(question, &leaf);
    if (err)
        return err;
    struct ambit_digest thumbprint = x509_leaf_thumbprint(leaf);
    for (size_t i = 0; i < keys->n_certificates; i++) {
        if (!ambit_digest_eq(keys->certificates[i].digest, thumbprint))
            continue;
        found = &keys->certificates[i];
        n++;
    }
    if (n != 1 || !found->person->is_active || !x509_leaf_is_in_date(leaf, question->now_ms))
        return AMBIT_ERR_REFUSED;
    *ret = (struct caller){.kind = CALLER_PERSON,
                           .name = found->person->doc.name,
                           .method = AMBIT_METHOD_MTLS,
                           .credential = thumbprint};
    return AMBIT_OK;
}
