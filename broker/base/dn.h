/* SPDX-License-Identifier: Apache-2.0 */
/* Distinguished names as text (RFC 4514), read piece by piece. Nothing is looked up here: a type is
 * what stands before the '='. Pure. */
#pragma once

#include "base/arena.h"

struct dn_piece {
    struct ambit_str type;  /* a descriptor or a dotted OID, as written */
    struct ambit_str value; /* unescaped; or the octets of '#' and hex digits */
    bool is_encoded;        /* the value is BER (section 2.4) */
    bool is_joined;         /* belongs to the same relative name as the piece before ('+') */
};
enum { DN_PIECES_MAX = 32 };
/* The pieces in the order of the text: the most specific first. MALFORMED; TOO_LARGE beyond
 * DN_PIECES_MAX; NO_MEMORY. The empty text is MALFORMED: it names nobody. */
AMBIT_CHECKED enum ambit_err dn_read(struct ambit_str text, struct arena *arena,
                                     struct dn_piece pieces[DN_PIECES_MAX], size_t *ret_n);
