/* SPDX-License-Identifier: Apache-2.0 */
/* Does one pattern contain another? The outer pattern is read as a small machine over segments
 * whose set of states is walked along the inner pattern; nothing is stored but the set at hand. */
#include "policy/pattern.h"
#include "policy/pattern_glob.h"

enum { STATES_MAX = PATTERN_SEGMENTS_MAX + AMBIT_STARSTAR_MAX + 1, WORDS = (STATES_MAX + 63) / 64 };

/* Bit i: the first i tokens of the outer pattern (segments and `**`) are behind us. */
struct states {
    uint64_t w[WORDS];
};

struct walk {
    const struct pattern *outer, *inner;
    size_t any[AMBIT_STARSTAR_MAX]; /* tokens of the outer that are `**` */
    size_t n_tokens;
    size_t steps, limit;
    bool is_unsettled;
};

static const struct ambit_str ANY_SEGMENT = {.p = "*", .len = 1};

static bool has(const struct states *x, size_t i)
{
    return x->w[i / 64] >> (i % 64) & 1;
}

static void add(struct states *x, size_t i)
{
    x->w[i / 64] |= UINT64_C(1) << (i % 64);
}

/* `**` may stand for nothing; and once a later `**` is reached, what still waits before it is
 * needless: whatever the rest accepts from there, the later `**` accepts too. */
static void settle(const struct walk *walk, struct states *x)
{
    for (size_t a = 0; a < walk->outer->n_any; a++) {
        if (has(x, walk->any[a]))
            add(x, walk->any[a] + 1);
    }
    for (size_t a = walk->outer->n_any; a-- > 0;) {
        size_t i = walk->any[a];
        if (!has(x, i))
            continue;
        memset(x->w, 0, i / 64 * sizeof x->w[0]);
        x->w[i / 64] &= ~UINT64_C(0) << (i % 64);
        return;
    }
}

static size_t segment_of_token(const struct walk *walk, size_t token)
{
    size_t before = 0;
    for (size_t a = 0; a < walk->outer->n_any; a++)
        before += walk->any[a] < token;
    return token - before;
}

static bool is_any(const struct walk *walk, size_t token)
{
    return (walk->outer->n_any > 0 && walk->any[0] == token) ||
           (walk->outer->n_any > 1 && walk->any[1] == token);
}

/* The states after one more segment of the inner. False: none is left, or too many steps. */
static bool step(struct walk *walk, struct states *x, struct ambit_str segment)
{
    if (++walk->steps > walk->limit) {
        walk->is_unsettled = true;
        return false;
    }
    struct states next = {0};
    bool is_empty = true;
    for (size_t w = 0; w < WORDS; w++) {
        for (uint64_t bits = x->w[w]; bits; bits &= bits - 1) {
            size_t token = w * 64 + (size_t)__builtin_ctzll(bits);
            if (token >= walk->n_tokens)
                continue;
            if (is_any(walk, token)) {
                add(&next, token);
                is_empty = false;
            } else if (segment_matches(
                           pattern_segment_text(walk->outer, segment_of_token(walk, token)),
                           segment)) {
                add(&next, token + 1);
                is_empty = false;
            }
        }
    }
    settle(walk, &next);
    *x = next;
    return !is_empty;
}

static bool run(struct walk *walk, struct states *x, size_t first, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (!step(walk, x, pattern_segment_text(walk->inner, first + i)))
            return false;
    }
    return true;
}

/* One more segment for a `**` of the inner. False when there is nothing new to try: the set
 * repeated, or the walk failed (*ret_failed). */
static bool grow(struct walk *walk, struct states *x, bool *ret_failed)
{
    struct states before = *x;
    *ret_failed = !step(walk, x, ANY_SEGMENT);
    return !*ret_failed && memcmp(before.w, x->w, sizeof before.w) != 0;
}

/* The sets met at the last `**` of the inner since the one before it had one number of segments. */
struct chain {
    struct states v[STATES_MAX + 1]; /* a `*` more at a time, they repeat no later than this */
    size_t n;
};

