/* SPDX-License-Identifier: Apache-2.0 */
/* Goal: COS-1, COS-2: what is said to a witness is what the standard has, and of its answer only
 * what holds under its key over this checkpoint is taken. */
#include "support/unit.h"

#include "core/witness_ask.h"
#include "crypto/key.h"

#define TEXT  "example.org/log\n5\nLkPyfm5N5qJH9HlrC+FkbfIFUKUoO045rbcUMtFJtSQ=\n"
#define OTHER "\xe2\x80\x94 other.example AAAAAQID\n"

static void test_request(void **state)
{
    (void)state;
    struct tree_proof proof = {.n = 1};
    BUF_AUTO body = {.p = NULL};
    witness_put_request(0, &(struct tree_proof){.n = 0}, AMBIT_STR(TEXT "\n" OTHER), &body);
    assert_true(ambit_str_is(buf_str(&body), "old 0\n\n" TEXT "\n" OTHER));
    buf_reset(&body);
    witness_put_request(3, &proof, AMBIT_STR("note\n"), &body);
    assert_true(ambit_str_is(buf_str(&body),
                             "old 3\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n\nnote\n"));
}

static void test_size(void **state)
{
    static const struct {
        const char *type, *body;
        bool want;
        uint64_t size;
    } rows[] = {
        {"text/x.tlog.size", "0\n", true, 0},
        {"text/x.tlog.size", "17\n", true, 17},
        {"text/x.tlog.size", "17", true, 17},
        {"text/plain", "17\n", false, 0},
        {"", "17\n", false, 0},
        {"text/x.tlog.size", "", false, 0},
        {"text/x.tlog.size", "\n", false, 0},
        {"text/x.tlog.size", "017\n", false, 0},
        {"text/x.tlog.size", "-1\n", false, 0},
        {"text/x.tlog.size", "1 7\n", false, 0},
        {"text/x.tlog.size", "17\n\n", false, 0},
        {"text/x.tlog.size", "1000000000000000000\n", false, 0},
    };
    (void)state;
    for (size_t i = 0; i < AMBIT_LEN(rows); i++) {
        uint64_t size = 0;
        bool is_one = witness_read_size(rows[i].type, ambit_str_of(rows[i].body), &size);
        if (is_one != rows[i].want || (is_one && size != rows[i].size))
            fail_msg("row %zu: %s", i, rows[i].body);
    }
}

struct signers {
    struct crypto_key *ours, *others;
    struct note_verifier verifier;
};

static void put_line(const struct crypto_key *key, const char *text, enum note_type type,
                     struct buf *out)
{
    struct note_signer signer = {
        .name = AMBIT_STR("witness.example/one"), .type = type, .key = key, .unix_s = 1795000000};
    assert_int_equal(note_sign_line(ambit_str_of(text), &signer, out), AMBIT_OK);
}

static enum ambit_err take(const struct signers *signers, const struct buf *body, struct buf *lines)
{
    buf_reset(lines);
    return witness_read_lines(buf_str(body), AMBIT_STR(TEXT "\n" OTHER), &signers->verifier, lines);
}

static void test_lines(void **state)
{
    (void)state;
    struct signers signers = {.ours = NULL};
    BUF_AUTO line = {.p = NULL};
    BUF_AUTO body = {.p = NULL};
    BUF_AUTO lines = {.p = NULL};
    assert_int_equal(crypto_key_new(CRYPTO_ED25519, &signers.ours), AMBIT_OK);
    assert_int_equal(crypto_key_new(CRYPTO_ED25519, &signers.others), AMBIT_OK);
    assert_int_equal(note_verifier_of(AMBIT_STR("witness.example/one"), NOTE_COSIGNATURE,
                                      signers.ours, &signers.verifier),
                     AMBIT_OK);
    put_line(signers.ours, TEXT, NOTE_COSIGNATURE, &line);

    /* Its own line is taken, once, whoever else signs beside it. */
    buf_put_text(&body, OTHER);
    buf_put_str(&body, buf_str(&line));
    buf_put_str(&body, buf_str(&line));
    assert_int_equal(take(&signers, &body, &lines), AMBIT_OK);
    assert_true(ambit_str_eq(buf_str(&lines), buf_str(&line)));

    /* Nobody's, another's alone, another key's under its name, of another text, as a log signs. */
    buf_reset(&body);
    assert_int_equal(take(&signers, &body, &lines), AMBIT_ERR_REFUSED);
    buf_put_text(&body, OTHER);
    assert_int_equal(take(&signers, &body, &lines), AMBIT_ERR_REFUSED);
    buf_reset(&body);
    put_line(signers.others, TEXT, NOTE_COSIGNATURE, &body);
    assert_int_equal(take(&signers, &body, &lines), AMBIT_ERR_REFUSED);
    buf_reset(&body);
    put_line(signers.ours, "example.org/log\n6\n", NOTE_COSIGNATURE, &body);
    assert_int_equal(take(&signers, &body, &lines), AMBIT_ERR_REFUSED);
    buf_reset(&body);
    put_line(signers.ours, TEXT, NOTE_ED25519, &body);
    assert_int_equal(take(&signers, &body, &lines), AMBIT_ERR_REFUSED);

    /* What is no list of signature lines. */
    static const char *const rows[] = {"nonsense\n", "\n", OTHER "x", "\xe2\x80\x94 x\n"};
    for (size_t i = 0; i < AMBIT_LEN(rows); i++) {
        buf_reset(&body);
        buf_put_text(&body, rows[i]);
        assert_int_equal(take(&signers, &body, &lines), AMBIT_ERR_MALFORMED);
    }
    crypto_key_free(signers.ours);
    crypto_key_free(signers.others);
}

static void test_refusals(void **state)
{
    static const long statuses[] = {400, 403, 404, 409, 422, 500, 301};
    (void)state;
    for (size_t i = 0; i < AMBIT_LEN(statuses); i++)
        assert_non_null(witness_refusal(statuses[i]));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_request),
        cmocka_unit_test(test_size),
        cmocka_unit_test(test_lines),
        cmocka_unit_test(test_refusals),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
