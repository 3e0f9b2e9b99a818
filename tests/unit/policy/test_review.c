/* SPDX-License-Identifier: Apache-2.0 */
/* Goal: every line of "A name in a document is a claim until that person acts"
 * (policy-language.md): who must have confirmed what, by tier and kind, for documents and for their
 * removal; and nothing else is asked. */
#include "support/unit.h"

#include "ambit/review.h"
#include "base/buf.h"

#include "set.h"
#include "support/shortage.h"

#define PERSON(name, roles, active)                         \
    "{'person':'" name "','name':'" name "','email':'" name \
    "@example.gov','team':'t','active':" active ",'roles':[" roles "]}"
#define KEY "'authenticate':[{'method':'private_key_jwt','jwks_uri':'https://k.example.gov'}]"
#define SERVICE(owner, resources)                                                       \
    "{'service':'api','owner':'" owner "','tier':'low','audiences':['https://api.gov'," \
    "'https://api2.gov'],'resources':[" resources "]," KEY "}"
#define AGENT(owner, backup, policies)                                                \
    "{'agent':'bot','description':'d','owner':'" owner "','backup':'" backup "'," KEY \
    ",'policies':[" policies "]}"
#define POLICY_OF(name, owner, tier, review, resource, more)                                 \
    "{'policy':'" name "','description':'d','owner':'" owner "','tier':'" tier               \
    "','audiences':['https://api.gov','https://api2.gov'],'review':{'authored_by':'dana',"   \
    "'accepted_by':" review "},'allow':[{'id':'r','actions':['a.b'],'resources':['" resource \
    "'],'ttl':{'max':'5m'}" more "}],'hard_stops':[{'id':'s','on':'denied',"                 \
    "'count':3,'within':'1m','then':'suspend_agent'}]}"
#define POLICY(tier, review)   POLICY_OF("p", "dana", tier, review, "db:x/**", "")
#define REACHING(tier, review) POLICY_OF("p", "dana", tier, review, "svc:**", "")
#define APPROVED(tier, review, count)               \
    POLICY_OF("p", "dana", tier, review, "db:x/**", \
              ",'approval':{'at':'grant','roles':['oncall'],'timeout':'5m','count':" count "}")
#define SHADOW(more)                                                                               \
    "{'policy':'p','mode':'shadow','description':'d','owner':'dana','tier':'low','audiences':['"   \
    "htt"                                                                                          \
    "ps://api.gov'],'review':{'authored_by':'dana','accepted_by':'dana'" more                      \
    "},'allow':[{'id':'r"                                                                          \
    "','actions':['a.b'],'resources':['db:x/**'],'ttl':{'max':'5m'}}],'hard_stops':[{'id':'s','on" \
    "':'denied','count':3,'within':'1m','then':'suspend_agent'}]}"
/* The version of POLICY("low", "'dana'"). */
#define LOW_IN_FORCE "sha256:cf4bb37f7b02d057623e2fc709c440b1a03a89fb518e2537d5a82fc5a0da1e67"
#define OTHER        "sha256:0000000000000000000000000000000000000000000000000000000000000000"

static const struct {
    enum ambit_kind kind;
    const char *name, *text;
} base[] = {
    {AMBIT_KIND_PERSON, "dana", PERSON("dana", "'owner'", "true")},
    {AMBIT_KIND_PERSON, "sam", PERSON("sam", "'owner'", "true")},
    {AMBIT_KIND_PERSON, "eve", PERSON("eve", "'owner','admin'", "true")},
    {AMBIT_KIND_PERSON, "lee", PERSON("lee", "'oncall'", "true")},
    {AMBIT_KIND_PERSON, "kim", PERSON("kim", "'oncall'", "true")},
    {AMBIT_KIND_PERSON, "ann", PERSON("ann", "'admin'", "true")},
    {AMBIT_KIND_PERSON, "bob", PERSON("bob", "'admin'", "true")},
    {AMBIT_KIND_PERSON, "gone", PERSON("gone", "'owner','admin'", "false")},
    {AMBIT_KIND_SERVICE, "api", SERVICE("sam", "'svc:**'")},
    {AMBIT_KIND_POLICY, "low", POLICY_OF("low", "sam", "low", "'sam'", "db:x/**", "")},
    {AMBIT_KIND_POLICY, "high",
     POLICY_OF("high", "eve", "high", "'eve','reviewed_by':['lee']", "db:x/**", "")},
};

