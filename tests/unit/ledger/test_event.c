/* SPDX-License-Identifier: Apache-2.0 */
/* Goal: an event has one form in bytes, which gives it back whole; every other form is refused;
 * personal text stands in it only as a commitment that its opening proves. */
#include "samples.h"

#include "base/buf.h"
#include "base/json_write.h"

static const struct event_seed seed = {.b = {1, 2, 3, 4}};

struct encoded {
    struct buf leaf, opening;
};

static struct encoded encode(const struct event *event)
{
    struct encoded encoded = {0};
    assert_int_equal(event_encode(event, &seed, &encoded.leaf, &encoded.opening), AMBIT_OK);
    return encoded;
}

static void encoded_done(struct encoded *encoded)
{
    buf_done(&encoded->leaf);
    buf_done(&encoded->opening);
}

static void test_small(void **state)
{
    struct event event = sample_small();
    AMBIT_CLEANUP(encoded_done) struct encoded encoded = encode(&event);
    (void)state;
    assert_true(ambit_str_is(
        buf_str(&encoded.leaf),
        "{\"seq\":0,\"time\":\"2026-11-20T10:00:00.123Z\",\"type\":\"broker.started\",\"v\":1}"));
    assert_int_equal(encoded.opening.len, 0);
}

static void test_large(void **state)
{
    ARENA_AUTO arena = {0};
    struct event event = sample_large(&arena);
    AMBIT_CLEANUP(encoded_done) struct encoded encoded = encode(&event);
    static const char *const want[] = {
        "{\"action\":\"db.read\",\"agent\":\"remediator\",\"also\":[\"p/"
        "probing\"],\"arguments_digest\":\"sha256:00\",",
        "\"asked\":[{\"actions\":[\"service.read\"],\"resources\":[\"svc:staging/"
        "**\"]},{\"actions\":[\"service.restart\"]}],",
        "\"asked_lifetime_s\":0,\"audience\":\"https://"
        "payments.example.gov\",\"binding\":\"dpop\",\"binding_key\":\"sha256:090807",
        "\"once_also\":[{\"digest\":\"sha256:090807",
        "\"proof\":true,\"until\":\"2026-11-20T10:01:00.001Z\"},{",
        "\"context\":{\"\\r\":\"\\u0007\",\"a\":{\"b\":\"\xe2\x82\xac\",\"y\":[true,null]},"
        "\"amount\":-5,\"z\":1},",
        "\"counts\":[{\"by\":\"agent\",\"id\":\"r\",\"keep_ms\":600000,\"key\":\"a\",\"kind\":"
        "\"count\",\"policy\":\"p\"},",
        "{\"amount\":0,\"by\":\"resource\",\"field\":\"amount\",\"id\":\"s\",\"key\":\"db:"
        "\\\"x\\\"\",\"kind\":\"sum\",",
        "\"decision\":\"allow\",\"detail\":{\"count\":7,\"sources\":[\"::1\"]},\"digest\":\"sha256:"
        "090807",
        "\"expires_at\":\"2026-11-20T10:05:00.000Z\",\"figures\":[0,19,\"full\",9007199254740991],",
        "\"used_stops\":[{\"id\":\"AQIDAAAAAAAAAAAAAAAAKA\",\"kind\":\"agent\",\"target\":\"bot\"}"
        ",",
        "{\"id\":\"AQIDAAAAAAAAAAAAAAAAKQ\",\"kind\":\"all\"}],\"v\":1,\"words\":{\"commitment\":"
        "\"sha256:",
    };
    (void)state;
    buf_put_char(&encoded.leaf, 0);
    for (size_t i = 0; i < AMBIT_LEN(want); i++)
        ROW_CHECK(want[i], strstr(encoded.leaf.p, want[i]) != NULL);
    assert_null(strstr(encoded.leaf.p, "mend"));
    assert_null(strstr(encoded.leaf.p, "misbehaves"));
}

/* Decoding, and encoding what was decoded: the same bytes. */
static void check_round_trip(const struct event *event)
{
    ARENA_AUTO arena = {0};
    struct event back;
    AMBIT_CLEANUP(encoded_done) struct encoded one = encode(event);
    assert_int_equal(event_decode(buf_str(&one.leaf), buf_str(&one.opening), &arena, &back),
                     AMBIT_OK);
    AMBIT_CLEANUP(encoded_done) struct encoded two = encode(&back);
    assert_true(ambit_str_eq(buf_str(&one.leaf), buf_str(&two.leaf)));
    assert_true(ambit_str_eq(buf_str(&one.opening), buf_str(&two.opening)));
}

