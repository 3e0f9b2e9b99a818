/* SPDX-License-Identifier: Apache-2.0 */
/* Patterns against rows from the language page, against a brute-force twin over every small name.
 * (Hostile input: test_pattern_hostile.c.) */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "ambit/policy.h"
#include "policy/pattern.h"

static struct pattern_buf *parse(const char *text, enum pattern_kind kind, struct pattern_buf *buf)
{
    assert_int_equal(pattern_parse(ambit_str_of(text), kind, false, buf), AMBIT_OK);
    return buf;
}

static enum pattern_kind kind_of(const char *text)
{
    return strchr(text, ':') ? PATTERN_RESOURCE : PATTERN_ACTION;
}

struct relation {
    const char *outer, *inner;
    bool contains, overlaps;
};

static const struct relation relations[] = {
    {"service.**", "service", true, true},
    {"service.**", "service.restart.force", true, true},
    {"service.**", "services", false, false},
    {"svc:**", "svc:a", true, true},
    {"svc:**", "db:a", false, false},
    {"svc:**", "svc:**", true, true},
    {"svc:staging/**", "svc:staging/web-*", true, true},
    {"svc:staging/**", "svc:*/web-1", false, true},
    {"svc:prod/*/web-*", "svc:prod/eu/web-1", true, true},
    {"svc:prod/*/web-*", "svc:prod/eu/de/web-1", false, false},
    {"svc:prod/*/web-*", "svc:prod/eu/db-*", false, false},
    {"**", "a.b.c", true, true},
    {"*", "**", false, true},
    {"*.**", "**", true, true},
    {"**.*", "**", true, true},
    {"**.**", "**", true, true},
    {"*.*.**", "**", false, true},
    {"a.**", "**", false, true},
    {"a.*.**", "a.**", false, true},
    {"a.*.**", "a.**.b", true, true},
    {"a.**.b", "a.**.c.b", true, true},
    {"**.a.**", "b.a.c", true, true},
    {"**.a.**", "b.**.c", false, true},
    {"**.a.**", "**.a", true, true},
    {"**.a.b.**", "a.a.b", true, true},
    {"**.a.**", "**.b.**", false, true},
    {"x*y", "x*a*y", true, true},
    {"*ab*", "a*b", false, true},
    {"*ab*", "*cabd*", true, true},
    {"a*a", "a", false, false},
    {"a*b*c", "a*b*c", true, true},
    {"ab*", "*cb", false, true},
    {"ab*", "ac*", false, false},
    {"*ab", "*cb", false, false},
    {"a*", "*", false, true},
};

static void test_relations(void **state)
{
    (void)state;
    for (size_t i = 0; i < AMBIT_LEN(relations); i++) {
        const struct relation *row = &relations[i];
        struct pattern_buf outer, inner;
        bool contains = false;
        parse(row->outer, kind_of(row->outer), &outer);
        parse(row->inner, kind_of(row->inner), &inner);
        assert_int_equal(pattern_contains(&outer.pattern, &inner.pattern, &contains), AMBIT_OK);
        if (contains != row->contains ||
            pattern_overlaps(&outer.pattern, &inner.pattern) != row->overlaps ||
            pattern_overlaps(&inner.pattern, &outer.pattern) != row->overlaps)
            fail_msg("%s against %s", row->outer, row->inner);
    }
}

