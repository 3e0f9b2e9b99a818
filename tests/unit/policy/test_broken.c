/* SPDX-License-Identifier: Apache-2.0 */
/* Documents that are broken anywhere: cut off at any byte, or with any byte changed. The reader
 * never crashes; what it refuses it refuses with a complete message, and hands nothing out. */
#include "support/unit.h"

#include "set.h"

static void read_broken(struct set *set, const char *name, struct ambit_str text, bool must_fail)
{
    struct ambit_problems problems = {0};
    struct ambit_documents *documents = NULL;
    set_put(set, AMBIT_KIND_POLICY, "restart-services", text);
    enum ambit_err err = ambit_documents_read(set->files, set->n, &set_env, &problems, &documents);
    ROW_CHECK(name, err == AMBIT_OK || err == AMBIT_ERR_MALFORMED);
    ROW_CHECK(name, (err == AMBIT_OK) == (documents != NULL));
    ROW_CHECK(name, (err == AMBIT_OK) == (problems.n_errors == 0));
    ROW_CHECK(name, !must_fail || err == AMBIT_ERR_MALFORMED);
    for (size_t i = 0; i < problems.n; i++) {
        const struct ambit_problem *problem = &problems.v[i];
        ROW_CHECK(name, problem->file.len && problem->what.len && problem->expected.len);
        ROW_CHECK(name, problem->line > 0 && problem->column > 0);
    }
    ambit_documents_free(documents);
    ambit_problems_done(&problems);
}

static struct ambit_str start(struct set *set)
{
    set_init(set);
    assert_true(set_put_folder(set, CORPUS "/language"));
    struct ambit_str text = set_file(set, CORPUS "/language/policies/restart-services.json");
    while (text.len && text.p[text.len - 1] != '}')
        text.len--;
    return text;
}

static void cut_off(void **state)
{
    (void)state;
    struct set set;
    struct ambit_str text = start(&set);
    for (size_t len = 0; len < text.len; len++)
        read_broken(&set, "cut off", (struct ambit_str){.p = text.p, .len = len}, true);
    set_done(&set);
}

static void a_byte_changed(void **state)
{
    static const char bytes[] = {'"', '}', ',', '0', '\0', '\x80', '*', '\n'};
    (void)state;
    struct set set;
    struct ambit_str text = start(&set);
    char *copy = arena_alloc(&set.arena, text.len);
    assert_non_null(copy);
    memcpy(copy, text.p, text.len);
    for (size_t i = 0; i < text.len; i += 3) {
        char was = copy[i];
        copy[i] = bytes[i / 3 % sizeof bytes];
        read_broken(&set, "a byte changed", (struct ambit_str){.p = copy, .len = text.len}, false);
        copy[i] = was;
    }
    set_done(&set);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(cut_off), cmocka_unit_test(a_byte_changed)};
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
