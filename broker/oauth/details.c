/* SPDX-License-Identifier: Apache-2.0 */
/* The `authorization_details` parameter as items: strict reading of the one type `ambit`. Never
 * judges a name. */
#include "oauth/asked.h"

#include "base/encode.h"
#include "base/json_read.h"

bool asked_text_is_fine(struct ambit_str text)
{
    return text.len > 0 && text.len <= AMBIT_TEXT_MAX && utf8_is_valid(text) &&
           !text_has_control(text);
}

static enum ambit_err refuse(const char **reterr_what, const char *what)
{
    *reterr_what = what;
    return AMBIT_ERR_MALFORMED;
}

struct detail {
    const struct json_value *actions, *resources, *purpose;
};

static bool is_list_of_strings(const struct json_value *value)
{
    if (!value || value->kind != JSON_ARRAY || value->count == 0 || value->count > AMBIT_LIST_MAX)
        return false;
    for (const struct json_value *v = value->first; v; v = v->next)
        if (v->kind != JSON_STRING)
            return false;
    return true;
}

/* The closed type (RAR-2): every member known, of its JSON type, nothing required missing. */
static enum ambit_err detail_read(const struct json_value *object, struct detail *ret,
                                  const char **reterr_what)
{
    if (object->kind != JSON_OBJECT)
        return refuse(reterr_what, "each element of authorization_details is an object");
    if (!ambit_str_is(json_get_str(object, "type"), "ambit"))
        return refuse(reterr_what,
                      "the one type of authorization_details that can be asked for is ambit");

    for (const struct json_value *member = object->first; member; member = member->next) {
        if (ambit_str_is(member->key, "actions"))
            ret->actions = member;
        else if (ambit_str_is(member->key, "resources"))
            ret->resources = member;
        else if (ambit_str_is(member->key, "purpose"))
            ret->purpose = member;
        else if (!ambit_str_is(member->key, "type"))
            return refuse(reterr_what,
                          "the members of type ambit are actions, resources and purpose");
    }
    if (!is_list_of_strings(ret->actions))
        return refuse(reterr_what, "actions is a list of 1 to 64 strings");
    if (!is_list_of_strings(ret->resources))
        return refuse(reterr_what, "resources is a list of 1 to 64 strings");
    if (ret->purpose &&
        (ret->purpose->kind != JSON_STRING || !asked_text_is_fine(ret->purpose->text)))
        return refuse(reterr_what,
                      "purpose is a text of 1 to 1024 bytes without control characters");
    return AMBIT_OK;
}

static void add_pairs(struct asked *asked, const struct detail *detail)
{
    for (const struct json_value *a = detail->actions->first; a; a = a->next)
        for (const struct json_value *r = detail->resources->first; r; r = r->next) {
            if (asked->n == ASKED_MAX)
                return;
            asked->items[asked->n++] = (struct ambit_item){.action = a->text, .resource = r->text};
        }
}

enum ambit_err details_read(struct ambit_str text, struct arena *arena, struct asked *asked,
                            const char **reterr_what)
{
    asked->has_details = true;
    const struct json_value *list = NULL;
    struct json_problem problem = {0};
    enum ambit_err err =
        json_read(text, (struct json_limits){.allow_decimals = true}, arena, &list, &problem);
    if (err == AMBIT_ERR_MALFORMED || err == AMBIT_ERR_TOO_LARGE)
        return refuse(reterr_what, "authorization_details is not JSON without duplicate members");
    if (err)
        return err;
    if (list->kind != JSON_ARRAY || list->count == 0 || list->count > AMBIT_LIST_MAX)
        return refuse(reterr_what, "authorization_details is a list of 1 to 64 objects");

    for (const struct json_value *object = list->first; object; object = object->next) {
        struct detail detail = {0};
        err = detail_read(object, &detail, reterr_what);
        if (err)
            return err;
        if (detail.purpose && asked->purpose.p &&
            !ambit_str_eq(asked->purpose, detail.purpose->text))
            return refuse(reterr_what,
                          "authorization_details state two different purposes; a grant has one");
        if (detail.purpose)
            asked->purpose = detail.purpose->text;
        add_pairs(asked, &detail);
    }
    return AMBIT_OK;
}