static bool chain_has(const struct chain *chain, const struct states *x)
{
    for (size_t i = 0; i < chain->n; i++) {
        if (memcmp(chain->v[i].w, x->w, sizeof x->w) == 0)
            return true;
    }
    return false;
}

/* From the last `**` of the inner on: every number of segments for it, then the tail. A set that
 * was met in the chain before is settled with all that follow it. */
static bool accepts_last(struct walk *walk, struct states x, const struct chain *before,
                         struct chain *ret_chain)
{
    const struct pattern *inner = walk->inner;
    bool failed = false;
    ret_chain->n = 0;
    do {
        struct states y = x;
        if (ret_chain->n <= STATES_MAX)
            ret_chain->v[ret_chain->n++] = x;
        if (before && chain_has(before, &x))
            return true;
        if (!run(walk, &y, (size_t)inner->n_head + inner->n_middle, inner->n_tail) ||
            !has(&y, walk->n_tokens))
            return false;
    } while (grow(walk, &x, &failed));
    return !failed;
}

/* A chain that ends in an earlier one is lengthened by what it did not walk itself, so that the
 * next need look at one alone. */
static void join(struct chain *chain, const struct chain *before)
{
    const struct states *last = &chain->v[chain->n - 1];
    size_t at = 0;
    while (at < before->n && memcmp(before->v[at].w, last->w, sizeof last->w) != 0)
        at++;
    while (++at < before->n && chain->n <= STATES_MAX)
        chain->v[chain->n++] = before->v[at];
}

static bool accepts_middle(struct walk *walk, struct states x)
{
    struct chain chains[2] PATTERN_SCRATCH;
    chains[1].n = 0;
    bool failed = false;
    size_t now = 0;
    do {
        struct states y = x;
        if (!run(walk, &y, walk->inner->n_head, walk->inner->n_middle) ||
            !accepts_last(walk, y, &chains[!now], &chains[now]))
            return false;
        join(&chains[now], &chains[!now]);
        now = !now;
    } while (grow(walk, &x, &failed));
    return !failed;
}

static bool accepts(struct walk *walk)
{
    const struct pattern *inner = walk->inner;
    struct states x = {0};
    add(&x, 0);
    settle(walk, &x);
    if (!run(walk, &x, 0, inner->n_head))
        return false;
    /* A name has at least one segment, so `**` alone stands for one or more. */
    if (inner->n_segments == 0 && !step(walk, &x, ANY_SEGMENT))
        return false;
    struct chain chain PATTERN_SCRATCH;
    return inner->n_any < 2 ? accepts_last(walk, x, NULL, &chain) : accepts_middle(walk, x);
}

enum ambit_err pattern_contains_counted(const struct pattern *outer, const struct pattern *inner,
                                        size_t limit, size_t *ret_steps, bool *ret)
{
    *ret_steps = 0;
    *ret = false;
    if (!pattern_same_type(outer, inner))
        return AMBIT_OK;
    if (inner->n_any == 0) {
        *ret = pattern_fits(outer, inner, segment_matches);
        return AMBIT_OK;
    }
    if (outer->n_any == 0)
        return AMBIT_OK;
    if (outer->n_segments == 0) {
        *ret = true;
        return AMBIT_OK;
    }

    struct walk walk = {
        .outer = outer,
        .inner = inner,
        .any = {outer->n_head, (size_t)outer->n_head + outer->n_middle + 1},
        .n_tokens = (size_t)outer->n_segments + outer->n_any,
        .limit = limit,
    };
    *ret = accepts(&walk);
    *ret_steps = walk.steps;
    return walk.is_unsettled ? AMBIT_ERR_TOO_LARGE : AMBIT_OK;
}

enum ambit_err pattern_contains(const struct pattern *outer, const struct pattern *inner, bool *ret)
{
    size_t steps = 0;
    return pattern_contains_counted(outer, inner, AMBIT_PATTERN_STEPS, &steps, ret);
}
