/* SPDX-License-Identifier: Apache-2.0 */
/* Goal: signed notes (NOT-1, NOT-2, NOT-3), cosignatures (COS-1), checkpoints (CKP-1) and receipts
 * (TLP-1) read what their authors wrote, strictly, and nobody's signature is taken for another's.
 */
#include "support/unit.h"

#include "base/buf.h"
#include "base/encode.h"
#include "crypto/key.h"
#include "ledger/checkpoint.h"
#include "ledger/note.h"
#include "ledger/tlog_proof.h"

#define VKEY "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k"
#define TEXT "This is an example message.\n"
#define SIGNED                                                                       \
    "\xe2\x80\x94 example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTg" \
    "K7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=\n"
#define OTHER "\xe2\x80\x94 other.example AAAAAQID\n"

static struct note_verifier verifier_of(const char *vkey)
{
    struct note_verifier verifier;
    assert_int_equal(note_verifier_read(ambit_str_of(vkey), &verifier), AMBIT_OK);
    return verifier;
}

static struct crypto_key *new_key(void)
{
    struct crypto_key *key = NULL;
    assert_int_equal(crypto_key_new(CRYPTO_ED25519, &key), AMBIT_OK);
    return key;
}

static void test_names_not_2(void **state)
{
    static const struct {
        const char *name, *input;
        bool want;
    } rows[] = {
        {"plain", "example.com/log", true},
        {"not ASCII",
         "b\xc3\xbc"
         "cher.example",
         true},
        {"empty", "", false},
        {"plus", "a+b", false},
        {"space", "a b", false},
        {"no-break space",
         "a\xc2\xa0"
         "b",
         false},
        {"em space",
         "a\xe2\x80\x83"
         "b",
         false},
        {"ideographic space",
         "a\xe3\x80\x80"
         "b",
         false},
        {"tab", "a\tb", false},
        {"newline", "a\n", false},
        {"next line", "a\xc2\x85", false},
        {"not UTF-8", "a\xff", false},
    };
    (void)state;
    for (size_t i = 0; i < AMBIT_LEN(rows); i++)
        ROW_CHECK(rows[i].name, note_name_is_valid(ambit_str_of(rows[i].input)) == rows[i].want);
    char long_name[NOTE_NAME_MAX + 1];
    memset(long_name, 'a', sizeof long_name);
    assert_true(note_name_is_valid((struct ambit_str){long_name, NOTE_NAME_MAX}));
    assert_false(note_name_is_valid((struct ambit_str){long_name, NOTE_NAME_MAX + 1}));
}

static void test_verifier_keys_not_2(void **state)
{
    static const struct {
        const char *name, *input;
        enum ambit_err want;
    } rows[] = {
        {"the example", VKEY, AMBIT_OK},
        {"no key", "example.com/foo+530d903a", AMBIT_ERR_MALFORMED},
        {"empty", "", AMBIT_ERR_MALFORMED},
        {"empty key", "example.com/foo+530d903a+", AMBIT_ERR_MALFORMED},
        {"no name", "+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k", AMBIT_ERR_MALFORMED},
        {"another id", "example.com/foo+530d903b+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k",
         AMBIT_ERR_MALFORMED},
        {"another name", "example.com/fop+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k",
         AMBIT_ERR_MALFORMED},
        {"upper case id", "example.com/foo+530D903A+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k",
         AMBIT_ERR_MALFORMED},
        {"a byte less", "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U0=",
         AMBIT_ERR_MALFORMED},
        {"newline", VKEY "\n", AMBIT_ERR_MALFORMED},
        {"ML-DSA-44", "example.com/foo+530d903a+Bukyeg==", AMBIT_ERR_UNSUPPORTED},
    };
    (void)state;
    for (size_t i = 0; i < AMBIT_LEN(rows); i++) {
        struct note_verifier verifier;
        BUF_AUTO out = {0};
        enum ambit_err err = note_verifier_read(ambit_str_of(rows[i].input), &verifier);
        ROW_CHECK(rows[i].name, err == rows[i].want);
        if (err != AMBIT_OK)
            continue;
        note_verifier_put(&verifier, &out);
        ROW_CHECK(rows[i].name, ambit_str_is(buf_str(&out), rows[i].input));
    }
}

