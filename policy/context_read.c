/* SPDX-License-Identifier: Apache-2.0 */
/* See context_read.h. */
#include "policy/context_read.h"

#include "base/json_read.h"

void context_member_read(const struct json_value *value, struct ambit_context_member *ret)
{
    ret->name = value->key;
    switch (value->kind) {
    case JSON_STRING:
        ret->value = (struct ambit_scalar){.kind = AMBIT_SCALAR_STRING, .text = value->text};
        return;
    case JSON_INTEGER:
        ret->value = (struct ambit_scalar){.kind = AMBIT_SCALAR_INTEGER, .integer = value->integer};
        return;
    case JSON_TRUE:
    case JSON_FALSE:
        ret->value = (struct ambit_scalar){.kind = AMBIT_SCALAR_BOOLEAN,
                                           .boolean = value->kind == JSON_TRUE};
        return;
    case JSON_NULL:
    case JSON_DECIMAL:
    case JSON_ARRAY:
    case JSON_OBJECT:
        break;
    }
    ret->is_other = true;
}
