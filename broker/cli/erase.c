/* SPDX-License-Identifier: Apache-2.0 */
/* `erase`: personal text goes out of the record, and with --wait out of its file. */
#include "base/clock.h"
#include "base/json_read.h"
#include "base/json_write.h"
#include "cli/admins.h"
#include "cli/answer.h"
#include "cli/reason.h"
#include "cli/show.h"

#include <time.h>

enum { WAIT_S = 600, PAUSE_MS = 500 };

/* "words,purpose" -> ["words","purpose"]; what they may be the broker says. */
static void put_members(struct json_out *out, struct ambit_str list)
{
    json_key(out, "members");
    json_begin_array(out);
    while (list.len > 0) {
        const char *comma = memchr(list.p, ',', list.len);
        size_t len = comma ? (size_t)(comma - list.p) : list.len;
        json_str(out, (struct ambit_str){.p = list.p, .len = len});
        len += comma ? 1 : 0;
        list.p += len;
        list.len -= len;
    }
    json_end_array(out);
}

static enum cli_exit put_body(struct cli *cli, struct buf *body)
{
    struct json_out out;
    json_out_init(&out, body, false);
    json_begin_object(&out);
    json_member_text(&out, "target", cli->argument);
    json_member_text(&out, "reason", cli_get(cli, "reason"));
    json_member_text(&out, "before", cli_get(cli, "before"));
    if (cli_get(cli, "members"))
        put_members(&out, ambit_str_of(cli_get(cli, "members")));
    json_key(&out, "dry_run");
    json_bool(&out, cli_has(cli, "dry-run"));
    json_end_object(&out);
    return buf_check(body) ? cli_fail(cli, CLI_USAGE, "the target, members or time are no text")
                           : CLI_YES;
}

static void show_stays(struct cli *cli, const struct json_value *answer)
{
    const struct json_value *stays = json_get(answer, "stays");
    for (const struct json_value *one = stays ? stays->first : NULL; one; one = one->next) {
        const struct show_line lines[] = {
            {"stays", show_member(&cli->arena, one, "what")},
            {"how many", show_member(&cli->arena, one, "count")},
            {"because", show_member(&cli->arena, one, "why")},
        };
        show_lines(&cli->out, lines, AMBIT_LEN(lines));
    }
}

static void show_erased(struct cli *cli, const struct json_value *answer)
{
    struct arena *arena = &cli->arena;
    const struct show_line lines[] = {
        {"erasure", show_member(arena, answer, "erasure")},
        {"target", show_member(arena, answer, "target")},
        {"members", show_member(arena, answer, "members")},
        {"openings", show_member(arena, answer, "openings")},
        {"purposes", show_member(arena, answer, "purposes")},
        {"stated reasons", show_member(arena, answer, "stated_reasons")},
        {"words", show_member(arena, answer, "words")},
        {"documents", show_member(arena, answer, "documents")},
        {"by", show_member(arena, answer, "by")},
        {"at", show_member(arena, answer, "erased_at")},
        {"event", show_member(arena, answer, "seq")},
        {"state", show_member(arena, answer, "state")},
        {"note", show_member(arena, answer, "text")},
    };
    show_lines(&cli->out, lines, AMBIT_LEN(lines));
    show_stays(cli, answer);
}

/* Until the store's file holds it no more. */
static enum cli_exit wait_scrubbed(struct cli *cli, int64_t last_seq, const struct json_value **ret)
{
    const struct timespec pause = {.tv_nsec = PAUSE_MS * 1000000L};
    int64_t until_us = clock_mono_us() + WAIT_S * INT64_C(1000000);
    while (clock_mono_us() < until_us) {
        const struct json_value *answer = NULL;
        int64_t scrubbed_to = -1;
        enum cli_exit code =
            answer_ask(cli, &(struct answer_request){.path = "/v1/erasures"}, &answer);
        if (code)
            return code;
        if (json_get_i64(answer, "scrubbed_to", &scrubbed_to) && scrubbed_to >= last_seq) {
            *ret = answer;
            return CLI_YES;
        }
        (void)nanosleep(&pause, NULL);
    }
    return cli_fail(cli, CLI_NO, "it is erased, and not yet out of the store's file");
}

/* With --json what the broker answered last: what was erased, or once it is scrubbed when. */
static void show(struct cli *cli, const struct json_value *answer,
                 const struct json_value *scrubbed)
{
    if (cli->wants_json) {
        struct json_out out;
        json_out_init(&out, &cli->out, false);
        json_write_value(&out, scrubbed ? scrubbed : answer);
        buf_put_char(&cli->out, '\n');
        return;
    }
    show_erased(cli, answer);
    if (scrubbed) {
        const struct show_line lines[] = {
            {"scrubbed at", show_member(&cli->arena, scrubbed, "scrubbed_at")}};
        show_lines(&cli->out, lines, AMBIT_LEN(lines));
    }
}

static enum cli_exit run_erase(struct cli *cli)
{
    BUF_AUTO body = {.p = NULL};
    const struct json_value *answer = NULL;
    int64_t last_seq = -1;
    enum cli_exit code = cli_get(cli, "reason") || cli_has(cli, "dry-run")
                             ? reason_check(cli)
                             : cli_usage(cli, "why? Give --reason TEXT");
    if (!code)
        code = put_body(cli, &body);
    if (code)
        return code;
    const struct answer_request request = {.path = "/v1/erasures", .body = buf_str(&body)};
    const struct json_value *scrubbed = NULL;
    bool wants_json = cli->wants_json, waits = cli_has(cli, "wait");
    cli->wants_json = wants_json && !waits; /* else it is read here, and shown at the end */
    code = answer_ask(cli, &request, &answer);
    if (!code && waits && json_get_i64(answer, "last_seq", &last_seq))
        code = wait_scrubbed(cli, last_seq, &scrubbed);
    cli->wants_json = wants_json;
    if (!answer)
        return code;
    show(cli, answer, scrubbed);
    return code;
}

const struct cli_verb admins_erase = {
    .name = "erase",
    .argument = "TARGET",
    .summary = "erase personal text out of the record",
    .text =
        "Takes personal text out of the record: of person:NAME the words of all they did, and name "
        "and e-mail in every stored version of their document; of agent:NAME the purposes and "
        "stated reasons of its requests; of event:SEQ, grant:ID or decision:ID all three. What was "
        "erased, by whom and why is recorded; every proof stays valid, and traces say \"erased\". "
        "Name and e-mail of a person in the set in force cannot be erased: take their document out "
        "and reload first. What decisions are still made with stays, and is said to. Backups and "
        "exports made before hold the text. For admins.",
    .example = "ambit erase person:dana --reason 'asked to be forgotten, DPO-12' --wait",
    .options = {{"reason", "TEXT", "why; it stands in the record, and stays", false, false},
                {"members", "LIST", "of words,purpose,stated_reason,name,email", false, false},
                {"before", "TIME", "of events before that time alone", false, false},
                {"dry-run", NULL, "only say what goes, what stays and why", false, false},
                {"wait", NULL, "until it is out of the store's file too", false, false},
                {NULL}},
    .run = run_erase,
};