static void test_notes_not_1_not_3(void **state)
{
    static const struct {
        const char *name, *input;
        enum ambit_err read, verify;
    } rows[] = {
        {"the example", TEXT "\n" SIGNED, AMBIT_OK, AMBIT_OK},
        {"an unknown key before", TEXT "\n" OTHER SIGNED, AMBIT_OK, AMBIT_OK},
        {"an unknown key behind", TEXT "\n" SIGNED OTHER, AMBIT_OK, AMBIT_OK},
        {"twice", TEXT "\n" SIGNED SIGNED, AMBIT_OK, AMBIT_OK},
        {"unknown alone", TEXT "\n" OTHER, AMBIT_OK, AMBIT_ERR_REFUSED},
        {"known that fails, though it holds too",
         TEXT "\n" SIGNED "\xe2\x80\x94 example.com/foo Uw2QOgAA\n", AMBIT_OK, AMBIT_ERR_REFUSED},
        {"same name, another id", TEXT "\n\xe2\x80\x94 example.com/foo Uw2QOwAA\n", AMBIT_OK,
         AMBIT_ERR_REFUSED},
        {"another text", "This is an example massage.\n\n" SIGNED, AMBIT_OK, AMBIT_ERR_REFUSED},
        {"a line more", TEXT "more\n\n" SIGNED, AMBIT_OK, AMBIT_ERR_REFUSED},
        {"empty line within", "a\n\nb\n\n" OTHER, AMBIT_OK, AMBIT_ERR_REFUSED},
        {"empty", "", AMBIT_ERR_MALFORMED, AMBIT_OK},
        {"no signature", TEXT, AMBIT_ERR_MALFORMED, AMBIT_OK},
        {"no line behind the empty one", TEXT "\n", AMBIT_ERR_MALFORMED, AMBIT_OK},
        {"no empty line", TEXT SIGNED, AMBIT_ERR_MALFORMED, AMBIT_OK},
        {"no last newline", TEXT "\n\xe2\x80\x94 other.example AAAAAQID", AMBIT_ERR_MALFORMED,
         AMBIT_OK},
        {"empty line behind", TEXT "\n" SIGNED "\n", AMBIT_ERR_MALFORMED, AMBIT_OK},
        {"hyphen", TEXT "\n- other.example AAAAAQID\n", AMBIT_ERR_MALFORMED, AMBIT_OK},
        {"no name", TEXT "\n\xe2\x80\x94  AAAAAQID\n", AMBIT_ERR_MALFORMED, AMBIT_OK},
        {"no signature bytes", TEXT "\n\xe2\x80\x94 other.example AAAAAQ==\n", AMBIT_ERR_MALFORMED,
         AMBIT_OK},
        {"no padding", TEXT "\n\xe2\x80\x94 other.example AAAAAQI\n", AMBIT_ERR_MALFORMED,
         AMBIT_OK},
        {"base64url", TEXT "\n\xe2\x80\x94 other.example AAAA_QID\n", AMBIT_ERR_MALFORMED,
         AMBIT_OK},
        {"spare bits", TEXT "\n\xe2\x80\x94 other.example AAAAAQJ=\n", AMBIT_ERR_MALFORMED,
         AMBIT_OK},
        {"two spaces", TEXT "\n\xe2\x80\x94 other.example  AAAAAQID\n", AMBIT_ERR_MALFORMED,
         AMBIT_OK},
        {"space behind", TEXT "\n\xe2\x80\x94 other.example AAAAAQID \n", AMBIT_ERR_MALFORMED,
         AMBIT_OK},
        {"carriage return", "text\r\n\n" OTHER, AMBIT_ERR_MALFORMED, AMBIT_OK},
        {"delete", "te\x7fxt\n\n" OTHER, AMBIT_ERR_MALFORMED, AMBIT_OK},
        {"not UTF-8", "te\xffxt\n\n" OTHER, AMBIT_ERR_MALFORMED, AMBIT_OK},
    };
    (void)state;
    struct note_verifier known = verifier_of(VKEY);
    for (size_t i = 0; i < AMBIT_LEN(rows); i++) {
        struct note note;
        enum ambit_err err = note_read(ambit_str_of(rows[i].input), &note);
        ROW_CHECK(rows[i].name, err == rows[i].read);
        if (err == AMBIT_OK)
            ROW_CHECK(rows[i].name, note_verify(&note, &known, 1, NULL) == rows[i].verify);
    }
}

