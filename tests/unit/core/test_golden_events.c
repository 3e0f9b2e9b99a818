/* SPDX-License-Identifier: Apache-2.0 */
/* Goal: the record of version 0.1.0 can be read, and written the same way, for ever: thirty events
 * keep their bytes and their leaf hashes, and the words in them keep their spelling. */
#include "support/unit.h"

#include <fcntl.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/encode.h"
#include "base/file.h"
#include "base/json_read.h"
#include "golden/events.h"
#include "ledger/tree.h"

struct golden {
    struct ambit_str bytes, opening;
    struct ambit_digest leaf;
};

struct golden_file {
    struct arena arena;
    struct buf text;
    struct golden rows[GOLDEN_EVENTS];
};

static void golden_done(struct golden_file *file)
{
    arena_done(&file->arena);
    buf_done(&file->text);
}

static struct golden read_row(struct arena *arena, const struct json_value *value)
{
    struct golden row = {.opening = json_get_str(value, "opening")};
    struct ambit_str text = json_get_str(value, "bytes");
    uint8_t *bytes = arena_alloc(arena, text.len);
    assert_non_null(bytes);
    assert_int_equal(base64_decode(text, bytes, text.len, &row.bytes.len), AMBIT_OK);
    row.bytes.p = (const char *)bytes;
    assert_int_equal(hex_decode(json_get_str(value, "leaf"), row.leaf.b, sizeof row.leaf.b),
                     AMBIT_OK);
    return row;
}

static void golden_read(struct golden_file *file)
{
    const struct json_value *list = NULL;
    struct json_problem problem;
    const char *path = getenv("GOLDEN_EVENTS");
    *file = (struct golden_file){.text = {.p = NULL}};
    assert_non_null(path);
    assert_int_equal(file_read(AT_FDCWD, path, 1 << 20, &file->text), AMBIT_OK);
    assert_int_equal(
        json_read(buf_str(&file->text), (struct json_limits){0}, &file->arena, &list, &problem),
        AMBIT_OK);
    assert_int_equal(list->count, GOLDEN_EVENTS);
    size_t n = 0;
    for (const struct json_value *value = list->first; value; value = value->next)
        file->rows[n++] = read_row(&file->arena, value);
}

static void expect_text(size_t i, const char *what, struct ambit_str have, struct ambit_str want)
{
    if (!ambit_str_eq(have, want))
        fail_msg("event %d: another %s:\n%.*s\ninstead of\n%.*s", (int)i, what, AMBIT_STR_ARG(have),
                 AMBIT_STR_ARG(want));
}

static void test_written_the_same(void **state)
{
    (void)state;
    AMBIT_CLEANUP(golden_done) struct golden_file file;
    golden_read(&file);
    for (size_t i = 0; i < GOLDEN_EVENTS; i++) {
        ARENA_AUTO arena = {0};
        BUF_AUTO leaf = {0}, opening = {0};
        struct event event = golden_event(i, &arena);
        struct event_seed seed = golden_seed(i);
        assert_int_equal(event_encode(&event, &seed, &leaf, &opening), AMBIT_OK);
        expect_text(i, "leaf", buf_str(&leaf), file.rows[i].bytes);
        expect_text(i, "opening", buf_str(&opening), file.rows[i].opening);
        assert_true(ambit_digest_eq(tree_leaf(buf_str(&leaf)), file.rows[i].leaf));
    }
}

static void test_read_and_written_again(void **state)
{
    (void)state;
    AMBIT_CLEANUP(golden_done) struct golden_file file;
    golden_read(&file);
    for (size_t i = 0; i < GOLDEN_EVENTS; i++) {
        ARENA_AUTO arena = {0};
        BUF_AUTO leaf = {0}, opening = {0};
        struct event event;
        struct event_seed seed = golden_seed(i);
        assert_int_equal(event_decode(file.rows[i].bytes, file.rows[i].opening, &arena, &event),
                         AMBIT_OK);
        assert_int_equal(event.seq, i);
        assert_int_equal(event_encode(&event, &seed, &leaf, &opening), AMBIT_OK);
        expect_text(i, "leaf", buf_str(&leaf), file.rows[i].bytes);
        expect_text(i, "opening", buf_str(&opening), file.rows[i].opening);
        assert_int_equal(event_decode(file.rows[i].bytes, AMBIT_STR(""), &arena, &event), AMBIT_OK);
        assert_null(event.words.p);
    }
}

/* The types that the first version wrote; later ones come behind them. */
enum { GOLDEN_TYPES = EVENT_REFUSALS_FOLDED + 1 };

