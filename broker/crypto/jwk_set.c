/* SPDX-License-Identifier: Apache-2.0 */
/* JWK sets (RFC 7517 section 5) and the choice of the key for a JWS (standards.md 1.1). */
#include "ambit/limits.h"
#include "base/json_read.h"
#include "crypto/jws.h"

enum { SET_BYTES_MAX = 256 * 1024, SET_MEMORY_MAX = 8 * 1024 * 1024, SET_KEYS_MAX = 256 };

struct set_key {
    struct crypto_key *key;
    struct ambit_str kid; /* owned; absent {NULL,0} */
    bool has_alg;
    enum crypto_alg alg;
};

struct jwk_set {
    size_t n; /* usable ones; never more than the document has */
    struct set_key keys[];
};

void jwk_set_free(struct jwk_set *set)
{
    if (!set)
        return;
    for (size_t i = 0; i < set->n; i++) {
        crypto_key_free(set->keys[i].key);
        free((void *)(uintptr_t)set->keys[i].kid.p);
    }
    free(set);
}

static void jwk_set_freep(struct jwk_set **set)
{
    jwk_set_free(*set);
}

/* A member that must be a string when it is there. */
static enum ambit_err text_of(const struct json_value *jwk, const char *name, struct ambit_str *ret)
{
    const struct json_value *value = json_get(jwk, name);

    if (value && value->kind != JSON_STRING)
        return AMBIT_ERR_MALFORMED;
    *ret = value ? value->text : (struct ambit_str){0};
    return AMBIT_OK;
}

/* Whether `use` and `key_ops` allow verifying. */
static enum ambit_err read_purpose(const struct json_value *jwk, const char *wanted,
                                   bool *ret_verifies)
{
    struct ambit_str use = {0};
    const struct json_value *ops = json_get(jwk, "key_ops");
    bool has_verify = false;

    enum ambit_err err = text_of(jwk, "use", &use);
    if (err != AMBIT_OK)
        return err;
    if (ops && ops->kind != JSON_ARRAY)
        return AMBIT_ERR_MALFORMED;
    for (const struct json_value *op = ops ? ops->first : NULL; op; op = op->next) {
        if (op->kind != JSON_STRING)
            return AMBIT_ERR_MALFORMED;
        has_verify = has_verify || ambit_str_is(op->text, "verify");
    }
    bool is_meant = wanted ? ambit_str_is(use, wanted) : !use.p || ambit_str_is(use, "sig");
    *ret_verifies = is_meant && (!ops || has_verify);
    return AMBIT_OK;
}

/* What the set says about the key; *ret_is_usable false when it can never be chosen. */
static enum ambit_err read_words(const struct json_value *jwk, const char *use, struct set_key *key,
                                 struct ambit_str *ret_kid, bool *ret_is_usable)
{
    struct ambit_str alg = {0};

    enum ambit_err err = text_of(jwk, "kid", ret_kid);
    if (err == AMBIT_OK)
        err = text_of(jwk, "alg", &alg);
    if (err == AMBIT_OK)
        err = read_purpose(jwk, use, ret_is_usable);
    if (err != AMBIT_OK || !alg.p)
        return err;
    key->has_alg = true;
    if (crypto_alg_parse(alg, &key->alg) != AMBIT_OK || !crypto_key_fits(key->key, key->alg))
        *ret_is_usable = false;
    return AMBIT_OK;
}

static enum ambit_err keep_kid(struct ambit_str kid, struct set_key *key)
{
    if (!kid.p)
        return AMBIT_OK;
    char *copy = malloc(kid.len ? kid.len : 1);
    if (!copy)
        return AMBIT_ERR_NO_MEMORY;
    memcpy(copy, kid.p, kid.len);
    key->kid = (struct ambit_str){.p = copy, .len = kid.len};
    return AMBIT_OK;
}

static enum ambit_err add_key(struct jwk_set *set, const struct json_value *jwk, const char *use)
{
    struct set_key key = {0};
    CRYPTO_KEY_AUTO *imported = NULL;
    struct ambit_str kid = {0};
    bool is_usable = false;

    enum ambit_err err = crypto_key_from_jwk(jwk, &imported);
    if (err == AMBIT_ERR_UNSUPPORTED)
        return AMBIT_OK; /* RFC 7517 section 5: what is not understood is left out */
    if (err != AMBIT_OK)
        return err;
    key.key = imported;
    err = read_words(jwk, use, &key, &kid, &is_usable);
    if (err != AMBIT_OK || !is_usable)
        return err;
    err = keep_kid(kid, &key);
    if (err != AMBIT_OK)
        return err;
    key.key = TAKE(imported);
    set->keys[set->n++] = key;
    return AMBIT_OK;
}

enum ambit_err jwk_set_new(struct ambit_str json, struct jwk_set **ret)
{
    return jwk_set_new_for(json, NULL, ret);
}

enum ambit_err jwk_set_new_for(struct ambit_str json, const char *use, struct jwk_set **ret)
{
    ARENA_AUTO arena = {0};
    const struct json_value *document = NULL;

    if (json.len > SET_BYTES_MAX)
        return AMBIT_ERR_TOO_LARGE;
    arena_init(&arena, NULL, 0, SET_MEMORY_MAX);
    enum ambit_err err =
        json_read(json, (struct json_limits){.allow_decimals = true}, &arena, &document, NULL);
    if (err != AMBIT_OK)
        return err;
    const struct json_value *keys = json_get(document, "keys");
    if (!keys || keys->kind != JSON_ARRAY)
        return AMBIT_ERR_MALFORMED;
    if (keys->count > SET_KEYS_MAX)
        return AMBIT_ERR_TOO_LARGE;
    AMBIT_CLEANUP(jwk_set_freep)
    struct jwk_set *set = calloc(1, sizeof *set + keys->count * sizeof set->keys[0]);
    if (!set)
        return AMBIT_ERR_NO_MEMORY;
    for (const struct json_value *jwk = keys->first; jwk; jwk = jwk->next) {
        err = add_key(set, jwk, use);
        if (err != AMBIT_OK)
            return err;
    }
    *ret = TAKE(set);
    return AMBIT_OK;
}

size_t jwk_set_count(const struct jwk_set *set)
{
    return set->n;
}

const struct crypto_key *jwk_set_key(const struct jwk_set *set, size_t i)
{
    AMBIT_ASSERT(i < set->n);
    return set->keys[i].key;
}

static bool is_meant(const struct set_key *key, const struct jws *jws)
{
    if (!crypto_key_fits(key->key, jws->alg))
        return false;
    if (jws->kid.p && (!key->kid.p || !ambit_str_eq(key->kid, jws->kid)))
        return false;
    return !key->has_alg || key->alg == jws->alg;
}

enum ambit_err jwk_set_select(const struct jwk_set *set, const struct jws *jws,
                              const struct crypto_key **ret)
{
    const struct crypto_key *found = NULL;

    for (size_t i = 0; i < set->n; i++) {
        if (!is_meant(&set->keys[i], jws))
            continue;
        if (found)
            return AMBIT_ERR_NOT_FOUND; /* more than one: a guess would be the caller's to make */
        found = set->keys[i].key;
    }
    if (!found)
        return AMBIT_ERR_NOT_FOUND;
    *ret = found;
    return AMBIT_OK;
}
