/* SPDX-License-Identifier: Apache-2.0 */
/* Goal: a log of several tiles verifies whole and in part, each kind of damage to its files is
 * named where it is, and ids have their places however many there are (MRK-1, TIL-2, TIL-3, CKP-1).
 */
#include <stdio.h>

#include "support/unit.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/encode.h"
#include "ledger/follow_links.h"
#include "ledger/follow_texts.h"
#include "ledger/log_verify.h"
#include "ledger/places.h"
#include "ledger/tree.h"

enum { SIZE = 600, FILES = 32, ERASED = 77 };

struct file {
    char path[LOG_PATH_MAX];
    struct buf bytes;
    bool is_folder; /* of that name, in its place */
};
struct log {
    struct file file[FILES];
    size_t n;
};

static struct file *find_file(struct log *log, const char *path)
{
    for (size_t i = 0; i < log->n; i++)
        if (strcmp(log->file[i].path, path) == 0)
            return &log->file[i];
    assert_true(log->n < FILES);
    (void)snprintf(log->file[log->n].path, LOG_PATH_MAX, "%s", path);
    return &log->file[log->n++];
}

static struct buf *file_of(struct log *log, const char *path)
{
    return &find_file(log, path)->bytes;
}

static enum ambit_err get(void *ctx, const char *path, size_t max, struct buf *ret)
{
    const struct log *log = ctx;
    for (size_t i = 0; i < log->n; i++) {
        if (strcmp(log->file[i].path, path) != 0)
            continue;
        if (log->file[i].is_folder)
            return AMBIT_ERR_MALFORMED; /* as file_read() says it */
        if (log->file[i].bytes.len > max)
            return AMBIT_ERR_TOO_LARGE;
        buf_put_str(ret, buf_str(&log->file[i].bytes));
        return buf_check(ret);
    }
    return AMBIT_ERR_NOT_FOUND;
}

static enum ambit_err each(void *ctx, void (*one)(void *one_ctx, const char *path), void *one_ctx)
{
    const struct log *log = ctx;
    for (size_t i = 0; i < log->n; i++)
        one(one_ctx, log->file[i].path);
    return AMBIT_OK;
}

/* ---- a log ------------------------------------------------------------------------------------
 */

static void put_event(uint64_t seq, struct buf *bundle, struct buf *openings,
                      struct ambit_digest *ret_leaf)
{
    static const struct event_seed seed = {{9}};
    struct event event = {.seq = seq,
                          .time_ms = 1763632800000 + (int64_t)seq,
                          .type = EVENT_PERSON_READ,
                          .decision = EVENT_DECISION_NONE,
                          .person = AMBIT_STR("dana"),
                          .words = seq % 7 == 0 ? AMBIT_STR("why") : (struct ambit_str){0}};
    BUF_AUTO opening;
    BUF_AUTO leaf;
    buf_init(&opening, 0);
    buf_init(&leaf, 0);
    put_be64(event.id.b + 8, seq + 1);
    assert_int_equal(event_encode(&event, &seed, &leaf, &opening), AMBIT_OK);
    buf_put_char(bundle, (char)(leaf.len >> 8));
    buf_put_char(bundle, (char)leaf.len);
    buf_put_str(bundle, buf_str(&leaf));
    *ret_leaf = tree_leaf(buf_str(&leaf));
    if (opening.len > 0 && seq != ERASED) {
        buf_put_text(openings, "{\"open\":");
        buf_put_str(openings, buf_str(&opening));
        buf_printf(openings, ",\"seq\":%llu}\n", (unsigned long long)seq);
    }
}

static void put_head(struct log *log, const struct ambit_digest *root, uint64_t first,
                     uint64_t next)
{
    const struct checkpoint checkpoint = {
        .origin = AMBIT_STR("test/log"), .size = SIZE, .root = *root};
    struct buf *note = file_of(log, "checkpoint"), *export = file_of(log, "export.json");
    buf_reset(note);
    buf_reset(export);
    checkpoint_put(&checkpoint, note);
    buf_put_text(note, "\n\u2014 test/log AAAAAAAA\n"); /* nobody's signature */
    buf_printf(export,
               "{\"first\":%llu,\"kind\":\"%s\",\"next\":%llu,\"openings\":true,\"origin\":"
               "\"test/log\",\"size\":%d,\"v\":1}",
               (unsigned long long)first, next - first == SIZE ? "log" : "segment",
               (unsigned long long)next, SIZE);
}

