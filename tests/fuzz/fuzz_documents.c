/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as one document among fixed companions; the first byte chooses its kind. Accepted: its
 * canonical bytes are a document again, with the same digest of the set. Refused: at least one
 * problem, each of them inside the file and printable in one line. So is each warning of what was
 * accepted, and none of them is an error. */
#include <string.h>

#include "fuzz.h"
#include "support/tzif.h"

#include "ambit/check.h"
#include "base/buf.h"
#include "crypto/digest.h"
#include "policy/problem.h"

#define PERSON(name, roles)                                                               \
    "{\"person\":\"" name "\",\"name\":\"N\",\"email\":\"n@example.gov\",\"team\":\"t\"," \
    "\"active\":true,\"roles\":[" roles "]}"
#define UNIX                "\"authenticate\":[{\"method\":\"unix_peer\",\"uid\":7}]"
#define TLS                 "\"authenticate\":[{\"method\":\"tls_client_auth\",\"san_dns\":\"a.example.gov\"}]"
#define PLACE(folder, file) .path = AMBIT_STR(folder "/" file ".json"), .name = AMBIT_STR(file)

static const struct ambit_file companions[] = {
    {.kind = AMBIT_KIND_PERSON,
     PLACE("people", "dana"),
     .bytes = AMBIT_STR(PERSON("dana", "\"owner\""))},
    {.kind = AMBIT_KIND_PERSON,
     PLACE("people", "sam"),
     .bytes = AMBIT_STR(PERSON("sam", "\"owner\""))},
    {.kind = AMBIT_KIND_PERSON,
     PLACE("people", "lee"),
     .bytes = AMBIT_STR(PERSON("lee", "\"oncall\""))},
    {.kind = AMBIT_KIND_AGENT,
     PLACE("agents", "log-reader"),
     .bytes = AMBIT_STR("{\"agent\":\"log-reader\",\"description\":\"d\",\"owner\":\"dana\","
                        "\"backup\":\"sam\",\"policies\":[]," UNIX "}")},
    {.kind = AMBIT_KIND_SERVICE,
     PLACE("services", "payments-api"),
     .bytes = AMBIT_STR("{\"service\":\"payments-api\",\"owner\":\"dana\",\"tier\":\"medium\","
                        "\"audiences\":[\"https://payments.example.gov\"],"
                        "\"resources\":[\"svc:**\",\"db:prod/**\"]," TLS "}")},
    {.kind = AMBIT_KIND_POLICY,
     PLACE("policies", "restart-services"),
     .bytes =
         AMBIT_STR("{\"policy\":\"restart-services\",\"description\":\"d\",\"owner\":\"dana\","
                   "\"tier\":\"medium\",\"audiences\":[\"https://payments.example.gov\"],"
                   "\"review\":{\"authored_by\":\"dana\",\"accepted_by\":\"dana\"},"
                   "\"allow\":[{\"id\":\"a\",\"actions\":[\"a\"],\"resources\":[\"svc:**\"],"
                   "\"ttl\":{\"max\":\"5m\"}}],\"hard_stops\":[{\"id\":\"s\",\"on\":\"denied\","
                   "\"then\":\"revoke_grant\"}]}")},
};
enum { N_COMPANIONS = sizeof companions / sizeof companions[0] };

static enum ambit_err find_zone(void *ctx, struct ambit_str name, struct ambit_str *ret_tzif)
{
    (void)ctx;
    *ret_tzif = AMBIT_STR(TZIF_BERLIN);
    return ambit_str_is(name, "Europe/Berlin") ? AMBIT_OK : AMBIT_ERR_NOT_FOUND;
}

static const struct ambit_read_env env = {
    .now_ms = 1795168800000, .sha256 = crypto_sha256, .zone = find_zone};

static enum ambit_err read_set(const struct ambit_file *subject, struct ambit_problems *problems,
                               struct ambit_documents **ret)
{
    struct ambit_file files[N_COMPANIONS + 1];
    memcpy(files, companions, sizeof companions);
    files[N_COMPANIONS] = *subject;
    return ambit_documents_read(files, N_COMPANIONS + 1, &env, problems, ret);
}

