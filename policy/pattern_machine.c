/* SPDX-License-Identifier: Apache-2.0 */
/* Patterns as machines over bytes: making them, and stepping sets of their tokens. */
#include "policy/pattern_machine.h"

static bool make_room(struct machine *machine, size_t n)
{
    if (machine->n + n <= machine->room)
        return true;
    size_t room = 2 * (machine->n + n);
    struct token *v = arena_array(machine->arena, room, sizeof *v);
    if (!v)
        return false;
    if (machine->n)
        memcpy(v, machine->v, machine->n * sizeof *v);
    machine->v = v;
    machine->room = room;
    return true;
}

static void put(struct machine *machine, struct token token, size_t segment, size_t first)
{
    token.back = (uint16_t)(machine->n - segment);
    token.first = (uint32_t)first;
    machine->v[machine->n++] = token;
}

static void put_segment(struct machine *machine, struct ambit_str text, enum stage stage,
                        size_t first)
{
    size_t segment = machine->n;
    if (ambit_str_is(text, "**")) {
        put(machine, (struct token){.kind = TOKEN_ANY}, segment, first);
        put(machine, (struct token){.kind = TOKEN_WITHIN}, segment, first);
        return;
    }
    for (size_t i = 0; i < text.len; i++) {
        char c = text.p[i];
        bool is_star = c == '*';
        put(machine, (struct token){.kind = is_star ? TOKEN_STAR : TOKEN_LITERAL, .byte = c},
            segment, first);
        machine->uses[stage][(uint8_t)c] = true;
    }
    put(machine, (struct token){.kind = TOKEN_LITERAL, .byte = stage_separator(stage)}, segment,
        first);
}

enum ambit_err machine_add(struct machine *machine, struct ambit_str segments, enum stage stage,
                           uint32_t owner, uint32_t *ret)
{
    /* A token a byte, the separator behind the last segment, END. */
    if (!make_room(machine, segments.len + 2))
        return AMBIT_ERR_NO_MEMORY;

    size_t first = machine->n, at = 0;
    while (at <= segments.len) {
        size_t end = at;
        while (end < segments.len && segments.p[end] != stage_separator(stage))
            end++;
        put_segment(machine, (struct ambit_str){.p = segments.p + at, .len = end - at}, stage,
                    first);
        at = end + 1;
    }
    put(machine, (struct token){.kind = TOKEN_END, .owner = owner}, machine->n, first);
    *ret = (uint32_t)first;
    return AMBIT_OK;
}

enum ambit_err machine_finish(struct machine *machine)
{
    machine->stamps = arena_array(machine->arena, machine->n, sizeof *machine->stamps);
    return machine->stamps ? AMBIT_OK : AMBIT_ERR_NO_MEMORY;
}

void machine_begin_set(struct machine *machine, struct token_set *set)
{
    set->n = 0;
    if (++machine->stamp == 0) {
        memset(machine->stamps, 0, machine->n * sizeof *machine->stamps);
        machine->stamp = 1;
    }
}

void machine_add_to_set(struct machine *machine, struct token_set *set, uint32_t token)
{
    size_t at = token;
    while (at != SIZE_MAX && machine->stamps[at] != machine->stamp) {
        machine->stamps[at] = machine->stamp;
        set->v[set->n++] = (uint32_t)at;
        at = token_skip(machine, at);
    }
}

/* Nearly sorted as it comes: each token leads to its neighbour. */
static void sort(uint32_t *v, size_t n)
{
    for (size_t i = 1; i < n; i++) {
        uint32_t x = v[i];
        size_t j = i;
        for (; j > 0 && v[j - 1] > x; j--)
            v[j] = v[j - 1];
        v[j] = x;
    }
}

/* From the last token back. Behind an ANY or WITHIN nothing earlier of its pattern is needed:
 * whatever that would accept by way of this `**`, the `**` accepts from here. Behind a STAR nothing
 * earlier of its segment is, for the same reason. */
void machine_end_set(const struct machine *machine, struct token_set *set)
{
    sort(set->v, set->n);
    size_t kept = set->n, star = SIZE_MAX, any = SIZE_MAX;
    for (size_t i = set->n; i-- > 0;) {
        size_t at = set->v[i];
        if (any != SIZE_MAX && machine->v[at].first == machine->v[any].first)
            continue;
        any = SIZE_MAX;
        if (star != SIZE_MAX && at < star && at >= star - machine->v[star].back)
            continue;
        const struct token *token = &machine->v[at];
        if (token->kind == TOKEN_ANY || token->kind == TOKEN_WITHIN)
            any = at;
        else if (token->kind == TOKEN_STAR)
            star = at;
        set->v[--kept] = (uint32_t)at;
    }
    memmove(set->v, set->v + kept, (set->n - kept) * sizeof *set->v);
    set->n -= kept;
}

void machine_step(struct machine *machine, const uint32_t *from, size_t n, char byte,
                  enum stage stage, struct token_set *ret)
{
    machine_begin_set(machine, ret);
    for (size_t i = 0; i < n; i++) {
        size_t next = token_next(machine, from[i], byte, stage);
        if (next != SIZE_MAX)
            machine_add_to_set(machine, ret, (uint32_t)next);
    }
    machine_end_set(machine, ret);
}
