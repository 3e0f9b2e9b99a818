/* SPDX-License-Identifier: Apache-2.0 */
/* Looking for what an erasure takes. */
#include "core/erase_seek.h"

#include "base/encode.h"
#include "core/document_row.h"
#include "core/query_internal.h"
#include "crypto/digest.h"
#include "ledger/indexer.h"
#include "ledger/ledger.h"
#include "store/search.h"

enum { INDEX_WAIT_MS = 1000, ROOM = 1024 };

static const unsigned may_have[] = {
    [ERASE_PERSON] = EVENT_ERASED_WORDS | ERASURE_DOCUMENT,
    [ERASE_AGENT] = EVENT_ERASED_ALL,
    [ERASE_EVENT] = EVENT_ERASED_ALL,
    [ERASE_GRANT] = EVENT_ERASED_ALL,
    [ERASE_DECISION] = EVENT_ERASED_ALL,
};

unsigned erase_members_of(const struct erase_command *command)
{
    unsigned members = command->members != 0 ? command->members : may_have[command->kind];
    if (command->members == 0 && command->kind == ERASE_AGENT)
        members &= ~(unsigned)EVENT_ERASED_WORDS; /* what others said of it: only when asked for */
    if (command->members == 0 && command->before_ms != 0)
        members &= ~(unsigned)ERASURE_DOCUMENT; /* documents have no time */
    bool is_fine = (members & ~may_have[command->kind]) == 0 &&
                   !(command->before_ms != 0 && (members & ERASURE_DOCUMENT));
    return is_fine ? members : 0;
}

/* ---- events -------------------------------------------------------------------------------- */

static bool is_meant(const struct erase_command *command, const struct event *event)
{
    switch (command->kind) {
    case ERASE_PERSON:
        return ambit_str_eq(event->person, command->name);
    case ERASE_AGENT:
        return ambit_str_eq(event->agent, command->name);
    case ERASE_GRANT:
        return ambit_id_eq(event->grant, command->id);
    case ERASE_DECISION:
        return ambit_id_eq(event->id, command->id);
    case ERASE_EVENT:
        return event->seq == command->seq;
    }
    return false;
}

/* Decisions are still made with its purpose: of a grant that may be used, of a question that may be
 * answered. */
static bool is_in_use(const struct event *event, int64_t now_ms)
{
    bool is_kept = event->type == EVENT_GRANT_ISSUED || event->type == EVENT_APPROVAL_ASKED ||
                   event->type == EVENT_APPROVAL_AWAITED;
    return is_kept && event->expires_ms > now_ms;
}

/* What of this event goes. */
static unsigned members_of(struct erase_seek *seek, const struct event *event, int64_t now_ms)
{
    const struct erase_command *command = seek->command;
    unsigned has = (event->purpose.p ? EVENT_ERASED_PURPOSE : 0U) |
                   (event->stated_reason.p ? EVENT_ERASED_STATED_REASON : 0U) |
                   (event->words.p ? EVENT_ERASED_WORDS : 0U);
    unsigned members = has & command->members;
    if (!is_meant(command, event) || members == 0)
        return 0;
    if (command->before_ms != 0 && event->time_ms >= command->before_ms)
        return 0;
    /* Why something was erased stays, or nobody could say any more why. And what a person said
     * about an agent is that person's. */
    bool is_own = event->type == EVENT_PERSONAL_ERASED;
    if (is_own || (command->kind == ERASE_AGENT && event->person.p))
        members &= ~(unsigned)EVENT_ERASED_WORDS;
    if (members == 0 || !is_in_use(event, now_ms))
        return members;
    seek->count.in_use++;
    return 0;
}

static void take(struct erase_seek *seek, uint64_t seq, unsigned members)
{
    struct erasure_range *last = seek->n_ranges > 0 ? &seek->ranges[seek->n_ranges - 1] : NULL;
    if (last != NULL && !seek->has_unlike)
        last->last = seq;
    else
        seek->ranges[seek->n_ranges++] = (struct erasure_range){.first = seq, .last = seq};
    seek->has_unlike = false;
    seek->n_openings++;
    seek->count.openings++;
    seek->count.purposes += (members & EVENT_ERASED_PURPOSE) != 0;
    seek->count.stated_reasons += (members & EVENT_ERASED_STATED_REASON) != 0;
    seek->count.words += (members & EVENT_ERASED_WORDS) != 0;
}

/* The text that must stand somewhere in the leaf of an event that is meant: most are not, and are
 * not worth decoding. */
static bool may_be_meant(const struct erase_command *command, struct ambit_str leaf)
{
    char id[ID_TEXT_LEN];
    struct ambit_str text = command->name;
    if (command->kind == ERASE_EVENT)
        return true;
    if (command->kind == ERASE_GRANT || command->kind == ERASE_DECISION) {
        id_encode(command->id, id);
        text = (struct ambit_str){.p = id, .len = sizeof id};
    }
    return memmem(leaf.p, leaf.len, text.p, text.len) != NULL;
}