static void test_round_trip(void **state)
{
    ARENA_AUTO arena = {0};
    struct event large = sample_large(&arena), small = sample_small();
    (void)state;
    check_round_trip(&large);
    for (int type = 0; type < EVENT_TYPES; type++) {
        small.type = (enum event_type)type;
        small.seq = (uint64_t)type << 40;
        check_round_trip(&small);
    }
    for (int reason = AMBIT_REASON_ALLOWED; reason <= AMBIT_REASON_NOT_SUPPORTED; reason++) {
        small.decision = reason == AMBIT_REASON_ALLOWED ? AMBIT_ALLOW : AMBIT_DENY;
        small.reason = (enum ambit_reason)reason;
        check_round_trip(&small);
    }
    small.agent = AMBIT_STR(""); /* there, and empty */
    check_round_trip(&small);
}

static void test_decoded_members(void **state)
{
    ARENA_AUTO arena = {0};
    struct event event = sample_large(&arena), back;
    AMBIT_CLEANUP(encoded_done) struct encoded one = encode(&event);
    (void)state;
    assert_int_equal(event_decode(buf_str(&one.leaf), buf_str(&one.opening), &arena, &back),
                     AMBIT_OK);
    assert_true(ambit_str_is(back.words, "it \"misbehaves\"\n"));
    assert_true(back.stated_reason.p && back.stated_reason.len == 0);
    assert_true(ambit_str_is(back.purpose, "to mend"));
    assert_int_equal(back.seq, 41);
    assert_int_equal(back.time_ms, 1795168800123);
    assert_true(back.has_asked_lifetime && back.asked_lifetime_s == 0);
    assert_int_equal(back.n_asked, 2);
    assert_null(back.asked[1].resource.p);
    assert_int_equal(back.counts[0].amount, 1);
    assert_int_equal(back.counts[1].amount, 0);
    assert_true(back.counts[1].resets && back.counts[1].is_stop);
    assert_true(back.figures[2] == AMBIT_FIGURE_FULL);
    assert_int_equal(back.except[0].actions.n, 2);
    assert_int_equal(back.used_stops[1].kind, AMBIT_TARGET_ALL);
    assert_null(back.used_stops[1].target.p);
    assert_true(ambit_id_eq(back.replaces, sample_id(5)));
    assert_true(back.has_proof && back.holds);
    assert_int_equal(back.context->count, 4);

    /* Erased: the text is gone, the event stands. */
    assert_int_equal(event_decode(buf_str(&one.leaf), AMBIT_STR(""), &arena, &back), AMBIT_OK);
    assert_true(!back.words.p && !back.purpose.p && !back.stated_reason.p);
}

