/* SPDX-License-Identifier: Apache-2.0 */
/* Patterns as machines over bytes, for pattern_find.c. A name is read with a separator behind its
 * last segment too, so that every segment ends alike; a pattern becomes the tokens that read it:
 *   LITERAL  that byte (a separator too);
 *   STAR     any run of bytes of a segment;
 *   ANY      at the beginning of a segment: `**`, none or more whole segments;
 *   WITHIN   inside a segment that a `**` takes; stands right behind its ANY;
 *   END      the whole name was read.
 * What the machine of one pattern is in is a set of tokens that are next; the sets of many patterns
 * are one sorted list of token numbers, since each pattern's tokens stand together. */
#pragma once

#include "ambit/pattern.h"
#include "base/arena.h"

enum token_kind { TOKEN_LITERAL, TOKEN_STAR, TOKEN_ANY, TOKEN_WITHIN, TOKEN_END };

struct token {
    uint8_t kind;
    char byte;      /* LITERAL */
    uint16_t back;  /* to the first token of its segment */
    uint32_t first; /* token of its pattern */
    uint32_t owner; /* END: the area */
};

/* The stages of a question about pairs: the action is read whole, then the resource. */
enum stage { STAGE_ACTION, STAGE_RESOURCE, STAGES };

struct machine {
    struct token *v;
    size_t n, room;
    bool uses[STAGES][256]; /* bytes that stand as literals */
    uint32_t *stamps;       /* by token, for the set being made */
    uint32_t stamp;
    struct arena *arena;
};

/* Adds the tokens of a well-formed pattern without variables: of an action, or of a resource from
 * behind its type. *ret is its first token. NO_MEMORY. */
AMBIT_CHECKED enum ambit_err machine_add(struct machine *machine, struct ambit_str segments,
                                         enum stage stage, uint32_t owner, uint32_t *ret);
/* Once all are added: ready to make sets. NO_MEMORY. */
AMBIT_CHECKED enum ambit_err machine_finish(struct machine *machine);

/* A set of tokens: sorted, with everything that may be reached without a byte. */
struct token_set {
    uint32_t *v; /* room for as many as the machine has */
    size_t n;
};
void machine_begin_set(struct machine *machine, struct token_set *set);
void machine_add_to_set(struct machine *machine, struct token_set *set, uint32_t token);
/* Sorts, and drops what a later star makes needless. */
void machine_end_set(const struct machine *machine, struct token_set *set);

/* The set after one more byte. */
void machine_step(struct machine *machine, const uint32_t *from, size_t n, char byte,
                  enum stage stage, struct token_set *ret);

static inline char stage_separator(enum stage stage)
{
    return stage == STAGE_ACTION ? '.' : '/';
}

/* Does the token take any byte of a segment? */
static inline bool token_takes_any(const struct token *token)
{
    return token->kind == TOKEN_STAR || token->kind == TOKEN_ANY || token->kind == TOKEN_WITHIN;
}

/* The token that is next after one more byte, or SIZE_MAX: it does not take it. What may then be
 * reached without a byte is token_skip()'s. */
static inline size_t token_next(const struct machine *machine, size_t at, char byte,
                                enum stage stage)
{
    char separator = stage_separator(stage);
    const struct token *token = &machine->v[at];
    switch ((enum token_kind)token->kind) {
    case TOKEN_LITERAL:
        return token->byte == byte ? at + 1 : SIZE_MAX;
    case TOKEN_STAR:
        return byte != separator ? at : SIZE_MAX;
    case TOKEN_ANY:
        return byte != separator ? at + 1 : SIZE_MAX;
    case TOKEN_WITHIN:
        return byte != separator ? at : at - 1;
    case TOKEN_END:
        return SIZE_MAX;
    }
    AMBIT_ASSERT(!"a kind of token");
}

/* The token that may be taken instead without a byte, or SIZE_MAX. */
static inline size_t token_skip(const struct machine *machine, size_t at)
{
    switch ((enum token_kind)machine->v[at].kind) {
    case TOKEN_STAR:
        return at + 1;
    case TOKEN_ANY:
        return at + 2;
    case TOKEN_LITERAL:
    case TOKEN_WITHIN:
    case TOKEN_END:
        return SIZE_MAX;
    }
    AMBIT_ASSERT(!"a kind of token");
}
