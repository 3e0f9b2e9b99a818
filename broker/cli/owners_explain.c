/* SPDX-License-Identifier: Apache-2.0 */
/* `policy explain`: any question, asked in thought: of the broker, with its record and its stops,
 * or of a folder of documents with no broker. */
#include "cli/owners.h"

#include <fcntl.h>

#include "ambit/explain.h"
#include "base/file.h"
#include "base/json_read.h"
#include "cli/answer.h"
#include "cli/show.h"
#include "config/folder.h"

enum { QUESTION_MAX = 1 << 20 };

static enum cli_exit read_question(struct cli *cli, struct buf *ret)
{
    enum ambit_err err = file_read(AT_FDCWD, cli->argument, QUESTION_MAX, ret);
    if (err)
        return cli_fail(cli, CLI_USAGE, "%s: %s", cli->argument, ambit_err_text(err));
    return CLI_YES;
}

/* Whatever was asked, a denial is a no. */
static enum cli_exit code_of(struct ambit_str decision)
{
    return ambit_str_is(decision, "deny") ? CLI_NO : CLI_YES;
}

/* ---- of the broker --------------------------------------------------------------------------- */

static void put_trips(struct buf *out, const struct json_value *trips)
{
    if (!trips || !trips->first)
        buf_put_text(out, "no hard stop fires\n");
    for (const struct json_value *t = trips ? trips->first : NULL; t; t = t->next) {
        buf_put_text(out, "hard stop ");
        show_escaped(out, t->text);
        buf_put_text(out, " fires\n");
    }
}

static enum cli_exit ask_broker(struct cli *cli, struct ambit_str question)
{
    const struct json_value *answer = NULL;
    enum cli_exit code =
        answer_ask(cli, &(struct answer_request){.path = "/v1/explain", .body = question}, &answer);
    if (code)
        return code;
    if (!answer) { /* --json: printed already; the decision is still ours to say */
        struct json_problem ignored;
        if (json_read(buf_str(&cli->out), (struct json_limits){.depth = 32}, &cli->arena, &answer,
                      &ignored))
            return CLI_UNREACHABLE;
        return code_of(json_get_str(answer, "decision"));
    }
    struct ambit_str text = json_get_str(answer, "text");
    if (text.p)
        show_paragraphs(&cli->out, text);
    else
        put_trips(&cli->out, json_get(answer, "trips"));
    return code_of(json_get_str(answer, "decision"));
}

/* ---- of a folder ----------------------------------------------------------------------------- */

static enum cli_exit load(struct cli *cli, const char *folder, struct ambit_policy_set **ret)
{
    struct ambit_problems problems = {.v = NULL};
    struct ambit_documents *documents = NULL;
    enum ambit_err err = folder_load(folder, cli->now_ms, &problems, &documents);
    if (!err)
        err = ambit_policy_compile(documents, ret);
    for (size_t i = 0; err == AMBIT_ERR_MALFORMED && i < problems.n; i++)
        show_problem(&cli->errors, &problems.v[i]);
    ambit_problems_done(&problems);
    if (err)
        return cli_fail(cli, CLI_USAGE, "%s: %s", folder, ambit_err_text(err));
    return CLI_YES;
}

static enum cli_exit refuse(struct cli *cli, const struct ambit_hypothesis_problem *problem)
{
    struct buf *out = &cli->errors;
    buf_put_text(out, "ambit: ");
    show_escaped(out, ambit_str_of(cli->argument));
    buf_printf(out, ":%u:%u: ", problem->line, problem->column);
    show_escaped(out, problem->pointer);
    buf_printf(out, ": %s", problem->what);
    if (problem->name.p) {
        buf_put_text(out, " \"");
        show_escaped(out, problem->name);
        buf_put_char(out, '"');
    }
    buf_printf(out, "; expected %s\n", problem->expected);
    return CLI_USAGE;
}

