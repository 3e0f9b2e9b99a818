/* SPDX-License-Identifier: Apache-2.0 */
/* Warnings: their names, where they stand, and the order in which they are looked for. */
#include "policy/check_warn.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/buf.h"
#include "policy/problem.h"

/* About this many nanoseconds of comparing; the largest sets that are used take a tenth of it. */
#define WORK UINT64_C(4000000000)

static const struct {
    const char *id, *text;
} warnings[] = {
#define X(name, id, text) {id, text},
    AMBIT_WARNING_LIST(X)
#undef X
};

const char *ambit_warning_id(enum ambit_warning warning)
{
    return warnings[warning].id;
}

const char *ambit_warning_text(enum ambit_warning warning)
{
    return warnings[warning].text;
}

struct ambit_str check_say(struct check_run *run, const char *format, ...)
{
    char text[2048];
    va_list words;
    va_start(words, format);
    int n = vsnprintf(text, sizeof text, format, words);
    va_end(words);
    size_t len = n < 0 ? 0 : (size_t)n < sizeof text ? (size_t)n : sizeof text - 1;
    struct ambit_str copy = arena_copy(run->arena, (struct ambit_str){.p = text, .len = len});
    if (!copy.p)
        run->err = AMBIT_ERR_NO_MEMORY;
    return copy;
}

bool check_spend(struct check_run *run, uint64_t work)
{
    if (run->err || run->is_cut_off)
        return false;
    run->is_cut_off = run->work < work;
    run->work -= run->is_cut_off ? 0 : work;
    return !run->is_cut_off;
}

static const struct json_value *element_of(const struct json_value *list, size_t index)
{
    if (!list || list->kind != JSON_ARRAY)
        return NULL;
    const struct json_value *element = list->first;
    for (size_t i = 0; element && i < index; i++)
        element = element->next;
    return element;
}

/* The innermost value of the place that the file has; its pointer grows with it. */
static const struct json_value *find(const struct check_at *at, const struct json_value *root,
                                     struct buf *pointer)
{
    const struct json_value *value = root;
    if (at->list) {
        const struct json_value *element = element_of(json_get(root, at->list), at->index);
        if (!element)
            return value;
        value = element;
        buf_printf(pointer, "/%s/%zu", at->list, at->index);
    }
    const struct json_value *member = at->member ? json_get(value, at->member) : NULL;
    if (!member)
        return value;
    buf_printf(pointer, "/%s", at->member);
    const struct json_value *inner = at->has_inner ? element_of(member, at->inner) : NULL;
    if (!inner)
        return member;
    buf_printf(pointer, "/%zu", at->inner);
    return inner;
}

static int compare_file(const struct ambit_file *file, enum ambit_kind kind, struct ambit_str name)
{
    if (file->kind != kind)
        return file->kind < kind ? -1 : 1;
    return ambit_str_cmp(file->name, name);
}

/* A file's name is read with `/` for each `__`, which a document's own name may hold. */
static struct ambit_str file_name_of(struct check_run *run, struct ambit_str name)
{
    char *text = arena_alloc(run->arena, name.len + 1);
    size_t len = 0;
    for (size_t i = 0; text && i < name.len; i++) {
        bool is_slash = name.p[i] == '_' && i + 1 < name.len && name.p[i + 1] == '_';
        text[len++] = is_slash ? '/' : name.p[i];
        i += is_slash;
    }
    return (struct ambit_str){.p = text, .len = len};
}

static const struct ambit_file *file_of(struct check_run *run, const struct check_at *at)
{
    struct ambit_str name = file_name_of(run, at->name);
    size_t low = 0, high = run->check->n_files;
    if (!name.p)
        run->err = AMBIT_ERR_NO_MEMORY;
    while (name.p && low < high) {
        size_t mid = low + (high - low) / 2;
        int order = compare_file(run->files[mid], at->kind, name);
        if (order == 0)
            return run->files[mid];
        if (order < 0)
            low = mid + 1;
        else
            high = mid;
    }
    return NULL;
}

/* What the file says, with places; a policy's was read already. */
static const struct json_value *json_of(struct check_run *run, const struct check_at *at,
                                        const struct ambit_file **ret_file)
{
    if (at->kind == AMBIT_KIND_POLICY) {
        const struct ambit_policy *policy = ambit_policy_find(run->documents, at->name);
        const struct check_policy *known = &run->policies[policy - run->documents->policies];
        *ret_file = known->file;
        return known->json;
    }
    const struct json_limits limits = {.depth = AMBIT_DOCUMENT_DEPTH};
    const struct json_value *value = NULL;
    struct json_problem problem = {0};
    *ret_file = file_of(run, at);
    if (!*ret_file)
        return NULL;
    enum ambit_err err = json_read((*ret_file)->bytes, limits, run->arena, &value, &problem);
    if (err == AMBIT_ERR_NO_MEMORY)
        run->err = err;
    return err ? NULL : value;
}

void check_warn(struct check_run *run, const struct check_warning *warning)
{
    if (run->err)
        return;
    const struct ambit_file *file = NULL;
    const struct json_value *root = json_of(run, &warning->at, &file);
    struct ambit_problem problem = {
        .file = file ? file->path : warning->at.name,
        .is_warning = true,
        .what = warning->what,
        .expected = ambit_str_of(warning->expected),
        .id = ambit_str_of(ambit_warning_id(warning->id)),
    };
    BUF_AUTO pointer = {0};
    if (root) {
        const struct json_value *value = find(&warning->at, root, &pointer);
        problem.line = value->line;
        problem.column = value->column;
    }
    problem.pointer = buf_str(&pointer);
    if (warning->example) {
        problem.action = ambit_str_of(warning->example->action);
        problem.resource = ambit_str_of(warning->example->resource);
    }
    if (!run->err)
        run->err = buf_check(&pointer);
    if (!run->err)
        run->err = ambit_problems_add(run->problems, &problem);
}

/* The set as a whole has no place of its own: the first policy's file stands for it. */
static void warn_cut_off(struct check_run *run)
{
    const struct check_warning warning = {
        .id = AMBIT_WARNING_CUT_OFF,
        .at = {.kind = AMBIT_KIND_POLICY, .name = run->documents->policies[0].doc.name},
        .what = AMBIT_STR("the set is too large to compare all of it: what is not warned of may "
                          "not have been looked at"),
        .expected = "fewer rules, never rules and hard stops that overlap",
    };
    check_warn(run, &warning);
}

enum ambit_err ambit_policy_warn(const struct ambit_check *check, struct ambit_problems *problems)
{
    ARENA_AUTO arena;
    arena_init(&arena, NULL, 0, 0);
    struct check_run run = {
        .check = check,
        .documents = ambit_policy_documents(check->set),
        .arena = &arena,
        .problems = problems,
        .work = check->work ? check->work : WORK,
    };
    enum ambit_err err = check_open(&run);
    if (err)
        return err;

    warn_missing(&run);
    for (size_t i = 0; i < run.documents->n_policies; i++) {
        warn_never(&run, &run.policies[i]);
        warn_rules(&run, &run.policies[i]);
        warn_stops(&run, &run.policies[i]);
        warn_limits(&run, &run.policies[i]);
    }
    warn_events(&run);
    warn_order(&run);
    if (run.is_cut_off || run.is_partial)
        warn_cut_off(&run);
    problem_sort(problems);
    return run.err;
}
