/* SPDX-License-Identifier: Apache-2.0 */
/* Goal: a query string holds what the route knows, in its form, or is refused: a misspelt filter
 * shows nothing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "operator/params.h"

static const char *const names[] = {"state", "since", "after", "checks", "limit", "cursor", NULL};
static const char *const states[] = {"live", "ended", "all", NULL};

static enum ambit_err read_all(const char *query, struct arena *arena, size_t *ret_state,
                               struct page *ret_page)
{
    struct params params = {0};
    const char *what = NULL;
    int64_t since_ms = 0;
    uint64_t after = 0;
    bool checks = false;
    enum ambit_err err = params_read(ambit_str_of(query), names, arena, &params, &what);
    if (!err)
        err = params_page(&params, ret_page, &what);
    if (!err)
        err = params_word(&params, "state", states, 2, ret_state, &what);
    if (!err)
        err = params_time(&params, "since", &since_ms, &what);
    if (!err)
        err = params_u64(&params, "after", 0, &after, &what);
    if (!err)
        err = params_bool(&params, "checks", &checks, &what);
    if (err)
        assert_non_null(what);
    return err;
}

static void query_strings(void **state)
{
    (void)state;
    static const struct {
        const char *query;
        bool is_read;
    } rows[] = {
        {"", true},
        {"limit=1", true},
        {"limit=1000", true},
        {"limit=0", false},
        {"limit=1001", false},
        {"limit=-1", false},
        {"limit=x", false},
        {"limit=1&limit=2", false},
        {"state=live", true},
        {"state=dead", false},
        {"stat=live", false},
        {"since=2026-11-20T10:00:00Z", true},
        {"since=yesterday", false},
        {"after=18446744073709551615", true},
        {"after=18446744073709551616", false},
        {"checks=true", true},
        {"checks=1", false},
        {"state=%zz", false},
    };
    for (size_t i = 0; i < AMBIT_LEN(rows); i++) {
        ARENA_AUTO arena;
        arena_init(&arena, NULL, 0, 0);
        size_t word = 0;
        struct page page = {0};
        if (read_all(rows[i].query, &arena, &word, &page) !=
            (rows[i].is_read ? AMBIT_OK : AMBIT_ERR_MALFORMED))
            fail_msg("%s", rows[i].query);
    }
}

static void defaults(void **state)
{
    (void)state;
    ARENA_AUTO arena;
    arena_init(&arena, NULL, 0, 0);
    size_t word = 0;
    struct page page = {0};
    assert_int_equal(read_all("", &arena, &word, &page), AMBIT_OK);
    assert_int_equal(word, 2);
    assert_int_equal(page.limit, 100);
    assert_null(page.cursor.p);
}

int main(void)
{
    cmocka_set_message_output(CM_OUTPUT_TAP);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(query_strings),
        cmocka_unit_test(defaults),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