struct row {
    const char *name;
    enum ambit_kind kind;
    const char *document, *before, *after;
    /* People, by word; "!" behind: by signature; "?": a signature that is not theirs. */
    const char *confirmed;
    const char *want; /* pointers of the problems, in order */
    const char *why;  /* what is wrong with the tests; NULL: nothing */
};

#define P    AMBIT_KIND_POLICY, "p"
#define LEE  "'dana','reviewed_by':['lee']"
#define BOTH "'dana','reviewed_by':['lee','kim']"
static const struct row rows[] = {
    {"nothing changes", P, POLICY("low", "'dana'"), POLICY("low", "'dana'"), "", "", NULL},
    {"low: accepted_by", P, NULL, POLICY("low", "'dana'"), "dana", "", NULL},
    {"low: a signature does too", P, NULL, POLICY("low", "'dana'"), "dana!", "", NULL},
    {"low: nobody", P, NULL, POLICY("low", "'dana'"), "", "/review/accepted_by", NULL},
    {"low: somebody else", P, NULL, POLICY("low", "'dana'"), "sam lee", "/review/accepted_by",
     NULL},
    {"low: a bad signature", P, NULL, POLICY("low", "'dana'"), "dana?", "/review/accepted_by",
     NULL},
    {"low: who is not active", P, NULL, POLICY("low", "'gone'"), "gone gone!",
     "/review/accepted_by", NULL},
    {"medium: and a reviewer", P, NULL, POLICY("medium", LEE), "dana lee", "", NULL},
    {"medium: no reviewer yet", P, NULL, POLICY("medium", LEE), "dana", "/review/reviewed_by",
     NULL},
    {"medium: no acceptor yet", P, NULL, POLICY("medium", LEE), "lee", "/review/accepted_by", NULL},
    {"medium: one reviewer of two", P, NULL, POLICY("medium", BOTH), "dana kim", "", NULL},
    {"medium: names none", P, NULL, POLICY("medium", "'dana'"), "dana lee", "/review/reviewed_by",
     NULL},
    {"medium: the author is no reviewer", P, NULL, POLICY("medium", "'sam','reviewed_by':['dana']"),
     "dana sam", "/review/reviewed_by", NULL},
    {"medium: the acceptor is none", P, NULL, POLICY("medium", "'sam','reviewed_by':['sam']"),
     "dana sam", "/review/reviewed_by", NULL},
    {"high: all by signature", P, NULL, POLICY("high", LEE), "dana! lee!", "", NULL},
    {"high: a word is not enough", P, NULL, POLICY("high", LEE), "dana lee!", "/review/accepted_by",
     NULL},
    {"high: nor of the reviewer", P, NULL, POLICY("high", LEE), "dana! lee", "/review/reviewed_by",
     NULL},
    {"high: and the owner", P, NULL, POLICY("high", "'sam','reviewed_by':['lee']"),
     "sam! lee! dana", "/owner", NULL},
    {"high: with the owner", P, NULL, POLICY("high", "'sam','reviewed_by':['lee']"),
     "sam! lee! dana!", "", NULL},
    {"high: tests do not hold", P, NULL, POLICY("high", LEE), "dana! lee!", "-", "one fails"},
    {"medium: no tests are asked", P, NULL, POLICY("medium", LEE), "dana lee", "", "one fails"},
    {"critical: two reviewers", P, NULL, APPROVED("critical", BOTH, "2"), "dana! lee! kim!", "",
     NULL},
    {"critical: one is not enough", P, NULL, APPROVED("critical", BOTH, "2"), "dana! lee!",
     "/review/reviewed_by", NULL},
    {"critical: one approval", P, NULL, APPROVED("critical", BOTH, "1"), "dana! lee! kim!",
     "/allow/0/approval", NULL},
    {"critical: no approval", P, NULL, POLICY("critical", BOTH), "dana! lee! kim!",
     "/allow/0/approval", NULL},
    {"critical: tests", P, NULL, APPROVED("critical", BOTH, "2"), "dana! lee! kim!", "-", "none"},
    {"reaching: the service's owner", P, NULL, REACHING("low", "'dana'"), "dana", "/audiences",
     NULL},
    {"reaching: with them", P, NULL, REACHING("low", "'dana'"), "dana sam", "", NULL},
    {"reaching: at high by signature", P, NULL, REACHING("high", LEE), "dana! lee! sam",
     "/audiences", NULL},
    {"reaching: at high signed", P, NULL, REACHING("high", LEE), "dana! lee! sam!", "", NULL},
    {"everything at once", P, POLICY("low", "'dana'"), REACHING("critical", "'sam'"), "",
     "/review/replaces /review/accepted_by /review/reviewed_by /owner /audiences - "
     "/allow/0/approval",
     "none"},
    {"a first version replaces nothing", P, NULL, POLICY("low", "'dana','replaces':'" OTHER "'"),
     "dana", "/review/replaces", NULL},
    {"a later one says what", P, POLICY("low", "'sam'"), POLICY("low", "'dana'"), "dana",
     "/review/replaces", NULL},
    {"a later one says another", P, POLICY("low", "'sam'"),
     POLICY("low", "'dana','replaces':'" OTHER "'"), "dana", "/review/replaces", NULL},
    {"shadow: beside what is there", P, NULL, SHADOW(""), "dana", "", NULL},
    {"shadow: in place of what is in force", P, POLICY("low", "'dana'"),
     SHADOW(",'replaces':'" LOW_IN_FORCE "'"), "dana", "", NULL},
    {"shadow: in place of nothing", P, NULL, SHADOW(",'replaces':'" OTHER "'"), "dana",
     "/review/replaces", NULL},
    {"a later one names the one in force", P, POLICY("low", "'dana'"),
     POLICY("low", "'sam','replaces':'" LOW_IN_FORCE "'"), "sam", "", NULL},
    {"reaching: by the first of two rules", P, NULL,
     POLICY_OF("p", "dana", "low", "'dana'", "svc:**",
               "},{'id':'q','actions':['a.b'],'resources':['svc:x'],'ttl':{'max':'5m'}"),
     "dana sam", "", NULL},
    {"agent: its owner's own policy", AMBIT_KIND_AGENT, "bot", NULL, AGENT("sam", "dana", "'low'"),
     "sam dana", "", NULL},
    {"removal: the same people", P, POLICY("medium", LEE), NULL, "dana lee", "", NULL},
    {"removal: nobody", P, POLICY("medium", LEE), NULL, "",
     "/review/accepted_by /review/reviewed_by", NULL},
    {"removal: at high signed, no tests", P, POLICY("high", LEE), NULL, "dana! lee!", "", "none"},
    {"removal: critical, no approvals", P, POLICY("critical", BOTH), NULL, "dana! lee! kim!", "",
     "none"},
    {"removal: at high a word", P, POLICY("high", LEE), NULL, "dana lee!", "/review/accepted_by",
     NULL},
    {"agent: owner, backup, the policy's", AMBIT_KIND_AGENT, "bot", NULL,
     AGENT("dana", "eve", "'low'"), "dana eve sam", "", NULL},
    {"agent: nobody", AMBIT_KIND_AGENT, "bot", NULL, AGENT("dana", "eve", "'low'"), "",
     "/owner /backup /policies", NULL},
    {"agent: one person is two", AMBIT_KIND_AGENT, "bot", NULL, AGENT("dana", "sam", "'low'"),
     "dana sam", "", NULL},
    {"agent: none listed", AMBIT_KIND_AGENT, "bot", NULL, AGENT("dana", "sam", ""), "dana sam", "",
     NULL},
    {"agent: high by word", AMBIT_KIND_AGENT, "bot", NULL, AGENT("dana", "sam", "'low','high'"),
     "dana sam eve", "/owner /backup /policies", NULL},
    {"agent: high signed", AMBIT_KIND_AGENT, "bot", NULL, AGENT("dana", "sam", "'low','high'"),
     "dana! sam! eve!", "", NULL},
    {"agent: changed", AMBIT_KIND_AGENT, "bot", AGENT("dana", "sam", ""), AGENT("eve", "sam", ""),
     "dana sam", "/owner", NULL},
    {"agent: removal", AMBIT_KIND_AGENT, "bot", AGENT("dana", "sam", "'low'"), NULL, "dana sam", "",
     NULL},
    {"agent: removal by one", AMBIT_KIND_AGENT, "bot", AGENT("dana", "sam", "'low'"), NULL, "dana",
     "/backup", NULL},
    {"service: owner and an admin", AMBIT_KIND_SERVICE, "api", SERVICE("sam", "'svc:**'"),
     SERVICE("sam", "'svc:a/**'"), "sam ann", "", NULL},
    {"service: no admin", AMBIT_KIND_SERVICE, "api", SERVICE("sam", "'svc:**'"),
     SERVICE("sam", "'svc:a/**'"), "sam lee", "-", NULL},
    {"service: no owner", AMBIT_KIND_SERVICE, "api", SERVICE("sam", "'svc:**'"),
     SERVICE("sam", "'svc:a/**'"), "ann", "/owner", NULL},
    {"service: the owner is no second", AMBIT_KIND_SERVICE, "api", SERVICE("sam", "'svc:**'"),
     SERVICE("eve", "'svc:**'"), "eve", "-", NULL},
    {"person: two admins", AMBIT_KIND_PERSON, "pat", NULL, PERSON("pat", "'oncall'", "true"),
     "ann bob", "", NULL},
    {"person: one admin", AMBIT_KIND_PERSON, "pat", NULL, PERSON("pat", "'oncall'", "true"),
     "ann lee dana", "-", NULL},
    {"person: an admin who left", AMBIT_KIND_PERSON, "pat", NULL, PERSON("pat", "'oncall'", "true"),
     "ann gone", "-", NULL},
    {"person: not the person concerned", AMBIT_KIND_PERSON, "ann", PERSON("ann", "'admin'", "true"),
     PERSON("ann", "'admin','oncall'", "true"), "ann bob", "-", NULL},
    {"person: nor by a role they shall get", AMBIT_KIND_PERSON, "kim",
     PERSON("kim", "'oncall'", "true"), PERSON("kim", "'admin'", "true"), "kim ann", "-", NULL},
    {"person: removal", AMBIT_KIND_PERSON, "kim", PERSON("kim", "'oncall'", "true"), NULL,
     "ann bob", "", NULL},
    {"person: removal by one", AMBIT_KIND_PERSON, "kim", PERSON("kim", "'oncall'", "true"), NULL,
     "bob", "-", NULL},
};

