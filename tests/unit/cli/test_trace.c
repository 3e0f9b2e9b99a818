/* SPDX-License-Identifier: Apache-2.0 */
/* Goal: a story is drawn so that what hangs from what is seen, times and durations read well, no
 * word makes a line of its own, and what was erased is said to be. */
#include "base/arena.h"
#include "base/json_read.h"
#include "cli/trace.h"
#include "cli/trailer.h"
#include "cli/tree.h"
#include "support/unit.h"

static const struct json_value *parse(struct arena *arena, const char *json)
{
    const struct json_value *value = NULL;
    struct json_problem ignored = {.line = 0};
    assert_int_equal(
        json_read(ambit_str_of(json), (struct json_limits){.depth = 16}, arena, &value, &ignored),
        AMBIT_OK);
    return value;
}

static struct tree_node *add(struct arena *arena, struct tree_node *above, const char *text)
{
    BUF_AUTO line = {.p = NULL};
    buf_put_text(&line, text);
    return tree_add(arena, above, &line);
}

static void branches(void **state)
{
    (void)state;
    ARENA_AUTO arena = {0};
    struct tree_node root = {.first = NULL};
    struct tree_node *a = add(&arena, &root, "a"), *b = add(&arena, a, "b");
    (void)add(&arena, add(&arena, b, "c"), "d");
    (void)add(&arena, b, "e");
    (void)add(&arena, a, "f");
    (void)add(&arena, &root, "g");
    assert_null(add(&arena, NULL, "below nothing"));
    static const struct {
        bool is_ascii;
        const char *want;
    } rows[] = {
        {true, "a\n|- b\n|  |- c\n|  |  `- d\n|  `- e\n`- f\n\ng\n"},
        {false, "a\n├─ b\n│  ├─ c\n│  │  └─ d\n│  └─ e\n└─ f\n\ng\n"},
    };
    for (size_t i = 0; i < AMBIT_LEN(rows); i++) {
        BUF_AUTO out = {.p = NULL};
        tree_write(&out, &root, rows[i].is_ascii);
        ROW_CHECK(rows[i].want, ambit_str_is(buf_str(&out), rows[i].want));
    }
}

static void depth_is_bounded(void **state)
{
    (void)state;
    ARENA_AUTO arena = {0};
    struct tree_node root = {.first = NULL}, *at = &root;
    for (int i = 0; i < 40; i++)
        at = add(&arena, at, "x");
    BUF_AUTO out = {.p = NULL};
    tree_write(&out, &root, true);
    assert_int_equal(buf_check(&out), AMBIT_OK);
    assert_true(out.len > 16);
}

static void durations(void **state)
{
    (void)state;
    static const struct {
        const char *name, *want;
        int64_t ms;
    } rows[] = {
        {"none", "0.000 s", 0},        {"ms", "0.042 s", 42},      {"seconds", "9.999 s", 9999},
        {"ten", "10s", 10000},         {"a minute", "1m", 60000},  {"parts", "2m 5s", 125999},
        {"hours", "3h 12m", 11531000}, {"an hour", "1h", 3601000}, {"days", "2d 4h", 187200000},
        {"backwards", "0.000 s", -5},
    };
    for (size_t i = 0; i < AMBIT_LEN(rows); i++) {
        BUF_AUTO out = {.p = NULL};
        say_duration(&out, rows[i].ms);
        ROW_CHECK(rows[i].name, ambit_str_is(buf_str(&out), rows[i].want));
    }
}

static void times(void **state)
{
    (void)state;
    static const struct {
        const char *name, *time, *want;
    } rows[] = {
        {"of the day", "2026-11-21T14:36:22.831Z", "14:36:22.831"},
        {"of another", "2026-11-22T00:00:00.001Z", "2026-11-22 00:00:00.001"},
        {"no time", "soon\n", "soon\\n"},
        {"almost one", "2026-11-21T14:36:22\n831Z", "2026-11-21T14:36:22\\n831Z"},
    };
    struct trace_view view = {.day = AMBIT_STR("2026-11-21")};
    for (size_t i = 0; i < AMBIT_LEN(rows); i++) {
        BUF_AUTO out = {.p = NULL};
        say_time(&out, &view, ambit_str_of(rows[i].time));
        ROW_CHECK(rows[i].name, ambit_str_is(buf_str(&out), rows[i].want));
    }
}

