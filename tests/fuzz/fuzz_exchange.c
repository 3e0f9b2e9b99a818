/* SPDX-License-Identifier: Apache-2.0 */
/* Forms of token exchanges: what was read names a grant, and an actor only with its type; what was
 * refused has words fit for error_description. */
#include "base/arena.h"
#include "fuzz.h"
#include "oauth/exchange_request.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    ARENA_AUTO arena;
    arena_init(&arena, NULL, 0, (size_t)64 << 20);
    struct form form = {0};
    const char *what = NULL;
    struct ambit_str body = {.p = size ? (const char *)data : "", .len = size};
    if (form_decode(body, &arena, &form, &what) != AMBIT_OK)
        return 0;

    struct exchange_request request;
    struct token_refusal refusal = {0};
    if (exchange_request_read(&form, &request, &refusal) != AMBIT_OK) {
        FUZZ_CHECK(refusal.description && oauth_error_status(refusal.error) == 400);
        for (const char *c = refusal.description; *c; c++)
            FUZZ_CHECK(*c >= ' ' && *c < 0x7f && *c != '"' && *c != '\\'); /* HTP-11 */
        return 0;
    }
    FUZZ_CHECK(!ambit_id_is_none(request.subject.jti));
    FUZZ_CHECK(request.has_actor == (form_get(&form, "actor_token_type").p != NULL));
    FUZZ_CHECK(!request.has_actor || !ambit_id_is_none(request.actor.jti));
    FUZZ_CHECK(!request.audience.p || token_target_is_fine(request.audience));
    return 0;
}
