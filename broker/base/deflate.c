/* SPDX-License-Identifier: Apache-2.0 */
/* See deflate.h: one call from whole input to whole output. */
#include "base/deflate.h"

#include <limits.h>
#include <zlib.h>

enum { WINDOW_BITS = 15, GZIP_BITS = 16, MEMORY_LEVEL = 8 };

enum ambit_err deflate_all(enum deflate_form form, struct ambit_str bytes, struct buf *out)
{
    z_stream stream = {0};
    if (bytes.len > UINT_MAX / 2)
        return AMBIT_ERR_TOO_LARGE;
    if (deflateInit2(&stream, Z_BEST_COMPRESSION, Z_DEFLATED,
                     WINDOW_BITS + (form == DEFLATE_GZIP ? GZIP_BITS : 0), MEMORY_LEVEL,
                     Z_DEFAULT_STRATEGY) != Z_OK)
        return AMBIT_ERR_NO_MEMORY;
    size_t room = deflateBound(&stream, (uLong)bytes.len);
    uint8_t *memory = malloc(room);
    enum ambit_err err = memory != NULL ? AMBIT_OK : AMBIT_ERR_NO_MEMORY;
    if (err == AMBIT_OK) {
        stream.next_in = (Bytef *)(uintptr_t)bytes.p;
        stream.avail_in = (uInt)bytes.len;
        stream.next_out = memory;
        stream.avail_out = (uInt)room;
        if (deflate(&stream, Z_FINISH) == Z_STREAM_END)
            buf_put(out, memory, room - stream.avail_out);
        else
            err = AMBIT_ERR_INTERNAL;
    }
    free(memory);
    (void)deflateEnd(&stream);
    return err == AMBIT_OK ? buf_check(out) : err;
}
