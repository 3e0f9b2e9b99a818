/* SPDX-License-Identifier: Apache-2.0 */
/* Goal: a grant that the walk over events keeps in its memory is still whole when the one above it
 * takes its place there (MRK-1); a sanitizer sees the difference. */
#include "support/unit.h"

#include "base/arena.h"
#include "base/buf.h"
#include "crypto/digest.h"
#include "ledger/follow.h"

enum { PARENT = 1, CHILD = PARENT + 4096, USE };
static const struct event_seed seed = {{9}};
static const struct ambit_id parent = {{1}}, child = {{2}};

struct record {
    struct buf leaf, opening;
    struct ambit_digest none; /* the set of no documents */
    unsigned reads, told;
};

static struct event event_at_seq(uint64_t seq, const struct record *record)
{
    bool is_use = seq == USE;
    struct event event = {.seq = seq,
                          .time_ms = 1763632800000 + (int64_t)seq,
                          .type = is_use ? EVENT_ACTION_DENIED : EVENT_GRANT_ISSUED,
                          .decision = is_use ? AMBIT_DENY : AMBIT_ALLOW,
                          .reason = is_use ? AMBIT_REASON_OUT_OF_SCOPE : AMBIT_REASON_ALLOWED,
                          .agent = AMBIT_STR("an-agent-whose-name-does-not-fit-a-free-block"),
                          .owner = AMBIT_STR("dana"),
                          .purpose = is_use ? (struct ambit_str){0} : AMBIT_STR("why"),
                          .expires_ms = is_use ? 0 : 1763632900000,
                          .lineage = parent,
                          .parent = seq == CHILD ? parent : (struct ambit_id){{0}},
                          .grant = seq == PARENT ? parent : child,
                          .depth = seq == CHILD,
                          .documents = is_use ? record->none : (struct ambit_digest){{8}}};
    event.id.b[0] = (uint8_t)(1 + seq % 255);
    if (is_use) {
        event.service = AMBIT_STR("payments-api");
        event.action = AMBIT_STR("ticket.read");
        event.resource = AMBIT_STR("ticket/1");
    }
    return event;
}

static void encode(struct record *record, uint64_t seq)
{
    struct event event = event_at_seq(seq, record);
    buf_reset(&record->leaf);
    buf_reset(&record->opening);
    assert_int_equal(event_encode(&event, &seed, &record->leaf, &record->opening), AMBIT_OK);
}

static enum ambit_err event_at(void *ctx, uint64_t seq, struct arena *arena, struct ambit_str *ret,
                               struct ambit_str *ret_opening)
{
    struct record *record = ctx;
    record->reads += seq == PARENT;
    encode(record, seq);
    *ret = arena_copy(arena, buf_str(&record->leaf));
    *ret_opening = arena_copy(arena, buf_str(&record->opening));
    return AMBIT_OK;
}

static enum ambit_err list_of(void *ctx, const struct ambit_digest *set, struct arena *arena,
                              struct sets_list *ret)
{
    const struct record *record = ctx;
    static const struct ambit_digest nothing;
    (void)arena;
    *ret = (struct sets_list){.documents = &nothing, .has_zones = true};
    return ambit_digest_eq(*set, record->none) ? AMBIT_OK : AMBIT_ERR_NOT_FOUND;
}

static void problem(void *ctx, const uint64_t *seq, const char *what)
{
    struct record *record = ctx;
    record->told++;
    (void)seq;
    assert_string_equal(what, "says deny (out_of_scope), its inputs decide deny (wrong_audience)");
}

static void a_grant_and_its_parent_in_one_place(void **state)
{
    static const char tag[] = "ambit documents v1";
    static const uint64_t seqs[] = {PARENT, CHILD, USE};
    struct record record = {.reads = 0};
    struct follow *follow = NULL;
    (void)state;
    crypto_sha256(tag, sizeof tag, &record.none);
    buf_init(&record.leaf, 0);
    buf_init(&record.opening, 0);
    const struct follow_source source = {.sets = {.ctx = &record, .list = list_of},
                                         .ctx = &record,
                                         .event_at = event_at,
                                         .problem = problem};
    const struct follow_options options = {.key = {1, 2}, .may_lack_sets = true};
    assert_int_equal(follow_new(&source, &options, &follow), AMBIT_OK);
    for (size_t i = 0; i < AMBIT_LEN(seqs); i++) {
        ARENA_AUTO arena;
        struct event event;
        arena_init(&arena, NULL, 0, 0);
        encode(&record, seqs[i]);
        struct ambit_str leaf = arena_copy(&arena, buf_str(&record.leaf));
        struct ambit_str opening = arena_copy(&arena, buf_str(&record.opening));
        assert_int_equal(event_decode(leaf, opening, &arena, &event), AMBIT_OK);
        assert_int_equal(follow_event(follow, &event, leaf, opening, &arena), AMBIT_OK);
    }
    assert_int_equal(record.reads, 1); /* the child was at hand, the parent took its place */
    assert_int_equal(record.told, 1);
    follow_free(follow);
    buf_done(&record.leaf);
    buf_done(&record.opening);
}

static void a_set_names_a_document_once(void **state)
{
#define A "\"sha256:000102030405060708090a0b0c0d0e0f000102030405060708090a0b0c0d0e0f\""
#define B "\"sha256:100102030405060708090a0b0c0d0e0f000102030405060708090a0b0c0d0e0f\""
    static const struct {
        const char *name, *text;
        enum ambit_err want;
    } rows[] = {
        {"two", "{\"documents\":[" A "," B "]}", AMBIT_OK},
        {"one twice", "{\"documents\":[" A "," B "," A "]}", AMBIT_ERR_DAMAGED},
    };
    (void)state;
    for (size_t i = 0; i < AMBIT_LEN(rows); i++) {
        ARENA_AUTO arena;
        struct sets_list list;
        arena_init(&arena, NULL, 0, 0);
        ROW_CHECK(rows[i].name,
                  log_set_read(ambit_str_of(rows[i].text), &arena, &list) == rows[i].want);
    }
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(a_set_names_a_document_once),
    cmocka_unit_test(a_grant_and_its_parent_in_one_place),
};

UNIT_MAIN(tests)
