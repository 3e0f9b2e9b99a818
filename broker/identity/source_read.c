/* SPDX-License-Identifier: Apache-2.0 */
/* What a source sends, as keys. Nothing in it is believed but keys: not who it says it is for, not
 * where it says more can be had, but for the metadata of an issuer about itself. */
#include "base/encode.h"
#include "base/json_read.h"
#include "identity/guard.h"
#include "identity/source.h"

enum { MEMORY_MAX = 8 << 20, AUTHORITIES_MAX = 64 };

void key_snapshot_release(struct key_snapshot *snapshot)
{
    if (!snapshot || atomic_fetch_sub_explicit(&snapshot->count, 1, memory_order_acq_rel) != 1)
        return;
    jwk_set_free(snapshot->set);
    x509_anchors_free(snapshot->anchors);
    free(snapshot);
}

void key_snapshot_freep(struct key_snapshot **snapshot)
{
    key_snapshot_release(*snapshot);
}

/* ---- a SPIFFE bundle ---- */

/* The one certificate of an x509-svid entry. */
static enum ambit_err authority_of(const struct json_value *jwk, struct arena *arena,
                                   struct ambit_str *ret)
{
    const struct json_value *chain = json_get(jwk, "x5c");
    if (!chain || chain->kind != JSON_ARRAY || chain->count != 1 ||
        chain->first->kind != JSON_STRING)
        return AMBIT_ERR_MALFORMED;
    size_t size = base64url_decoded_max(chain->first->text.len);
    uint8_t *der = arena_alloc(arena, size);
    if (!der)
        return arena_err(arena);
    ret->p = (const char *)der;
    return base64_decode(chain->first->text, der, size, &ret->len);
}

static enum ambit_err read_bundle(struct ambit_str bytes, struct arena *arena,
                                  struct key_snapshot *snapshot, int64_t *ret_hint_s)
{
    struct ambit_str authorities[AUTHORITIES_MAX];
    size_t n = 0;
    const struct json_value *top = NULL;
    enum ambit_err err =
        json_read(bytes, (struct json_limits){.allow_decimals = true}, arena, &top, NULL);
    if (err)
        return err;
    const struct json_value *keys = json_get(top, "keys");
    (void)json_get_i64(top, "spiffe_refresh_hint", ret_hint_s);
    for (const struct json_value *jwk = keys ? keys->first : NULL; jwk; jwk = jwk->next) {
        if (!ambit_str_is(json_get_str(jwk, "use"), "x509-svid"))
            continue;
        if (n == AUTHORITIES_MAX)
            return AMBIT_ERR_TOO_LARGE;
        err = authority_of(jwk, arena, &authorities[n++]);
        if (err)
            return err;
    }
    if (n > 0)
        err = x509_anchors_from_der(authorities, n, &snapshot->anchors);
    return err ? err : jwk_set_new_for(bytes, "jwt-svid", &snapshot->set);
}

/* ---- whatever it is ---- */

static enum ambit_err read_into(enum source_kind kind, struct ambit_str bytes,
                                struct key_snapshot *snapshot, int64_t *ret_hint_s)
{
    ARENA_AUTO arena;
    arena_init(&arena, NULL, 0, MEMORY_MAX);
    switch (kind) {
    case SOURCE_JWKS:
    case SOURCE_DISCOVERY:
        return jwk_set_new(bytes, &snapshot->set);
    case SOURCE_BUNDLE:
        return read_bundle(bytes, &arena, snapshot, ret_hint_s);
    case SOURCE_ANCHORS:
        return x509_anchors_from_pem(bytes, &snapshot->anchors);
    }
    return AMBIT_ERR_MALFORMED;
}

enum ambit_err key_snapshot_read(enum source_kind kind, struct ambit_str bytes,
                                 struct key_snapshot **ret, int64_t *ret_hint_s)
{
    *ret_hint_s = 0;
    if (bytes.len > SOURCE_BYTES_MAX)
        return AMBIT_ERR_TOO_LARGE;
    KEY_SNAPSHOT_AUTO *snapshot = calloc(1, sizeof *snapshot);
    if (!snapshot)
        return AMBIT_ERR_NO_MEMORY;
    atomic_init(&snapshot->count, 1);
    enum ambit_err err = read_into(kind, bytes, snapshot, ret_hint_s);
    if (err)
        return err == AMBIT_ERR_NO_MEMORY ? err : AMBIT_ERR_MALFORMED;
    bool has_keys = (snapshot->set && jwk_set_count(snapshot->set) > 0) || snapshot->anchors;
    if (!has_keys)
        return AMBIT_ERR_MALFORMED;
    *ret = TAKE(snapshot);
    return AMBIT_OK;
}

enum ambit_err discovery_read(struct ambit_str bytes, struct ambit_str issuer, struct arena *arena,
                              struct ambit_str *ret_uri)
{
    const struct json_value *top = NULL;
    enum ambit_err err = bytes.len > SOURCE_BYTES_MAX ? AMBIT_ERR_TOO_LARGE : AMBIT_OK;
    if (!err)
        err = json_read(bytes, (struct json_limits){.allow_decimals = true}, arena, &top, NULL);
    if (err)
        return err == AMBIT_ERR_NO_MEMORY ? err : AMBIT_ERR_MALFORMED;
    struct ambit_str uri = json_get_str(top, "jwks_uri");
    if (!ambit_str_eq(json_get_str(top, "issuer"), issuer) || !uri.p || !guard_url_is_fine(uri))
        return AMBIT_ERR_MALFORMED;
    *ret_uri = arena_copy(arena, uri);
    return ret_uri->p ? AMBIT_OK : AMBIT_ERR_NO_MEMORY;
}

/* RFC 9111 section 5.2: comma-separated, names in any case. */
int64_t cache_control_age(struct ambit_str value)
{
    static const char name[] = "max-age=";
    const size_t n = sizeof name - 1;
    for (size_t i = 0; i < value.len; i++) {
        bool is_begin = i == 0 || memchr(", \t", value.p[i - 1], 3);
        size_t k = 0;
        while (is_begin && k < n && i + k < value.len &&
               (value.p[i + k] | 0x20) == (name[k] | 0x20))
            k++;
        if (k < n)
            continue;
        struct ambit_str digits = {.p = value.p + i + n};
        while (i + n + digits.len < value.len && digits.p[digits.len] >= '0' &&
               digits.p[digits.len] <= '9')
            digits.len++;
        int64_t seconds = 0;
        if (digits.len > 0 && parse_i64(digits, &seconds) != AMBIT_OK)
            seconds = SOURCE_FRESH_MAX_S; /* more than a number holds */
        return seconds < SOURCE_FRESH_MAX_S ? seconds : SOURCE_FRESH_MAX_S;
    }
    return 0;
}
