/* SPDX-License-Identifier: Apache-2.0 */
/* A draft is read with the reader that will judge it later, so that nothing is written that could
 * never be valid. Whoever it names may come later: the set is completed with stand-ins, and only
 * what is wrong with the draft itself is said. */
#include "cli/draft.h"

#include "base/json_read.h"
#include "base/json_write.h"
#include "cli/show.h"
#include "config/folder.h"
#include "config/make.h"

enum { FILES_MAX = 4 + CLI_VALUES_MAX };

struct set {
    struct cli *cli;
    struct ambit_file files[FILES_MAX];
    size_t n;
};

static bool has_file(const struct set *set, enum ambit_kind kind, struct ambit_str name)
{
    for (size_t i = 0; i < set->n; i++) {
        if (set->files[i].kind == kind && ambit_str_eq(set->files[i].name, name))
            return true;
    }
    return false;
}

static void add(struct set *set, enum ambit_kind kind, struct ambit_str name,
                const struct buf *json)
{
    if (buf_check(json) || has_file(set, kind, name) || set->n == FILES_MAX)
        return;

    set->files[set->n++] =
        (struct ambit_file){.kind = kind,
                            .path = AMBIT_STR("stand-in"),
                            .name = name,
                            .bytes = arena_copy(&set->cli->arena, buf_str(json))};
}

static void add_person(struct set *set, struct ambit_str name)
{
    BUF_AUTO json = {.p = NULL};
    const struct make_person person = {.person = name,
                                       .name = AMBIT_STR("x"),
                                       .email = AMBIT_STR("x@example.org"),
                                       .team = AMBIT_STR("x"),
                                       .roles = AMBIT_ROLE_OWNER};
    make_person_json(&person, &json);
    add(set, AMBIT_KIND_PERSON, name, &json);
}

#define STAND_IN          "stand-in"
#define STAND_IN_AUDIENCE "urn:ambit:stand-in"

static void add_service(struct set *set, struct ambit_str owner)
{
    static const struct ambit_str audience = AMBIT_STR(STAND_IN_AUDIENCE),
                                  resource = AMBIT_STR("x:**");
    const struct ambit_digest secret = {{1}};
    const struct make_service service = {.service = AMBIT_STR(STAND_IN),
                                         .owner = owner,
                                         .tier = AMBIT_STR("low"),
                                         .audiences = {.v = &audience, .n = 1},
                                         .resources = {.v = &resource, .n = 1},
                                         .secret = &secret,
                                         .secret_expires_ms = set->cli->now_ms + 86400000};
    BUF_AUTO json = {.p = NULL};
    make_service_json(&service, &json);
    add(set, AMBIT_KIND_SERVICE, AMBIT_STR(STAND_IN), &json);
}

/* The rest of a policy that nobody will ever use. */
static const char policy_rest[] =
    "{\"description\":\"x\",\"tier\":\"low\",\"audiences\":[\"" STAND_IN_AUDIENCE "\"],"
    "\"allow\":[{\"id\":\"x\",\"actions\":[\"x\"],\"resources\":[\"x:**\"],\"ttl\":{\"max\":\"1m\"}"
    "}],"
    "\"hard_stops\":[{\"id\":\"x\",\"on\":\"denied\",\"then\":\"revoke_grant\"}]}";

static void add_policy(struct set *set, struct ambit_str name, struct ambit_str owner)
{
    const struct json_value *rest = NULL;
    struct json_problem ignored = {.line = 0};
    if (json_read(ambit_str_of(policy_rest), (struct json_limits){.depth = 8}, &set->cli->arena,
                  &rest, &ignored))
        return;

    BUF_AUTO json = {.p = NULL};
    struct json_out out = {.buf = NULL};
    json_out_init(&out, &json, false);
    json_begin_object(&out);
    json_member_str(&out, "policy", name);
    json_member_str(&out, "owner", owner);
    json_key(&out, "review");
    json_begin_object(&out);
    json_member_str(&out, "authored_by", owner);
    json_member_str(&out, "accepted_by", owner);
    json_end_object(&out);
    for (const struct json_value *member = rest->first; member; member = member->next) {
        json_key_str(&out, member->key);
        json_write_value(&out, member);
    }
    json_end_object(&out);
    add(set, AMBIT_KIND_POLICY, name, &json);
}

static void add_stand_ins(struct set *set)
{
    struct cli *cli = set->cli;
    const char *owner = cli_get(cli, "owner"), *backup = cli_get(cli, "backup");
    if (owner)
        add_person(set, ambit_str_of(owner));
    if (backup)
        add_person(set, ambit_str_of(backup));
    if (owner && cli_nth(cli, "policy", 0))
        add_service(set, ambit_str_of(owner));
    for (size_t i = 0; owner && cli_nth(cli, "policy", i); i++)
        add_policy(set, ambit_str_of(cli_nth(cli, "policy", i)), ambit_str_of(owner));
}

enum cli_exit draft_check(struct cli *cli, enum ambit_kind kind, struct ambit_str document)
{
    BUF_AUTO path = {.p = NULL};
    buf_printf(&path, "%s/", ambit_kind_folder(kind));
    folder_file_name(&path, ambit_str_of(cli->argument));
    if (buf_check(&path))
        return cli_fail(cli, CLI_USAGE, "out of memory");

    struct set set = {.cli = cli, .n = 1};
    set.files[0] = (struct ambit_file){.kind = kind,
                                       .path = buf_str(&path),
                                       .name = ambit_str_of(cli->argument),
                                       .bytes = document};
    add_stand_ins(&set);

    ZONES_AUTO zones = NULL;
    if (zones_open(NULL, &zones))
        return cli_fail(cli, CLI_USAGE, "out of memory");

    struct ambit_read_env env = folder_env(zones, cli->now_ms);
    struct ambit_problems problems = {.v = NULL};
    struct ambit_documents *documents = NULL;
    enum ambit_err err = ambit_documents_read(set.files, set.n, &env, &problems, &documents);
    ambit_documents_free(documents);
    enum cli_exit code = err && err != AMBIT_ERR_MALFORMED
                             ? cli_fail(cli, CLI_USAGE, "%s", ambit_err_text(err))
                             : CLI_YES;
    for (size_t i = 0; i < problems.n; i++) {
        if (problems.v[i].is_warning || !ambit_str_eq(problems.v[i].file, buf_str(&path)))
            continue;
        show_problem(&cli->errors, &problems.v[i]);
        code = CLI_USAGE;
    }
    ambit_problems_done(&problems);
    return code;
}
