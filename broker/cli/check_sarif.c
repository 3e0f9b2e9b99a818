/* SPDX-License-Identifier: Apache-2.0 */
/* `policy check --format sarif`: one run of SARIF 2.1.0 (OASIS). Errors are results of the rule
 * `invalid-document`, warnings of the rule with their id, and what a service may decide alone is a
 * note. Columns count characters, as the run says. */
#include "base/encode.h"
#include "base/json_write.h"
#include "cli/check_report.h"

enum { RULE_INVALID = 0, RULE_WARNINGS = 1, RULE_ALONE = RULE_WARNINGS + AMBIT_WARNINGS };

static const char invalid_id[] = "invalid-document", alone_id[] = "decided-alone";

static void put_message(struct json_out *out, const char *key, struct ambit_str text)
{
    json_key(out, key);
    json_begin_object(out);
    json_member_str(out, "text", text);
    json_end_object(out);
}

static void put_rule(struct json_out *out, const char *id, const char *text, const char *level)
{
    json_begin_object(out);
    json_member_text(out, "id", id);
    put_message(out, "shortDescription", ambit_str_of(text));
    json_key(out, "defaultConfiguration");
    json_begin_object(out);
    json_member_text(out, "level", level);
    json_end_object(out);
    json_end_object(out);
}

static void put_tool(struct json_out *out, const struct check_finding *finding)
{
    json_key(out, "tool");
    json_begin_object(out);
    json_key(out, "driver");
    json_begin_object(out);
    json_member_text(out, "name", "ambit");
    json_member_text(out, "version", AMBIT_VERSION);
    json_key(out, "rules");
    json_begin_array(out);
    put_rule(out, invalid_id, "The document does not load.", "error");
    for (int i = 0; i < AMBIT_WARNINGS; i++)
        put_rule(out, ambit_warning_id((enum ambit_warning)i),
                 ambit_warning_text((enum ambit_warning)i),
                 finding->is_strict ? "error" : "warning");
    put_rule(out, alone_id, "A service may decide this alone; a stop reaches it late.", "note");
    json_end_array(out);
    json_end_object(out);
    json_end_object(out);
}

/* Bytes to characters. Both from 1. */
static int64_t column_of(struct ambit_str bytes, uint32_t line, uint32_t column)
{
    const char *at = bytes.p, *end = bytes.p + bytes.len;
    while (at && --line > 0) {
        at = memchr(at, '\n', (size_t)(end - at));
        at = at ? at + 1 : NULL;
    }
    int64_t n = 1;
    for (uint32_t i = 1; at && i < column && at + i - 1 < end; i++)
        n += ((uint8_t)at[i - 1] & 0xc0) != 0x80;
    return at ? n : column;
}

static void put_uri(struct json_out *out, struct ambit_str path)
{
    BUF_AUTO uri = {.p = NULL};
    if (path.len > 0 && path.p[0] == '/')
        buf_put_text(&uri, "file://");
    for (size_t i = 0; i < path.len; i++) {
        if (path.p[i] == '/')
            buf_put_char(&uri, '/');
        else
            percent_encode(&uri, (struct ambit_str){.p = path.p + i, .len = 1});
    }
    if (buf_check(&uri) != AMBIT_OK)
        buf_fail(out->buf, AMBIT_ERR_NO_MEMORY);
    json_member_str(out, "uri", buf_str(&uri));
}

struct place {
    struct ambit_str path, pointer;
    struct ambit_str bytes; /* of the file; absent: not read */
    uint32_t line, column;  /* 0: the file as a whole */
};

static void put_location(struct json_out *out, const struct place *place)
{
    json_key(out, "locations");
    json_begin_array(out);
    json_begin_object(out);
    json_key(out, "physicalLocation");
    json_begin_object(out);
    json_key(out, "artifactLocation");
    json_begin_object(out);
    put_uri(out, place->path);
    json_end_object(out);
    if (place->line > 0) {
        json_key(out, "region");
        json_begin_object(out);
        json_key(out, "startLine");
        json_i64(out, place->line);
        json_key(out, "startColumn");
        json_i64(out, place->bytes.p ? column_of(place->bytes, place->line, place->column)
                                     : place->column);
        json_end_object(out);
    }
    json_end_object(out);
    json_key(out, "logicalLocations");
    json_begin_array(out);
    json_begin_object(out);
    json_member_str(out, "fullyQualifiedName", place->pointer);
    json_member_text(out, "kind", "member");
    json_end_object(out);
    json_end_array(out);
    json_end_object(out);
    json_end_array(out);
}

static int rule_of(const struct ambit_problem *problem)
{
    for (int i = 0; i < AMBIT_WARNINGS; i++) {
        if (ambit_str_is(problem->id, ambit_warning_id((enum ambit_warning)i)))
            return RULE_WARNINGS + i;
    }
    return RULE_INVALID;
}

static void begin_result(struct json_out *out, int rule, const char *level)
{
    json_begin_object(out);
    json_member_text(out, "ruleId",
                     rule == RULE_INVALID ? invalid_id
                     : rule == RULE_ALONE
                         ? alone_id
                         : ambit_warning_id((enum ambit_warning)(rule - RULE_WARNINGS)));
    json_key(out, "ruleIndex");
    json_i64(out, rule);
    json_member_text(out, "level", level);
}

static void put_problem(struct json_out *out, const struct check_finding *finding,
                        const struct ambit_problem *problem)
{
    const struct ambit_file *file = check_file_of(finding, problem->file);
    const struct place place = {.path = problem->file,
                                .pointer = problem->pointer,
                                .bytes = file ? file->bytes : (struct ambit_str){NULL, 0},
                                .line = problem->line,
                                .column = problem->column};
    BUF_AUTO message = {.p = NULL};
    check_write_message(&message, problem);
    begin_result(out, rule_of(problem),
                 problem->is_warning && !finding->is_strict ? "warning" : "error");
    put_message(out, "message", buf_str(&message));
    put_location(out, &place);
    json_end_object(out);
}

static void put_alone(struct json_out *out, const struct check_finding *finding,
                      const struct alone_rule *rule)
{
    const struct ambit_file *file = check_file_of_policy(finding, rule->policy);
    BUF_AUTO message = {.p = NULL};
    buf_printf(&message, "rule \"%.*s\": ", AMBIT_STR_ARG(rule->rule));
    check_write_alone(&message, rule);
    begin_result(out, RULE_ALONE, "note");
    put_message(out, "message", buf_str(&message));
    if (file) {
        const struct place place = {.path = file->path, .pointer = AMBIT_STR("/allow")};
        put_location(out, &place);
    }
    json_end_object(out);
}

void check_put_sarif(struct buf *buf, const struct check_finding *finding)
{
    struct json_out out = {.buf = NULL};
    json_out_init(&out, buf, false);
    json_begin_object(&out);
    json_member_text(&out, "$schema", "https://json.schemastore.org/sarif-2.1.0.json");
    json_member_text(&out, "version", "2.1.0");
    json_key(&out, "runs");
    json_begin_array(&out);
    json_begin_object(&out);
    put_tool(&out, finding);
    json_member_text(&out, "columnKind", "unicodeCodePoints");
    json_key(&out, "results");
    json_begin_array(&out);
    for (size_t i = 0; i < finding->problems.n; i++)
        put_problem(&out, finding, &finding->problems.v[i]);
    for (size_t i = 0; i < finding->alone.n; i++)
        put_alone(&out, finding, &finding->alone.v[i]);
    json_end_array(&out);
    json_end_object(&out);
    json_end_array(&out);
    json_end_object(&out);
    buf_put_char(buf, '\n');
}
