/* SPDX-License-Identifier: Apache-2.0 */
/* `ambit events`: all pages of a query, one after the other and none kept, or the live stream. */
#include "base/encode.h"
#include "base/json_read.h"
#include "cli/answer.h"
#include "cli/audit.h"
#include "cli/event_table.h"
#include "cli/settings.h"
#include "cli/stream.h"

enum { PAGE = 1000, QUERY_MAX = 16 * 1024 };

/* Options that are parameters of the query by the same name. */
static const char *const same[] = {
    "action", "after",  "agent",  "approval", "before",   "cause", "decision",
    "digest", "grant",  "id",     "incident", "lineage",  "order", "owner",
    "parent", "person", "policy", "reason",   "resource", "rule",  "service",
    "signal", "source", "stop",   "team",     "txn"};

enum format { TABLE, JSONL, OCSF, ECS, FORMATS };
static const char *const formats[FORMATS] = {
    [TABLE] = "table", [JSONL] = "jsonl", [OCSF] = "ocsf", [ECS] = "ecs"};

struct listing {
    struct cli *cli;
    struct buf query; /* "/v1/events?…&" without limit and cursor */
    enum format format;
    size_t limit, shown;                /* 0: all there are */
    char cursor[CLIENT_CURSOR_MAX + 1]; /* of the next page; empty: of none */
    struct event_table table;
};

/* ---- the question --------------------------------------------------------------------------- */

static void put_parameter(struct listing *listing, const char *name, struct ambit_str value)
{
    buf_printf(&listing->query, "%s=", name);
    percent_encode(&listing->query, value);
    buf_put_char(&listing->query, '&');
}

static enum cli_exit put_types(struct listing *listing)
{
    BUF_AUTO all = {.p = NULL};
    const char *type = NULL;
    for (size_t i = 0; (type = cli_nth(listing->cli, "type", i)); i++) {
        if (i > 0)
            buf_put_char(&all, ',');
        buf_put_text(&all, type);
    }
    if (buf_check(&all))
        return cli_fail(listing->cli, CLI_USAGE, "out of memory");
    if (all.len)
        put_parameter(listing, "type", buf_str(&all));
    return CLI_YES;
}

/* RFC 3339, or how long ago: 1h. */
static enum cli_exit put_time(struct listing *listing, const char *option)
{
    const char *text = cli_get(listing->cli, option);
    char time[TIME_TEXT_LEN];
    int64_t ms = 0, ago_s = 0;
    if (!text)
        return CLI_YES;
    if (duration_decode(ambit_str_of(text), &ago_s) == AMBIT_OK &&
        ago_s <= listing->cli->now_ms / 1000)
        ms = listing->cli->now_ms - ago_s * 1000;
    else if (time_decode(ambit_str_of(text), &ms) != AMBIT_OK)
        return cli_usage(listing->cli,
                         "--%s: \"%s\" is neither a time (2026-11-20T10:00:00Z) nor how long ago "
                         "(90s, 15m, 1h, 7d)",
                         option, text);
    time_encode(ms, time);
    put_parameter(listing, option, (struct ambit_str){time, sizeof time});
    return CLI_YES;
}

static enum cli_exit read_format(struct listing *listing)
{
    const char *format = cli_get(listing->cli, "format");
    for (size_t i = 0; format && i < FORMATS; i++)
        if (streq(format, formats[i]))
            listing->format = (enum format)i;
    if (format && !streq(format, formats[listing->format]))
        return cli_usage(listing->cli, "--format: \"%s\" is none of table, jsonl, ocsf, ecs",
                         format);
    if (listing->format != TABLE && listing->cli->wants_json)
        return cli_usage(listing->cli, "--json is the answer as it came: give it or --format");
    if (listing->format != TABLE)
        put_parameter(listing, "format", ambit_str_of(formats[listing->format]));
    return CLI_YES;
}

static enum cli_exit read_number(struct cli *cli, const char *option, const char *what,
                                 uint64_t least, uint64_t *ret)
{
    const char *text = cli_get(cli, option);
    *ret = 0;
    if (text && (parse_u64(ambit_str_of(text), ret) != AMBIT_OK || *ret < least))
        return cli_usage(cli, "--%s: \"%s\" is no %s", option, text, what);
    return CLI_YES;
}

static enum cli_exit read_numbers(struct listing *listing)
{
    uint64_t limit = 0, ignored = 0;
    enum cli_exit code = read_number(listing->cli, "after", "sequence number", 0, &ignored);
    if (!code)
        code = read_number(listing->cli, "before", "sequence number", 0, &ignored);
    if (!code)
        code = read_number(listing->cli, "limit", "number of events", 1, &limit);
    listing->limit = limit < SIZE_MAX ? (size_t)limit : SIZE_MAX;
    return code;
}