static enum cli_exit read_json(struct cli *cli, struct ambit_str text,
                               const struct json_value **ret)
{
    struct json_problem problem = {.line = 0};
    enum ambit_err err =
        json_read(text, (struct json_limits){.depth = AMBIT_DOCUMENT_DEPTH, .allow_decimals = true},
                  &cli->arena, ret, &problem);
    if (err == AMBIT_ERR_MALFORMED)
        return cli_fail(cli, CLI_USAGE, "%s:%u:%u: %s; expected %s", cli->argument, problem.line,
                        problem.column, problem.what, problem.expected);
    return err ? cli_fail(cli, CLI_USAGE, "%s: %s", cli->argument, ambit_err_text(err)) : CLI_YES;
}

static void set_freep(struct ambit_policy_set **set)
{
    ambit_policy_set_free(*set);
}

static enum cli_exit ask_folder(struct cli *cli, const char *folder, struct ambit_str question)
{
    AMBIT_CLEANUP(set_freep) struct ambit_policy_set *set = NULL;
    const struct json_value *value = NULL;
    enum cli_exit code = load(cli, folder, &set);
    if (!code)
        code = read_json(cli, question, &value);
    if (code)
        return code;

    struct ambit_hypothesis h = {.now_ms = cli->now_ms};
    struct ambit_hypothesis_problem problem;
    struct ambit_world world;
    struct ambit_answer answer;
    enum ambit_err err = ambit_hypothesis_read(
        set, value, AMBIT_PART_GIVEN | AMBIT_PART_STOPS | AMBIT_PART_QUESTION | AMBIT_PART_ASKED,
        &cli->arena, &h, &problem);
    if (err == AMBIT_ERR_MALFORMED || err == AMBIT_ERR_NOT_FOUND)
        return refuse(cli, &problem);
    if (!err)
        err = ambit_world_of_hypothesis(set, &h, &cli->arena, &world);
    if (!err)
        err = ambit_answer(set, &h, &world, &cli->arena, &answer);
    if (err)
        return cli_fail(cli, CLI_USAGE, "%s: %s", cli->argument, ambit_err_text(err));

    BUF_AUTO json = {.p = NULL};
    ambit_answer_write(&h, &answer, AMBIT_FOR_SECURITY, &json);
    const struct json_value *written = NULL;
    code = read_json(cli, buf_str(&json), &written);
    if (code)
        return code;
    if (cli->wants_json) {
        show_json(&cli->out, buf_str(&json));
        buf_put_char(&cli->out, '\n');
    } else if (json_get_str(written, "text").p) {
        show_paragraphs(&cli->out, json_get_str(written, "text"));
    } else {
        put_trips(&cli->out, json_get(written, "trips"));
    }
    return code_of(json_get_str(written, "decision"));
}

static enum cli_exit run_explain(struct cli *cli)
{
    BUF_AUTO question = {.p = NULL};
    const char *folder = cli_get(cli, "documents");
    enum cli_exit code = read_question(cli, &question);
    if (code)
        return code;
    return folder ? ask_folder(cli, folder, buf_str(&question))
                  : ask_broker(cli, buf_str(&question));
}

const struct cli_verb owners_policy_explain = {
    .name = "policy explain",
    .argument = "FILE",
    .summary = "ask any question in thought: what would be decided, and why",
    .text = "FILE holds one question in JSON: {\"question\": \"grant\" or \"action\", \"agent\", "
            "...}, the members of POST /v1/explain and of a policy test. The broker answers from "
            "its record and its stops and changes nothing; with --documents a folder is asked "
            "instead, with the history that the question itself tells. Prints every check with "
            "what it required and what it saw, and for a denial what would pass. Exits 1 when the "
            "answer is a denial.",
    .example = "ambit policy explain question.json --documents ambit-dev/documents",
    .options = {{"documents", "DIR", "ask this folder of documents, not the broker", false, false},
                {NULL}},
    .run = run_explain,
};
