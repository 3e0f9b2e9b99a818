/* SPDX-License-Identifier: Apache-2.0 */
/* Questions about areas: which types of resource to look at, which areas outside matter there, and
 * the search of pattern_find.c for each type. */
#include "ambit/pattern.h"

#include <stdio.h>

#include "policy/name.h"
#include "policy/pattern.h"
#include "policy/pattern_find.h"

/* A list of patterns without variables. */
struct texts {
    struct ambit_str *v;
    size_t n;
    bool is_all;
};

struct area {
    struct texts of[STAGES];
};

struct asking {
    const struct ambit_area_question *question;
    struct area *inside, *outside;
    struct ambit_str *types;
    size_t n_types;
    enum stage first, last;
    struct arena *arena;
};

static struct ambit_str type_of(struct ambit_str pattern)
{
    const char *colon = memchr(pattern.p, ':', pattern.len);
    return (struct ambit_str){.p = pattern.p, .len = (size_t)(colon - pattern.p)};
}

/* ---- variables ------------------------------------------------------------------------------- */

/* What stands for the variable that begins here; absent: nothing can. */
static struct ambit_str value_of(const struct ambit_area_terms *terms, const char *variable)
{
    static const struct ambit_str any = {.p = "*", .len = 1};
    struct ambit_str value = any;
    if (variable[2] == 'a')
        value = terms->agent.p ? terms->agent : any;
    else if (variable[2] == 't')
        value = terms->team.p ? terms->team : any;
    if (ambit_str_eq(value, any) || name_is_resource_segment(value))
        return value;
    return (struct ambit_str){0};
}

/* The pattern with its values; absent when one is no segment. INVARIANT: it is well formed, so that
 * each `$` before a `{` begins a variable that ends with `}`. */
static enum ambit_err bind(struct asking *asking, struct ambit_str text, struct ambit_str *ret)
{
    *ret = text;
    if (!memchr(text.p, '{', text.len))
        return AMBIT_OK;
    char *out = arena_alloc(asking->arena, text.len * (1 + AMBIT_AGENT_NAME_MAX));
    if (!out)
        return AMBIT_ERR_NO_MEMORY;
    size_t len = 0;
    for (size_t i = 0; i < text.len; i++) {
        if (text.p[i] != '$' || i + 1 == text.len || text.p[i + 1] != '{') {
            out[len++] = text.p[i];
            continue;
        }
        struct ambit_str value = value_of(&asking->question->terms, text.p + i);
        if (!value.p) {
            *ret = value;
            return AMBIT_OK;
        }
        memcpy(out + len, value.p, value.len);
        len += value.len;
        while (text.p[i] != '}')
            i++;
    }
    *ret = (struct ambit_str){.p = out, .len = len};
    return AMBIT_OK;
}

static enum ambit_err take_texts(struct asking *asking, const struct ambit_strs *list,
                                 enum stage stage, struct texts *ret)
{
    *ret = (struct texts){.is_all = list->n == 0};
    ret->v = arena_array(asking->arena, list->n ? list->n : 1, sizeof *ret->v);
    if (!ret->v)
        return AMBIT_ERR_NO_MEMORY;
    for (size_t i = 0; i < list->n; i++) {
        if (stage == STAGE_ACTION ? name_action_fault(list->v[i], NAME_PATTERN) != NULL
                                  : name_resource_fault(list->v[i], NAME_VARIABLES) != NULL)
            return AMBIT_ERR_MALFORMED;
        struct ambit_str text = {0};
        enum ambit_err err = bind(asking, list->v[i], &text);
        if (err)
            return err;
        if (text.p)
            ret->v[ret->n++] = text;
    }
    return AMBIT_OK;
}

static enum ambit_err take_areas(struct asking *asking, const struct ambit_area *areas, size_t n,
                                 struct area **ret)
{
    *ret = arena_array(asking->arena, n ? n : 1, sizeof **ret);
    if (!*ret)
        return AMBIT_ERR_NO_MEMORY;
    for (size_t i = 0; i < n; i++) {
        for (int stage = asking->first; stage <= (int)asking->last; stage++) {
            const struct ambit_strs *list =
                stage == STAGE_ACTION ? &areas[i].actions : &areas[i].resources;
            enum ambit_err err = take_texts(asking, list, (enum stage)stage, &(*ret)[i].of[stage]);
            if (err)
                return err;
        }
    }
    return AMBIT_OK;
}

/* ---- what matters ---------------------------------------------------------------------------- */

static bool has_type(const struct asking *asking, struct ambit_str type)
{
    for (size_t i = 0; i < asking->n_types; i++) {
        if (ambit_str_eq(asking->types[i], type))
            return true;
    }
    return false;
}

