/* SPDX-License-Identifier: Apache-2.0 */
/* Test vectors from outside the project, found by AMBIT_VECTORS (default ../shared/vectors).
 * Absent: a line "# SKIP vectors absent" and the test passes; with CI=true it fails. */
#pragma once

#include <fcntl.h>
#include <unistd.h>

#include "support/unit.h"

/* The folder's path below the vectors, or NULL when there is none (and the caller returns). */
static inline const char *vectors_path(const char *below, char dst[4096])
{
    const char *root = getenv("AMBIT_VECTORS");
    const char *ci = getenv("CI");
    int n = snprintf(dst, 4096, "%s/%s", root ? root : "../shared/vectors", below);

    assert_true(n > 0 && n < 4096);
    if (access(dst, R_OK) == 0)
        return dst;
    if (ci && streq(ci, "true"))
        fail_msg("vectors absent: %s", dst);
    printf("# SKIP vectors absent: %s\n", below);
    return NULL;
}
