/* SPDX-License-Identifier: Apache-2.0 */
/* A trace as people see it: whatever the answer holds, what is drawn has no control character but
 * the newlines that are ours, and as many lines in time order as there are moments. */
#include "base/arena.h"
#include "base/json_read.h"
#include "cli/trace.h"
#include "fuzz.h"

static void check_text(const struct buf *text)
{
    for (size_t i = 0; i < text->len; i++) {
        uint8_t byte = (uint8_t)text->p[i];
        FUZZ_CHECK(byte == '\n' || (byte >= 0x20 && byte != 0x7f));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    ARENA_AUTO arena;
    arena_init(&arena, NULL, 0, 64 << 20);
    struct json_problem problem;
    struct trace_view view = {.arena = &arena, .is_ascii = true};
    struct ambit_str text = {.p = (const char *)data, .len = size};
    if (json_read(text, (struct json_limits){.depth = 16}, &arena, &view.answer, &problem) !=
        AMBIT_OK)
        return 0;
    BUF_AUTO tree, timeline;
    buf_init(&tree, 0);
    buf_init(&timeline, 0);
    if (trace_tree(&tree, &view) == AMBIT_OK)
        check_text(&tree);
    if (trace_timeline(&timeline, &view) == AMBIT_OK)
        check_text(&timeline);
    return 0;
}
