/* SPDX-License-Identifier: Apache-2.0 */
/* The form reader: what was read, percent-encoded again, reads as the same fields. */
#include "base/buf.h"
#include "base/encode.h"
#include "base/form.h"
#include "fuzz.h"

static void print_form(const struct form *form, struct buf *ret)
{
    for (size_t i = 0; i < form->n; i++) {
        buf_put_text(ret, i ? "&" : "");
        percent_encode(ret, form->fields[i].name);
        buf_put_char(ret, '=');
        percent_encode(ret, form->fields[i].value);
    }
}

static void check_component(struct ambit_str text, struct arena *arena)
{
    struct ambit_str value = {.p = NULL};
    if (form_decode_component(text, arena, &value))
        return;

    BUF_AUTO printed;
    buf_init(&printed, 0);
    percent_encode(&printed, value);
    struct ambit_str again = {.p = NULL};
    FUZZ_CHECK(!form_decode_component(buf_str(&printed), arena, &again));
    FUZZ_CHECK(ambit_str_eq(value, again));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct form first, second;
    ARENA_AUTO arena;
    arena_init(&arena, NULL, 0, 1024 * 1024);
    struct ambit_str text = {.p = (const char *)data, .len = size};
    const char *what = NULL;
    check_component(text, &arena);
    if (form_decode(text, &arena, &first, &what)) {
        FUZZ_CHECK(what != NULL);
        return 0;
    }

    FUZZ_CHECK(first.n <= FORM_FIELDS_MAX);
    BUF_AUTO printed;
    buf_init(&printed, 0);
    print_form(&first, &printed);
    FUZZ_CHECK(!form_decode(buf_str(&printed), &arena, &second, &what));
    FUZZ_CHECK(first.n == second.n);
    for (size_t i = 0; i < first.n; i++) {
        FUZZ_CHECK(form_get(&first, "scope").len == 0 || form_count(&first, "scope") == 1);
        FUZZ_CHECK(utf8_is_valid(first.fields[i].value));
        FUZZ_CHECK(ambit_str_eq(first.fields[i].name, second.fields[i].name));
        FUZZ_CHECK(ambit_str_eq(first.fields[i].value, second.fields[i].value));
    }
    return 0;
}
