/* SPDX-License-Identifier: Apache-2.0 */
/* Writes events.json to standard output: for each golden event the leaf's bytes (base64), its
 * opening and its leaf hash (hex). Run once, by version 0.1.0; kept to say how the file came about.
 *   build/tests/unit/core/make_golden_events > tests/unit/core/golden/events.json */
#include <stdio.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/encode.h"
#include "base/json_write.h"
#include "golden/events.h"
#include "ledger/tree.h"

static void put(struct json_out *out, size_t i)
{
    ARENA_AUTO arena = {0};
    BUF_AUTO leaf = {0}, opening = {0}, text = {0};
    struct event event = golden_event(i, &arena);
    struct event_seed seed = golden_seed(i);
    AMBIT_ASSERT(event_encode(&event, &seed, &leaf, &opening) == AMBIT_OK);
    struct ambit_digest hash = tree_leaf(buf_str(&leaf));
    buf_put_base64(&text, (const uint8_t *)leaf.p, leaf.len);
    json_begin_object(out);
    json_member_str(out, "bytes", buf_str(&text));
    json_key(out, "opening");
    json_str(out, buf_str(&opening));
    json_key(out, "leaf");
    json_hex(out, hash.b, sizeof hash.b);
    json_end_object(out);
}

int main(void)
{
    puts("[");
    for (size_t i = 0; i < GOLDEN_EVENTS; i++) {
        BUF_AUTO line = {0};
        struct json_out out;
        json_out_init(&out, &line, false);
        put(&out, i);
        AMBIT_ASSERT(buf_check(&line) == AMBIT_OK);
        printf("%.*s%s\n", AMBIT_STR_ARG(buf_str(&line)), i + 1 < GOLDEN_EVENTS ? "," : "");
    }
    puts("]");
    return fflush(stdout) == 0 ? 0 : 1;
}
