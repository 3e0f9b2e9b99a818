/* SPDX-License-Identifier: Apache-2.0 */
/* Overlap, excess and difference, each as the one question behind them. */
#include "ambit/pattern.h"

enum ambit_err ambit_area_overlap(const struct ambit_area_terms *terms, const struct ambit_area *a,
                                  const struct ambit_area *b, struct ambit_area_answer *ret)
{
    const struct ambit_area both[] = {*a, *b};
    const struct ambit_area_question question = {.terms = *terms, .inside = both, .n_inside = 2};
    return ambit_area_find(&question, ret);
}

enum ambit_err ambit_area_excess(const struct ambit_area_terms *terms,
                                 const struct ambit_area *inner, const struct ambit_area *outer,
                                 size_t n_outer, struct ambit_area_answer *ret)
{
    const struct ambit_area_question question = {
        .terms = *terms, .inside = inner, .n_inside = 1, .outside = outer, .n_outside = n_outer};
    return ambit_area_find(&question, ret);
}

static enum ambit_err find_only(const struct ambit_area_terms *terms,
                                const struct ambit_area_list *side,
                                const struct ambit_area_list *other, struct ambit_area_answer *ret)
{
    *ret = (struct ambit_area_answer){0};
    enum ambit_err err = AMBIT_OK;
    for (size_t i = 0; !err && !ret->is_found && i < side->n; i++)
        err = ambit_area_excess(terms, &side->v[i], other->v, other->n, ret);
    return err;
}

enum ambit_err ambit_area_differ(const struct ambit_area_terms *terms,
                                 const struct ambit_area_list *a, const struct ambit_area_list *b,
                                 struct ambit_area_difference *ret)
{
    enum ambit_err err = find_only(terms, a, b, &ret->left);
    if (err)
        return err;

    return find_only(terms, b, a, &ret->right);
}
