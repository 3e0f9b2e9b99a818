/* SPDX-License-Identifier: Apache-2.0 */
/* TZif files (RFC 9636): what is read of them, what is refused, and the stretches that come of it.
 */
#include "support/tzif.h"
#include "support/unit.h"

#include "base/arena.h"
#include "base/encode.h"
#include "base/zone.h"

enum { HOUR = 3600 };

static int64_t at(const char *instant)
{
    int64_t ms = 0;
    assert_int_equal(time_decode(ambit_str_of(instant), &ms), AMBIT_OK);
    return ms / 1000;
}

static struct zone read_or_fail(struct arena *arena, struct ambit_str bytes)
{
    struct zone zone = {0};
    assert_int_equal(zone_read(arena, bytes, &zone), AMBIT_OK);
    return zone;
}

/* ---- the footer ------------------------------------------------------------------------------ */

static const struct footer_row {
    const char *name;
    struct ambit_str file;
    const char *instant;
    int32_t offset_s;
    bool is_repeated;
} footers[] = {
    {"no rule: winter", {TZIF("EST5"), sizeof TZIF("EST5") - 1}, "2026-01-01T00:00:00Z", -5 * HOUR},
    {"no rule: summer", {TZIF("EST5"), sizeof TZIF("EST5") - 1}, "2026-07-01T00:00:00Z", -5 * HOUR},
#define ROW(name, text, instant, offset, repeated)                           \
    {                                                                        \
        name, {TZIF(text), sizeof TZIF(text) - 1}, instant, offset, repeated \
    }
    ROW("empty: the type says it", "", "2026-07-01T00:00:00Z", 0, false),
    ROW("angle brackets", "<+0530>-5:30", "2026-07-01T00:00:00Z", 19800, false),
    ROW("seconds", "LMT-0:53:28", "2026-07-01T00:00:00Z", 3208, false),
#define NY "EST5EDT,M3.2.0,M11.1.0"
    ROW("New York, last of winter", NY, "2026-03-08T06:59:59Z", -5 * HOUR, false),
    ROW("New York, first of summer", NY, "2026-03-08T07:00:00Z", -4 * HOUR, false),
    ROW("New York, before the repeat", NY, "2026-11-01T04:59:59Z", -4 * HOUR, false),
    ROW("New York, repeated, first time", NY, "2026-11-01T05:00:00Z", 0, true),
    ROW("New York, repeated, second time", NY, "2026-11-01T06:59:59Z", 0, true),
    ROW("New York, after the repeat", NY, "2026-11-01T07:00:00Z", -5 * HOUR, false),
    ROW("New York, 2499", NY, "2499-07-01T00:00:00Z", -4 * HOUR, false),
    ROW("beyond what is written out", NY, "2501-07-01T00:00:00Z", 0, true),
    ROW("without a rule there is no beyond", "EST5", "9999-01-01T00:00:00Z", -5 * HOUR, false),
#define LH "<+1030>-10:30<+11>-11,M10.1.0,M4.1.0"
    ROW("Lord Howe, summer", LH, "2026-01-01T00:00:00Z", 11 * HOUR, false),
    ROW("Lord Howe, winter", LH, "2026-07-01T00:00:00Z", 37800, false),
    ROW("Lord Howe, half an hour repeated", LH, "2026-04-04T14:30:00Z", 0, true),
    ROW("Lord Howe, before it", LH, "2026-04-04T14:29:59Z", 11 * HOUR, false),
    ROW("Lord Howe, behind it", LH, "2026-04-04T15:30:00Z", 37800, false),
    ROW("Dublin: winter is the summer of the rule", "IST-1GMT0,M10.5.0,M3.5.0/1",
        "2026-01-01T00:00:00Z", 0, false),
    ROW("Dublin: July", "IST-1GMT0,M10.5.0,M3.5.0/1", "2026-07-01T00:00:00Z", HOUR, false),
    ROW("summer all year, in a leap year", "XXX3EDT4,0/0,J365/23", "2028-02-29T00:00:00Z",
        -4 * HOUR, false),
    ROW("summer all year, at the join", "XXX3EDT4,0/0,J365/23", "2026-01-01T04:00:00Z", -4 * HOUR,
        false),
    ROW("summer all year and a little more", "XXX0EDT4,0/0,J365/23", "2026-01-01T01:00:00Z",
        -4 * HOUR, false),
    ROW("day 60 is the first of March, leap year or not", "AAA0BBB,J60/0,J300/0",
        "2028-03-01T00:00:00Z", HOUR, false),
    ROW("and the day before is not", "AAA0BBB,J60/0,J300/0", "2028-02-29T23:59:59Z", 0, false),
    ROW("day 59 counted from none is the leap day", "AAA0BBB,59/0,300/0", "2028-02-29T00:00:00Z",
        HOUR, false),
    ROW("a negative time", "<-02>2<-01>,M3.5.0/-1,M10.5.0/0", "2026-03-29T00:59:59Z", -2 * HOUR,
        false),
    ROW("a negative time, after", "<-02>2<-01>,M3.5.0/-1,M10.5.0/0", "2026-03-29T01:00:00Z", -HOUR,
        false),
    ROW("more than a day", "EET-2EEST,M3.4.4/50,M10.4.4/50", "2026-03-28T00:00:00Z", 3 * HOUR,
        false),
};