/* One byte string an event: what is not written exactly so is no leaf. */
static const struct {
    const char *name, *leaf;
    enum ambit_err want;
} leaves[] = {
    {"right", "{\"seq\":7,\"time\":\"2026-11-20T10:00:00.123Z\",\"type\":\"grant.issued\",\"v\":1}",
     AMBIT_OK},
    {"a full figure",
     "{\"figures\":[\"full\"],\"seq\":7,\"time\":\"2026-11-20T10:00:00.123Z\",\"type\":\"grant."
     "issued\",\"v\":1}",
     AMBIT_OK},
    {"newer", "{\"seq\":7,\"strange\":1,\"time\":\"later\",\"v\":2}", AMBIT_ERR_NEWER},
    {"no version", "{\"seq\":7,\"time\":\"2026-11-20T10:00:00.123Z\",\"type\":\"grant.issued\"}",
     AMBIT_ERR_MALFORMED},
    {"version 0",
     "{\"seq\":7,\"time\":\"2026-11-20T10:00:00.123Z\",\"type\":\"grant.issued\",\"v\":0}",
     AMBIT_ERR_MALFORMED},
    {"version text",
     "{\"seq\":7,\"time\":\"2026-11-20T10:00:00.123Z\",\"type\":\"grant.issued\",\"v\":\"1\"}",
     AMBIT_ERR_MALFORMED},
    {"no seq", "{\"time\":\"2026-11-20T10:00:00.123Z\",\"type\":\"grant.issued\",\"v\":1}",
     AMBIT_ERR_MALFORMED},
    {"no time", "{\"seq\":7,\"type\":\"grant.issued\",\"v\":1}", AMBIT_ERR_MALFORMED},
    {"no type", "{\"seq\":7,\"time\":\"2026-11-20T10:00:00.123Z\",\"v\":1}", AMBIT_ERR_MALFORMED},
    {"order", "{\"time\":\"2026-11-20T10:00:00.123Z\",\"seq\":7,\"type\":\"grant.issued\",\"v\":1}",
     AMBIT_ERR_MALFORMED},
    {"space",
     "{\"seq\": 7,\"time\":\"2026-11-20T10:00:00.123Z\",\"type\":\"grant.issued\",\"v\":1}",
     AMBIT_ERR_MALFORMED},
    {"space after",
     "{\"seq\":7,\"time\":\"2026-11-20T10:00:00.123Z\",\"type\":\"grant.issued\",\"v\":1} ",
     AMBIT_ERR_MALFORMED},
    {"escape",
     "{\"seq\":7,\"time\":\"2026-11-20T10:00:00.123Z\",\"type\":\"grant\\u002eissued\",\"v\":"
     "1}",
     AMBIT_ERR_MALFORMED},
    {"twice",
     "{\"seq\":7,\"seq\":7,\"time\":\"2026-11-20T10:00:00.123Z\",\"type\":\"grant.issued\","
     "\"v\":1}",
     AMBIT_ERR_MALFORMED},
    {"number form",
     "{\"seq\":7.0,\"time\":\"2026-11-20T10:00:00.123Z\",\"type\":\"grant.issued\",\"v\":1}",
     AMBIT_ERR_MALFORMED},
    {"minus",
     "{\"seq\":-7,\"time\":\"2026-11-20T10:00:00.123Z\",\"type\":\"grant.issued\",\"v\":1}",
     AMBIT_ERR_MALFORMED},
    {"unknown member",
     "{\"seq\":7,\"time\":\"2026-11-20T10:00:00.123Z\",\"type\":\"grant.issued\",\"u\":1,\"v\":"
     "1}",
     AMBIT_ERR_MALFORMED},
    {"unknown type",
     "{\"seq\":7,\"time\":\"2026-11-20T10:00:00.123Z\",\"type\":\"grant.given\",\"v\":1}",
     AMBIT_ERR_MALFORMED},
    {"time without ms",
     "{\"seq\":7,\"time\":\"2026-11-20T10:00:00Z\",\"type\":\"grant.issued\",\"v\":1}",
     AMBIT_ERR_MALFORMED},
    {"time with offset",
     "{\"seq\":7,\"time\":\"2026-11-20T11:00:00.123+01:00\",\"type\":\"grant.issued\",\"v\":1}",
     AMBIT_ERR_MALFORMED},
    {"zero that would be left out",
     "{\"lifetime_s\":0,\"seq\":7,\"time\":\"2026-11-20T10:00:00.123Z\",\"type\":\"grant."
     "issued\",\"v\":1}",
     AMBIT_ERR_MALFORMED},
    {"false that would be left out",
     "{\"proved\":false,\"seq\":7,\"time\":\"2026-11-20T10:00:00.123Z\",\"type\":\"grant."
     "issued\",\"v\":1}",
     AMBIT_ERR_MALFORMED},
    {"null",
     "{\"agent\":null,\"seq\":7,\"time\":\"2026-11-20T10:00:00.123Z\",\"type\":\"grant."
     "issued\",\"v\":1}",
     AMBIT_ERR_MALFORMED},
    {"reason alone",
     "{\"reason\":\"allowed\",\"seq\":7,\"time\":\"2026-11-20T10:00:00.123Z\",\"type\":\"grant."
     "issued\",\"v\":1}",
     AMBIT_ERR_MALFORMED},
    {"decision alone",
     "{\"decision\":\"deny\",\"seq\":7,\"time\":\"2026-11-20T10:00:00.123Z\",\"type\":\"grant."
     "issued\",\"v\":1}",
     AMBIT_ERR_MALFORMED},
    {"empty list",
     "{\"items\":[],\"seq\":7,\"time\":\"2026-11-20T10:00:00.123Z\",\"type\":\"grant.issued\","
     "\"v\":1}",
     AMBIT_ERR_MALFORMED},
    {"two actions in an item",
     "{\"items\":[{\"actions\":[\"a\",\"b\"]}],\"seq\":7,\"time\":\"2026-11-20T10:00:00.123Z\","
     "\"type\":\"grant.issued\",\"v\":1}",
     AMBIT_ERR_MALFORMED},
    {"amount one spelt out",
     "{\"counts\":[{\"amount\":1,\"by\":\"agent\",\"kind\":\"count\"}],\"seq\":7,\"time\":"
     "\"2026-11-20T10:00:00.123Z\",\"type\":\"grant.issued\",\"v\":1}",
     AMBIT_ERR_MALFORMED},
    {"personal text in the open",
     "{\"purpose\":\"text\",\"seq\":7,\"time\":\"2026-11-20T10:00:00.123Z\",\"type\":\"grant."
     "issued\",\"v\":1}",
     AMBIT_ERR_MALFORMED},
    {"id too short",
     "{\"grant\":\"AQID\",\"seq\":7,\"time\":\"2026-11-20T10:00:00.123Z\",\"type\":\"grant."
     "issued\",\"v\":1}",
     AMBIT_ERR_MALFORMED},
    {"no object", "[1]", AMBIT_ERR_MALFORMED},
    {"nothing", "", AMBIT_ERR_MALFORMED},
};

