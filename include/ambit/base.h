/* SPDX-License-Identifier: Apache-2.0 */
/* The few words every room shares: borrowed strings, ownership, checked arithmetic, asserts.
 * Nothing here does I/O or allocates. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "ambit/err.h"

/* A borrowed run of bytes, not NUL-terminated. {NULL, 0} is "absent" where a header says so;
 * an empty but present text has p != NULL. */
struct ambit_str {
    const char *p;
    size_t len;
};

#define AMBIT_STR(literal) ((struct ambit_str){.p = (literal), .len = sizeof(literal) - 1})
#define AMBIT_STR_ARG(s)   (int)(s).len, (s).p /* for "%.*s" */

/* A 16-byte identifier: 48-bit milliseconds, 16-bit counter, 64 random bits (big-endian, so that
 * byte order is time order). All zero means "none". Text form: base64url, 22 characters. */
struct ambit_id {
    uint8_t b[16];
};

/* SHA-256. Text form: 64 lower-case hex digits, in the wire shapes behind "sha256:". */
struct ambit_digest {
    uint8_t b[32];
};

static inline struct ambit_str ambit_str_of(const char *text)
{
    return (struct ambit_str){.p = text, .len = text ? strlen(text) : 0};
}

static inline bool ambit_str_eq(struct ambit_str a, struct ambit_str b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.p, b.p, a.len) == 0);
}

static inline bool ambit_str_is(struct ambit_str a, const char *text)
{
    return ambit_str_eq(a, ambit_str_of(text));
}

/* Byte-wise order, shorter first where one begins the other: <0, 0, >0. */
static inline int ambit_str_cmp(struct ambit_str a, struct ambit_str b)
{
    size_t n = a.len < b.len ? a.len : b.len;
    int c = n ? memcmp(a.p, b.p, n) : 0;
    return c ? c : (a.len > b.len) - (a.len < b.len);
}

static inline bool streq(const char *a, const char *b)
{
    return strcmp(a, b) == 0;
}

static inline bool ambit_id_is_none(struct ambit_id id)
{
    static const struct ambit_id none = {{0}};
    return memcmp(id.b, none.b, sizeof id.b) == 0;
}

static inline bool ambit_id_eq(struct ambit_id a, struct ambit_id b)
{
    return memcmp(a.b, b.b, sizeof a.b) == 0;
}

static inline bool ambit_digest_eq(struct ambit_digest a, struct ambit_digest b)
{
    return memcmp(a.b, b.b, sizeof a.b) == 0; /* public values only; secrets: crypto/ */
}

#define AMBIT_LEN(array) (sizeof(array) / sizeof((array)[0]))

/* Ownership: what owns a resource carries one of these; TAKE() hands it over. */
#define AMBIT_CLEANUP(fn) __attribute__((cleanup(fn)))
#define TAKE(ptr)                       \
    (__extension__({                    \
        __typeof__(ptr) taken_ = (ptr); \
        (ptr) = NULL;                   \
        taken_;                         \
    }))

static inline void ambit_freep(void *pp)
{
    void *p = NULL;
    memcpy(&p, pp, sizeof p);
    free(p);
}
#define AMBIT_AUTO_FREE AMBIT_CLEANUP(ambit_freep)

/* For our own mistakes only, never for input. Stays on in every build. */
#define AMBIT_ASSERT(claim)                                  \
    do {                                                     \
        if (!(claim))                                        \
            ambit_assert_failed(#claim, __FILE__, __LINE__); \
    } while (0)
__attribute__((noreturn)) void ambit_assert_failed(const char *claim, const char *file, int line);

static inline AMBIT_CHECKED bool ambit_add(size_t a, size_t b, size_t *ret)
{
    return !__builtin_add_overflow(a, b, ret);
}

static inline AMBIT_CHECKED bool ambit_mul(size_t a, size_t b, size_t *ret)
{
    return !__builtin_mul_overflow(a, b, ret);
}
