/* SPDX-License-Identifier: Apache-2.0 */
/* Goal: an option goes over the environment, that over the file; what would carry a token in the
 * clear, and a file that is not valid, is refused. */
#include <fcntl.h>

#include "base/file.h"
#include "cli/remote.h"
#include "cli/settings.h"
#include "cli_support.h"
#include "support/folder.h"

static void put(const char *folder, const char *name, const char *text)
{
    char path[FOLDER_PATH_MAX] = "";
    assert_int_equal(
        file_write(AT_FDCWD, folder_join(path, folder, name), ambit_str_of(text), 0600), AMBIT_OK);
}

struct row {
    const char *name, *option_url, *environment_url, *file;
    bool has_state;
    enum cli_exit want;
    const char *url;
};

static const struct row rows[] = {
    {"nothing", NULL, NULL, NULL, false, CLI_YES, NULL},
    {"file", NULL, NULL, "{\"url\": \"https://file\"}", false, CLI_YES, "https://file"},
    {"environment over file", NULL, "https://env", "{\"url\": \"https://file\"}", false, CLI_YES,
     "https://env"},
    {"state over environment", NULL, "https://env", NULL, true, CLI_YES, "http://127.0.0.1:99"},
    {"option over all", "https://option/", "https://env", "{\"url\": \"https://file\"}", true,
     CLI_YES, "https://option"},
    {"plain http elsewhere", "http://example.org", NULL, NULL, false, CLI_USAGE, NULL},
    {"lookalike of loopback", "http://127.0.0.1.example.org", NULL, NULL, false, CLI_USAGE, NULL},
    {"user in the URL", "https://a:b@example.org", NULL, NULL, false, CLI_USAGE, NULL},
    {"localhost", "http://localhost:1", NULL, NULL, false, CLI_YES, "http://localhost:1"},
    {"IPv6 loopback", "http://[::1]:1", NULL, NULL, false, CLI_YES, "http://[::1]:1"},
    {"a Unix socket", "unix:/run/ambit/agent.sock", NULL, NULL, false, CLI_YES, "http://localhost"},
    {"no Unix socket", "unix:", NULL, NULL, false, CLI_USAGE, NULL},
    {"an authority", NULL, NULL, "{\"url\": \"https://a\", \"ca\": \"/ca.pem\"}", false, CLI_YES,
     "https://a"},
    {"no URL", "broker", NULL, NULL, false, CLI_USAGE, NULL},
    {"unknown key", NULL, NULL, "{\"ulr\": \"https://file\"}", false, CLI_USAGE, NULL},
    {"wrong type", NULL, NULL, "{\"url\": 1}", false, CLI_USAGE, NULL},
    {"not JSON", NULL, NULL, "url", false, CLI_USAGE, NULL},
    {"twice", NULL, NULL, "{\"url\": \"https://a\", \"url\": \"https://b\"}", false, CLI_USAGE,
     NULL},
};

static void settings_are_found_in_order(void **state)
{
    (void)state;
    for (size_t i = 0; i < AMBIT_LEN(rows); i++) {
        char folder[FOLDER_PATH_MAX] = "", home[FOLDER_PATH_MAX + 32] = "", url[128] = "";
        folder_make(folder);
        assert_int_equal(dir_make(AT_FDCWD, folder, 0700), AMBIT_OK);
        put(folder, "url", "http://127.0.0.1:99");
        char sub[FOLDER_PATH_MAX] = "";
        assert_int_equal(dir_make(AT_FDCWD, folder_join(sub, folder, "ambit"), 0700), AMBIT_OK);
        if (rows[i].file)
            put(folder, "ambit/config.json", rows[i].file);
        assert_true(snprintf(home, sizeof home, "XDG_CONFIG_HOME=%s", folder) > 0);
        assert_true(snprintf(url, sizeof url, "AMBIT_URL=%s",
                             rows[i].environment_url ? rows[i].environment_url : "") > 0);

        const char *const environment[] = {home, url, NULL};
        CLI_AUTO cli = {.environment = environment};
        arena_init(&cli.arena, NULL, 0, 0);
        if (rows[i].option_url)
            cli.given[cli.n_given++] = (struct cli_given){"url", rows[i].option_url};
        if (rows[i].has_state)
            cli.given[cli.n_given++] = (struct cli_given){"state", folder};
        struct settings settings = {.url = NULL};
        ROW_CHECK(rows[i].name, settings_find(&cli, &settings) == rows[i].want);
        ROW_CHECK(rows[i].name, (settings.url != NULL) == (rows[i].url != NULL));
        ROW_CHECK(rows[i].name, !rows[i].url || streq(settings.url, rows[i].url));
        folder_remove(folder);
    }
}

