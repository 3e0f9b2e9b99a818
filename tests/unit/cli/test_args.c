/* SPDX-License-Identifier: Apache-2.0 */
/* Goal: what the verb table does not name is wrong usage, said with the nearest word; every verb
 * explains itself with an example. */
#include "cli_support.h"

struct usage_row {
    const char *name;
    const char *words[8];
    const char *want; /* in the complaint */
};

static const struct usage_row usages[] = {
    {"no verb", {"ambit", NULL}, "Usage: ambit VERB"},
    {"unknown verb", {"ambit", "tokn", NULL}, "did you mean \"token\"?"},
    {"half a verb",
     {"ambit", "policy", NULL},
     "\"policy\" goes on; there is \"policy check\", \"policy test\", \"policy explain\""},
    {"half a verb, and more",
     {"ambit", "time", "nonsense", NULL},
     "\"time\" goes on; there is \"time acknowledge\""},
    {"second word misspelt", {"ambit", "policy", "chek", NULL}, "did you mean \"policy check\"?"},
    {"unknown option", {"ambit", "whoami", "--jsn", NULL}, "did you mean --json?"},
    {"unknown option before the verb",
     {"ambit", "--ulr", "x", "whoami", NULL},
     "did you mean --url?"},
    {"option of another verb", {"ambit", "whoami", "--scope", "x", NULL}, "unknown option --scope"},
    {"value missing", {"ambit", "whoami", "--url", NULL}, "--url needs a value: URL"},
    {"value too much", {"ambit", "whoami", "--json=1", NULL}, "--json takes no value"},
    {"twice", {"ambit", "whoami", "--url", "a", "--url=b", NULL}, "--url is given twice"},
    {"short option", {"ambit", "whoami", "-v", NULL}, "unknown option -v"},
    {"unexpected word", {"ambit", "whoami", "x", NULL}, "unexpected word \"x\""},
    {"two arguments", {"ambit", "stop", "all", "x", NULL}, "unexpected word \"x\""},
    {"argument missing", {"ambit", "stop", "--reason", "x", NULL}, "TARGET is missing"},
    {"option missing", {"ambit", "stop", "all", NULL}, "--reason TEXT is missing"},
    {"empty reason",
     {"ambit", "stop", "all", "--reason", "", NULL},
     "--reason needs a value: TEXT"},
    {"empty value", {"ambit", "grants", "--agent=", NULL}, "--agent needs a value: NAME"},
    {"control in reason",
     {"ambit", "stop", "all", "--reason", "a\x1b[2J", NULL},
     "without control characters"},
    {"no target",
     {"ambit", "stop", "reporter", "--reason", "x", NULL},
     "\"reporter\" is no target"},
    {"empty target", {"ambit", "stop", "agent:", "--reason", "x", NULL}, "is no target"},
    {"no id", {"ambit", "clear", "a/../b", "--reason", "x", NULL}, "is no id"},
    {"no sequence", {"ambit", "events", "--after", "-1", NULL}, "is no sequence number"},
    {"no subject", {"ambit", "trace", "a b", NULL}, "cannot be traced"},
    {"two subjects",
     {"ambit", "trace", "a", "--of-token", "f", NULL},
     "give what to trace, or --of-token"},
    {"nothing asked",
     {"ambit", "token", "--url", "http://127.0.0.1:1", "--agent=a", "--key=b", NULL},
     "nothing is asked for"},
    {"no agent",
     {"ambit", "token", "--url", "http://127.0.0.1:1", "--scope", "x", NULL},
     "which agent?"},
    {"no broker", {"ambit", "whoami", NULL}, "which broker?"},
    {"nobody", {"ambit", "whoami", "--url", "http://127.0.0.1:1", NULL}, "who are you?"},
    {"no shell", {"ambit", "completion", "fish", NULL}, "expected bash"},
    {"escape sequences in words", {"ambit", "\x1b[31m", NULL}, "\\x1b[31m"},
};

static void wrong_usage_is_said(void **state)
{
    (void)state;
    for (size_t i = 0; i < AMBIT_LEN(usages); i++) {
        CLI_AUTO cli = {.verb = NULL};
        enum cli_exit code = cli_test_run(&cli, NULL, usages[i].words);
        ROW_CHECK(usages[i].name, code == CLI_USAGE);
        ROW_CHECK(usages[i].name, cli.out.len == 0);
        ROW_CHECK(usages[i].name, cli_test_has(&cli.errors, usages[i].want));
        ROW_CHECK(usages[i].name, !memchr(cli.errors.p, 0x1b, cli.errors.len));
    }
}

