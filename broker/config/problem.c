/* SPDX-License-Identifier: Apache-2.0 */
/* Printing problems, and guessing which word was meant. What it prints came out of files that
 * others wrote, so every control byte is escaped. */
#include "config/problem.h"

#include "base/encode.h"
#include "base/json_write.h"

enum { NEAREST_LEN_MAX = 64 };

void config_problems_done(struct config_problems *problems)
{
    if (!problems)
        return;

    free(problems->v);
    arena_done(&problems->arena);
    *problems = (struct config_problems){.v = NULL};
}

static bool grow(struct config_problems *problems)
{
    if (problems->n < problems->cap)
        return true;

    size_t cap = problems->cap ? problems->cap * 2 : 8;
    size_t bytes = 0;
    if (!ambit_mul(cap, sizeof *problems->v, &bytes))
        return false;

    struct ambit_problem *v = realloc(problems->v, bytes);
    if (!v)
        return false;

    problems->v = v;
    problems->cap = cap;
    return true;
}

static bool copy_text(struct config_problems *problems, struct ambit_str *text)
{
    if (!text->p)
        return true;

    *text = arena_copy(&problems->arena, *text);
    return text->p != NULL;
}

void config_problem_add(struct config_problems *problems, const struct ambit_problem *problem)
{
    struct ambit_problem copy = *problem;
    if (!grow(problems) || !copy_text(problems, &copy.file) ||
        !copy_text(problems, &copy.pointer) || !copy_text(problems, &copy.what) ||
        !copy_text(problems, &copy.expected) || !copy_text(problems, &copy.nearest)) {
        problems->is_short = true;
        return;
    }
    problems->v[problems->n++] = copy;
}

/* Control bytes as \xNN; UTF-8 passes, what is not UTF-8 is escaped byte by byte. */
static void put_escaped(struct buf *out, struct ambit_str text)
{
    bool is_plain = utf8_is_valid(text) && !text_has_control(text);
    for (size_t i = 0; i < text.len; i++) {
        uint8_t byte = (uint8_t)text.p[i];
        if (is_plain || (byte >= 0x20 && byte < 0x7f))
            buf_put_char(out, text.p[i]);
        else
            buf_printf(out, "\\x%02x", byte);
    }
}

void problem_print(struct buf *out, const struct ambit_problem *problem)
{
    put_escaped(out, problem->file);
    /* The file as a whole begins at its beginning: editors want a place to go to. */
    buf_printf(out, ":%u:%u: %s: ", problem->line ? problem->line : 1,
               problem->column ? problem->column : 1, problem->is_warning ? "warning" : "error");
    put_escaped(out, problem->pointer);
    buf_put_text(out, ": ");
    put_escaped(out, problem->what);
    if (problem->expected.len) {
        buf_put_text(out, "; expected ");
        put_escaped(out, problem->expected);
    }
    if (problem->nearest.len) {
        buf_put_text(out, "; did you mean \"");
        put_escaped(out, problem->nearest);
        buf_put_text(out, "\"?");
    }
    buf_put_char(out, '\n');
}

void problem_json(struct json_out *out, const struct ambit_problem *problem)
{
    json_begin_object(out);
    json_key(out, "file");
    json_str(out, problem->file);
    json_key(out, "line");
    json_i64(out, problem->line ? problem->line : 1);
    json_key(out, "column");
    json_i64(out, problem->column ? problem->column : 1);
    json_key(out, "pointer");
    json_str(out, problem->pointer.p ? problem->pointer : AMBIT_STR(""));
    json_key(out, "severity");
    json_text(out, problem->is_warning ? "warning" : "error");
    json_key(out, "what");
    json_str(out, problem->what);
    json_member_str(out, "expected", problem->expected);
    json_member_str(out, "nearest", problem->nearest);
    json_end_object(out);
}

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* Edit distance with swapped neighbours counting one (restricted Damerau-Levenshtein). */
static size_t distance(struct ambit_str a, struct ambit_str b)
{
    size_t rows[3][NEAREST_LEN_MAX + 1] = {{0}};
    for (size_t j = 0; j <= b.len; j++)
        rows[0][j] = j;

    for (size_t i = 1; i <= a.len; i++) {
        size_t *now = rows[i % 3], *before = rows[(i + 2) % 3], *earlier = rows[(i + 1) % 3];
        now[0] = i;
        for (size_t j = 1; j <= b.len; j++) {
            size_t cost = a.p[i - 1] != b.p[j - 1];
            now[j] = least(least(before[j] + 1, now[j - 1] + 1), before[j - 1] + cost);
            bool is_swap = i > 1 && j > 1 && a.p[i - 1] == b.p[j - 2] && a.p[i - 2] == b.p[j - 1];
            if (is_swap)
                now[j] = least(now[j], earlier[j - 2] + 1);
        }
    }
    return rows[a.len % 3][b.len];
}

struct ambit_str nearest_spelling(struct ambit_str word, const char *const *candidates, size_t n)
{
    struct ambit_str best = {NULL, 0};
    /* Further than a third of the word away nothing is likely to have been meant. */
    size_t best_distance = word.len / 3 + 2;
    if (word.len == 0 || word.len > NEAREST_LEN_MAX)
        return best;

    for (size_t i = 0; i < n; i++) {
        struct ambit_str candidate = ambit_str_of(candidates[i]);
        if (candidate.len > NEAREST_LEN_MAX)
            continue;
        size_t far = distance(word, candidate);
        if (far < best_distance) {
            best_distance = far;
            best = candidate;
        }
    }
    return best;
}
