/* SPDX-License-Identifier: Apache-2.0 */
/* Every kind of mistake is found where it stands, said once, with what was expected and the nearest
 * valid spelling; all mistakes of all files together; and nothing is handed out beside a mistake.
 * The corpus (schema_test.py) has one document per rule; here is what is common to the rules. */
#include "support/unit.h"

#include "base/buf.h"
#include "set.h"

/* One mistake in one document: `text` is the person "subject" among the companions. */
#define PERSON(rest) "{\"person\": \"subject\",\n" rest "}"
#define REST                                                                                   \
    " \"name\": \"Ada\", \"email\": \"a@b.c\", \"team\": \"t\", \"active\": true, \"roles\": " \
    "[\"owner\"]"

static void read_with(struct set *set, enum ambit_kind kind, const char *name,
                      struct ambit_str text, struct ambit_problems *problems)
{
    struct ambit_documents *documents = NULL;
    set_init(set);
    assert_true(set_put_folder(set, CORPUS "/companions"));
    set_put(set, kind, name, text);
    enum ambit_err err = ambit_documents_read(set->files, set->n, &set_env, problems, &documents);
    assert_true((err == AMBIT_ERR_MALFORMED) == (problems->n_errors > 0));
    assert_true((err == AMBIT_OK) == (documents != NULL));
    ambit_documents_free(documents);
}

static void positions(void **state)
{
    static const struct {
        const char *name, *text;
        uint32_t line, column;
        const char *pointer, *what, *expected, *nearest;
    } rows[] = {
        {"unknown member", PERSON(REST ",\n  \"rols\": 1"), 3, 3, "/rols",
         "unknown member \"rols\"", "\"roles\"", "roles"},
        {"unknown, nothing near", PERSON(REST ",\n  \"colour\": 1"), 3, 3, "/colour",
         "unknown member \"colour\"", "\"ssh_signers\"", NULL},
        {"misspelt and so missing",
         PERSON(" \"nmae\": \"Ada\", \"email\": \"a@b.c\", \"team\": "
                "\"t\", \"active\": true, \"roles\": [\"owner\"]"),
         2, 2, "/nmae", "unknown member \"nmae\"", "\"name\"", "name"},
        {"missing member",
         PERSON(" \"email\": \"a@b.c\", \"team\": \"t\", \"active\": true, "
                "\"roles\": [\"owner\"]"),
         1, 1, "/name", "missing member \"name\"", "required", NULL},
        {"second member", PERSON(REST ",\n\"name\": \"Eve\""), 3, 1, "/name",
         "a second member \"name\"", "once", NULL},
        {"escaped twin", PERSON(REST ",\n\t\"n\\u0061me\": \"Eve\""), 3, 2, "/name",
         "a second member \"name\"", "once", NULL},
        {"wrong word",
         "{\"person\": \"subject\", \"name\": \"Ada\", \"email\": \"a@b.c\",\n"
         "\"team\": \"t\", \"active\": true, \"roles\": [\"owner\",\n \"admn\"]}",
         3, 2, "/roles/1", "unknown word \"admn\"", "\"admin\"", "admin"},
        {"bytes, not characters, in a column",
         "{\"person\": \"subject\", \"name\": \"\xc3\xa9\", \"email\": 1, \"team\": \"t\",\n"
         "\"active\": true, \"roles\": [\"owner\"]}",
         1, 46, "/email", "found 1", "an e-mail address", NULL},
        {"decimal", PERSON(REST ",\n\"authenticate\": [{\"method\": 1.50}]"), 3, 29,
         "/authenticate/0/method", "found 1.50", "\"token\", \"mtls\" or \"oidc\"", NULL},
        {"missing in a list", PERSON(REST ",\n\"authenticate\": [\n {\"method\": \"mtls\"}]"), 4, 2,
         "/authenticate/0/x5t#S256", "missing member", "required", NULL},
        {"control byte is shown escaped", PERSON(REST ",\n\"ssh_signers\": [\"\\u001b[2J\"]"), 3,
         17, "/ssh_signers/0", "\"\\u001b[2J\": it holds a control character", "OpenSSH", NULL},
        {"not JSON", PERSON(REST ",\n\"x\" 1"), 3, 5, "", "no value for this member", "':'", NULL},
        {"empty file", "", 1, 1, "", "the text ends here", "a value", NULL},
        {"empty object", "{}", 1, 1, "/person", "missing member", "required", NULL},
    };
    (void)state;
    for (size_t i = 0; i < AMBIT_LEN(rows); i++) {
        struct set set;
        struct ambit_problems problems = {0};
        read_with(&set, AMBIT_KIND_PERSON, "subject", ambit_str_of(rows[i].text), &problems);
        ROW_CHECK(rows[i].name, problems.n >= 1);
        ROW_CHECK(rows[i].name, problems.n == 1 || streq(rows[i].text, "{}"));
        const struct ambit_problem *problem = &problems.v[0];
        ROW_CHECK(rows[i].name, ambit_str_is(problem->file, "people/subject.json"));
        ROW_CHECK(rows[i].name, problem->line == rows[i].line);
        ROW_CHECK(rows[i].name, problem->column == rows[i].column);
        ROW_CHECK(rows[i].name, ambit_str_is(problem->pointer, rows[i].pointer));
        ROW_CHECK(rows[i].name, strstr(problem->what.p, rows[i].what) != NULL);
        ROW_CHECK(rows[i].name, strstr(problem->expected.p, rows[i].expected) != NULL);
        if (rows[i].nearest)
            ROW_CHECK(rows[i].name, ambit_str_is(problem->nearest, rows[i].nearest));
        else
            ROW_CHECK(rows[i].name, problem->nearest.p == NULL);
        ambit_problems_done(&problems);
        set_done(&set);
    }
}

