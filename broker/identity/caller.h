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
    /* What it proved itself with: the digest of the credential in its document (secret digest, or
     * key thumbprint), so that a changed set can be asked whether this way in still stands. */
    struct ambit_digest credential;
    /* private_key_jwt: the one-time value to be consumed with the outcome. */
    bool has_once;
    struct ambit_digest once;
    int64_t once_until_ms;
};