static void test_strictness(void **state)
{
    (void)state;
    for (size_t i = 0; i < AMBIT_LEN(leaves); i++) {
        ARENA_AUTO arena = {0};
        struct event event;
        enum ambit_err err =
            event_decode(ambit_str_of(leaves[i].leaf), AMBIT_STR(""), &arena, &event);
        ROW_CHECK(leaves[i].name, err == leaves[i].want);
    }
}

static void test_openings(void **state)
{
    static const struct {
        const char *name, *opening;
        enum ambit_err want;
    } rows[] = {
        {"other text", "{\"purpose\":{\"salt\":\"AQIDAAAAAAAAAAAAAAAAKA\",\"text\":\"to mend\"}}",
         AMBIT_ERR_DAMAGED},
        {"no commitment to it", "{\"words\":{\"salt\":\"AQIDAAAAAAAAAAAAAAAAKA\",\"text\":\"x\"}}",
         AMBIT_ERR_DAMAGED},
        {"not personal", "{\"agent\":{\"salt\":\"AQIDAAAAAAAAAAAAAAAAKA\",\"text\":\"x\"}}",
         AMBIT_ERR_DAMAGED},
        {"no salt", "{\"purpose\":{\"text\":\"to mend\"}}", AMBIT_ERR_DAMAGED},
        {"no text", "{\"purpose\":{\"salt\":\"AQIDAAAAAAAAAAAAAAAAKA\"}}", AMBIT_ERR_DAMAGED},
        {"no JSON", "{", AMBIT_ERR_DAMAGED},
        {"no object", "[]", AMBIT_ERR_DAMAGED},
        {"erased", "", AMBIT_OK},
        {"erased one by one", "{}", AMBIT_OK},
    };
    struct event event = sample_small(), back;
    (void)state;
    event.purpose = AMBIT_STR("to mend");
    AMBIT_CLEANUP(encoded_done) struct encoded one = encode(&event);
    for (size_t i = 0; i < AMBIT_LEN(rows); i++) {
        ARENA_AUTO arena = {0};
        enum ambit_err err =
            event_decode(buf_str(&one.leaf), ambit_str_of(rows[i].opening), &arena, &back);
        ROW_CHECK(rows[i].name, err == rows[i].want);
        if (err == AMBIT_OK)
            ROW_CHECK(rows[i].name, back.purpose.p == NULL && back.erased == EVENT_ERASED_PURPOSE);
    }
    ARENA_AUTO arena = {0};
    assert_int_equal(event_decode(buf_str(&one.leaf), buf_str(&one.opening), &arena, &back),
                     AMBIT_OK);
    assert_int_equal(back.erased, 0);
}

