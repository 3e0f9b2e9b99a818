/* SPDX-License-Identifier: Apache-2.0 */
/* What a trace is asked of: an id of anything, a name with its kind before it, a line of a commit
 * message. */
#include "core/trace.h"

#include "base/encode.h"
#include "core/approval_row.h"

enum { FIRST_MAX = 64 };

static bool begins(struct ambit_str text, const char *word, struct ambit_str *ret_rest)
{
    size_t len = strlen(word);
    if (text.len <= len || memcmp(text.p, word, len) != 0)
        return false;
    *ret_rest = (struct ambit_str){text.p + len, text.len - len};
    return true;
}

/* The first events of whatever has this id there; none: nothing has. */
static AMBIT_CHECKED enum ambit_err start_tag(struct story *story, enum index_tag tag,
                                              struct ambit_str id)
{
    struct story_query query = {.tag = tag, .value = id, .max = tag == INDEX_GRANT ? 1 : FIRST_MAX};
    return story_take_all(story, &query, (struct reach){.may_open = true});
}

/* Of a grant or a lineage the event that gave it, however much came after. */
static AMBIT_CHECKED enum ambit_err start_grant(struct story *story, struct ambit_id id)
{
    ARENA_AUTO arena;
    arena_init(&arena, NULL, 0, 0);
    struct grant_row row;
    enum ambit_err err = grant_load_row(story->reading.txn, id, &arena, &row);
    if (err != AMBIT_OK)
        return err == AMBIT_ERR_NOT_FOUND ? AMBIT_OK : err;
    return story_take(story, row.seq, (struct reach){.may_open = true});
}

static AMBIT_CHECKED enum ambit_err start_approval(struct story *story, struct ambit_id id)
{
    ARENA_AUTO arena;
    arena_init(&arena, NULL, 0, 0);
    struct approval_row row;
    enum ambit_err err = approval_row_load(story->reading.txn, id, &arena, &row);
    if (err != AMBIT_OK)
        return err == AMBIT_ERR_NOT_FOUND ? AMBIT_OK : err;
    return story_take(story, row.asked_seq, (struct reach){.may_open = true});
}

/* An id is looked for as everything that has one; `only`: as this alone. */
static AMBIT_CHECKED enum ambit_err start_id(struct story *story, struct ambit_str text,
                                             const char *only)
{
    static const struct {
        enum index_tag tag;
        const char *kind;
    } tags[] = {{INDEX_GRANT, "grant"},       {INDEX_LINEAGE, "lineage"},   {INDEX_STOP, "stop"},
                {INDEX_INCIDENT, "incident"}, {INDEX_APPROVAL, "approval"}, {INDEX_ID, "decision"}};
    struct ambit_id id;
    if (id_decode(text, &id) != AMBIT_OK)
        return AMBIT_ERR_NOT_FOUND;
    for (size_t i = 0; i < AMBIT_LEN(tags); i++) {
        if (only != NULL && strcmp(only, tags[i].kind) != 0)
            continue;
        enum ambit_err err = AMBIT_OK;
        if (tags[i].tag == INDEX_GRANT || tags[i].tag == INDEX_LINEAGE)
            err = start_grant(story, id);
        if (err == AMBIT_OK && tags[i].tag == INDEX_APPROVAL)
            err = start_approval(story, id);
        if (err == AMBIT_OK && tags[i].tag != INDEX_LINEAGE)
            err = start_tag(story, tags[i].tag, text);
        if (err != AMBIT_OK)
            return err;
        if (story->n_told > 0) {
            story->kind = tags[i].kind;
            story->id = text;
            return AMBIT_OK;
        }
    }
    return AMBIT_ERR_NOT_FOUND;
}

/* What has many events: the newest of them, and the rare ones by look-ups of their own. */
static AMBIT_CHECKED enum ambit_err start_many(struct story *story, enum index_tag tag,
                                               struct ambit_str what)
{
    enum { NOTED = 32 };
    static const char *const groups[] = {INDEX_NOTED_GROUPS};
    struct reach reach = {.hops = 1};
    enum ambit_err err = story_take_body(story, tag, &story->id, 1, reach);
    for (size_t i = 0; err == AMBIT_OK && i < AMBIT_LEN(groups); i++) {
        struct story_query query = {
            .tag = INDEX_NOTED,
            .value = STORY_TEXT(story, ambit_str_of(groups[i]), AMBIT_STR(" "), what),
            .max = NOTED};
        err = story_take_all(story, &query, reach);
    }
    return err;
}

static AMBIT_CHECKED enum ambit_err start_event(struct story *story)
{
    uint64_t seq = 0;
    if (parse_u64(story->id, &seq) != AMBIT_OK || seq >= story->reading.head.edge.size)
        return AMBIT_ERR_NOT_FOUND;
    return story_take(story, seq, (struct reach){.may_open = true});
}

static AMBIT_CHECKED enum ambit_err start_txn(struct story *story)
{
    struct reach reach = {.may_open = true};
    return story_take_body(story, INDEX_TXN, &story->id, 1, reach);
}

enum ambit_err story_start(struct story *story, struct ambit_str what)
{
    static const struct {
        const char *word, *kind;
    } ids[] = {{"grant:", "grant"},       {"token:", "grant"},       {"lineage:", "lineage"},
               {"stop:", "stop"},         {"incident:", "incident"}, {"approval:", "approval"},
               {"decision:", "decision"}, {"Ambit-Decision:", NULL}};
    static const struct {
        const char *word, *kind;
        enum index_tag tag;
    } many[] = {{"agent:", "agent", INDEX_AGENT},
                {"owner:", "owner", INDEX_OWNER},
                {"policy:", "policy", INDEX_POLICY}};
    struct ambit_str rest;
    for (size_t i = 0; i < AMBIT_LEN(ids); i++)
        if (begins(what, ids[i].word, &rest))
            return start_id(story, rest, ids[i].kind);
    for (size_t i = 0; i < AMBIT_LEN(many); i++) {
        if (!begins(what, many[i].word, &rest))
            continue;
        story->kind = many[i].kind;
        story->id = rest;
        return start_many(story, many[i].tag, what);
    }
    if (begins(what, "event:", &rest)) {
        story->kind = "event";
        story->id = rest;
        return start_event(story);
    }
    if (begins(what, "txn:", &rest)) {
        story->kind = "txn";
        story->id = rest;
        return start_txn(story);
    }
    return start_id(story, what, NULL);
}
