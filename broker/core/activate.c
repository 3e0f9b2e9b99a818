/* SPDX-License-Identifier: Apache-2.0 */
/* Signatures into the record; what a new set makes void, in events of a bounded size. */
#include "core/activate.h"

#include "base/arena.h"
#include "base/encode.h"
#include "base/json_write.h"
#include "core/confirm_row.h"
#include "core/internal.h"

enum { NAMED_MAX = 256 };

/* ---- signatures ---- */

static AMBIT_CHECKED enum ambit_err put_signature(const struct review_signature *signature,
                                                  struct buf *detail)
{
    struct json_out out;
    json_out_init(&out, detail, true);
    json_begin_object(&out);
    json_key(&out, "file");
    json_digest(&out, signature->file);
    json_member_str(&out, "signature", signature->armored);
    json_end_object(&out);
    return buf_check(detail);
}

enum ambit_err activate_signatures(struct reload_command *command, struct store_txn *txn)
{
    struct command *base = &command->base;
    if (command->reviewer.n_signatures > 0)
        atomic_store(&base->broker->has_confirmed, true);
    for (size_t i = 0; i < command->reviewer.n_signatures; i++) {
        const struct review_signature *signature = &command->reviewer.signatures[i];
        const struct ambit_confirm_query *about = &signature->about;
        char target[DOCUMENTS_LABEL_MAX];
        BUF_AUTO detail;
        buf_init(&detail, 0);
        enum ambit_err err = put_signature(signature, &detail);
        if (err != AMBIT_OK)
            return err;
        struct event event;
        event_init(&event, base, EVENT_DOCUMENTS_CONFIRMED);
        event.person = about->person;
        event.by = AMBIT_STR("signature");
        event.digest = about->digest;
        event.is_removal = about->is_removal;
        event.target = documents_label(about->kind, about->name, target);
        event_name_document(&event, about->kind, about->name);
        event.detail = buf_str(&detail);
        err = record_event(base->broker, txn, base, &event);
        if (err != AMBIT_OK)
            return err;
    }
    return AMBIT_OK;
}

/* ---- what counts no more ---- */

struct superseding {
    struct reload_command *command;
    struct store_txn *txn;
    struct arena *arena;
    struct ambit_str named[NAMED_MAX];
    size_t n;
};

static AMBIT_CHECKED enum ambit_err flush(struct superseding *s)
{
    if (s->n == 0)
        return AMBIT_OK;
    struct command *base = &s->command->base;
    struct event event;
    event_init(&event, base, EVENT_DOCUMENTS_SUPERSEDED);
    event.also = s->named;
    event.n_also = s->n;
    s->n = 0;
    return record_event(base->broker, s->txn, base, &event);
}

static AMBIT_CHECKED enum ambit_err name_one(struct superseding *s, struct ambit_str text)
{
    struct ambit_str copy = arena_copy(s->arena, text);
    if (copy.p == NULL)
        return AMBIT_ERR_NO_MEMORY;
    s->named[s->n++] = copy;
    return s->n == NAMED_MAX ? flush(s) : AMBIT_OK;
}

static enum ambit_err supersede(void *ctx, const struct ambit_change_view *change)
{
    struct superseding *s = ctx;
    bool has_any = false;
    if (change->before == NULL)
        return AMBIT_OK;
    enum ambit_err err = confirm_rows_any(s->txn, change->before->digest, &has_any);
    if (err != AMBIT_OK || !has_any)
        return err;
    char memory[HEX_DIGEST_LEN + 8];
    struct buf text;
    buf_init_fixed(&text, memory, sizeof memory);
    buf_put_text(&text, "sha256:");
    buf_put_hex(&text, change->before->digest.b, sizeof change->before->digest.b);
    return name_one(s, buf_str(&text));
}

/* People whose document in the new set is gone, or says that they are not active. */
static AMBIT_CHECKED enum ambit_err returned(struct superseding *s)
{
    STORE_CURSOR_AUTO cursor = NULL;
    struct ambit_str key, value;
    enum store_seek seek = STORE_FIRST;
    enum ambit_err err = store_cursor_open(s->txn, STORE_OFFBOARDED, &cursor);
    if (err != AMBIT_OK)
        return err;
    /* Named first: the rows go when the event is applied. */
    size_t room = NAMED_MAX - s->n;
    for (size_t i = 0; i + 1 < room; i++) {
        err = store_cursor_move(cursor, seek, (struct store_key){0}, &key, &value);
        if (err != AMBIT_OK)
            break;
        seek = STORE_NEXT;
        struct offboard_row row;
        err = offboard_row_decode(value, s->arena, &row);
        if (err != AMBIT_OK)
            return err;
        const struct ambit_person *person =
            ambit_person_find(s->command->proposed->documents, row.person);
        if (person != NULL && person->is_active)
            continue;
        char memory[AMBIT_NAME_MAX + 8];
        struct buf text;
        buf_init_fixed(&text, memory, sizeof memory);
        buf_put_text(&text, "person:");
        buf_put_str(&text, row.person);
        if (buf_check(&text) != AMBIT_OK)
            return AMBIT_ERR_DAMAGED;
        err = name_one(s, buf_str(&text));
        if (err != AMBIT_OK)
            return err;
    }
    return err == AMBIT_ERR_NOT_FOUND ? AMBIT_OK : err;
}

enum ambit_err activate_superseded(struct reload_command *command, struct store_txn *txn)
{
    ARENA_AUTO arena;
    arena_init(&arena, NULL, 0, 0);
    AMBIT_AUTO_FREE struct superseding *s = calloc(1, sizeof *s);
    if (s == NULL)
        return AMBIT_ERR_NO_MEMORY;
    *s = (struct superseding){.command = command, .txn = txn, .arena = &arena};
    const struct ambit_documents *before = command->base.documents->documents;
    enum ambit_err err =
        ambit_documents_changes(before, command->proposed->documents, supersede, s);
    if (err == AMBIT_OK)
        err = returned(s);
    return err == AMBIT_OK ? flush(s) : err;
}