static void test_commitments_hide(void **state)
{
    struct event event = sample_small();
    struct event_seed other = {.b = {9}};
    BUF_AUTO leaf = {0};
    BUF_AUTO opening = {0};
    (void)state;
    event.purpose = AMBIT_STR("same");
    event.words = AMBIT_STR("same");
    AMBIT_CLEANUP(encoded_done) struct encoded one = encode(&event);
    AMBIT_CLEANUP(encoded_done) struct encoded again = encode(&event);
    assert_true(
        ambit_str_eq(buf_str(&one.leaf), buf_str(&again.leaf))); /* a batch may be run again */
    assert_int_equal(event_encode(&event, &other, &leaf, &opening), AMBIT_OK);
    assert_false(ambit_str_eq(buf_str(&one.leaf), buf_str(&leaf)));
    buf_put_char(&leaf, 0);
    const char *purpose = strstr(leaf.p, "\"purpose\""), *words = strstr(leaf.p, "\"words\"");
    assert_non_null(purpose);
    assert_non_null(words);
    assert_memory_not_equal(strstr(purpose, "sha256:"), strstr(words, "sha256:"), 71);
}

static void test_bounds(void **state)
{
    static char text[AMBIT_EVENT_BYTES + 1];
    struct event event = sample_small(), back;
    ARENA_AUTO arena = {0};
    BUF_AUTO leaf = {0};
    BUF_AUTO opening = {0};
    const int64_t figure = (int64_t)1 << 53;
    (void)state;
    memset(text, 'a', sizeof text);
    event.agent = (struct ambit_str){.p = text, .len = AMBIT_EVENT_BYTES - 100};
    assert_int_equal(event_encode(&event, &seed, &leaf, &opening), AMBIT_OK);
    event.agent.len += 50;
    buf_reset(&leaf);
    assert_int_equal(event_encode(&event, &seed, &leaf, &opening), AMBIT_ERR_TOO_LARGE);
    event = sample_small();
    event.words = (struct ambit_str){.p = text, .len = 4 * AMBIT_TEXT_MAX + 1};
    buf_reset(&leaf);
    assert_int_equal(event_encode(&event, &seed, &leaf, &opening), AMBIT_ERR_TOO_LARGE);
    event = sample_small();
    event.figures = &figure;
    event.n_figures = 1;
    buf_reset(&leaf);
    assert_int_equal(event_encode(&event, &seed, &leaf, &opening), AMBIT_ERR_MALFORMED);
    event = sample_small();
    event.agent = AMBIT_STR("\xff");
    buf_reset(&leaf);
    assert_int_equal(event_encode(&event, &seed, &leaf, &opening), AMBIT_ERR_MALFORMED);
    assert_int_equal(event_decode((struct ambit_str){.p = text, .len = sizeof text}, AMBIT_STR(""),
                                  &arena, &back),
                     AMBIT_ERR_TOO_LARGE);
}

/* One byte changed anywhere is never the same event, and never a crash. */
static void test_every_byte_counts(void **state)
{
    ARENA_AUTO arena = {0};
    struct event event = sample_large(&arena);
    AMBIT_CLEANUP(encoded_done) struct encoded one = encode(&event);
    (void)state;
    for (size_t i = 0; i < one.leaf.len; i++)
        for (int bit = 0; bit < 8; bit += 3) {
            ARENA_AUTO own = {0};
            struct event back;
            one.leaf.p[i] = (char)(one.leaf.p[i] ^ 1 << bit);
            enum ambit_err err = event_decode(buf_str(&one.leaf), AMBIT_STR(""), &own, &back);
            assert_true(err == AMBIT_OK || err == AMBIT_ERR_MALFORMED || err == AMBIT_ERR_NEWER);
            one.leaf.p[i] = (char)(one.leaf.p[i] ^ 1 << bit);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_small),
        cmocka_unit_test(test_large),
        cmocka_unit_test(test_round_trip),
        cmocka_unit_test(test_decoded_members),
        cmocka_unit_test(test_strictness),
        cmocka_unit_test(test_openings),
        cmocka_unit_test(test_commitments_hide),
        cmocka_unit_test(test_bounds),
        cmocka_unit_test(test_every_byte_counts),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
