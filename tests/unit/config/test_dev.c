/* SPDX-License-Identifier: Apache-2.0 */
/* Goal: the development state is what is published, is taken up unchanged, and renews only what has
 * lapsed. */
#include <fcntl.h>
#include <sys/stat.h>

#include "base/file.h"
#include "config/config.h"
#include "config/dev.h"
#include "config/folder.h"
#include "config/make.h"
#include "crypto/digest.h"
#include "crypto/key.h"
#include "support/folder.h"

static const int64_t now_ms = 1795255200000; /* 2026-11-21T10:00:00Z */
static const int64_t day_ms = 86400000;

static const char *const files[] = {"ambit.json",
                                    "documents/people/dana.json",
                                    "documents/people/sam.json",
                                    "documents/people/lee.json",
                                    "documents/people/kim.json",
                                    "documents/agents/remediator.json",
                                    "documents/agents/reporter.json",
                                    "documents/services/payments-api.json",
                                    "documents/policies/restart-services.json",
                                    "documents/policies/read-tickets.json",
                                    "credentials/remediator.jwk",
                                    "credentials/reporter.jwk",
                                    "credentials/dana.token",
                                    "credentials/sam.token",
                                    "credentials/lee.token",
                                    "credentials/payments-api.secret",
                                    "credentials/remediator.secret",
                                    "credentials/dana.curl",
                                    "credentials/lee.curl",
                                    "credentials/payments-api.curl",
                                    "credentials/remediator.curl"};
static const char *const folders[] = {"",      "documents", "documents/people", "keys",
                                      "store", "search",    "credentials"};

static int64_t recorded_at_ms;
static int64_t recorded(const char *state)
{
    (void)state;
    return recorded_at_ms;
}

static void prepare(const char *state, int64_t when_ms, bool is_new, bool is_renewed)
{
    struct dev_report report = {.is_new = false};
    const struct dev_options options = {
        .state = state, .listen = "127.0.0.1:0", .now_ms = when_ms, .recorded_ms = recorded};
    assert_int_equal(dev_prepare(&options, &report), AMBIT_OK);
    assert_int_equal(report.is_new, is_new);
    assert_int_equal(report.text.len &&
                         memmem(report.text.p, report.text.len, "a new one was drawn", 19),
                     is_renewed);
    buf_done(&report.text);
}

static struct buf read_file(const char *state, const char *name)
{
    char path[FOLDER_PATH_MAX] = "";
    struct buf bytes = {.p = NULL};
    assert_int_equal(file_read(AT_FDCWD, folder_join(path, state, name), 1 << 20, &bytes),
                     AMBIT_OK);
    return bytes;
}

static bool is_same(const char *state, const char *name, const struct buf *before)
{
    BUF_AUTO now = read_file(state, name);
    return ambit_str_eq(buf_str(&now), buf_str(before));
}

static void check_documents(const char *state, int64_t when_ms)
{
    char path[FOLDER_PATH_MAX] = "";
    struct ambit_problems problems = {.v = NULL};
    struct ambit_documents *documents = NULL;
    enum ambit_err err =
        folder_load(folder_join(path, state, "documents"), when_ms, &problems, &documents);
    for (size_t i = 0; i < problems.n; i++)
        print_message("# %.*s: %.*s: %.*s\n", AMBIT_STR_ARG(problems.v[i].file),
                      AMBIT_STR_ARG(problems.v[i].pointer), AMBIT_STR_ARG(problems.v[i].what));
    assert_int_equal(err, AMBIT_OK);
    assert_int_equal(problems.n, 0);
    assert_int_equal(documents->n_people, 4);
    assert_int_equal(documents->n_agents, 2);
    assert_int_equal(documents->n_services, 1);
    assert_int_equal(documents->n_policies, 2);
    ambit_documents_free(documents);
    ambit_problems_done(&problems);
}

static void the_state_is_what_is_published(void **state)
{
    (void)state;
    char root[FOLDER_PATH_MAX] = "", path[FOLDER_PATH_MAX] = "", home[FOLDER_PATH_MAX] = "";
    folder_make(home);
    folder_join(root, home, "state");
    prepare(root, now_ms, true, false);
    struct stat about = {0};
    for (size_t i = 0; i < AMBIT_LEN(files); i++) {
        ROW_CHECK(files[i], stat(folder_join(path, root, files[i]), &about) == 0);
        ROW_CHECK(files[i], (about.st_mode & 07777) == 0600);
    }
    for (size_t i = 0; i < AMBIT_LEN(folders); i++) {
        ROW_CHECK(folders[i], stat(folder_join(path, root, folders[i]), &about) == 0);
        ROW_CHECK(folders[i], (about.st_mode & 07777) == 0700);
    }
    check_documents(root, now_ms);

    CONFIG_AUTO config = {.n_listen = 0};
    struct ambit_problems problems = {.v = NULL};
    const struct config_source source = {.path = folder_join(path, root, "ambit.json")};
    assert_int_equal(config_load(&source, &config, &problems), AMBIT_OK);
    assert_int_equal(config.listen[0].port, 0);
    ambit_problems_done(&problems);
    folder_remove(home);
}