static bool add_types(struct asking *asking, const struct texts *texts)
{
    size_t n = asking->n_types + texts->n + 1;
    struct ambit_str *types = arena_array(asking->arena, n, sizeof *types);
    if (!types)
        return false;
    if (asking->types)
        memcpy(types, asking->types, asking->n_types * sizeof *types);
    asking->types = types;
    for (size_t i = 0; i < texts->n; i++) {
        struct ambit_str type = type_of(texts->v[i]);
        if (!has_type(asking, type))
            types[asking->n_types++] = type;
    }
    return true;
}

/* A type that none of the others is: one of n + 1 different ones. There is room for it. */
static bool add_new_type(struct asking *asking)
{
    char *text = arena_alloc(asking->arena, AMBIT_TYPE_MAX);
    if (!text)
        return false;
    struct ambit_str type = {.p = text};
    for (size_t i = 0; i <= asking->n_types; i++) {
        type.len = (size_t)snprintf(text, AMBIT_TYPE_MAX, "x%zu", i);
        if (!has_type(asking, type))
            break;
    }
    asking->types[asking->n_types++] = type;
    return true;
}

/* The types there can be a name of: those of the first list inside that has any; else those that
 * matter outside, and one more. */
static enum ambit_err take_types(struct asking *asking)
{
    const struct ambit_area_question *question = asking->question;
    struct texts nothing = {0};
    if (asking->last == STAGE_ACTION) {
        asking->n_types = 1; /* the empty one */
        return add_types(asking, &nothing) ? AMBIT_OK : AMBIT_ERR_NO_MEMORY;
    }
    for (size_t i = 0; i < question->n_inside; i++) {
        const struct texts *texts = &asking->inside[i].of[STAGE_RESOURCE];
        if (!texts->is_all)
            return add_types(asking, texts) ? AMBIT_OK : AMBIT_ERR_NO_MEMORY;
    }
    if (!add_types(asking, &nothing))
        return AMBIT_ERR_NO_MEMORY;
    for (size_t i = 0; i < question->n_outside; i++) {
        if (!add_types(asking, &asking->outside[i].of[STAGE_RESOURCE]))
            return AMBIT_ERR_NO_MEMORY;
    }
    return add_new_type(asking) ? AMBIT_OK : AMBIT_ERR_NO_MEMORY;
}

static enum ambit_err parse_text(struct ambit_str text, enum stage stage, struct pattern_buf *ret)
{
    return pattern_parse(text, stage == STAGE_ACTION ? PATTERN_ACTION : PATTERN_RESOURCE, false,
                         ret);
}

/* Does the text meet one of the list? What cannot be parsed (with a long value put in) may. */
static bool meets(struct ambit_str text, const struct texts *list, enum stage stage)
{
    struct pattern_buf a PATTERN_SCRATCH, b PATTERN_SCRATCH;
    if (list->is_all || parse_text(text, stage, &a) != AMBIT_OK)
        return true;
    for (size_t i = 0; i < list->n; i++) {
        if (parse_text(list->v[i], stage, &b) != AMBIT_OK ||
            pattern_overlaps(&a.pattern, &b.pattern))
            return true;
    }
    return false;
}

static struct ambit_str behind_type(struct ambit_str pattern, struct ambit_str type)
{
    return (struct ambit_str){.p = pattern.p + type.len + 1, .len = pattern.len - type.len - 1};
}

/* ---- one type -------------------------------------------------------------------------------- */

struct making {
    const struct asking *asking;
    struct ambit_str type;
    struct machine machine;
    struct arena *arena;
};

static enum ambit_err put_pattern(struct making *making, enum stage stage, struct ambit_str text,
                                  uint32_t owner, struct find_area *ret)
{
    if (making->machine.n > UINT32_MAX / 2)
        return AMBIT_ERR_TOO_LARGE;
    return machine_add(&making->machine, text, stage, owner, &ret->starts[stage][ret->n[stage]++]);
}

/* The patterns of one list that matter for the type: those that meet `near` (NULL: all). */
static enum ambit_err put_texts(struct making *making, enum stage stage, const struct texts *texts,
                                const struct texts *near, uint32_t owner, struct find_area *ret)
{
    ret->starts[stage] = arena_array(making->arena, texts->n + 1, sizeof *ret->starts[stage]);
    if (!ret->starts[stage])
        return AMBIT_ERR_NO_MEMORY;
    if (texts->is_all)
        return put_pattern(making, stage, AMBIT_STR("**"), owner, ret);
    for (size_t i = 0; i < texts->n; i++) {
        struct ambit_str text = texts->v[i];
        if (stage == STAGE_RESOURCE && !ambit_str_eq(type_of(text), making->type))
            continue;
        if (near && !meets(text, near, stage))
            continue;
        if (stage == STAGE_RESOURCE)
            text = behind_type(text, making->type);
        enum ambit_err err = put_pattern(making, stage, text, owner, ret);
        if (err)
            return err;
    }
    return AMBIT_OK;
}