static void sentences(void **state)
{
    (void)state;
    static const struct {
        const char *event;
        enum say_form form;
        const char *want;
    } rows[] = {
        {"{\"type\":\"action.denied\",\"agent\":\"a\",\"action\":\"x.do\",\"resource\":\"svc:1\","
         "\"reason\":\"out_of_scope\",\"trips\":[\"p/probing\"],\"stated_reason\":\"be\\\"cause\"}",
         SAY_WHOLE,
         "a was DENIED x.do on svc:1: out_of_scope: \"be\\\"cause\"; TRIPPED the hard stop "
         "p/probing"},
        {"{\"type\":\"action.denied\",\"agent\":\"a\",\"action\":\"x.do\",\"resource\":\"svc:1\","
         "\"reason\":\"out_of_scope\",\"stated_reason\":\"because\"}",
         SAY_BARE, "a was DENIED x.do on svc:1: out_of_scope"},
        {"{\"type\":\"action.allowed\",\"agent\":\"a\",\"action\":\"x.do\",\"resource\":\"svc:1\","
         "\"policy\":\"p\",\"rule\":\"r\",\"erased\":[\"stated_reason\"]}",
         SAY_BRIEF, "allowed x.do on svc:1 (p/r): (erased)"},
        {"{\"type\":\"stop.raised\",\"person\":\"lee\",\"target\":\"agent:a\",\"words\":\"now\"}",
         SAY_WHOLE, "lee STOPPED agent:a: \"now\""},
        {"{\"type\":\"stop.raised\",\"by\":\"hard_stop:p/s\",\"target\":\"agent:a\"}", SAY_WHOLE,
         "hard_stop:p/s STOPPED agent:a"},
        {"{\"type\":\"approval.refused\",\"person\":\"lee\",\"erased\":[\"words\"]}", SAY_WHOLE,
         "lee said NO: (erased)"},
        {"{\"type\":\"incident.escalated\",\"level\":\"escalation\"}", SAY_WHOLE,
         "nobody took up the incident: it went to escalation"},
        {"{\"type\":\"action.outcome\",\"reported_by\":\"agent\",\"agent\":\"a\",\"action\":\"x."
         "do\","
         "\"resource\":\"svc:1\",\"outcome\":\"failed\",\"agreement\":\"mismatched\",\"late\":"
         "true}",
         SAY_WHOLE, "a says x.do on svc:1 failed, NOT what the other side says, too late"},
        {"{\"type\":\"grant.issued\",\"agent\":\"a\\nb\",\"items\":[{\"actions\":[\"x\"],"
         "\"resources\":[\"svc:\\u202e1\"]}],\"lifetime_s\":300}",
         SAY_WHOLE, "a\\nb was granted x[svc:\\xe2\\x80\\xae1] for 5m"},
        {"{\"type\":\"some.thing\\u001b[2J\"}", SAY_WHOLE, "some.thing\\x1b[2J"},
        {"{}", SAY_WHOLE, ""},
    };
    for (size_t i = 0; i < AMBIT_LEN(rows); i++) {
        ARENA_AUTO arena = {0};
        BUF_AUTO out = {.p = NULL};
        say_event(&out, parse(&arena, rows[i].event), rows[i].form);
        ROW_CHECK(rows[i].want, ambit_str_is(buf_str(&out), rows[i].want));
    }
}