static void offsets_of_footers(void **state)
{
    ARENA_AUTO arena;
    (void)state;
    arena_init(&arena, NULL, 0, 0);
    for (size_t i = 0; i < AMBIT_LEN(footers); i++) {
        const struct footer_row *row = &footers[i];
        struct zone zone = {0};
        ROW_CHECK(row->name, zone_read(&arena, row->file, &zone) == AMBIT_OK);
        const struct zone_stretch *stretch = zone_at(&zone, at(row->instant));
        ROW_CHECK(row->name, stretch->is_repeated == row->is_repeated);
        ROW_CHECK(row->name, row->is_repeated || stretch->offset_s == row->offset_s);
        ROW_CHECK(row->name, stretch->from_s <= at(row->instant));
        ROW_CHECK(row->name, stretch->until_s > at(row->instant));
    }
}

/* One footer, as a file of version 2 and of version 3. */
static const struct {
    const char *footer;
    enum ambit_err two, three;
} grammar[] = {
    {"EST5EDT,M3.2.0,M11.1.0", AMBIT_OK, AMBIT_OK},
    {"EST5EDT,M3.2.0/24,M11.1.0/0:00:01", AMBIT_OK, AMBIT_OK},
    {"EST5EDT4,J1,365", AMBIT_OK, AMBIT_OK},
    {"EST+5", AMBIT_OK, AMBIT_OK},
    {"EST5EDT,M3.2.0/-1,M11.1.0", AMBIT_ERR_MALFORMED, AMBIT_OK},
    {"EST5EDT,M3.2.0/+1,M11.1.0", AMBIT_ERR_MALFORMED, AMBIT_OK},
    {"EST5EDT,M3.2.0/167,M11.1.0/-167:00:00", AMBIT_ERR_MALFORMED, AMBIT_OK},
    {"EST5EDT,M3.2.0/25,M11.1.0", AMBIT_ERR_MALFORMED, AMBIT_OK},
    {"EST5EDT,M3.2.0/24:01,M11.1.0", AMBIT_ERR_MALFORMED, AMBIT_OK},
    {"EST5EDT,M3.2.0/168,M11.1.0", AMBIT_ERR_MALFORMED, AMBIT_ERR_MALFORMED},
    {"EST5EDT,M3.2.0/167:01,M11.1.0", AMBIT_ERR_MALFORMED, AMBIT_ERR_MALFORMED},
    {"EST5EDT", AMBIT_ERR_MALFORMED, AMBIT_ERR_MALFORMED},
    {"EST5EDT,M3.2.0", AMBIT_ERR_MALFORMED, AMBIT_ERR_MALFORMED},
    {"EST5EDT,M3.2.0,M11.1.0,", AMBIT_ERR_MALFORMED, AMBIT_ERR_MALFORMED},
    {"EST5EDT,M13.2.0,M11.1.0", AMBIT_ERR_MALFORMED, AMBIT_ERR_MALFORMED},
    {"EST5EDT,M3.6.0,M11.1.0", AMBIT_ERR_MALFORMED, AMBIT_ERR_MALFORMED},
    {"EST5EDT,M3.2.7,M11.1.0", AMBIT_ERR_MALFORMED, AMBIT_ERR_MALFORMED},
    {"EST5EDT,J0,M11.1.0", AMBIT_ERR_MALFORMED, AMBIT_ERR_MALFORMED},
    {"EST5EDT,366,M11.1.0", AMBIT_ERR_MALFORMED, AMBIT_ERR_MALFORMED},
    {"EST5EDT,M3.2.0/,M11.1.0", AMBIT_ERR_MALFORMED, AMBIT_ERR_MALFORMED},
    {"EST5EDT,M3.2.0/2:60,M11.1.0", AMBIT_ERR_MALFORMED, AMBIT_ERR_MALFORMED},
    {"EST", AMBIT_ERR_MALFORMED, AMBIT_ERR_MALFORMED},
    {"ES5", AMBIT_ERR_MALFORMED, AMBIT_ERR_MALFORMED},
    {"<+5>5", AMBIT_ERR_MALFORMED, AMBIT_ERR_MALFORMED},
    {"<+05>5", AMBIT_OK, AMBIT_OK},
    {"<+0505", AMBIT_ERR_MALFORMED, AMBIT_ERR_MALFORMED},
    {"EST25", AMBIT_ERR_MALFORMED, AMBIT_ERR_MALFORMED},
    {"EST24:00:01", AMBIT_ERR_MALFORMED, AMBIT_ERR_MALFORMED},
    {"EST5 ", AMBIT_ERR_MALFORMED, AMBIT_ERR_MALFORMED},
    {":America/New_York", AMBIT_ERR_MALFORMED, AMBIT_ERR_MALFORMED},
    {"EST5\nEST5", AMBIT_ERR_MALFORMED, AMBIT_ERR_MALFORMED},
};

