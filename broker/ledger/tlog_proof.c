/* SPDX-License-Identifier: Apache-2.0 */
/* Receipts as text. */
#include "ledger/tlog_proof.h"

#include "base/buf.h"
#include "base/encode.h"

static const char first_line[] = "c2sp.org/tlog-proof@v1";

static bool cut_front(struct ambit_str *text, struct ambit_str front)
{
    if (text->len < front.len || memcmp(text->p, front.p, front.len) != 0)
        return false;
    *text = (struct ambit_str){.p = text->p + front.len, .len = text->len - front.len};
    return true;
}

static enum ambit_err read_extra(struct ambit_str base64)
{
    size_t room = base64url_decoded_max(base64.len), len = 0;
    AMBIT_AUTO_FREE uint8_t *bytes = malloc(room);
    if (!bytes)
        return AMBIT_ERR_NO_MEMORY;
    return base64_decode(base64, bytes, room, &len) == AMBIT_OK ? AMBIT_OK : AMBIT_ERR_MALFORMED;
}

/* Hashes up to the empty line. */
static enum ambit_err read_path(struct ambit_str *text, struct tree_proof *ret)
{
    struct ambit_str line = {0};
    ret->n = 0;
    while (note_take_line(text, &line)) {
        uint8_t bytes[sizeof ret->node[0] + 3];
        size_t len = 0;
        if (line.len == 0)
            return AMBIT_OK;
        if (ret->n == TREE_PROOF_MAX ||
            base64_decode(line, bytes, sizeof bytes, &len) != AMBIT_OK ||
            len != sizeof ret->node[0])
            return AMBIT_ERR_MALFORMED;
        memcpy(ret->node[ret->n++].b, bytes, len);
    }
    return AMBIT_ERR_MALFORMED;
}

enum ambit_err tlog_proof_read(struct ambit_str text, struct tlog_proof *ret)
{
    struct ambit_str line = {0};
    if (text.len > TLOG_PROOF_BYTES_MAX)
        return AMBIT_ERR_TOO_LARGE;
    if (!note_take_line(&text, &line) || !ambit_str_is(line, first_line) ||
        !note_take_line(&text, &line))
        return AMBIT_ERR_MALFORMED;
    ret->extra = (struct ambit_str){.p = NULL};
    if (cut_front(&line, AMBIT_STR("extra "))) {
        ret->extra = line;
        enum ambit_err err = read_extra(line);
        if (err != AMBIT_OK)
            return err;
        if (!note_take_line(&text, &line))
            return AMBIT_ERR_MALFORMED;
    }
    if (!cut_front(&line, AMBIT_STR("index ")) || parse_u64(line, &ret->index) != AMBIT_OK)
        return AMBIT_ERR_MALFORMED;
    enum ambit_err err = read_path(&text, &ret->path);
    ret->checkpoint = text;
    return err == AMBIT_OK && text.len == 0 ? AMBIT_ERR_MALFORMED : err;
}

void tlog_proof_put(const struct tlog_proof *proof, struct buf *out)
{
    buf_put_text(out, first_line);
    if (proof->extra.p) {
        buf_put_text(out, "\nextra ");
        buf_put_str(out, proof->extra);
    }
    buf_printf(out, "\nindex %llu\n", (unsigned long long)proof->index);
    for (size_t i = 0; i < proof->path.n; i++) {
        buf_put_base64(out, proof->path.node[i].b, sizeof proof->path.node[i].b);
        buf_put_char(out, '\n');
    }
    buf_put_char(out, '\n');
    buf_put_str(out, proof->checkpoint);
}

enum ambit_err tlog_proof_verify(const struct tlog_proof *proof, const struct note_verifier *log,
                                 struct ambit_digest leaf, struct checkpoint *ret)
{
    struct checkpoint checkpoint = {.size = 0};
    enum ambit_err err = checkpoint_open(proof->checkpoint, log, &checkpoint);
    if (err == AMBIT_OK)
        err = tree_inclusion_verify(leaf, proof->index, checkpoint.size, proof->path.node,
                                    proof->path.n, checkpoint.root);
    if (err == AMBIT_OK && ret)
        *ret = checkpoint;
    return err;
}
