/* SPDX-License-Identifier: Apache-2.0 */
/* Searches: the first byte says which. What was read has its bounds, reads the same again, and the
 * token of its next page is taken by the same search and no other. */
#include "authzen/search_body.h"
#include "base/encode.h"
#include "base/json_read.h"
#include "fuzz.h"

static void check_token(const struct search_body *got, struct arena *arena)
{
    struct ambit_str token = search_token(got, AMBIT_STR("svc:x"), arena);
    uint8_t bytes[64];
    size_t len = 0;
    FUZZ_CHECK(token.p && base64url_decode(token, bytes, sizeof bytes, &len) == AMBIT_OK);
    FUZZ_CHECK(len == SEARCH_DIGEST + 5 && memcmp(bytes, got->digest, SEARCH_DIGEST) == 0 &&
               memcmp(bytes + SEARCH_DIGEST, "svc:x", 5) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    ARENA_AUTO arena;
    arena_init(&arena, NULL, 0, (size_t)64 << 20);
    struct search_body got, again;
    const char *what = NULL;
    enum evaluation_sought sought = (enum evaluation_sought)(1 + data[0] % 3);
    struct ambit_str body = {.p = (const char *)data + 1, .len = size - 1};
    enum ambit_err err = search_body_read(body, sought, &arena, &got, &what);
    FUZZ_CHECK(err != AMBIT_ERR_MALFORMED || what);
    if (err)
        return 0;
    FUZZ_CHECK(got.limit >= 1 && got.limit <= SEARCH_PAGE_MAX);
    FUZZ_CHECK(sought == SOUGHT_SUBJECT ? !got.asked.subject_id.p : got.asked.subject_id.p != NULL);
    FUZZ_CHECK(sought == SOUGHT_ACTION ? !got.asked.action.p : got.asked.action.p != NULL);
    FUZZ_CHECK(sought == SOUGHT_RESOURCE ? !got.asked.resource.p : got.asked.resource.p != NULL);
    FUZZ_CHECK(search_body_read(body, sought, &arena, &again, &what) == AMBIT_OK);
    FUZZ_CHECK(memcmp(got.digest, again.digest, SEARCH_DIGEST) == 0);
    check_token(&got, &arena);
    return 0;
}
