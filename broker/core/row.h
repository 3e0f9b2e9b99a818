/* SPDX-License-Identifier: Apache-2.0 */
/* The binary rows of core, one notation: a version byte, big-endian numbers, texts framed by a
 * 16-bit length in which 0xffff stands for absent. Writing appends to a buf; reading keeps its
 * first error, so that a decoder is a straight line with one check at its end. */
#pragma once

#include "base/arena.h"
#include "base/buf.h"

void row_put_u64(struct buf *buf, uint64_t value);
void row_put_u16(struct buf *buf, size_t value);
void row_put_text(struct buf *buf, struct ambit_str text);
void row_put_id(struct buf *buf, struct ambit_id id);

struct row_reader {
    const uint8_t *p;
    size_t left;
    struct arena *arena;
    enum ambit_err err;
};
struct row_reader row_reader(struct ambit_str bytes, struct arena *arena,
                             uint8_t version); /* reads the version byte */
const uint8_t *row_take(struct row_reader *reader, size_t len);
void row_take_into(struct row_reader *reader, void *dst, size_t len);
uint64_t row_take_u64(struct row_reader *reader);
size_t row_take_u16(struct row_reader *reader);
uint8_t row_take_u8(struct row_reader *reader);
struct ambit_str row_take_text(struct row_reader *reader);
/* A count of elements, each of at least one byte, and zeroed memory for them. */
void *row_take_array(struct row_reader *reader, size_t each, size_t *ret_n);
/* The first error, or DAMAGED when bytes are left over. */
AMBIT_CHECKED enum ambit_err row_end(const struct row_reader *reader);
