/* SPDX-License-Identifier: Apache-2.0 */
/* Goal: KEY-3: a key is published five minutes before it signs and until its last token is over;
 * at every moment exactly one key signs, whatever was cut off, and the record says which and when.
 * KEY-2, KEY-4, D-4: each has its own name, and the algorithm is configured. */
#include "stage.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/encode.h"
#include "base/file.h"
#include "base/json_read.h"
#include "base/json_write.h"
#include "core/apply_key.h"
#include "crypto/jws.h"

enum { MAX = 8, MINUTE_MS = 60 * 1000 };

/* What is published, and which of it signs. */
struct published {
    size_t n;
    char kid[MAX][CRYPTO_KID_LEN + 1];
    char signs[CRYPTO_KID_LEN + 1];
};

static struct published look(struct stage *stage)
{
    struct published seen = {.n = 0};
    BROKER_KEYS_AUTO *keys = broker_keys_acquire(stage->broker);
    struct jwk_set *set = NULL;
    BUF_AUTO token;
    ARENA_AUTO arena;
    struct jws jws;
    const struct crypto_key *key = NULL;
    buf_init(&token, 0);
    arena_init(&arena, NULL, 0, 0);
    assert_int_equal(jwk_set_new(buf_str(&keys->jwks), &set), AMBIT_OK);
    seen.n = jwk_set_count(set);
    assert_true(seen.n <= MAX);
    for (size_t i = 0; i < seen.n; i++)
        crypto_key_kid(jwk_set_key(set, i), seen.kid[i]);
    for (size_t i = 0; i < seen.n; i++)
        for (size_t j = 0; j < i; j++)
            assert_string_not_equal(seen.kid[i], seen.kid[j]); /* KEY-2 */
    crypto_key_kid(jws_signer_key(keys->signer), seen.signs);
    /* KEY-2: exactly one fits what is signed. */
    assert_int_equal(jws_sign(keys->signer, "at+jwt", AMBIT_STR("{}"), &token), AMBIT_OK);
    assert_int_equal(jws_parse(buf_str(&token), &arena, &jws), AMBIT_OK);
    assert_int_equal(jwk_set_select(set, &jws, &key), AMBIT_OK);
    assert_int_equal(jws_verify(key, CRYPTO_ALGS_ALL, &jws), AMBIT_OK);
    jwk_set_free(set);
    return seen;
}

static bool has(const struct published *seen, const char *kid)
{
    for (size_t i = 0; i < seen->n; i++)
        if (streq(seen->kid[i], kid))
            return true;
    return false;
}

/* The tick comes once a second of true time; what is slow is done by whoever waits for signals. */
static struct published await_keys(struct stage *stage, size_t n, const char *not_signing)
{
    struct published seen = look(stage);
    for (int i = 0; i < 400 && (seen.n != n || streq(seen.signs, not_signing)); i++) {
        usleep(10000);
        broker_tend(stage->broker);
        seen = look(stage);
    }
    assert_int_equal(seen.n, n);
    assert_string_not_equal(seen.signs, not_signing);
    return seen;
}

static size_t n_files(struct stage *stage)
{
    FD_AUTO fd = -1;
    ARENA_AUTO arena;
    struct ambit_str *names = NULL;
    size_t n = 0, keys = 0;
    char path[FOLDER_PATH_MAX];
    arena_init(&arena, NULL, 0, 0);
    folder_join(path, stage->folder, "keys");
    assert_int_equal(dir_open(AT_FDCWD, path, &fd), AMBIT_OK);
    assert_int_equal(dir_list(fd, ".", &arena, &names, &n), AMBIT_OK);
    for (size_t i = 0; i < n; i++)
        keys += names[i].len > 4 && memcmp(names[i].p + names[i].len - 4, ".jwk", 4) == 0;
    return keys;
}

static void wake(void *ctx)
{
    assert_int_equal(sem_post((sem_t *)ctx), 0);
}

static enum key_refusal rotate(struct stage *stage, enum key_change change)
{
    struct key_command command = {.change = change, .reason = AMBIT_STR("a test")};
    struct caller lee = stage_caller(CALLER_PERSON, "lee");
    struct documents_ref *ref = broker_documents_acquire(stage->broker);
    sem_t done;
    assert_int_equal(sem_init(&done, 0, 0), 0);
    command_init(&command.base, stage->broker, &lee, ref);
    command.base.done = wake;
    command.base.done_ctx = &done;
    assert_int_equal(key_prepare(&command), AMBIT_OK);
    if (command.refusal == KEY_FINE) {
        assert_int_equal(key_submit(&command), AMBIT_OK);
        while (sem_wait(&done) != 0)
            continue;
        assert_int_equal(command.base.err, AMBIT_OK);
    }
    enum key_refusal refusal = command.refusal;
    key_done(&command);
    broker_documents_release(ref);
    assert_int_equal(sem_destroy(&done), 0);
    return refusal;
}

