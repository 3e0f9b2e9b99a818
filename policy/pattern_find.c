/* SPDX-License-Identifier: Apache-2.0 */
/* Breadth first over words: is there one that every area inside reads to its end, and no area
 * outside does? See pattern_find.h and ambit/pattern.h. */
#include "policy/pattern_find.h"

#include "policy/name.h"
#include "policy/pattern_states.h"

/* ---- from one state to the next -------------------------------------------------------------- */

static bool takes_any(const struct find *find, const struct state *state)
{
    for (size_t i = 0; i < find->question->n_inside; i++) {
        if (!token_takes_any(&find->question->machine->v[state->at[i]]))
            return false;
    }
    return true;
}

/* What comes after one more byte of the segment; false: no name goes on so. */
static bool next_form(enum form form, char byte, enum stage stage, uint8_t *ret)
{
    if (byte == stage_separator(stage)) {
        *ret = FORM_BETWEEN;
        return form == FORM_SEGMENT;
    }
    *ret = FORM_SEGMENT;
    if (byte == '.' && (form == FORM_START || form == FORM_BETWEEN))
        *ret = FORM_DOT;
    else if (byte == '.' && form == FORM_DOT)
        *ret = FORM_DOTS;
    return true;
}

/* An area outside that takes whatever may still come. */
static bool is_hopeless(const struct find *find, const struct token_set *set)
{
    const struct token *v = find->question->machine->v;
    for (size_t i = 0; i < set->n; i++) {
        const struct token *token = &v[set->v[i]];
        if ((token->kind == TOKEN_ANY && token[2].kind == TOKEN_END) ||
            (token->kind == TOKEN_WITHIN && token[1].kind == TOKEN_END))
            return true;
    }
    return false;
}

static void take_byte(struct find *find, uint32_t from, char byte, bool feeds)
{
    const struct find_question *question = find->question;
    const struct state *state = &find->states[from];
    enum stage stage = (enum stage)state->stage;
    struct state next = *state;
    if (!next_form((enum form)state->form, byte, stage, &next.form))
        return;
    for (size_t i = 0; i < question->n_inside; i++) {
        size_t at = token_next(question->machine, state->at[i], byte, stage);
        if (at == SIZE_MAX)
            return;
        next.at[i] = (uint32_t)at;
    }
    next.is_fed = feeds;
    next.byte = byte;
    next.parent = from;
    machine_step(question->machine, find->pool + state->set, state->n_set, byte, stage,
                 &find->scratch);
    if (stage != question->last || !is_hopeless(find, &find->scratch))
        find_keep(find, next, find->scratch.v, find->scratch.n, &find->next);
}

/* The bytes that may come next: the one that some area inside writes out; where all take any, one
 * that nobody writes out, or all; and the separator where all are within a `**`. */
static void take_bytes(struct find *find, uint32_t from)
{
    const struct find_question *question = find->question;
    const struct state *state = &find->states[from];
    enum stage stage = (enum stage)state->stage;
    if (!takes_any(find, state)) {
        for (size_t i = 0; i < question->n_inside; i++) {
            const struct token *token = &question->machine->v[state->at[i]];
            if (token->kind != TOKEN_LITERAL)
                continue;
            take_byte(find, from, token->byte, false);
            return;
        }
        return; /* an area inside is at its end, another is not */
    }
    take_byte(find, from, stage_separator(stage), false);
    if (find->fresh[stage]) {
        take_byte(find, from, find->fresh[stage], !find->tries_all);
        return;
    }
    for (int byte = '!'; byte <= '~'; byte++) {
        if (byte != stage_separator(stage) && name_is_segment_byte((char)byte))
            take_byte(find, from, (char)byte, false);
    }
}

/* A star is left without a byte. Where all take any byte they must have taken one first: a word
 * with it goes past at least as many patterns. */
static void skip_tokens(struct find *find, uint32_t from)
{
    const struct find_question *question = find->question;
    bool must_feed = !find->tries_all && takes_any(find, &find->states[from]);
    for (size_t i = 0; i < question->n_inside; i++) {
        struct state next = find->states[from];
        size_t at = token_skip(question->machine, next.at[i]);
        bool is_star = question->machine->v[next.at[i]].kind == TOKEN_STAR;
        if (at == SIZE_MAX || (is_star && must_feed && !next.is_fed))
            continue;
        next.at[i] = (uint32_t)at;
        next.is_fed = false;
        next.byte = 0;
        next.parent = from;
        find_keep(find, next, find->pool + next.set, next.n_set, &find->now);
    }
}

/* ---- stages ---------------------------------------------------------------------------------- */

/* A state for each choice of one pattern of each area inside. */
static void begin_stage(struct find *find, struct state state, const struct token_set *set)
{
    const struct find_question *question = find->question;
    size_t chosen[INSIDE_MAX] = {0};
    state.form = FORM_START;
    state.is_fed = false;
    state.byte = 0;
    if (state.stage == question->last && is_hopeless(find, set))
        return;
    for (size_t i = 0; i < question->n_inside; i++) {
        if (question->inside[i].n[state.stage] == 0)
            return;
    }
    uint32_t first = (uint32_t)find->n_pool; /* the set is kept once for all of them */
    const uint32_t *v = set->v;
    for (;;) {
        for (size_t i = 0; i < question->n_inside; i++)
            state.at[i] = question->inside[i].starts[state.stage][chosen[i]];
        find_keep(find, state, v, set->n, &find->seeds);
        if (find->n_pool > first)
            v = find->pool + first;
        size_t i = 0;
        while (i < question->n_inside && ++chosen[i] == question->inside[i].n[state.stage])
            chosen[i++] = 0;
        if (i == question->n_inside)
            return;
    }
}

