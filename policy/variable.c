/* SPDX-License-Identifier: Apache-2.0 */
/* Filling `${...}` and comparing with what was filled. Only patterns that have variables pay. */
#include "policy/variable.h"

#include "policy/judge.h"
#include "policy/pattern_glob.h"

struct text {
    char *p; /* room of AMBIT_WORD_MAX */
    size_t len;
    bool is_whole;
};

static void put(struct text *text, struct ambit_str more)
{
    if (more.len > AMBIT_WORD_MAX - text->len) {
        text->is_whole = false;
        return;
    }
    memcpy(text->p + text->len, more.p, more.len);
    text->len += more.len;
}

static struct ambit_str value_of(const struct variables *variables, struct ambit_str segment)
{
    if (ambit_str_is(segment, "${agent}"))
        return variables->agent;
    return ambit_str_is(segment, "${team}") ? variables->team : variables->purpose;
}

/* One segment, no pattern: everything else that is no segment is found when the whole is parsed. */
static bool is_one_segment(struct ambit_str value)
{
    return value.len > 0 && !memchr(value.p, '/', value.len) && !memchr(value.p, '*', value.len);
}

bool pattern_fill(const struct pattern *pattern, const struct variables *variables, char *text,
                  struct pattern_buf *ret)
{
    struct text out = {.p = text, .is_whole = true};
    size_t from = 0;
    for (size_t i = 0; i < pattern->n_segments; i++) {
        struct ambit_str segment = pattern_segment_text(pattern, i);
        if (!segment_is_variable(segment))
            continue;
        struct ambit_str value = value_of(variables, segment);
        size_t at = pattern->segments[i].at;
        if (!is_one_segment(value))
            return false;
        put(&out, (struct ambit_str){pattern->text.p + from, at - from});
        put(&out, value);
        from = at + segment.len;
    }
    put(&out, (struct ambit_str){pattern->text.p + from, pattern->text.len - from});
    return out.is_whole && pattern_parse((struct ambit_str){out.p, out.len}, PATTERN_RESOURCE,
                                         false, ret) == AMBIT_OK;
}

static enum ambit_err filled_contains(const struct pattern *pattern,
                                      const struct variables *variables, const struct pattern *item,
                                      bool *ret)
{
    struct pattern_buf buf PATTERN_SCRATCH;
    char text[AMBIT_WORD_MAX] PATTERN_SCRATCH;
    *ret = false;
    return pattern_fill(pattern, variables, text, &buf) ? pattern_contains(&buf.pattern, item, ret)
                                                        : AMBIT_OK;
}

static enum ambit_err resources_contain(const struct compiled_rule *rule,
                                        const struct variables *variables,
                                        const struct pattern *item, bool *ret)
{
    *ret = false;
    for (size_t i = 0; i < rule->resources.n && !*ret; i++) {
        const struct pattern *pattern = &rule->resources.v[i];
        enum ambit_err err = pattern->has_variables ? filled_contains(pattern, variables, item, ret)
                                                    : pattern_contains(pattern, item, ret);
        if (err)
            return err;
    }
    return AMBIT_OK;
}

enum ambit_err rule_contains(const struct compiled_rule *rule, const struct variables *variables,
                             const struct pattern *action, const struct pattern *resource,
                             bool *ret)
{
    enum ambit_err err = patterns_contain(&rule->actions, action, ret);
    return err || !*ret ? err : resources_contain(rule, variables, resource, ret);
}

static bool filled_matches(const struct pattern *pattern, const struct variables *variables,
                           const struct pattern *name)
{
    struct pattern_buf buf PATTERN_SCRATCH;
    char text[AMBIT_WORD_MAX] PATTERN_SCRATCH;
    return pattern_fill(pattern, variables, text, &buf) && pattern_matches(&buf.pattern, name);
}

bool rule_matches_resource(const struct compiled_rule *rule, const struct variables *variables,
                           const struct pattern *name)
{
    for (size_t i = 0; i < rule->resources.n; i++) {
        const struct pattern *pattern = &rule->resources.v[i];
        if (pattern->has_variables ? filled_matches(pattern, variables, name)
                                   : pattern_matches(pattern, name))
            return true;
    }
    return false;
}
