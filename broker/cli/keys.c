/* SPDX-License-Identifier: Apache-2.0 */
/* `keys` and `key rotate`: which keys sign, and having another one sign. */
#include "base/json_read.h"
#include "base/json_write.h"
#include "cli/admins.h"
#include "cli/answer.h"
#include "cli/reason.h"
#include "cli/show.h"

static enum cli_exit run_keys(struct cli *cli)
{
    static const struct show_column columns[] = {{"STATE", "state"},
                                                 {"ALG", "alg"},
                                                 {"SIGNS FROM", "signs_from"},
                                                 {"PUBLISHED UNTIL", "until"},
                                                 {"KID", "kid"}};
    const struct json_value *answer = NULL;
    enum cli_exit code = answer_ask(cli, &(struct answer_request){.path = "/v1/keys"}, &answer);
    if (code || !answer)
        return code;
    if (show_list(&cli->out, &cli->arena, json_get(answer, "keys"), columns, AMBIT_LEN(columns)))
        return cli_fail(cli, CLI_UNREACHABLE, "out of memory");
    return CLI_YES;
}

const struct cli_verb admins_keys = {
    .name = "keys",
    .summary = "which keys sign tokens",
    .text = "Lists the signing keys that are published: the one that signs, the next one, and "
            "those that signed before and stay published until their last token has expired.",
    .example = "ambit keys",
    .options = {{NULL}},
    .run = run_keys,
};

static enum cli_exit run_rotate(struct cli *cli)
{
    BUF_AUTO body = {.p = NULL};
    struct json_out out = {.buf = NULL};
    const struct json_value *answer = NULL;
    enum cli_exit code =
        cli_get(cli, "reason") ? reason_check(cli) : cli_usage(cli, "why? Give --reason TEXT");
    if (code)
        return code;
    json_out_init(&out, &body, false);
    json_begin_object(&out);
    json_member_text(&out, "reason", cli_get(cli, "reason"));
    json_key(&out, "now");
    json_bool(&out, cli_has(cli, "now"));
    json_key(&out, "withdraw");
    json_bool(&out, cli_has(cli, "withdraw"));
    json_end_object(&out);
    if (buf_check(&body))
        return cli_fail(cli, CLI_USAGE, "out of memory");
    const struct answer_request request = {.path = "/v1/keys/rotate", .body = buf_str(&body)};
    code = answer_ask(cli, &request, &answer);
    if (code || !answer)
        return code;
    const struct show_line lines[] = {
        {"key", show_member(&cli->arena, answer, "kid")},
        {"algorithm", show_member(&cli->arena, answer, "alg")},
        {"state", show_member(&cli->arena, answer, "state")},
        {"signs from", show_member(&cli->arena, answer, "signs_from")},
        {"withdrawn", show_member(&cli->arena, answer, "withdrawn")},
    };
    show_lines(&cli->out, lines, AMBIT_LEN(lines));
    return CLI_YES;
}

const struct cli_verb admins_key_rotate = {
    .name = "key rotate",
    .summary = "have another key sign tokens",
    .text = "Makes the next signing key and publishes it; five minutes later it signs, and the one "
            "before stays published until its last token has expired. With --now it signs at once. "
            "With --withdraw it does, and every other key is published no more: for a key that "
            "may be in wrong hands. Services that check signatures then refuse the tokens of those "
            "keys as soon as they read the key set again.",
    .example = "ambit key rotate --reason 'yearly, SEC-12'",
    .options = {{"reason", "TEXT", "why; it stands in the record", false, false},
                {"now", NULL, "sign with it at once", false, false},
                {"withdraw", NULL, "sign at once, and publish no other key", false, false},
                {NULL}},
    .run = run_rotate,
};
