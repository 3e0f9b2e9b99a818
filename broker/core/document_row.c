/* SPDX-License-Identifier: Apache-2.0 */
/* The row of a document, and what is left of a person's. */
#include "core/document_row.h"

#include "base/arena.h"
#include "base/json_read.h"
#include "base/json_write.h"
#include "ledger/erasure.h"

enum { MARK_ERASED = 0x80 };

void document_row_put(struct buf *buf, const struct document_row *row)
{
    buf_put_char(buf, (char)(row->kind | (row->is_erased ? MARK_ERASED : 0)));
    buf_put_char(buf, (char)row->name.len);
    buf_put_str(buf, row->name);
    buf_put_str(buf, row->bytes);
}

enum ambit_err document_row_read(struct ambit_str bytes, struct document_row *ret)
{
    size_t head = bytes.len >= 2 ? 2U + (uint8_t)bytes.p[1] : bytes.len;
    if (bytes.len < 2 || bytes.len < head)
        return AMBIT_ERR_DAMAGED;
    int kind = (uint8_t)bytes.p[0];
    *ret = (struct document_row){
        .kind = kind & ~MARK_ERASED,
        .is_erased = (kind & MARK_ERASED) != 0,
        .name = {.p = bytes.p + 2, .len = head - 2},
        .bytes = {.p = bytes.p + head, .len = bytes.len - head},
    };
    bool is_known = ret->kind <= AMBIT_KIND_ZONE;
    return is_known && (!ret->is_erased || ret->kind == AMBIT_KIND_PERSON) ? AMBIT_OK
                                                                           : AMBIT_ERR_DAMAGED;
}

/* "ssh-ed25519 AAAA… dana@example.gov": without what stands behind the key. */
static struct ambit_str without_comment(struct ambit_str line)
{
    const char *space = line.len ? memchr(line.p, ' ', line.len) : NULL;
    size_t front = space ? (size_t)(space - line.p) + 1 : line.len;
    const char *second = front < line.len ? memchr(line.p + front, ' ', line.len - front) : NULL;
    return (struct ambit_str){.p = line.p, .len = second ? (size_t)(second - line.p) : line.len};
}

static void write_signers(struct json_out *out, const struct json_value *list)
{
    json_begin_array(out);
    for (const struct json_value *value = list->first; value; value = value->next) {
        if (value->kind == JSON_STRING)
            json_str(out, without_comment(value->text));
        else
            json_write_value(out, value);
    }
    json_end_array(out);
}

static void write_member(struct json_out *out, const struct json_value *member, unsigned members)
{
    json_key_str(out, member->key);
    if ((members & ERASURE_NAME) && ambit_str_is(member->key, "name"))
        json_text(out, "erased");
    else if ((members & ERASURE_EMAIL) && ambit_str_is(member->key, "email"))
        json_text(out, "erased@erased.invalid");
    else if ((members & ERASURE_EMAIL) && ambit_str_is(member->key, "ssh_signers"))
        write_signers(out, member);
    else
        json_write_value(out, member);
}

enum ambit_err document_without(struct ambit_str canonical, unsigned members, struct buf *ret)
{
    ARENA_AUTO arena;
    struct json_problem problem;
    struct json_out out;
    const struct json_value *document = NULL;
    arena_init(&arena, NULL, 0, 0);
    enum ambit_err err = json_read(canonical, (struct json_limits){.depth = AMBIT_DOCUMENT_DEPTH},
                                   &arena, &document, &problem);
    if (err == AMBIT_ERR_NO_MEMORY)
        return err;
    if (err || document->kind != JSON_OBJECT)
        return AMBIT_ERR_DAMAGED;
    json_out_init(&out, ret, true);
    json_begin_object(&out);
    for (const struct json_value *member = document->first; member; member = member->next)
        write_member(&out, member, members);
    json_end_object(&out);
    return buf_check(ret);
}