static void make(struct log *log, uint64_t first, uint64_t next)
{
    static const char *const bundles[] = {"tile/entries/000", "tile/entries/001",
                                          "tile/entries/002.p/88"};
    static const char *const tiles[] = {"tile/0/000", "tile/0/001", "tile/0/002.p/88"};
    static const char *const openings[] = {"openings/000", "openings/001", "openings/002"};
    struct tree_edge edge = {.size = 0};
    *log = (struct log){.n = 0};
    for (uint64_t seq = 0; seq < SIZE; seq++) {
        struct ambit_digest leaf;
        size_t at = seq / 256;
        put_event(seq, file_of(log, bundles[at]), file_of(log, openings[at]), &leaf);
        buf_put(file_of(log, tiles[at]), leaf.b, sizeof leaf.b);
        tree_edge_add(&edge, leaf);
        if (edge.size % 256 == 0)
            buf_put(file_of(log, "tile/1/000.p/2"), edge.node[8].b, sizeof leaf.b);
    }
    struct ambit_digest root = tree_root(&edge);
    put_head(log, &root, first, next);
}

static void done(struct log *log)
{
    for (size_t i = 0; i < log->n; i++)
        buf_done(&log->file[i].bytes);
}

static void verify(struct log *log, struct log_report *ret)
{
    static const struct note_verifier nobody = {.name = "test/log", .name_len = 8};
    const struct log_source source = {.ctx = log, .get = get};
    const struct log_verify_options options = {.key = &nobody, .hash_key = {1, 2}};
    assert_int_equal(log_verify(&source, &options, ret), AMBIT_OK);
}

static void verify_unkeyed(struct log *log, struct log_report *ret)
{
    const struct log_source source = {.ctx = log, .get = get, .each = each};
    const struct log_verify_options options = {.hash_key = {1, 2}};
    assert_int_equal(log_verify(&source, &options, ret), AMBIT_OK);
}

static bool is_told(const struct log_report *report, const char *what)
{
    for (size_t i = 0; i < report->n; i++) {
        char line[1024];
        const struct log_problem *problem = &report->problems[i];
        (void)snprintf(line, sizeof line, "%lld %.*s: %.*s",
                       problem->has_seq ? (long long)problem->seq : -1LL,
                       AMBIT_STR_ARG(problem->path), AMBIT_STR_ARG(problem->what));
        if (strstr(line, what) != NULL)
            return true;
    }
    return false;
}

/* ---- tests ------------------------------------------------------------------------------------
 */

/* The signature is nobody's and one opening is not there: nothing else is said. */
static void whole_and_part(void **state)
{
    static const struct {
        const char *name;
        uint64_t first, next;
        size_t problems;
    } rows[] = {
        {"whole", 0, SIZE, 2},      {"the first bundle", 0, 256, 1}, {"the second", 256, 512, 1},
        {"the last", 512, SIZE, 1}, {"two", 256, SIZE, 1},
    };
    (void)state;
    for (size_t i = 0; i < AMBIT_LEN(rows); i++) {
        struct log log;
        struct log_report report;
        make(&log, rows[i].first, rows[i].next);
        verify(&log, &report);
        ROW_CHECK(rows[i].name, report.events == rows[i].next - rows[i].first);
        ROW_CHECK(rows[i].name, report.n_problems == rows[i].problems);
        ROW_CHECK(rows[i].name, is_told(&report, "checkpoint: is not signed by this key"));
        ROW_CHECK(rows[i].name,
                  is_told(&report, "77 : its opening is not there and no erasure says so") ==
                      (rows[i].problems == 2));
        /* What comes after may account for it: it is counted where there is any. */
        ROW_CHECK(rows[i].name, report.counts.unaccounted_texts ==
                                    (rows[i].first == 0 && rows[i].next < SIZE ? 1 : 0));
        log_report_done(&report);
        done(&log);
    }
}

