/* SPDX-License-Identifier: Apache-2.0 */
/* Words too long to be names. */
#include "core/word.h"

#include "base/arena.h"
#include "base/encode.h"
#include "crypto/digest.h"

enum ambit_err word_bounded(struct ambit_str text, struct arena *arena, struct ambit_str *ret)
{
    *ret = text;
    if (text.len <= AMBIT_WORD_MAX)
        return AMBIT_OK;

    static const char prefix[] = "?sha256:";
    enum { PREFIX = sizeof prefix - 1 };
    char word[PREFIX + HEX_DIGEST_LEN];
    struct ambit_digest digest;
    crypto_sha256(text.p, text.len, &digest);
    memcpy(word, prefix, PREFIX);
    hex_encode(digest.b, sizeof digest.b, word + PREFIX);
    *ret = arena_copy(arena, (struct ambit_str){.p = word, .len = sizeof word});
    return ret->p ? AMBIT_OK : AMBIT_ERR_NO_MEMORY;
}
