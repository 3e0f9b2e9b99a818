/* SPDX-License-Identifier: Apache-2.0 */
/* The map of /forward-auth: four lines, path, action and resource of a row and the URI of a
 * request. A row that is taken has templates that make names; what it matches holds nothing that
 * could be read in another way, and gives the segments of the URI and no others. */
#include "config/forward_map.h"
#include "fuzz.h"

#include "ambit/policy.h"

static struct ambit_str line(struct ambit_str *rest)
{
    const char *end = rest->len ? memchr(rest->p, '\n', rest->len) : NULL;
    struct ambit_str one = {.p = rest->p, .len = end ? (size_t)(end - rest->p) : rest->len};
    size_t taken = one.len + (end != NULL);
    rest->p += taken;
    rest->len -= taken;
    return one;
}

static size_t count(struct ambit_str text, char c)
{
    size_t n = 0;
    for (size_t i = 0; i < text.len; i++)
        n += text.p[i] == c;
    return n;
}

static bool holds(struct ambit_str text, const char *part)
{
    return memmem(text.p, text.len, part, strlen(part)) != NULL;
}

static void check_match(const struct forward_row *row, struct ambit_str uri,
                        const struct forward_answer *answer)
{
    const char *query = memchr(uri.p, '?', uri.len);
    struct ambit_str path = {.p = uri.p, .len = query ? (size_t)(query - uri.p) : uri.len};
    FUZZ_CHECK(path.len && path.p[0] == '/' && uri.len <= FORWARD_URI_MAX);
    for (const char *c = "%;*\\# \"{}"; *c; c++)
        FUZZ_CHECK(count(path, *c) == 0);
    FUZZ_CHECK(!holds(path, "//") && !holds(path, "/./") && !holds(path, "/../"));
    FUZZ_CHECK(answer->action.len <= AMBIT_WORD_MAX && answer->resource.len <= AMBIT_WORD_MAX);
    /* A piece adds no segment to an action, and to a resource those of the path alone. */
    FUZZ_CHECK(count(answer->action, '.') <= count(row->action, '.'));
    FUZZ_CHECK(count(answer->resource, '/') <=
               count(row->resource, '/') + count(path, '/') * count(row->resource, '{'));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct ambit_str rest = {.p = data ? (const char *)data : "", .len = size};
    struct forward_row row = {.service = AMBIT_STR("s"),
                              .methods = {AMBIT_STR("GET")},
                              .n_methods = 1,
                              .path = line(&rest),
                              .action = line(&rest),
                              .resource = line(&rest)};
    const char *member = NULL, *expected = NULL;
    if (row.path.len > AMBIT_WORD_MAX || row.action.len > AMBIT_WORD_MAX ||
        row.resource.len > AMBIT_WORD_MAX)
        return 0;
    const char *what = forward_row_read(&row, &member, &expected);
    FUZZ_CHECK(!what || (member && expected));
    if (what)
        return 0;
    FUZZ_CHECK(row.n_segments >= 1 && row.n_segments <= FORWARD_SEGMENTS_MAX);
    struct forward_map map = {.rows = &row, .n = 1};
    struct forward_question question = {
        .service = row.service, .method = AMBIT_STR("GET"), .uri = line(&rest)};
    struct forward_answer answer;
    if (forward_find(&map, &question, &answer) == FORWARD_MATCHED)
        check_match(&row, question.uri, &answer);
    question.service = AMBIT_STR("t");
    FUZZ_CHECK(forward_find(&map, &question, &answer) != FORWARD_MATCHED);
    return 0;
}
