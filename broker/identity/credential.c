/* SPDX-License-Identifier: Apache-2.0 */
/* The digest of a way in: every part behind its length. */
#include "identity/credential.h"

#include "base/encode.h"
#include "crypto/digest.h"

/* The digest so far, and the next part behind its length: nothing here can fail. */
static void add(struct ambit_digest *digest, struct ambit_str part)
{
    uint8_t len[4];
    put_be32(len, (uint32_t)part.len);
    const struct ambit_str parts[] = {{.p = (const char *)digest->b, .len = sizeof digest->b},
                                      {.p = (const char *)len, .len = sizeof len},
                                      part};
    struct ambit_digest next;
    crypto_sha256_parts(parts, AMBIT_LEN(parts), &next);
    *digest = next;
}

static void add_number(struct ambit_digest *digest, int64_t number)
{
    uint8_t bytes[8];
    put_be64(bytes, (uint64_t)number);
    add(digest, (struct ambit_str){.p = (const char *)bytes, .len = sizeof bytes});
}

struct ambit_digest credential_digest(const struct ambit_credential *credential)
{
    struct ambit_digest digest = {{0}};
    add(&digest, AMBIT_STR("ambit way in v1"));
    add_number(&digest, credential->method);
    add_number(&digest, credential->tls_kind);
    add(&digest, credential->tls_value);
    add(&digest, credential->issuer);
    add(&digest, credential->subject);
    add_number(&digest, credential->uid);
    add_number(&digest, credential->gid);
    for (size_t i = 0; i < credential->n_claims; i++) {
        const struct ambit_claim *claim = &credential->claims[i];
        add(&digest, claim->name);
        add_number(&digest, claim->value.kind);
        add(&digest, claim->value.text);
        add_number(&digest, claim->value.integer);
        add_number(&digest, claim->value.boolean);
    }
    return digest;
}