/* Lines are broken between words: with every run of blanks and line ends as one blank. */
static bool has_words(const struct buf *out, const char *text)
{
    BUF_AUTO folded = {.p = NULL};
    for (size_t i = 0; i < out->len; i++) {
        bool is_blank = out->p[i] == ' ' || out->p[i] == '\n';
        bool was_blank = folded.len > 0 && folded.p[folded.len - 1] == ' ';
        if (!is_blank || !was_blank)
            buf_put_char(&folded, is_blank ? ' ' : (char)out->p[i]);
    }
    return cli_test_has(&folded, text);
}

/* Up to the example, which is to be copied as it stands. */
static bool fits_a_terminal(const struct buf *out)
{
    const char *end = memmem(out->p, out->len, "\nExample:", 9);
    size_t width = 0;
    for (const char *at = (const char *)out->p; end && at < end; at++) {
        width = *at == '\n' ? 0 : width + 1;
        if (width > 80)
            return false;
    }
    return end != NULL;
}

static void every_verb_explains_itself(void **state)
{
    (void)state;
    for (size_t i = 0; i < cli_n_verbs; i++) {
        const struct cli_verb *verb = cli_verbs[i];
        CLI_AUTO cli = {.verb = NULL};
        char name[64] = "";
        assert_true(strlen(verb->name) < sizeof name);
        memcpy(name, verb->name, strlen(verb->name));
        char *space = strchr(name, ' ');
        if (space)
            *space = '\0';
        const char *words[] = {"ambit", name, space ? space + 1 : "--help", space ? "--help" : NULL,
                               NULL};
        ROW_CHECK(verb->name, cli_test_run(&cli, NULL, words) == CLI_YES);
        ROW_CHECK(verb->name, cli.errors.len == 0);
        ROW_CHECK(verb->name,
                  has_words(&cli.out, verb->summary) && has_words(&cli.out, verb->text));
        ROW_CHECK(verb->name, fits_a_terminal(&cli.out));
        ROW_CHECK(verb->name,
                  cli_test_has(&cli.out, "Example:") && cli_test_has(&cli.out, verb->example));
        for (const struct cli_option *option = verb->options; option->name; option++)
            ROW_CHECK(option->name,
                      cli_test_has(&cli.out, option->name) && has_words(&cli.out, option->help));
    }
}

static void the_list_names_every_verb(void **state)
{
    (void)state;
    CLI_AUTO cli = {.verb = NULL}, completion = {.verb = NULL};
    assert_int_equal(cli_test_run(&cli, NULL, CLI_WORDS("--help")), CLI_YES);
    assert_int_equal(cli_test_run(&completion, NULL, CLI_WORDS("completion", "bash")), CLI_YES);
    for (size_t i = 0; i < cli_n_verbs; i++) {
        ROW_CHECK(cli_verbs[i]->name, cli_test_has(&cli.out, cli_verbs[i]->name));
        ROW_CHECK(cli_verbs[i]->name, cli_test_has(&completion.out, cli_verbs[i]->name));
    }
}

static void options_stand_anywhere(void **state)
{
    (void)state;
    static const char *const rows[][8] = {
        {"ambit", "--url", "http://127.0.0.1:1", "--token-file=/nonexistent", "whoami", NULL},
        {"ambit", "whoami", "--url=http://127.0.0.1:1", "--token-file", "/nonexistent", NULL},
        {"ambit", "--url=http://127.0.0.1:1", "whoami", "--token-file", "/nonexistent", "--json",
         NULL},
    };
    for (size_t i = 0; i < AMBIT_LEN(rows); i++) {
        CLI_AUTO cli = {.verb = NULL};
        assert_int_equal(cli_test_run(&cli, NULL, rows[i]), CLI_USAGE);
        assert_true(cli_test_has(&cli.errors, "/nonexistent: there is no such thing"));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(wrong_usage_is_said),
        cmocka_unit_test(every_verb_explains_itself),
        cmocka_unit_test(the_list_names_every_verb),
        cmocka_unit_test(options_stand_anywhere),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
