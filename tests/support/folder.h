/* SPDX-License-Identifier: Apache-2.0 */
/* A folder of a test's own, and its removal. */
#pragma once

#include <ftw.h>
#include <unistd.h>

#include "support/unit.h"

enum { FOLDER_PATH_MAX = 512 };

static inline void folder_make(char path[FOLDER_PATH_MAX])
{
    const char *root = getenv("TMPDIR");
    int n = snprintf(path, FOLDER_PATH_MAX, "%s/ambit-unit-XXXXXX", root ? root : "/tmp");

    assert_true(n > 0 && n < FOLDER_PATH_MAX);
    assert_non_null(mkdtemp(path));
}

static inline int folder_remove_one(const char *path, const struct stat *st, int kind,
                                    struct FTW *at)
{
    (void)st;
    (void)kind;
    (void)at;
    return remove(path);
}

static inline void folder_remove(const char *path)
{
    assert_int_equal(nftw(path, folder_remove_one, 16, FTW_DEPTH | FTW_PHYS), 0);
}

/* FOLDER/name */
static inline const char *folder_join(char dst[FOLDER_PATH_MAX], const char *folder,
                                      const char *name)
{
    int n = snprintf(dst, FOLDER_PATH_MAX, "%s/%s", folder, name);

    assert_true(n > 0 && n < FOLDER_PATH_MAX);
    return dst;
}