static enum ambit_err read_footer(struct arena *arena, const char *footer, char version)
{
    char file[256];
    size_t head = sizeof TZIF("") - 1 - 2;
    struct zone zone = {0};
    memcpy(file, TZIF(""), head);
    file[4] = version;
    file[head / 2 + 4] = version;
    int len = snprintf(file + head, sizeof file - head, "\n%s\n", footer);
    return zone_read(arena, (struct ambit_str){file, head + (size_t)len}, &zone);
}

static void grammar_of_footers(void **state)
{
    ARENA_AUTO arena;
    (void)state;
    arena_init(&arena, NULL, 0, 0);
    for (size_t i = 0; i < AMBIT_LEN(grammar); i++) {
        ROW_CHECK(grammar[i].footer, read_footer(&arena, grammar[i].footer, '2') == grammar[i].two);
        ROW_CHECK(grammar[i].footer,
                  read_footer(&arena, grammar[i].footer, '3') == grammar[i].three);
        ROW_CHECK(grammar[i].footer,
                  read_footer(&arena, grammar[i].footer, '4') == grammar[i].three);
    }
    assert_int_equal(read_footer(&arena, "EST5", '5'), AMBIT_ERR_UNSUPPORTED);
    assert_int_equal(read_footer(&arena, "EST5", '1'), AMBIT_ERR_UNSUPPORTED);
}

/* ---- the file -------------------------------------------------------------------------------- */

/* A file with a data block of its own: what RFC 9636 appendix B shows, built by hand. */
struct made {
    char p[1024];
    size_t len;
};

static void put(struct made *made, const void *bytes, size_t len)
{
    assert_true(made->len + len <= sizeof made->p);
    memcpy(made->p + made->len, bytes, len);
    made->len += len;
}

