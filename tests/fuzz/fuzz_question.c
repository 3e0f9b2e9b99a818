/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as a question in thought, over a fixed set of documents that has everything a rule can
 * ask. What is refused says where and what; what is answered is answered the same again, as JSON
 * with every check once; and under a stop on everything nothing is allowed. */
#include <string.h>

#include "fuzz.h"
#include "support/tzif.h"

#include "ambit/explain.h"
#include "base/buf.h"
#include "base/json_read.h"
#include "crypto/digest.h"

#define PERSON(name)                                                                      \
    "{\"person\":\"" name "\",\"name\":\"N\",\"email\":\"n@example.gov\",\"team\":\"t\"," \
    "\"active\":true,\"roles\":[\"owner\",\"oncall\"]}"
#define AGENT(name, uid, more)                                                              \
    "{\"agent\":\"" name "\",\"description\":\"d\",\"owner\":\"dana\",\"backup\":\"sam\","  \
    "\"provenance\":{\"composition\":\"sha256:"                                             \
    "0000000000000000000000000000000000000000000000000000000000000000\"},\"authenticate\":" \
    "[{\"method\":\"unix_peer\",\"uid\":" uid "}],\"policies\":[\"p\",\"q\"]" more "}"
#define PLACE(folder, file) .path = AMBIT_STR(folder "/" file ".json"), .name = AMBIT_STR(file)

static const char rules[] =
    "{\"policy\":\"p\",\"description\":\"d\",\"owner\":\"dana\",\"tier\":\"medium\","
    "\"audiences\":[\"https://a.example\"],\"review\":{\"authored_by\":\"dana\",\"accepted_by\":"
    "\"dana\"},\"allow\":["
    "{\"id\":\"r0\",\"actions\":[\"a.*\"],\"resources\":[\"svc:x/**\",\"svc:${agent}/${purpose}\"],"
    "\"ttl\":{\"max\":\"5m\"},\"delegation\":{\"depth\":2},\"limits\":[{\"count\":2,\"within\":"
    "\"1h\"},{\"distinct\":\"resource\",\"max\":2,\"within\":\"1h\"},{\"live_grants\":1}]},"
    "{\"id\":\"r1\",\"actions\":[\"**\"],\"resources\":[\"db:**\"],\"ttl\":{\"max\":\"1h\"},"
    "\"when\":{\"hours\":[{\"from\":\"08:00\",\"to\":\"18:00\",\"zone\":\"Europe/Berlin\"}],"
    "\"purpose\":\"J*\",\"reason\":true,\"composition\":true,\"context\":{\"n\":{\"max\":3}},"
    "\"after\":[{\"actions\":[\"a.b\"],\"within\":\"1h\"}]},\"outcome\":{\"within\":\"1m\"},"
    "\"limits\":[{\"sum\":\"n\",\"max\":9,\"within\":\"1h\",\"by\":\"team\"},{\"grants\":2,"
    "\"within\":\"1h\"}]}],"
    "\"never\":[{\"id\":\"n\",\"actions\":[\"**\"],\"resources\":[\"svc:x/y/**\"]}],"
    "\"hard_stops\":[{\"id\":\"s0\",\"on\":\"denied\",\"count\":2,\"within\":\"1h\",\"then\":"
    "\"revoke_grant\"},{\"id\":\"s1\",\"on\":\"attempted\",\"resources\":[\"db:z/**\"],\"after\":"
    "{\"actions\":[\"a.**\"],\"within\":\"1h\"},\"then\":\"suspend_agent\"},{\"id\":\"s2\",\"on\":"
    "\"unaccounted\",\"then\":\"suspend_agent\"},{\"id\":\"s3\",\"on\":\"signal\",\"signal\":\"k\","
    "\"from\":[\"api\"],\"then\":\"suspend_agent\"}]}";
static const char asking[] =
    "{\"policy\":\"q\",\"description\":\"d\",\"owner\":\"dana\",\"tier\":\"medium\","
    "\"audiences\":[\"https://a.example\"],\"review\":{\"authored_by\":\"dana\",\"accepted_by\":"
    "\"dana\"},\"allow\":["
    "{\"id\":\"g\",\"actions\":[\"c\"],\"resources\":[\"svc:**\"],\"ttl\":{\"max\":\"5m\"},"
    "\"approval\":{\"at\":\"grant\",\"roles\":[\"oncall\"],\"timeout\":\"5m\"}},"
    "{\"id\":\"e\",\"actions\":[\"d\"],\"resources\":[\"svc:**\"],\"ttl\":{\"max\":\"5m\"},"
    "\"bind\":[\"dpop\"],\"approval\":{\"at\":\"action\",\"teams\":[\"t\"],\"timeout\":\"5m\"}}],"
    "\"hard_stops\":[{\"id\":\"s\",\"on\":\"allowed\",\"distinct\":\"resource\",\"max\":1,"
    "\"within\":\"1h\",\"by\":\"policy\",\"then\":\"stop_policy\"}]}";