static void test_form(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "",         ".",        "a..b", "a.",     "***",        "a**",  "a b",   "a?", "a%2e",
        "**.**.**", "a*b*c*d*", "a\\b", "svc:..", "svc:a/../b", "svc:", "SVC:a", ":a", "svc:a//b"};
    struct pattern_buf buf;
    for (size_t i = 0; i < AMBIT_LEN(bad); i++) {
        if (pattern_parse(ambit_str_of(bad[i]), kind_of(bad[i]), false, &buf) == AMBIT_OK)
            fail_msg("%s is no pattern", bad[i]);
    }
    assert_int_equal(pattern_parse_name(AMBIT_STR("a.*"), PATTERN_ACTION, &buf),
                     AMBIT_ERR_MALFORMED);
    assert_int_equal(pattern_parse_name(AMBIT_STR("svc:a:b/c.d"), PATTERN_RESOURCE, &buf),
                     AMBIT_OK);
    assert_int_equal(buf.pattern.n_segments, 2);
    assert_int_equal(pattern_parse(AMBIT_STR("svc:${agent}/x"), PATTERN_RESOURCE, false, &buf),
                     AMBIT_ERR_MALFORMED);
    assert_int_equal(pattern_parse(AMBIT_STR("svc:${agent}/x"), PATTERN_RESOURCE, true, &buf),
                     AMBIT_OK);
    assert_true(buf.pattern.has_variables);
}

static void test_texts(void **state)
{
    (void)state;
    static const struct {
        const char *pattern, *text;
        bool matches;
    } rows[] = {
        {"INC-*", "INC-4711", true},
        {"INC-*", "INC-", true},
        {"INC-*", "inc-1", false},
        {"*", "", true},
        {"*a*b*", "xxayyb", true},
        {"*a*b*", "ba", false},
        {"a*a", "a", false},
        {"plain", "plain", true},
        {"plain", "plain ", false},
        {"*.txt", "a/b.txt", true},
        {"ab*ba", "aba", false},
        {"a*?", "a?", true},
        {"${agent}/x", "anything", false},
        {"${a*", "${abc", true},
        {"", "x", false},
        {"x", "", false},
    };
    for (size_t i = 0; i < AMBIT_LEN(rows); i++) {
        if (pattern_matches_text(ambit_str_of(rows[i].pattern), ambit_str_of(rows[i].text)) !=
            rows[i].matches)
            fail_msg("%s against %s", rows[i].pattern, rows[i].text);
    }
}

/* ---- the brute-force twin -------------------------------------------------------------------- */

static bool twin_segment(const char *p, const char *pe, const char *s, const char *se)
{
    if (p == pe)
        return s == se;
    if (*p == '*') {
        for (const char *t = s; t <= se; t++) {
            if (twin_segment(p + 1, pe, t, se))
                return true;
        }
        return false;
    }
    return s < se && *p == *s && twin_segment(p + 1, pe, s + 1, se);
}

static const char *segment_end(const char *p)
{
    return p + strcspn(p, ".");
}

/* NULL: nothing is left. */
static const char *rest_after(const char *end)
{
    return *end ? end + 1 : NULL;
}

static bool twin(const char *p, const char *s)
{
    if (!p)
        return !s;
    const char *pe = segment_end(p);
    if (pe - p == 2 && p[0] == '*' && p[1] == '*')
        return twin(rest_after(pe), s) || (s && twin(p, rest_after(segment_end(s))));
    if (!s)
        return false;
    const char *se = segment_end(s);
    return twin_segment(p, pe, s, se) && twin(rest_after(pe), rest_after(se));
}

/* Every sequence of `words` of at most `most` of them. */
struct pool {
    char (*v)[40];
    size_t n;
};

static struct pool all_of(const char *const *words, size_t n_words, size_t most, const char *join)
{
    size_t total = 0, power = 1;
    for (size_t k = 1; k <= most; k++)
        total += power *= n_words;
    struct pool pool = {.v = calloc(total, sizeof *pool.v)};
    assert_non_null(pool.v);
    power = 1;
    for (size_t k = 1; k <= most; k++) {
        power *= n_words;
        for (size_t i = 0; i < power; i++) {
            size_t left = i, at = 0;
            for (size_t w = 0; w < k; w++, left /= n_words)
                at += (size_t)snprintf(pool.v[pool.n] + at, sizeof *pool.v - at, "%s%s",
                                       w ? join : "", words[left % n_words]);
            pool.n++;
        }
    }
    return pool;
}

struct judged {
    struct pattern_buf buf;
    uint64_t *names; /* which of the names it matches */
};