static AMBIT_CHECKED enum ambit_err look_at(struct erase_seek *seek, const struct reading *reading,
                                            uint64_t seq, struct buf *memory)
{
    ARENA_AUTO arena;
    char block[16384];
    struct ledger_row row;
    struct event event;
    unsigned members = 0;
    arena_init(&arena, block, sizeof block, 0);
    enum ambit_err err = reading_row(reading, seq, memory, &row);
    if (err == AMBIT_ERR_NOT_FOUND && seq < reading_pruned_to(reading)) {
        seek->command->refusal = ERASE_NO_SEGMENT;
        seek->command->missing_seq = seq;
        return AMBIT_ERR_CONFLICT;
    }
    if (err == AMBIT_OK && may_be_meant(seek->command, row.bytes)) {
        err = event_decode(row.bytes, row.opening, &arena, &event);
        if (err == AMBIT_OK)
            members = members_of(seek, &event, reading->now_ms);
    }
    if (err == AMBIT_OK && members != 0)
        take(seek, seq, members);
    else
        seek->has_unlike = true;
    return err == AMBIT_ERR_NOT_FOUND ? AMBIT_ERR_DAMAGED : err;
}

static bool is_full(const struct erase_seek *seek)
{
    return seek->n_ranges == ERASURE_RANGES_MAX || seek->n_openings == ERASE_OPENINGS_MAX;
}

/* One reading's worth. */
static AMBIT_CHECKED enum ambit_err read_on(struct erase_seek *seek, const struct reading *reading,
                                            struct buf *memory)
{
    STORE_CURSOR_AUTO cursor = NULL;
    struct ambit_str key, value;
    uint8_t from[8];
    enum ambit_err err = store_cursor_open(reading->txn, STORE_OPENINGS, &cursor);
    put_be64(from, seek->next);
    if (err == AMBIT_OK)
        err = store_cursor_move(cursor, STORE_AT_OR_AFTER, (struct store_key){from, sizeof from},
                                &key, &value);
    for (size_t n = 0; err == AMBIT_OK && n < QUERY_ROWS_MAX && !is_full(seek); n++) {
        uint64_t seq = key.len == 8 ? get_be64((const uint8_t *)key.p) : UINT64_MAX;
        if (seq >= seek->end) {
            seek->next = seek->end;
            return AMBIT_OK;
        }
        err = look_at(seek, reading, seq, memory);
        seek->next = seq + 1;
        if (err == AMBIT_OK && n % 64 == 63 && reading_is_long(seek->command->base.broker, reading))
            return AMBIT_OK;
        if (err == AMBIT_OK)
            err = store_cursor_move(cursor, STORE_NEXT, (struct store_key){0}, &key, &value);
    }
    if (err != AMBIT_ERR_NOT_FOUND)
        return err;
    seek->next = seek->end;
    return AMBIT_OK;
}

enum ambit_err erase_seek_more(struct erase_seek *seek)
{
    BUF_AUTO memory;
    enum ambit_err err = AMBIT_OK;
    buf_init(&memory, 0);
    seek->n_ranges = seek->n_openings = 0;
    seek->count = (struct erase_count){.openings = 0};
    while (err == AMBIT_OK && seek->next < seek->end && !is_full(seek)) {
        struct reading reading;
        err = reading_begin(seek->command->base.broker, &reading);
        if (err != AMBIT_OK)
            break;
        err = read_on(seek, &reading, &memory);
        reading_end(&reading);
    }
    return err;
}

/* ---- documents ----------------------------------------------------------------------------- */

struct document_look {
    struct ambit_digest at; /* the next row */
    bool is_known, is_over;
};

static AMBIT_CHECKED enum ambit_err add_document(struct erase_seek *seek,
                                                 const struct ambit_digest *digest,
                                                 struct ambit_str bytes)
{
    BUF_AUTO left;
    struct ambit_digest now;
    buf_init(&left, 0);
    enum ambit_err err = document_without(bytes, seek->command->members & ERASURE_DOCUMENT, &left);
    if (err != AMBIT_OK || ambit_str_eq(buf_str(&left), bytes))
        return err;
    if (seek->n_documents == ROOM)
        return AMBIT_ERR_TOO_LARGE;
    crypto_sha256(left.p, left.len, &now);
    seek->documents[seek->n_documents++] = (struct erasure_document){.digest = *digest, .now = now};
    return AMBIT_OK;
}

static AMBIT_CHECKED enum ambit_err look_at_document(struct erase_seek *seek,
                                                     struct document_look *look,
                                                     struct ambit_str key, struct ambit_str value)
{
    const struct erase_command *command = seek->command;
    struct document_row row;
    enum ambit_kind kind = command->kind == ERASE_PERSON ? AMBIT_KIND_PERSON : AMBIT_KIND_AGENT;
    enum ambit_err err =
        key.len == sizeof look->at ? document_row_read(value, &row) : AMBIT_ERR_DAMAGED;
    if (err != AMBIT_OK || row.kind != (int)kind || !ambit_str_eq(row.name, command->name))
        return err;
    look->is_known = true;
    memcpy(look->at.b, key.p, sizeof look->at);
    return command->members & ERASURE_DOCUMENT ? add_document(seek, &look->at, row.bytes)
                                               : AMBIT_OK;
}

