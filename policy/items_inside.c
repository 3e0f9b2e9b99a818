/* SPDX-License-Identifier: Apache-2.0 */
/* Is what is asked for a part of what was shown to a person (policy-language.md, "Approval")? */
#include "policy/judge.h"

static enum ambit_err contains(struct ambit_str text, enum pattern_kind kind,
                               const struct pattern *item, bool *ret)
{
    struct pattern_buf buf PATTERN_SCRATCH;
    *ret = false;
    return pattern_parse(text, kind, false, &buf) == AMBIT_OK
               ? pattern_contains(&buf.pattern, item, ret)
               : AMBIT_OK;
}

static enum ambit_err is_inside(const struct ambit_item *shown, size_t n,
                                const struct ambit_item *asked, bool *ret)
{
    struct pattern_buf action PATTERN_SCRATCH, resource PATTERN_SCRATCH;
    *ret = false;
    if (!asked->resource.p ||
        pattern_parse(asked->action, PATTERN_ACTION, false, &action) != AMBIT_OK ||
        pattern_parse(asked->resource, PATTERN_RESOURCE, false, &resource) != AMBIT_OK)
        return AMBIT_OK;
    for (size_t i = 0; i < n && !*ret; i++) {
        enum ambit_err err = contains(shown[i].resource, PATTERN_RESOURCE, &resource.pattern, ret);
        if (!err && *ret)
            err = contains(shown[i].action, PATTERN_ACTION, &action.pattern, ret);
        if (err)
            return err;
    }
    return AMBIT_OK;
}

enum ambit_err ambit_items_inside(const struct ambit_item *shown, size_t n_shown,
                                  const struct ambit_item *asked, size_t n_asked, bool *ret)
{
    *ret = false;
    for (size_t i = 0; i < n_asked; i++) {
        enum ambit_err err = is_inside(shown, n_shown, &asked[i], ret);
        if (err || !*ret)
            return err;
    }
    return AMBIT_OK;
}
