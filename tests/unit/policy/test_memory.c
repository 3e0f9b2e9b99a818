/* SPDX-License-Identifier: Apache-2.0 */
/* Whichever allocation fails, a set is read whole or not at all: the answer is "out of memory",
 * never a set or a problem that would not be there otherwise. */
#include "support/unit.h"

#include "set.h"

void *__real_malloc(size_t size);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *p, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *p, size_t size);

static size_t left; /* allocations until the one that fails; 0: none does */

static bool fails(void)
{
    return left > 0 && --left == 0;
}

void *__wrap_malloc(size_t size)
{
    return fails() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t n, size_t size)
{
    return fails() ? NULL : __real_calloc(n, size);
}

void *__wrap_realloc(void *p, size_t size)
{
    return fails() ? NULL : __real_realloc(p, size);
}

/* Lets each allocation of one reading fail once; the reading without failure gives `want`. */
static void fail_each(struct set *set, enum ambit_err want, size_t n_problems)
{
    enum { MOST = 20000 };
    size_t n = 1;
    for (; n < MOST; n++) {
        struct ambit_problems problems = {0};
        struct ambit_documents *documents = NULL;
        left = n;
        enum ambit_err err =
            ambit_documents_read(set->files, set->n, &set_env, &problems, &documents);
        bool has_failed = left == 0;
        left = 0;
        assert_true((err == AMBIT_OK) == (documents != NULL));
        /* Sorting the list may do without its memory; nothing else may. */
        assert_true(err == (has_failed && err != want ? AMBIT_ERR_NO_MEMORY : want));
        assert_true(problems.n <= n_problems);
        assert_true(err != want || problems.n == n_problems);
        ambit_documents_free(documents);
        ambit_problems_done(&problems);
        if (!has_failed)
            break;
    }
    assert_true(n > 10 && n < MOST);
}

static void of_a_good_set(void **state)
{
    struct set set;
    (void)state;
    set_init(&set);
    assert_true(set_put_folder(&set, CORPUS "/language"));
    fail_each(&set, AMBIT_OK, 0);
    set_done(&set);
}

static void of_a_wrong_set(void **state)
{
    struct set set;
    (void)state;
    set_init(&set);
    assert_true(set_put_folder(&set, CORPUS "/companions"));
    set_put(&set, AMBIT_KIND_POLICY, "subject", set_file(&set, CORPUS "/twelve-mistakes.json"));
    fail_each(&set, AMBIT_ERR_MALFORMED, 12);
    set_done(&set);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(of_a_good_set),
        cmocka_unit_test(of_a_wrong_set),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