/* ---- the sets ---- */

static struct ambit_documents *read_set(const struct row *row, const char *text)
{
    struct set set;
    struct ambit_documents *documents = NULL;
    struct ambit_problems problems = {0};
    set_init(&set);
    for (size_t i = 0; i < AMBIT_LEN(base); i++)
        if (row == NULL || base[i].kind != row->kind || !streq(base[i].name, row->document))
            set_put(&set, base[i].kind, base[i].name, ambit_str_of(base[i].text));
    if (text != NULL)
        set_put(&set, row->kind, row->document, ambit_str_of(text));
    for (size_t i = 0; i < set.n; i++)
        for (size_t k = 0; k < set.files[i].bytes.len; k++)
            if (set.files[i].bytes.p[k] == '\'')
                ((char *)(uintptr_t)set.files[i].bytes.p)[k] = '"';
    enum ambit_err err = ambit_documents_read(set.files, set.n, &set_env, &problems, &documents);
    for (size_t i = 0; err && i < problems.n; i++)
        print_message("# %.*s %.*s %.*s\n", AMBIT_STR_ARG(problems.v[i].file),
                      AMBIT_STR_ARG(problems.v[i].pointer), AMBIT_STR_ARG(problems.v[i].what));
    ROW_CHECK(row ? row->name : "base", err == AMBIT_OK);
    ambit_problems_done(&problems);
    set_done(&set);
    return documents;
}

