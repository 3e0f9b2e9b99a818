/* SPDX-License-Identifier: Apache-2.0 */
/* Public keys that come with every request, such as an agent's in its proofs of possession: each
 * thread keeps those it read last, whole and checked, with what OpenSSL prepared to verify by them.
 *
 * A kept key is found by the thumbprint of RFC 7638, computed from the JWK's own members. The
 * digest names them and nothing else: of the members that decide what a public JWK is read as,
 * those it covers are equal to those of a JWK that passed every check, and the others, which may
 * not be there (JWS-8), are looked for each time. */
#include "base/encode.h"
#include "base/json_read.h"
#include "crypto/digest.h"
#include "crypto/inside.h"
#include "crypto/jwk.h"
#include "crypto/key.h"

struct kept_key {
    struct ambit_digest name;
    uint64_t used; /* when last, in look-ups of this thread */
    struct crypto_key *key;
};

/* Of one thread. */
struct kept_keys {
    uint64_t now;
    size_t n;
    struct kept_key v[CRYPTO_KEYS_KNOWN];
};

static pthread_once_t once = PTHREAD_ONCE_INIT;
static pthread_key_t kept_of_thread; /* set once, below */

static void kept_free(void *arg)
{
    struct kept_keys *kept = arg;

    for (size_t i = 0; i < kept->n; i++)
        crypto_key_free(kept->v[i].key);
    free(kept);
}

static void make_thread_key(void)
{
    int failed = pthread_key_create(&kept_of_thread, kept_free);

    AMBIT_ASSERT(!failed);
}

/* NULL without memory: then every key is read anew. */
static struct kept_keys *kept_here(void)
{
    int failed = pthread_once(&once, make_thread_key);
    AMBIT_ASSERT(!failed);
    struct kept_keys *kept = pthread_getspecific(kept_of_thread);

    if (kept)
        return kept;
    kept = calloc(1, sizeof *kept);
    if (kept && pthread_setspecific(kept_of_thread, kept) != 0) {
        free(kept);
        return NULL;
    }
    return kept;
}

/* ---- the name ---- */

/* The text that RFC 7638 section 3 digests: before, first, between, second, end. */
static const struct form {
    const char *kty, *crv; /* crv NULL: has none */
    const char *before, *first, *between, *second;
} forms[] = {
    {"EC", "P-256", "{\"crv\":\"P-256\",\"kty\":\"EC\",\"x\":\"", "x", "\",\"y\":\"", "y"},
    {"OKP", "Ed25519", "{\"crv\":\"Ed25519\",\"kty\":\"OKP\",\"x\":\"", "x", "", NULL},
    {"RSA", NULL, "{\"e\":\"", "e", "\",\"kty\":\"RSA\",\"n\":\"", "n"},
};

static const struct form *form_of(const struct json_value *jwk)
{
    struct ambit_str kty = json_get_str(jwk, "kty"), crv = json_get_str(jwk, "crv");

    for (size_t i = 0; kty.p && i < AMBIT_LEN(forms); i++) {
        if (ambit_str_is(kty, forms[i].kty))
            return !forms[i].crv || (crv.p && ambit_str_is(crv, forms[i].crv)) ? &forms[i] : NULL;
    }
    return NULL;
}

/* Digits alone: a quote in a member would let one text stand for other members. */
static bool is_digits(struct ambit_str text)
{
    return text.len > 0 && is_base64url(text);
}

/* False for what could not be read as a public key anyway. */
static bool name_of(const struct json_value *jwk, struct ambit_digest *ret)
{
    if (!jwk || jwk->kind != JSON_OBJECT || jwk_has_private_member(jwk))
        return false;
    const struct form *form = form_of(jwk);
    if (!form)
        return false;
    struct ambit_str first = json_get_str(jwk, form->first);
    struct ambit_str second = form->second ? json_get_str(jwk, form->second) : AMBIT_STR("");
    if (!is_digits(first) || (form->second && !is_digits(second)))
        return false;
    const struct ambit_str parts[] = {ambit_str_of(form->before), first,
                                      ambit_str_of(form->between), second, AMBIT_STR("\"}")};
    crypto_sha256_parts(parts, AMBIT_LEN(parts), ret);
    return true;
}

/* ---- the keys ---- */

static struct kept_key *find(struct kept_keys *kept, const struct ambit_digest *name)
{
    for (size_t i = 0; i < kept->n; i++) {
        if (ambit_digest_eq(kept->v[i].name, *name))
            return &kept->v[i];
    }
    return NULL;
}

/* A place for one more: where there are as many as may be, the one not used for longest goes. */
static struct kept_key *make_place(struct kept_keys *kept)
{
    struct kept_key *oldest = &kept->v[0];

    if (kept->n < CRYPTO_KEYS_KNOWN)
        return &kept->v[kept->n++];
    for (size_t i = 1; i < kept->n; i++) {
        if (kept->v[i].used < oldest->used)
            oldest = &kept->v[i];
    }
    crypto_key_free(oldest->key);
    return oldest;
}

enum ambit_err crypto_key_from_known_jwk(const struct json_value *jwk, struct crypto_key **ret)
{
    CRYPTO_SCOPE;
    struct ambit_digest name = {{0}};
    struct kept_keys *kept = name_of(jwk, &name) ? kept_here() : NULL;
    struct kept_key *known = kept ? find(kept, &name) : NULL;

    if (known) {
        known->used = ++kept->now;
        *ret = crypto_key_hold(known->key);
        return AMBIT_OK;
    }
    enum ambit_err err = crypto_key_from_jwk(jwk, ret);
    /* The key's own thumbprint is of what OpenSSL holds: it must be what the text said. */
    if (err != AMBIT_OK || !kept || !ambit_digest_eq(crypto_key_thumbprint(*ret), name))
        return err;
    *make_place(kept) =
        (struct kept_key){.name = name, .used = ++kept->now, .key = crypto_key_hold(*ret)};
    return AMBIT_OK;
}