static void forget(struct log *log, const char *path)
{
    for (size_t i = 0; i < log->n; i++)
        if (strcmp(log->file[i].path, path) == 0)
            log->file[i].path[0] = '?';
}

static void each_damage_is_named(void **state)
{
    enum how { FLIP, CUT, GONE, FOLDER };
    static const struct {
        const char *path;
        enum how how;
        size_t at;
        const char *what;
    } rows[] = {
        {"tile/entries/001", FLIP, 40, "256 : its bytes do not have the hash that the tree has"},
        {"tile/entries/001", CUT, 9, "tile/entries/001: is not the 256 entries it must be"},
        {"tile/entries/002.p/88", GONE, 0, "tile/entries/002.p/88: is not there"},
        {"tile/0/000", FLIP, 32 * 5, "5 : its bytes do not have the hash that the tree has"},
        {"tile/0/000", FLIP, 1, "tile/0/000: does not have the hash that the tile above it gives"},
        {"tile/0/001", CUT, 1, "tile/0/001: is not the 256 hashes it must be"},
        {"tile/0/002.p/88", GONE, 0, "tile/0/002.p/88: is not there"},
        {"tile/1/000.p/2", FLIP, 33, "tile/0/001: does not have the hash"},
        {"tile/1/000.p/2", FLIP, 33, "checkpoint: the events do not have the root"},
        {"tile/1/000.p/2", GONE, 0, "tile/1/000.p/2: is not there"},
        {"openings/000", FLIP, 3, "openings/000: is not lines of openings"},
        {"openings/001", FLIP, 30, "259 : the opening does not fit the commitment"},
        {"openings/002", GONE, 0, "its opening is not there and no erasure says so"},
        {"export.json", FLIP, 9, "export.json: "},
        {"checkpoint", FLIP, 0, "export.json: is of another log than the checkpoint"},
        {"checkpoint", FOLDER, 0, "checkpoint: cannot be read"},
        {"tile/entries/000", FOLDER, 0, "tile/entries/000: cannot be read"},
        {"tile/0/002.p/88", FOLDER, 0, "tile/0/002.p/88: cannot be read"},
        {"tile/1/000.p/2", FOLDER, 0, "tile/1/000.p/2: cannot be read"},
        {"openings/001", FOLDER, 0, "openings/001: is not lines of openings"},
    };
    (void)state;
    for (size_t i = 0; i < AMBIT_LEN(rows); i++) {
        struct log log;
        struct log_report report;
        make(&log, 0, SIZE);
        struct buf *file = file_of(&log, rows[i].path);
        if (rows[i].how == FLIP)
            file->p[rows[i].at] = (char)(file->p[rows[i].at] ^ 1);
        else if (rows[i].how == CUT)
            file->len -= rows[i].at;
        else if (rows[i].how == GONE)
            forget(&log, rows[i].path);
        else
            find_file(&log, rows[i].path)->is_folder = true;
        verify(&log, &report);
        ROW_CHECK(rows[i].what, is_told(&report, rows[i].what));
        log_report_done(&report);
        done(&log);
    }
}

static void put_export(struct log *log, const char *text)
{
    buf_reset(file_of(log, "export.json"));
    buf_put_text(file_of(log, "export.json"), text);
}

/* What could not be looked at never holds, whatever the caller of the file did not tell. */
static void what_was_not_looked_at_does_not_hold(void **state)
{
    static const struct {
        const char *name, *folder, *export, *what;
    } rows[] = {
        {"a folder as the key", "log.vkey", NULL, "log.vkey: cannot be read"},
        {"evidence of nothing", NULL,
         "{\"events\":0,\"kind\":\"evidence\",\"origin\":\"test/log\",\"size\":600,\"v\":1}",
         "receipts: is no event"},
        {"a segment of nothing", NULL,
         "{\"first\":5,\"kind\":\"segment\",\"next\":5,\"origin\":\"test/"
         "log\",\"size\":600,\"v\":1}",
         "export.json: is of no event"},
    };
    (void)state;
    for (size_t i = 0; i < AMBIT_LEN(rows); i++) {
        struct log log;
        struct log_report report;
        make(&log, 0, SIZE);
        if (rows[i].folder != NULL)
            find_file(&log, rows[i].folder)->is_folder = true;
        if (rows[i].export != NULL)
            put_export(&log, rows[i].export);
        verify_unkeyed(&log, &report);
        ROW_CHECK(rows[i].name, report.n_problems > 0 && is_told(&report, rows[i].what));
        log_report_done(&report);
        done(&log);
    }
}