/* ---- what is known ---- */

static bool has_word(const char *words, struct ambit_str person, char mark)
{
    while (*words) {
        size_t len = strcspn(words, " ");
        char last = len > 0 ? words[len - 1] : '\0';
        size_t name = last == '!' || last == '?' ? len - 1 : len;
        char found = last == '!' || last == '?' ? last : '\0';
        if (found == mark && ambit_str_eq(person, (struct ambit_str){.p = words, .len = name}))
            return true;
        words += len;
        words += *words == ' ';
    }
    return false;
}

static bool asking_fails;

static enum ambit_err confirmed(void *ctx, const struct ambit_confirm_query *query,
                                struct ambit_confirmed *ret)
{
    const struct row *row = ctx;
    if (asking_fails && failing_hits_next())
        return AMBIT_ERR_IO;
    ROW_CHECK(row->name, query->kind == row->kind && ambit_str_is(query->name, row->document));
    ROW_CHECK(row->name, query->is_removal == (row->after == NULL));
    *ret =
        (struct ambit_confirmed){.by_word = has_word(row->confirmed, query->person, '\0'),
                                 .by_signature = has_word(row->confirmed, query->person, '!'),
                                 .has_bad_signature = has_word(row->confirmed, query->person, '?')};
    return AMBIT_OK;
}

