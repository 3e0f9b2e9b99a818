/* SPDX-License-Identifier: Apache-2.0 */
/* Forms of POST /bc-authorize: what was read holds its bounds and can be shown to people, what was
 * refused has a code and words fit for error_description; `openid` is never asked for. */
#include "base/arena.h"
#include "base/encode.h"
#include "fuzz.h"
#include "oauth/awaited.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    ARENA_AUTO arena;
    arena_init(&arena, NULL, 0, (size_t)64 << 20);
    struct form form = {0};
    const char *what = NULL;
    struct ambit_str body = {.p = size ? (const char *)data : "", .len = size};
    if (form_decode(body, &arena, &form, &what) != AMBIT_OK)
        return 0;

    struct bc_request put;
    struct token_request request;
    struct token_refusal refusal = {0};
    enum ambit_err err = bc_request_read(&form, &put, &refusal);
    if (err == AMBIT_ERR_MALFORMED) {
        FUZZ_CHECK(refusal.description && oauth_error_status(refusal.error) == 400);
        for (const char *c = refusal.description; *c; c++)
            FUZZ_CHECK(*c >= ' ' && *c < 0x7f && *c != '"' && *c != '\\'); /* HTP-11 */
    }
    if (err)
        return 0;
    FUZZ_CHECK(put.hint.len > 0 && put.hint.len <= AMBIT_NAME_MAX && !text_has_control(put.hint));
    FUZZ_CHECK(!put.message.p || (put.message.len > 0 && put.message.len <= BC_MESSAGE_MAX &&
                                  !text_has_control(put.message)));
    FUZZ_CHECK(!put.has_expiry || put.expiry_s > 0);
    if (token_request_read(&form, &arena, &request, &refusal) != AMBIT_OK)
        return 0;
    bc_drop_openid(&request.asked);
    FUZZ_CHECK(request.asked.n_scope <= request.asked.n && request.asked.n <= ASKED_MAX);
    for (size_t i = 0; i < request.asked.n_scope; i++)
        FUZZ_CHECK(!ambit_str_is(request.asked.items[i].action, "openid") ||
                   request.asked.items[i].resource.p);
    return 0;
}
