/* SPDX-License-Identifier: Apache-2.0 */
/* Goal: rows say after decoding what was encoded, and every shortened or changed-in-length row is
 * refused, never read past its end. */
#include "support/unit.h"

#include "base/arena.h"
#include "base/buf.h"
#include "core/grant_row.h"
#include "core/stop_row.h"

static struct ambit_given items[] = {
    {.action = AMBIT_STR("service.restart"), .resource = AMBIT_STR("svc:staging/**"), .policy = AMBIT_STR("p"), .rule = AMBIT_STR("r"), .digest = {{7}}},
    {.action = AMBIT_STR("service.read"), .resource = AMBIT_STR("svc:x"), .policy = AMBIT_STR("p2"), .rule = AMBIT_STR("r2"), .digest = {{8}}},
};
static const struct ambit_str patterns[] = {AMBIT_STR("a.**"), AMBIT_STR("b")};
static struct ambit_except except[] = {{.policy = AMBIT_STR("p"), .id = AMBIT_STR("n"), .actions = {patterns, 2}, .resources = {patterns, 1}}};

static struct grant_row sample(void)
{
    return (struct grant_row){.id = {{1}}, .lineage = {{2}}, .parent = {{3}}, .seq = 9, .issued_ms = 10, .expires_ms = 11, .token = {{4}},
                              .agent = AMBIT_STR("a"), .owner = AMBIT_STR("o"), .team = AMBIT_STR(""), .audience = AMBIT_STR("https://x"),
                              .binding = AMBIT_BINDING_MTLS, .items = items, .n_items = 2, .except = except, .n_except = 1};
}

static void grant_row_round_trip(void **state)
{
    (void)state;
    struct grant_row row = sample(), back;
    BUF_AUTO one, two;
    ARENA_AUTO arena;
    buf_init(&one, 0);
    buf_init(&two, 0);
    arena_init(&arena, NULL, 0, 0);
    grant_row_encode(&row, &one);
    assert_int_equal(grant_row_decode(buf_str(&one), &arena, &back), AMBIT_OK);
    grant_row_encode(&back, &two);
    assert_true(ambit_str_eq(buf_str(&one), buf_str(&two)));
    assert_true(back.purpose.p == NULL);                     /* absent stays absent */
    assert_true(back.team.p != NULL && back.team.len == 0);  /* empty stays empty */
    assert_true(ambit_str_is(back.except[0].actions.v[1], "b"));
}

/* What version 1 does not say: approved, delegated, vouched for. */
static void a_wide_row_round_trip(void **state)
{
    (void)state;
    struct grant_row row = sample(), back;
    BUF_AUTO buf;
    ARENA_AUTO arena;
    buf_init(&buf, 0);
    arena_init(&arena, NULL, 0, 0);
    row.is_approved = true;
    row.depth = 3;
    row.composition = AMBIT_STR("sha256:00");
    grant_row_encode(&row, &buf);
    assert_int_equal(buf.p[0], 2);
    assert_int_equal(grant_row_decode(buf_str(&buf), &arena, &back), AMBIT_OK);
    assert_true(back.is_approved && back.depth == 3 && ambit_str_is(back.composition, "sha256:00"));
    row.binding_key.b[31] = 9;
    buf_reset(&buf);
    grant_row_encode(&row, &buf);
    assert_int_equal(buf.p[0], 3);
    assert_int_equal(grant_row_decode(buf_str(&buf), &arena, &back), AMBIT_OK);
    assert_true(ambit_digest_eq(back.binding_key, row.binding_key) && back.depth == 3);
    row = sample();
    buf_reset(&buf);
    grant_row_encode(&row, &buf);
    assert_int_equal(buf.p[0], 1); /* what says no more is as it ever was */
}

