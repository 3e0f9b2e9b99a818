/* SPDX-License-Identifier: Apache-2.0 */
/* `init` makes a folder to start from, `reload` has the broker take up what changed, `completion`
 * prints what a shell needs. */
#include "cli/admins.h"

#include <fcntl.h>

#include "ambit/document.h"
#include "base/file.h"
#include "base/json_read.h"
#include "base/json_write.h"
#include "cli/answer.h"
#include "cli/show.h"
#include "config/make.h"

/* ---- init ------------------------------------------------------------------------------------ */

static enum ambit_err make_configuration(struct buf *out)
{
    BUF_AUTO compact = {.p = NULL};
    struct json_out json = {.buf = NULL};
    json_out_init(&json, &compact, false);
    json_begin_object(&json);
    json_member_text(&json, "state", "state");
    json_member_text(&json, "documents", ".");
    json_key(&json, "listen");
    json_begin_array(&json);
    json_begin_object(&json);
    json_member_text(&json, "address", "127.0.0.1:8420");
    json_end_object(&json);
    json_end_array(&json);
    json_member_text(&json, "review", "record");
    json_end_object(&json);
    enum ambit_err err = buf_check(&compact);
    return err ? err : make_pretty(buf_str(&compact), out);
}

static enum ambit_err make_folder(const char *path)
{
    static const enum ambit_kind kinds[] = {AMBIT_KIND_PERSON, AMBIT_KIND_AGENT, AMBIT_KIND_SERVICE,
                                            AMBIT_KIND_POLICY};
    FD_AUTO fd = -1;
    BUF_AUTO configuration = {.p = NULL};
    enum ambit_err err = dir_make(AT_FDCWD, path, 0755);
    if (!err)
        err = dir_open(AT_FDCWD, path, &fd);
    if (!err)
        err = make_configuration(&configuration);
    /* First, and only if it is not there: a folder that is in use is left as it is. */
    if (!err)
        err = file_create(fd, "ambit.json", buf_str(&configuration), 0644);
    for (size_t i = 0; !err && i < AMBIT_LEN(kinds); i++)
        err = dir_make(fd, ambit_kind_folder(kinds[i]), 0755);
    return err;
}

static enum cli_exit run_init(struct cli *cli)
{
    enum ambit_err err = make_folder(cli->argument);
    if (err == AMBIT_ERR_EXISTS)
        return cli_fail(cli, CLI_USAGE, "%s/ambit.json is already there", cli->argument);
    if (err)
        return cli_fail(cli, CLI_USAGE, "%s: %s", cli->argument, ambit_err_text(err));
    if (cli->wants_json) {
        buf_put_text(&cli->out, "{\"ok\":true}\n");
        return CLI_YES;
    }

    show_escaped(&cli->out, ambit_str_of(cli->argument));
    buf_put_text(&cli->out, ": made ambit.json, people/, agents/, services/, policies/\n"
                            "Next: ambit person new, service new, agent new (--documents), a "
                            "policy in policies/, then\n"
                            "ambit policy check, then ambitd --config\n");
    return CLI_YES;
}

const struct cli_verb admins_init = {
    .name = "init",
    .argument = "DIR",
    .summary = "make a folder to start from",
    .text = "Makes DIR with a configuration (ambit.json) and empty folders for people, agents, "
            "services and policies. "
            "Refuses when there is a configuration already.",
    .example = "ambit init ./my-broker",
    .options = {{NULL}},
    .run = run_init,
};

/* ---- reload ---------------------------------------------------------------------------------- */

static enum cli_exit run_reload(struct cli *cli)
{
    const struct answer_request request = {.path = "/v1/documents/reload", .body = AMBIT_STR("{}")};
    const struct json_value *answer = NULL;
    enum cli_exit code = answer_ask(cli, &request, &answer);
    if (code || !answer)
        return code;

    const struct json_value *activated = json_get(answer, "activated");
    const struct json_value *missing = json_get(answer, "missing");
    char memory[64];
    struct buf told;
    buf_init_fixed(&told, memory, sizeof memory);
    if (missing) {
        buf_put_i64(&told, (int64_t)missing->count);
        buf_put_text(&told, " confirmations; recorded, not refused");
    }
    const struct show_line lines[] = {
        {"documents", show_member(&cli->arena, answer, "documents")},
        {"activated", activated && activated->count ? show_member(&cli->arena, answer, "activated")
                                                    : AMBIT_STR("nothing new")},
        {"missing", missing ? buf_str(&told) : (struct ambit_str){0}},
    };
    show_lines(&cli->out, lines, AMBIT_LEN(lines));
    return CLI_YES;
}

const struct cli_verb admins_reload = {
    .name = "reload",
    .summary = "have the broker take up changed documents and certificates",
    .text = "The broker reads its documents folder again and activates the set whole, or not at "
            "all: then every mistake is "
            "printed and the old set stays in force. Certificates of TLS listeners are read again "
            "first; open connections live on with what they have.",
    .example = "ambit reload --token-file lee.token",
    .options = {{NULL}},
    .run = run_reload,
};

/* ---- completion ------------------------------------------------------------------------------ */

static enum cli_exit run_completion(struct cli *cli)
{
    if (!streq(cli->argument, "bash"))
        return cli_usage(cli, "no completion for \"%s\"; expected bash", cli->argument);

    if (!cli->wants_json) {
        cli_completion_bash(&cli->out);
        return CLI_YES;
    }
    struct json_out out = {.buf = NULL};
    BUF_AUTO script = {.p = NULL};
    cli_completion_bash(&script);
    json_out_init(&out, &cli->out, false);
    json_begin_object(&out);
    json_member_str(&out, "script", buf_str(&script));
    json_end_object(&out);
    buf_put_char(&cli->out, '\n');
    return buf_check(&script) ? cli_fail(cli, CLI_USAGE, "out of memory") : CLI_YES;
}

const struct cli_verb meta_completion = {
    .name = "completion",
    .argument = "SHELL",
    .summary = "print the completion script of a shell (bash)",
    .text = "Prints a script that teaches the shell every verb and option.",
    .example = "ambit completion bash > /etc/bash_completion.d/ambit",
    .options = {{NULL}},
    .run = run_completion,
};