static void twelve_mistakes_twelve_messages(void **state)
{
    static const struct {
        uint32_t line, column;
        const char *pointer, *nearest;
    } rows[] = {
        {3, 3, "/descripton", "description"},
        {4, 12, "/owner", "dana"},
        {5, 11, "/tier", "medium"},
        {6, 17, "/audiences/0", "https://payments.example.gov"},
        {7, 52, "/review/accepted_by", NULL},
        {11, 19, "/allow/0/actions/0", NULL},
        {12, 39, "/allow/0/resources/1", NULL},
        {13, 26, "/allow/0/ttl/default", NULL},
        {14, 28, "/allow/0/when/context/source", NULL},
        {15, 28, "/allow/0/limits/0/count", NULL},
        {19, 75, "/hard_stops/0/then", NULL},
        {21, 3, "/tier", NULL},
    };
    struct set set;
    struct ambit_problems problems = {0};
    (void)state;
    set_init(&set);
    struct ambit_str text = set_file(&set, CORPUS "/twelve-mistakes.json");
    struct set other;
    read_with(&other, AMBIT_KIND_POLICY, "subject", text, &problems);
    assert_int_equal(problems.n, 12);
    for (size_t i = 0; i < AMBIT_LEN(rows); i++) {
        const struct ambit_problem *problem = &problems.v[i];
        ROW_CHECK(rows[i].pointer, ambit_str_is(problem->pointer, rows[i].pointer));
        ROW_CHECK(rows[i].pointer, problem->line == rows[i].line);
        ROW_CHECK(rows[i].pointer, problem->column == rows[i].column);
        ROW_CHECK(rows[i].pointer, rows[i].nearest ? ambit_str_is(problem->nearest, rows[i].nearest)
                                                   : problem->nearest.p == NULL);
    }
    ambit_problems_done(&problems);
    set_done(&other);
    set_done(&set);
}

/* A file that is not JSON gives its first syntax error, and the others theirs; who names a broken
 * document is not blamed for it. */
static void all_files_at_once(void **state)
{
    struct set set;
    struct ambit_problems problems = {0};
    struct ambit_documents *documents = NULL;
    (void)state;
    set_init(&set);
    assert_true(set_put_folder(&set, CORPUS "/companions"));
    set_put(&set, AMBIT_KIND_PERSON, "dana", AMBIT_STR("{\"person\": \"dana\" \"x\"}"));
    set_put(&set, AMBIT_KIND_POLICY, "read-tickets", AMBIT_STR("[]"));
    set_put(&set, AMBIT_KIND_AGENT, "log-reader",
            AMBIT_STR("{\"agent\": \"log-reader\", \"descr\\q"));
    assert_int_equal(ambit_documents_read(set.files, set.n, &set_env, &problems, &documents),
                     AMBIT_ERR_MALFORMED);
    assert_null(documents);
    assert_int_equal(problems.n, 3);
    assert_true(ambit_str_is(problems.v[0].file, "agents/log-reader.json"));
    assert_true(ambit_str_is(problems.v[1].file, "people/dana.json"));
    assert_true(ambit_str_is(problems.v[2].file, "policies/read-tickets.json"));
    ambit_problems_done(&problems);
    set_done(&set);
}

static void bounds(void **state)
{
    struct set set;
    struct ambit_problems problems = {0};
    (void)state;

    BUF_AUTO large = {0}; /* 1 MiB is a document, one byte more is none */
    buf_put_text(&large, PERSON(REST));
    while (large.len < AMBIT_DOCUMENT_BYTES)
        buf_put_char(&large, ' ');
    read_with(&set, AMBIT_KIND_PERSON, "subject", buf_str(&large), &problems);
    assert_int_equal(problems.n, 0);
    set_done(&set);
    buf_put_char(&large, ' ');
    read_with(&set, AMBIT_KIND_PERSON, "subject", buf_str(&large), &problems);
    assert_int_equal(problems.n, 1);
    assert_int_equal(problems.v[0].line, 0);
    assert_string_equal(problems.v[0].what.p, "the file is too large");
    set_done(&set);
    ambit_problems_done(&problems);

    BUF_AUTO wrong = {
        0}; /* a hostile file has a thousand errors and the remark that there are more */
    buf_put_text(&wrong, "{");
    for (int i = 0; i < 50000; i++)
        buf_printf(&wrong, "\"x%d\":%d,", i, i);
    buf_put_text(&wrong, "\"person\":\"subject\"}");
    read_with(&set, AMBIT_KIND_PERSON, "subject", buf_str(&wrong), &problems);
    assert_int_equal(problems.n, 1001);
    set_done(&set);
    ambit_problems_done(&problems);
}