static void put32(struct made *made, int64_t value)
{
    uint8_t b[4];
    put_be32(b, (uint32_t)value);
    put(made, b, sizeof b);
}

struct plan {
    char version;
    uint32_t n_ut, n_std, n_leap;
    int64_t times[4];
    uint8_t indexes[4];
    uint32_t n_times;
    struct {
        int32_t offset_s;
        uint8_t is_summer, name;
    } types[3];
    uint32_t n_types;
    uint8_t std[3], ut[3];
    const char *footer;
};

static void put_block(struct made *made, const struct plan *plan, bool is_long)
{
    put(made, "TZif", 4);
    put(made, &plan->version, 1);
    put(made, (char[15]){0}, 15);
    put32(made, plan->n_ut);
    put32(made, plan->n_std);
    put32(made, plan->n_leap);
    put32(made, plan->n_times);
    put32(made, plan->n_types);
    put32(made, 8);
    for (size_t i = 0; i < plan->n_times; i++) {
        if (is_long)
            put32(made, plan->times[i] >> 32);
        put32(made, plan->times[i]);
    }
    put(made, plan->indexes, plan->n_times);
    for (size_t i = 0; i < plan->n_types; i++) {
        put32(made, plan->types[i].offset_s);
        put(made, &plan->types[i].is_summer, 1);
        put(made, &plan->types[i].name, 1);
    }
    put(made, "AAA\0BBB", 8);
    put(made, plan->std, plan->n_std);
    put(made, plan->ut, plan->n_ut);
}

static struct made make(const struct plan *plan)
{
    struct made made = {.len = 0};
    put_block(&made, plan, false);
    if (plan->version) {
        put_block(&made, plan, true);
        put(&made, plan->footer, strlen(plan->footer));
    }
    return made;
}

static const struct plan good = {
    .version = '2',
    .times = {1000, 100000, 200000},
    .indexes = {1, 0, 1},
    .n_times = 3,
    .types = {{0, 0, 0}, {3600, 1, 4}},
    .n_types = 2,
    .footer = "\nBBB-1\n",
};

static void stretches_of_changes(void **state)
{
    static const struct zone_stretch want[] = {
        {INT64_MIN, 1000, 0, false}, {1000, 96400, 3600, false},       {96400, 103600, 0, true},
        {103600, 200000, 0, false},  {200000, INT64_MAX, 3600, false},
    };
    ARENA_AUTO arena;
    (void)state;
    arena_init(&arena, NULL, 0, 0);
    for (int version = 0; version < 2; version++) {
        struct plan plan = good;
        if (version == 0)
            plan.version = 0;
        struct made made = make(&plan);
        struct zone zone = read_or_fail(&arena, (struct ambit_str){made.p, made.len});
        assert_int_equal(zone.n, AMBIT_LEN(want));
        for (size_t i = 0; i < zone.n; i++) {
            assert_int_equal(zone.stretches[i].from_s, want[i].from_s);
            assert_int_equal(zone.stretches[i].until_s, want[i].until_s);
            assert_int_equal(zone.stretches[i].is_repeated, want[i].is_repeated);
            if (!want[i].is_repeated)
                assert_int_equal(zone.stretches[i].offset_s, want[i].offset_s);
            assert_ptr_equal(zone_at(&zone, want[i].from_s), &zone.stretches[i]);
            assert_ptr_equal(zone_at(&zone, want[i].until_s - 1), &zone.stretches[i]);
        }
    }
}

#define REFUSED(what, want, ...)                                                             \
    do {                                                                                     \
        struct plan plan = good;                                                             \
        __VA_ARGS__;                                                                         \
        struct made made = make(&plan);                                                      \
        struct zone zone = {0};                                                              \
        enum ambit_err err = zone_read(&arena, (struct ambit_str){made.p, made.len}, &zone); \
        ROW_CHECK(what, err == (want));                                                      \
    } while (0)