static AMBIT_CHECKED enum ambit_err read_documents(struct erase_seek *seek,
                                                   const struct reading *reading,
                                                   struct document_look *look)
{
    STORE_CURSOR_AUTO cursor = NULL;
    struct ambit_str key, value;
    enum store_seek how = STORE_AT_OR_AFTER;
    struct ambit_digest from = look->at;
    enum ambit_err err = store_cursor_open(reading->txn, STORE_DOCUMENTS, &cursor);
    while (err == AMBIT_OK) {
        err =
            store_cursor_move(cursor, how, (struct store_key){from.b, sizeof from.b}, &key, &value);
        how = STORE_NEXT;
        if (err == AMBIT_OK && reading_is_long(seek->command->base.broker, reading)) {
            memcpy(look->at.b, key.p, key.len < sizeof look->at ? key.len : sizeof look->at);
            return AMBIT_OK;
        }
        if (err == AMBIT_OK)
            err = look_at_document(seek, look, key, value);
    }
    look->is_over = err == AMBIT_ERR_NOT_FOUND;
    return look->is_over ? AMBIT_OK : err;
}

static AMBIT_CHECKED enum ambit_err find_documents(struct erase_seek *seek)
{
    struct document_look look = {.is_over = false};
    enum ambit_err err = AMBIT_OK;
    seek->documents = arena_array(seek->arena, ROOM, sizeof *seek->documents);
    if (seek->documents == NULL)
        return AMBIT_ERR_NO_MEMORY;
    while (err == AMBIT_OK && !look.is_over) {
        struct reading reading;
        err = reading_begin(seek->command->base.broker, &reading);
        if (err != AMBIT_OK)
            return err;
        err = read_documents(seek, &reading, &look);
        reading_end(&reading);
    }
    if (err == AMBIT_OK && !look.is_known)
        seek->command->refusal = ERASE_UNKNOWN;
    return err;
}

/* ---- what is meant ------------------------------------------------------------------------- */

/* A decision is found by the index, and held against the record when it is looked at. */
static AMBIT_CHECKED enum ambit_err find_decision(struct erase_seek *seek)
{
    struct erase_command *command = seek->command;
    struct broker *broker = command->base.broker;
    struct search_query query = {.tag = INDEX_ID};
    uint64_t seq = 0;
    size_t n = 0;
    memcpy(query.key, command->id.b, sizeof query.key);
    if (seek->end > 0)
        (void)indexer_wait(broker->indexer, seek->end - 1, INDEX_WAIT_MS);
    enum ambit_err err = search_scan(broker->search, &query, &seq, 1, &n);
    /* What the index does not know, or no more, is looked at event by event. */
    bool knows_all = indexer_complete_from(broker->indexer) == 0 &&
                     indexer_complete_to(broker->indexer) + 1 >= seek->end;
    if (err == AMBIT_OK && n == 0 && knows_all)
        command->refusal = ERASE_UNKNOWN;
    if (err == AMBIT_OK && n > 0)
        seek->next = seq;
    return err;
}

static AMBIT_CHECKED enum ambit_err find_grant(struct erase_seek *seek)
{
    ARENA_AUTO arena;
    struct grant_row row;
    struct reading reading;
    arena_init(&arena, NULL, 0, 0);
    enum ambit_err err = reading_begin(seek->command->base.broker, &reading);
    if (err != AMBIT_OK)
        return err;
    err = grant_load_row(reading.txn, seek->command->id, &arena, &row);
    reading_end(&reading);
    if (err == AMBIT_OK)
        seek->next = row.seq;
    if (err == AMBIT_ERR_NOT_FOUND)
        seek->command->refusal = ERASE_UNKNOWN;
    return err == AMBIT_ERR_NOT_FOUND ? AMBIT_OK : err;
}

enum ambit_err erase_seek_begin(struct erase_seek *seek, struct erase_command *command,
                                struct arena *arena)
{
    *seek = (struct erase_seek){
        .command = command, .arena = arena, .end = query_size(command->base.broker)};
    command->members = erase_members_of(command);
    command->refusal = command->members != 0 ? ERASE_FINE : ERASE_NO_MEMBER;
    if (command->refusal != ERASE_FINE)
        return AMBIT_OK;
    switch (command->kind) {
    case ERASE_PERSON:
    case ERASE_AGENT:
        return find_documents(seek);
    case ERASE_GRANT:
        return find_grant(seek);
    case ERASE_DECISION:
        return find_decision(seek);
    case ERASE_EVENT:
        break;
    }
    if (command->seq >= seek->end)
        command->refusal = ERASE_UNKNOWN;
    seek->next = command->seq;
    if (command->refusal == ERASE_FINE)
        seek->end = command->seq + 1;
    return AMBIT_OK;
}
