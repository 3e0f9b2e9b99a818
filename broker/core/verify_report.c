/* SPDX-License-Identifier: Apache-2.0 */
/* What verification found, kept in the order it was found. */
#include "core/verify_internal.h"

#include <stdio.h>

#include "base/arena.h"
#include "base/encode.h"
#include "base/json_write.h"

struct verify_memory {
    struct arena arena;
};

void verify_done(struct verify_report *report)
{
    if (report->memory == NULL)
        return;
    arena_done(&report->memory->arena);
    free(report->memory);
    report->memory = NULL;
}

void verify_problem(struct verify *verify, const uint64_t *seq, const char *table,
                    struct ambit_str key, const char *what)
{
    struct verify_report *report = verify->report;
    report->n_problems++;
    if (report->n == VERIFY_PROBLEMS_MAX)
        return;
    report->problems[report->n++] = (struct verify_problem){
        .has_seq = seq != NULL,
        .seq = seq != NULL ? *seq : 0,
        .table = table,
        .key = key.p != NULL ? arena_copy(&report->memory->arena, key) : (struct ambit_str){0},
        .what = what,
    };
}

void verify_write_json(const struct verify_report *report, struct json_out *out)
{
    json_begin_object(out);
    json_key(out, "ok");
    json_bool(out, report->n_problems == 0);
    json_key(out, "events");
    json_i64(out, (int64_t)report->events);
    if (report->unread > 0) {
        json_key(out, "unread");
        json_i64(out, (int64_t)report->unread);
    }
    json_key(out, "root");
    json_hex(out, report->root.b, sizeof report->root.b);
    json_key(out, "decided_again");
    json_i64(out, (int64_t)report->n_redecided);
    json_key(out, "not_decided");
    json_i64(out, (int64_t)report->n_undecided);
    if (report->has_checkpoint) {
        json_key(out, "signed");
        json_bool(out, report->is_signed);
        json_key(out, "key_given");
        json_bool(out, report->is_key_given);
    }
    json_key(out, "problems");
    json_begin_array(out);
    for (size_t i = 0; i < report->n; i++) {
        const struct verify_problem *problem = &report->problems[i];
        json_begin_object(out);
        if (problem->has_seq) {
            json_key(out, "seq");
            json_i64(out, (int64_t)problem->seq);
        }
        json_member_text(out, "table", problem->table);
        json_member_str(out, "key", problem->key);
        json_member_text(out, "what", problem->what);
        json_end_object(out);
    }
    json_end_array(out);
    if (report->n_problems > report->n) {
        json_key(out, "not_listed");
        json_i64(out, (int64_t)(report->n_problems - report->n));
    }
    json_end_object(out);
}

void verify_problem_seq(struct verify *verify, uint64_t seq, const char *table, const char *what)
{
    char text[24];
    int n = snprintf(text, sizeof text, "%llu", (unsigned long long)seq);
    AMBIT_ASSERT(n > 0 && (size_t)n < sizeof text);
    verify_problem(verify, &seq, table, (struct ambit_str){text, (size_t)n}, what);
}

void verify_problem_key(struct verify *verify, const uint64_t *seq, const char *table,
                        struct ambit_str key, const char *what)
{
    char text[128];
    size_t len = key.len * 2 <= sizeof text ? key.len : sizeof text / 2;
    hex_encode((const uint8_t *)key.p, len, text);
    verify_problem(verify, seq, table, (struct ambit_str){text, len * 2}, what);
}

struct ambit_str verify_copy(struct verify *verify, const char *text)
{
    return arena_copy(&verify->report->memory->arena, ambit_str_of(text));
}

enum ambit_err verify_report_init(struct verify_report *report)
{
    *report = (struct verify_report){0};
    report->memory = calloc(1, sizeof *report->memory);
    if (report->memory == NULL)
        return AMBIT_ERR_NO_MEMORY;
    arena_init(&report->memory->arena, NULL, 0, 0);
    return AMBIT_OK;
}