/* match == the twin for every name; then contain and overlap of all pairs from the sets of names.
 */
static void compare(struct pool names, struct pool texts)
{
    struct judged *all = calloc(texts.n, sizeof *all);
    size_t n = 0, words = (names.n + 63) / 64;
    assert_non_null(all);
    for (size_t t = 0; t < texts.n; t++) {
        struct judged *judged = &all[n];
        if (pattern_parse(ambit_str_of(texts.v[t]), PATTERN_ACTION, false, &judged->buf))
            continue;
        n++;
        judged->buf.pattern.segments = judged->buf.room;
        judged->names = calloc(words, sizeof(uint64_t));
        assert_non_null(judged->names);
        for (size_t i = 0; i < names.n; i++) {
            struct pattern_buf name;
            assert_int_equal(pattern_parse_name(ambit_str_of(names.v[i]), PATTERN_ACTION, &name),
                             AMBIT_OK);
            bool matches = twin(texts.v[t], names.v[i]);
            if (matches != pattern_matches(&judged->buf.pattern, &name.pattern))
                fail_msg("match %s %s is %d", texts.v[t], names.v[i], matches);
            judged->names[i / 64] |= (uint64_t)matches << (i % 64);
        }
    }
    assert_true(n > 30);
    for (size_t a = 0; a < n; a++) {
        for (size_t b = 0; b < n; b++) {
            const struct pattern *outer = &all[a].buf.pattern, *inner = &all[b].buf.pattern;
            bool inside = true, meets = false, contains = false;
            for (size_t w = 0; w < words; w++) {
                inside &= (all[b].names[w] & ~all[a].names[w]) == 0;
                meets |= (all[b].names[w] & all[a].names[w]) != 0;
            }
            assert_int_equal(pattern_contains(outer, inner, &contains), AMBIT_OK);
            if (contains != inside)
                fail_msg("contain %.*s %.*s is %d", AMBIT_STR_ARG(outer->text),
                         AMBIT_STR_ARG(inner->text), inside);
            /* A common name may need as many segments as both patterns together. */
            bool is_exact = outer->n_segments + inner->n_segments <= 6;
            if (pattern_overlaps(outer, inner) != meets && (is_exact || meets))
                fail_msg("overlap %.*s %.*s is %d", AMBIT_STR_ARG(outer->text),
                         AMBIT_STR_ARG(inner->text), meets);
        }
    }
    for (size_t i = 0; i < n; i++)
        free(all[i].names);
    free(all);
    free(names.v);
    free(texts.v);
}

/* One segment: every pattern of up to four bytes, every word of up to six over three letters: `c`
 * is the byte that occurs in no pattern. */
static void test_twin_segment(void **state)
{
    (void)state;
    static const char *const letters[] = {"a", "b", "c"}, *const bytes[] = {"a", "b", "*"};
    struct pool texts = all_of(bytes, 3, 4, "");
    for (size_t i = 0; i < texts.n; i++) {
        if (strstr(texts.v[i], "**"))
            texts.v[i][0] = '\0'; /* needs names of several segments: the next test */
    }
    compare(all_of(letters, 3, 6, ""), texts);
}

/* Many segments: every pattern of up to four of these, every name long enough to tell any two of
 * them apart; for each segment pattern there is a word that no other matches. */
static void test_twin_segments(void **state)
{
    (void)state;
    static const char *const words[] = {"a", "b", "ab"}, *const more[] = {"a", "ab", "ac", "cb",
                                                                          "c"};
    static const char *const segments[] = {"a", "*", "**", "a*"};
    static const char *const others[] = {"a", "**", "a*", "*b"};
    compare(all_of(words, 3, 8, "."), all_of(segments, 4, 4, "."));
    compare(all_of(more, 5, 6, "."), all_of(others, 4, 4, "."));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_form),          cmocka_unit_test(test_relations),
        cmocka_unit_test(test_texts),         cmocka_unit_test(test_twin_segment),
        cmocka_unit_test(test_twin_segments),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
