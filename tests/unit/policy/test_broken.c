/* SPDX-License-Identifier: Apache-2.0 */
/* Documents that are broken anywhere: cut off at any byte, or with any byte changed. The reader
 * never crashes; what it refuses it refuses with a complete message, and hands nothing out. */
#include "support/unit.h"

#include "base/buf.h"
#include "set.h"

struct subject {
    enum ambit_kind kind;
    const char *name;
};
static const struct subject rule_book = {AMBIT_KIND_POLICY, "restart-services"};

static void read_as(struct set *set, const struct subject *as, const char *name,
                    struct ambit_str text, bool must_fail)
{
    struct ambit_problems problems = {0};
    struct ambit_documents *documents = NULL;
    set_put(set, as->kind, as->name, text);
    enum ambit_err err = ambit_documents_read(set->files, set->n, &set_env, &problems, &documents);
    ROW_CHECK(name, err == AMBIT_OK || err == AMBIT_ERR_MALFORMED);
    ROW_CHECK(name, (err == AMBIT_OK) == (documents != NULL));
    ROW_CHECK(name, (err == AMBIT_OK) == (problems.n_errors == 0));
    ROW_CHECK(name, !must_fail || err == AMBIT_ERR_MALFORMED);
    for (size_t i = 0; i < problems.n; i++) {
        const struct ambit_problem *problem = &problems.v[i];
        ROW_CHECK(name, problem->file.len && problem->what.len && problem->expected.len);
        ROW_CHECK(name, problem->line > 0 && problem->column > 0);
    }
    ambit_documents_free(documents);
    ambit_problems_done(&problems);
}

static void read_broken(struct set *set, const char *name, struct ambit_str text, bool must_fail)
{
    read_as(set, &rule_book, name, text, must_fail);
}

static struct ambit_str start(struct set *set)
{
    set_init(set);
    assert_true(set_put_folder(set, CORPUS "/language"));
    struct ambit_str text = set_file(set, CORPUS "/language/policies/restart-services.json");
    while (text.len && text.p[text.len - 1] != '}')
        text.len--;
    return text;
}

static void cut_off(void **state)
{
    (void)state;
    struct set set;
    struct ambit_str text = start(&set);
    for (size_t len = 0; len < text.len; len++)
        read_broken(&set, "cut off", (struct ambit_str){.p = text.p, .len = len}, true);
    set_done(&set);
}

static void a_byte_changed(void **state)
{
    static const char bytes[] = {'"', '}', ',', '0', '\0', '\x80', '*', '\n'};
    (void)state;
    struct set set;
    struct ambit_str text = start(&set);
    char *copy = arena_alloc(&set.arena, text.len);
    assert_non_null(copy);
    memcpy(copy, text.p, text.len);
    for (size_t i = 0; i < text.len; i += 3) {
        char was = copy[i];
        copy[i] = bytes[i / 3 % sizeof bytes];
        read_broken(&set, "a byte changed", (struct ambit_str){.p = copy, .len = text.len}, false);
        copy[i] = was;
    }
    set_done(&set);
}

/* ---- other values ---------------------------------------------------------------------------- */

static const char *skip_string(const char *p)
{
    for (p++; *p != '"'; p++)
        p += *p == '\\';
    return p + 1;
}

/* The end of the value that begins here. */
static const char *skip_value(const char *p)
{
    int depth = 0;
    do {
        if (*p == '"') {
            p = skip_string(p);
            continue;
        }
        depth += (*p == '{' || *p == '[') - (*p == '}' || *p == ']');
        p++;
    } while (depth > 0 ||
             (depth == 0 && *p && !strchr(",]}\n ", *p) && p[-1] != '}' && p[-1] != ']'));
    return p;
}

struct other_values {
    struct set *set;
    const struct subject *as;
    const char *text;
    size_t n, n_values;
};

#define TEN(x) x x x x x x x x x x

/* The member has another name, or is there twice. */
static void try_member(struct other_values *o, const char *key, const char *to)
{
    for (int is_twice = 0; is_twice < 2; is_twice++) {
        BUF_AUTO text = {0};
        buf_put(&text, o->text, (size_t)(key - o->text));
        if (is_twice) {
            buf_put(&text, key, (size_t)(to - key));
            buf_put_text(&text, ",");
            buf_put_text(&text, key);
        } else {
            buf_put_text(&text, "\"~");
            buf_put_text(&text, key + 1);
        }
        assert_int_equal(buf_check(&text), AMBIT_OK);
        read_as(o->set, o->as, "another member", buf_str(&text), is_twice);
    }
}