static enum cli_exit read_question(struct listing *listing)
{
    buf_init(&listing->query, QUERY_MAX);
    buf_put_text(&listing->query, "/v1/events?");
    for (size_t i = 0; i < AMBIT_LEN(same); i++) {
        const char *value = cli_get(listing->cli, same[i]);
        if (value)
            put_parameter(listing, same[i], ambit_str_of(value));
    }
    enum cli_exit code = read_numbers(listing);
    if (!code)
        code = put_types(listing);
    if (!code)
        code = put_time(listing, "since");
    if (!code)
        code = put_time(listing, "until");
    if (!code)
        code = read_format(listing);
    if (!code && buf_check(&listing->query))
        code = cli_usage(listing->cli, "too much is asked for at once");
    return code;
}

/* ---- pages ---------------------------------------------------------------------------------- */

static size_t page_of(const struct listing *listing)
{
    size_t left = listing->limit ? listing->limit - listing->shown : PAGE;
    return left < PAGE ? left : PAGE;
}

static size_t count_lines(struct ambit_str body)
{
    size_t n = 0;
    for (size_t i = 0; i < body.len; i++)
        n += body.p[i] == '\n';
    return n;
}

static enum cli_exit show_rows(struct listing *listing, struct ambit_str body)
{
    ARENA_AUTO arena = {.p = NULL};
    arena_init(&arena, NULL, 0, 0);
    const struct json_value *answer = NULL;
    struct json_problem ignored = {.line = 0};
    if (json_read(body, (struct json_limits){.depth = 32, .allow_decimals = true}, &arena, &answer,
                  &ignored))
        return cli_fail(listing->cli, CLI_UNREACHABLE,
                        "the answer is not JSON: is this an ambit broker?");
    const struct json_value *events = json_get(answer, "events");
    struct ambit_str next = show_member(&arena, answer, "next");
    listing->cursor[0] = '\0';
    uint64_t seq = 0;
    if (next.p && next.len <= CLIENT_CURSOR_MAX && parse_u64(next, &seq) == AMBIT_OK) {
        memcpy(listing->cursor, next.p, next.len);
        listing->cursor[next.len] = '\0';
    }
    if (!events || events->count == 0)
        return CLI_YES;
    listing->shown += events->count;
    enum ambit_err err = event_table_put(&listing->table, &listing->cli->out, &arena, events);
    return err ? cli_fail(listing->cli, CLI_UNREACHABLE, "%s", ambit_err_text(err)) : CLI_YES;
}

static enum cli_exit show_page(struct listing *listing, const struct client_reply *reply)
{
    struct ambit_str body = buf_str(&reply->body);
    if (reply->status != 200) {
        const struct json_value *none = NULL;
        return answer_take(listing->cli, reply, &none);
    }
    if (listing->format == TABLE)
        return show_rows(listing, body);
    show_json(&listing->cli->out, body);
    listing->shown += count_lines(body);
    memcpy(listing->cursor, reply->cursor, sizeof listing->cursor);
    return CLI_YES;
}

static enum cli_exit ask_page(struct listing *listing, const struct settings *settings,
                              struct ambit_str token)
{
    BUF_AUTO path = {.p = NULL};
    buf_put_str(&path, buf_str(&listing->query));
    buf_printf(&path, "limit=%zu", page_of(listing));
    if (*listing->cursor)
        buf_printf(&path, "&cursor=%s", listing->cursor);
    buf_put_char(&path, '\0');
    if (buf_check(&path))
        return cli_fail(listing->cli, CLI_USAGE, "out of memory");
    const struct client_request request = {.broker = settings, .path = path.p, .bearer = token};
    CLIENT_REPLY_AUTO reply = {.status = 0};
    enum cli_exit code = client_send(listing->cli, &request, &reply);
    if (!code)
        code = show_page(listing, &reply);
    if (!code && listing->cli->flush)
        listing->cli->flush(listing->cli);
    return code;
}

static enum cli_exit show_pages(struct listing *listing)
{
    struct settings settings = {.url = NULL};
    struct ambit_str token = {NULL, 0};
    enum cli_exit code = answer_credentials(listing->cli, &settings, &token);
    char before[sizeof listing->cursor];
    do {
        memcpy(before, listing->cursor, sizeof before);
        if (!code)
            code = ask_page(listing, &settings, token);
        if (!code && *listing->cursor && streq(before, listing->cursor))
            code = cli_fail(listing->cli, CLI_UNREACHABLE, "the pages do not go on");
    } while (!code && *listing->cursor && (!listing->limit || listing->shown < listing->limit));
    if (!code && listing->format == TABLE && listing->shown == 0)
        buf_put_text(&listing->cli->out, "no events\n");
    return code;
}

