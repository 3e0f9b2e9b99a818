/* SPDX-License-Identifier: Apache-2.0 */
/* See approval_shown.h. Every part has its length before it: no two requests have one digest. */
#include "core/approval_shown.h"

#include "base/encode.h"
#include "base/json_write.h"
#include "crypto/digest.h"

static void put_part(struct buf *buf, struct ambit_str part)
{
    uint8_t len[4];
    put_be32(len, part.p ? (uint32_t)part.len : UINT32_MAX);
    buf_put(buf, len, sizeof len);
    buf_put_str(buf, part);
}

static void put_number(struct buf *buf, int64_t number)
{
    uint8_t bytes[8];
    put_be64(bytes, (uint64_t)number);
    buf_put(buf, bytes, sizeof bytes);
}

/* Nothing where there is none: what was shown before keys were bound keeps its digest. */
static void put_bound(struct buf *buf, const struct ambit_digest *key)
{
    static const struct ambit_digest none = {{0}};
    if (!ambit_digest_eq(*key, none))
        buf_put(buf, key->b, sizeof key->b);
}

static AMBIT_CHECKED enum ambit_err finish(const struct buf *buf, struct ambit_digest *ret)
{
    crypto_sha256(buf->p, buf->len, ret);
    return buf_check(buf);
}

enum ambit_err approval_shown_grant(const struct ambit_grant_question *q, struct ambit_digest *ret)
{
    BUF_AUTO buf;
    buf_init(&buf, 0);
    put_part(&buf, AMBIT_STR("ambit approval v1 grant"));
    put_part(&buf, q->agent);
    put_number(&buf, (int64_t)q->n_items);
    for (size_t i = 0; i < q->n_items; i++) {
        put_part(&buf, q->items[i].action);
        put_part(&buf, q->items[i].resource);
    }
    put_part(&buf, q->audience);
    put_part(&buf, q->purpose);
    put_number(&buf, q->has_lifetime ? q->lifetime_s : 0);
    put_number(&buf, q->binding);
    put_bound(&buf, &q->binding_key);
    if (q->parent != NULL) /* of another grant it is another question */
        put_part(&buf, (struct ambit_str){.p = (const char *)q->parent->id.b, .len = 16});
    return finish(&buf, ret);
}

/* The context too: the same action with another amount is another question. */
enum ambit_err approval_shown_action(const struct action_command *command, struct ambit_digest *ret)
{
    const struct ambit_action_question *q = &command->question;
    BUF_AUTO buf, context;
    buf_init(&buf, 0);
    buf_init(&context, 0);
    if (command->context != NULL) {
        struct json_out out;
        json_out_init(&out, &context, true);
        json_write_value(&out, command->context);
        if (buf_check(&context) != AMBIT_OK)
            return buf_check(&context);
    }
    put_part(&buf, AMBIT_STR("ambit approval v1 action"));
    put_part(&buf, command->grant.agent);
    put_part(&buf, q->service);
    put_part(&buf, q->action);
    put_part(&buf, q->resource);
    put_part(&buf, command->arguments_digest);
    put_part(&buf, q->stated_reason);
    put_part(&buf, buf_str(&context));
    put_part(&buf, command->grant.audience);
    put_part(&buf, command->grant.purpose);
    put_number(&buf, command->grant.binding);
    put_bound(&buf, &command->grant.binding_key);
    return finish(&buf, ret);
}

enum ambit_err approval_shown_asks(const struct ambit_decision *decision, struct ambit_digest *ret)
{
    BUF_AUTO buf;
    buf_init(&buf, 0);
    put_part(&buf, AMBIT_STR("ambit approval v1 asks"));
    for (size_t i = 0; i < decision->n_asks; i++) {
        const struct ambit_ask *ask = &decision->asks[i];
        put_part(&buf, ask->agent);
        put_part(&buf, ask->policy);
        put_part(&buf, ask->rule);
        buf_put(&buf, ask->digest.b, sizeof ask->digest.b);
    }
    return finish(&buf, ret);
}
