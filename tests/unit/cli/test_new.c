/* SPDX-License-Identifier: Apache-2.0 */
/* Goal: documents made by the command line make a valid set, in any order; nothing is overwritten,
 * nothing that could never be valid is written, and no secret reaches the output. */
#include <fcntl.h>
#include <sys/stat.h>

#include "base/file.h"
#include "cli_support.h"
#include "support/folder.h"

struct place {
    char folder[FOLDER_PATH_MAX], documents[FOLDER_PATH_MAX], key[FOLDER_PATH_MAX],
        token[FOLDER_PATH_MAX], secret[FOLDER_PATH_MAX];
};

static void make_place(struct place *place)
{
    folder_make(place->folder);
    folder_join(place->documents, place->folder, "d");
    folder_join(place->key, place->folder, "agent.jwk");
    folder_join(place->token, place->folder, "person.token");
    folder_join(place->secret, place->folder, "service.secret");
    CLI_AUTO cli = {.verb = NULL};
    assert_int_equal(cli_test_run(&cli, NULL, CLI_WORDS("init", place->documents)), CLI_YES);
}

static enum cli_exit new_agent(struct place *place, const char *name, const char *owner,
                               struct cli *cli)
{
    return cli_test_run(cli, NULL,
                        CLI_WORDS("agent", "new", name, "--documents", place->documents,
                                  "--description", "d", "--owner", owner, "--backup", "sam",
                                  "--key-out", place->key));
}

static enum cli_exit new_person(struct place *place, const char *name, const char *token,
                                struct cli *cli)
{
    return cli_test_run(cli, NULL,
                        CLI_WORDS("person", "new", name, "--documents", place->documents, "--name",
                                  "N", "--email", "n@example.gov", "--team", "t", "--role", "owner",
                                  "--role=admin", "--secret-out", token));
}

static enum cli_exit new_service(struct place *place, const char *tier, struct cli *cli)
{
    return cli_test_run(cli, NULL,
                        CLI_WORDS("service", "new", "api", "--documents", place->documents,
                                  "--owner", "dana", "--tier", tier, "--audience",
                                  "https://api.example.gov", "--resource", "svc:**", "--resource",
                                  "db:x/*", "--secret-out", place->secret));
}

static unsigned mode_of(const char *path)
{
    struct stat about = {0};
    return stat(path, &about) ? 0 : about.st_mode & 0777;
}

static void a_set_made_by_verbs_is_valid(void **state)
{
    (void)state;
    struct place place = {.folder = ""};
    make_place(&place);
    CLI_AUTO agent = {.verb = NULL}, dana = {.verb = NULL}, sam = {.verb = NULL},
             service = {.verb = NULL}, check = {.verb = NULL};
    /* The agent before the people it names. */
    assert_int_equal(new_agent(&place, "acme/agent", "dana", &agent), CLI_YES);
    assert_int_equal(new_person(&place, "dana", place.token, &dana), CLI_YES);
    char second[FOLDER_PATH_MAX] = "", file[FOLDER_PATH_MAX] = "";
    assert_int_equal(
        new_person(&place, "sam", folder_join(second, place.folder, "sam.token"), &sam), CLI_YES);
    assert_int_equal(new_service(&place, "medium", &service), CLI_YES);
    assert_int_equal(mode_of(place.key), 0600);
    assert_int_equal(mode_of(place.token), 0600);
    assert_int_equal(mode_of(place.secret), 0600);
    assert_int_equal(mode_of(folder_join(file, place.documents, "agents/acme__agent.json")), 0644);

    assert_int_equal(
        cli_test_run(&check, NULL, CLI_WORDS("policy", "check", place.documents, "--json")),
        CLI_YES);
    assert_true(cli_test_has(&check.out, "{\"ok\":true,\"documents\":\"sha256:"));

    BUF_AUTO token = {.p = NULL};
    assert_int_equal(file_read(AT_FDCWD, place.token, 100, &token), AMBIT_OK);
    assert_int_equal(token.len, 43);
    assert_false(memmem(dana.out.p, dana.out.len, token.p, token.len));
    folder_remove(place.folder);
}

static void nothing_is_overwritten(void **state)
{
    (void)state;
    struct place place = {.folder = ""};
    make_place(&place);
    CLI_AUTO first = {.verb = NULL}, again = {.verb = NULL}, other = {.verb = NULL},
             init = {.verb = NULL};
    assert_int_equal(new_person(&place, "dana", place.token, &first), CLI_YES);
    BUF_AUTO before = {.p = NULL}, after = {.p = NULL};
    assert_int_equal(file_read(AT_FDCWD, place.token, 100, &before), AMBIT_OK);

    char path[FOLDER_PATH_MAX] = "";
    folder_join(path, place.folder, "other.token");
    assert_int_equal(new_person(&place, "dana", path, &again), CLI_USAGE);
    assert_int_equal(mode_of(path), 0); /* no secret without its document */
    assert_int_equal(new_person(&place, "sam", place.token, &other), CLI_USAGE);
    assert_int_equal(mode_of(folder_join(path, place.documents, "people/sam.json")), 0);
    assert_int_equal(file_read(AT_FDCWD, place.token, 100, &after), AMBIT_OK);
    assert_true(ambit_str_eq(buf_str(&before), buf_str(&after)));
    assert_int_equal(cli_test_run(&init, NULL, CLI_WORDS("init", place.documents)), CLI_USAGE);
    folder_remove(place.folder);
}

static void what_could_never_be_valid_is_not_written(void **state)
{
    (void)state;
    struct place place = {.folder = ""};
    make_place(&place);
    CLI_AUTO tier = {.verb = NULL}, name = {.verb = NULL}, role = {.verb = NULL},
             same = {.verb = NULL};
    assert_int_equal(new_service(&place, "hihg", &tier), CLI_USAGE);
    assert_true(cli_test_has(&tier.errors, "services/api.json:"));
    assert_int_equal(new_person(&place, "d a", place.token, &name), CLI_USAGE);
    assert_int_equal(new_agent(&place, "x", "sam", &same),
                     CLI_USAGE); /* owner and backup are one */
    assert_int_equal(cli_test_run(&role, NULL,
                                  CLI_WORDS("person", "new", "x", "--documents", place.documents,
                                            "--name", "N", "--email", "a@b.c", "--team", "t",
                                            "--role", "boss", "--secret-out", "s")),
                     CLI_USAGE);
    assert_int_equal(mode_of(place.secret), 0);
    assert_int_equal(mode_of(place.token), 0);
    assert_int_equal(mode_of(place.key), 0);
    folder_remove(place.folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_set_made_by_verbs_is_valid),
        cmocka_unit_test(nothing_is_overwritten),
        cmocka_unit_test(what_could_never_be_valid_is_not_written),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
