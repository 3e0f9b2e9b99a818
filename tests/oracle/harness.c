/* SPDX-License-Identifier: Apache-2.0 */
/* The engine behind standard input and output, one JSON text a line each way, for the independent
 * evaluator to be compared with:
 *   {"documents": {"people": [..], "agents": [..], "services": [..], "policies": [..]}}
 *       takes up a set: {"ok": true}, or {"ok": false, "problems": ["FILE:LINE:..: error: .."]}
 *   {"question": ..}   the members of POST /v1/explain, with `now`, and `stops` as in a policy
 * test: its answer; {"error": 400, ..} or {"error": 404, ..} where that route would refuse. */
#include <stdio.h>

#include "ambit/explain.h"
#include "base/buf.h"
#include "base/json_read.h"
#include "base/json_write.h"
#include "config/folder.h"
#include "crypto/digest.h"
#include "policy/problem.h"

struct harness {
    struct ambit_policy_set *set;
    struct zones *zones;
};

static void fail(const char *what, enum ambit_err err)
{
    (void)fprintf(stderr, "harness: %s: error %d\n", what, (int)err);
    exit(1);
}

static struct buf write_document(const struct json_value *document)
{
    struct buf bytes = {0};
    struct json_out out;
    json_out_init(&out, &bytes, false);
    json_write_value(&out, document);
    if (buf_check(&bytes))
        fail("document", buf_check(&bytes));
    return bytes;
}

enum { FILES_MAX = 4096 };

static size_t files_of(const struct json_value *documents, struct ambit_file *files,
                       struct buf *bytes)
{
    size_t n = 0;
    for (int kind = AMBIT_KIND_PERSON; kind <= AMBIT_KIND_POLICY; kind++) {
        const struct json_value *list =
            json_get(documents, ambit_kind_folder((enum ambit_kind)kind));
        for (const struct json_value *d = list ? list->first : NULL; d && n < FILES_MAX;
             d = d->next, n++) {
            bytes[n] = write_document(d);
            files[n] = (struct ambit_file){
                .kind = (enum ambit_kind)kind,
                .path = json_get_str(d, ambit_kind_text((enum ambit_kind)kind)),
                .name = json_get_str(d, ambit_kind_text((enum ambit_kind)kind)),
                .bytes = buf_str(&bytes[n]),
            };
        }
    }
    return n;
}

static void write_problems(const struct ambit_problems *problems, struct buf *out)
{
    struct json_out json;
    json_out_init(&json, out, false);
    json_begin_object(&json);
    json_key(&json, "ok");
    json_bool(&json, false);
    json_key(&json, "problems");
    json_begin_array(&json);
    for (size_t i = 0; i < problems->n; i++) {
        BUF_AUTO line = {0};
        problem_write_line(&line, &problems->v[i]);
        json_str(&json, buf_str(&line));
    }
    json_end_array(&json);
    json_end_object(&json);
}

static void take_up(struct harness *h, const struct json_value *documents, struct buf *out)
{
    static struct ambit_file files[FILES_MAX];
    static struct buf bytes[FILES_MAX];
    struct ambit_problems problems = {0};
    struct ambit_documents *read = NULL;
    struct ambit_policy_set *set = NULL;
    struct ambit_read_env env = folder_env(h->zones, 0);
    size_t n = files_of(documents, files, bytes);
    enum ambit_err err = ambit_documents_read(files, n, &env, &problems, &read);
    if (!err)
        err = ambit_policy_compile(read, &set);
    if (!err) {
        ambit_policy_set_free(h->set);
        h->set = set;
        buf_put_text(out, "{\"ok\":true}");
    } else if (err == AMBIT_ERR_MALFORMED) {
        write_problems(&problems, out);
    } else {
        fail("documents", err);
    }
    ambit_problems_done(&problems);
    for (size_t i = 0; i < n; i++)
        buf_done(&bytes[i]);
}

static void refuse(enum ambit_err err, const struct ambit_hypothesis_problem *problem,
                   struct buf *out)
{
    struct json_out json;
    json_out_init(&json, out, false);
    json_begin_object(&json);
    json_key(&json, "error");
    json_i64(&json, err == AMBIT_ERR_NOT_FOUND ? 404 : 400);
    json_member_str(&json, "pointer", problem->pointer);
    json_member_text(&json, "what", problem->what);
    json_member_text(&json, "expected", problem->expected);
    json_end_object(&json);
}

static void ask(const struct harness *h, const struct json_value *question, struct arena *arena,
                struct buf *out)
{
    struct ambit_hypothesis hypothesis = {0};
    struct ambit_hypothesis_problem problem;
    struct ambit_world world;
    struct ambit_answer answer;
    if (!h->set)
        fail("a question before any documents", AMBIT_ERR_NOT_FOUND);
    enum ambit_err err = ambit_hypothesis_read(h->set, question,
                                               AMBIT_PART_GIVEN | AMBIT_PART_STOPS |
                                                   AMBIT_PART_QUESTION | AMBIT_PART_ASKED,
                                               arena, &hypothesis, &problem);
    if (err == AMBIT_ERR_MALFORMED || err == AMBIT_ERR_NOT_FOUND) {
        refuse(err, &problem, out);
        return;
    }
    if (!err)
        err = ambit_world_of_hypothesis(h->set, &hypothesis, arena, &world);
    if (!err)
        err = ambit_answer(h->set, &hypothesis, &world, arena, &answer);
    if (err) {
        buf_printf(out, "{\"error\":503,\"what\":\"%d\"}", (int)err);
        return;
    }
    ambit_answer_write(&hypothesis, &answer, AMBIT_FOR_SECURITY, out);
}

static void one_line(struct harness *h, struct ambit_str line, struct buf *out)
{
    ARENA_AUTO arena;
    arena_init(&arena, NULL, 0, 0);
    const struct json_value *value = NULL;
    struct json_problem problem;
    struct json_limits limits = {.depth = 64, .allow_decimals = true};
    if (json_read(line, limits, &arena, &value, &problem) != AMBIT_OK) {
        buf_printf(out, "{\"error\":400,\"what\":\"%s\"}", problem.what);
        return;
    }
    const struct json_value *documents = json_get(value, "documents");
    if (documents)
        take_up(h, documents, out);
    else
        ask(h, value, &arena, out);
}

int main(void)
{
    struct harness h = {0};
    if (zones_open(NULL, &h.zones) != AMBIT_OK)
        fail("zones", AMBIT_ERR_IO);
    char *line = NULL;
    size_t size = 0;
    ssize_t len = 0;
    struct buf out = {0};
    while ((len = getline(&line, &size, stdin)) > 0) {
        buf_reset(&out);
        len -= line[len - 1] == '\n';
        one_line(&h, (struct ambit_str){.p = line, .len = (size_t)len}, &out);
        buf_put_char(&out, '\n');
        if (buf_check(&out))
            fail("answer", buf_check(&out));
        (void)fwrite(out.p, 1, out.len, stdout);
        (void)fflush(stdout);
    }
    free(line);
    buf_done(&out);
    ambit_policy_set_free(h.set);
    zones_close(h.zones);
    return 0;
}
