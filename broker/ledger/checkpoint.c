/* SPDX-License-Identifier: Apache-2.0 */
/* The three lines of a checkpoint, and what follows them. */
#include "ledger/checkpoint.h"

#include "base/buf.h"
#include "base/encode.h"

enum ambit_err checkpoint_read(struct ambit_str text, struct checkpoint *ret)
{
    struct checkpoint checkpoint = {.size = 0};
    struct ambit_str size = {0}, root = {0}, line = {0};
    uint8_t bytes[sizeof checkpoint.root + 3];
    size_t len = 0;
    if (!note_text_is_valid(text) || !note_take_line(&text, &checkpoint.origin) ||
        !note_take_line(&text, &size) || !note_take_line(&text, &root))
        return AMBIT_ERR_MALFORMED;
    if (checkpoint.origin.len == 0 || parse_u64(size, &checkpoint.size) != AMBIT_OK ||
        base64_decode(root, bytes, sizeof bytes, &len) != AMBIT_OK || len != sizeof checkpoint.root)
        return AMBIT_ERR_MALFORMED;
    memcpy(checkpoint.root.b, bytes, len);
    checkpoint.extension = text;
    while (note_take_line(&text, &line))
        if (line.len == 0)
            return AMBIT_ERR_MALFORMED;
    *ret = checkpoint;
    return AMBIT_OK;
}

void checkpoint_put(const struct checkpoint *checkpoint, struct buf *out)
{
    buf_put_str(out, checkpoint->origin);
    buf_printf(out, "\n%llu\n", (unsigned long long)checkpoint->size);
    buf_put_base64(out, checkpoint->root.b, sizeof checkpoint->root.b);
    buf_put_char(out, '\n');
    buf_put_str(out, checkpoint->extension);
}

enum ambit_err checkpoint_sign(const struct checkpoint *checkpoint, const struct crypto_key *key,
                               struct buf *out)
{
    BUF_AUTO text = {.max = CHECKPOINT_TEXT_MAX};
    const struct note_signer signer = {
        .name = checkpoint->origin, .type = NOTE_ED25519, .key = key};
    checkpoint_put(checkpoint, &text);
    enum ambit_err err = buf_check(&text);
    return err == AMBIT_OK ? note_sign(buf_str(&text), &signer, out) : err;
}

enum ambit_err checkpoint_open(struct ambit_str bytes, const struct note_verifier *log,
                               struct checkpoint *ret)
{
    AMBIT_AUTO_FREE struct note *note = malloc(sizeof *note);
    if (!note)
        return AMBIT_ERR_NO_MEMORY;
    enum ambit_err err = note_read(bytes, note);
    if (err == AMBIT_OK)
        err = note_verify(note, log, 1, NULL);
    if (err == AMBIT_OK)
        err = checkpoint_read(note->text, ret);
    if (err != AMBIT_OK)
        return err;
    return ambit_str_eq(ret->origin, note_verifier_name(log)) ? AMBIT_OK : AMBIT_ERR_REFUSED;
}
