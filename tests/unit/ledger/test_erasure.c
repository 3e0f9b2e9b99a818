/* SPDX-License-Identifier: Apache-2.0 */
/* Goal: an event says which of its personal members were erased; what a personal.erased says is
 * read back whole or refused; an opening loses what it is told to lose and nothing else. */
#include "ledger/erasure.h"

#include "samples.h"

#include "base/buf.h"
#include "base/json_write.h"

static const struct event_seed seed = {.b = {5, 6}};

static void test_bits(void **state)
{
    static const struct {
        const char *name;
        unsigned lost, want;
    } rows[] = {
        {"nothing", 0, 0},
        {"words", EVENT_ERASED_WORDS, EVENT_ERASED_WORDS},
        {"purpose and words", EVENT_ERASED_PURPOSE | EVENT_ERASED_WORDS,
         EVENT_ERASED_PURPOSE | EVENT_ERASED_WORDS},
        {"a member that it never had", EVENT_ERASED_STATED_REASON, 0},
        {"all", EVENT_ERASED_ALL, EVENT_ERASED_PURPOSE | EVENT_ERASED_WORDS},
    };
    (void)state;
    for (size_t i = 0; i < AMBIT_LEN(rows); i++) {
        ARENA_AUTO arena = {0};
        BUF_AUTO leaf = {0}, opening = {0}, less = {0};
        struct event event = sample_small(), back;
        unsigned members = 0;
        event.purpose = AMBIT_STR("to mend");
        event.words = AMBIT_STR("it \"misbehaves\"");
        assert_int_equal(event_encode(&event, &seed, &leaf, &opening), AMBIT_OK);
        ROW_CHECK(rows[i].name,
                  opening_without(buf_str(&opening), rows[i].lost, &less) == AMBIT_OK);
        ROW_CHECK(rows[i].name, opening_members(buf_str(&less), &members) == AMBIT_OK);
        ROW_CHECK(rows[i].name,
                  members == ((EVENT_ERASED_PURPOSE | EVENT_ERASED_WORDS) & ~rows[i].lost));
        ROW_CHECK(rows[i].name,
                  event_decode(buf_str(&leaf), buf_str(&less), &arena, &back) == AMBIT_OK);
        ROW_CHECK(rows[i].name, back.erased == rows[i].want);
        ROW_CHECK(rows[i].name,
                  (back.words.p == NULL) == ((rows[i].want & EVENT_ERASED_WORDS) != 0));
        ROW_CHECK(rows[i].name,
                  (back.purpose.p == NULL) == ((rows[i].want & EVENT_ERASED_PURPOSE) != 0));
        ROW_CHECK(rows[i].name, members != 0 || less.len == 0);
    }
}

static void test_no_opening(void **state)
{
    static const char *const openings[] = {"[]", "{", "\"words\"", "null"};
    (void)state;
    for (size_t i = 0; i < AMBIT_LEN(openings); i++) {
        BUF_AUTO less = {0};
        unsigned members = 0;
        ROW_CHECK(openings[i],
                  opening_members(ambit_str_of(openings[i]), &members) == AMBIT_ERR_DAMAGED);
        ROW_CHECK(openings[i], opening_without(ambit_str_of(openings[i]), EVENT_ERASED_WORDS,
                                               &less) == AMBIT_ERR_DAMAGED);
    }
}

static void test_detail(void **state)
{
    ARENA_AUTO arena = {0};
    BUF_AUTO text = {0};
    struct json_out out;
    struct erasure_range ranges[] = {{.first = 0, .last = 0}, {.first = 3, .last = 7}};
    struct erasure_document documents[] = {{.digest = sample_digest(1), .now = sample_digest(2)}};
    const struct erasure given = {.id = sample_id(4),
                                  .members = EVENT_ERASED_WORDS | ERASURE_DOCUMENT,
                                  .ranges = ranges,
                                  .n_ranges = 2,
                                  .documents = documents,
                                  .n_documents = 1};
    struct erasure back;
    (void)state;
    json_out_init(&out, &text, true);
    erasure_write(&given, &out);
    struct event event = {.seq = 8, .detail = buf_str(&text)};
    assert_int_equal(erasure_read(&event, &arena, &back), AMBIT_OK);
    assert_true(ambit_id_eq(back.id, given.id));
    assert_int_equal(back.members, given.members);
    assert_int_equal(back.n_ranges, 2);
    assert_memory_equal(back.ranges, ranges, sizeof ranges);
    assert_int_equal(back.n_documents, 1);
    assert_memory_equal(back.documents, documents, sizeof documents);
    event.seq = 7; /* it speaks of events before it alone */
    assert_int_equal(erasure_read(&event, &arena, &back), AMBIT_ERR_DAMAGED);
}

#define DETAIL(members, openings)                                                   \
    "{\"documents\":[],\"erasure\":\"AQIDAAAAAAAAAAAAAAAAKA\",\"members\":" members \
    ",\"openings\":" openings "}"

static void test_refused(void **state)
{
    static const struct {
        const char *name, *detail;
        enum ambit_err want;
    } rows[] = {
        {"fine", DETAIL("[\"words\"]", "[[1,2],[4,4]]"), AMBIT_OK},
        {"nothing went", DETAIL("[\"words\"]", "[]"), AMBIT_OK},
        {"no members", DETAIL("[]", "[]"), AMBIT_ERR_DAMAGED},
        {"a member that is none", DETAIL("[\"agent\"]", "[]"), AMBIT_ERR_DAMAGED},
        {"a member twice", DETAIL("[\"words\",\"words\"]", "[]"), AMBIT_ERR_DAMAGED},
        {"backwards", DETAIL("[\"words\"]", "[[2,1]]"), AMBIT_ERR_DAMAGED},
        {"out of order", DETAIL("[\"words\"]", "[[4,4],[1,2]]"), AMBIT_ERR_DAMAGED},
        {"one over another", DETAIL("[\"words\"]", "[[1,4],[4,5]]"), AMBIT_ERR_DAMAGED},
        {"of what comes after", DETAIL("[\"words\"]", "[[1,100]]"), AMBIT_ERR_DAMAGED},
        {"below zero", DETAIL("[\"words\"]", "[[-1,1]]"), AMBIT_ERR_DAMAGED},
        {"three numbers", DETAIL("[\"words\"]", "[[1,2,3]]"), AMBIT_ERR_DAMAGED},
        {"no object", "[]", AMBIT_ERR_DAMAGED},
        {"empty", "{}", AMBIT_ERR_DAMAGED},
    };
    (void)state;
    for (size_t i = 0; i < AMBIT_LEN(rows); i++) {
        ARENA_AUTO arena = {0};
        struct erasure back;
        struct event event = {.seq = 100, .detail = ambit_str_of(rows[i].detail)};
        ROW_CHECK(rows[i].name, erasure_read(&event, &arena, &back) == rows[i].want);
    }
    struct event event = {.seq = 100};
    struct erasure back;
    ARENA_AUTO arena = {0};
    assert_int_equal(erasure_read(&event, &arena, &back), AMBIT_ERR_DAMAGED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bits),
        cmocka_unit_test(test_no_opening),
        cmocka_unit_test(test_detail),
        cmocka_unit_test(test_refused),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
