/* SPDX-License-Identifier: Apache-2.0 */
/* Whom the broker believes beside its documents: issuers of workload tokens, authorities of client
 * certificates, keys that stand elsewhere. Built once from the configuration; what is fetched
 * changes behind it. Any number of threads. */
#pragma once

#include "identity/source.h"

struct identity_trust;

/* Both outlive it; `issuer`: ours. MALFORMED, NOT_FOUND...: a file does not hold what it should;
 * *reterr_text says which. */
AMBIT_CHECKED enum ambit_err identity_trust_new(const struct config *config,
                                                struct ambit_str issuer,
                                                struct identity_trust **ret,
                                                struct buf *reterr_text);
/* The files of a configuration alone, nothing fetched or kept: `ambitd --check`. */
AMBIT_CHECKED enum ambit_err identity_trust_check(const struct config *config,
                                                  struct buf *reterr_text);
/* After every set of documents that was attached to it. */
void identity_trust_free(struct identity_trust *trust);
/* Files are read and URLs asked again: SIGHUP. */
void identity_trust_reload(struct identity_trust *trust);

/* What there is, for metadata: issuers; ones whose tokens may stand as client assertions, SVIDs
 * among them; client certificates at all, authorities for them. */
bool identity_trust_has_issuers(const struct identity_trust *trust);
bool identity_trust_has_assertions(const struct identity_trust *trust);
bool identity_trust_has_svids(const struct identity_trust *trust);
bool identity_trust_takes_certificates(const struct identity_trust *trust);
bool identity_trust_has_anchors(const struct identity_trust *trust);

/* ---- within the room ---- */

struct trusted_issuer {
    const struct config_issuer *config;
    struct key_source *source;
};
struct identity_trust {
    struct key_sources *sources;
    struct ambit_str issuer, alias, token_endpoint; /* alias absent: none */
    char *token_endpoint_memory;
    bool takes_certificates;
    struct trusted_issuer issuers[CONFIG_ISSUERS_MAX];
    size_t n_issuers;
    struct key_source *client_ca[CONFIG_LISTENERS_MAX + 1]; /* of listeners, of proxies */
    size_t n_client_ca;
};
/* NULL: not trusted. */
const struct trusted_issuer *trust_issuer(const struct identity_trust *trust,
                                          struct ambit_str issuer);
/* The trust domain of a SPIFFE ID, when its bundle is configured (SPF-2); NULL else. */
const struct trusted_issuer *trust_domain(const struct identity_trust *trust,
                                          struct ambit_str spiffe_id);
