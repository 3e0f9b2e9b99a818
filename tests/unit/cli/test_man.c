/* SPDX-License-Identifier: Apache-2.0 */
/* Goal: every verb has a man page, and it names every option and shows the example. */
#include <fcntl.h>

#include "base/file.h"
#include "cli/cli.h"
#include "support/folder.h"

static void page_of(const char *verb, char path[FOLDER_PATH_MAX])
{
    int n = snprintf(path, FOLDER_PATH_MAX, "%s/ambit-%s.1.scd", AMBIT_MAN, verb);
    assert_true(n > 0 && n < FOLDER_PATH_MAX);
    for (char *p = path + strlen(AMBIT_MAN); *p; p++)
        *p = *p == ' ' ? '-' : *p;
}

static bool has(const struct buf *page, const char *format, const char *word)
{
    BUF_AUTO want = {.p = NULL};
    buf_printf(&want, "%s%s%s", format, word, *format ? "*" : "");
    assert_int_equal(buf_check(&want), AMBIT_OK);
    return memmem(page->p, page->len, want.p, want.len) != NULL;
}

static void every_verb_has_a_page(void **state)
{
    (void)state;
    for (size_t i = 0; i < cli_n_verbs; i++) {
        const struct cli_verb *verb = cli_verbs[i];
        char path[FOLDER_PATH_MAX] = "";
        BUF_AUTO page = {.p = NULL};
        page_of(verb->name, path);
        ROW_CHECK(verb->name, file_read(AT_FDCWD, path, 65536, &page) == AMBIT_OK);
        ROW_CHECK(verb->name, has(&page, "", verb->summary) && has(&page, "", verb->example));
        for (const struct cli_option *option = verb->options; option->name; option++)
            ROW_CHECK(option->name, has(&page, "*--", option->name));
    }
}

static void the_overview_names_every_verb(void **state)
{
    (void)state;
    BUF_AUTO page = {.p = NULL};
    assert_int_equal(file_read(AT_FDCWD, AMBIT_MAN "/ambit.1.scd", 65536, &page), AMBIT_OK);
    for (size_t i = 0; i < cli_n_verbs; i++) {
        char name[64] = "";
        int n = snprintf(name, sizeof name, "*ambit-%s*(1)", cli_verbs[i]->name);
        assert_true(n > 0 && (size_t)n < sizeof name);
        for (char *p = name; *p; p++)
            *p = *p == ' ' ? '-' : *p;
        ROW_CHECK(name, has(&page, "", name));
    }
    for (size_t i = 0; i < cli_n_global_options; i++)
        ROW_CHECK(cli_global_options[i].name, has(&page, "*--", cli_global_options[i].name));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_verb_has_a_page),
        cmocka_unit_test(the_overview_names_every_verb),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
