/* SPDX-License-Identifier: Apache-2.0 */
/* Goal: the reference roots of RFC 6962 implementations, and every one of the 96 proofs from
 * outside, of which 89 must be refused (MRK-1). */
#include "support/vectors.h"

#include <dirent.h>

#include "base/arena.h"
#include "base/encode.h"
#include "base/file.h"
#include "base/json_read.h"
#include "ledger/tree.h"

enum { FILE_MAX = 1 << 16, NODES_MAX = 80 };

static const struct json_value *load(const char *path, struct arena *arena, struct buf *text)
{
    const struct json_value *value = NULL;
    struct json_problem problem;
    buf_reset(text);
    assert_int_equal(file_read(AT_FDCWD, path, FILE_MAX, text), AMBIT_OK);
    assert_int_equal(json_read(buf_str(text), (struct json_limits){.allow_decimals = true}, arena,
                               &value, &problem),
                     AMBIT_OK);
    return value;
}

/* Nodes of any length but 32 bytes fail (MRK-1). */
static bool digest_of(const struct json_value *value, struct ambit_digest *ret)
{
    uint8_t bytes[256];
    size_t len = 0;
    if (!value || value->kind != JSON_STRING ||
        base64_decode(value->text, bytes, sizeof bytes, &len) != AMBIT_OK || len != sizeof ret->b)
        return false;
    memcpy(ret->b, bytes, len);
    return true;
}

struct proof {
    struct ambit_digest node[NODES_MAX];
    size_t n;
    bool is_whole;
};

static struct proof proof_of(const struct json_value *file)
{
    const struct json_value *list = json_get(file, "proof");
    struct proof proof = {.is_whole = true};
    for (const struct json_value *node = list ? list->first : NULL; node && proof.n < NODES_MAX;
         node = node->next)
        proof.is_whole = digest_of(node, &proof.node[proof.n++]) && proof.is_whole;
    return proof;
}

/* Some rows carry numbers past 2^53, or negative ones, to see them refused. */
static uint64_t number_of(const struct json_value *file, const char *name)
{
    uint64_t n = 0;
    const struct json_value *value = json_get(file, name);
    if (value && parse_u64(value->text, &n) != AMBIT_OK)
        return UINT64_MAX;
    return n;
}

static bool inclusion_holds(const struct json_value *file)
{
    struct proof proof = proof_of(file);
    struct ambit_digest leaf, root;
    if (!proof.is_whole || !digest_of(json_get(file, "leafHash"), &leaf) ||
        !digest_of(json_get(file, "root"), &root))
        return false;
    return tree_inclusion_verify(leaf, number_of(file, "leafIdx"), number_of(file, "treeSize"),
                                 proof.node, proof.n, root) == AMBIT_OK;
}

static bool consistency_holds(const struct json_value *file)
{
    struct proof proof = proof_of(file);
    struct ambit_digest old, root;
    if (!proof.is_whole || !digest_of(json_get(file, "root1"), &old) ||
        !digest_of(json_get(file, "root2"), &root))
        return false;
    return tree_consistency_verify(number_of(file, "size1"), old, number_of(file, "size2"), root,
                                   proof.node, proof.n) == AMBIT_OK;
}

struct tally {
    int n, refused;
};

static void check_file(const char *path, bool (*holds)(const struct json_value *),
                       struct tally *tally)
{
    ARENA_AUTO arena = {0};
    BUF_AUTO text = {0};
    const struct json_value *file = load(path, &arena, &text);
    const struct json_value *wants_error = json_get(file, "wantErr");
    bool must_fail = wants_error && wants_error->kind == JSON_TRUE;
    ROW_CHECK(path, holds(file) == !must_fail);
    tally->n++;
    tally->refused += must_fail;
}

static void check_folder(const char *folder, bool (*holds)(const struct json_value *),
                         struct tally *tally)
{
    DIR *dir = opendir(folder);
    assert_non_null(dir);
    for (const struct dirent *entry = readdir(dir); entry; entry = readdir(dir)) {
        char path[4096];
        if (entry->d_name[0] == '.')
            continue;
        int n = snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
        assert_true(n > 0 && n < (int)sizeof path);
        if (entry->d_type == DT_DIR)
            check_folder(path, holds, tally);
        else
            check_file(path, holds, tally);
    }
    closedir(dir);
}

static void test_proofs(void **state)
{
    char inclusion[4096], consistency[4096];
    struct tally tally = {0};
    (void)state;
    if (!vectors_path("merkle/inclusion", inclusion) ||
        !vectors_path("merkle/consistency", consistency))
        return;
    check_folder(inclusion, inclusion_holds, &tally);
    check_folder(consistency, consistency_holds, &tally);
    assert_int_equal(tally.n, 96);
    assert_int_equal(tally.refused, 89);
}

static void test_roots(void **state)
{
    char path[4096];
    ARENA_AUTO arena = {0};
    BUF_AUTO text = {0};
    struct tree_edge edge = {0};
    (void)state;
    if (!vectors_path("merkle/rfc6962-reference-roots.json", path))
        return;
    const struct json_value *file = load(path, &arena, &text);
    const struct json_value *leaf = json_get(file, "leaves_hex")->first;
    const struct json_value *hash = json_get(file, "leaf_hash_hex")->first;
    const struct json_value *root = json_get(file, "root_by_size_hex")->first;
    int n = 0;
    for (; root; root = root->next, n++) {
        struct ambit_digest want, got = tree_root(&edge);
        assert_int_equal(hex_decode(root->text, want.b, sizeof want.b), AMBIT_OK);
        assert_true(ambit_digest_eq(got, want));
        if (!leaf)
            continue;
        uint8_t bytes[64];
        assert_int_equal(hex_decode(leaf->text, bytes, leaf->text.len / 2), AMBIT_OK);
        got = tree_leaf((struct ambit_str){.p = (const char *)bytes, .len = leaf->text.len / 2});
        assert_int_equal(hex_decode(hash->text, want.b, sizeof want.b), AMBIT_OK);
        assert_true(ambit_digest_eq(got, want));
        assert_int_equal(tree_append(&edge, NULL, got), AMBIT_OK); /* no tile before 256 */
        leaf = leaf->next;
        hash = hash->next;
    }
    assert_int_equal(n, 9);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_roots), cmocka_unit_test(test_proofs)};
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