static void credentials_fit_the_documents(void **state)
{
    (void)state;
    char root[FOLDER_PATH_MAX] = "";
    folder_make(root);
    prepare(root, now_ms, true, false);
    BUF_AUTO token = read_file(root, "credentials/dana.token"),
             curl = read_file(root, "credentials/dana.curl");
    BUF_AUTO document = read_file(root, "documents/people/dana.json"),
             key_text = read_file(root, "credentials/reporter.jwk");
    struct ambit_digest digest = {{0}};
    crypto_sha256(token.p, token.len, &digest);
    int64_t lapses_ms = 0;
    assert_int_equal(make_expiry(buf_str(&document), digest, &lapses_ms), AMBIT_OK);
    assert_int_equal(lapses_ms, now_ms + 89 * day_ms);
    assert_true(memmem(curl.p, curl.len, token.p, token.len) != NULL);
    assert_null(memmem(document.p, document.len, token.p, token.len));

    CRYPTO_KEY_AUTO *key = NULL;
    assert_int_equal(crypto_key_from_private_text(buf_str(&key_text), &key), AMBIT_OK);
    char kid[CRYPTO_KID_LEN] = "";
    crypto_key_kid(key, kid);
    BUF_AUTO agent = read_file(root, "documents/agents/reporter.json");
    assert_non_null(memmem(agent.p, agent.len, kid, sizeof kid));
    folder_remove(root);
}

static void a_state_is_taken_up_unchanged(void **state)
{
    (void)state;
    char root[FOLDER_PATH_MAX] = "", path[FOLDER_PATH_MAX] = "";
    folder_make(root);
    prepare(root, now_ms, true, false);
    assert_int_equal(unlink(folder_join(path, root, "documents/people/kim.json")), 0);
    BUF_AUTO token = read_file(root, "credentials/lee.token"),
             lee = read_file(root, "documents/people/lee.json");
    prepare(root, now_ms + 80 * day_ms, false, false);
    assert_true(is_same(root, "credentials/lee.token", &token));
    assert_true(is_same(root, "documents/people/lee.json", &lee));
    assert_int_not_equal(access(path, F_OK), 0); /* what was taken away stays away */
    folder_remove(root);
}

static void lapsed_secrets_are_renewed(void **state)
{
    (void)state;
    char root[FOLDER_PATH_MAX] = "";
    folder_make(root);
    prepare(root, now_ms, true, false);
    BUF_AUTO token = read_file(root, "credentials/lee.token"),
             key = read_file(root, "credentials/remediator.jwk");
    BUF_AUTO policy = read_file(root, "documents/policies/read-tickets.json"),
             kim = read_file(root, "documents/people/kim.json");
    const int64_t later_ms = now_ms + 200 * day_ms;
    recorded_at_ms = now_ms + 5 * day_ms; /* a clock that the broker will not believe */
    prepare(root, later_ms, false, false);
    assert_true(is_same(root, "credentials/lee.token", &token));
    recorded_at_ms = later_ms - 7 * day_ms;
    prepare(root, later_ms, false, true);
    recorded_at_ms = 0;
    assert_false(is_same(root, "credentials/lee.token", &token));
    assert_true(is_same(root, "credentials/remediator.jwk", &key));
    assert_true(is_same(root, "documents/policies/read-tickets.json", &policy));
    assert_true(is_same(root, "documents/people/kim.json", &kim));
    check_documents(root, later_ms);
    prepare(root, later_ms, false, false);
    folder_remove(root);
}

static void a_half_made_state_is_completed(void **state)
{
    (void)state;
    char root[FOLDER_PATH_MAX] = "", path[FOLDER_PATH_MAX] = "";
    folder_make(root);
    prepare(root, now_ms, true, false);
    assert_int_equal(unlink(folder_join(path, root, "ambit.json")), 0);
    assert_int_equal(unlink(folder_join(path, root, "documents/people/kim.json")), 0);
    prepare(root, now_ms, true, false);
    check_documents(root, now_ms);
    folder_remove(root);
}

static void an_address_that_is_not_loopback_makes_nothing(void **state)
{
    (void)state;
    char home[FOLDER_PATH_MAX] = "", root[FOLDER_PATH_MAX] = "";
    folder_make(home);
    static const char *const wrong[] = {"0.0.0.0:0", "127.0.0.1", "localhost:1"};
    for (size_t i = 0; i < AMBIT_LEN(wrong); i++) {
        struct dev_report report = {.is_new = false};
        const struct dev_options options = {
            .state = folder_join(root, home, "s"), .listen = wrong[i], .now_ms = now_ms};
        ROW_CHECK(wrong[i], dev_prepare(&options, &report) == AMBIT_ERR_MALFORMED);
        ROW_CHECK(wrong[i], report.text.len > 0 && access(root, F_OK) != 0);
        buf_done(&report.text);
    }
    folder_remove(home);
}

static void the_url_is_published(void **state)
{
    (void)state;
    char root[FOLDER_PATH_MAX] = "";
    folder_make(root);
    prepare(root, now_ms, true, false);
    assert_int_equal(dev_publish_url(root, "http://127.0.0.1:1234"), AMBIT_OK);
    BUF_AUTO url = read_file(root, "url");
    assert_true(ambit_str_is(buf_str(&url), "http://127.0.0.1:1234"));
    folder_remove(root);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_state_is_what_is_published),
        cmocka_unit_test(credentials_fit_the_documents),
        cmocka_unit_test(a_state_is_taken_up_unchanged),
        cmocka_unit_test(lapsed_secrets_are_renewed),
        cmocka_unit_test(a_half_made_state_is_completed),
        cmocka_unit_test(an_address_that_is_not_loopback_makes_nothing),
        cmocka_unit_test(the_url_is_published),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
