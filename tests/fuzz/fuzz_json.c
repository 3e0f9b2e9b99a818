/* SPDX-License-Identifier: Apache-2.0 */
/* The JSON reader: what was read, written canonically, reads as the same and is a fixed point;
 * positions lie inside the text; the lax modes accept all that the strict one does. */
#include "base/buf.h"
#include "base/json_read.h"
#include "base/json_write.h"
#include "fuzz.h"

static void check_positions(const struct json_value *value, size_t size)
{
    FUZZ_CHECK(value->line >= 1 && value->column >= 1);
    FUZZ_CHECK(value->line <= size + 1 && value->column <= size + 1);
    size_t n = 0;
    for (const struct json_value *child = value->first; child; child = child->next) {
        n++;
        FUZZ_CHECK((value->kind == JSON_OBJECT) == (child->key.p != NULL));
        check_positions(child, size);
    }
    FUZZ_CHECK(n == value->count);
}

static enum ambit_err canonical_of(struct ambit_str text, struct json_limits limits, struct buf *ret)
{
    ARENA_AUTO arena;
    arena_init(&arena, NULL, 0, 16 * 1024 * 1024);
    const struct json_value *value = NULL;
    struct json_problem problem = {.line = 0};
    enum ambit_err err = json_read(text, limits, &arena, &value, &problem);
    if (err) {
        FUZZ_CHECK(problem.line >= 1 && problem.column >= 1 && problem.what && problem.expected);
        return err;
    }

    check_positions(value, text.len);
    struct json_out out;
    json_out_init(&out, ret, true);
    json_write_value(&out, value);
    return buf_check(ret);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct ambit_str text = {.p = (const char *)data, .len = size};
    BUF_AUTO first;
    BUF_AUTO second;
    BUF_AUTO lax;
    buf_init(&first, 0);
    buf_init(&second, 0);
    buf_init(&lax, 0);

    enum ambit_err err = canonical_of(text, (struct json_limits){.depth = 0}, &first);
    enum ambit_err lax_err = canonical_of(
        text, (struct json_limits){.depth = 32, .allow_decimals = true, .keep_duplicates = true}, &lax);
    if (err)
        return 0;

    FUZZ_CHECK(!lax_err && ambit_str_eq(buf_str(&first), buf_str(&lax)));
    FUZZ_CHECK(!canonical_of(buf_str(&first), (struct json_limits){.depth = 0}, &second));
    FUZZ_CHECK(ambit_str_eq(buf_str(&first), buf_str(&second)));
    return 0;
}
