/* SPDX-License-Identifier: Apache-2.0 */
/* application/x-www-form-urlencoded, strictly (HTP-6, HTP-7, HTP-8): '+' is space, %XX both digits,
 * NUL or bytes that are not UTF-8 after decoding refuse the form. A name that occurs twice is
 * refused unless it is `resource` or `audience`. Empty values count as absent. */
#pragma once

#include "base/arena.h"

enum { FORM_FIELDS_MAX = 64 };
struct form_field {
    struct ambit_str name, value;
};
struct form {
    size_t n;
    struct form_field fields[FORM_FIELDS_MAX];
};

/* reterr_what: a fixed sentence fit for error_description. */
AMBIT_CHECKED enum ambit_err form_decode(struct ambit_str body, struct arena *arena,
                                         struct form *ret, const char **reterr_what);
/* {NULL,0} when absent or empty. */
struct ambit_str form_get(const struct form *form, const char *name);
size_t form_count(const struct form *form, const char *name);
/* One form-encoded component (the halves of a Basic credential, CLI-4; a query value). */
AMBIT_CHECKED enum ambit_err form_decode_component(struct ambit_str text, struct arena *arena,
                                                   struct ambit_str *ret);
