/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as a request head, split the forgiving way: refused with a status of the edge, or
 * passed, and then the head reads the same to the strictest reader there is: lines end in CRLF and
 * nowhere else, the request line has two blanks, every line is one field, framing fields stand
 * once. */
#include "fuzz.h"

#include <strings.h>

#include "../support/http_head.h"

static bool is_named(const struct gate_field *field, const char *name)
{
    return field->name.len == strlen(name) &&
           strncasecmp(field->name.p, name, field->name.len) == 0;
}

static size_t count_named(const struct gate_head *head, const char *name)
{
    size_t n = 0;
    for (size_t i = 0; i < head->n_fields; i++)
        n += is_named(&head->fields[i], name);
    return n;
}

/* What the library's cuts hide, see gate.h: a NUL among the line ends behind a field, where a bare
 * LF stands too. Nowhere else may a NUL have passed. */
static bool has_hidden_nul(const char *input, size_t size)
{
    bool found = false;
    for (size_t i = 0; i < size; i++) {
        if (input[i] != '\0')
            continue;
        found = true;
        size_t end = i;
        while (end < size && (input[end] == '\0' || input[end] == '\r' || input[end] == '\n'))
            end++;
        FUZZ_CHECK(end > i && input[end - 1] == '\n');
    }
    return found;
}

/* The next line of the input by CRLF alone; no CR, LF or NUL stands in it. */
static struct ambit_str strict_line(const char *input, size_t size, size_t *at)
{
    size_t end = *at;
    while (end < size && input[end] != '\r') {
        FUZZ_CHECK(input[end] != '\n');
        end++;
    }
    FUZZ_CHECK(end + 1 < size && input[end + 1] == '\n');
    struct ambit_str line = {.p = input + *at, .len = end - *at};
    *at = end + 2;
    return line;
}

static void check_request_line(struct ambit_str line, const struct gate_head *head)
{
    const char *first = memchr(line.p, ' ', line.len);
    FUZZ_CHECK(first && (size_t)(first - line.p) == head->method.len);
    const char *second = memchr(first + 1, ' ', line.len - head->method.len - 1);
    FUZZ_CHECK(second);
    struct ambit_str target = {.p = first + 1, .len = (size_t)(second - first - 1)};
    struct ambit_str version = {.p = second + 1, .len = line.len - (size_t)(second + 1 - line.p)};
    FUZZ_CHECK(ambit_str_eq(target, head->target) && ambit_str_eq(version, head->version));
    FUZZ_CHECK(memcmp(line.p, head->method.p, head->method.len) == 0);
}

static void check_field(struct ambit_str line, const struct gate_field *field)
{
    const char *colon = line.len ? memchr(line.p, ':', line.len) : NULL;
    FUZZ_CHECK(colon && gate_is_token((struct ambit_str){line.p, (size_t)(colon - line.p)}));
    FUZZ_CHECK(field->name.len == (size_t)(colon - line.p) &&
               memcmp(field->name.p, line.p, field->name.len) == 0);
    const char *value = colon + 1, *end = line.p + line.len;
    while (value < end && (*value == ' ' || *value == '\t'))
        value++;
    FUZZ_CHECK(ambit_str_eq((struct ambit_str){value, (size_t)(end - value)}, field->value));
}

static void check_facts(const struct gate_head *head, const struct gate_facts *facts)
{
    FUZZ_CHECK(count_named(head, "transfer-encoding") == 0);
    FUZZ_CHECK(count_named(head, "content-length") == facts->has_length);
    FUZZ_CHECK(count_named(head, "host") == 1 || facts->is_http_1_0);
    FUZZ_CHECK(count_named(head, "host") <= 1 && count_named(head, "authorization") <= 1);
    FUZZ_CHECK(facts->path.len > 0 && facts->path.p[0] == '/');
    FUZZ_CHECK(!memchr(facts->path.p, '%', facts->path.len) &&
               !memchr(facts->path.p, '?', facts->path.len));
    FUZZ_CHECK(facts->path.len + (facts->query.p ? facts->query.len + 1 : 0) == head->target.len);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *input = (const char *)data;
    struct split_head split;
    struct gate_facts facts;
    if (size > 32 * 1024 || !split_read(input, size, &split)) {
        if (size <= 32 * 1024)
            split_done(&split);
        return 0;
    }
    struct gate_refusal refusal = gate_check(&split.head, &facts);
    if (refusal.status != 0) {
        FUZZ_CHECK(refusal.status == 400 || refusal.status == 411 || refusal.status == 414 ||
                   refusal.status == 431);
        FUZZ_CHECK(refusal.detail);
    } else if (!has_hidden_nul(input, split.head.size)) {
        size_t at = 0;
        check_request_line(strict_line(input, size, &at), &split.head);
        for (size_t i = 0; i < split.head.n_fields; i++)
            check_field(strict_line(input, size, &at), &split.fields[i]);
        FUZZ_CHECK(strict_line(input, size, &at).len == 0 && at == split.head.size);
        check_facts(&split.head, &facts);
    }
    split_done(&split);
    return 0;
}
