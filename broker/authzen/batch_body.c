/* SPDX-License-Identifier: Apache-2.0 */
/* See batch_body.h. */
#include "authzen/batch_body.h"

#include "base/json_read.h"

static enum ambit_err refuse(const char **reterr_what, const char *what)
{
    *reterr_what = what;
    return AMBIT_ERR_MALFORMED;
}

static enum ambit_err read_semantic(const struct json_value *root, enum action_semantic *ret,
                                    const char **reterr_what)
{
    static const struct {
        const char *text;
        enum action_semantic semantic;
    } known[] = {
        {"execute_all", ACTION_EXECUTE_ALL},
        {"deny_on_first_deny", ACTION_UNTIL_DENY},
        {"permit_on_first_permit", ACTION_UNTIL_PERMIT},
    };
    const struct json_value *options = json_get(root, "options");
    *ret = ACTION_EXECUTE_ALL;
    if (options && options->kind != JSON_OBJECT)
        return refuse(reterr_what, "options is an object");
    const struct json_value *semantic = json_get(options, "evaluations_semantic");
    if (!semantic)
        return AMBIT_OK;
    for (size_t i = 0; semantic->kind == JSON_STRING && i < AMBIT_LEN(known); i++) {
        if (ambit_str_is(semantic->text, known[i].text)) {
            *ret = known[i].semantic;
            return AMBIT_OK;
        }
    }
    return refuse(reterr_what, "options.evaluations_semantic is execute_all, deny_on_first_deny or "
                               "permit_on_first_permit");
}

/* AZN-8: a member of the item stands in place of the whole of the default. */
static struct evaluation_members with_defaults(const struct json_value *item,
                                               const struct evaluation_members *defaults)
{
    struct evaluation_members own = evaluation_members_of(item);
    if (!own.subject)
        own.subject = defaults->subject;
    if (!own.action)
        own.action = defaults->action;
    if (!own.resource)
        own.resource = defaults->resource;
    if (!own.context)
        own.context = defaults->context;
    return own;
}

/* AZN-10: what is wrong with one item is said in its place. */
static enum ambit_err read_item(const struct json_value *value,
                                const struct evaluation_members *defaults, struct arena *arena,
                                struct batch_item *item)
{
    if (value->kind != JSON_OBJECT) {
        item->fault = "an item of evaluations is an object";
        return AMBIT_OK;
    }
    struct evaluation_members members = with_defaults(value, defaults);
    enum ambit_err err =
        evaluation_read_members(&members, SOUGHT_NOTHING, arena, &item->asked, &item->fault);
    return err == AMBIT_ERR_MALFORMED ? AMBIT_OK : err;
}

enum ambit_err batch_body_read(struct ambit_str body, struct arena *arena, struct batch_body *ret,
                               const char **reterr_what)
{
    const struct json_value *root = NULL;
    *ret = (struct batch_body){0};
    enum ambit_err err = evaluation_read_object(body, arena, &root, reterr_what);
    if (!err)
        err = read_semantic(root, &ret->semantic, reterr_what);
    if (err)
        return err;
    ret->defaults = evaluation_members_of(root);
    const struct json_value *list = json_get(root, "evaluations");
    if (!list)
        return AMBIT_OK;
    if (list->kind != JSON_ARRAY || list->count > ACTION_BATCH_MAX)
        return refuse(reterr_what, "evaluations is an array of at most 256 items");
    if (list->count == 0)
        return AMBIT_OK;
    ret->items = arena_array(arena, list->count, sizeof *ret->items);
    if (!ret->items)
        return AMBIT_ERR_NO_MEMORY;
    for (const struct json_value *value = list->first; value && !err; value = value->next)
        err = read_item(value, &ret->defaults, arena, &ret->items[ret->n++]);
    return err;
}