static const char story[] =
    "{\"subject\":{\"kind\":\"grant\",\"id\":\"G1\"},\"owner\":{\"person\":\"dana\"},\"agent\":"
    "\"a\","
    "\"policies\":[{\"policy\":\"p\",\"digest\":\"sha256:00112233445566778899\",\"owner\":\"dana\","
    "\"activated_at\":\"2026-11-20T00:00:00.000Z\",\"activated_by\":\"lee\",\"in_force\":false,"
    "\"review\":{\"authored_by\":\"dana\",\"generated_by\":{\"tool\":\"t\\n`- x\",\"model\":\"m\"},"
    "\"accepted_by\":\"dana\",\"reviewed_by\":[\"lee\",\"kim\"]},\"confirmations\":["
    "{\"person\":\"lee\",\"at\":\"2026-11-19T00:00:00.000Z\",\"how\":\"signature\","
    "\"file\":\"sha256:aabbccddeeff00112233\"},"
    "{\"person\":\"dana\",\"at\":\"2026-11-19T01:00:00.000Z\",\"how\":\"word\",\"erased\":["
    "\"words\"]}"
    "]}],\"agents\":[{\"agent\":\"a\",\"owner\":\"dana\",\"attested_until\":\"never\","
    "\"unattested\":true}],"
    "\"grants\":[{\"grant\":\"G1\",\"state\":\"stopped\",\"items\":[{\"actions\":[\"x\"],"
    "\"resources\":[\"s:**\"]}]},{\"grant\":\"G2\",\"state\":\"stopped\",\"parent\":\"G1\","
    "\"items\":["
    "{\"actions\":[\"x\"],\"resources\":[\"s:1\"]}]}],"
    "\"events\":["
    "{\"seq\":1,\"time\":\"2026-11-21T10:00:00.000Z\",\"type\":\"grant.issued\",\"id\":\"E1\","
    "\"grant\":\"G1\",\"agent\":\"a\",\"owner\":\"dana\",\"items\":[{\"actions\":[\"x\"],"
    "\"resources\":[\"s:**\"],\"policy\":\"p\",\"rule\":\"r\"}],\"expires_at\":"
    "\"2026-11-21T10:05:00.000Z\",\"erased\":[\"purpose\"]},"
    "{\"seq\":2,\"time\":\"2026-11-21T10:00:01.000Z\",\"type\":\"grant.issued\",\"id\":\"E2\","
    "\"grant\":\"G2\",\"parent\":\"G1\",\"agent\":\"b\",\"owner\":\"sam\"},"
    "{\"seq\":3,\"time\":\"2026-11-21T10:00:02.000Z\",\"type\":\"action.allowed\",\"id\":\"E3\","
    "\"grant\":\"G2\",\"agent\":\"b\",\"action\":\"x\",\"resource\":\"s:1\"},"
    "{\"seq\":4,\"time\":\"2026-11-21T10:00:03.000Z\",\"type\":\"action.denied\",\"id\":\"E4\","
    "\"grant\":\"G2\",\"agent\":\"b\",\"action\":\"x\",\"resource\":\"s:\\n|- "
    "2\",\"reason\":\"no\"}],"
    "\"actions\":[{\"id\":\"E3\",\"decision\":\"allow\",\"unaccounted\":true,\"agreement\":"
    "\"missing\"},"
    "{\"id\":\"E4\",\"decision\":\"deny\"}],"
    "\"stops\":[{\"stop\":\"S1\",\"target\":\"agent:a\",\"by\":\"lee\",\"raised_at\":"
    "\"2026-11-21T10:00:04.000Z\",\"reason\":\"why\\r\\n`- stop S2\",\"counted\":[4,99]}],"
    "\"incidents\":[{\"incident\":\"I1\",\"state\":\"open\",\"stop\":\"S1\",\"owner\":\"dana\","
    "\"opened_at\":\"2026-11-21T10:00:04.000Z\",\"with\":{\"level\":\"backup\",\"person\":\"sam\"},"
    "\"escalations\":[{\"at\":\"2026-11-21T10:15:04.000Z\",\"level\":\"backup\",\"to\":\"sam\"}]}],"
    "\"next\":1,\"left_out\":{\"events\":10000,\"or_more\":true},\"complete_to\":7}";

