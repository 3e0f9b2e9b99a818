/* SPDX-License-Identifier: Apache-2.0 */
/* See reason.h. */
#include "cli/reason.h"

#include "ambit/limits.h"
#include "base/encode.h"
#include "base/json_write.h"

enum cli_exit reason_check(struct cli *cli)
{
    struct ambit_str reason = ambit_str_of(cli_get(cli, "reason"));
    bool is_fine = reason.p == NULL || (reason.len > 0 && reason.len <= AMBIT_TEXT_MAX &&
                                        utf8_is_valid(reason) && !text_has_control(reason));
    return is_fine ? CLI_YES
                   : cli_usage(cli, "--reason is 1 to %d bytes of text without control characters",
                               AMBIT_TEXT_MAX);
}

enum cli_exit reason_body(struct cli *cli, const char *target, struct buf *body)
{
    struct json_out out = {.buf = NULL};
    json_out_init(&out, body, false);
    json_begin_object(&out);
    json_member_text(&out, "target", target);
    json_member_text(&out, "reason", cli_get(cli, "reason"));
    if (cli_has(cli, "dry-run")) {
        json_key(&out, "dry_run");
        json_bool(&out, true);
    }
    json_end_object(&out);
    return buf_check(body) ? cli_fail(cli, CLI_USAGE, "what was given is not UTF-8 text") : CLI_YES;
}
