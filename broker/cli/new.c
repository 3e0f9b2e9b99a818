/* SPDX-License-Identifier: Apache-2.0 */
/* `agent new`, `person new`, `service new`: one document and one secret file, both or neither. The
 * document is checked by the broker's own reader first, beside stand-ins for whom it names, so that
 * the order in which documents are made does not matter. */
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/file.h"
#include "cli/admins.h"
#include "cli/draft.h"
#include "cli/show.h"
#include "config/folder.h"
#include "config/make.h"

static const int64_t day_ms = 86400 * (int64_t)1000;

/* What a verb makes. */
struct making {
    enum ambit_kind kind;
    struct buf document;
    struct buf secret; /* for the file that only its owner sees */
    const char *secret_path;
};

static void making_done(struct making *making)
{
    buf_done(&making->document);
    buf_wipe(&making->secret);
}
#define MAKING_AUTO AMBIT_CLEANUP(making_done) struct making

static struct ambit_strs texts_of(struct cli *cli, const char *option,
                                  struct ambit_str texts[CLI_VALUES_MAX])
{
    size_t n = 0;
    for (const char *text = NULL; (text = cli_nth(cli, option, n)) && n < CLI_VALUES_MAX; n++)
        texts[n] = ambit_str_of(text);
    return (struct ambit_strs){.v = texts, .n = n};
}

static int64_t expiry(const struct cli *cli)
{
    return cli->now_ms + MAKE_SECRET_DAYS * day_ms;
}

static void draw(struct making *making, struct ambit_digest *ret)
{
    struct make_secret drawn = {.text = ""};
    make_secret_draw(&drawn);
    buf_put(&making->secret, drawn.text, sizeof drawn.text);
    *ret = drawn.digest;
    secret_wipe(&drawn, sizeof drawn);
}

/* ---- writing --------------------------------------------------------------------------------- */

/* KIND/NAME.json beneath the documents folder. */
static enum ambit_err file_path(const struct cli *cli, enum ambit_kind kind, struct buf *out)
{
    buf_printf(out, "%s/", ambit_kind_folder(kind));
    folder_file_name(out, ambit_str_of(cli->argument));
    buf_put_char(out, '\0');
    return buf_check(out);
}

static enum ambit_err write_both(struct cli *cli, const struct making *making,
                                 const char **reterr_path)
{
    BUF_AUTO path = {.p = NULL};
    FD_AUTO fd = -1;
    *reterr_path = cli_get(cli, "documents");
    enum ambit_err err = file_path(cli, making->kind, &path);
    if (!err)
        err = dir_open(AT_FDCWD, *reterr_path, &fd);
    if (!err)
        err = dir_make(fd, ambit_kind_folder(making->kind), 0755);
    if (err)
        return err;
    if (faccessat(fd, path.p, F_OK, AT_SYMLINK_NOFOLLOW) == 0)
        return AMBIT_ERR_EXISTS;

    /* The secret first: a document whose secret nobody has would be in the way. */
    *reterr_path = making->secret_path;
    err = file_create(AT_FDCWD, making->secret_path, buf_str(&making->secret), 0600);
    if (err)
        return err;

    *reterr_path = cli_get(cli, "documents");
    err = file_create(fd, path.p, buf_str(&making->document), 0644);
    if (err && unlink(making->secret_path))
        *reterr_path = making->secret_path; /* left over: named, so that it can be taken away */
    return err;
}

static enum cli_exit finish(struct cli *cli, const struct making *making)
{
    if (buf_check(&making->document) || buf_check(&making->secret))
        return cli_fail(cli, CLI_USAGE, "the values given are not UTF-8 text");

    enum cli_exit code = draft_check(cli, making->kind, buf_str(&making->document));
    if (code)
        return code;

    const char *path = NULL;
    enum ambit_err err = write_both(cli, making, &path);
    if (err == AMBIT_ERR_EXISTS)
        return cli_fail(
            cli, CLI_USAGE,
            "%s: a document or secret of that name is already there; nothing was changed", path);
    if (err)
        return cli_fail(cli, CLI_USAGE, "%s: %s", path, ambit_err_text(err));

    if (cli->wants_json)
        buf_put_str(&cli->out, buf_str(&making->document));
    if (!cli->wants_json) {
        BUF_AUTO name = {.p = NULL};
        folder_file_name(&name, ambit_str_of(cli->argument));
        buf_printf(&cli->out, "made %s/", ambit_kind_folder(making->kind));
        show_escaped(&cli->out, buf_str(&name));
        buf_put_text(&cli->out, "; its secret is in ");
        show_escaped(&cli->out, ambit_str_of(making->secret_path));
        buf_put_char(&cli->out, '\n');
    }
    return CLI_YES;
}

/* ---- agent ----------------------------------------------------------------------------------- */

static enum cli_exit run_agent(struct cli *cli)
{
    MAKING_AUTO making = {.kind = AMBIT_KIND_AGENT, .secret_path = cli_get(cli, "key-out")};
    BUF_AUTO public_key = {.p = NULL};
    if (make_key(&making.secret, &public_key))
        return cli_fail(cli, CLI_USAGE, "no key can be made");

    struct ambit_str policies[CLI_VALUES_MAX] = {{NULL, 0}};
    const struct make_agent agent = {
        .agent = ambit_str_of(cli->argument),
        .description = ambit_str_of(cli_get(cli, "description")),
        .owner = ambit_str_of(cli_get(cli, "owner")),
        .backup = ambit_str_of(cli_get(cli, "backup")),
        .jwk = buf_str(&public_key),
        .policies = texts_of(cli, "policy", policies),
    };
    make_agent_json(&agent, &making.document);
    return finish(cli, &making);
}

