/* SPDX-License-Identifier: Apache-2.0 */
/* See witness_ask.h. */
#include "core/witness_ask.h"

void witness_put_request(uint64_t old_size, const struct tree_proof *proof, struct ambit_str note,
                         struct buf *out)
{
    buf_printf(out, "old %llu\n", (unsigned long long)old_size);
    for (size_t i = 0; i < proof->n; i++) {
        buf_put_base64(out, proof->node[i].b, sizeof proof->node[i].b);
        buf_put_char(out, '\n');
    }
    buf_put_char(out, '\n');
    buf_put_str(out, note);
}

bool witness_read_size(const char *type, struct ambit_str body, uint64_t *ret)
{
    uint64_t size = 0;
    if (strcmp(type, "text/x.tlog.size") != 0)
        return false;
    if (body.len > 0 && body.p[body.len - 1] == '\n')
        body.len--;
    bool is_one = body.len > 0 && body.len <= 18 && (body.p[0] != '0' || body.len == 1);
    for (size_t i = 0; is_one && i < body.len; i++) {
        is_one = body.p[i] >= '0' && body.p[i] <= '9';
        size = size * 10 + (uint64_t)(body.p[i] - '0');
    }
    *ret = size;
    return is_one;
}

static bool is_of(const struct note_signature *signature, const struct note_verifier *verifier)
{
    return signature->id == verifier->id &&
           ambit_str_eq(signature->name, note_verifier_name(verifier));
}

enum ambit_err witness_read_lines(struct ambit_str body, struct ambit_str bytes,
                                  const struct note_verifier *verifier, struct buf *lines)
{
    struct note note;
    struct note_signature signature;
    struct ambit_str line;
    enum ambit_err err = note_read(bytes, &note);
    size_t n = 0;
    while (err == AMBIT_OK && note_take_line(&body, &line)) {
        err = note_signature_read(line, &signature);
        if (err != AMBIT_OK || !is_of(&signature, verifier))
            continue;
        err = note_signature_verify(&signature, verifier, note.text);
        if (err == AMBIT_OK && n++ == 0) {
            buf_put_str(lines, line);
            buf_put_char(lines, '\n');
        }
    }
    if (err == AMBIT_OK && body.len > 0)
        return AMBIT_ERR_MALFORMED;
    if (err == AMBIT_OK && n == 0)
        return AMBIT_ERR_REFUSED;
    return err != AMBIT_OK ? err : buf_check(lines);
}

const char *witness_refusal(long status)
{
    switch (status) {
    case 400:
        return "it takes the request for malformed";
    case 403:
        return "it does not know the log's key";
    case 404:
        return "it does not know the log";
    case 409:
        return "it has seen another part of the log, and does not say which";
    case 422:
        return "it finds the log inconsistent with what it saw before";
    default:
        return "it answers with an error";
    }
}