static const char tree[] =
    "grant G1: stopped\n"
    "|- dana answers for a\n"
    "|- STOPPED by lee at 10:00:04.000: \"why\\x0d\\n`- stop S2\"; in force\n"
    "|- 2 grants, 2 actions of which 1 DENIED, 1 with outcomes that do not agree or are missing, "
    "1 incident OPEN\n"
    "|- the newest 4 events are told; 10000 or more are older: --cursor 1\n"
    "|- the index is BEHIND: what came from event 7 on was not looked for\n"
    "`- times are UTC, of 2026-11-21 where no day is named\n"
    "\n"
    "agent a\n"
    "|- dana answers for it\n"
    "`- NOT attested by its owner, which is only recorded here\n"
    "\n"
    "policy p, version sha256:001122334455, owner dana\n"
    "|- in force since 2026-11-20 00:00:00.000, taken up by lee; NOT in force any more\n"
    "|- written by dana with t\\n`- x (m)\n"
    "|- accepted by dana: confirmed by word 2026-11-19 01:00:00.000: (erased)\n"
    "|- reviewed by lee: confirmed by SSH signature 2026-11-19 00:00:00.000, over the file "
    "sha256:aabbccddeeff\n"
    "`- reviewed by kim: NOT CONFIRMED\n"
    "\n"
    "grant G1 to a of dana: stopped\n"
    "|- given 10:00:00.000 for 5m, until 10:05:00.000\n"
    "|- may x[s:**]  by rule p/r\n"
    "|- purpose: (erased)\n"
    "`- 10:00:01.000  handed on to b of sam: grant G2: stopped\n"
    "   |- given 10:00:01.000\n"
    "   |- narrowed from x[s:**]\n"
    "   |- 10:00:02.000  allowed x on s:1\n"
    "   |  `- NOBODY said in time what became of it\n"
    "   `- 10:00:03.000  DENIED  x on s:\\n|- 2: no\n"
    "\n"
    "stop S1 on agent:a: IN FORCE\n"
    "|- 10:00:04.000  raised by lee: \"why\\x0d\\n`- stop S2\"\n"
    "|- what it counted\n"
    "|  |- 10:00:03.000  b was DENIED x on s:\\n|- 2: no\n"
    "|  `- event 99, which is not yours to see\n"
    "|- incident I1: OPEN, with sam, taken up by NOBODY\n"
    "|  |- 10:00:04.000  opened on the name of dana\n"
    "|  `- 10:15:04.000  nobody had taken it up after 15m: it went to the backup, sam\n"
    "`- nobody has cleared it\n";

static void whole_tree(void **state)
{
    (void)state;
    ARENA_AUTO arena = {0};
    BUF_AUTO out = {.p = NULL};
    struct trace_view view = {.arena = &arena, .answer = parse(&arena, story), .is_ascii = true};
    assert_int_equal(trace_tree(&out, &view), AMBIT_OK);
    buf_put_char(&out, '\0');
    assert_string_equal(out.p, tree);
}

static void whole_timeline(void **state)
{
    (void)state;
    static const char want[] =
        "2026-11-19T00:00:00.000Z               lee signed policy p, version sha256:001122334455\n"
        "2026-11-19T01:00:00.000Z          +1h  dana confirmed policy p, version "
        "sha256:001122334455: (erased)\n"
        "2026-11-20T00:00:00.000Z         +23h  policy p, version sha256:001122334455, came in "
        "force, taken up by lee\n"
        "2026-11-21T10:00:00.000Z      +1d 10h  a was granted x[s:**]: (erased)\n"
        "2026-11-21T10:00:01.000Z     +1.000 s  b was granted \n"
        "2026-11-21T10:00:02.000Z     +1.000 s  b was allowed x on s:1\n"
        "2026-11-21T10:00:03.000Z     +1.000 s  b was DENIED x on s:\\n|- 2: no\n";
    ARENA_AUTO arena = {0};
    BUF_AUTO out = {.p = NULL};
    struct trace_view view = {.arena = &arena, .answer = parse(&arena, story)};
    assert_int_equal(trace_timeline(&out, &view), AMBIT_OK);
    buf_put_char(&out, '\0');
    assert_string_equal(out.p, want);
}

