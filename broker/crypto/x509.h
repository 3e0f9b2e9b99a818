/* SPDX-License-Identifier: Apache-2.0 */
/* Client certificates (RFC 5280, 8705; SPIFFE X.509-SVID). What the handshake gave is bytes; here
 * they are parsed whole or refused, their chain is built to the anchors that were configured (no
 * store of the machine's), judged at the time that is handed in, and their names compared. Nothing
 * is logged, nothing fetched: no revocation list, no issuer by URL. */
#pragma once

#include "base/arena.h"

struct addr;

enum { X509_BYTES_MAX = 16 * 1024, X509_CHAIN_MAX = 8, X509_NAMES_MAX = 64 };

/* ---- anchors ---- */

struct x509_anchors; /* immutable; any number of threads */
/* Every CERTIFICATE of a PEM text; each must be a CA. MALFORMED; REFUSED when one is no CA;
 * NOT_FOUND when there is none. */
AMBIT_CHECKED enum ambit_err x509_anchors_from_pem(struct ambit_str pem, struct x509_anchors **ret);
/* The same of DER. */
AMBIT_CHECKED enum ambit_err x509_anchors_from_der(const struct ambit_str *certificates, size_t n,
                                                   struct x509_anchors **ret);
void x509_anchors_free(struct x509_anchors *anchors);

/* ---- a certificate ---- */

struct x509_leaf;
/* MALFORMED: no certificate, something behind it, an extension that does not parse or stands twice;
 * TOO_LARGE. */
AMBIT_CHECKED enum ambit_err x509_leaf_read(struct ambit_str der, struct x509_leaf **ret);
void x509_leaf_free(struct x509_leaf *leaf);
void x509_leaf_freep(struct x509_leaf **leaf);
#define X509_LEAF_AUTO AMBIT_CLEANUP(x509_leaf_freep) struct x509_leaf
/* SHA-256 over the DER: x5t#S256. */
struct ambit_digest x509_leaf_thumbprint(const struct x509_leaf *leaf);
bool x509_leaf_is_in_date(const struct x509_leaf *leaf, int64_t now_ms);

/* Is this one of its names? The subject as RFC 4514 has it: the same types and values in the same
 * order, values byte by byte. DNS names without regard to case; URIs byte by byte; addresses as
 * bytes; of mail addresses the host without regard to case. A wildcard is not expanded. */
enum x509_name { X509_SUBJECT, X509_DNS, X509_URI, X509_IP, X509_EMAIL };
bool x509_leaf_has_name(const struct x509_leaf *leaf, enum x509_name kind, struct ambit_str name);

/* SPF-5: exactly one URI SAN, a SPIFFE ID with a path (SPF-4); no CA; key usage critical, to sign
 * with, and neither certificates nor revocation lists. The id is borrowed from the leaf. */
bool x509_leaf_is_svid(const struct x509_leaf *leaf, struct ambit_str *ret_id);

/* ---- chains ---- */

/* `chain`: leaf first, then whatever the client sent. OK; REFUSED when no path of at most
 * X509_CHAIN_MAX leads to an anchor for a client's purpose at that time (RFC 5280 section 6,
 * strict; keys and digests of at least 112 bits), or the leaf is a CA; anything else could not be
 * told. */
AMBIT_CHECKED enum ambit_err x509_verify(const struct x509_anchors *anchors,
                                         const struct x509_leaf *leaf,
                                         const struct ambit_str *chain, size_t n, int64_t now_ms);