/* The kind is the exporter's word: all of a log called a part of it is judged as all of it. */
static void a_log_called_a_segment_is_judged_whole(void **state)
{
    struct log log;
    struct log_report report;
    (void)state;
    make(&log, 0, SIZE);
    put_export(&log, "{\"first\":0,\"kind\":\"segment\",\"next\":600,\"openings\":true,"
                     "\"origin\":\"test/log\",\"size\":600,\"v\":1}");
    verify(&log, &report);
    assert_true(is_told(&report, "77 : its opening is not there and no erasure says so"));
    assert_int_equal(report.n_problems, 2);
    log_report_done(&report);
    done(&log);
}

/* A checkpoint may name any size: files that are not there are not looked for without end. */
static void a_huge_size_ends_at_once(void **state)
{
    static const struct {
        const char *size, *what;
    } rows[] = {
        {"549755813888", "tile/entries/003: is not there"},
        {"1099511627776", "checkpoint: is of more events than can be looked at"},
        {"18446744073709551615", "checkpoint: is "},
    };
    (void)state;
    for (size_t i = 0; i < AMBIT_LEN(rows); i++) {
        struct log log;
        struct log_report report;
        make(&log, 0, SIZE);
        struct buf *note = file_of(&log, "checkpoint");
        buf_reset(note);
        buf_printf(note, "test/log\n%s\n%s\n\n\u2014 test/log AAAAAAAA\n", rows[i].size,
                   "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=");
        BUF_AUTO text;
        buf_init(&text, 0);
        buf_printf(&text,
                   "{\"first\":0,\"kind\":\"log\",\"next\":%s,\"openings\":true,"
                   "\"origin\":\"test/log\",\"size\":%s,\"v\":1}",
                   i == 2 ? "600" : rows[i].size, i == 2 ? "600" : rows[i].size);
        buf_put_char(&text, '\0');
        put_export(&log, text.p);
        verify(&log, &report);
        ROW_CHECK(rows[i].size, is_told(&report, rows[i].what));
        ROW_CHECK(rows[i].size, report.n_problems < 30000);
        log_report_done(&report);
        done(&log);
    }
}

static void files_of_no_log_are_counted(void **state)
{
    static const struct {
        const char *path;
        uint64_t others;
    } rows[] = {
        {"tile/entries/002", 1},
        {"tile/0/003", 1},
        {"tile/0/00", 1},
        {"openings/003", 1},
        {"openings/x", 1},
        {"openings/000", 0},
        {"documents/ab", 1},
        {"receipts/5.entry", 1},
        {"tile/0/000", 0},
        {"documents/000102030405060708090a0b0c0d0e0f000102030405060708090a0b0c0d0e0f", 0},
        {"sets/000102030405060708090a0b0c0d0e0f000102030405060708090a0b0c0d0e0f", 1},
    };
    (void)state;
    for (size_t i = 0; i < AMBIT_LEN(rows); i++) {
        struct log log;
        struct log_report report;
        make(&log, 0, SIZE);
        (void)file_of(&log, rows[i].path);
        verify_unkeyed(&log, &report);
        ROW_CHECK(rows[i].path, report.n_others == rows[i].others);
        log_report_done(&report);
        done(&log);
    }
}

static void an_id_is_given_once(void **state)
{
    struct places places;
    const char *unknown = NULL, *doubled = NULL;
    struct event event = {
        .seq = 1, .type = EVENT_DOCUMENTS_CONFIRMED, .decision = EVENT_DECISION_NONE, .id = {{7}}};
    bool is_new = false;
    (void)state;
    places_init(&places, (uint64_t[]){3, 4});
    assert_int_equal(follow_links(&places, &event, &unknown, &doubled), AMBIT_OK);
    assert_null(doubled);
    event.seq = 2; /* an activation confirms several documents */
    assert_int_equal(follow_links(&places, &event, &unknown, &doubled), AMBIT_OK);
    assert_null(doubled);
    event.seq = 3;
    event.type = EVENT_ACTION_DENIED;
    event.decision = AMBIT_DENY;
    assert_int_equal(follow_links(&places, &event, &unknown, &doubled), AMBIT_OK);
    assert_string_equal(doubled, "is a decision with the id of an event before it");
    assert_int_equal(places_add(&places, PLACE_GRANT, event.id, PLACES_SEQ_MAX, &is_new),
                     AMBIT_ERR_TOO_LARGE);
    places_done(&places);
}