/* Whatever is not there, or is of another kind, is not told. */
static void odd_answers(void **state)
{
    (void)state;
    static const char *const rows[] = {
        "{}",
        "[]",
        "{\"events\":[],\"grants\":[]}",
        "{\"events\":[{}],\"stops\":[{}],\"incidents\":[{}],\"approvals\":[{}],\"agents\":[{}],"
        "\"policies\":[{}],\"actions\":[{}],\"above\":[{}]}",
        "{\"events\":\"x\",\"subject\":[],\"stops\":{\"a\":1}}",
        "{\"events\":[{\"type\":\"grant.issued\",\"grant\":\"G\",\"parent\":\"G\"}],"
        "\"grants\":[{\"grant\":\"G\"}]}",
    };
    for (size_t i = 0; i < AMBIT_LEN(rows); i++) {
        ARENA_AUTO arena = {0};
        BUF_AUTO out = {.p = NULL};
        struct trace_view view = {.arena = &arena, .answer = parse(&arena, rows[i])};
        ROW_CHECK(rows[i], trace_tree(&out, &view) == AMBIT_OK);
        ROW_CHECK(rows[i], trace_timeline(&out, &view) == AMBIT_OK);
    }
}

static void trailers(void **state)
{
    (void)state;
    static const struct {
        const char *name, *message, *want;
        size_t n;
    } rows[] = {
        {"a line", "Ambit-Decision: AQIDAAAAAAAAAAAAAAAAAQ", "AQIDAAAAAAAAAAAAAAAAAQ", 1},
        {"among others", "x\n\nAMBIT-DECISION:AQIDAAAAAAAAAAAAAAAAAQ \r\nSigned: y\n",
         "AQIDAAAAAAAAAAAAAAAAAQ", 1},
        {"twice the same",
         "Ambit-Decision: AQIDAAAAAAAAAAAAAAAAAQ\nAmbit-Decision: AQIDAAAAAAAAAAAAAAAAAQ\n",
         "AQIDAAAAAAAAAAAAAAAAAQ", 1},
        {"two", "Ambit-Decision: AQIDAAAAAAAAAAAAAAAAAQ\nAmbit-Decision: AQIDAAAAAAAAAAAAAAAAAg\n",
         "AQIDAAAAAAAAAAAAAAAAAg", 2},
        {"not at the margin", " Ambit-Decision: AQIDAAAAAAAAAAAAAAAAAQ\n", NULL, 0},
        {"more than an id", "Ambit-Decision: AQIDAAAAAAAAAAAAAAAAAQ/../x\n", NULL, 0},
        {"no id", "Ambit-Decision:\nAmbit-Decision: x\n", NULL, 0},
        {"nothing", "", NULL, 0},
    };
    for (size_t i = 0; i < AMBIT_LEN(rows); i++) {
        struct ambit_str id = {NULL, 0};
        ROW_CHECK(rows[i].name, trailer_find(ambit_str_of(rows[i].message), &id) == rows[i].n);
        ROW_CHECK(rows[i].name, rows[i].n ? ambit_str_is(id, rows[i].want) : !id.p);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(branches),       cmocka_unit_test(depth_is_bounded),
        cmocka_unit_test(durations),      cmocka_unit_test(times),
        cmocka_unit_test(sentences),      cmocka_unit_test(whole_tree),
        cmocka_unit_test(whole_timeline), cmocka_unit_test(odd_answers),
        cmocka_unit_test(trailers),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
