/* SPDX-License-Identifier: Apache-2.0 */
/* Whom to believe about the caller. A listed proxy writes X-Forwarded-For or Forwarded, Client-Cert
 * and Client-Cert-Chain; these fields are believed from it alone and dropped from everybody else,
 * so that no handler sees them. Where both address fields come they must agree: a proxy that writes
 * one of them may well pass on the other as its client sent it. */
#include "http/inside.h"

#include <strings.h>

#include "http/forwarded.h"

static const struct {
    const char *name;
    size_t len;
} told[] = {
    {"x-forwarded-for", 15},   {"forwarded", 9}, {"client-cert", 11},
    {"client-cert-chain", 17}, {"x-real-ip", 9},
};

bool proxy_is_listed(const struct http_server *server, const struct addr *peer)
{
    struct forwarded_proxies proxies = {.listed = server->proxies, .n = server->n_proxies};
    return forwarded_is_listed(&proxies, peer);
}

static bool is_told(const struct gate_field *field)
{
    for (size_t i = 0; i < AMBIT_LEN(told); i++)
        if (field->name.len == told[i].len &&
            strncasecmp(field->name.p, told[i].name, told[i].len) == 0)
            return true;
    return false;
}

static void drop_told(struct exchange *x)
{
    size_t kept = 0;
    for (size_t i = 0; i < x->n_fields; i++)
        if (!is_told(&x->fields[i]))
            x->fields[kept++] = x->fields[i];
    x->n_fields = kept;
}

static bool is_named(const struct gate_field *field, const char *name)
{
    return field->name.len == strlen(name) &&
           strncasecmp(field->name.p, name, field->name.len) == 0;
}

/* ---- the address ----------------------------------------------------------------------------- */

/* All fields of a name, last first. False: broken. *ret stays as it is when there is none. */
static bool read_source(const struct exchange *x, bool is_element, bool *ret_is_told,
                        struct addr *ret)
{
    const char *name = is_element ? "forwarded" : "x-forwarded-for";
    const struct http_server *server = x->loop->server;
    struct forwarded_proxies proxies = {.listed = server->proxies, .n = server->n_proxies};
    for (size_t i = x->n_fields; i > 0; i--) {
        if (!is_named(&x->fields[i - 1], name))
            continue;
        *ret_is_told = true;
        struct ambit_str value = x->fields[i - 1].value;
        switch (is_element ? forwarded_elements(value, &proxies, ret)
                           : forwarded_for(value, &proxies, ret)) {
        case FORWARDED_BROKEN:
            return false;
        case FORWARDED_CALLER:
            return true;
        case FORWARDED_MORE:
            break;
        }
    }
    return true;
}

static bool read_address(struct exchange *x)
{
    struct addr plain = {0}, element = {0};
    bool has_plain = false, has_element = false;
    if (!read_source(x, false, &has_plain, &plain) || !read_source(x, true, &has_element, &element))
        return false;
    if (has_plain && has_element &&
        (plain.family != element.family || memcmp(plain.b, element.b, sizeof plain.b) != 0))
        return false;
    if (has_plain || has_element)
        x->req.source = has_plain ? plain : element;
    return true;
}

/* ---- the certificate ------------------------------------------------------------------------- */

static bool read_certificates(struct exchange *x)
{
    struct ambit_str *shown = NULL;
    size_t n = 0, bytes = 0;
    for (int chain = 0; chain < 2; chain++) {
        for (size_t i = 0; i < x->n_fields; i++) {
            if (!is_named(&x->fields[i], chain ? "client-cert-chain" : "client-cert"))
                continue;
            if (!shown)
                shown = arena_alloc(&x->req.arena, HTTP_CERTIFICATES_MAX * sizeof *shown);
            /* One leaf, and no chain without it. */
            if (!shown || (chain ? n == 0 : n > 0) ||
                !forwarded_certificates(x->fields[i].value, chain, &x->req.arena, shown, &n,
                                        &bytes))
                return false;
        }
    }
    /* The proxy's own certificate is not the caller's. */
    x->req.certificates = n ? shown : NULL;
    x->req.n_certificates = n;
    return true;
}

bool proxy_read(struct exchange *x)
{
    bool is_good = !x->conn->is_proxy || (read_address(x) && read_certificates(x));
    drop_told(x);
    return is_good;
}