static void try_values(struct other_values *o, const char *from)
{
    static const char *const values[] = {"null",
                                         "true",
                                         "0",
                                         "-1",
                                         "1.5",
                                         "9007199254740991",
                                         "\"\"",
                                         "\"x\"",
                                         "\"**\"",
                                         "\"0s\"",
                                         "\"\\u0001\"",
                                         "\"two words\"",
                                         "[]",
                                         "[1]",
                                         "[\"x\",\"x\"]",
                                         "[{}]",
                                         "{}",
                                         "{\"a\":1}",
                                         "{\"method\":\"token\"}",
                                         "{\"\":1}",
                                         "\"2026-13-01T00:00:00Z\"",
                                         "\"24:01\"",
                                         "\"08:60\"",
                                         "\"https://\"",
                                         "\"https://h/%4\"",
                                         "\"https://h/%zz\"",
                                         "\"AQ\"",
                                         "\"AAEC\"",
                                         "\"!\"",
                                         "\"1960-01-01T00:00:00Z\"",
                                         "\"a8:00\"",
                                         "\"0a:00\"",
                                         "\"08-00\"",
                                         "\"08:0a\"",
                                         "\"08:a0\"",
                                         "\"AQAAAAAAAAAAAAAB\"",
                                         "\"" TEN(TEN("\xc3\xa9")) "\"",
                                         "\"a" TEN(TEN("\xc3\xa9")) "\"",
                                         "\"" TEN(TEN(TEN("ab"))) "\""};
    const char *to = skip_value(from);
    /* every third one: most members are there more than once */
    size_t step = ambit_str_is(AMBIT_STR("full"), o->as->name) ? 1 : 3;
    for (size_t i = o->n_values++ % step; i < AMBIT_LEN(values); i += step, o->n++) {
        BUF_AUTO text = {0};
        buf_put(&text, o->text, (size_t)(from - o->text));
        buf_put_text(&text, values[i]);
        buf_put_text(&text, to);
        assert_int_equal(buf_check(&text), AMBIT_OK);
        read_as(o->set, o->as, "another value", buf_str(&text), false);
    }
}

#define RSA_N                                                                                      \
    "vAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA" \
    "AAAAAA"                                                                                       \
    "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA" \
    "AAAAAA"                                                                                       \
    "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA" \
    "AAAAAA"                                                                                       \
    "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
#define EC                                                                                    \
    "\"x\":\"ctHXEMkumU-TGtS3HSaMSAOT-670CYrlCcctIvNLVMM\",\"y\":\"hsq9QFtMOUzPZgmGjE2F68DS_" \
    "m9bsGhI"                                                                                 \
    "044Pb1-rzBQ\""
#define HEX "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
static const char full_person[] =
    "{\"person\":\"full\",\"name\":\"F\",\"email\":\"f@example.gov\",\"team\":\"t\",\"active\":"
    "false,\"ro"
    "les\":[\"owner\",\"admin\"],\"authenticate\":[{\"method\":\"token\",\"sha256\":\"" HEX
    "\",\"expires"
    "\":\"2026-12-31T00:00:00Z\"},{\"method\":\"mtls\",\"x5t#S256\":"
    "\"A4DtL2JmUMhAsvJj5tKyn64SqzmuXbMrJa0n"
    "761y5v0\"},{\"method\":\"oidc\",\"issuer\":\"https://"
    "i.example.gov\",\"subject\":\"f\"}],\"ssh_signers\""
    ":[\"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAICIiIiIiIiIiIiIiIiIiIiIiIiIiIiIiIiIiIiIiIiIi\"]}";