static const struct ambit_document *subject_of(const struct ambit_documents *documents,
                                               const struct ambit_file *subject)
{
    switch (subject->kind) {
    case AMBIT_KIND_PERSON:
        return &ambit_person_find(documents, subject->name)->doc;
    case AMBIT_KIND_AGENT:
        return &ambit_agent_find(documents, subject->name)->doc;
    case AMBIT_KIND_SERVICE:
        return &ambit_service_find(documents, subject->name)->doc;
    case AMBIT_KIND_POLICY:
        return &ambit_policy_find(documents, subject->name)->doc;
    }
    abort();
}

/* The column may be one past the line's end: where something is missing. */
static bool is_inside(struct ambit_str bytes, uint32_t line, uint32_t column)
{
    size_t at = 0;
    for (uint32_t i = 1; i < line; i++) {
        const char *end = at < bytes.len ? memchr(bytes.p + at, '\n', bytes.len - at) : NULL;
        if (!end)
            return false;
        at = (size_t)(end - bytes.p) + 1;
    }
    const char *end = at < bytes.len ? memchr(bytes.p + at, '\n', bytes.len - at) : NULL;
    size_t len = (end ? (size_t)(end - bytes.p) : bytes.len) - at;
    return line >= 1 && column >= 1 && column <= len + 1;
}

static void check_problems(const struct ambit_problems *problems, struct ambit_str bytes)
{
    for (size_t i = 0; i < problems->n; i++) {
        BUF_AUTO line = {.p = NULL};
        problem_write_line(&line, &problems->v[i]);
        FUZZ_CHECK(!buf_check(&line) && problems->v[i].what.len && problems->v[i].expected.len);
        for (size_t k = 0; k < line.len; k++)
            FUZZ_CHECK((uint8_t)line.p[k] >= 0x20 && line.p[k] != 0x7f);
        /* A companion has a fault only where the subject takes what is its own. */
        if (ambit_str_is(problems->v[i].file, "subject.json"))
            FUZZ_CHECK(is_inside(bytes, problems->v[i].line, problems->v[i].column));
    }
}

/* Takes the documents. */
static void check_warnings(struct ambit_documents *documents, const struct ambit_file *subject)
{
    struct ambit_problems problems = {0};
    struct ambit_policy_set *set = NULL;
    struct ambit_file files[N_COMPANIONS + 1];
    memcpy(files, companions, sizeof companions);
    files[N_COMPANIONS] = *subject;
    FUZZ_CHECK(ambit_policy_compile(documents, &set) == AMBIT_OK);
    const struct ambit_check check = {
        .set = set, .files = files, .n_files = N_COMPANIONS + 1, .now_ms = env.now_ms};
    FUZZ_CHECK(ambit_policy_warn(&check, &problems) == AMBIT_OK);
    FUZZ_CHECK(problems.n_errors == 0);
    check_problems(&problems, subject->bytes);
    ambit_problems_done(&problems);
    ambit_policy_set_free(set);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char kinds[] = "nasp"; /* person (n), agent, service, policy */
    struct ambit_file subject = {
        .path = AMBIT_STR("subject.json"), .name = AMBIT_STR("subject"), .kind = AMBIT_KIND_POLICY};
    if (size == 0)
        return 0;
    const char *kind = memchr(kinds, (char)data[0], 4);
    if (kind)
        subject.kind = (enum ambit_kind)(kind - kinds);
    subject.bytes = (struct ambit_str){.p = (const char *)data + 1, .len = size - 1};

    struct ambit_problems problems = {0};
    struct ambit_documents *documents = NULL;
    enum ambit_err err = read_set(&subject, &problems, &documents);
    FUZZ_CHECK(err == AMBIT_OK || err == AMBIT_ERR_MALFORMED);
    if (err) {
        FUZZ_CHECK(problems.n_errors > 0);
        check_problems(&problems, subject.bytes);
        ambit_problems_done(&problems);
        return 0;
    }
    struct ambit_documents *again = NULL;
    subject.bytes = subject_of(documents, &subject)->canonical;
    FUZZ_CHECK(read_set(&subject, &problems, &again) == AMBIT_OK);
    FUZZ_CHECK(ambit_digest_eq(documents->digest, again->digest));
    FUZZ_CHECK(ambit_str_eq(subject_of(again, &subject)->canonical, subject.bytes));
    check_warnings(again, &subject);
    ambit_documents_free(documents);
    ambit_problems_done(&problems);
    return 0;
}
