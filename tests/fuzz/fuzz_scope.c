/* SPDX-License-Identifier: Apache-2.0 */
/* The scope parameter: what was read, printed again, reads as the same items. */
#include <string.h>

#include "base/buf.h"
#include "fuzz.h"
#include "oauth/asked.h"

static void print_items(const struct asked *asked, struct buf *buf)
{
    for (size_t i = 0; i < asked->n; i++) {
        buf_put_text(buf, i ? " " : "");
        buf_put_str(buf, asked->items[i].action);
        if (!asked->items[i].resource.p)
            continue;
        buf_put_char(buf, '[');
        buf_put_str(buf, asked->items[i].resource);
        buf_put_char(buf, ']');
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct asked first = {0}, second = {0};
    const char *what = NULL;
    struct ambit_str text = {.p = (const char *)data, .len = size};
    if (size == 0 || scope_read(text, &first, &what) != AMBIT_OK)
        return 0;
    FUZZ_CHECK(first.n > 0 && first.n <= ASKED_MAX && first.n == first.n_scope);

    BUF_AUTO printed;
    buf_init(&printed, 0);
    print_items(&first, &printed);
    FUZZ_CHECK(printed.len <= size);
    FUZZ_CHECK(scope_read(buf_str(&printed), &second, &what) == AMBIT_OK);
    FUZZ_CHECK(first.n == second.n);
    for (size_t i = 0; i < first.n; i++) {
        FUZZ_CHECK(ambit_str_eq(first.items[i].action, second.items[i].action));
        FUZZ_CHECK(ambit_str_eq(first.items[i].resource, second.items[i].resource));
        FUZZ_CHECK(!first.items[i].resource.p == !second.items[i].resource.p);
    }
    return 0;
}