static const char *const members[] = {
    "action",
    "agent",
    "also",
    "arguments_digest",
    "asked",
    "asked_lifetime_s",
    "audience",
    "audience_asked",
    "binding",
    "by",
    "cause",
    "context",
    "counts",
    "decision",
    "detail",
    "digest",
    "documents",
    "except",
    "expires_at",
    "figures",
    "grant",
    "holds",
    "id",
    "incident",
    "items",
    "lifetime_s",
    "lineage",
    "liveness",
    "member",
    "once",
    "once_until",
    "owner",
    "parent",
    "person",
    "policy",
    "proved",
    "purpose",
    "reason",
    "replaces",
    "resource",
    "rule",
    "seq",
    "service",
    "source",
    "stated_reason",
    "stop",
    "target",
    "team",
    "time",
    "token",
    "trips",
    "txn",
    "type",
    "used_stops",
    "v",
    "words",
};

/* Without personal text in the clear; with every type and every member. */
static void test_holds_everything(void **state)
{
    bool has_member[AMBIT_LEN(members)] = {false}, has_type[GOLDEN_TYPES] = {false};
    (void)state;
    AMBIT_CLEANUP(golden_done) struct golden_file file;
    golden_read(&file);
    for (size_t i = 0; i < GOLDEN_EVENTS; i++) {
        ARENA_AUTO arena = {0};
        const struct json_value *event = NULL;
        struct json_problem problem;
        assert_int_equal(
            json_read(file.rows[i].bytes, (struct json_limits){0}, &arena, &event, &problem),
            AMBIT_OK);
        for (size_t k = 0; k < AMBIT_LEN(members); k++)
            has_member[k] = has_member[k] || json_get(event, members[k]);
        for (size_t k = 0; k < GOLDEN_TYPES; k++)
            has_type[k] = has_type[k] || ambit_str_is(json_get_str(event, "type"),
                                                      event_type_text((enum event_type)k));
        static const char *const personal[] = {"INC-4711", "misbehaves", "health check",
                                               "two servers"};
        for (size_t k = 0; k < AMBIT_LEN(personal); k++)
            assert_null(memmem(file.rows[i].bytes.p, file.rows[i].bytes.len, personal[k],
                               strlen(personal[k])));
    }
    for (size_t k = 0; k < AMBIT_LEN(members); k++)
        ROW_CHECK(members[k], has_member[k]);
    for (size_t k = 0; k < GOLDEN_TYPES; k++)
        ROW_CHECK(event_type_text((enum event_type)k), has_type[k]);
}

/* The words that stand in records: none may ever be spelled otherwise. */
static void test_words(void **state)
{
    static const char *const types[] = {
        "grant.issued",        "grant.refused",       "grant.revoked",        "action.allowed",
        "action.denied",       "stop.raised",         "stop.cleared",         "incident.opened",
        "documents.activated", "documents.rejected",  "person.read",          "identity.refused",
        "caller.limited",      "key.created",         "time.distrusted",      "time.acknowledged",
        "broker.started",      "broker.stopped",      "broker.sealed",        "refusals.folded",
        "stop.clear_asked",    "documents.confirmed", "documents.superseded", "person.offboarded"};
    static const char *const reasons[] = {"allowed",           "stopped",
                                          "owner_required",    "malformed",
                                          "nothing_requested", "forbidden",
                                          "out_of_scope",      "not_delegable",
                                          "wrong_audience",    "policy_expired",
                                          "outside_hours",     "wrong_source",
                                          "purpose_required",  "composition_mismatch",
                                          "order_violated",    "reason_required",
                                          "missing_context",   "context_violated",
                                          "binding_required",  "binding_mismatch",
                                          "expired",           "limit_exceeded",
                                          "hard_stop",         "approval_required",
                                          "approval_rejected", "inactive",
                                          "policy_changed",    "not_supported"};
    static const char *const kinds[] = {"count",  "sum",         "distinct",
                                        "grants", "live_grants", "uses"};
    static const char *const bys[] = {"grant", "lineage",  "agent", "team",
                                      "owner", "resource", "policy"};
    static const char *const targets[] = {"grant", "lineage", "agent",    "team",
                                          "owner", "policy",  "resource", "all"};
    (void)state;
    for (size_t i = 0; i < AMBIT_LEN(types); i++)
        assert_string_equal(event_type_text((enum event_type)i), types[i]);
    for (size_t i = 0; i < AMBIT_LEN(kinds); i++)
        assert_string_equal(ambit_limit_kind_text((enum ambit_limit_kind)i), kinds[i]);
    for (size_t i = 0; i < AMBIT_LEN(bys); i++)
        assert_string_equal(ambit_by_text((enum ambit_by)i), bys[i]);
    for (size_t i = 0; i < AMBIT_LEN(targets); i++)
        assert_string_equal(ambit_target_text((enum ambit_target_kind)i), targets[i]);
    for (size_t i = 0; i < AMBIT_LEN(reasons); i++) {
        enum ambit_reason reason;
        ROW_CHECK(reasons[i], ambit_reason_parse(ambit_str_of(reasons[i]), &reason) == AMBIT_OK);
        assert_string_equal(ambit_reason_text(reason), reasons[i]);
    }
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_written_the_same),
    cmocka_unit_test(test_read_and_written_again),
    cmocka_unit_test(test_holds_everything),
    cmocka_unit_test(test_words),
};
UNIT_MAIN(tests)