const struct cli_verb new_agent = {
    .name = "agent new",
    .argument = "NAME",
    .summary = "make an agent's document and key",
    .text = "Makes a fresh ES256 key for the agent, the private half into --key-out (0600), the "
            "public half into its "
            "document. Refuses to overwrite either.",
    .example = "ambit agent new remediator --documents . --description 'Restarts services' --owner "
               "dana --backup sam "
               "--policy restart-services --key-out remediator.jwk",
    .options = {{"documents", "DIR", "the documents folder", false, true},
                {"description", "TEXT", "what it does", false, true},
                {"owner", "PERSON", "who answers for it", false, true},
                {"backup", "PERSON", "who answers when the owner does not", false, true},
                {"policy", "NAME", "a policy it works under; may be given again", true, false},
                {"key-out", "FILE", "where its private key goes", false, true}},
    .run = run_agent,
};

/* ---- person ---------------------------------------------------------------------------------- */

static enum cli_exit take_roles(struct cli *cli, unsigned *ret)
{
    static const struct {
        const char *name;
        enum ambit_role role;
    } roles[] = {{"owner", AMBIT_ROLE_OWNER},
                 {"oncall", AMBIT_ROLE_ONCALL},
                 {"approver", AMBIT_ROLE_APPROVER},
                 {"auditor", AMBIT_ROLE_AUDITOR},
                 {"admin", AMBIT_ROLE_ADMIN}};

    for (size_t i = 0; cli_nth(cli, "role", i); i++) {
        const char *word = cli_nth(cli, "role", i);
        unsigned role = 0;
        for (size_t k = 0; k < AMBIT_LEN(roles); k++)
            role |= streq(word, roles[k].name) ? roles[k].role : 0;
        if (!role)
            return cli_usage(
                cli, "\"%s\" is no role; expected owner, oncall, approver, auditor or admin", word);
        *ret |= role;
    }
    return CLI_YES;
}

static enum cli_exit run_person(struct cli *cli)
{
    MAKING_AUTO making = {.kind = AMBIT_KIND_PERSON, .secret_path = cli_get(cli, "secret-out")};
    struct ambit_digest digest = {{0}};
    struct make_person person = {
        .person = ambit_str_of(cli->argument),
        .name = ambit_str_of(cli_get(cli, "name")),
        .email = ambit_str_of(cli_get(cli, "email")),
        .team = ambit_str_of(cli_get(cli, "team")),
        .token = &digest,
        .token_expires_ms = expiry(cli),
    };
    enum cli_exit code = take_roles(cli, &person.roles);
    if (code)
        return code;

    draw(&making, &digest);
    make_person_json(&person, &making.document);
    return finish(cli, &making);
}

const struct cli_verb new_person = {
    .name = "person new",
    .argument = "NAME",
    .summary = "make a person's document and token",
    .text = "Makes a token for the person, good for 89 days: the token into --secret-out (0600), "
            "its digest into the "
            "document. Refuses to overwrite either.",
    .example = "ambit person new dana --documents . --name 'Dana Reyes' --email "
               "dana.reyes@example.gov --team payments "
               "--role owner --secret-out dana.token",
    .options = {{"documents", "DIR", "the documents folder", false, true},
                {"name", "NAME", "as people write it", false, true},
                {"email", "ADDRESS", "where they are reached", false, true},
                {"team", "TEAM", "whom they work with", false, true},
                {"role", "ROLE", "owner, oncall, approver, auditor or admin; may be given again",
                 true, true},
                {"secret-out", "FILE", "where the token goes", false, true}},
    .run = run_person,
};

/* ---- service --------------------------------------------------------------------------------- */

static enum cli_exit run_service(struct cli *cli)
{
    MAKING_AUTO making = {.kind = AMBIT_KIND_SERVICE, .secret_path = cli_get(cli, "secret-out")};
    struct ambit_digest digest = {{0}};
    struct ambit_str audiences[CLI_VALUES_MAX] = {{NULL, 0}},
                     resources[CLI_VALUES_MAX] = {{NULL, 0}};
    draw(&making, &digest);
    const struct make_service service = {
        .service = ambit_str_of(cli->argument),
        .owner = ambit_str_of(cli_get(cli, "owner")),
        .tier = ambit_str_of(cli_get(cli, "tier")),
        .audiences = texts_of(cli, "audience", audiences),
        .resources = texts_of(cli, "resource", resources),
        .secret = &digest,
        .secret_expires_ms = expiry(cli),
    };
    make_service_json(&service, &making.document);
    return finish(cli, &making);
}

const struct cli_verb new_service = {
    .name = "service new",
    .argument = "NAME",
    .summary = "make a service's document and secret",
    .text = "Makes a secret for the service (client_secret_basic), good for 89 days: the secret "
            "into --secret-out (0600), "
            "its digest into the document. Refuses to overwrite either.",
    .example = "ambit service new payments-api --documents . --owner dana --tier medium --audience "
               "https://payments.example.gov --resource 'svc:**' --secret-out payments-api.secret",
    .options = {{"documents", "DIR", "the documents folder", false, true},
                {"owner", "PERSON", "who answers for it", false, true},
                {"tier", "TIER", "low, medium, high or critical", false, true},
                {"audience", "URI", "the name tokens for it carry; may be given again", true, true},
                {"resource", "PATTERN", "what it speaks for; may be given again", true, true},
                {"secret-out", "FILE", "where the secret goes", false, true}},
    .run = run_service,
};
