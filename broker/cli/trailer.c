/* SPDX-License-Identifier: Apache-2.0 */
/* Reads commit trailers. */
#include "cli/trailer.h"

#include <strings.h>

#include "base/encode.h"

const char trailer_name[] = "Ambit-Decision:";

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

/* The id of this line; false: it names none. */
static bool line_id(struct ambit_str line, struct ambit_str *ret)
{
    struct ambit_id id;
    size_t name = sizeof trailer_name - 1;
    if (line.len < name || strncasecmp(line.p, trailer_name, name) != 0)
        return false;
    struct ambit_str rest = {.p = line.p + name, .len = line.len - name};
    while (rest.len > 0 && is_blank(rest.p[0]))
        rest = (struct ambit_str){.p = rest.p + 1, .len = rest.len - 1};
    while (rest.len > 0 && is_blank(rest.p[rest.len - 1]))
        rest.len--;
    if (id_decode(rest, &id) != AMBIT_OK)
        return false;
    *ret = rest;
    return true;
}

size_t trailer_find(struct ambit_str message, struct ambit_str *ret_id)
{
    struct ambit_str found = {NULL, 0}, id;
    size_t n = 0;
    while (message.len > 0) {
        const char *end = memchr(message.p, '\n', message.len);
        size_t len = end ? (size_t)(end - message.p) : message.len;
        if (line_id((struct ambit_str){.p = message.p, .len = len}, &id) &&
            !(n > 0 && ambit_str_eq(id, found))) {
            found = id;
            n++;
        }
        len += end != NULL;
        message = (struct ambit_str){.p = message.p + len, .len = message.len - len};
    }
    if (n > 0)
        *ret_id = found;
    return n;
}
