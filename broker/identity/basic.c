/* SPDX-License-Identifier: Apache-2.0 */
/* The Authorization header: schemes, Basic credentials, bearer tokens. */
#include "identity/basic.h"

#include <strings.h>

#include "base/encode.h"
#include "base/form.h"
#include "identity/identity.h"

struct ambit_str scheme_rest(struct ambit_str authorization, const char *scheme)
{
    size_t n = strlen(scheme);
    if (authorization.len <= n || strncasecmp(authorization.p, scheme, n) != 0 ||
        authorization.p[n] != ' ')
        return (struct ambit_str){0};
    struct ambit_str rest = {.p = authorization.p + n, .len = authorization.len - n};
    while (rest.len > 0 && rest.p[0] == ' ')
        rest = (struct ambit_str){.p = rest.p + 1, .len = rest.len - 1};
    return rest;
}

enum ambit_err basic_read(struct ambit_str authorization, struct arena *arena, struct basic *ret)
{
    struct ambit_str text = scheme_rest(authorization, "Basic");
    if (!text.p)
        return AMBIT_ERR_NOT_FOUND;
    size_t size = base64url_decoded_max(text.len);
    char *plain = arena_alloc(arena, size);
    if (!plain)
        return AMBIT_ERR_NO_MEMORY;
    size_t len = 0;
    enum ambit_err err = base64_decode(text, (uint8_t *)plain, size, &len);
    if (err)
        return err;

    const char *colon = memchr(plain, ':', len);
    if (!colon)
        return AMBIT_ERR_MALFORMED;
    size_t id_len = (size_t)(colon - plain);
    err = form_decode_component((struct ambit_str){.p = plain, .len = id_len}, arena, &ret->id);
    if (err)
        return err;
    return form_decode_component((struct ambit_str){.p = colon + 1, .len = len - id_len - 1}, arena,
                                 &ret->secret);
}

/* BRR-1: A-Za-z0-9-._~+/ and '=' at the end */
bool is_token68(struct ambit_str text)
{
    size_t n = text.len;
    while (n > 0 && text.p[n - 1] == '=')
        n--;
    for (size_t i = 0; i < n; i++) {
        char c = text.p[i];
        bool is_alnum = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
        if (!is_alnum && (c == '\0' || !strchr("-._~+/", c)))
            return false;
    }
    return n > 0;
}

struct ambit_str identity_bearer(struct ambit_str authorization)
{
    struct ambit_str token = scheme_rest(authorization, "Bearer");
    return token.p && is_token68(token) ? token : (struct ambit_str){0};
}
