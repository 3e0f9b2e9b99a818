/* SPDX-License-Identifier: Apache-2.0 */
/* One document by itself: its kind, its name and its version, without looking at anything else in
 * it. What a person confirms is this. */
#include "base/json_read.h"
#include "policy/canonical.h"

/* The member that says what kind of document it is, alone of the four. */
static bool find_kind(const struct json_value *root, enum ambit_kind *ret, struct ambit_str *name)
{
    static const enum ambit_kind kinds[] = {AMBIT_KIND_PERSON, AMBIT_KIND_AGENT, AMBIT_KIND_SERVICE,
                                            AMBIT_KIND_POLICY};
    size_t n = 0;
    for (size_t i = 0; i < AMBIT_LEN(kinds); i++) {
        if (json_get(root, ambit_kind_text(kinds[i])) == NULL)
            continue;
        n++;
        *ret = kinds[i];
        *name = json_get_str(root, ambit_kind_text(kinds[i]));
    }
    return n == 1 && name->p != NULL && name->len > 0 && name->len <= AMBIT_AGENT_NAME_MAX;
}

enum ambit_err ambit_document_identify(struct ambit_str bytes, const struct ambit_read_env *env,
                                       struct ambit_identity *ret)
{
    ARENA_AUTO arena;
    arena_init(&arena, NULL, 0, 0);
    const struct json_limits limits = {.depth = AMBIT_DOCUMENT_DEPTH};
    struct json_problem problem;
    const struct json_value *root = NULL;
    struct ambit_str name = {0}, canonical = {0};
    if (bytes.len > AMBIT_DOCUMENT_BYTES)
        return AMBIT_ERR_TOO_LARGE;
    enum ambit_err err = json_read(bytes, limits, &arena, &root, &problem);
    if (err == AMBIT_ERR_NO_MEMORY)
        return err;
    if (err != AMBIT_OK || root->kind != JSON_OBJECT || !find_kind(root, &ret->kind, &name))
        return AMBIT_ERR_MALFORMED;
    err = canonical_of(&arena, root, &canonical);
    if (err != AMBIT_OK)
        return err;
    env->sha256(canonical.p, canonical.len, &ret->digest);
    memcpy(ret->name, name.p, name.len);
    ret->name_len = name.len;
    return AMBIT_OK;
}
