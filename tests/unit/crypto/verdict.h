/* SPDX-License-Identifier: Apache-2.0 */
/* For vector tests: reading a file of them, and ambit's whole verdict on one JWS. */
#pragma once

#include "support/vectors.h"

#include "base/file.h"
#include "base/json_read.h"
#include "base/json_write.h"
#include "crypto/jws.h"

/* A file of vectors, read into the arena; NULL when there are none. */
static inline const struct json_value *load_vectors(const char *below, struct arena *arena)
{
    char path[4096];
    BUF_AUTO text = {0};
    const struct json_value *value = NULL;
    struct json_problem problem = {0};

    if (!vectors_path(below, path))
        return NULL;
    assert_int_equal(file_read(AT_FDCWD, path, 16 << 20, &text), AMBIT_OK);
    struct ambit_str kept = arena_copy(arena, buf_str(&text));
    enum ambit_err err =
        json_read(kept, (struct json_limits){.allow_decimals = true}, arena, &value, &problem);
    if (err != AMBIT_OK)
        fail_msg("%s:%u:%u: %s", below, problem.line, problem.column, problem.what);
    return value;
}

static inline const struct json_value *first_of(const struct json_value *object, const char *name)
{
    const struct json_value *list = json_get(object, name);

    return list ? list->first : NULL;
}

/* The text of a member as a C string in the arena's keeping of the whole file: "" when absent. */
static inline struct ambit_str text_at(const struct json_value *object, const char *name)
{
    struct ambit_str text = json_get_str(object, name);

    return text.p ? text : AMBIT_STR("");
}

static inline void put_value(struct buf *buf, const struct json_value *value)
{
    struct json_out out = {0};

    json_out_init(&out, buf, false);
    json_write_value(&out, value);
    assert_int_equal(buf_check(buf), AMBIT_OK);
}

/* Parsed, one key of the set chosen, verified. `keys`: a JWK or a set. */
static inline bool is_jws_accepted(const struct json_value *keys, struct ambit_str text)
{
    BUF_AUTO set_text = {0};
    struct jwk_set *set = NULL;
    ARENA_AUTO arena = {0};
    struct jws jws = {0};
    const struct crypto_key *key = NULL;
    bool is_set = json_get(keys, "keys") != NULL;

    buf_put_text(&set_text, is_set ? "" : "{\"keys\":[");
    put_value(&set_text, keys);
    buf_put_text(&set_text, is_set ? "" : "]}");
    if (jwk_set_new(buf_str(&set_text), &set) != AMBIT_OK)
        return false;
    arena_init(&arena, NULL, 0, 0);
    bool is_accepted = jws_parse(text, &arena, &jws) == AMBIT_OK &&
                       jwk_set_select(set, &jws, &key) == AMBIT_OK &&
                       jws_verify(key, CRYPTO_ALGS_ALL, &jws) == AMBIT_OK;
    jwk_set_free(set);
    return is_accepted;
}

static inline struct crypto_key *key_of(const struct json_value *jwk)
{
    struct crypto_key *key = NULL;

    assert_int_equal(crypto_key_from_jwk(jwk, &key), AMBIT_OK);
    return key;
}
