/* SPDX-License-Identifier: Apache-2.0 */
/* Goal: bodies of the operator API are read strictly; what is wrong is said, an unknown member by
 * its name. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "base/arena.h"
#include "operator/body.h"

static const struct {
    const char *name, *body;
    bool is_read, dry_run;
} rows[] = {
    {"a stop", "{\"target\":\"agent:x\",\"reason\":\"why\"}", true, false},
    {"not dry", "{\"target\":\"agent:x\",\"reason\":\"why\",\"dry_run\":false}", true, false},
    {"dry", "{\"target\":\"agent:x\",\"reason\":\"why\",\"dry_run\":true}", true, true},
    {"a dry run needs no reason", "{\"target\":\"agent:x\",\"dry_run\":true}", true, true},
    {"but not an empty one", "{\"target\":\"agent:x\",\"dry_run\":true,\"reason\":\"\"}", false,
     false},
    {"no reason", "{\"target\":\"agent:x\"}", false, false},
    {"an empty reason", "{\"target\":\"agent:x\",\"reason\":\"\"}", false, false},
    {"a control byte in the reason", "{\"target\":\"agent:x\",\"reason\":\"a\\nb\"}", false, false},
    {"no target", "{\"reason\":\"why\"}", false, false},
    {"a target that is no text", "{\"target\":1,\"reason\":\"why\"}", false, false},
    {"a dry run that is no truth", "{\"target\":\"agent:x\",\"reason\":\"why\",\"dry_run\":1}",
     false, false},
    {"a null", "{\"target\":\"agent:x\",\"reason\":null}", false, false},
    {"a member twice", "{\"target\":\"a\",\"target\":\"b\",\"reason\":\"why\"}", false, false},
    {"an unknown member", "{\"target\":\"agent:x\",\"reason\":\"why\",\"dryrun\":true}", false,
     false},
    {"a list", "[]", false, false},
    {"nothing", "", false, false},
    {"bytes behind", "{\"target\":\"agent:x\",\"reason\":\"why\"}}", false, false},
};

static void stops_are_read(void **state)
{
    (void)state;
    for (size_t i = 0; i < AMBIT_LEN(rows); i++) {
        ARENA_AUTO arena;
        arena_init(&arena, NULL, 0, 0);
        struct stop_body got;
        const char *what = NULL;
        enum ambit_err err = stop_body_read(ambit_str_of(rows[i].body), &arena, &got, &what);
        if (err != (rows[i].is_read ? AMBIT_OK : AMBIT_ERR_MALFORMED))
            fail_msg("%s: %s", rows[i].name, ambit_err_text(err));
        if (err)
            assert_non_null(what);
        else
            assert_int_equal(got.dry_run, rows[i].dry_run);
    }
}

static const struct {
    const char *name, *body;
    bool is_read;
    size_t n_members;
} erasures[] = {
    {"a person", "{\"target\":\"person:x\",\"reason\":\"why\"}", true, 0},
    {"members", "{\"target\":\"a\",\"reason\":\"why\",\"members\":[\"words\",\"name\"]}", true, 2},
    {"all there is",
     "{\"target\":\"a\",\"before\":\"t\",\"members\":[\"a\",\"b\",\"c\",\"d\",\"e\"],\"dry_run\":"
     "true}",
     true, 5},
    {"one too many",
     "{\"target\":\"a\",\"reason\":\"w\",\"members\":[\"a\",\"b\",\"c\",\"d\",\"e\",\"f\"]}", false,
     0},
    {"none of them", "{\"target\":\"a\",\"reason\":\"why\",\"members\":[]}", false, 0},
    {"one twice", "{\"target\":\"a\",\"reason\":\"why\",\"members\":[\"a\",\"a\"]}", false, 0},
    {"one that is no text", "{\"target\":\"a\",\"reason\":\"why\",\"members\":[1]}", false, 0},
    {"no list", "{\"target\":\"a\",\"reason\":\"why\",\"members\":\"words\"}", false, 0},
    {"no target", "{\"reason\":\"why\"}", false, 0},
    {"no reason", "{\"target\":\"a\"}", false, 0},
    {"an unknown member", "{\"target\":\"a\",\"reason\":\"why\",\"now\":true}", false, 0},
};

static void erasures_are_read(void **state)
{
    (void)state;
    for (size_t i = 0; i < AMBIT_LEN(erasures); i++) {
        ARENA_AUTO arena;
        arena_init(&arena, NULL, 0, 0);
        struct erase_body got;
        const char *what = NULL;
        enum ambit_err err = erase_body_read(ambit_str_of(erasures[i].body), &arena, &got, &what);
        if (err != (erasures[i].is_read ? AMBIT_OK : AMBIT_ERR_MALFORMED))
            fail_msg("%s: %s", erasures[i].name, ambit_err_text(err));
        if (err)
            assert_non_null(what);
        else
            assert_int_equal(got.n_members, erasures[i].n_members);
    }
}

#define DIGEST "sha256:0000000000000000000000000000000000000000000000000000000000000001"
static const struct {
    const char *name, *body;
    bool is_read, has_digest, is_removal;
} confirmations[] = {
    {"a version", "{\"kind\":\"policy\",\"name\":\"x\",\"digest\":\"" DIGEST "\"}", true, true,
     false},
    {"with words",
     "{\"kind\":\"agent\",\"name\":\"a/b\",\"digest\":\"" DIGEST "\",\"reason\":\"read\"}", true,
     true, false},
    {"a removal", "{\"kind\":\"person\",\"name\":\"x\",\"digest\":\"" DIGEST "\",\"removal\":true}",
     true, true, true},
    {"of what is in force", "{\"kind\":\"service\",\"name\":\"x\",\"removal\":true}", true, false,
     true},
    {"no version", "{\"kind\":\"policy\",\"name\":\"x\"}", false, false, false},
    {"an empty version", "{\"kind\":\"policy\",\"name\":\"x\",\"digest\":\"\",\"removal\":true}",
     false, false, false},
    {"no kind", "{\"name\":\"x\",\"digest\":\"" DIGEST "\"}", false, false, false},
    {"another kind", "{\"kind\":\"team\",\"name\":\"x\",\"digest\":\"" DIGEST "\"}", false, false,
     false},
    {"no name", "{\"kind\":\"policy\",\"digest\":\"" DIGEST "\"}", false, false, false},
    {"an empty reason",
     "{\"kind\":\"policy\",\"name\":\"x\",\"digest\":\"" DIGEST "\",\"reason\":\"\"}", false, false,
     false},
    {"a truth that is none", "{\"kind\":\"policy\",\"name\":\"x\",\"removal\":\"yes\"}", false,
     false, false},
};

static void confirmations_are_read(void **state)
{
    (void)state;
    for (size_t i = 0; i < AMBIT_LEN(confirmations); i++) {
        ARENA_AUTO arena;
        arena_init(&arena, NULL, 0, 0);
        struct confirm_body got;
        const char *what = NULL;
        enum ambit_err err =
            confirm_body_read(ambit_str_of(confirmations[i].body), &arena, &got, &what);
        if (err != (confirmations[i].is_read ? AMBIT_OK : AMBIT_ERR_MALFORMED))
            fail_msg("%s: %s", confirmations[i].name, ambit_err_text(err));
        if (err)
            assert_non_null(what);
        else
            assert_true(got.has_digest == confirmations[i].has_digest &&
                        got.is_removal == confirmations[i].is_removal);
    }
}

static void offboardings_are_read(void **state)
{
    static const struct {
        const char *name, *body;
        bool is_read, dry_run;
    } bodies[] = {
        {"with a reason", "{\"reason\":\"left\"}", true, false},
        {"dry", "{\"dry_run\":true}", true, true},
        {"no reason", "{}", false, false},
        {"an empty reason", "{\"reason\":\"\",\"dry_run\":true}", false, false},
        {"a member too many", "{\"reason\":\"left\",\"target\":\"x\"}", false, false},
    };
    (void)state;
    for (size_t i = 0; i < AMBIT_LEN(bodies); i++) {
        ARENA_AUTO arena;
        arena_init(&arena, NULL, 0, 0);
        struct offboard_body got;
        const char *what = NULL;
        enum ambit_err err = offboard_body_read(ambit_str_of(bodies[i].body), &arena, &got, &what);
        if (err != (bodies[i].is_read ? AMBIT_OK : AMBIT_ERR_MALFORMED))
            fail_msg("%s: %s", bodies[i].name, ambit_err_text(err));
        if (!err)
            assert_int_equal(got.dry_run, bodies[i].dry_run);
    }
}

static void the_unknown_is_named(void **state)
{
    (void)state;
    ARENA_AUTO arena;
    arena_init(&arena, NULL, 0, 0);
    struct ambit_str got = {0};
    const char *what = NULL;
    assert_int_equal(
        reason_body_read(AMBIT_STR("{\"reason\":\"x\",\"ti\\u0007me\":1}"), &arena, &got, &what),
        AMBIT_ERR_MALFORMED);
    assert_string_equal(what, "There is no member named ti?me.");
}

static void a_reason_is_1_to_1024_bytes(void **state)
{
    (void)state;
    for (int n = 1023; n <= 1025; n++) {
        char body[1100] = "{\"reason\":\"";
        memset(body + 11, 'x', (size_t)n);
        memcpy(body + 11 + n, "\"}", 3);
        ARENA_AUTO arena;
        arena_init(&arena, NULL, 0, 0);
        struct ambit_str got = {0};
        const char *what = NULL;
        assert_int_equal(reason_body_read(ambit_str_of(body), &arena, &got, &what),
                         n <= 1024 ? AMBIT_OK : AMBIT_ERR_MALFORMED);
    }
}

int main(void)
{
    cmocka_set_message_output(CM_OUTPUT_TAP);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(stops_are_read),         cmocka_unit_test(erasures_are_read),
        cmocka_unit_test(confirmations_are_read), cmocka_unit_test(offboardings_are_read),
        cmocka_unit_test(the_unknown_is_named),   cmocka_unit_test(a_reason_is_1_to_1024_bytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
