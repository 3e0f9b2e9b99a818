/* SPDX-License-Identifier: Apache-2.0 */
/* Words that callers send for names and patterns, before they are decided and recorded. What is
 * longer than any name can be is replaced by `?sha256:` and its digest: the engine calls it
 * `malformed` all the same (no name holds a '?'), the record stays bounded, and a token that was
 * pasted into the wrong place does not end up in the record. */
#pragma once

#include "ambit/model.h"

struct arena;

/* NO_MEMORY, or OK with the word to decide and record: `text` itself, or one in the arena. */
AMBIT_CHECKED enum ambit_err word_bounded(struct ambit_str text, struct arena *arena,
                                          struct ambit_str *ret);
