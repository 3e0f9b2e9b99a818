/* SPDX-License-Identifier: Apache-2.0 */
/* Goal: two agents that one token could be meant for are refused at load (ASG-5), and a subject
 * that no certificate can have; a set that is in force already stays readable. */
#include "support/unit.h"

#include "base/buf.h"
#include "set.h"

#define TOKEN(rest) \
    "{\"method\":\"federated_jwt\",\"issuer\":\"https://a.example\",\"subject\":\"s\"" rest "}"
#define OTHER "{\"method\":\"federated_jwt\",\"issuer\":\"https://b.example\",\"subject\":\"s\"}"

static void put_agent(struct set *set, const char *name, const char *ways)
{
    BUF_AUTO text = {0};
    buf_printf(&text,
               "{\"agent\": \"%s\", \"description\": \"d\", \"owner\": \"dana\", \"backup\": "
               "\"sam\", \"policies\": [], \"authenticate\": [%s]}",
               name, ways);
    assert_int_equal(buf_check(&text), AMBIT_OK);
    set_put(set, AMBIT_KIND_AGENT, name, buf_str(&text));
}

static void ways(void **state)
{
    (void)state;
    static const struct {
        const char *name, *one, *two;
        const char *pointer; /* of the second agent's problem; NULL: fine */
    } rows[] = {
        {"ASG-5 the same", TOKEN(""), TOKEN(""), "/authenticate/0/subject"},
        {"another issuer", TOKEN(""), OTHER, NULL},
        {"ASG-5 one asks for more", TOKEN(""), TOKEN(",\"claims\":{\"env\":\"prod\"}"),
         "/authenticate/0/subject"},
        {"ASG-5 different claims, and both may be there", TOKEN(",\"claims\":{\"env\":\"prod\"}"),
         TOKEN(",\"claims\":{\"ref\":\"main\"}"), "/authenticate/0/subject"},
        {"a claim tells them apart", TOKEN(",\"claims\":{\"env\":\"prod\",\"n\":1}"),
         TOKEN(",\"claims\":{\"env\":\"test\",\"n\":1}"), NULL},
        {"types tell them apart", TOKEN(",\"claims\":{\"n\":1}"),
         TOKEN(",\"claims\":{\"n\":\"1\"}"), NULL},
        {"ASG-5 behind another", TOKEN(""), OTHER "," TOKEN(""), "/authenticate/1/subject"},
        {"one agent twice", TOKEN("") "," TOKEN(",\"claims\":{\"env\":\"prod\"}"), OTHER, NULL},
        {"MTL-2 a subject", TOKEN(""),
         "{\"method\":\"tls_client_auth\",\"subject_dn\":\"CN=a,O=Example\\\\, Inc.\"}", NULL},
        {"MTL-2 no subject", TOKEN(""),
         "{\"method\":\"tls_client_auth\",\"subject_dn\":\"/CN=a/O=Example\"}",
         "/authenticate/0/subject_dn"},
    };
    for (size_t i = 0; i < AMBIT_LEN(rows); i++) {
        struct set set;
        struct ambit_documents *documents = NULL;
        struct ambit_problems problems = {0};
        struct ambit_read_env stored = set_env;
        set_init(&set);
        assert_true(set_put_folder(&set, CORPUS "/companions"));
        put_agent(&set, "one", rows[i].one);
        put_agent(&set, "two", rows[i].two);
        enum ambit_err err =
            ambit_documents_read(set.files, set.n, &set_env, &problems, &documents);
        ROW_CHECK(rows[i].name, err == (rows[i].pointer ? AMBIT_ERR_MALFORMED : AMBIT_OK));
        ROW_CHECK(rows[i].name, problems.n_errors == (rows[i].pointer != NULL));
        if (rows[i].pointer)
            ROW_CHECK(rows[i].name, ambit_str_is(problems.v[0].pointer, rows[i].pointer));
        ambit_problems_done(&problems);
        if (!err)
            ambit_documents_free(documents);

        stored.now_ms = 0;
        problems = (struct ambit_problems){0};
        ROW_CHECK(rows[i].name, ambit_documents_read(set.files, set.n, &stored, &problems,
                                                     &documents) == AMBIT_OK);
        ambit_documents_free(documents);
        ambit_problems_done(&problems);
        set_done(&set);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(ways)};
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
