/* SPDX-License-Identifier: Apache-2.0 */
/* Forms of token requests: what was read holds its bounds, what was refused has a code and words
 * fit for error_description. */
#include "base/arena.h"
#include "fuzz.h"
#include "oauth/token_request.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    ARENA_AUTO arena;
    arena_init(&arena, NULL, 0, (size_t)64 << 20);
    struct form form = {0};
    const char *what = NULL;
    struct ambit_str body = {.p = size ? (const char *)data : "", .len = size};
    if (form_decode(body, &arena, &form, &what) != AMBIT_OK)
        return 0;

    struct token_request request;
    struct token_refusal refusal = {0};
    enum grant_type type = GRANT_TYPES;
    enum ambit_err err = grant_type_read(&form, &type, &refusal);
    if (!err)
        err = token_request_read(&form, &arena, &request, &refusal);
    if (err == AMBIT_ERR_MALFORMED) {
        FUZZ_CHECK(refusal.description && oauth_error_status(refusal.error) == 400);
        for (const char *c = refusal.description; *c; c++)
            FUZZ_CHECK(*c >= ' ' && *c < 0x7f && *c != '"' && *c != '\\'); /* HTP-11 */
    }
    if (err)
        return 0;
    FUZZ_CHECK(ambit_str_is(form_get(&form, "grant_type"), grant_type_text(type)));
    FUZZ_CHECK(request.asked.n <= ASKED_MAX && request.asked.n_scope <= request.asked.n);
    FUZZ_CHECK(!request.resource.p || (memchr(request.resource.p, ':', request.resource.len) &&
                                       !memchr(request.resource.p, '#', request.resource.len)));
    FUZZ_CHECK(!request.purpose.p || asked_text_is_fine(request.purpose));
    return 0;
}
