/* SPDX-License-Identifier: Apache-2.0 */
/* What went wrong when we could not answer. A "no" is never an error: it is an
 * `enum ambit_reason` (model.h). Every fallible function returns `enum ambit_err`
 * and is AMBIT_CHECKED, so that an ignored failure does not compile. */
#pragma once

#define AMBIT_ERR_LIST(X)                                                \
    X(OK, "ok")                                                          \
    X(MALFORMED, "the input does not have the form it must have")        \
    X(TOO_LARGE, "the input exceeds a fixed bound")                      \
    X(NOT_FOUND, "there is no such thing")                               \
    X(EXISTS, "it is already there")                                     \
    X(CONFLICT, "the present state does not allow it")                   \
    X(REFUSED, "the caller is not who it must be")                       \
    X(UNSUPPORTED, "this version cannot judge it")                       \
    X(NO_MEMORY, "out of memory")                                        \
    X(NO_SPACE, "out of space")                                          \
    X(IO, "reading or writing failed")                                   \
    X(BUSY, "somebody else holds it")                                    \
    X(DAMAGED, "stored data contradicts itself")                         \
    X(NEWER, "stored data is of a newer format than this version knows") \
    X(CRYPTO, "a cryptographic operation failed")                        \
    X(CLOCK, "the time cannot be trusted")                               \
    X(FULL, "the store is too full to give authority")                   \
    X(SEALED, "a commit failed: nothing more is given until restart")    \
    X(STOPPING, "the broker is shutting down")                           \
    X(INTERNAL, "an internal rule was broken")

enum ambit_err {
#define X(name, text) AMBIT_ERR_##name,
    AMBIT_ERR_LIST(X)
#undef X
};

#define AMBIT_OK      AMBIT_ERR_OK
#define AMBIT_CHECKED __attribute__((warn_unused_result))

/* A fixed English sentence; never NULL, never freed. */
const char *ambit_err_text(enum ambit_err err);
