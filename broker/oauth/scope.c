/* SPDX-License-Identifier: Apache-2.0 */
/* The `scope` parameter as items: characters, spaces, brackets. Never judges a name. */
#include "oauth/asked.h"

/* %x21 / %x23-5B / %x5D-7E (RFC 6749 section 3.3) */
static bool is_scope_byte(char c)
{
    return c > ' ' && c < 0x7f && c != '"' && c != '\\';
}

/* "action[resource]", or an action alone. Brackets occur in no name, so whatever else has one is
 * left whole for the engine to call malformed. */
static struct ambit_item token_item(struct ambit_str token)
{
    const char *open = memchr(token.p, '[', token.len);
    if (!open || token.p[token.len - 1] != ']')
        return (struct ambit_item){.action = token};
    size_t action_len = (size_t)(open - token.p);
    return (struct ambit_item){
        .action = {.p = token.p, .len = action_len},
        .resource = {.p = open + 1, .len = token.len - action_len - 2},
    };
}

static bool is_asked_already(const struct asked *asked, const struct ambit_item *item)
{
    for (size_t i = 0; i < asked->n; i++)
        if (ambit_str_eq(asked->items[i].action, item->action) &&
            !asked->items[i].resource.p == !item->resource.p &&
            ambit_str_eq(asked->items[i].resource, item->resource))
            return true;
    return false;
}

enum ambit_err scope_read(struct ambit_str text, struct asked *asked, const char **reterr_what)
{
    asked->has_scope = true;
    for (size_t start = 0, i = 0; i <= text.len; i++) {
        if (i < text.len && is_scope_byte(text.p[i]))
            continue;
        if (i < text.len && text.p[i] != ' ') {
            *reterr_what = "scope holds a character that no scope token may hold";
            return AMBIT_ERR_MALFORMED;
        }
        if (i == start) {
            *reterr_what = "scope tokens are separated by single spaces";
            return AMBIT_ERR_MALFORMED;
        }

        struct ambit_item item =
            token_item((struct ambit_str){.p = text.p + start, .len = i - start});
        if (asked->n < ASKED_MAX && !is_asked_already(asked, &item))
            asked->items[asked->n++] = item;
        start = i + 1;
    }
    asked->n_scope = asked->n;
    return AMBIT_OK;
}
