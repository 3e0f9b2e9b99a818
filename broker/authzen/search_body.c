/* SPDX-License-Identifier: Apache-2.0 */
/* See search_body.h. */
#include "authzen/search_body.h"

#include "ambit/limits.h"
#include "base/encode.h"
#include "base/json_read.h"
#include "crypto/digest.h"

static enum ambit_err refuse(const char **reterr_what, const char *what)
{
    *reterr_what = what;
    return AMBIT_ERR_MALFORMED;
}

/* ---- the digest of a body ---- */

/* In whatever order an object's members stand. The depth was bounded when it was read. */
static void digest_value(const struct json_value *value, struct ambit_digest *ret)
{
    struct ambit_digest inside = {{0}};
    uint8_t place = 0;
    for (const struct json_value *child = value->first; child; child = child->next, place++) {
        struct ambit_digest one;
        digest_value(child, &one);
        const struct ambit_str parts[] = {
            child->key,
            {.p = (const char *)&place, .len = value->kind == JSON_ARRAY ? 1 : 0},
            {.p = (const char *)one.b, .len = sizeof one.b}};
        crypto_sha256_parts(parts, AMBIT_LEN(parts), &one);
        for (size_t i = 0; i < sizeof one.b; i++)
            inside.b[i] ^= one.b[i];
    }
    char kind = (char)('0' + (int)value->kind);
    const struct ambit_str parts[] = {
        {.p = &kind, .len = 1}, {.p = (const char *)inside.b, .len = sizeof inside.b}, value->text};
    crypto_sha256_parts(parts, AMBIT_LEN(parts), ret);
}

static void digest_body(const struct json_value *root, enum evaluation_sought sought,
                        uint8_t ret[SEARCH_DIGEST])
{
    struct ambit_digest all = {{(uint8_t)sought}};
    for (const struct json_value *member = root->first; member; member = member->next) {
        struct ambit_digest one;
        if (ambit_str_is(member->key, "page"))
            continue;
        digest_value(member, &one);
        const struct ambit_str parts[] = {member->key,
                                          {.p = (const char *)one.b, .len = sizeof one.b}};
        crypto_sha256_parts(parts, AMBIT_LEN(parts), &one);
        for (size_t i = 0; i < sizeof one.b; i++)
            all.b[i] ^= one.b[i];
    }
    crypto_sha256(all.b, sizeof all.b, &all);
    memcpy(ret, all.b, SEARCH_DIGEST);
}

/* ---- the page ---- */

static enum ambit_err read_token(struct ambit_str token, struct arena *arena,
                                 struct search_body *body, const char **reterr_what)
{
    static const char *const what = "page.token is that of an earlier answer to the same search";
    size_t len = 0, size = base64url_decoded_max(token.len);
    if (token.len > base64url_encoded_len(SEARCH_DIGEST + AMBIT_WORD_MAX))
        return refuse(reterr_what, what);
    uint8_t *bytes = arena_alloc(arena, size + 1);
    if (!bytes)
        return AMBIT_ERR_NO_MEMORY;
    if (base64url_decode(token, bytes, size, &len) != AMBIT_OK || len <= SEARCH_DIGEST ||
        memcmp(bytes, body->digest, SEARCH_DIGEST) != 0)
        return refuse(reterr_what, what);
    body->after =
        (struct ambit_str){.p = (const char *)bytes + SEARCH_DIGEST, .len = len - SEARCH_DIGEST};
    return AMBIT_OK;
}

static enum ambit_err read_page(const struct json_value *page, struct arena *arena,
                                struct search_body *body, const char **reterr_what)
{
    body->limit = SEARCH_PAGE;
    if (!page)
        return AMBIT_OK;
    if (page->kind != JSON_OBJECT)
        return refuse(reterr_what, "page is an object");
    const struct json_value *limit = json_get(page, "limit"), *token = json_get(page, "token");
    if (limit && (limit->kind != JSON_INTEGER || limit->integer < 1))
        return refuse(reterr_what, "page.limit is a positive integer");
    if (limit)
        body->limit = limit->integer < SEARCH_PAGE_MAX ? (size_t)limit->integer : SEARCH_PAGE_MAX;
    if (token && token->kind != JSON_STRING)
        return refuse(reterr_what, "page.token is a text");
    return token && token->text.len ? read_token(token->text, arena, body, reterr_what) : AMBIT_OK;
}

enum ambit_err search_body_read(struct ambit_str body, enum evaluation_sought sought,
                                struct arena *arena, struct search_body *ret,
                                const char **reterr_what)
{
    const struct json_value *root = NULL;
    *ret = (struct search_body){0};
    enum ambit_err err = evaluation_read_object(body, arena, &root, reterr_what);
    if (err)
        return err;
    digest_body(root, sought, ret->digest); /* before the question takes decimals out of it */
    struct evaluation_members members = evaluation_members_of(root);
    err = evaluation_read_members(&members, sought, arena, &ret->asked, reterr_what);
    return err ? err : read_page(json_get(root, "page"), arena, ret, reterr_what);
}

struct ambit_str search_token(const struct search_body *body, struct ambit_str name,
                              struct arena *arena)
{
    size_t size = SEARCH_DIGEST + name.len, len = base64url_encoded_len(size);
    uint8_t *bytes = arena_alloc(arena, size);
    char *text = arena_alloc(arena, len + 1);
    if (!bytes || !text)
        return (struct ambit_str){0};
    memcpy(bytes, body->digest, SEARCH_DIGEST);
    memcpy(bytes + SEARCH_DIGEST, name.p, name.len);
    base64url_encode(bytes, size, text);
    return (struct ambit_str){.p = text, .len = len};
}