/* NOT-3: sixteen are taken, and more; without end they are not. */
static void test_many_signatures_not_3(void **state)
{
    struct note note;
    struct note_verifier known = verifier_of(VKEY);
    BUF_AUTO text = {0};
    (void)state;
    buf_put_text(&text, TEXT "\n");
    for (size_t i = 0; i < NOTE_SIGNATURES_MAX - 1; i++)
        buf_put_text(&text, OTHER);
    buf_put_text(&text, SIGNED);
    assert_true(NOTE_SIGNATURES_MAX >= 16);
    assert_int_equal(note_read(buf_str(&text), &note), AMBIT_OK);
    assert_int_equal(note.n, NOTE_SIGNATURES_MAX);
    assert_int_equal(note_verify(&note, &known, 1, NULL), AMBIT_OK);
    buf_put_text(&text, OTHER);
    assert_int_equal(note_read(buf_str(&text), &note), AMBIT_ERR_TOO_LARGE);
    buf_reset(&text);
    while (text.len <= NOTE_BYTES_MAX)
        buf_put_text(&text, TEXT);
    assert_int_equal(note_read(buf_str(&text), &note), AMBIT_ERR_TOO_LARGE);
}

static void test_sign_and_cosign_cos_1(void **state)
{
    CRYPTO_KEY_AUTO *log = new_key(), *witness = new_key(), *ec = NULL;
    struct note_verifier known[3];
    bool is_signed[3];
    uint64_t at = 0;
    struct note note;
    BUF_AUTO out = {0};
    (void)state;
    const struct note_signer by_log = {AMBIT_STR("log.example"), NOTE_ED25519, log, 0};
    const struct note_signer by_witness = {AMBIT_STR("witness.example"), NOTE_COSIGNATURE, witness,
                                           1700000000};
    assert_int_equal(note_sign(AMBIT_STR("hello\n"), &by_log, &out), AMBIT_OK);
    assert_int_equal(note_sign_line(AMBIT_STR("hello\n"), &by_witness, &out), AMBIT_OK);
    assert_int_equal(note_verifier_of(by_log.name, NOTE_ED25519, log, &known[0]), AMBIT_OK);
    assert_int_equal(note_verifier_of(by_witness.name, NOTE_COSIGNATURE, witness, &known[1]),
                     AMBIT_OK);
    assert_int_equal(note_verifier_of(by_log.name, NOTE_ED25519, witness, &known[2]), AMBIT_OK);

    assert_int_equal(note_read(buf_str(&out), &note), AMBIT_OK);
    assert_int_equal(note_verify(&note, known, 3, is_signed), AMBIT_OK);
    assert_true(is_signed[0] && is_signed[1] && !is_signed[2]);
    assert_int_equal(note_cosigned_at(&note.signature[1], &at), AMBIT_OK);
    assert_int_equal(at, 1700000000);
    assert_int_equal(note_cosigned_at(&note.signature[0], &at), AMBIT_ERR_MALFORMED);
    assert_int_equal(note_verify(&note, &known[2], 1, NULL), AMBIT_ERR_REFUSED);
    assert_int_equal(note_signature_verify(&note.signature[1], &known[0], note.text),
                     AMBIT_ERR_REFUSED);
    assert_int_equal(note_signature_verify(&note.signature[1], &known[1], AMBIT_STR("hallo\n")),
                     AMBIT_ERR_REFUSED);

    /* The time is signed with it: another time is another message. */
    BUF_AUTO later = {0};
    struct note_signer other = by_witness;
    other.unix_s++;
    assert_int_equal(note_sign_line(note.text, &other, &later), AMBIT_OK);
    struct note_signature line;
    assert_int_equal(note_signature_read((struct ambit_str){later.p, later.len - 1}, &line),
                     AMBIT_OK);
    assert_false(ambit_str_eq(line.base64, note.signature[1].base64));

    struct note_signer wrong = by_log;
    assert_int_equal(note_sign(AMBIT_STR("no newline"), &wrong, &out), AMBIT_ERR_MALFORMED);
    wrong.name = AMBIT_STR("a+b");
    assert_int_equal(note_sign(AMBIT_STR("x\n"), &wrong, &out), AMBIT_ERR_MALFORMED);
    assert_int_equal(crypto_key_new(CRYPTO_ES256, &ec), AMBIT_OK);
    wrong = by_log;
    wrong.key = ec;
    assert_int_equal(note_sign(AMBIT_STR("x\n"), &wrong, &out), AMBIT_ERR_UNSUPPORTED);
}

