/* SPDX-License-Identifier: Apache-2.0 */
/* Goal: on every Wycheproof case of JWS, JWK, Ed25519 and raw ECDSA the verdict is the published
 * one, but for algorithms that ambit does not have and the errata beside the vectors (a strict
 * verifier). */
#include "verdict.h"

#include "base/encode.h"

struct tally {
    int right, wrong, unsupported;
};

static void count(struct tally *tally, const char *file, int id, bool is_accepted, bool is_wanted)
{
    if (is_accepted == is_wanted) {
        tally->right++;
        return;
    }
    tally->wrong++;
    printf("# %s case %d: accepted %d, wanted %d\n", file, id, is_accepted, is_wanted);
}

static int id_of(const struct json_value *test)
{
    int64_t id = 0;

    assert_true(json_get_i64(test, "tcId", &id));
    return (int)id;
}

static bool is_valid(const struct json_value *test)
{
    return ambit_str_is(text_at(test, "result"), "valid");
}

static bool is_erratum(const struct json_value *errata, int id)
{
    char name[16];

    snprintf(name, sizeof name, "%d", id);
    return json_get(errata, name) != NULL;
}

/* Whether ambit has the algorithm that the key names (or, without one, could have it). */
static bool is_supported(const struct json_value *key)
{
    enum crypto_alg alg = CRYPTO_ES256;

    if (!key)
        return false;
    return !json_get(key, "alg") || crypto_alg_parse(text_at(key, "alg"), &alg) == AMBIT_OK;
}

static void check_jose_group(const char *file, const struct json_value *group,
                             const struct json_value *errata, struct tally *tally)
{
    /* Groups without a public half are symmetric: ambit has no such keys (JWS-2, JWS-8). */
    const struct json_value *public_key = json_get(group, "public");
    const struct json_value *key = public_key ? public_key : json_get(group, "private");
    bool has_alg = is_supported(public_key);

    for (const struct json_value *test = first_of(group, "tests"); test; test = test->next) {
        int id = id_of(test);
        bool is_wanted = is_valid(test) && has_alg && !is_erratum(errata, id);
        tally->unsupported += is_valid(test) && !has_alg;
        count(tally, file, id, is_jws_accepted(key, text_at(test, "jws")), is_wanted);
    }
}

static void check_jose_file(const char *file, const struct json_value *errata, struct tally *tally)
{
    char path[128];
    ARENA_AUTO arena = {0};

    snprintf(path, sizeof path, "wycheproof/%s", file);
    arena_init(&arena, NULL, 0, 0);
    const struct json_value *vectors = load_vectors(path, &arena);
    const struct json_value *group = first_of(vectors, "testGroups");
    for (; group; group = group->next)
        check_jose_group(file, group, errata, tally);
}

static void test_jose(void **state)
{
    struct tally tally = {0};
    ARENA_AUTO arena = {0};

    (void)state;
    arena_init(&arena, NULL, 0, 0);
    const struct json_value *expectations = load_vectors("wycheproof/EXPECTATIONS.json", &arena);
    if (!expectations)
        return;
    const struct json_value *jws = json_get(expectations, "json_web_signature_test.json");
    check_jose_file("json_web_signature_test.json",
                    json_get(jws, "must_reject_although_marked_valid"), &tally);
    assert_int_equal(tally.right + tally.wrong, 401);
    check_jose_file("json_web_key_test.json", NULL, &tally);
    printf("# %d cases right; %d of them valid ones of algorithms that ambit refuses\n",
           tally.right, tally.unsupported);
    assert_int_equal(tally.right + tally.wrong, 427);
    assert_int_equal(tally.wrong, 0);
}

static struct ambit_str unhex(struct ambit_str hex, struct arena *arena)
{
    size_t len = hex.len / 2;
    uint8_t *bytes = arena_alloc(arena, len + 1);

    assert_non_null(bytes);
    assert_int_equal(hex_decode(hex, bytes, len), AMBIT_OK);
    return (struct ambit_str){.p = (char *)bytes, .len = len};
}

/* From the JWK where the group has one, else from the PEM. */
static struct crypto_key *key_of_group(const struct json_value *group)
{
    const struct json_value *jwk = json_get(group, "publicKeyJwk");
    struct crypto_key *key = NULL;

    if (jwk)
        return key_of(jwk);
    assert_int_equal(crypto_key_from_public_text(text_at(group, "publicKeyPem"), &key), AMBIT_OK);
    return key;
}

static void check_raw_file(const char *file, enum crypto_alg alg, int n)
{
    char path[128];
    struct tally tally = {0};
    ARENA_AUTO arena = {0};

    snprintf(path, sizeof path, "wycheproof/%s", file);
    arena_init(&arena, NULL, 0, 0);
    const struct json_value *vectors = load_vectors(path, &arena);
    if (!vectors)
        return;
    const struct json_value *group = first_of(vectors, "testGroups");
    for (; group; group = group->next) {
        CRYPTO_KEY_AUTO *key = key_of_group(group);
        for (const struct json_value *test = first_of(group, "tests"); test; test = test->next) {
            struct ambit_str message = unhex(text_at(test, "msg"), &arena);
            struct ambit_str signature = unhex(text_at(test, "sig"), &arena);
            bool is_accepted = crypto_verify(key, alg, message, signature) == AMBIT_OK;
            count(&tally, file, id_of(test), is_accepted, is_valid(test));
        }
    }
    printf("# %s: %d cases right\n", file, tally.right);
    assert_int_equal(tally.wrong, 0);
    assert_int_equal(tally.right, n);
}

static void test_ed25519(void **state)
{
    (void)state;
    check_raw_file("ed25519_test.json", CRYPTO_EDDSA, 151);
}

static void test_ecdsa_raw_jws_5(void **state)
{
    (void)state;
    check_raw_file("ecdsa_secp256r1_sha256_p1363_test.json", CRYPTO_ES256, 262);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_jose),
    cmocka_unit_test(test_ed25519),
    cmocka_unit_test(test_ecdsa_raw_jws_5),
};
UNIT_MAIN(tests)
