/* SPDX-License-Identifier: Apache-2.0 */
/* Goal: `policy check` says every mistake in the published form and, of a valid set, which rules a
 * service may decide alone; `verify` tells no store from a damaged one. */
#include <fcntl.h>
#include <sys/stat.h>

#include "base/file.h"
#include "cli_support.h"
#include "config/dev.h"
#include "support/folder.h"

static void make_documents(char root[FOLDER_PATH_MAX], char documents[FOLDER_PATH_MAX])
{
    folder_make(root);
    struct dev_report report = {.is_new = false};
    const struct dev_options options = {.state = root, .now_ms = cli_test_now_ms};
    assert_int_equal(dev_prepare(&options, &report), AMBIT_OK);
    buf_done(&report.text);
    folder_join(documents, root, "documents");
}

static void a_valid_set_is_said_to_be(void **state)
{
    (void)state;
    char root[FOLDER_PATH_MAX] = "", documents[FOLDER_PATH_MAX] = "";
    make_documents(root, documents);
    CLI_AUTO people = {.verb = NULL}, json = {.verb = NULL};
    assert_int_equal(cli_test_run(&people, NULL, CLI_WORDS("policy", "check", documents)), CLI_YES);
    assert_true(cli_test_has(&people.out,
                             "4 people, 2 agents, 1 services, 2 policies: valid, 2 warnings\n"));
    /* A rule with a count must be asked for each time; one without need not. */
    assert_true(cli_test_has(
        &people.out,
        "read-tickets/tickets: a service may decide this alone; a stop reaches it when the "
        "token ends, after 900s at most\n"));
    assert_false(cli_test_has(&people.out, "staging"));

    assert_int_equal(cli_test_run(&json, NULL, CLI_WORDS("policy", "check", documents, "--json")),
                     CLI_YES);
    assert_true(cli_test_has(&json.out, "{\"ok\":true,\"documents\":\"sha256:"));
    assert_true(
        cli_test_has(&json.out, "\"severity\":\"warning\",\"what\":\"the policy has no tests\""));
    assert_true(cli_test_has(&json.out,
                             "],\"alone\":[{\"policy\":\"read-tickets\",\"rule\":\"tickets\","
                             "\"stop_reaches_within_s\":900}]}\n"));
    folder_remove(root);
}

static void mistakes_are_said_in_the_published_form(void **state)
{
    (void)state;
    char root[FOLDER_PATH_MAX] = "", documents[FOLDER_PATH_MAX] = "", path[FOLDER_PATH_MAX] = "",
         want[2 * FOLDER_PATH_MAX] = "";
    make_documents(root, documents);
    folder_join(path, documents, "people/kim.json");
    const char *document =
        "{\"person\": \"kim\", \"name\": \"K\", \"email\": \"k@example.gov\",\n"
        " \"team\": \"t\", \"activ\": true, \"roles\": [\"oncal\"], \"active\": true}\n";
    assert_int_equal(file_write(AT_FDCWD, path, ambit_str_of(document), 0600), AMBIT_OK);
    CLI_AUTO people = {.verb = NULL}, json = {.verb = NULL}, none = {.verb = NULL};
    assert_int_equal(cli_test_run(&people, NULL, CLI_WORDS("policy", "check", documents)),
                     CLI_USAGE);
    assert_true(snprintf(want, sizeof want, "%s:2:15: error: /activ: ", path) > 0);
    assert_true(cli_test_has(&people.out, want));
    assert_true(cli_test_has(&people.out, "did you mean \"oncall\"?\n"));
    assert_false(cli_test_has(&people.out, "valid\n"));

    assert_int_equal(cli_test_run(&json, NULL, CLI_WORDS("policy", "check", "--json", documents)),
                     CLI_USAGE);
    assert_true(cli_test_has(&json.out, "{\"ok\":false,\"problems\":[{\"file\":\""));
    assert_true(cli_test_has(
        &json.out, "\"line\":2,\"column\":15,\"pointer\":\"/activ\",\"severity\":\"error\""));
    assert_int_equal(cli_test_run(&none, NULL, CLI_WORDS("policy", "check", "/nonexistent")),
                     CLI_USAGE);
    folder_remove(root);
}

/* A set with a warning: the forms, and what is strict about it. */
static void warnings_in_every_form(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        const char *words[4];
        enum cli_exit exit;
        const char *has;
    } rows[] = {
        {"text", {"--format", "text"}, CLI_YES, " [policy-without-tests]\n"},
        {"json", {"--format", "json"}, CLI_YES, "\"id\":\"policy-without-tests\"}"},
        {"sarif", {"--format", "sarif"}, CLI_YES, "\"version\":\"2.1.0\""},
        {"sarif note", {"--format", "sarif"}, CLI_YES, "\"ruleId\":\"decided-alone\""},
        {"junit", {"--format=junit"}, CLI_YES, "failures=\"0\""},
        {"strict", {"--strict"}, CLI_NO, "2 warnings\n"},
        {"strict sarif",
         {"--strict", "--format", "sarif"},
         CLI_NO,
         "\"level\":\"error\",\"message\""},
        {"strict junit", {"--strict", "--format", "junit"}, CLI_NO, "failures=\"2\""},
        {"later", {"--now", "2031-01-01T00:00:00Z", "--strict"}, CLI_NO, "2 warnings\n"},
    };
    char root[FOLDER_PATH_MAX] = "", documents[FOLDER_PATH_MAX] = "", path[FOLDER_PATH_MAX] = "";
    make_documents(root, documents);
    for (size_t i = 0; i < AMBIT_LEN(rows); i++) {
        CLI_AUTO cli = {.verb = NULL};
        const char *words[9] = {"ambit", "policy", "check", documents};
        for (size_t k = 0; k < 4 && rows[i].words[k]; k++)
            words[4 + k] = rows[i].words[k];
        ROW_CHECK(rows[i].name, cli_test_run(&cli, NULL, words) == rows[i].exit);
        ROW_CHECK(rows[i].name, cli_test_has(&cli.out, rows[i].has));
    }
    CLI_AUTO format = {.verb = NULL}, now = {.verb = NULL}, tested = {.verb = NULL};
    assert_int_equal(
        cli_test_run(&format, NULL, CLI_WORDS("policy", "check", documents, "--format", "xml")),
        CLI_USAGE);
    assert_int_equal(
        cli_test_run(&now, NULL, CLI_WORDS("policy", "check", documents, "--now", "monday")),
        CLI_USAGE);
    folder_join(path, documents, "policies/read-tickets.test.json");
    assert_int_equal(file_write(AT_FDCWD, path, AMBIT_STR("{}"), 0600), AMBIT_OK);
    assert_int_equal(cli_test_run(&tested, NULL, CLI_WORDS("policy", "check", documents)), CLI_YES);
    assert_true(cli_test_has(&tested.out, ": valid, 1 warning\n"));
    folder_remove(root);
}

static void what_is_no_store_is_not_verified(void **state)
{
    (void)state;
    char root[FOLDER_PATH_MAX] = "";
    folder_make(root);
    CLI_AUTO empty = {.verb = NULL}, absent = {.verb = NULL};
    assert_int_equal(cli_test_run(&empty, NULL, CLI_WORDS("verify", root)), CLI_USAGE);
    assert_int_equal(cli_test_run(&absent, NULL, CLI_WORDS("verify", "/nonexistent")), CLI_USAGE);
    folder_remove(root);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_valid_set_is_said_to_be),
        cmocka_unit_test(mistakes_are_said_in_the_published_form),
        cmocka_unit_test(warnings_in_every_form),
        cmocka_unit_test(what_is_no_store_is_not_verified),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