#define ROOT "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="

static void test_checkpoints_ckp_1(void **state)
{
    static const struct {
        const char *name, *input;
        bool want;
    } rows[] = {
        {"empty log", "log.example\n0\n" ROOT "\n", true},
        {"large", "log.example\n18446744073709551615\n" ROOT "\n", true},
        {"extension lines", "log.example\n7\n" ROOT "\nmore\nand more\n", true},
        {"no origin", "\n0\n" ROOT "\n", false},
        {"leading zero", "log.example\n07\n" ROOT "\n", false},
        {"sign", "log.example\n+7\n" ROOT "\n", false},
        {"too large", "log.example\n18446744073709551616\n" ROOT "\n", false},
        {"no size", "log.example\n\n" ROOT "\n", false},
        {"short root", "log.example\n7\nAAAA\n", false},
        {"hex root", "log.example\n7\ne3b0c44298fc1c149afbf4c8996fb924\n", false},
        {"no root", "log.example\n7\n", false},
        {"no newline", "log.example\n7\n" ROOT, false},
        {"empty extension line", "log.example\n7\n" ROOT "\n\n", false},
        {"space behind the root", "log.example\n7\n" ROOT " \n", false},
        {"empty", "", false},
    };
    (void)state;
    for (size_t i = 0; i < AMBIT_LEN(rows); i++) {
        struct checkpoint checkpoint;
        BUF_AUTO out = {0};
        enum ambit_err err = checkpoint_read(ambit_str_of(rows[i].input), &checkpoint);
        ROW_CHECK(rows[i].name, err == (rows[i].want ? AMBIT_OK : AMBIT_ERR_MALFORMED));
        if (err != AMBIT_OK)
            continue;
        checkpoint_put(&checkpoint, &out);
        ROW_CHECK(rows[i].name, ambit_str_is(buf_str(&out), rows[i].input));
    }
}

static void test_open_ckp_1(void **state)
{
    CRYPTO_KEY_AUTO *key = new_key();
    struct note_verifier log, other;
    struct checkpoint made = {.origin = AMBIT_STR("log.example"), .size = 7}, read;
    BUF_AUTO out = {0}, foreign = {0}, text = {0};
    (void)state;
    assert_int_equal(checkpoint_sign(&made, key, &out), AMBIT_OK);
    assert_int_equal(note_verifier_of(made.origin, NOTE_ED25519, key, &log), AMBIT_OK);
    assert_int_equal(note_verifier_of(AMBIT_STR("else.example"), NOTE_ED25519, key, &other),
                     AMBIT_OK);
    assert_int_equal(checkpoint_open(buf_str(&out), &log, &read), AMBIT_OK);
    assert_true(read.size == 7 && ambit_str_is(read.origin, "log.example"));
    assert_int_equal(checkpoint_open(buf_str(&out), &other, &read), AMBIT_ERR_REFUSED);
    out.p[0] ^= 1;
    assert_int_equal(checkpoint_open(buf_str(&out), &log, &read), AMBIT_ERR_REFUSED);

    /* The key signs under its name what says to be another log's. */
    made.origin = AMBIT_STR("another.example");
    checkpoint_put(&made, &text);
    const struct note_signer signer = {AMBIT_STR("log.example"), NOTE_ED25519, key, 0};
    assert_int_equal(note_sign(buf_str(&text), &signer, &foreign), AMBIT_OK);
    assert_int_equal(checkpoint_open(buf_str(&foreign), &log, &read), AMBIT_ERR_REFUSED);
}