static void test_rotation(void **state)
{
    (void)state;
    STAGE_AUTO stage;
    stage_make(&stage);
    stage_open(&stage);
    struct published first = look(&stage);
    assert_int_equal(first.n, 1);
    assert_int_equal(rotate(&stage, KEY_PUBLISH), KEY_FINE);
    assert_int_equal(rotate(&stage, KEY_PUBLISH), KEY_WAITS);
    struct published both = look(&stage);
    assert_int_equal(both.n, 2);
    assert_string_equal(both.signs, first.signs); /* KEY-3: published, and does not sign */

    stage_pass(5 * MINUTE_MS - 1000);
    stage_reopen(&stage); /* the start knows what waits */
    both = look(&stage);
    assert_int_equal(both.n, 2);
    assert_string_equal(both.signs, first.signs);
    broker_tend(stage.broker);
    assert_int_equal(n_files(&stage), 2); /* what the conflict made is gone */
    stage_pass(1000);
    struct published second = await_keys(&stage, 2, first.signs);
    assert_true(has(&second, first.signs));
    broker_tend(stage.broker);
    assert_int_equal(n_files(&stage), 1); /* the private half of what signs no more */

    stage_reopen(&stage);
    stage_pass(24 * 60 * MINUTE_MS);
    assert_int_equal(look(&stage).n, 2); /* a token may still live */
    stage_pass(11 * MINUTE_MS);
    struct published last = await_keys(&stage, 1, first.signs);
    assert_string_equal(last.signs, second.signs);
    assert_int_equal(stage_count_events(&stage, "key.created", NULL), 2);
    assert_int_equal(stage_count_events(&stage, "key.activated", NULL), 1);
    assert_int_equal(stage_count_events(&stage, "key.retired", "expired"), 1);
    stage_verify(&stage);
}

static void test_at_once_and_withdrawn(void **state)
{
    (void)state;
    STAGE_AUTO stage;
    stage_make(&stage);
    stage_open(&stage);
    struct published first = look(&stage);
    assert_int_equal(rotate(&stage, KEY_PUBLISH), KEY_FINE);
    assert_int_equal(rotate(&stage, KEY_SIGN), KEY_FINE);
    struct published second = look(&stage);
    assert_int_equal(second.n, 2); /* the one that waited is gone */
    assert_string_not_equal(second.signs, first.signs);
    assert_true(has(&second, first.signs));
    assert_int_equal(rotate(&stage, KEY_REPLACE), KEY_FINE);
    struct published third = look(&stage);
    assert_int_equal(third.n, 1);
    assert_false(has(&third, first.signs) || has(&third, second.signs));
    broker_tend(stage.broker);
    assert_int_equal(n_files(&stage), 1);
    stage_reopen(&stage);
    assert_string_equal(look(&stage).signs, third.signs);
    assert_int_equal(stage_count_events(&stage, "key.retired", "withdrawn"), 3);
    stage_verify(&stage);
}

static void test_by_age(void **state)
{
    (void)state;
    STAGE_AUTO stage;
    stage_make(&stage);
    stage.rotate_s = 3600;
    stage_open(&stage);
    struct published first = look(&stage);
    stage_pass(54 * MINUTE_MS);
    stage_reopen(&stage);
    broker_tend(stage.broker);
    assert_int_equal(look(&stage).n, 1);
    stage_pass(MINUTE_MS);
    assert_string_equal(await_keys(&stage, 2, "").signs, first.signs);
    stage_pass(5 * MINUTE_MS);
    (void)await_keys(&stage, 2, first.signs);
    stage_verify(&stage);
}

/* Another algorithm is a rotation: nothing is signed with it before it is known. */
static void test_algorithms(void **state)
{
    static const struct {
        enum crypto_alg alg;
    } rows[] = {{CRYPTO_EDDSA}, {CRYPTO_RS256}, {CRYPTO_ES256}};
    (void)state;
    STAGE_AUTO stage;
    stage_make(&stage);
    stage_open(&stage);
    for (size_t i = 0; i < AMBIT_LEN(rows); i++) {
        struct published before = look(&stage);
        stage_close(&stage);
        stage.algorithm = rows[i].alg;
        stage_open(&stage);
        assert_string_equal(await_keys(&stage, before.n + 1, "").signs, before.signs);
        stage_pass(5 * MINUTE_MS);
        (void)await_keys(&stage, before.n + 1, before.signs);
        BROKER_KEYS_AUTO *keys = broker_keys_acquire(stage.broker);
        assert_int_equal(jws_signer_alg(keys->signer), rows[i].alg);
    }
    stage_verify(&stage);
}

static void put_key(const char *folder, const char *name, struct crypto_key *key)
{
    FD_AUTO fd = -1;
    BUF_AUTO text;
    struct json_out out;
    buf_init(&text, 0);
    json_out_init(&out, &text, true);
    assert_int_equal(crypto_key_put_private_jwk(key, crypto_key_alg(key), &out), AMBIT_OK);
    assert_int_equal(dir_open(AT_FDCWD, folder, &fd), AMBIT_OK);
    assert_int_equal(file_write(fd, name, buf_str(&text), 0600), AMBIT_OK);
}

