/* SPDX-License-Identifier: Apache-2.0 */
/* The configured trust, put together. */
#include "identity/trust.h"

#include <fcntl.h>

#include "base/file.h"
#include "base/spiffe.h"

static enum ambit_err fail(struct buf *reterr_text, struct ambit_str place, enum ambit_err err)
{
    buf_put_text(reterr_text, "no keys or authorities can be read from ");
    buf_put_str(reterr_text, place);
    buf_put_text(reterr_text, ": ");
    buf_put_text(reterr_text, ambit_err_text(err));
    return err;
}

static enum ambit_err add_issuer(struct identity_trust *trust, const struct config_issuer *config,
                                 struct buf *reterr_text)
{
    struct trusted_issuer *issuer = &trust->issuers[trust->n_issuers];
    enum source_kind kind = SOURCE_JWKS;
    if (config->profile == CONFIG_PROFILE_SPIFFE)
        kind = SOURCE_BUNDLE;
    else if (!config->jwks.p)
        kind = SOURCE_DISCOVERY;
    struct ambit_str place = config->jwks.p ? config->jwks : config->issuer;
    enum ambit_err err =
        key_source_take(trust->sources, kind, place, config->is_file, &issuer->source);
    if (err)
        return fail(reterr_text, place, err);
    issuer->config = config;
    trust->n_issuers++;
    return AMBIT_OK;
}

static enum ambit_err add_anchors(struct identity_trust *trust, struct ambit_str file,
                                  struct buf *reterr_text)
{
    if (!file.p)
        return AMBIT_OK;
    enum ambit_err err = key_source_take(trust->sources, SOURCE_ANCHORS, file, true,
                                         &trust->client_ca[trust->n_client_ca]);
    if (err)
        return fail(reterr_text, file, err);
    trust->n_client_ca++;
    return AMBIT_OK;
}

/* Of every listener, and of what comes through proxies. */
static enum ambit_err add_all_anchors(struct identity_trust *trust, const struct config *config,
                                      struct buf *reterr_text)
{
    enum ambit_err err = add_anchors(trust, config->proxy_client_ca, reterr_text);
    trust->takes_certificates = config->n_trusted_proxies > 0;
    for (size_t i = 0; !err && i < config->n_listen; i++) {
        trust->takes_certificates |= config->listen[i].tls.certificate.p != NULL;
        err = add_anchors(trust, config->listen[i].tls.client_ca, reterr_text);
    }
    return err;
}

static enum ambit_err fill(struct identity_trust *trust, const struct config *config,
                           struct ambit_str issuer, struct buf *reterr_text)
{
    BUF_AUTO endpoint = {.p = NULL};
    buf_put_str(&endpoint, issuer);
    buf_put_text(&endpoint, "/token");
    if (buf_check(&endpoint))
        return AMBIT_ERR_NO_MEMORY;
    trust->issuer = issuer;
    trust->alias = config->issuer_alias;
    trust->token_endpoint = buf_str(&endpoint);
    trust->token_endpoint_memory = TAKE(endpoint.p);

    enum ambit_err err = key_sources_new(&config->fetch, &trust->sources);
    for (size_t i = 0; !err && i < config->n_issuers; i++)
        err = add_issuer(trust, &config->issuers[i], reterr_text);
    return err ? err : add_all_anchors(trust, config, reterr_text);
}

enum ambit_err identity_trust_new(const struct config *config, struct ambit_str issuer,
                                  struct identity_trust **ret, struct buf *reterr_text)
{
    struct identity_trust *trust = calloc(1, sizeof *trust);
    enum ambit_err err = trust ? fill(trust, config, issuer, reterr_text) : AMBIT_ERR_NO_MEMORY;
    if (err) {
        identity_trust_free(trust);
        return err;
    }
    *ret = trust;
    return AMBIT_OK;
}

static enum ambit_err check_file(struct ambit_str file, enum source_kind kind,
                                 struct buf *reterr_text)
{
    BUF_AUTO bytes = {.p = NULL};
    KEY_SNAPSHOT_AUTO *snapshot = NULL;
    int64_t hint_s = 0;
    if (!file.p)
        return AMBIT_OK;
    enum ambit_err err = file_read(AT_FDCWD, file.p, SOURCE_BYTES_MAX, &bytes);
    if (!err)
        err = key_snapshot_read(kind, buf_str(&bytes), &snapshot, &hint_s);
    return err ? fail(reterr_text, file, err) : AMBIT_OK;
}

enum ambit_err identity_trust_check(const struct config *config, struct buf *reterr_text)
{
    enum ambit_err err = check_file(config->proxy_client_ca, SOURCE_ANCHORS, reterr_text);
    for (size_t i = 0; !err && i < config->n_listen; i++)
        err = check_file(config->listen[i].tls.client_ca, SOURCE_ANCHORS, reterr_text);
    for (size_t i = 0; !err && i < config->n_issuers; i++) {
        const struct config_issuer *issuer = &config->issuers[i];
        bool is_bundle = issuer->profile == CONFIG_PROFILE_SPIFFE;
        if (issuer->is_file)
            err = check_file(issuer->jwks, is_bundle ? SOURCE_BUNDLE : SOURCE_JWKS, reterr_text);
    }
    return err;
}

void identity_trust_free(struct identity_trust *trust)
{
    if (!trust)
        return;
    for (size_t i = 0; i < trust->n_issuers; i++)
        key_source_release(trust->sources, trust->issuers[i].source);
    for (size_t i = 0; i < trust->n_client_ca; i++)
        key_source_release(trust->sources, trust->client_ca[i]);
    key_sources_free(trust->sources);
    free(trust->token_endpoint_memory);
    free(trust);
}

void identity_trust_reload(struct identity_trust *trust)
{
    if (trust)
        key_sources_refresh(trust->sources);
}

bool identity_trust_has_issuers(const struct identity_trust *trust)
{
    return trust && trust->n_issuers > 0;
}

bool identity_trust_has_anchors(const struct identity_trust *trust)
{
    bool has = trust && trust->n_client_ca > 0;
    for (size_t i = 0; trust && i < trust->n_issuers; i++)
        has |= trust->issuers[i].config->profile == CONFIG_PROFILE_SPIFFE;
    return has;
}

bool identity_trust_takes_certificates(const struct identity_trust *trust)
{
    return trust && trust->takes_certificates;
}

bool identity_trust_has_svids(const struct identity_trust *trust)
{
    for (size_t i = 0; trust && i < trust->n_issuers; i++)
        if (trust->issuers[i].config->is_assertion &&
            trust->issuers[i].config->profile == CONFIG_PROFILE_SPIFFE)
            return true;
    return false;
}

bool identity_trust_has_assertions(const struct identity_trust *trust)
{
    for (size_t i = 0; trust && i < trust->n_issuers; i++)
        if (trust->issuers[i].config->is_assertion)
            return true;
    return false;
}

const struct trusted_issuer *trust_issuer(const struct identity_trust *trust,
                                          struct ambit_str issuer)
{
    for (size_t i = 0; trust && issuer.p && i < trust->n_issuers; i++)
        if (ambit_str_eq(trust->issuers[i].config->issuer, issuer))
            return &trust->issuers[i];
    return NULL;
}

const struct trusted_issuer *trust_domain(const struct identity_trust *trust,
                                          struct ambit_str spiffe_id)
{
    struct spiffe_id id = {0};
    if (!spiffe_id.p || !spiffe_read(spiffe_id, &id))
        return NULL;
    const size_t n = sizeof "spiffe://" - 1;
    return trust_issuer(trust, (struct ambit_str){.p = spiffe_id.p, .len = n + id.domain.len});
}
