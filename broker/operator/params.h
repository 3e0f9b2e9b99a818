/* SPDX-License-Identifier: Apache-2.0 */
/* Query strings of the operator API: every name must be one the route knows (a filter that was
 * misspelt must not show everything), each value of its form. Pure. */
#pragma once

#include "base/form.h"
#include "core/query.h"

struct params {
    struct form form;
    struct arena *arena; /* of what is said to be wrong */
};
/* `names`: NULL-terminated. MALFORMED with *reterr_what. */
AMBIT_CHECKED enum ambit_err params_read(struct ambit_str query, const char *const *names,
                                         struct arena *arena, struct params *ret,
                                         const char **reterr_what);
/* limit (100, at most 1,000) and cursor. */
AMBIT_CHECKED enum ambit_err params_page(const struct params *params, struct page *ret,
                                         const char **reterr_what);
/* An index into `words`, which ends with NULL; `fallback` when absent. */
AMBIT_CHECKED enum ambit_err params_word(const struct params *params, const char *name,
                                         const char *const *words, size_t fallback, size_t *ret,
                                         const char **reterr_what);
AMBIT_CHECKED enum ambit_err params_u64(const struct params *params, const char *name,
                                        uint64_t fallback, uint64_t *ret, const char **reterr_what);
/* RFC 3339; 0 when absent. */
AMBIT_CHECKED enum ambit_err params_time(const struct params *params, const char *name,
                                         int64_t *ret_ms, const char **reterr_what);
AMBIT_CHECKED enum ambit_err params_bool(const struct params *params, const char *name, bool *ret,
                                         const char **reterr_what);
