/* SPDX-License-Identifier: Apache-2.0 */
/* Goal: TSL-3: bits stand where the draft says and pack into the zlib format; TSL-7: a grant's
 * index is a keyed permutation of its place, each list its own; TSL-1: a list's name says key and
 * size. */
#include "support/vectors.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <zlib.h>
#include <cmocka.h>

#include "base/arena.h"
#include "base/deflate.h"
#include "base/encode.h"
#include "base/file.h"
#include "base/json_read.h"
#include "core/status_list.h"

/* lst of a vector -> bytes */
static size_t unpack(struct ambit_str lst, uint8_t *dst, size_t size)
{
    uint8_t *packed = malloc(base64url_decoded_max(lst.len));
    size_t len = 0;
    uLongf n = size;
    assert_int_equal(base64url_decode(lst, packed, base64url_decoded_max(lst.len), &len), AMBIT_OK);
    assert_int_equal(uncompress(dst, &n, packed, len), Z_OK);
    free(packed);
    return n;
}

static void check_vector(const struct json_value *vector)
{
    int64_t size = 0;
    assert_true(json_get_i64(vector, "size", &size));
    size_t n = (size_t)size / 8;
    uint8_t *theirs = calloc(1, n + 1), *ours = calloc(1, n + 1);
    assert_int_equal(unpack(json_get_str(vector, "lst"), theirs, n + 1), n);
    const struct json_value *statuses = json_get(vector, "statuses");
    uint32_t i = 0;
    if (statuses && statuses->kind == JSON_ARRAY)
        for (const struct json_value *one = statuses->first; one; one = one->next, i++)
            if (one->integer)
                status_set(ours, i);
    if (statuses && statuses->kind == JSON_OBJECT)
        for (const struct json_value *one = statuses->first; one; one = one->next) {
            uint64_t index = 0;
            assert_int_equal(parse_u64(one->key, &index), AMBIT_OK);
            if (one->integer)
                status_set(ours, (uint32_t)index);
        }
    if (statuses)
        assert_memory_equal(ours, theirs, n);
    /* And packed by us they unpack to the same. */
    BUF_AUTO packed;
    uLongf back = n + 1;
    buf_init(&packed, 0);
    struct ambit_str bytes = {.p = (const char *)theirs, .len = n};
    assert_int_equal(deflate_all(DEFLATE_ZLIB, bytes, &packed), AMBIT_OK);
    assert_int_equal((uint8_t)packed.p[0], 0x78); /* TSL-3: RFC 1950 */
    assert_int_equal(uncompress(ours, &back, (const Bytef *)packed.p, packed.len), Z_OK);
    assert_int_equal(back, n);
    assert_memory_equal(ours, theirs, n);
    free(theirs);
    free(ours);
}

static void test_vectors(void **state)
{
    (void)state;
    char path[4096];
    ARENA_AUTO arena;
    BUF_AUTO text;
    const struct json_value *root = NULL;
    arena_init(&arena, NULL, 0, 0);
    buf_init(&text, 0);
    if (!vectors_path("statuslist/status-list-1bit.json", path))
        return;
    assert_int_equal(file_read(AT_FDCWD, path, (size_t)16 << 20, &text), AMBIT_OK);
    assert_int_equal(
        json_read(buf_str(&text), (struct json_limits){.depth = 8}, &arena, &root, NULL), AMBIT_OK);
    size_t n = 0;
    for (const struct json_value *vector = json_get(root, "vectors")->first; vector;
         vector = vector->next, n++)
        check_vector(vector);
    assert_true(n >= 2);
}

static void test_permutation(void **state)
{
    static const int64_t sizes[] = {1, 1024, 2000, 4096, 131072};
    static const size_t rounded[] = {1024, 1024, 2048, 4096, 131072};
    (void)state;
    uint8_t key[STATUS_KEY_BYTES] = {1, 2, 3};
    for (size_t i = 0; i < AMBIT_LEN(sizes); i++) {
        struct status_plan plan;
        status_plan_init(&plan, key, sizes[i]);
        size_t size = (size_t)1 << plan.bits, unmoved = 0, as_before = 0;
        assert_int_equal(size, rounded[i]);
        uint8_t *seen = calloc(1, size / 8);
        for (uint64_t seq = 7 * size; seq < 8 * size; seq++) {
            uint32_t index = status_index(&plan, seq);
            assert_true(index < size);
            assert_int_equal(seen[index / 8] >> (index % 8) & 1, 0); /* TSL-7: never twice */
            status_set(seen, index);
            unmoved += index == seq % size;
            as_before += index == status_index(&plan, seq - size);
            assert_int_equal(status_list_of(&plan, seq), 7);
        }
        assert_true(unmoved < size / 64 && as_before < size / 64);
        free(seen);
    }
}

static void test_names(void **state)
{
    (void)state;
    uint8_t key[STATUS_KEY_BYTES] = {1}, other_key[STATUS_KEY_BYTES] = {2};
    struct status_plan plan, other, larger;
    char a[STATUS_NAME_MAX] = "", b[STATUS_NAME_MAX] = "", c[STATUS_NAME_MAX] = "";
    status_plan_init(&plan, key, 1024);
    status_plan_init(&other, other_key, 1024);
    status_plan_init(&larger, key, 2048);
    size_t len = status_name(&plan, 12, a);
    assert_int_equal(len, 3 + 8);
    assert_memory_equal(a, "12-", 3);
    assert_int_equal(status_name(&other, 12, b), len);
    assert_int_equal(status_name(&larger, 12, c), len);
    assert_memory_not_equal(a, b, len);
    assert_memory_not_equal(a, c, len);
    assert_true(status_name(&plan, UINT64_MAX >> 11, a) < STATUS_NAME_MAX);
}

static void test_gzip(void **state)
{
    (void)state;
    BUF_AUTO packed;
    uint8_t back[64] = {0};
    struct ambit_str text = AMBIT_STR("status status status");
    z_stream stream = {0};
    buf_init(&packed, 0);
    assert_int_equal(deflate_all(DEFLATE_GZIP, text, &packed), AMBIT_OK);
    assert_int_equal(inflateInit2(&stream, 15 + 16), Z_OK);
    stream.next_in = (Bytef *)packed.p;
    stream.avail_in = (uInt)packed.len;
    stream.next_out = back;
    stream.avail_out = sizeof back;
    assert_int_equal(inflate(&stream, Z_FINISH), Z_STREAM_END);
    assert_int_equal(stream.total_out, text.len);
    assert_memory_equal(back, text.p, text.len);
    assert_int_equal(inflateEnd(&stream), Z_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_vectors),
        cmocka_unit_test(test_permutation),
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_gzip),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
