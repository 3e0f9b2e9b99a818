/* SPDX-License-Identifier: Apache-2.0 */
/* Goal: every value of a closed vocabulary has its wire word, and a reason's word finds it again.
 */
#include "support/unit.h"

#include "ambit/model.h"

static void test_reasons(void **state)
{
    enum ambit_reason reason = AMBIT_REASON_ALLOWED;

    (void)state;
    for (int i = 0; i <= AMBIT_REASON_NOT_SUPPORTED; i++) {
        const char *text = ambit_reason_text((enum ambit_reason)i);
        assert_int_equal(ambit_reason_parse(ambit_str_of(text), &reason), AMBIT_OK);
        assert_int_equal((int)reason, i);
    }
    assert_int_equal(ambit_reason_parse(AMBIT_STR("Allowed"), &reason), AMBIT_ERR_MALFORMED);
    assert_int_equal(ambit_reason_parse((struct ambit_str){0}, &reason), AMBIT_ERR_MALFORMED);
}

static void test_words(void **state)
{
    (void)state;
    assert_string_equal(ambit_tier_text(AMBIT_TIER_CRITICAL), "critical");
    assert_string_equal(ambit_target_text(AMBIT_TARGET_ALL), "all");
    assert_string_equal(ambit_by_text(AMBIT_BY_LINEAGE), "lineage");
    assert_string_equal(ambit_limit_kind_text(AMBIT_LIMIT_LIVE_GRANTS), "live_grants");
    assert_string_equal(ambit_on_text(AMBIT_ON_UNACCOUNTED), "unaccounted");
    assert_string_equal(ambit_then_text(AMBIT_THEN_REVOKE_GRANT), "revoke_grant");
    assert_string_equal(ambit_binding_text(AMBIT_BINDING_DPOP), "dpop");
    assert_string_equal(ambit_err_text(AMBIT_OK), "ok");
    assert_string_equal(ambit_err_text((enum ambit_err)999), "unknown error");
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_reasons),
    cmocka_unit_test(test_words),
};
UNIT_MAIN(tests)
