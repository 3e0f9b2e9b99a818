/* SPDX-License-Identifier: Apache-2.0 */
/* Bodies of outcomes and signals: what was read holds its bounds and reads the same when written
 * again; what was refused is explained in printable words. */
#include "authzen/told_body.h"
#include "base/arena.h"
#include "base/json_write.h"
#include "fuzz.h"

static void check_words(const char *what)
{
    FUZZ_CHECK(what && strlen(what) < 200);
    for (; *what; what++)
        FUZZ_CHECK(*what >= ' ' && *what < 0x7f);
}

static const struct ambit_digest no_digest;

static void check_outcome(struct ambit_str body, struct arena *arena)
{
    struct outcome_body first, second;
    const char *what = NULL;
    enum ambit_err err = outcome_body_read(body, arena, &first, &what);
    if (err == AMBIT_ERR_MALFORMED)
        check_words(what);
    if (err)
        return;
    FUZZ_CHECK(first.outcome.len >= 6 && first.outcome.len <= 13 && first.detail.len <= 1024);
    BUF_AUTO buf;
    struct json_out out;
    buf_init(&buf, 0);
    json_out_init(&out, &buf, false);
    json_begin_object(&out);
    json_member_str(&out, "outcome", first.outcome);
    json_member_str(&out, "detail", first.detail);
    if (!ambit_digest_eq(first.evidence, no_digest)) {
        json_key(&out, "evidence_digest");
        json_digest(&out, first.evidence);
    }
    json_end_object(&out);
    FUZZ_CHECK(outcome_body_read(buf_str(&buf), arena, &second, &what) == AMBIT_OK);
    FUZZ_CHECK(ambit_str_eq(first.outcome, second.outcome) &&
               ambit_str_eq(first.detail, second.detail) &&
               ambit_digest_eq(first.evidence, second.evidence));
}

static void check_signal(struct ambit_str body, struct arena *arena)
{
    struct signal_body first, second;
    const char *what = NULL;
    enum ambit_err err = signal_body_read(body, arena, &first, &what);
    if (err == AMBIT_ERR_MALFORMED)
        check_words(what);
    if (err)
        return;
    FUZZ_CHECK(first.signal.len >= 1 && first.signal.len <= 1024 && first.detail.len <= 1024);
    FUZZ_CHECK(!first.agent.p == !ambit_id_is_none(first.grant));
    BUF_AUTO buf;
    struct json_out out;
    buf_init(&buf, 0);
    json_out_init(&out, &buf, false);
    json_begin_object(&out);
    json_member_str(&out, "signal", first.signal);
    json_member_str(&out, "agent", first.agent);
    json_member_id(&out, "grant", first.grant);
    json_member_str(&out, "detail", first.detail);
    json_end_object(&out);
    FUZZ_CHECK(signal_body_read(buf_str(&buf), arena, &second, &what) == AMBIT_OK);
    FUZZ_CHECK(ambit_str_eq(first.signal, second.signal) &&
               ambit_str_eq(first.agent, second.agent) && ambit_id_eq(first.grant, second.grant) &&
               ambit_str_eq(first.detail, second.detail));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    ARENA_AUTO arena;
    arena_init(&arena, NULL, 0, (size_t)16 << 20);
    struct ambit_str body = {.p = (const char *)data, .len = size};
    check_outcome(body, &arena);
    check_signal(body, &arena);
    return 0;
}