static void add_starts(struct find *find, size_t owner, enum stage stage)
{
    const struct find_area *area = &find->question->outside[owner];
    for (size_t i = 0; i < area->n[stage]; i++)
        machine_add_to_set(find->question->machine, &find->scratch, area->starts[stage][i]);
}

/* The word of this stage is whole: it is one we look for, or those areas outside that read it too
 * go on with the next. */
static void end_stage(struct find *find, uint32_t from)
{
    const struct find_question *question = find->question;
    const struct state *state = &find->states[from];
    const uint32_t *set = find->pool + state->set;
    machine_begin_set(question->machine, &find->scratch);
    for (size_t i = 0; i < state->n_set; i++) {
        const struct token *token = &question->machine->v[set[i]];
        if (token->kind != TOKEN_END)
            continue;
        if (state->stage == question->last)
            return;
        add_starts(find, token->owner, STAGE_RESOURCE);
    }
    if (state->stage == question->last) {
        find->is_found = true;
        find->found = from;
        return;
    }
    machine_end_set(question->machine, &find->scratch);
    struct state next = *state;
    next.stage = STAGE_RESOURCE;
    next.parent = from;
    begin_stage(find, next, &find->scratch);
}

static bool is_whole(const struct find *find, const struct state *state)
{
    for (size_t i = 0; i < find->question->n_inside; i++) {
        if (find->question->machine->v[state->at[i]].kind != TOKEN_END)
            return false;
    }
    return state->form == FORM_BETWEEN;
}

/* All words of a stage, from the seeds on, by length. One byte more than a name has: the separator
 * behind its last segment. */
static void walk_stage(struct find *find, enum stage stage)
{
    find->now.n = 0;
    for (size_t i = 0; i < find->seeds.n; i++)
        find_push(find, &find->now, find->seeds.v[i]);
    find->seeds.n = 0;
    for (size_t len = 0; find->now.n && !find->err && !find->is_found; len++) {
        find->next.n = 0;
        for (size_t i = 0; i < find->now.n && !find->err && !find->is_found; i++) {
            uint32_t at = find->now.v[i];
            if (is_whole(find, &find->states[at])) {
                end_stage(find, at);
                continue;
            }
            skip_tokens(find, at);
            if (len <= find->question->room[stage])
                take_bytes(find, at);
            else
                find->was_cut = true;
        }
        struct indices walked = find->now;
        find->now = find->next;
        find->next = walked;
    }
}

static void walk(struct find *find)
{
    const struct find_question *question = find->question;
    find_forget(find);
    find->was_cut = false;
    machine_begin_set(question->machine, &find->scratch);
    for (size_t i = 0; i < question->n_outside; i++)
        add_starts(find, i, question->first);
    machine_end_set(question->machine, &find->scratch);
    begin_stage(find, (struct state){.stage = (uint8_t)question->first, .parent = FREE},
                &find->scratch);
    for (int stage = question->first; stage <= (int)question->last; stage++)
        walk_stage(find, (enum stage)stage);
}

/* A byte that reads well and that no pattern writes out. */
static char fresh_byte(const struct machine *machine, enum stage stage)
{
    static const char order[] = "xzqwyvkjutsrponmlihgfedcba0123456789XZQWYVKJUTSRPONMLIHGFEDCBA"
                                "-_~+=@#$!&'(),:;<>^`|";
    for (const char *p = order; *p; p++) {
        if (!machine->uses[stage][(uint8_t)*p])
            return *p;
    }
    return !machine->uses[stage]['/'] && stage == STAGE_ACTION ? '/' : '\0';
}

static void copy_words(const struct find *find, struct find_answer *ret)
{
    size_t len[STAGES] = {0};
    for (uint32_t at = find->found; at != FREE; at = find->states[at].parent)
        len[find->states[at].stage] += find->states[at].byte != 0;
    for (uint32_t at = find->found; at != FREE; at = find->states[at].parent) {
        const struct state *state = &find->states[at];
        if (state->byte)
            ret->words[state->stage][--len[state->stage]] = state->byte;
    }
    for (size_t stage = 0; stage < STAGES; stage++) {
        size_t n = strlen(ret->words[stage]);
        if (n)
            ret->words[stage][n - 1] = '\0'; /* the separator behind the last segment */
    }
}

enum ambit_err find_word(const struct find_question *question, struct find_answer *ret)
{
    AMBIT_CLEANUP(find_done) struct find find = {.question = question};
    *ret = (struct find_answer){0};
    find.scratch.v = calloc(question->machine->n + 1, sizeof *find.scratch.v);
    if (!find.scratch.v)
        return AMBIT_ERR_NO_MEMORY;
    for (int stage = 0; stage < STAGES; stage++)
        find.fresh[stage] = fresh_byte(question->machine, (enum stage)stage);
    find.tries_all = !find.fresh[STAGE_ACTION] || !find.fresh[STAGE_RESOURCE];
    walk(&find);
    ret->steps = find.n_states;
    if (!find.err && !find.is_found && find.was_cut && !find.tries_all) {
        find.tries_all = true;
        walk(&find);
        ret->steps += find.n_states;
    }
    if (find.err)
        return find.err;

    ret->is_found = find.is_found;
    if (find.is_found)
        copy_words(&find, ret);
    return AMBIT_OK;
}
