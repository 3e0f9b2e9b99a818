/* SPDX-License-Identifier: Apache-2.0 */
/* authorization_details: what was read, written as one object an item, reads as the same items and
 * the same purpose. */
#include "base/arena.h"
#include "base/json_write.h"
#include "fuzz.h"
#include "oauth/asked.h"

static void write_item(struct json_out *out, const struct asked *asked, size_t i)
{
    json_begin_object(out);
    json_member_text(out, "type", "ambit");
    json_key(out, "actions");
    json_begin_array(out);
    json_str(out, asked->items[i].action);
    json_end_array(out);
    json_key(out, "resources");
    json_begin_array(out);
    json_str(out, asked->items[i].resource);
    json_end_array(out);
    json_member_str(out, "purpose", asked->purpose);
    json_end_object(out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    ARENA_AUTO arena;
    arena_init(&arena, NULL, 0, (size_t)64 << 20);
    struct asked first = {0}, second = {0};
    const char *what = NULL;
    struct ambit_str text = {.p = (const char *)data, .len = size};
    if (details_read(text, &arena, &first, &what) != AMBIT_OK)
        return 0;
    FUZZ_CHECK(first.n > 0 && first.n <= ASKED_MAX && first.n_scope == 0);
    FUZZ_CHECK(!first.purpose.p || asked_text_is_fine(first.purpose));

    BUF_AUTO printed;
    buf_init(&printed, 0);
    struct json_out out;
    json_out_init(&out, &printed, false);
    json_begin_array(&out);
    for (size_t i = 0; i < first.n; i++)
        write_item(&out, &first, i);
    json_end_array(&out);
    FUZZ_CHECK(buf_check(&printed) == AMBIT_OK);
    FUZZ_CHECK(details_read(buf_str(&printed), &arena, &second, &what) == AMBIT_OK);
    FUZZ_CHECK(first.n == second.n && ambit_str_eq(first.purpose, second.purpose));
    for (size_t i = 0; i < first.n; i++) {
        FUZZ_CHECK(ambit_str_eq(first.items[i].action, second.items[i].action));
        FUZZ_CHECK(ambit_str_eq(first.items[i].resource, second.items[i].resource));
    }
    return 0;
}