static const struct ambit_file files[] = {
    {.kind = AMBIT_KIND_PERSON, PLACE("people", "dana"), .bytes = AMBIT_STR(PERSON("dana"))},
    {.kind = AMBIT_KIND_PERSON, PLACE("people", "sam"), .bytes = AMBIT_STR(PERSON("sam"))},
    {.kind = AMBIT_KIND_AGENT,
     PLACE("agents", "a"),
     .bytes = AMBIT_STR(AGENT("a", "7", ",\"delegates_to\":[\"b\"]"))},
    {.kind = AMBIT_KIND_AGENT, PLACE("agents", "b"), .bytes = AMBIT_STR(AGENT("b", "8", ""))},
    {.kind = AMBIT_KIND_SERVICE,
     PLACE("services", "api"),
     .bytes = AMBIT_STR("{\"service\":\"api\",\"owner\":\"dana\",\"tier\":\"medium\","
                        "\"audiences\":[\"https://a.example\"],\"resources\":[\"svc:**\","
                        "\"db:**\"],\"authenticate\":[{\"method\":\"tls_client_auth\","
                        "\"san_dns\":\"a.example.gov\"}]}")},
    {.kind = AMBIT_KIND_POLICY,
     PLACE("policies", "p"),
     .bytes = {.p = rules, .len = sizeof rules - 1}},
    {.kind = AMBIT_KIND_POLICY,
     PLACE("policies", "q"),
     .bytes = {.p = asking, .len = sizeof asking - 1}},
};

static enum ambit_err find_zone(void *ctx, struct ambit_str name, struct ambit_str *ret_tzif)
{
    (void)ctx;
    *ret_tzif = AMBIT_STR(TZIF_BERLIN);
    return ambit_str_is(name, "Europe/Berlin") ? AMBIT_OK : AMBIT_ERR_NOT_FOUND;
}

enum { NOW_MS_S = 1795168800 }; /* 2026-11-20T10:00:00Z */

static const struct ambit_policy_set *the_set(void)
{
    static struct ambit_policy_set *set;
    if (set)
        return set;
    const struct ambit_read_env env = {
        .now_ms = NOW_MS_S * 1000LL, .sha256 = crypto_sha256, .zone = find_zone};
    struct ambit_problems problems = {0};
    struct ambit_documents *documents = NULL;
    FUZZ_CHECK(ambit_documents_read(files, sizeof files / sizeof files[0], &env, &problems,
                                    &documents) == AMBIT_OK);
    FUZZ_CHECK(ambit_policy_compile(documents, &set) == AMBIT_OK);
    ambit_problems_done(&problems);
    return set;
}

static void answer(struct ambit_hypothesis *h, struct arena *arena, struct buf *out)
{
    struct ambit_world world;
    struct ambit_answer got;
    FUZZ_CHECK(ambit_world_of_hypothesis(the_set(), h, arena, &world) == AMBIT_OK);
    enum ambit_err err = ambit_answer(the_set(), h, &world, arena, &got);
    FUZZ_CHECK(err == AMBIT_OK || err == AMBIT_ERR_TOO_LARGE);
    if (err == AMBIT_OK)
        ambit_answer_write(h, &got, AMBIT_FOR_SECURITY, out);
}

static void check_answer(const struct ambit_hypothesis *h, struct ambit_str text,
                         struct arena *arena)
{
    const struct json_value *value = NULL;
    struct json_problem problem;
    struct json_limits limits = {.depth = 16};
    FUZZ_CHECK(json_read(text, limits, arena, &value, &problem) == AMBIT_OK);
    FUZZ_CHECK(json_get(value, "trips"));
    if (h->kind == AMBIT_QUESTION_EVENT)
        return;
    bool is_allowed = ambit_str_is(json_get_str(value, "decision"), "allow");
    FUZZ_CHECK(is_allowed == ambit_str_is(json_get_str(value, "reason"), "allowed"));
    FUZZ_CHECK(is_allowed == !json_get(value, "remedy"));
    FUZZ_CHECK(json_get(value, "checks")->count == (h->kind == AMBIT_QUESTION_GRANT
                                                        ? (size_t)AMBIT_GRANT_CHECKS
                                                        : (size_t)AMBIT_ACTION_CHECKS));
    FUZZ_CHECK(!is_allowed || h->n_stops == 0 || h->stops[0].kind != AMBIT_TARGET_ALL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    ARENA_AUTO arena;
    BUF_AUTO first = {.p = NULL}, second = {.p = NULL};
    arena_init(&arena, NULL, 0, 64 << 20);
    const struct json_value *value = NULL;
    struct json_problem syntax;
    struct json_limits limits = {.depth = AMBIT_DOCUMENT_DEPTH, .allow_decimals = true};
    struct ambit_str text = {.p = (const char *)data, .len = size};
    if (size > 1 << 16 || json_read(text, limits, &arena, &value, &syntax) != AMBIT_OK)
        return 0;

    struct ambit_hypothesis h = {.has_now = false};
    struct ambit_hypothesis_problem problem;
    enum ambit_err err = ambit_hypothesis_read(the_set(), value,
                                               AMBIT_PART_GIVEN | AMBIT_PART_STOPS |
                                                   AMBIT_PART_QUESTION | AMBIT_PART_ASKED,
                                               &arena, &h, &problem);
    FUZZ_CHECK(err == AMBIT_OK || err == AMBIT_ERR_MALFORMED || err == AMBIT_ERR_NOT_FOUND);
    if (err) {
        FUZZ_CHECK(problem.what && problem.expected && problem.pointer.p);
        return 0;
    }
    if (!h.has_now)
        h.now_ms = NOW_MS_S * 1000LL;
    answer(&h, &arena, &first);
    if (first.len == 0)
        return 0;
    check_answer(&h, buf_str(&first), &arena);
    answer(&h, &arena, &second);
    FUZZ_CHECK(ambit_str_eq(buf_str(&first), buf_str(&second)));

    static const struct ambit_stop_view all[] = {{.id = {{1}}, .kind = AMBIT_TARGET_ALL}};
    h.stops = all;
    h.n_stops = 1;
    buf_reset(&first);
    answer(&h, &arena, &first);
    if (first.len > 0)
        check_answer(&h, buf_str(&first), &arena);
    return 0;
}
