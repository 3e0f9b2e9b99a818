/* SPDX-License-Identifier: Apache-2.0 */
/* Asking hypothetical questions. */
#include "question.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/json_read.h"

enum { ANSWER_MAX = 65536 };
static char answer_text[ANSWER_MAX];

struct ambit_str question_quoted(struct arena *arena, const char *text)
{
    struct ambit_str s = ambit_str_of(text);
    char *p = arena_array(arena, s.len + 1, 1);
    if (!p)
        return (struct ambit_str){0};
    for (size_t i = 0; i < s.len; i++)
        p[i] = (char)(text[i] == '\'' ? '"' : text[i]);
    return (struct ambit_str){.p = p, .len = s.len};
}

static const char *failed(enum ambit_err err, const struct ambit_hypothesis_problem *problem)
{
    int len = err == AMBIT_ERR_NO_MEMORY ? snprintf(answer_text, ANSWER_MAX, "no_memory")
              : err == AMBIT_ERR_DAMAGED ? snprintf(answer_text, ANSWER_MAX, "damaged")
              : err == AMBIT_ERR_TOO_LARGE
                  ? snprintf(answer_text, ANSWER_MAX, "too_large")
                  : snprintf(answer_text, ANSWER_MAX, "%s %.*s: %s; %s%.*s",
                             err == AMBIT_ERR_MALFORMED ? "malformed" : "not_found",
                             AMBIT_STR_ARG(problem->pointer), problem->what, problem->expected,
                             AMBIT_STR_ARG(problem->name));
    assert_true(len > 0 && len < ANSWER_MAX);
    return answer_text;
}

bool (*question_world_fails)(void);

static enum ambit_err figure_or_not(void *ctx, const struct ambit_figure_query *query, int64_t *ret)
{
    const struct ambit_world *told = ctx;
    return question_world_fails() ? AMBIT_ERR_DAMAGED : told->figure(told->ctx, query, ret);
}

static enum ambit_err same_or_not(void *ctx, const struct ambit_same_query *query,
                                  struct ambit_id *ret)
{
    const struct ambit_world *told = ctx;
    return question_world_fails() ? AMBIT_ERR_DAMAGED : told->same_live(told->ctx, query, ret);
}

/* The same world, which may fail. */
static struct ambit_world world_of(struct ambit_world *told)
{
    struct ambit_world world = *told;
    if (question_world_fails) {
        world.ctx = told;
        world.figure = figure_or_not;
        world.same_live = same_or_not;
    }
    return world;
}

const char *question_ask(struct lab *lab, struct arena *arena, const char *question, unsigned parts,
                         enum ambit_disclosure disclosure)
{
    struct json_limits limits = {.depth = AMBIT_DOCUMENT_DEPTH, .allow_decimals = true};
    struct ambit_hypothesis h = {.kind = AMBIT_QUESTION_GRANT};
    struct ambit_hypothesis_problem problem = {.what = "no JSON", .expected = ""};
    const struct json_value *value = NULL;
    struct json_problem syntax;
    struct ambit_world told, world;
    struct ambit_answer answer;
    ARENA_AUTO own;
    arena_init(&own, NULL, 0, 0);
    struct ambit_str text = question_quoted(&own, question);
    enum ambit_err err =
        text.p ? json_read(text, limits, &own, &value, &syntax) : AMBIT_ERR_NO_MEMORY;
    if (!err)
        err = ambit_hypothesis_read(lab->set, value, parts, arena, &h, &problem);
    if (!h.has_now)
        h.now_ms = LAB_NOW_MS;
    if (!err)
        err = ambit_world_of_hypothesis(lab->set, &h, arena, &told);
    if (!err) {
        world = world_of(&told);
        err = ambit_answer(lab->set, &h, &world, arena, &answer);
    }
    if (err)
        return failed(err, &problem);
    BUF_AUTO out = {0};
    ambit_answer_write(&h, &answer, disclosure, &out);
    if (buf_check(&out))
        return failed(AMBIT_ERR_NO_MEMORY, &problem);
    assert_true(out.len < ANSWER_MAX);
    memcpy(answer_text, out.p, out.len);
    answer_text[out.len] = '\0';
    return answer_text;
}

const char *question_answer(struct lab *lab, const char *question)
{
    unsigned all = AMBIT_PART_GIVEN | AMBIT_PART_STOPS | AMBIT_PART_QUESTION | AMBIT_PART_ASKED;
    ARENA_AUTO arena;
    arena_init(&arena, NULL, 0, 0);
    return question_ask(lab, &arena, question, all, AMBIT_FOR_OWNER);
}

void question_hold(struct lab *lab, const struct question_row *rows, size_t n)
{
    size_t n_wrong = 0;
    for (size_t i = 0; i < n; i++) {
        ARENA_AUTO arena;
        arena_init(&arena, NULL, 0, 0);
        const char *got = question_answer(lab, rows[i].question);
        struct ambit_str want = question_quoted(&arena, rows[i].want);
        assert_non_null(want.p);
        if (strstr(got, want.p))
            continue;
        print_error("%s: want %s in %s\n", rows[i].name, want.p, got);
        n_wrong++;
    }
    assert_int_equal(n_wrong, 0);
}
