/* SPDX-License-Identifier: Apache-2.0 */
/* Goal: every reason has its error code of standards.md section 18, for each way of asking. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "oauth/error.h"

struct row {
    const char *reason, *by_scope, *by_details;
};
static const struct row rows[] = {
    {"nothing_requested", "invalid_scope", "invalid_authorization_details"},
    {"out_of_scope", "invalid_scope", "invalid_authorization_details"},
    {"forbidden", "invalid_scope", "invalid_authorization_details"},
    {"not_delegable", "invalid_scope", "invalid_authorization_details"},
    {"malformed", "invalid_scope", "invalid_authorization_details"},
    {"wrong_audience", "invalid_scope", "invalid_scope"},
    {"stopped", "access_denied", "access_denied"},
    {"owner_required", "access_denied", "access_denied"},
    {"policy_expired", "access_denied", "access_denied"},
    {"outside_hours", "access_denied", "access_denied"},
    {"wrong_source", "access_denied", "access_denied"},
    {"purpose_required", "access_denied", "access_denied"},
    {"reason_required", "access_denied", "access_denied"},
    {"composition_mismatch", "access_denied", "access_denied"},
    {"order_violated", "access_denied", "access_denied"},
    {"limit_exceeded", "access_denied", "access_denied"},
    {"hard_stop", "access_denied", "access_denied"},
    {"approval_rejected", "access_denied", "access_denied"},
    {"approval_required", "access_denied", "access_denied"},
    {"expired", "access_denied", "access_denied"},
    {"not_supported", "access_denied", "access_denied"},
    {"policy_changed", "access_denied", "access_denied"},
    {"missing_context", "access_denied", "access_denied"},
    {"context_violated", "access_denied", "access_denied"},
    {"binding_required", "invalid_dpop_proof", "invalid_dpop_proof"},
    {"binding_mismatch", "invalid_dpop_proof", "invalid_dpop_proof"},
    {"inactive", "invalid_request", "invalid_request"},
    {"allowed", "server_error", "server_error"},
};

/* DPOP-2: what is missing or does not fit is a proof, or a certificate. */
static void dpop_2_by_proof_or_by_certificate(void **state)
{
    (void)state;
    const struct oauth_asked_as proof = {0}, certificate = {.by_certificate = true};
    enum ambit_reason required = AMBIT_REASON_BINDING_REQUIRED;
    enum ambit_reason mismatch = AMBIT_REASON_BINDING_MISMATCH;
    assert_int_equal(oauth_error_of_reason(required, proof), OAUTH_INVALID_DPOP_PROOF);
    assert_int_equal(oauth_error_of_reason(required, certificate), OAUTH_INVALID_REQUEST);
    assert_int_equal(oauth_error_of_reason(mismatch, proof), OAUTH_INVALID_DPOP_PROOF);
    assert_int_equal(oauth_error_of_reason(mismatch, certificate), OAUTH_INVALID_CLIENT);
    assert_int_equal(oauth_error_status(OAUTH_USE_DPOP_NONCE), 400);
}

static void each_reason_has_its_row(void **state)
{
    (void)state;
#define X(name, text) +1
    assert_int_equal(AMBIT_LEN(rows), 0 AMBIT_REASON_LIST(X));
#undef X
    for (size_t i = 0; i < AMBIT_LEN(rows); i++) {
        enum ambit_reason reason = AMBIT_REASON_ALLOWED;
        assert_int_equal(ambit_reason_parse(ambit_str_of(rows[i].reason), &reason), AMBIT_OK);
        struct oauth_asked_as as = {0};
        assert_string_equal(oauth_error_text(oauth_error_of_reason(reason, as)), rows[i].by_scope);
        as.is_by_details = true;
        assert_string_equal(oauth_error_text(oauth_error_of_reason(reason, as)),
                            rows[i].by_details);
    }
}

/* RES-1, RES-4, section 18 "by field" */
static void the_field_names_the_code(void **state)
{
    (void)state;
    struct oauth_asked_as as = {.has_resource = true};
    assert_int_equal(oauth_error_of_reason(AMBIT_REASON_WRONG_AUDIENCE, as), OAUTH_INVALID_TARGET);
    as.field = OAUTH_FIELD_RESOURCE;
    assert_int_equal(oauth_error_of_reason(AMBIT_REASON_MALFORMED, as), OAUTH_INVALID_TARGET);
    as.field = OAUTH_FIELD_OTHER;
    assert_int_equal(oauth_error_of_reason(AMBIT_REASON_MALFORMED, as), OAUTH_INVALID_REQUEST);
}

/* HTP-12: what we could not do is never the caller's fault */
static void failures_of_ours_are_5xx(void **state)
{
    (void)state;
    for (int err = AMBIT_OK; err <= AMBIT_ERR_INTERNAL; err++) {
        unsigned status = oauth_error_status(oauth_error_of_err((enum ambit_err)err));
        bool is_theirs = err == AMBIT_ERR_MALFORMED || err == AMBIT_ERR_TOO_LARGE;
        assert_int_equal(status / 100, is_theirs ? 4 : 5);
    }
    assert_int_equal(oauth_error_status(oauth_error_of_err(AMBIT_ERR_SEALED)), 503);
    assert_int_equal(oauth_error_status(oauth_error_of_err(AMBIT_ERR_FULL)), 503);
    assert_int_equal(oauth_error_status(oauth_error_of_err(AMBIT_ERR_CLOCK)), 503);
    assert_string_equal(oauth_error_text(oauth_error_of_err(AMBIT_ERR_FULL)),
                        "temporarily_unavailable");
}

int main(void)
{
    cmocka_set_message_output(CM_OUTPUT_TAP);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_reason_has_its_row),
        cmocka_unit_test(dpop_2_by_proof_or_by_certificate),
        cmocka_unit_test(the_field_names_the_code),
        cmocka_unit_test(failures_of_ours_are_5xx),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