static enum ambit_err tested(void *ctx, const struct ambit_policy *policy,
                             struct ambit_str *ret_why)
{
    (void)policy;
    if (asking_fails && failing_hits_next())
        return AMBIT_ERR_IO;
    *ret_why = ambit_str_of(((const struct row *)ctx)->why);
    return AMBIT_OK;
}

/* The pointers of all problems; "-" for the document as a whole. */
static void put_pointers(const struct ambit_problems *problems, struct buf *dst)
{
    for (size_t i = 0; i < problems->n; i++) {
        buf_put_text(dst, i > 0 ? " " : "");
        buf_put_str(dst, problems->v[i].pointer.len > 0 ? problems->v[i].pointer : AMBIT_STR("-"));
    }
    buf_put_char(dst, '\0');
}

static void test_every_rule(void **state)
{
    (void)state;
    for (size_t i = 0; i < AMBIT_LEN(rows); i++) {
        const struct row *row = &rows[i];
        struct ambit_documents *before = read_set(row, row->before);
        struct ambit_documents *after = read_set(row, row->after);
        struct ambit_problems missing = {0};
        const struct ambit_reviewing review = {.in_force = before,
                                               .proposed = after,
                                               .ctx = (void *)(uintptr_t)row,
                                               .confirmed = confirmed,
                                               .tested = tested};
        BUF_AUTO pointers = {.p = NULL};
        assert_int_equal(ambit_review_judge(&review, &missing), AMBIT_OK);
        put_pointers(&missing, &pointers);
        if (!streq(pointers.p, row->want))
            fail_msg("%s: \"%s\" instead of \"%s\"", row->name, pointers.p, row->want);
        ambit_problems_done(&missing);
        ambit_documents_free(before);
        ambit_documents_free(after);
    }
}

static enum ambit_err nobody(void *ctx, const struct ambit_confirm_query *query,
                             struct ambit_confirmed *ret)
{
    (void)query;
    *ret = (struct ambit_confirmed){.by_signature = ctx != NULL};
    return AMBIT_OK;
}

