/* SPDX-License-Identifier: Apache-2.0 */
/* See context.h. */
#include "ledger/context.h"

#include "base/arena.h"
#include "base/json_read.h"
#include "policy/context_read.h"

enum ambit_err context_members(const struct json_value *object, struct arena *arena,
                               const struct ambit_context_member **ret, size_t *ret_n)
{
    *ret = NULL;
    *ret_n = 0;
    if (object == NULL || object->count == 0)
        return AMBIT_OK;
    if (object->kind != JSON_OBJECT)
        return AMBIT_ERR_MALFORMED;
    if (object->count > AMBIT_CONTEXT_MAX)
        return AMBIT_ERR_TOO_LARGE;

    struct ambit_context_member *members = arena_array(arena, object->count, sizeof *members);
    if (members == NULL)
        return AMBIT_ERR_NO_MEMORY;
    size_t n = 0;
    for (const struct json_value *value = object->first; value != NULL; value = value->next)
        context_member_read(value, &members[n++]);
    *ret = members;
    *ret_n = n;
    return AMBIT_OK;
}
