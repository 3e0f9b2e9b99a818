/* SPDX-License-Identifier: Apache-2.0 */
/* `confirm`: a person answers for one version of a document, or for its removal. The version is
 * computed here, from the file that the person has before them: the broker only compares. */
#include <fcntl.h>

#include "ambit/document.h"
#include "base/encode.h"
#include "base/file.h"
#include "base/json_read.h"
#include "base/json_write.h"
#include "cli/answer.h"
#include "cli/owners.h"
#include "cli/reason.h"
#include "cli/show.h"
#include "crypto/digest.h"

/* What is confirmed. */
struct subject {
    struct ambit_identity document;
    bool has_digest; /* else: the version in force */
};

static enum cli_exit read_file(struct cli *cli, struct subject *ret)
{
    BUF_AUTO bytes = {.p = NULL};
    enum ambit_err err = file_read(AT_FDCWD, cli->argument, AMBIT_DOCUMENT_BYTES, &bytes);
    if (err)
        return cli_fail(cli, CLI_USAGE, "%s: %s", cli->argument, ambit_err_text(err));
    const struct ambit_read_env env = {.sha256 = crypto_sha256};
    err = ambit_document_identify(buf_str(&bytes), &env, &ret->document);
    if (err)
        return cli_fail(cli, CLI_USAGE, "%s: this is no document", cli->argument);
    ret->has_digest = true;
    return CLI_YES;
}

/* "policy:restart-services": what goes may have no file any more. */
static bool read_name(const char *text, struct subject *ret)
{
    static const enum ambit_kind kinds[] = {AMBIT_KIND_PERSON, AMBIT_KIND_AGENT, AMBIT_KIND_SERVICE,
                                            AMBIT_KIND_POLICY};
    for (size_t i = 0; i < AMBIT_LEN(kinds); i++) {
        const char *word = ambit_kind_text(kinds[i]);
        size_t len = strlen(word), rest = 0;
        if (strncmp(text, word, len) != 0 || text[len] != ':')
            continue;
        rest = strlen(text + len + 1);
        if (rest == 0 || rest > AMBIT_AGENT_NAME_MAX)
            return false;
        ret->document.kind = kinds[i];
        ret->document.name_len = rest;
        memcpy(ret->document.name, text + len + 1, rest);
        return true;
    }
    return false;
}

static enum ambit_err put_body(const struct cli *cli, const struct subject *subject,
                               struct buf *body)
{
    const struct ambit_identity *document = &subject->document;
    struct json_out out = {.buf = NULL};
    json_out_init(&out, body, false);
    json_begin_object(&out);
    json_member_text(&out, "kind", ambit_kind_text(document->kind));
    json_member_str(&out, "name",
                    (struct ambit_str){.p = document->name, .len = document->name_len});
    if (subject->has_digest) {
        json_key(&out, "digest");
        json_digest(&out, document->digest);
    }
    json_member_text(&out, "reason", cli_get(cli, "reason"));
    if (cli_has(cli, "remove")) {
        json_key(&out, "removal");
        json_bool(&out, true);
    }
    json_end_object(&out);
    return buf_check(body);
}

static enum cli_exit run_confirm(struct cli *cli)
{
    struct subject subject = {.has_digest = false};
    enum cli_exit code = reason_check(cli);
    if (code)
        return code;
    if (!(cli_has(cli, "remove") && read_name(cli->argument, &subject))) {
        code = read_file(cli, &subject);
        if (code)
            return code;
    }
    BUF_AUTO body = {.p = NULL};
    if (put_body(cli, &subject, &body))
        return cli_fail(cli, CLI_USAGE, "out of memory");

    const struct answer_request request = {.path = "/v1/documents/confirm", .body = buf_str(&body)};
    const struct json_value *answer = NULL;
    code = answer_ask(cli, &request, &answer);
    if (code || !answer)
        return code;
    struct arena *arena = &cli->arena;
    const struct show_line lines[] = {
        {cli_has(cli, "remove") ? "confirmed the removal of" : "confirmed",
         show_member(arena, answer, "kind")},
        {"name", show_member(arena, answer, "name")},
        {"version", show_member(arena, answer, "digest")},
        {"by", show_member(arena, answer, "person")},
        {"at", show_member(arena, answer, "confirmed_at")},
    };
    show_lines(&cli->out, lines, AMBIT_LEN(lines));
    return CLI_YES;
}

const struct cli_verb owners_confirm = {
    .name = "confirm",
    .argument = "FILE",
    .summary = "answer for a version of a document, or for its removal",
    .text = "Tells the broker that you stand behind this very version of the document in FILE: "
            "you have read it, and the name in it is yours to give. It counts for this version "
            "only. An owner's confirmation of an agent in force renews its attestation. With "
            "--remove, that the document shall go: FILE may be KIND:NAME then (policy:x), which "
            "means the version in force.",
    .example = "ambit confirm policies/restart-services.json --reason 'read it with lee, SEC-1402'",
    .options = {{"reason", "TEXT", "your words; they stand in the record", false, false},
                {"remove", NULL, "confirm that it goes", false, false}},
    .run = run_confirm,
};