static enum ambit_err put_areas(struct making *making, const struct area *areas, size_t n,
                                const struct area *near, struct find_area **ret)
{
    const struct asking *asking = making->asking;
    *ret = arena_array(making->arena, n ? n : 1, sizeof **ret);
    if (!*ret)
        return AMBIT_ERR_NO_MEMORY;
    for (size_t i = 0; i < n; i++) {
        for (int stage = asking->first; stage <= (int)asking->last; stage++) {
            enum ambit_err err = put_texts(making, (enum stage)stage, &areas[i].of[stage],
                                           near ? &near->of[stage] : NULL, (uint32_t)i, &(*ret)[i]);
            if (err)
                return err;
            if ((*ret)[i].n[stage] == 0)
                break; /* nothing of this area matters */
        }
    }
    return AMBIT_OK;
}

/* An area outside of which only one stage matters does not matter. */
static void drop_halves(const struct asking *asking, struct find_area *areas, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (areas[i].n[asking->last] == 0)
            areas[i].n[asking->first] = 0;
    }
}

static void tell(const struct making *making, const struct find_answer *found,
                 struct ambit_area_answer *ret)
{
    const struct asking *asking = making->asking;
    ret->is_found = true;
    if (asking->first == STAGE_ACTION)
        memcpy(ret->witness.action, found->words[STAGE_ACTION], sizeof ret->witness.action);
    if (asking->last != STAGE_RESOURCE)
        return;
    char *at = ret->witness.resource;
    memcpy(at, making->type.p, making->type.len);
    at[making->type.len] = ':';
    memcpy(at + making->type.len + 1, found->words[STAGE_RESOURCE],
           strlen(found->words[STAGE_RESOURCE]) + 1);
}

static enum ambit_err ask_type(const struct asking *asking, struct ambit_str type,
                               struct ambit_area_answer *ret)
{
    const struct ambit_area_question *question = asking->question;
    size_t limit = question->terms.steps ? question->terms.steps : AMBIT_AREA_STEPS;
    ARENA_AUTO arena;
    arena_init(&arena, NULL, 0, 0);
    struct making making = {
        .asking = asking, .type = type, .machine = {.arena = &arena}, .arena = &arena};
    struct find_area *inside = NULL, *outside = NULL;
    enum ambit_err err = put_areas(&making, asking->inside, question->n_inside, NULL, &inside);
    if (!err)
        err = put_areas(&making, asking->outside, question->n_outside, asking->inside, &outside);
    if (!err)
        err = machine_finish(&making.machine);
    if (err)
        return err;

    drop_halves(asking, outside, question->n_outside);
    const struct find_question find = {
        .machine = &making.machine,
        .inside = inside,
        .outside = outside,
        .n_inside = question->n_inside,
        .n_outside = question->n_outside,
        .first = asking->first,
        .last = asking->last,
        .room = {AMBIT_WORD_MAX, AMBIT_WORD_MAX - type.len - 1},
        .limit = limit > ret->steps ? limit - ret->steps : 0,
    };
    struct find_answer found;
    err = find_word(&find, &found);
    if (err)
        return err;
    ret->steps += found.steps;
    if (found.is_found)
        tell(&making, &found, ret);
    return AMBIT_OK;
}

enum ambit_err ambit_area_find(const struct ambit_area_question *question,
                               struct ambit_area_answer *ret)
{
    AMBIT_ASSERT(question->n_inside > 0 && question->n_inside <= AMBIT_AREA_INSIDE_MAX);
    *ret = (struct ambit_area_answer){0};
    ARENA_AUTO arena;
    arena_init(&arena, NULL, 0, 0);
    struct asking asking = {
        .question = question,
        .first = question->terms.kind == AMBIT_AREA_RESOURCES ? STAGE_RESOURCE : STAGE_ACTION,
        .last = question->terms.kind == AMBIT_AREA_ACTIONS ? STAGE_ACTION : STAGE_RESOURCE,
        .arena = &arena,
    };
    enum ambit_err err = take_areas(&asking, question->inside, question->n_inside, &asking.inside);
    if (!err)
        err = take_areas(&asking, question->outside, question->n_outside, &asking.outside);
    if (!err)
        err = take_types(&asking);
    for (size_t i = 0; !err && !ret->is_found && i < asking.n_types; i++)
        err = ask_type(&asking, asking.types[i], ret);
    return err;
}
