/* SPDX-License-Identifier: Apache-2.0 */
/* The list of problems: grown as they come, sorted once, printed in two forms. */
#include "policy/problem.h"

#include "base/arena.h"
#include "base/json_write.h"

struct ambit_problems_memory {
    struct arena texts;
    size_t capacity;
};

void ambit_problems_done(struct ambit_problems *problems)
{
    if (!problems)
        return;
    if (problems->memory)
        arena_done(&problems->memory->texts);
    free(problems->memory);
    free(problems->v);
    *problems = (struct ambit_problems){0};
}

static enum ambit_err make_room(struct ambit_problems *problems)
{
    if (!problems->memory) {
        problems->memory = calloc(1, sizeof *problems->memory);
        if (!problems->memory)
            return AMBIT_ERR_NO_MEMORY;
        arena_init(&problems->memory->texts, NULL, 0, 0);
    }
    if (problems->n < problems->memory->capacity)
        return AMBIT_OK;

    size_t capacity = problems->n ? problems->n * 2 : 16;
    struct ambit_problem *v = reallocarray(problems->v, capacity, sizeof *problems->v);
    if (!v)
        return AMBIT_ERR_NO_MEMORY;
    problems->v = v;
    problems->memory->capacity = capacity;
    return AMBIT_OK;
}

/* Absent stays absent. */
static bool keep_text(struct arena *texts, struct ambit_str *text)
{
    if (!text->p)
        return true;
    *text = arena_copy(texts, *text);
    return text->p != NULL;
}

enum ambit_err ambit_problems_add(struct ambit_problems *problems,
                                  const struct ambit_problem *problem)
{
    enum ambit_err err = make_room(problems);
    if (err)
        return err;

    struct ambit_problem copy = *problem;
    struct arena *texts = &problems->memory->texts;
    if (!keep_text(texts, &copy.file) || !keep_text(texts, &copy.pointer) ||
        !keep_text(texts, &copy.what) || !keep_text(texts, &copy.expected) ||
        !keep_text(texts, &copy.nearest) || !keep_text(texts, &copy.id) ||
        !keep_text(texts, &copy.action) || !keep_text(texts, &copy.resource))
        return AMBIT_ERR_NO_MEMORY;
    problems->v[problems->n++] = copy;
    problems->n_errors += !copy.is_warning;
    return AMBIT_OK;
}

static bool comes_after(const struct ambit_problem *a, const struct ambit_problem *b)
{
    int by_file = ambit_str_cmp(a->file, b->file);
    if (by_file)
        return by_file > 0;
    if (a->line != b->line)
        return a->line > b->line;
    return a->column > b->column;
}

/* Merges the sorted halves [low, mid) and [mid, high) of `v` by way of `spare`. */
static void merge(struct ambit_problem *v, struct ambit_problem *spare, const size_t at[3])
{
    size_t left = at[0];
    size_t right = at[1];
    for (size_t i = at[0]; i < at[2]; i++) {
        bool is_right = left >= at[1] || (right < at[2] && comes_after(&v[left], &v[right]));
        spare[i] = is_right ? v[right++] : v[left++];
    }
    memcpy(v + at[0], spare + at[0], (at[2] - at[0]) * sizeof *v);
}

void problem_sort(struct ambit_problems *problems)
{
    size_t n = problems->n;
    /* qsort() is not stable, and two problems of one place keep the order in which they were found.
     */
    AMBIT_AUTO_FREE struct ambit_problem *spare = n > 1 ? calloc(n, sizeof *spare) : NULL;
    if (!spare)
        return; /* out of memory: an unsorted list is still the whole list */
    for (size_t width = 1; width < n; width *= 2) {
        for (size_t low = 0; low + width < n; low += 2 * width) {
            size_t high = low + 2 * width < n ? low + 2 * width : n;
            merge(problems->v, spare, (size_t[3]){low, low + width, high});
        }
    }
}

/* Control bytes as \u00XX, so that a file cannot write to the reader's terminal. */
static void put_visible(struct buf *buf, struct ambit_str text)
{
    for (size_t i = 0; i < text.len; i++) {
        uint8_t c = (uint8_t)text.p[i];
        if (c < 0x20 || c == 0x7f)
            buf_printf(buf, "\\u%04x", c);
        else
            buf_put_char(buf, text.p[i]);
    }
}

static void put_example(struct buf *buf, struct ambit_str name)
{
    if (!name.p)
        return;
    buf_put_char(buf, ' ');
    put_visible(buf, name);
}

void problem_write_line(struct buf *buf, const struct ambit_problem *problem)
{
    put_visible(buf, problem->file);
    buf_printf(buf, ":%u:%u: %s: ", problem->line, problem->column,
               problem->is_warning ? "warning" : "error");
    put_visible(buf, problem->pointer);
    buf_put_text(buf, ": ");
    put_visible(buf, problem->what);
    buf_put_text(buf, "; expected ");
    put_visible(buf, problem->expected);
    if (problem->nearest.p) {
        buf_put_text(buf, "; did you mean \"");
        put_visible(buf, problem->nearest);
        buf_put_text(buf, "\"?");
    }
    if (problem->action.p || problem->resource.p) {
        buf_put_text(buf, "; for example");
        put_example(buf, problem->action);
        put_example(buf, problem->resource);
    }
    if (problem->id.p) {
        buf_put_text(buf, " [");
        put_visible(buf, problem->id);
        buf_put_char(buf, ']');
    }
}

void problem_write_json(struct json_out *out, const struct ambit_problem *problem)
{
    json_begin_object(out);
    json_member_str(out, "file", problem->file);
    json_key(out, "line");
    json_i64(out, problem->line);
    json_key(out, "column");
    json_i64(out, problem->column);
    json_key(out, "pointer");
    json_str(out, problem->pointer);
    json_member_text(out, "severity", problem->is_warning ? "warning" : "error");
    json_member_str(out, "what", problem->what);
    json_member_str(out, "expected", problem->expected);
    json_member_str(out, "nearest", problem->nearest);
    json_member_str(out, "id", problem->id);
    if (problem->action.p || problem->resource.p) {
        json_key(out, "example");
        json_begin_object(out);
        json_member_str(out, "action", problem->action);
        json_member_str(out, "resource", problem->resource);
        json_end_object(out);
    }
    json_end_object(out);
}
