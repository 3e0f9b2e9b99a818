/* SPDX-License-Identifier: Apache-2.0 */
/* Names and manifests of backups. */
#include "base/arena.h"
#include "core/backup_manifest.h"
#include "support/unit.h"

static void names(void **state)
{
    static const struct {
        const char *name;
        bool want;
    } rows[] = {
        {"one", true},
        {"2026-11-20T100000Z", true},
        {"a.b_c-d", true},
        {"0", true},
        {"", false},
        {".", false},
        {"..", false},
        {".hidden", false},
        {"-x", false},
        {"a/b", false},
        {"a b", false},
        {"\xc3\xa4", false},
        {"one.partial", false},
        {".partial", false},
        {"partial", true},
    };
    (void)state;
    for (size_t i = 0; i < AMBIT_LEN(rows); i++)
        if (backup_name_is_fine(ambit_str_of(rows[i].name)) != rows[i].want)
            fail_msg("%s", rows[i].name);
    char longest[BACKUP_NAME_MAX + 1];
    memset(longest, 'a', sizeof longest);
    assert_true(backup_name_is_fine((struct ambit_str){longest, BACKUP_NAME_MAX}));
    assert_false(backup_name_is_fine((struct ambit_str){longest, BACKUP_NAME_MAX + 1}));
}

#define DIGEST "sha256:00000000000000000000000000000000000000000000000000000000000000ab"
#define HEAD   "{\"bytes\":40960,\"digest\":\"" DIGEST "\",\"keys\":"
#define TAIL   ",\"time\":\"2026-11-20T10:00:00.000Z\",\"v\":1,\"version\":\"0.1.0\"}\n"

static void manifests(void **state)
{
    static const struct {
        const char *name, *text;
        enum ambit_err want;
    } rows[] = {
        {"whole", HEAD "false,\"name\":\"one\",\"root\":\"" DIGEST "\",\"size\":12" TAIL, AMBIT_OK},
        {"keys", HEAD "true,\"name\":\"one\",\"root\":\"" DIGEST "\",\"size\":0" TAIL, AMBIT_OK},
        {"a member more",
         HEAD "true,\"name\":\"one\",\"root\":\"" DIGEST "\",\"sizes\":1,\"size\":0" TAIL,
         AMBIT_ERR_MALFORMED},
        {"twice", HEAD "true,\"name\":\"one\",\"root\":\"" DIGEST "\",\"size\":1,\"size\":0" TAIL,
         AMBIT_ERR_MALFORMED},
        {"negative", HEAD "true,\"name\":\"one\",\"root\":\"" DIGEST "\",\"size\":-1" TAIL,
         AMBIT_ERR_MALFORMED},
        {"no name", HEAD "true,\"name\":\"../one\",\"root\":\"" DIGEST "\",\"size\":1" TAIL,
         AMBIT_ERR_MALFORMED},
        {"no truth", HEAD "1,\"name\":\"one\",\"root\":\"" DIGEST "\",\"size\":1" TAIL,
         AMBIT_ERR_MALFORMED},
        {"newer", "{\"v\":2}", AMBIT_ERR_NEWER},
        {"none", "[]", AMBIT_ERR_MALFORMED},
        {"nothing", "", AMBIT_ERR_MALFORMED},
    };
    (void)state;
    for (size_t i = 0; i < AMBIT_LEN(rows); i++) {
        ARENA_AUTO arena;
        BUF_AUTO again;
        struct backup_manifest manifest;
        arena_init(&arena, NULL, 0, 0);
        buf_init(&again, 0);
        struct ambit_str text = ambit_str_of(rows[i].text);
        enum ambit_err err = backup_manifest_read(text, &arena, &manifest);
        if (err != rows[i].want)
            fail_msg("%s: %s", rows[i].name, ambit_err_text(err));
        if (err != AMBIT_OK)
            continue;
        assert_int_equal(backup_manifest_write(&manifest, &again), AMBIT_OK);
        assert_true(ambit_str_eq(buf_str(&again), text));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(names), cmocka_unit_test(manifests)};
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