/* Whatever fails, memory or who is asked: nothing is judged, or all as it would be. */
static void judge_failing(const struct row *row, enum ambit_err want)
{
    struct ambit_documents *before = read_set(row, row->before);
    struct ambit_documents *after = read_set(row, row->after);
    const struct ambit_reviewing review = {.in_force = before,
                                           .proposed = after,
                                           .ctx = (void *)(uintptr_t)row,
                                           .confirmed = confirmed,
                                           .tested = tested};
    size_t n = 0;
    bool has_failed = true;
    while (has_failed) {
        struct ambit_problems missing = {0};
        failing_arm();
        enum ambit_err err = ambit_review_judge(&review, &missing);
        has_failed = failing_disarm();
        ROW_CHECK(row->name, err == (has_failed ? want : AMBIT_OK));
        n = missing.n;
        ambit_problems_done(&missing);
    }
    ROW_CHECK(row->name, (n == 0) == (row->want[0] == '\0'));
    ambit_documents_free(before);
    ambit_documents_free(after);
}

static void test_failing(void **state)
{
    (void)state;
    FAILING_START();
    for (size_t i = 0; i < AMBIT_LEN(rows); i++)
        judge_failing(&rows[i], AMBIT_ERR_NO_MEMORY);
    assert_true(failing.n_ways > 10);
    shortage_is_off = asking_fails = true;
    for (size_t i = 0; i < AMBIT_LEN(rows); i++) {
        FAILING_START();
        judge_failing(&rows[i], AMBIT_ERR_IO);
    }
    shortage_is_off = asking_fails = false;
}

/* What is too long to be told: a folder ends it, a reason is cut, of many names the first are told.
 */
static void test_long(void **state)
{
    static char why[4096], folder[4096];
    struct row row = {"high", P, NULL, POLICY("high", LEE), "dana! lee!", "-", why};
    (void)state;
    memset(why, 'w', sizeof why - 1);
    memset(folder, 'f', sizeof folder - 1);
    struct ambit_documents *after = read_set(&row, row.after);
    struct ambit_problems missing = {0};
    struct ambit_reviewing review = {.in_force = NULL,
                                     .proposed = after,
                                     .folder = AMBIT_STR("docs"),
                                     .ctx = (void *)(uintptr_t)&row,
                                     .confirmed = nobody,
                                     .tested = tested};
    assert_int_equal(ambit_review_judge(&review, &missing), AMBIT_OK);
    bool is_cut = false;
    for (size_t i = 0; i < missing.n; i++)
        is_cut |= missing.v[i].what.len > 1000 && missing.v[i].what.len < 2048;
    assert_true(is_cut);
    ambit_problems_done(&missing);
    missing = (struct ambit_problems){0};
    review.folder = ambit_str_of(folder);
    assert_int_equal(ambit_review_judge(&review, &missing), AMBIT_ERR_TOO_LARGE);
    ambit_problems_done(&missing);
    ambit_documents_free(after);
}

