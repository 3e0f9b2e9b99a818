/* SPDX-License-Identifier: Apache-2.0 */
/* Commitments to personal text: SHA-256 over a type tag and length-framed parts (u32 big-endian
 * before each), so that no two different inputs give the same bytes. */
#include "ledger/event_internal.h"

#include "base/encode.h"
#include "crypto/digest.h"

static const char salt_tag[] = "ambit salt v1";
static const char commitment_tag[] = "ambit commitment v1";

enum { FRAMED_MAX = 256 + 4 * AMBIT_TEXT_MAX };

static void put_framed(struct buf *buf, const void *p, size_t len)
{
    uint8_t size[4];
    put_be32(size, (uint32_t)len);
    buf_put(buf, size, sizeof size);
    buf_put(buf, p, len);
}

static void put_text(struct buf *buf, const char *text)
{
    put_framed(buf, text, strlen(text));
}

struct event_salt commitment_salt(const struct event_seed *seed, const char *member)
{
    __attribute__((uninitialized)) char memory[256];
    struct buf buf;
    struct ambit_digest digest;
    struct event_salt salt;
    buf_init_fixed(&buf, memory, sizeof memory);
    put_text(&buf, salt_tag);
    put_framed(&buf, seed->b, sizeof seed->b);
    put_text(&buf, member);
    AMBIT_ASSERT(buf_check(&buf) == AMBIT_OK);
    crypto_sha256(buf.p, buf.len, &digest);
    memcpy(salt.b, digest.b, sizeof salt.b);
    return salt;
}

struct ambit_digest commitment_of(const char *member, const struct event_salt *salt,
                                  struct ambit_str text)
{
    __attribute__((uninitialized)) char memory[FRAMED_MAX];
    struct buf buf;
    struct ambit_digest digest;
    buf_init_fixed(&buf, memory, sizeof memory);
    put_text(&buf, commitment_tag);
    put_text(&buf, member);
    put_framed(&buf, salt->b, sizeof salt->b);
    put_framed(&buf, text.p, text.len);
    AMBIT_ASSERT(buf_check(&buf) == AMBIT_OK); /* callers bound the text by 4 * AMBIT_TEXT_MAX */
    crypto_sha256(buf.p, buf.len, &digest);
    return digest;
}
