/* SPDX-License-Identifier: Apache-2.0 */
/* Who is calling, as identity/ found out. A plain value; strings are borrowed from the documents it
 * was authenticated under (kept alive by the request's reference) or from the request. */
#pragma once

#include "ambit/document.h"

enum caller_kind { CALLER_NONE, CALLER_AGENT, CALLER_SERVICE, CALLER_PERSON };
struct caller {
    enum caller_kind kind;
    struct ambit_str name;
    enum ambit_method method;
    /* What it proved itself with: the digest of the credential in its document (secret digest, key
     * thumbprint, x5t#S256, or a digest over the names that were to match), so that a changed set
     * can be asked whether this way in still stands. */
    struct ambit_digest credential;
    /* SHA-256 over the DER of the certificate that came with the request, whatever the method: what
     * a token may be bound to (MTL-4). */
    bool has_certificate;
    struct ambit_digest certificate;
    /* What the agent is made of, in the words of the platform that started it (federated_jwt), in
     * the request's arena; absent: nobody else says. */
    struct ambit_str composition;
    /* An assertion: the one-time value to be consumed with the outcome. */
    bool has_once;
    struct ambit_digest once;
    int64_t once_until_ms;
};