static void faults_of_files(void **state)
{
    ARENA_AUTO arena;
    (void)state;
    arena_init(&arena, NULL, 0, 0);
    REFUSED("as it is", AMBIT_OK, (void)plan);
    REFUSED("leap seconds", AMBIT_ERR_UNSUPPORTED, plan.n_leap = 1);
    REFUSED("times that do not ascend", AMBIT_ERR_MALFORMED, plan.times[1] = 1000);
    REFUSED("no such type", AMBIT_ERR_MALFORMED, plan.indexes[2] = 2);
    REFUSED("no types", AMBIT_ERR_MALFORMED, plan.n_types = 0);
    REFUSED("neither winter nor summer", AMBIT_ERR_MALFORMED, plan.types[0].is_summer = 2);
    REFUSED("a name behind the names", AMBIT_ERR_MALFORMED, plan.types[0].name = 8);
    REFUSED("an offset of more than a day", AMBIT_ERR_MALFORMED, plan.types[0].offset_s = 93600);
    REFUSED("an offset too far west", AMBIT_ERR_MALFORMED, plan.types[0].offset_s = -90000);
    REFUSED("a time before time", AMBIT_ERR_MALFORMED, plan.times[0] = INT64_MIN);
    REFUSED("a time behind time", AMBIT_ERR_MALFORMED, plan.times[2] = INT64_MAX);
    REFUSED("one indicator for two types", AMBIT_ERR_MALFORMED, plan.n_std = 1);
    REFUSED("indicators", AMBIT_OK, plan.n_std = plan.n_ut = 2; plan.std[0] = plan.ut[0] = 1);
    REFUSED("universal but not standard", AMBIT_ERR_MALFORMED, plan.n_std = plan.n_ut = 2;
            plan.ut[0] = 1);
    REFUSED("an indicator of two", AMBIT_ERR_MALFORMED, plan.n_std = 2; plan.std[1] = 2);
    REFUSED("a footer that contradicts: it is right", AMBIT_OK, plan.footer = "\nAAA0\n");
    REFUSED("no footer", AMBIT_ERR_MALFORMED, plan.footer = "");
    REFUSED("half a footer", AMBIT_ERR_MALFORMED, plan.footer = "\n");
    REFUSED("an empty footer", AMBIT_OK, plan.footer = "\n\n");
    REFUSED("a footer without an end", AMBIT_ERR_MALFORMED, plan.footer = "\nBBB-1");
    REFUSED("a footer without a beginning", AMBIT_ERR_MALFORMED, plan.footer = "BBB-1\n");
    REFUSED("more behind", AMBIT_ERR_MALFORMED, plan.footer = "\nBBB-1\nx\n");
    REFUSED("a rule after the last year written out", AMBIT_ERR_MALFORMED,
            plan.times[2] = 20000000000;
            plan.footer = "\nAAA0BBB,0,100\n");
}

/* Cut anywhere, it is no TZif file; two blocks of two versions neither. */
static void cut_files(void **state)
{
    ARENA_AUTO arena;
    (void)state;
    arena_init(&arena, NULL, 0, 0);
    struct made made = make(&good);
    for (size_t len = 0; len < made.len; len++) {
        struct zone zone = {0};
        assert_int_equal(zone_read(&arena, (struct ambit_str){made.p, len}, &zone),
                         AMBIT_ERR_MALFORMED);
    }
    struct plan old = good;
    old.version = 0;
    struct zone zone = {0};
    struct made one = make(&old);
    put(&one, "x", 1);
    assert_int_equal(zone_read(&arena, (struct ambit_str){one.p, one.len}, &zone),
                     AMBIT_ERR_MALFORMED);
    made = make(&good);
    made.p[4] = '3';
    assert_int_equal(zone_read(&arena, (struct ambit_str){made.p, made.len}, &zone),
                     AMBIT_ERR_MALFORMED);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(offsets_of_footers),
        cmocka_unit_test(grammar_of_footers),
        cmocka_unit_test(stretches_of_changes),
        cmocka_unit_test(faults_of_files),
        cmocka_unit_test(cut_files),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