static void a_word_file_holds_one_word(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        enum cli_exit want;
    } files[] = {{"abc", CLI_YES},      {"abc\n", CLI_YES},     {"abc\r\n", CLI_YES},
                 {"", CLI_USAGE},       {"\n", CLI_USAGE},      {"a b\n", CLI_USAGE},
                 {"a\nb\n", CLI_USAGE}, {"\xc3\xbc", CLI_USAGE}};
    char folder[FOLDER_PATH_MAX] = "", path[FOLDER_PATH_MAX] = "";
    folder_make(folder);
    for (size_t i = 0; i < AMBIT_LEN(files); i++) {
        CLI_AUTO cli = {.verb = NULL};
        arena_init(&cli.arena, NULL, 0, 0);
        put(folder, "word", files[i].text);
        struct ambit_str word = {NULL, 0};
        ROW_CHECK(files[i].text, settings_read_word(&cli, folder_join(path, folder, "word"), 100,
                                                    &word) == files[i].want);
        ROW_CHECK(files[i].text, files[i].want || ambit_str_is(word, "abc"));
    }
    folder_remove(folder);
}

/* The token of the settings goes to their broker alone; one that was named for this run goes where
 * the run goes. */
static void a_log_elsewhere_gets_no_token(void **state)
{
    static const struct {
        const char *name, *configured, *given, *option;
        enum cli_exit want;
        bool has_token;
    } places[] = {
        {"the one of the settings", "https://broker", NULL, NULL, CLI_YES, true},
        {"the same by name", "https://broker", "https://broker/log/", NULL, CLI_YES, true},
        {"another", "https://broker", "https://other/log", NULL, CLI_YES, false},
        {"another port", "https://broker", "https://broker:8443", NULL, CLI_YES, false},
        {"none configured", "", "https://other", NULL, CLI_YES, false},
        {"behind a socket", "unix:/run/ambit.sock", "http://localhost", NULL, CLI_YES, false},
        {"another, the token named", "https://broker", "https://other/log", "token", CLI_YES, true},
        {"a user in the URL", "", "http://localhost:x@evil.example/log", "token", CLI_USAGE, false},
        {"the same, encrypted", "", "https://localhost:x@evil.example", "token", CLI_USAGE, false},
        {"plain elsewhere", "", "http://evil.example/log", "token", CLI_USAGE, false},
        {"a query", "", "https://other/?x/log", "token", CLI_USAGE, false},
    };
    char folder[FOLDER_PATH_MAX] = "", path[FOLDER_PATH_MAX] = "";
    (void)state;
    folder_make(folder);
    put(folder, "token", "abc");
    folder_join(path, folder, "token");
    for (size_t i = 0; i < AMBIT_LEN(places); i++) {
        char home[FOLDER_PATH_MAX + 32], url[128], token[FOLDER_PATH_MAX + 32];
        assert_true(snprintf(home, sizeof home, "XDG_CONFIG_HOME=%s", folder) > 0);
        assert_true(snprintf(url, sizeof url, "AMBIT_URL=%s", places[i].configured) > 0);
        assert_true(snprintf(token, sizeof token, "AMBIT_TOKEN_FILE=%s", path) > 0);
        const char *const environment[] = {home, token, places[i].configured[0] ? url : NULL, NULL};
        CLI_AUTO cli = {.environment = environment};
        arena_init(&cli.arena, NULL, 0, 0);
        if (places[i].option != NULL)
            cli.given[cli.n_given++] = (struct cli_given){"token-file", path};
        struct remote remote;
        enum cli_exit code = remote_open(&cli, places[i].given, &remote);
        ROW_CHECK(places[i].name, code == places[i].want);
        ROW_CHECK(places[i].name,
                  code != CLI_YES || (remote.token.p != NULL) == places[i].has_token);
    }
    folder_remove(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(settings_are_found_in_order),
        cmocka_unit_test(a_word_file_holds_one_word),
        cmocka_unit_test(a_log_elsewhere_gets_no_token),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
