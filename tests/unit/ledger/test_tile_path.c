/* SPDX-License-Identifier: Apache-2.0 */
/* Goal: TIL-1, TIL-2: each tile and bundle has one name, and nothing else is read as one. */
#include "support/unit.h"

#include "base/buf.h"
#include "ledger/tile_path.h"

static const struct {
    const char *name, *input;
    struct tile_path want; /* width 0: refused */
} rows[] = {
    {"first", "tile/0/000", {.width = 256}},
    {"partial", "tile/0/000.p/1", {.width = 1}},
    {"nearly full", "tile/3/007.p/255", {.level = 3, .index = 7, .width = 255}},
    {"the standard's example", "tile/0/x001/x234/067", {.index = 1234067, .width = 256}},
    {"a thousand", "tile/entries/x001/000.p/8", {.is_entries = true, .index = 1000, .width = 8}},
    {"greatest level", "tile/63/000", {.level = 63, .width = 256}},
    {"greatest index",
     "tile/0/x018/x446/x744/x073/x709/x551/615",
     {.index = UINT64_MAX, .width = 256}},
    {"entries", "tile/entries/999", {.is_entries = true, .index = 999, .width = 256}},
    {"index too large", "tile/0/x018/x446/x744/x073/x709/x551/616", {0}},
    {"far too large", "tile/0/x001/x000/x000/x000/x000/x000/x000/000", {0}},
    {"no index", "tile/0", {0}},
    {"empty index", "tile/0/", {0}},
    {"short group", "tile/0/00", {0}},
    {"long group", "tile/0/0000", {0}},
    {"leading group of zeros", "tile/0/x000/000", {0}},
    {"x on the last", "tile/0/x001", {0}},
    {"x missing", "tile/0/001/000", {0}},
    {"level too large", "tile/64/000", {0}},
    {"level with a zero before", "tile/00/000", {0}},
    {"level no number", "tile/data/000", {0}},
    {"level negative", "tile/-1/000", {0}},
    {"width 0", "tile/0/000.p/0", {0}},
    {"width 256", "tile/0/000.p/256", {0}},
    {"width with a zero before", "tile/0/000.p/07", {0}},
    {"no width", "tile/0/000.p", {0}},
    {"empty width", "tile/0/000.p/", {0}},
    {"slash behind", "tile/0/000/", {0}},
    {"more behind", "tile/0/000.p/1/2", {0}},
    {"partial group in the middle", "tile/0/x001.p/000", {0}},
    {"letters", "tile/0/00a", {0}},
    {"another front", "tiles/0/000", {0}},
    {"empty", "", {0}},
};

static void test_names_til_2(void **state)
{
    (void)state;
    for (size_t i = 0; i < AMBIT_LEN(rows); i++) {
        struct tile_path path = {.width = 0};
        BUF_AUTO out = {0};
        enum ambit_err err = tile_path_read(ambit_str_of(rows[i].input), &path);
        const struct tile_path *want = &rows[i].want;
        ROW_CHECK(rows[i].name, err == (want->width ? AMBIT_OK : AMBIT_ERR_MALFORMED));
        ROW_CHECK(rows[i].name, path.is_entries == want->is_entries && path.level == want->level);
        ROW_CHECK(rows[i].name, path.index == want->index && path.width == want->width);
        if (err != AMBIT_OK)
            continue;
        tile_path_put(&path, &out);
        ROW_CHECK(rows[i].name, ambit_str_is(buf_str(&out), rows[i].input));
    }
}

static const struct CMUnitTest tests[] = {cmocka_unit_test(test_names_til_2)};

UNIT_MAIN(tests)
