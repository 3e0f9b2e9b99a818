/* SPDX-License-Identifier: Apache-2.0 */
/* Goal: the published example of a signed note (NOT-1, NOT-2, NOT-3) and a log of another
 * implementation: each checkpoint verifies (CKP-1) and has the root of its entries (TIL-3, MRK-1).
 */
#include "support/vectors.h"

#include "base/arena.h"
#include "base/encode.h"
#include "base/file.h"
#include "base/json_read.h"
#include "ledger/checkpoint.h"
#include "ledger/tree.h"

enum { FILE_MAX = 1 << 16, CHECKPOINTS = 8 };

static void read_file(const char *path, struct buf *text)
{
    buf_reset(text);
    assert_int_equal(file_read(AT_FDCWD, path, FILE_MAX, text), AMBIT_OK);
}

static const struct json_value *about(struct arena *arena, struct buf *text)
{
    char path[4096];
    const struct json_value *value = NULL;
    struct json_problem problem;
    if (!vectors_path("tlog/README.json", path))
        return NULL;
    read_file(path, text);
    assert_int_equal(json_read(buf_str(text), (struct json_limits){0}, arena, &value, &problem),
                     AMBIT_OK);
    return value;
}

static void test_note(void **state)
{
    ARENA_AUTO arena = {0};
    BUF_AUTO text = {0};
    struct note_verifier known;
    struct note note;
    (void)state;
    const struct json_value *file = about(&arena, &text);
    if (!file)
        return;
    const struct json_value *example = json_get(file, "c2sp_signed_note");
    assert_int_equal(note_verifier_read(json_get_str(example, "vkey"), &known), AMBIT_OK);
    assert_int_equal(note_read(json_get_str(example, "note"), &note), AMBIT_OK);
    assert_int_equal(note_verify(&note, &known, 1, NULL), AMBIT_OK);
}

/* Entries as a bundle has them: length in two bytes, then so many. */
static void add_entries(struct ambit_str bundle, struct tree_edge *edge)
{
    while (bundle.len > 0) {
        assert_true(bundle.len >= 2);
        size_t len = (size_t)(uint8_t)bundle.p[0] << 8 | (uint8_t)bundle.p[1];
        assert_true(bundle.len >= 2 + len);
        tree_edge_add(edge, tree_leaf((struct ambit_str){.p = bundle.p + 2, .len = len}));
        bundle = (struct ambit_str){.p = bundle.p + 2 + len, .len = bundle.len - 2 - len};
    }
}

static void test_log(void **state)
{
    ARENA_AUTO arena = {0};
    BUF_AUTO text = {0}, file = {0};
    struct note_verifier log;
    (void)state;
    const struct json_value *readme = about(&arena, &text);
    if (!readme)
        return;
    const struct json_value *tessera = json_get(readme, "tessera_log");
    assert_int_equal(note_verifier_read(json_get_str(tessera, "vkey"), &log), AMBIT_OK);
    for (unsigned i = 0; i < CHECKPOINTS; i++) {
        char name[64], path[4096];
        struct tree_edge edge = {.size = 0};
        struct checkpoint checkpoint;
        assert_true(snprintf(name, sizeof name, "tlog/tessera-log/entries/%u", i) > 0);
        if (i > 0) {
            assert_non_null(vectors_path(name, path));
            read_file(path, &file);
            add_entries(buf_str(&file), &edge);
        }
        assert_true(snprintf(name, sizeof name, "tlog/tessera-log/checkpoint.%u", i) > 0);
        assert_non_null(vectors_path(name, path));
        read_file(path, &file);
        ROW_CHECK(name, checkpoint_open(buf_str(&file), &log, &checkpoint) == AMBIT_OK);
        ROW_CHECK(name, checkpoint.size == i && edge.size == i);
        ROW_CHECK(name, ambit_str_eq(checkpoint.origin, json_get_str(tessera, "origin")));
        struct ambit_digest root = tree_root(&edge);
        ROW_CHECK(name, ambit_digest_eq(checkpoint.root, root));
    }
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_note),
    cmocka_unit_test(test_log),
};

UNIT_MAIN(tests)