static void every_cut_is_refused(void **state)
{
    (void)state;
    struct grant_row row = sample(), back;
    row.is_approved = true;
    BUF_AUTO buf;
    buf_init(&buf, 0);
    grant_row_encode(&row, &buf);
    for (size_t len = 0; len < buf.len; len++) {
        ARENA_AUTO arena;
        arena_init(&arena, NULL, 0, 0);
        AMBIT_AUTO_FREE char *cut = malloc(len + 1); /* its own block: a read past the end is seen */
        assert_non_null(cut);
        memcpy(cut, buf.p, len);
        assert_int_equal(grant_row_decode((struct ambit_str){cut, len}, &arena, &back), AMBIT_ERR_DAMAGED);
    }
    ARENA_AUTO arena;
    arena_init(&arena, NULL, 0, 0);
    buf_put_char(&buf, 'x');
    assert_int_equal(grant_row_decode(buf_str(&buf), &arena, &back), AMBIT_ERR_DAMAGED);
    buf.p[0] = 4;
    assert_int_equal(grant_row_decode(buf_str(&buf), &arena, &back), AMBIT_ERR_NEWER);
    assert_int_equal(grant_row_decode((struct ambit_str){0}, &arena, &back), AMBIT_ERR_DAMAGED);
}

/* What was added later, and what cannot stand there. */
static void second_version(void **state)
{
    (void)state;
    struct grant_row row = sample(), back;
    BUF_AUTO buf;
    ARENA_AUTO arena;
    buf_init(&buf, 0);
    arena_init(&arena, NULL, 0, 0);
    grant_row_encode(&row, &buf);
    assert_int_equal(buf.p[0], 1); /* nothing new is said of it: the bytes of the first version */
    buf_reset(&buf);
    row.depth = 5;
    row.is_approved = true;
    row.composition = AMBIT_STR("sha256:1");
    grant_row_encode(&row, &buf);
    assert_int_equal(buf.p[0], 2);
    assert_int_equal(grant_row_decode(buf_str(&buf), &arena, &back), AMBIT_OK);
    assert_true(back.depth == 5 && back.is_approved && ambit_str_is(back.composition, "sha256:1"));
    for (size_t len = 0; len < buf.len; len++)
        assert_int_equal(grant_row_decode((struct ambit_str){buf.p, len}, &arena, &back), AMBIT_ERR_DAMAGED);
    size_t at = buf.len - 2 - 8 - 1; /* the depth, then the text and its length */
    buf.p[at] = 6;
    assert_int_equal(grant_row_decode(buf_str(&buf), &arena, &back), AMBIT_ERR_DAMAGED);
}

static void stop_row_round_trip(void **state)
{
    (void)state;
    struct stop_row row = {.id = {{1}}, .incident = {{2}}, .target = AMBIT_STR("agent:x"), .by = AMBIT_STR("lee"), .by_person = true,
                           .holds = true, .seq = 3, .raised_ms = 4, .cleared_ms = 5, .cleared_seq = 6, .cleared_by = AMBIT_STR("kim")};
    struct incident_row incident = {.id = {{2}}, .stop = {{1}}, .owner = AMBIT_STR("dana"), .seq = 4, .opened_ms = 4}, incident_back;
    struct stop_row back;
    BUF_AUTO buf;
    ARENA_AUTO arena;
    buf_init(&buf, 0);
    arena_init(&arena, NULL, 0, 0);
    stop_row_encode(&row, &buf);
    assert_int_equal(stop_row_decode(buf_str(&buf), &arena, &back), AMBIT_OK);
    assert_true(back.by_person && back.holds && back.cleared_seq == 6 && ambit_str_is(back.cleared_by, "kim") && back.agent.p == NULL);
    buf.len--;
    assert_int_equal(stop_row_decode(buf_str(&buf), &arena, &back), AMBIT_ERR_DAMAGED);
    buf_reset(&buf);
    incident_row_encode(&incident, &buf);
    assert_int_equal(incident_row_decode(buf_str(&buf), &arena, &incident_back), AMBIT_OK);
    assert_true(ambit_str_is(incident_back.owner, "dana") && incident_back.rule.p == NULL);
    buf.len--;
    assert_int_equal(incident_row_decode(buf_str(&buf), &arena, &incident_back), AMBIT_ERR_DAMAGED);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(grant_row_round_trip),
    cmocka_unit_test(a_wide_row_round_trip),
    cmocka_unit_test(every_cut_is_refused),
    cmocka_unit_test(second_version),
    cmocka_unit_test(stop_row_round_trip),
};
UNIT_MAIN(tests)