static void test_receipts_tlp_1(void **state)
{
    static const struct {
        const char *name, *input;
        bool want;
    } rows[] = {
        {"one entry", "c2sp.org/tlog-proof@v1\nindex 0\n\nnote", true},
        {"path", "c2sp.org/tlog-proof@v1\nindex 7\n" ROOT "\n" ROOT "\n\nnote\n", true},
        {"extra", "c2sp.org/tlog-proof@v1\nextra AAAA\nindex 7\n\nnote\n", true},
        {"empty extra", "c2sp.org/tlog-proof@v1\nextra \nindex 7\n\nnote\n", true},
        {"extra without padding", "c2sp.org/tlog-proof@v1\nextra AAA\nindex 7\n\nnote", false},
        {"extra twice", "c2sp.org/tlog-proof@v1\nextra AA==\nextra AA==\nindex 7\n\nnote", false},
        {"extra behind", "c2sp.org/tlog-proof@v1\nindex 7\nextra AAAA\n\nnote", false},
        {"another version", "c2sp.org/tlog-proof@v2\nindex 0\n\nnote", false},
        {"leading zero", "c2sp.org/tlog-proof@v1\nindex 07\n\nnote", false},
        {"no index", "c2sp.org/tlog-proof@v1\n" ROOT "\n\nnote", false},
        {"short hash", "c2sp.org/tlog-proof@v1\nindex 0\nAAAA\n\nnote", false},
        {"no empty line", "c2sp.org/tlog-proof@v1\nindex 0\n" ROOT "\n", false},
        {"no note", "c2sp.org/tlog-proof@v1\nindex 0\n\n", false},
        {"empty", "", false},
    };
    (void)state;
    for (size_t i = 0; i < AMBIT_LEN(rows); i++) {
        struct tlog_proof proof;
        BUF_AUTO out = {0};
        enum ambit_err err = tlog_proof_read(ambit_str_of(rows[i].input), &proof);
        ROW_CHECK(rows[i].name, err == (rows[i].want ? AMBIT_OK : AMBIT_ERR_MALFORMED));
        if (err != AMBIT_OK)
            continue;
        tlog_proof_put(&proof, &out);
        ROW_CHECK(rows[i].name, ambit_str_is(buf_str(&out), rows[i].input));
    }
}

/* Two entries: each proves itself and not its neighbour, and only under the log's key. */
static void test_receipt_of_an_entry_tlp_1(void **state)
{
    CRYPTO_KEY_AUTO *key = new_key(), *stranger = new_key();
    struct note_verifier log, other;
    struct tree_edge edge = {0};
    struct ambit_digest leaf[2] = {tree_leaf(AMBIT_STR("a")), tree_leaf(AMBIT_STR("b"))};
    BUF_AUTO note = {0};
    (void)state;
    tree_edge_add(&edge, leaf[0]);
    tree_edge_add(&edge, leaf[1]);
    struct checkpoint checkpoint = {
        .origin = AMBIT_STR("log.example"), .size = 2, .root = tree_root(&edge)};
    assert_int_equal(checkpoint_sign(&checkpoint, key, &note), AMBIT_OK);
    assert_int_equal(note_verifier_of(checkpoint.origin, NOTE_ED25519, key, &log), AMBIT_OK);
    assert_int_equal(note_verifier_of(checkpoint.origin, NOTE_ED25519, stranger, &other), AMBIT_OK);

    struct tlog_proof proof = {.index = 1, .checkpoint = buf_str(&note)};
    proof.path.node[proof.path.n++] = leaf[0];
    struct checkpoint ret = {0};
    assert_int_equal(tlog_proof_verify(&proof, &log, leaf[1], &ret), AMBIT_OK);
    assert_int_equal(ret.size, 2);
    assert_int_equal(tlog_proof_verify(&proof, &log, leaf[0], NULL), AMBIT_ERR_REFUSED);
    assert_int_equal(tlog_proof_verify(&proof, &other, leaf[1], NULL), AMBIT_ERR_REFUSED);
    proof.index = 0;
    assert_int_equal(tlog_proof_verify(&proof, &log, leaf[1], NULL), AMBIT_ERR_REFUSED);
    proof.index = 2;
    assert_int_equal(tlog_proof_verify(&proof, &log, leaf[1], NULL), AMBIT_ERR_REFUSED);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_names_not_2),
    cmocka_unit_test(test_verifier_keys_not_2),
    cmocka_unit_test(test_notes_not_1_not_3),
    cmocka_unit_test(test_many_signatures_not_3),
    cmocka_unit_test(test_sign_and_cosign_cos_1),
    cmocka_unit_test(test_checkpoints_ckp_1),
    cmocka_unit_test(test_open_ckp_1),
    cmocka_unit_test(test_receipts_tlp_1),
    cmocka_unit_test(test_receipt_of_an_entry_tlp_1),
};

UNIT_MAIN(tests)
