/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as an OpenSSH public key line. What is accepted names one of the seven types, is still
 * accepted with another comment, and not with a byte of its key cut off. */
#include <string.h>

#include "fuzz.h"

#include "ambit/base.h"
#include "policy/shape_ssh.h"

enum { LINE_MAX = 16384 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct ambit_str line = {.p = data ? (const char *)data : "", .len = size};
    if (shape_ssh_key_fault(line) || size > LINE_MAX)
        return 0;

    static char text[LINE_MAX + 16];
    const char *space = memchr(line.p, ' ', line.len);
    FUZZ_CHECK(space && space - line.p >= 7);
    const char *comment = memchr(space + 1, ' ', line.len - (size_t)(space + 1 - line.p));
    size_t len = comment ? (size_t)(comment - line.p) : line.len;
    memcpy(text, line.p, len);
    memcpy(text + len, " x y", 4);
    FUZZ_CHECK(!shape_ssh_key_fault((struct ambit_str){.p = text, .len = len + 4}));
    FUZZ_CHECK(!shape_ssh_key_fault((struct ambit_str){.p = text, .len = len}));
    FUZZ_CHECK(shape_ssh_key_fault((struct ambit_str){.p = text, .len = len - 4}));
    return 0;
}
