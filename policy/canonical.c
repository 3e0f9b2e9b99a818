/* SPDX-License-Identifier: Apache-2.0 */
/* The bytes that a document's digest is taken over (RFC 8785), and the digest of a whole set. */
#include "policy/canonical.h"

#include "base/encode.h"
#include "base/json_write.h"

enum ambit_err canonical_of(struct arena *arena, const struct json_value *value,
                            struct ambit_str *ret)
{
    BUF_AUTO buf = {0};
    struct json_out out;
    json_out_init(&out, &buf, true);
    json_write_value(&out, value);
    enum ambit_err err = buf_check(&buf);
    if (err)
        return err;

    *ret = arena_copy(arena, buf_str(&buf));
    return ret->p ? AMBIT_OK : AMBIT_ERR_NO_MEMORY;
}

static void put_named(struct buf *buf, int kind, struct ambit_str name, struct ambit_digest digest)
{
    uint8_t len[4];
    put_be32(len, (uint32_t)name.len);
    buf_put_char(buf, (char)kind);
    buf_put(buf, len, sizeof len);
    buf_put_str(buf, name);
    buf_put(buf, digest.b, sizeof digest.b);
}

static void put_document(struct buf *buf, const struct ambit_document *doc)
{
    put_named(buf, (int)doc->kind, doc->name, doc->digest);
}

enum ambit_err ambit_documents_digest(const struct ambit_documents *documents, bool with_zones,
                                      const struct ambit_read_env *env, struct ambit_digest *ret)
{
    static const char tag[] = "ambit documents v1"; /* its NUL belongs to it */
    BUF_AUTO buf = {0};
    buf_put(&buf, tag, sizeof tag);
    for (size_t i = 0; i < documents->n_people; i++)
        put_document(&buf, &documents->people[i].doc);
    for (size_t i = 0; i < documents->n_agents; i++)
        put_document(&buf, &documents->agents[i].doc);
    for (size_t i = 0; i < documents->n_services; i++)
        put_document(&buf, &documents->services[i].doc);
    for (size_t i = 0; i < documents->n_policies; i++)
        put_document(&buf, &documents->policies[i].doc);
    for (size_t i = 0; with_zones && i < documents->n_zones; i++)
        put_named(&buf, AMBIT_KIND_ZONE, documents->zones[i].name, documents->zones[i].digest);
    enum ambit_err err = buf_check(&buf);
    if (err)
        return err;

    env->sha256(buf.p, buf.len, ret);
    return AMBIT_OK;
}