static const char full_agent[] =
    "{\"agent\":\"full\",\"description\":\"d\",\"owner\":\"dana\",\"backup\":\"sam\","
    "\"escalation\":[\"e@exam"
    "ple.gov\"],\"provenance\":{\"tool\":\"t\",\"composition\":\"sha256:" HEX
    "\"},\"authenticate\":[{\"meth"
    "od\":\"private_key_jwt\",\"jwks\":{\"keys\":[{\"kty\":\"EC\",\"crv\":\"P-256\",\"kid\":"
    "\"a\"," EC "},{\""
    "kty\":\"RSA\",\"kid\":\"b\",\"n\":\"" RSA_N
    "\",\"e\":\"AQAB\"},{\"kty\":\"OKP\",\"x5c\":[\"AQ\"],\"crv\":\"Ed25519\",\"x"
    "\":\"ctHXEMkumU-TGtS3HSaMSAOT-670CYrlCcctIvNLVMM\"},{\"kty\":\"EC\",\"crv\":\"P-256\",\"n\":"
    "\"AQ\"," EC "}]}},{\"method\":\"federated_jwt\",\"issuer\":\"https://"
    "i.example.gov\",\"subject\":\"s\",\"claims\":{"
    "\"env\":\"prod\",\"n\":1,\"\":2}},{\"method\":\"tls_client_auth\",\"san_ip\":\"10.0.0.1\"},{"
    "\"method\":\""
    "unix_peer\",\"uid\":7,\"gid\":8},{\"method\":\"client_secret_basic\",\"sha256\":\"" HEX
    "\",\"expires\""
    ":\"2026-12-31T00:00:00Z\"}],\"policies\":[\"restart-services\"],\"delegates_to\":[\"log-"
    "reader\"]}";

static const char full_policy[] =
    "{\"policy\":\"full\",\"description\":\"d\",\"owner\":\"dana\",\"tier\":\"high\",\"audiences\":"
    "[\"htt"
    "ps://"
    "payments.example.gov\"],\"review\":{\"authored_by\":\"dana\",\"accepted_by\":\"dana\"},\"allow"
    "\":[{\"id\":\"r\",\"actions\":[\"a\"],\"resources\":[\"svc:**\"],\"ttl\":{\"max\":\"1m\"},"
    "\"limits\":"
    "[{\"distinct\":\"resource\",\"max\":3,\"within\":\"1h\",\"by\":\"team\"}],\"when\":{"
    "\"context\":{\"m\""
    ":{\"min\":1,\"max\":3,\"in\":[1,true]}},\"hours\":[{\"from\":\"08:00\",\"to\":\"24:00\","
    "\"zone\":\""
    "UTC\"}]}}],\"hard_stops\":[{\"id\":\"s\",\"on\":\"allowed\",\"distinct\":\"action\",\"max\":3,"
    "\"with"
    "in\":\"1h\",\"by\":\"lineage\",\"then\":\"revoke_grant\",\"after\":{\"actions\":[\"b\"],"
    "\"within\":\""
    "1h\"}}]}";

/* Every value of a document replaced by every kind of value, and by texts of many forms. */
static void another_value(void **state)
{
    static const struct subject subjects[] = {
        {AMBIT_KIND_POLICY, "restart-services"},
        {AMBIT_KIND_PERSON, "dana"},
        {AMBIT_KIND_AGENT, "remediator"},
        {AMBIT_KIND_SERVICE, "payments-api"},
        {AMBIT_KIND_PERSON, "full"},
        {AMBIT_KIND_AGENT, "full"},
        {AMBIT_KIND_POLICY, "full"},
    };
    (void)state;
    for (size_t s = 0; s < AMBIT_LEN(subjects); s++) {
        struct set set;
        struct other_values o = {.set = &set, .as = &subjects[s]};
        char path[1024];
        set_init(&set);
        assert_true(set_put_folder(&set, CORPUS "/language"));
        int len = snprintf(path, sizeof path, CORPUS "/language/%s/%s.json",
                           ambit_kind_folder(subjects[s].kind), subjects[s].name);
        assert_true(len > 0 && (size_t)len < sizeof path);
        struct ambit_str bytes = s < 4    ? set_file(&set, path)
                                 : s == 4 ? AMBIT_STR(full_person)
                                 : s == 5 ? AMBIT_STR(full_agent)
                                          : AMBIT_STR(full_policy);
        o.text = arena_copy(&set.arena, bytes).p;
        read_as(&set, o.as, "as it is", bytes, false);
        const char *key = NULL;
        for (const char *p = o.text; *p; p++) {
            if (*p == '"') {
                key = p;
                p = skip_string(p) - 1;
                continue;
            }
            const char *from = p + 1 + strspn(p + 1, " \n");
            bool is_value = *p == ':' || *p == '[' || (*p == ',' && *from != '"');
            if (*p == ':')
                try_member(&o, key, skip_value(from));
            if (is_value && *from != ']')
                try_values(&o, from);
        }
        assert_true(o.n > 100);
        set_done(&set);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(cut_off), cmocka_unit_test(a_byte_changed),
                                       cmocka_unit_test(another_value)};
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