/* As many admins as there may be names for; an agent's name with a slash. */
static void test_many(void **state)
{
    struct set set;
    struct ambit_problems problems = {0};
    struct ambit_documents *documents = NULL;
    (void)state;
    set_init(&set);
    for (int i = 0; i < 40; i++) {
        char name[65], text[512];
        snprintf(name, sizeof name, "admin%02d%056d", i, 0);
        snprintf(text, sizeof text,
                 "{\"person\":\"%s\",\"name\":\"A\",\"email\":\"a@example.gov\",\"team\":\"t\",\"ac"
                 "tive\":true,\"roles\":[\"admin\",\"owner\"]}",
                 name);
        set_put(&set, AMBIT_KIND_PERSON, name, ambit_str_of(text));
    }
    char agent[1024];
    snprintf(agent, sizeof agent,
             "{\"agent\":\"night/"
             "bot\",\"description\":\"d\",\"owner\":\"admin00%056d\",\"backup\":\"admi"
             "n01%056d\",\"authenticate\":[{\"method\":\"unix_peer\",\"uid\":7}],\"policies\":[]}",
             0, 0);
    set_put(&set, AMBIT_KIND_AGENT, "night/bot", ambit_str_of(agent));
    assert_int_equal(ambit_documents_read(set.files, set.n, &set_env, &problems, &documents),
                     AMBIT_OK);
    const struct ambit_reviewing review = {.proposed = documents, .confirmed = nobody};
    assert_int_equal(ambit_review_judge(&review, &problems), AMBIT_OK);
    assert_int_equal(problems.n, 42); /* each person, and of the agent its owner and its backup */
    bool has_file = false;
    for (size_t i = 0; i < problems.n; i++)
        has_file |= ambit_str_is(problems.v[i].file, "agents/night__bot.json");
    assert_true(has_file);
    ambit_problems_done(&problems);
    ambit_documents_free(documents);
    set_done(&set);
}

/* Nobody has run the tests: then they do not hold. */
static void test_unknown_tests(void **state)
{
    (void)state;
    const struct row row = {"high", P, NULL, POLICY("high", LEE), "dana! lee!", "-", NULL};
    struct ambit_documents *before = read_set(&row, NULL), *after = read_set(&row, row.after);
    struct ambit_problems missing = {0};
    const struct ambit_reviewing review = {.in_force = before,
                                           .proposed = after,
                                           .folder = AMBIT_STR("docs"),
                                           .ctx = (void *)(uintptr_t)&row,
                                           .confirmed = confirmed};
    assert_int_equal(ambit_review_judge(&review, &missing), AMBIT_OK);
    assert_int_equal(missing.n, 1);
    assert_true(ambit_str_is(missing.v[0].file, "docs/policies/p.json"));
    ambit_problems_done(&missing);
    ambit_documents_free(before);
    ambit_documents_free(after);
}

static enum ambit_err unknown(void *ctx, const struct ambit_confirm_query *query,
                              struct ambit_confirmed *ret)
{
    (void)ctx;
    (void)query;
    (void)ret;
    return AMBIT_ERR_IO;
}

/* The first set of all is judged by its own people, and whole. */
static void test_first_set(void **state)
{
    (void)state;
    struct ambit_documents *after = read_set(NULL, NULL);
    struct ambit_problems missing = {0};
    struct ambit_reviewing review = {
        .proposed = after, .ctx = after, .confirmed = nobody, .tested = NULL};
    assert_int_equal(ambit_review_judge(&review, &missing), AMBIT_OK);
    assert_int_equal(missing.n, 1); /* the tests of `high` */
    ambit_problems_done(&missing);
    missing = (struct ambit_problems){0};
    review.ctx = NULL;
    assert_int_equal(ambit_review_judge(&review, &missing), AMBIT_OK);
    assert_true(missing.n > AMBIT_LEN(base));
    ambit_problems_done(&missing);
    missing = (struct ambit_problems){0};
    review.confirmed = unknown;
    assert_int_equal(ambit_review_judge(&review, &missing), AMBIT_ERR_IO);
    ambit_problems_done(&missing);
    ambit_documents_free(after);
}

static void test_removal_text(void **state)
{
    (void)state;
    char text[AMBIT_REMOVAL_TEXT_MAX];
    struct ambit_digest digest = {.b = {0xab}};
    assert_true(ambit_str_is(
        ambit_removal_text(AMBIT_KIND_AGENT, AMBIT_STR("night/exporter"), digest, text),
        "ambit removal v1 agent night/exporter sha256:"
        "ab00000000000000000000000000000000000000000000000000000000000000\n"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_rule),   cmocka_unit_test(test_unknown_tests),
        cmocka_unit_test(test_first_set),    cmocka_unit_test(test_failing),
        cmocka_unit_test(test_long),         cmocka_unit_test(test_many),
        cmocka_unit_test(test_removal_text),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
