/* SPDX-License-Identifier: Apache-2.0 */
/* sets/HEX.json: {"documents":[DIGEST…],"zones":[{"digest","name"}…]}. */
#include "ledger/sets.h"

#include "base/arena.h"
#include "base/encode.h"
#include "base/json_read.h"

static int compare_digests(const void *a, const void *b)
{
    return memcmp(a, b, sizeof(struct ambit_digest));
}

/* One document named over and over would be read over and over. */
static AMBIT_CHECKED enum ambit_err judge_doubled(const struct ambit_digest *digests, size_t n,
                                                  struct arena *arena)
{
    struct ambit_digest *sorted = arena_array(arena, n + 1, sizeof *sorted);
    if (sorted == NULL)
        return AMBIT_ERR_NO_MEMORY;
    memcpy(sorted, digests, n * sizeof *sorted);
    qsort(sorted, n, sizeof *sorted, compare_digests);
    for (size_t i = 1; i < n; i++)
        if (compare_digests(&sorted[i - 1], &sorted[i]) == 0)
            return AMBIT_ERR_DAMAGED;
    return AMBIT_OK;
}

static bool read_set(const struct json_value *documents, const struct json_value *zones,
                     struct ambit_digest *digests, struct sets_zone *named)
{
    const struct json_value *value = documents->first;
    for (size_t i = 0; i < documents->count; i++, value = value->next)
        if (value->kind != JSON_STRING || digest_decode(value->text, &digests[i]) != AMBIT_OK)
            return false;
    value = zones != NULL ? zones->first : NULL;
    for (size_t i = 0; value != NULL; i++, value = value->next) {
        named[i].name = json_get_str(value, "name");
        if (named[i].name.p == NULL ||
            digest_decode(json_get_str(value, "digest"), &named[i].digest) != AMBIT_OK)
            return false;
    }
    return true;
}

enum ambit_err log_set_read(struct ambit_str bytes, struct arena *arena, struct sets_list *ret)
{
    const struct json_value *object = NULL;
    struct json_problem unused;
    enum ambit_err err =
        json_read(bytes, (struct json_limits){.depth = 4}, arena, &object, &unused);
    if (err != AMBIT_OK)
        return err == AMBIT_ERR_MALFORMED ? AMBIT_ERR_DAMAGED : err;
    const struct json_value *documents = json_get(object, "documents");
    const struct json_value *zones = json_get(object, "zones");
    if (documents == NULL || documents->kind != JSON_ARRAY ||
        (zones != NULL && zones->kind != JSON_ARRAY) || documents->count > LOG_SET_DOCUMENTS_MAX)
        return AMBIT_ERR_DAMAGED;
    struct ambit_digest *digests = arena_array(arena, documents->count + 1, sizeof *digests);
    struct sets_zone *named = arena_array(arena, zones ? zones->count + 1 : 1, sizeof *named);
    if (digests == NULL || named == NULL)
        return AMBIT_ERR_NO_MEMORY;
    if (!read_set(documents, zones, digests, named))
        return AMBIT_ERR_DAMAGED;
    *ret = (struct sets_list){.documents = digests,
                              .n = documents->count,
                              .has_zones = zones != NULL,
                              .zones = named,
                              .n_zones = zones ? zones->count : 0};
    return judge_doubled(digests, documents->count, arena);
}
