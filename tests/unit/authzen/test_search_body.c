/* SPDX-License-Identifier: Apache-2.0 */
/* Goal: a search is read without what it seeks (AZN-11), its page within bounds, and the token of a
 * next page is that of the same search alone, in whatever order its members stand. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <cmocka.h>

#include "authzen/search_body.h"
#include "base/arena.h"
#include "base/buf.h"

#define SUBJECT  "\"subject\":{\"type\":\"user\",\"id\":\"u\"}"
#define ACTION   "\"action\":{\"name\":\"a\"}"
#define RESOURCE "\"resource\":{\"type\":\"r\",\"id\":\"i\"}"

static const struct row {
    const char *body;
    enum evaluation_sought sought;
    bool is_read;
    size_t limit;
} rows[] = {
    {"{\"subject\":{\"type\":\"user\"}," ACTION "," RESOURCE "}", SOUGHT_SUBJECT, true, 100},
    {"{" SUBJECT "," ACTION ",\"resource\":{\"type\":\"r\"}}", SOUGHT_RESOURCE, true, 100},
    {"{" SUBJECT "," RESOURCE ",\"page\":{\"limit\":7,\"token\":\"\"}}", SOUGHT_ACTION, true, 7},
    {"{" SUBJECT "," RESOURCE ",\"page\":{\"limit\":70000}}", SOUGHT_ACTION, true, 1000},
    {"{" SUBJECT "," RESOURCE ",\"page\":{\"limit\":0}}", SOUGHT_ACTION, false, 0},
    {"{" SUBJECT "," RESOURCE ",\"page\":{\"limit\":1.5}}", SOUGHT_ACTION, false, 0},
    {"{" SUBJECT "," RESOURCE ",\"page\":{\"token\":\"AAAA\"}}", SOUGHT_ACTION, false, 0},
    {"{" SUBJECT "," RESOURCE ",\"page\":7}", SOUGHT_ACTION, false, 0},
    {"{\"subject\":{\"type\":\"user\"}," RESOURCE "}", SOUGHT_ACTION, false, 0},
    {"{" SUBJECT "," ACTION "}", SOUGHT_RESOURCE, false, 0},
    {"{" ACTION "," RESOURCE "}", SOUGHT_SUBJECT, false, 0},
    {"[]", SOUGHT_ACTION, false, 0},
};

static void searches_are_read(void **state)
{
    (void)state;
    for (size_t i = 0; i < AMBIT_LEN(rows); i++) {
        ARENA_AUTO arena;
        arena_init(&arena, NULL, 0, 0);
        struct search_body body;
        const char *what = NULL;
        enum ambit_err err =
            search_body_read(ambit_str_of(rows[i].body), rows[i].sought, &arena, &body, &what);
        if ((err == AMBIT_OK) != rows[i].is_read || (!err && body.limit != rows[i].limit))
            fail_msg("%s: %s", rows[i].body, what ? what : "read");
    }
}

static void tokens_are_bound(void **state)
{
    (void)state;
    static const struct {
        const char *form;
        enum evaluation_sought sought;
        bool is_taken;
    } pages[] = {
        {"{" SUBJECT "," RESOURCE ",\"page\":{\"token\":\"%s\"}}", SOUGHT_ACTION, true},
        {"{\"page\":{\"limit\":3,\"token\":\"%s\"}," RESOURCE "," SUBJECT "}", SOUGHT_ACTION, true},
        {"{" SUBJECT "," RESOURCE ",\"x\":1,\"page\":{\"token\":\"%s\"}}", SOUGHT_ACTION, false},
        {"{" SUBJECT "," ACTION "," RESOURCE ",\"page\":{\"token\":\"%s\"}}", SOUGHT_RESOURCE,
         false},
    };
    ARENA_AUTO arena;
    arena_init(&arena, NULL, 0, 0);
    struct search_body first, next;
    const char *what = NULL;
    assert_int_equal(search_body_read(AMBIT_STR("{" SUBJECT "," RESOURCE "}"), SOUGHT_ACTION,
                                      &arena, &first, &what),
                     AMBIT_OK);
    struct ambit_str token = search_token(&first, AMBIT_STR("thing.read"), &arena);
    assert_non_null(token.p);
    for (size_t i = 0; i < AMBIT_LEN(pages); i++) {
        BUF_AUTO body;
        buf_init(&body, 0);
        const char *mark = strstr(pages[i].form, "%s");
        buf_put(&body, pages[i].form, (size_t)(mark - pages[i].form));
        buf_put_str(&body, token);
        buf_put_text(&body, mark + 2);
        enum ambit_err err =
            search_body_read(buf_str(&body), pages[i].sought, &arena, &next, &what);
        assert_int_equal(err, pages[i].is_taken ? AMBIT_OK : AMBIT_ERR_MALFORMED);
        if (!err)
            assert_true(ambit_str_is(next.after, "thing.read"));
    }
}

int main(void)
{
    cmocka_set_message_output(CM_OUTPUT_TAP);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(searches_are_read),
        cmocka_unit_test(tokens_are_bound),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
