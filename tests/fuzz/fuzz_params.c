/* SPDX-License-Identifier: Apache-2.0 */
/* Query strings of lists: what was read has only known names and a page within its bounds. */
#include "fuzz.h"
#include "operator/params.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const names[] = {"state", "since",  "after", "checks",
                                        "limit", "cursor", NULL};
    static const char *const states[] = {"live", "ended", "all", NULL};
    ARENA_AUTO arena;
    arena_init(&arena, NULL, 0, (size_t)16 << 20);
    struct ambit_str query = {.p = size ? (const char *)data : "", .len = size};
    struct params params = {0};
    const char *what = NULL;
    if (params_read(query, names, &arena, &params, &what) != AMBIT_OK) {
        FUZZ_CHECK(what);
        return 0;
    }
    FUZZ_CHECK(params.form.n <= 6);

    struct page page = {0};
    size_t state = 0;
    uint64_t after = 0;
    int64_t since_ms = 0;
    bool checks = false;
    if (params_page(&params, &page, &what) == AMBIT_OK)
        FUZZ_CHECK(page.limit >= 1 && page.limit <= 1000);
    if (params_word(&params, "state", states, 0, &state, &what) == AMBIT_OK)
        FUZZ_CHECK(state < 3);
    if (params_u64(&params, "after", 7, &after, &what) == AMBIT_OK)
        FUZZ_CHECK(form_get(&params.form, "after").p || after == 7);
    if (params_time(&params, "since", &since_ms, &what) == AMBIT_OK)
        FUZZ_CHECK(form_get(&params.form, "since").p || since_ms == 0);
    if (params_bool(&params, "checks", &checks, &what) == AMBIT_OK)
        FUZZ_CHECK(form_get(&params.form, "checks").p || !checks);
    return 0;
}
