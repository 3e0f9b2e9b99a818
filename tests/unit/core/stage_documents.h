/* SPDX-License-Identifier: Apache-2.0 */
/* The documents that every stage begins with; the names in them are what the tests speak of. */
#pragma once

#include <stddef.h>

struct stage_file {
    const char *path, *text;
};
extern const struct stage_file stage_files[];
extern const size_t stage_n_files;
