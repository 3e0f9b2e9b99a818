/* SPDX-License-Identifier: Apache-2.0 */
/* Client assertions: any bytes as the whole of it authenticate nobody; any bytes as the payload of
 * a well signed one authenticate the client that signs, and only with the claims that the rules
 * ask. */
#include "../unit/identity/fixture.h"

#include "base/json_read.h"
#include "fuzz.h"
#include "identity/assertion.h"

static enum ambit_err check(struct fixture *f, struct ambit_str assertion, struct arena *arena,
                            struct caller *ret)
{
    struct assertion_question question = {.documents = &f->documents,
                                          .keys = f->keys,
                                          .issuer = AMBIT_STR(ISSUER),
                                          .assertion = assertion,
                                          .now_ms = NOW_MS};
    return assertion_check(&question, arena, ret);
}

static void check_claims(struct ambit_str payload, const struct caller *caller, struct arena *arena)
{
    const struct json_value *claims = NULL;
    struct json_problem problem = {0};
    FUZZ_CHECK(json_read(payload, (struct json_limits){.allow_decimals = true}, arena, &claims,
                         &problem) == AMBIT_OK);
    FUZZ_CHECK(ambit_str_is(caller->name, "remediator") && caller->kind == CALLER_AGENT);
    FUZZ_CHECK(ambit_str_is(json_get_str(claims, "sub"), "remediator"));
    FUZZ_CHECK(ambit_str_is(json_get_str(claims, "iss"), "remediator"));
    FUZZ_CHECK(json_get_str(claims, "jti").len > 0 && json_get(claims, "exp") &&
               json_get(claims, "aud"));
    FUZZ_CHECK(caller->has_once && caller->once_until_ms > NOW_MS &&
               caller->once_until_ms <= NOW_MS + AMBIT_ASSERTION_LIFE_S * 1000);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct fixture f;
    if (!f.keys)
        fixture_init(&f);
    ARENA_AUTO arena;
    arena_init(&arena, NULL, 0, (size_t)16 << 20);
    struct ambit_str bytes = {.p = size ? (const char *)data : "", .len = size};
    struct caller caller = {0};
    FUZZ_CHECK(check(&f, bytes, &arena, &caller) != AMBIT_OK);

    BUF_AUTO signed_one;
    buf_init(&signed_one, 0);
    FUZZ_CHECK(jws_sign(f.signer, "JWT", bytes, &signed_one) == AMBIT_OK);
    if (check(&f, buf_str(&signed_one), &arena, &caller) == AMBIT_OK)
        check_claims(bytes, &caller, &arena);
    return 0;
}
