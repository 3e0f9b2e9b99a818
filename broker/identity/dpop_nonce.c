/* SPDX-License-Identifier: Apache-2.0 */
/* See dpop_nonce.h: eight bytes of seconds, sixteen of the MAC, in base64url. */
#include "identity/dpop_nonce.h"

#include "base/encode.h"
#include "crypto/digest.h"

enum { SECONDS = 8, MAC = 16, WHOLE = SECONDS + MAC, AHEAD_S = 5 };

static void put_mac(const struct dpop_nonces *nonces, enum dpop_place place,
                    const uint8_t seconds[SECONDS], uint8_t dst[MAC])
{
    static const char tag[] = "ambit dpop nonce 1";
    uint8_t framed[sizeof tag + 1 + SECONDS];
    struct ambit_digest mac;
    memcpy(framed, tag, sizeof tag);
    framed[sizeof tag] = (uint8_t)place;
    memcpy(framed + sizeof tag + 1, seconds, SECONDS);
    crypto_hmac_sha256(nonces->key, sizeof nonces->key, framed, sizeof framed, &mac);
    memcpy(dst, mac.b, MAC);
}

struct dpop_nonce dpop_nonce_at(const struct dpop_nonces *nonces, enum dpop_place place,
                                int64_t now_ms)
{
    uint8_t bytes[WHOLE];
    struct dpop_nonce nonce = {.text = ""};
    put_be64(bytes, (uint64_t)(now_ms / 1000));
    put_mac(nonces, place, bytes, bytes + SECONDS);
    base64url_encode(bytes, sizeof bytes, nonce.text);
    return nonce;
}

bool dpop_nonce_is_good(const struct dpop_nonces *nonces, enum dpop_place place,
                        struct ambit_str text, int64_t now_ms, bool *ret_is_old)
{
    uint8_t bytes[WHOLE + 3], mac[MAC];
    size_t len = 0;
    if (text.len != DPOP_NONCE_LEN ||
        base64url_decode(text, bytes, sizeof bytes, &len) != AMBIT_OK || len != WHOLE)
        return false;
    put_mac(nonces, place, bytes, mac);
    if (!crypto_equal(mac, bytes + SECONDS, MAC))
        return false;
    /* Ours, so that the number is one that we wrote. */
    int64_t age_s = now_ms / 1000 - (int64_t)get_be64(bytes);
    *ret_is_old = age_s > DPOP_NONCE_LIFE_S / 2;
    return age_s >= -AHEAD_S && age_s <= DPOP_NONCE_LIFE_S;
}
