/* SPDX-License-Identifier: Apache-2.0 */
/* What an RSA public key must look like before anything is computed with it. */
#include "crypto/inside.h"

static unsigned modulo(const uint8_t *n, size_t len, unsigned prime)
{
    unsigned rest = 0;

    for (size_t i = 0; i < len; i++)
        rest = (rest << 8 | n[i]) % prime;
    return rest;
}

/* Whether `rest` is a power of 65537 modulo `prime`. */
static bool is_power(unsigned rest, unsigned prime)
{
    unsigned power = 1;

    for (unsigned i = 0; i < prime; i++) {
        if (power == rest)
            return true;
        power = power * (65537 % prime) % prime;
    }
    return false;
}

/* CVE-2017-15361: a widespread generator made primes of the form k*M + (65537^a mod M), so that the
 * modulus is a power of 65537 modulo every small prime. Of honest keys about one in 2^27 is. */
static bool is_roca(const uint8_t *n, size_t len)
{
    static const uint8_t primes[] = {11, 13, 17,  19,  37,  53,  61,  71, 73,
                                     79, 97, 103, 107, 109, 127, 151, 157};

    for (size_t i = 0; i < AMBIT_LEN(primes); i++) {
        if (!is_power(modulo(n, len, primes[i]), primes[i]))
            return false;
    }
    return true;
}

bool rsa_is_acceptable(const uint8_t *n, size_t n_len, const uint8_t *e, size_t e_len)
{
    if (n_len == 0 || n_len > KEY_PART_MAX || e_len == 0)
        return false;
    size_t bits = n_len * 8 - (size_t)(__builtin_clz(n[0] | 1u) - 24);
    if (n[0] == 0 || bits < CRYPTO_RSA_BITS_MIN || (n[n_len - 1] & 1) == 0)
        return false;
    /* Odd, at least 3, at most 64 bits: longer ones only cost the verifier time. */
    if (e[0] == 0 || e_len > 8 || (e[e_len - 1] & 1) == 0 || (e_len == 1 && e[0] < 3))
        return false;
    return !is_roca(n, n_len);
}