/* The key of a version that had one is taken up; a file without a record goes; without its file
 * another key signs and the old one stays published. */
static void test_files(void **state)
{
    (void)state;
    STAGE_AUTO stage;
    CRYPTO_KEY_AUTO *old = NULL, *stray = NULL;
    char path[FOLDER_PATH_MAX], kid[CRYPTO_KID_LEN + 5] = "";
    stage_make(&stage);
    folder_join(path, stage.folder, "keys");
    assert_int_equal(mkdir(path, 0700), 0);
    assert_int_equal(crypto_key_new(CRYPTO_ES256, &old), AMBIT_OK);
    put_key(path, "signing.jwk", old);
    stage_open(&stage);
    crypto_key_kid(old, kid);
    assert_string_equal(look(&stage).signs, kid);
    assert_int_equal(stage_count_events(&stage, "key.activated", NULL), 1);
    assert_int_equal(stage_count_events(&stage, "key.created", NULL), 0);
    stage_reopen(&stage);
    assert_string_equal(look(&stage).signs, kid);

    assert_int_equal(crypto_key_new(CRYPTO_ES256, &stray), AMBIT_OK);
    char name[CRYPTO_KID_LEN + 5] = "";
    crypto_key_kid(stray, name);
    memcpy(name + CRYPTO_KID_LEN, ".jwk", 5);
    put_key(path, name, stray); /* made, and cut off before its record */
    stage_reopen(&stage);
    broker_tend(stage.broker);
    assert_int_equal(n_files(&stage), 1);
    assert_int_equal(look(&stage).n, 1);

    char file[FOLDER_PATH_MAX];
    stage_close(&stage);
    folder_join(file, path, "signing.jwk");
    assert_int_equal(unlink(file), 0);
    stage_open(&stage);
    struct published seen = look(&stage);
    assert_int_equal(seen.n, 2);
    assert_true(has(&seen, kid));
    assert_string_not_equal(seen.signs, kid);
    stage_verify(&stage);
}

/* Keys of the service manager: `next` is published ahead; no key is made here. */
static void test_handed(void **state)
{
    (void)state;
    STAGE_AUTO stage;
    CRYPTO_KEY_AUTO *first = NULL, *second = NULL;
    char path[FOLDER_PATH_MAX], one[CRYPTO_KID_LEN + 1] = "", two[CRYPTO_KID_LEN + 1] = "";
    stage_make(&stage);
    folder_join(path, stage.folder, "handed");
    assert_int_equal(mkdir(path, 0700), 0);
    assert_int_equal(crypto_key_new(CRYPTO_RS256, &first), AMBIT_OK);
    assert_int_equal(crypto_key_new(CRYPTO_ES256, &second), AMBIT_OK);
    crypto_key_kid(first, one);
    crypto_key_kid(second, two);
    put_key(path, "ambit-signing-key", first);
    stage.credentials = path;
    stage.rotate_s = 3600;
    stage_open(&stage);
    assert_string_equal(look(&stage).signs, one);
    assert_int_equal(rotate(&stage, KEY_PUBLISH), KEY_HANDED);

    stage_close(&stage);
    put_key(path, "ambit-signing-key-next", second);
    stage_open(&stage);
    struct published seen = look(&stage);
    assert_int_equal(seen.n, 2);
    assert_string_equal(seen.signs, one);
    stage_pass(5 * MINUTE_MS);
    assert_string_equal(await_keys(&stage, 2, one).signs, two);
    stage_reopen(&stage); /* the manager still hands in both */
    assert_string_equal(look(&stage).signs, two);
    stage_close(&stage);
    put_key(path, "ambit-signing-key", second); /* and now the second alone, as the first */
    char file[FOLDER_PATH_MAX];
    folder_join(file, path, "ambit-signing-key-next");
    assert_int_equal(unlink(file), 0);
    stage_open(&stage);
    seen = look(&stage);
    assert_int_equal(seen.n, 2);
    assert_string_equal(seen.signs, two);
    stage_verify(&stage);
}

/* What says no public half publishes nothing; what cannot be read is damage, not that. */
static void test_detail_of_created(void **state)
{
    static const struct {
        const char *detail;
        enum ambit_err want;
    } rows[] = {{"", AMBIT_OK},
                {"{}", AMBIT_OK},
                {"{\"kid\":\"x\"", AMBIT_ERR_DAMAGED},
                {"{\"jwk\":{},\"kid\":\"x\"}", AMBIT_ERR_DAMAGED}};
    (void)state;
    for (size_t i = 0; i < AMBIT_LEN(rows); i++) {
        struct event event = {.type = EVENT_KEY_CREATED, .detail = ambit_str_of(rows[i].detail)};
        ROW_CHECK(rows[i].detail, apply_key(NULL, &event) == rows[i].want);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rotation),
        cmocka_unit_test(test_at_once_and_withdrawn),
        cmocka_unit_test(test_by_age),
        cmocka_unit_test(test_algorithms),
        cmocka_unit_test(test_files),
        cmocka_unit_test(test_handed),
        cmocka_unit_test(test_detail_of_created),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
