/* SPDX-License-Identifier: Apache-2.0 */
/* Where a set of documents lives: one arena, freed at once. Shared by read.c, which fills it, and
 * document.c, which frees it. */
#pragma once

#include "ambit/document.h"
#include "base/arena.h"

struct ambit_documents_memory {
    struct arena arena;
};
