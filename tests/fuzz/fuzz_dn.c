/* SPDX-License-Identifier: Apache-2.0 */
/* Distinguished names: what is read, written again with every byte escaped, reads the same. */
#include "base/buf.h"
#include "base/dn.h"
#include "fuzz.h"

static void put(struct buf *out, const struct dn_piece *piece, bool is_first)
{
    if (!is_first)
        buf_put_char(out, piece->is_joined ? '+' : ',');
    buf_put_str(out, piece->type);
    buf_put_text(out, piece->is_encoded ? "=#" : "=");
    for (size_t i = 0; i < piece->value.len; i++) {
        if (!piece->is_encoded)
            buf_put_char(out, '\\');
        buf_put_hex(out, (const uint8_t *)&piece->value.p[i], 1);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct dn_piece pieces[DN_PIECES_MAX], again[DN_PIECES_MAX];
    size_t n = 0, n_again = 0;
    ARENA_AUTO arena;
    arena_init(&arena, NULL, 0, (size_t)64 << 20);
    struct ambit_str text = {.p = size ? (const char *)data : "", .len = size};
    if (dn_read(text, &arena, pieces, &n) != AMBIT_OK)
        return 0;
    FUZZ_CHECK(n > 0 && n <= DN_PIECES_MAX && !pieces[0].is_joined);

    BUF_AUTO out = {.p = NULL};
    for (size_t i = 0; i < n; i++)
        put(&out, &pieces[i], i == 0);
    FUZZ_CHECK(dn_read(buf_str(&out), &arena, again, &n_again) == AMBIT_OK && n_again == n);
    for (size_t i = 0; i < n; i++) {
        FUZZ_CHECK(pieces[i].value.len > 0 && pieces[i].type.len > 0);
        FUZZ_CHECK(ambit_str_eq(pieces[i].value, again[i].value) &&
                   ambit_str_eq(pieces[i].type, again[i].type) &&
                   pieces[i].is_joined == again[i].is_joined &&
                   pieces[i].is_encoded == again[i].is_encoded);
    }
    return 0;
}
