/* SPDX-License-Identifier: Apache-2.0 */
/* Goal: SHA-256 and HMAC give the published values from any thread; comparison tells every byte. */
#include "support/unit.h"

#include <pthread.h>

#include "base/encode.h"
#include "crypto/digest.h"

static void check(const char *name, const struct ambit_digest *digest, const char *hex)
{
    char text[HEX_DIGEST_LEN];

    hex_encode(digest->b, sizeof digest->b, text);
    ROW_CHECK(name, ambit_str_is((struct ambit_str){.p = text, .len = sizeof text}, hex));
}

/* FIPS 180-4 examples. */
static const struct {
    const char *text, *hex;
} sha_rows[] = {
    {"", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
    {"abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
    {"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
     "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"},
};

static void test_sha256(void **state)
{
    (void)state;
    for (size_t i = 0; i < AMBIT_LEN(sha_rows); i++) {
        struct ambit_str text = ambit_str_of(sha_rows[i].text);
        struct ambit_digest whole = {{0}}, parts = {{0}}, grown = {{0}};
        size_t half = text.len / 2;
        struct ambit_str two[] = {{text.p, half}, {text.p + half, text.len - half}};
        crypto_sha256(text.p, text.len, &whole);
        check(sha_rows[i].text, &whole, sha_rows[i].hex);
        crypto_sha256_parts(two, 2, &parts);
        check(sha_rows[i].text, &parts, sha_rows[i].hex);
        struct crypto_hash *hash = NULL;
        assert_int_equal(crypto_hash_begin(&hash), AMBIT_OK);
        crypto_hash_add(hash, two[0].p, two[0].len);
        crypto_hash_add(hash, two[1].p, two[1].len);
        crypto_hash_end(hash, &grown);
        check(sha_rows[i].text, &grown, sha_rows[i].hex);
    }
    struct crypto_hash *dropped = NULL;
    assert_int_equal(crypto_hash_begin(&dropped), AMBIT_OK);
    crypto_hash_end(dropped, NULL);
    crypto_hash_end(NULL, NULL);
}

static void *hash_often(void *arg)
{
    for (int i = 0; i < 2000; i++)
        crypto_sha256("abc", 3, arg);
    return NULL;
}

static void test_threads(void **state)
{
    struct ambit_digest digests[4] = {0};
    pthread_t threads[4];

    (void)state;
    for (size_t i = 0; i < AMBIT_LEN(threads); i++)
        assert_int_equal(pthread_create(&threads[i], NULL, hash_often, &digests[i]), 0);
    for (size_t i = 0; i < AMBIT_LEN(threads); i++) {
        assert_int_equal(pthread_join(threads[i], NULL), 0);
        check("thread", &digests[i], sha_rows[1].hex);
    }
}

/* RFC 4231 cases 1, 2 and 6, and an empty key. */
static void test_hmac(void **state)
{
    uint8_t key[131];
    struct ambit_digest mac = {{0}};

    (void)state;
    memset(key, 0x0b, 20);
    crypto_hmac_sha256(key, 20, "Hi There", 8, &mac);
    check("case 1", &mac, "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
    crypto_hmac_sha256("Jefe", 4, "what do ya want for nothing?", 28, &mac);
    check("case 2", &mac, "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
    memset(key, 0xaa, sizeof key);
    crypto_hmac_sha256(key, sizeof key, "Test Using Larger Than Block-Size Key - Hash Key First",
                       54, &mac);
    check("case 6", &mac, "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
    crypto_hmac_sha256(NULL, 0, "", 0, &mac);
    check("empty", &mac, "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad");
}

static void test_equal(void **state)
{
    uint8_t a[32] = {0}, b[32] = {0};

    (void)state;
    assert_true(crypto_equal(a, b, sizeof a));
    for (size_t i = 0; i < sizeof a; i++) {
        b[i] = 1;
        assert_false(crypto_equal(a, b, sizeof a));
        b[i] = 0;
    }
    assert_true(crypto_equal(NULL, NULL, 0));
    assert_true(crypto_equal_str(AMBIT_STR("same"), AMBIT_STR("same")));
    assert_false(crypto_equal_str(AMBIT_STR("same"), AMBIT_STR("samE")));
    assert_false(crypto_equal_str(AMBIT_STR("same"), AMBIT_STR("sam")));
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_sha256),
    cmocka_unit_test(test_threads),
    cmocka_unit_test(test_hmac),
    cmocka_unit_test(test_equal),
};
UNIT_MAIN(tests)
