/* SPDX-License-Identifier: Apache-2.0 */
/* One pattern inside two others: the narrower of them, or what their segments have in common. It
 * need not be all that they share; the engine is asked about whatever comes out. */
#include "policy/remedy.h"

#include "policy/pattern_glob.h"

struct common {
    char *text; /* AMBIT_WORD_MAX */
    size_t len;
    char separator; /* before the next segment; 0: none yet */
    char between;   /* the separator of this kind */
    bool is_whole;
};

static void put(struct common *out, struct ambit_str text)
{
    if (text.len > AMBIT_WORD_MAX - out->len) {
        out->is_whole = false;
        return;
    }
    memcpy(out->text + out->len, text.p, text.len);
    out->len += text.len;
}

static void put_segment(struct common *out, struct ambit_str text)
{
    if (out->separator)
        put(out, (struct ambit_str){&out->between, 1});
    put(out, text);
    out->separator = out->between;
}

static bool begins(struct ambit_str text, struct ambit_str head)
{
    return text.len >= head.len && memcmp(text.p, head.p, head.len) == 0;
}

static bool ends(struct ambit_str text, struct ambit_str tail)
{
    return text.len >= tail.len && memcmp(text.p + text.len - tail.len, tail.p, tail.len) == 0;
}

/* `head*tail` of two globs of one star each: the longer beginning, the longer end. */
static bool put_joined(struct common *out, struct ambit_str a, struct ambit_str b)
{
    const char *a_star = glob_first_star(a), *b_star = glob_first_star(b);
    if (!a_star || !b_star)
        return false;
    struct ambit_str heads[] = {{a.p, (size_t)(a_star - a.p)}, {b.p, (size_t)(b_star - b.p)}};
    struct ambit_str tails[] = {{a_star + 1, a.len - heads[0].len - 1},
                                {b_star + 1, b.len - heads[1].len - 1}};
    size_t head = heads[1].len > heads[0].len, tail = tails[1].len > tails[0].len;
    if (glob_first_star(tails[0]) || glob_first_star(tails[1]) ||
        !begins(heads[head], heads[!head]) || !ends(tails[tail], tails[!tail]))
        return false;
    put_segment(out, heads[head]);
    put(out, AMBIT_STR("*"));
    put(out, tails[tail]);
    return true;
}

static bool put_common_segment(struct common *out, struct ambit_str a, struct ambit_str b)
{
    if (glob_matches(a, b))
        put_segment(out, b);
    else if (glob_matches(b, a))
        put_segment(out, a);
    else
        return put_joined(out, a, b);
    return true;
}

/* `n` segments, of each pattern from its place on; a pattern that ends before is open there. */
struct run {
    const struct pattern *pattern;
    size_t from, n;
};

static bool put_run(struct common *out, struct run a, struct run b, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        bool in_a = i < a.n, in_b = i < b.n;
        struct ambit_str left =
            in_a ? pattern_segment_text(a.pattern, a.from + i) : (struct ambit_str){0};
        struct ambit_str right =
            in_b ? pattern_segment_text(b.pattern, b.from + i) : (struct ambit_str){0};
        if (in_a && in_b && !put_common_segment(out, left, right))
            return false;
        if (in_a != in_b)
            put_segment(out, in_a ? left : right);
    }
    return true;
}

static size_t larger(size_t a, size_t b)
{
    return a > b ? a : b;
}

/* The ends, aligned at the back: the longer one's first segments are in the other's `**`. */
static bool put_tails(struct common *out, const struct pattern *a, const struct pattern *b)
{
    size_t n = larger(a->n_tail, b->n_tail);
    for (size_t i = n; i > 0; i--) {
        struct ambit_str left = {0}, right = {0};
        if (i <= a->n_tail)
            left = pattern_segment_text(a, a->n_segments - i);
        if (i <= b->n_tail)
            right = pattern_segment_text(b, b->n_segments - i);
        if (left.p && right.p && !put_common_segment(out, left, right))
            return false;
        if (!left.p != !right.p)
            put_segment(out, left.p ? left : right);
    }
    return true;
}

static bool put_open(struct common *out, const struct pattern *a, const struct pattern *b)
{
    struct run heads[] = {{a, 0, a->n_head}, {b, 0, b->n_head}};
    if (!put_run(out, heads[0], heads[1], larger(a->n_head, b->n_head)))
        return false;
    put_segment(out, AMBIT_STR("**"));
    return put_tails(out, a, b);
}

/* `fixed` has no `**`, so its number of segments is the number. */
static bool put_fixed(struct common *out, const struct pattern *fixed, const struct pattern *other)
{
    size_t n = fixed->n_segments;
    if (other->n_any == 0 ? other->n_segments != n : other->n_segments > n)
        return false;
    for (size_t i = 0; i < n; i++) {
        struct ambit_str own = pattern_segment_text(fixed, i);
        bool in_head = i < other->n_head, in_tail = i + other->n_tail >= n;
        if (!in_head && !in_tail) {
            put_segment(out, own);
            continue;
        }
        size_t at = in_head ? i : other->n_segments - (n - i);
        if (!put_common_segment(out, own, pattern_segment_text(other, at)))
            return false;
    }
    return true;
}

struct ambit_str remedy_narrower(const struct pattern *a, const struct pattern *b, char *room)
{
    static const struct ambit_str none = {0};
    bool holds = false;
    if (pattern_contains(a, b, &holds) == AMBIT_OK && holds)
        return b->text;
    if (pattern_contains(b, a, &holds) == AMBIT_OK && holds)
        return a->text;
    if (!pattern_same_type(a, b) || a->n_middle > 0 || b->n_middle > 0)
        return none;

    bool is_resource = a->type_len > 0;
    struct common out = {.text = room, .between = is_resource ? '/' : '.', .is_whole = true};
    if (is_resource)
        put(&out, (struct ambit_str){a->text.p, (size_t)a->type_len + 1});
    bool is_common = a->n_any == 0   ? put_fixed(&out, a, b)
                     : b->n_any == 0 ? put_fixed(&out, b, a)
                                     : put_open(&out, a, b);
    return is_common && out.is_whole ? (struct ambit_str){room, out.len} : none;
}
