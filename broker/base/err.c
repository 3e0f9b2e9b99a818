/* SPDX-License-Identifier: Apache-2.0 */
/* The texts of enum ambit_err and the end of a failed assert. */
#include "ambit/base.h"

#include <stdio.h>

const char *ambit_err_text(enum ambit_err err)
{
    static const char *const texts[] = {
#define X(name, text) [AMBIT_ERR_##name] = text,
        AMBIT_ERR_LIST(X)
#undef X
    };
    return (size_t)err < AMBIT_LEN(texts) ? texts[err] : "unknown error";
}

void ambit_assert_failed(const char *claim, const char *file, int line)
{
    fprintf(stderr, "<0>ambit: %s:%d: this must hold and does not: %s\n", file, line, claim);
    abort();
}