/* One page, as it came. */
static enum cli_exit show_answer(struct listing *listing)
{
    const struct json_value *ignored = NULL;
    buf_printf(&listing->query, "limit=%zu", page_of(listing));
    buf_put_char(&listing->query, '\0');
    if (buf_check(&listing->query))
        return cli_fail(listing->cli, CLI_USAGE, "out of memory");
    return answer_ask(listing->cli, &(struct answer_request){.path = listing->query.p}, &ignored);
}

static enum cli_exit follow(struct listing *listing)
{
    struct cli *cli = listing->cli;
    if (cli_has(cli, "until") || cli_has(cli, "before") || cli_has(cli, "order"))
        return cli_usage(cli, "--follow goes on as things happen: without --until, --before, "
                              "--order");
    const struct stream_options options = {.is_raw = cli->wants_json || listing->format != TABLE,
                                           .at_most = listing->limit};
    buf_put_char(&listing->query, '\0');
    if (buf_check(&listing->query))
        return cli_fail(cli, CLI_USAGE, "out of memory");
    return stream_events(cli, listing->query.p, options);
}

static enum cli_exit run_events(struct cli *cli)
{
    struct listing listing = {.cli = cli, .table = {.columns = cli->columns}};
    enum cli_exit code = read_question(&listing);
    if (!code && cli_has(cli, "follow"))
        code = follow(&listing);
    else if (!code)
        code = cli->wants_json ? show_answer(&listing) : show_pages(&listing);
    buf_done(&listing.query);
    return code;
}

const struct cli_verb audit_events = {
    .name = "events",
    .summary = "the record, event by event",
    .text =
        "Lists the events that have everything that is asked for, in the order of the record, all "
        "of them or --limit. With --follow goes on as they happen, until interrupted; a stream "
        "that falls silent ends with exit code 3 and says where to go on: it never looks calm when "
        "it is dead. --format gives one JSON object a line: jsonl as the broker has them, ocsf and "
        "ecs as those schemas want them. --json gives one page as the broker answers it. What a "
        "person reads is itself recorded.",
    .example = "ambit events --type 'grant.*' --decision deny --since 24h",
    .options = {{"type", "TYPE", "of this type, or of several: grant.*", true, false},
                {"agent", "NAME", "of this agent", false, false},
                {"team", "NAME", "of this team", false, false},
                {"owner", "NAME", "of this owner", false, false},
                {"person", "NAME", "that this person did", false, false},
                {"service", "NAME", "that this service asked for", false, false},
                {"policy", "NAME", "decided by this policy, or with an item of it", false, false},
                {"rule", "RULE", "RULE or POLICY/RULE likewise", false, false},
                {"grant", "ID", "of this grant", false, false},
                {"lineage", "ID", "of this lineage", false, false},
                {"parent", "ID", "of grants below this one", false, false},
                {"stop", "ID", "of this stop", false, false},
                {"incident", "ID", "of this incident", false, false},
                {"approval", "ID", "of this approval", false, false},
                {"id", "ID", "this decision", false, false},
                {"cause", "ID", "that say they are because of this", false, false},
                {"txn", "ID", "of this trace", false, false},
                {"action", "NAME", "on this action, or inside a pattern", false, false},
                {"resource", "NAME", "on this resource, or inside a pattern", false, false},
                {"reason", "REASON", "with this reason, or several with commas", false, false},
                {"decision", "allow|deny", "that decided so", false, false},
                {"signal", "NAME", "of this signal", false, false},
                {"source", "ADDRESS", "asked from there", false, false},
                {"digest", "DIGEST", "under this policy or set of documents", false, false},
                {"since", "TIME", "from this time on, or so long ago: 1h", false, false},
                {"until", "TIME", "before this time, or so long ago", false, false},
                {"after", "SEQ", "only what comes after this sequence number", false, false},
                {"before", "SEQ", "only what comes before it", false, false},
                {"order", "asc|desc", "desc: newest first", false, false},
                {"limit", "N", "so many at most", false, false},
                {"format", "FORMAT", "table, jsonl, ocsf or ecs", false, false},
                {"follow", NULL, "go on as they happen", false, false}},
    .run = run_events,
};
