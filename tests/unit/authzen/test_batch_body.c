/* SPDX-License-Identifier: Apache-2.0 */
/* Goal: a batch is read with its defaults (AZN-8), its semantic (AZN-9), and what is wrong with one
 * item in its place (AZN-10). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "authzen/batch_body.h"

#define SUBJECT  "\"subject\":{\"type\":\"access_token\",\"id\":\"T\"}"
#define ACTION   "\"action\":{\"name\":\"a\"}"
#define RESOURCE "\"resource\":{\"type\":\"svc\",\"id\":\"x\"}"
#define THREE    SUBJECT "," ACTION "," RESOURCE

static const struct row {
    const char *name, *body;
    bool is_read;
    size_t n, n_faults;
    enum action_semantic semantic;
} rows[] = {
    {"no array", "{" THREE "}", true, 0, 0, ACTION_EXECUTE_ALL},
    {"an empty one", "{" THREE ",\"evaluations\":[]}", true, 0, 0, ACTION_EXECUTE_ALL},
    {"defaults alone", "{" THREE ",\"evaluations\":[{},{}]}", true, 2, 0, ACTION_EXECUTE_ALL},
    {"no defaults", "{\"evaluations\":[{" THREE "},{" ACTION "}]}", true, 2, 1, ACTION_EXECUTE_ALL},
    {"no object", "{" THREE ",\"evaluations\":[1,[],{}]}", true, 3, 2, ACTION_EXECUTE_ALL},
    {"whole members: no merge", "{" THREE ",\"evaluations\":[{\"resource\":{\"id\":\"y\"}}]}", true,
     1, 1, ACTION_EXECUTE_ALL},
    {"a reserved name (AZN-16)",
     "{" THREE ",\"evaluations\":[{\"context\":{\"action.soft\":true}}]}", true, 1, 1,
     ACTION_EXECUTE_ALL},
    {"until a denial",
     "{" THREE ",\"evaluations\":[{}],\"options\":{\"evaluations_semantic\":"
     "\"deny_on_first_deny\"}}",
     true, 1, 0, ACTION_UNTIL_DENY},
    {"until a permit",
     "{" THREE ",\"evaluations\":[{}],\"options\":{\"evaluations_semantic\":"
     "\"permit_on_first_permit\",\"later\":1}}",
     true, 1, 0, ACTION_UNTIL_PERMIT},
    {"an unknown semantic", "{" THREE ",\"options\":{\"evaluations_semantic\":\"x\"}}", false, 0, 0,
     ACTION_EXECUTE_ALL},
    {"options that are a text", "{" THREE ",\"options\":\"x\"}", false, 0, 0, ACTION_EXECUTE_ALL},
    {"items that are none", "{" THREE ",\"evaluations\":{}}", false, 0, 0, ACTION_EXECUTE_ALL},
    {"a member twice", "{" THREE "," ACTION ",\"evaluations\":[{}]}", false, 0, 0,
     ACTION_EXECUTE_ALL},
};

static void batches_are_read(void **state)
{
    (void)state;
    for (size_t i = 0; i < AMBIT_LEN(rows); i++) {
        ARENA_AUTO arena;
        arena_init(&arena, NULL, 0, 0);
        struct batch_body body;
        const char *what = NULL;
        enum ambit_err err = batch_body_read(ambit_str_of(rows[i].body), &arena, &body, &what);
        if ((err == AMBIT_OK) != rows[i].is_read || (err && !what))
            fail_msg("%s: %s", rows[i].name, what ? what : "read");
        size_t n_faults = 0;
        for (size_t k = 0; !err && k < body.n; k++)
            n_faults += body.items[k].fault != NULL;
        if (!err && (body.n != rows[i].n || n_faults != rows[i].n_faults ||
                     body.semantic != rows[i].semantic))
            fail_msg("%s: %zu items, %zu faults", rows[i].name, body.n, n_faults);
    }
}

static void as_many_as_may_be(void **state)
{
    (void)state;
    for (size_t n = ACTION_BATCH_MAX; n <= ACTION_BATCH_MAX + 1; n++) {
        ARENA_AUTO arena;
        BUF_AUTO text;
        arena_init(&arena, NULL, 0, 0);
        buf_init(&text, 0);
        buf_put_text(&text, "{" THREE ",\"evaluations\":[");
        for (size_t i = 0; i < n; i++)
            buf_put_text(&text, i ? ",{}" : "{}");
        buf_put_text(&text, "]}");
        struct batch_body body;
        const char *what = NULL;
        enum ambit_err err = batch_body_read(buf_str(&text), &arena, &body, &what);
        assert_int_equal(err, n == ACTION_BATCH_MAX ? AMBIT_OK : AMBIT_ERR_MALFORMED);
    }
}

int main(void)
{
    cmocka_set_message_output(CM_OUTPUT_TAP);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(batches_are_read),
        cmocka_unit_test(as_many_as_may_be),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
