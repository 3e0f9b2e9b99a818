/* SPDX-License-Identifier: Apache-2.0 */
/* Documents as they were: by digest out of the store, and when a version came in force, found among
 * the activations by halving, never by reading them all. */
#include "core/trace.h"

#include "base/encode.h"
#include "base/json_read.h"
#include "core/set_row.h"

enum { ACTIVATIONS_MAX = 10000, HEAD = 2 };

enum ambit_err trace_document(struct story *story, const struct ambit_digest *digest,
                              const struct json_value **ret)
{
    struct json_problem problem;
    struct json_limits limits = {.depth = AMBIT_DOCUMENT_DEPTH};
    size_t size = AMBIT_DOCUMENT_BYTES + HEAD + AMBIT_AGENT_NAME_MAX, len = 0;
    AMBIT_AUTO_FREE char *row = malloc(size);
    *ret = NULL;
    if (row == NULL)
        return AMBIT_ERR_NO_MEMORY;
    enum ambit_err err =
        store_get(story->reading.txn, STORE_DOCUMENTS,
                  (struct store_key){digest->b, sizeof digest->b}, row, size, &len);
    if (err != AMBIT_OK)
        return err == AMBIT_ERR_NOT_FOUND ? AMBIT_OK : err;
    size_t head = len >= HEAD ? HEAD + (size_t)(uint8_t)row[1] : SIZE_MAX;
    if (len < head)
        return AMBIT_ERR_DAMAGED;
    struct ambit_str text =
        arena_copy(&story->arena, (struct ambit_str){.p = row + head, .len = len - head});
    if (text.p == NULL)
        return AMBIT_ERR_NO_MEMORY;
    err = json_read(text, limits, &story->arena, ret, &problem);
    return err == AMBIT_ERR_MALFORMED ? AMBIT_ERR_DAMAGED : err;
}

/* ---- activations --------------------------------------------------------------------------- */

enum ambit_err trace_activations(struct story *story)
{
    struct story_query query = {.tag = INDEX_TYPE,
                                .value = ambit_str_of(event_type_text(EVENT_DOCUMENTS_ACTIVATED)),
                                .max = ACTIVATIONS_MAX};
    story->activations = arena_array(&story->arena, ACTIVATIONS_MAX, sizeof *story->activations);
    if (story->activations == NULL)
        return AMBIT_ERR_NO_MEMORY;
    return story_find(story, &query, story->activations, &story->n_activations);
}

size_t trace_activation_at(const struct story *story, const struct event *event)
{
    for (size_t i = 0; i < story->n_activations; i++)
        if (story->activations[i] <= event->seq)
            return i;
    return SIZE_MAX;
}

enum ambit_err trace_activation_event(struct story *story, size_t at, const struct event **ret)
{
    struct story_event *found = NULL;
    *ret = NULL;
    if (at >= story->n_activations)
        return AMBIT_OK;
    enum ambit_err err = story_look(story, story->activations[at], &found);
    *ret = found != NULL ? &found->event : NULL;
    return err;
}

static AMBIT_CHECKED enum ambit_err set_has(struct story *story, const struct ambit_digest *set,
                                            const struct ambit_digest *digest, bool *ret)
{
    struct set_row row;
    size_t len = 0;
    *ret = false;
    buf_reset(&story->set);
    char *bytes = buf_reserve(&story->set, SET_ROW_MAX);
    if (bytes == NULL)
        return AMBIT_ERR_NO_MEMORY;
    enum ambit_err err =
        store_get(story->reading.txn, STORE_SETS, (struct store_key){set->b, sizeof set->b}, bytes,
                  SET_ROW_MAX, &len);
    if (err == AMBIT_OK)
        err = set_row_read((struct ambit_str){bytes, len}, &row);
    if (err != AMBIT_OK)
        return err == AMBIT_ERR_NOT_FOUND ? AMBIT_OK : err;
    for (size_t i = 0; i < row.n && !*ret; i++)
        *ret = memcmp(row.digests + i * sizeof digest->b, digest->b, sizeof digest->b) == 0;
    return AMBIT_OK;
}

static AMBIT_CHECKED enum ambit_err activation_has(struct story *story, size_t at,
                                                   const struct ambit_digest *digest, bool *ret)
{
    const struct event *event = NULL;
    *ret = false;
    enum ambit_err err = trace_activation_event(story, at, &event);
    return err == AMBIT_OK && event != NULL ? set_has(story, &event->documents, digest, ret) : err;
}

/* Back in doubling steps to one without it, then halving: a version is in force without a break,
 * for an older one does not come back (PL "replaces"). */
enum ambit_err trace_activation_of(struct story *story, size_t at,
                                   const struct ambit_digest *digest, size_t *ret)
{
    bool has = false;
    *ret = SIZE_MAX;
    enum ambit_err err = activation_has(story, at, digest, &has);
    if (err != AMBIT_OK || !has)
        return err;
    size_t with = at, without = story->n_activations;
    for (size_t step = 1; err == AMBIT_OK && with + step < without; step *= 2) {
        err = activation_has(story, with + step, digest, &has);
        if (has)
            with += step;
        else
            without = with + step;
    }
    while (err == AMBIT_OK && with + 1 < without) {
        size_t middle = with + (without - with) / 2;
        err = activation_has(story, middle, digest, &has);
        if (has)
            with = middle;
        else
            without = middle;
    }
    *ret = with;
    return err;
}

/* `detail` of documents.activated is {"policies":{NAME:"sha256:…"},…}, unless they were too many.
 */
enum ambit_err trace_activation_names(struct story *story, size_t at, const char *kind,
                                      struct ambit_str name, struct ambit_digest *ret,
                                      bool *ret_has)
{
    const struct event *event = NULL;
    const struct json_value *value = NULL;
    struct json_problem problem;
    *ret_has = false;
    enum ambit_err err = trace_activation_event(story, at, &event);
    if (err != AMBIT_OK || event == NULL || event->detail.p == NULL)
        return err;
    err = json_read(event->detail, (struct json_limits){0}, &story->arena, &value, &problem);
    if (err != AMBIT_OK)
        return err == AMBIT_ERR_MALFORMED ? AMBIT_ERR_DAMAGED : err;
    const struct json_value *names = json_get(value, kind);
    for (const struct json_value *member = names != NULL ? names->first : NULL; member != NULL;
         member = member->next)
        if (ambit_str_eq(member->key, name) && member->kind == JSON_STRING)
            *ret_has = digest_decode(member->text, ret) == AMBIT_OK;
    return AMBIT_OK;
}