/* The folder reader found a file it could not read: its name is still a name. */
static void unreadable_file(void **state)
{
    struct set set;
    struct ambit_problems problems = {0};
    struct ambit_documents *documents = NULL;
    const struct ambit_problem found = {.file = AMBIT_STR("people/dana.json"),
                                        .what = AMBIT_STR("a link"),
                                        .expected = AMBIT_STR("a regular file")};
    (void)state;
    set_init(&set);
    assert_true(set_put_folder(&set, CORPUS "/companions"));
    for (size_t i = 0; i < set.n; i++) {
        if (ambit_str_is(set.files[i].path, "people/dana.json"))
            set.files[i].bytes = (struct ambit_str){0};
    }
    assert_int_equal(ambit_problems_add(&problems, &found), AMBIT_OK);
    assert_int_equal(ambit_documents_read(set.files, set.n, &set_env, &problems, &documents),
                     AMBIT_ERR_MALFORMED);
    assert_int_equal(problems.n, 1);
    ambit_problems_done(&problems);
    set_done(&set);
}

/* A stored set is read again at any later time: its secrets were judged when it was activated. */
static void stored_set(void **state)
{
    struct set set;
    struct ambit_problems problems = {0};
    struct ambit_documents *documents = NULL;
    struct ambit_read_env env = set_env;
    (void)state;
    set_init(&set);
    assert_true(set_put_folder(&set, CORPUS "/companions"));
    env.now_ms = 1577836800000; /* 2020: every secret lies too far ahead */
    assert_int_equal(ambit_documents_read(set.files, set.n, &env, &problems, &documents),
                     AMBIT_ERR_MALFORMED);
    ambit_problems_done(&problems);
    env.now_ms = 0;
    assert_int_equal(ambit_documents_read(set.files, set.n, &env, &problems, &documents), AMBIT_OK);
    ambit_documents_free(documents);
    ambit_problems_done(&problems);
    set_done(&set);
}

static void empty_set(void **state)
{
    struct ambit_problems problems = {0};
    struct ambit_documents *documents = NULL;
    (void)state;
    assert_int_equal(ambit_documents_read(NULL, 0, &set_env, &problems, &documents), AMBIT_OK);
    assert_int_equal(documents->n_people + documents->n_policies, 0);
    ambit_documents_free(documents);
    ambit_documents_free(NULL);
}

/* `/` is written `__`, and a name may hold `__` itself. */
static void file_names(void **state)
{
    static const struct {
        const char *file, *agent;
        bool is_good;
    } rows[] = {
        {"acme/a", "acme/a", true}, {"acme/a", "acme__a", true}, {"acme/a", "acme_a", false},
        {"acme", "acme/", false},   {"a_b", "a_b", true},        {"acme", "acm", false},
    };
    (void)state;
    for (size_t i = 0; i < AMBIT_LEN(rows); i++) {
        struct set set;
        struct ambit_problems problems = {0};
        BUF_AUTO text = {0};
        buf_printf(&text,
                   "{\"agent\": \"%s\", \"description\": \"d\", \"owner\": \"dana\", \"backup\": "
                   "\"sam\", \"policies\": [], \"authenticate\": [{\"method\": \"unix_peer\", "
                   "\"uid\": 7}]}",
                   rows[i].agent);
        read_with(&set, AMBIT_KIND_AGENT, rows[i].file, buf_str(&text), &problems);
        ROW_CHECK(rows[i].agent, problems.n == !rows[i].is_good);
        ambit_problems_done(&problems);
        set_done(&set);
    }
}

/* What may be a secret is not repeated. */
static void secrets_stay_out_of_messages(void **state)
{
    static const char *const rows[] = {
        "[{\"method\": \"token\", \"sha256\": \"hunter2hunter2\", \"expires\": "
        "\"2027-01-31T00:00:00Z\"}]",
    };
    (void)state;
    for (size_t i = 0; i < AMBIT_LEN(rows); i++) {
        struct set set;
        struct ambit_problems problems = {0};
        BUF_AUTO text = {0};
        buf_printf(&text, PERSON(REST ", \"authenticate\": %s"), rows[i]);
        read_with(&set, AMBIT_KIND_PERSON, "subject", buf_str(&text), &problems);
        ROW_CHECK(rows[i], problems.n == 1 && !strstr(problems.v[0].what.p, "hunter2"));
        ambit_problems_done(&problems);
        set_done(&set);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(positions),
        cmocka_unit_test(twelve_mistakes_twelve_messages),
        cmocka_unit_test(all_files_at_once),
        cmocka_unit_test(bounds),
        cmocka_unit_test(unreadable_file),
        cmocka_unit_test(stored_set),
        cmocka_unit_test(empty_set),
        cmocka_unit_test(file_names),
        cmocka_unit_test(secrets_stay_out_of_messages),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