static void count_left(void *ctx, const struct texts_missing *left)
{
    unsigned *bits = ctx;
    for (uint64_t seq = left->first; seq <= left->last; seq++)
        bits[seq] |= left->bits;
}

/* Against the plain rule: of each event what it lacks and no span took is left. */
static void erasures_account_for_texts(void **state)
{
    enum { EVENTS = 64, TRIES = 500 };
    uint32_t random = 5;
    (void)state;
    for (size_t i = 0; i < TRIES; i++) {
        struct texts texts = {.n_spans = 0};
        unsigned want[EVENTS] = {0}, lacks[EVENTS] = {0}, got[EVENTS] = {0};
        uint64_t accounted = 0, n = 0;
        for (uint64_t seq = 0; seq < EVENTS; seq++) {
            random = random * 1664525 + 1013904223;
            lacks[seq] = want[seq] = random >> 29;
            if (lacks[seq] != 0)
                assert_int_equal(texts_miss(&texts, seq, lacks[seq]), AMBIT_OK);
        }
        for (size_t k = 0; k < i % 9; k++) {
            random = random * 1664525 + 1013904223;
            struct erasure_range range = {.first = random >> 26, .last = (random >> 20) % EVENTS};
            range.last = range.last < range.first ? range.first : range.last;
            const struct erasure erasure = {
                .members = (random >> 16) % 8, .ranges = &range, .n_ranges = 1};
            assert_int_equal(texts_erase(&texts, &erasure), AMBIT_OK);
            for (uint64_t seq = range.first; seq <= range.last; seq++)
                want[seq] &= ~erasure.members;
        }
        texts_judge(&texts, count_left, got, &accounted);
        assert_memory_equal(got, want, sizeof got);
        for (size_t seq = 0; seq < EVENTS; seq++)
            n += lacks[seq] != 0 && want[seq] == 0;
        assert_int_equal(accounted, n);
        texts_done(&texts);
    }
}

static void ids_have_places(void **state)
{
    enum { IDS = 50000 };
    struct places places;
    uint64_t seq = 0;
    bool is_new = false;
    (void)state;
    places_init(&places, (uint64_t[]){3, 4});
    for (uint64_t i = 0; i < IDS; i++) {
        struct ambit_id id = {{0}};
        put_be64(id.b + 8, i);
        assert_int_equal(places_add(&places, PLACE_GRANT, id, i, &is_new), AMBIT_OK);
        assert_true(is_new);
        assert_int_equal(places_add(&places, PLACE_GRANT, id, i + 1, &is_new), AMBIT_OK);
        assert_false(is_new);
    }
    for (uint64_t i = 0; i < 2 * IDS; i++) {
        struct ambit_id id = {{0}};
        put_be64(id.b + 8, i);
        assert_int_equal(places_find(&places, PLACE_GRANT, id, &seq), i < IDS);
        assert_true(i >= IDS || seq == i); /* the first place stays */
        assert_false(places_find(&places, PLACE_STOP, id, &seq));
    }
    assert_true(places.n_slots * 12 <= (size_t)IDS * 32);
    places_done(&places);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(whole_and_part),
    cmocka_unit_test(each_damage_is_named),
    cmocka_unit_test(what_was_not_looked_at_does_not_hold),
    cmocka_unit_test(a_log_called_a_segment_is_judged_whole),
    cmocka_unit_test(a_huge_size_ends_at_once),
    cmocka_unit_test(files_of_no_log_are_counted),
    cmocka_unit_test(an_id_is_given_once),
    cmocka_unit_test(erasures_account_for_texts),
    cmocka_unit_test(ids_have_places),
};

UNIT_MAIN(tests)
