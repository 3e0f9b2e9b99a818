/* SPDX-License-Identifier: Apache-2.0 */
/* Reading query strings. */
#include "operator/params.h"

#include "base/encode.h"

static enum ambit_err refuse(const char **reterr_what, const char *what)
{
    *reterr_what = what;
    return AMBIT_ERR_MALFORMED;
}

static bool is_known(const char *const *names, struct ambit_str name)
{
    for (; *names; names++)
        if (ambit_str_is(name, *names))
            return true;
    return false;
}

enum ambit_err params_read(struct ambit_str query, const char *const *names, struct arena *arena,
                           struct params *ret, const char **reterr_what)
{
    *ret = (struct params){.arena = arena};
    if (query.len == 0)
        return AMBIT_OK;
    enum ambit_err err = form_decode(query, arena, &ret->form, reterr_what);
    if (err == AMBIT_ERR_TOO_LARGE)
        return refuse(reterr_what, "The query string has too many parameters.");
    if (err)
        return err;
    for (size_t i = 0; i < ret->form.n; i++)
        if (!is_known(names, ret->form.fields[i].name))
            return refuse(reterr_what, "The query string has a parameter that is not known here.");
    return AMBIT_OK;
}

enum ambit_err params_u64(const struct params *params, const char *name, uint64_t fallback,
                          uint64_t *ret, const char **reterr_what)
{
    struct ambit_str text = form_get(&params->form, name);
    *ret = fallback;
    if (text.p && parse_u64(text, ret) != AMBIT_OK)
        return refuse(reterr_what, "A number in the query string is not a whole number.");
    return AMBIT_OK;
}

enum ambit_err params_page(const struct params *params, struct page *ret, const char **reterr_what)
{
    uint64_t limit = 0;
    enum ambit_err err = params_u64(params, "limit", 100, &limit, reterr_what);
    if (err)
        return err;
    if (limit < 1 || limit > 1000)
        return refuse(reterr_what, "limit is from 1 to 1000.");
    *ret = (struct page){.limit = (size_t)limit, .cursor = form_get(&params->form, "cursor")};
    return AMBIT_OK;
}

/* "NAME is one of A, B." */
static enum ambit_err refuse_word(const struct params *params, const char *name,
                                  const char *const *words, const char **reterr_what)
{
    BUF_AUTO text;
    buf_init(&text, 0);
    buf_printf(&text, "%s is one of", name);
    for (size_t i = 0; words[i]; i++)
        buf_printf(&text, "%s %s", i > 0 ? "," : "", words[i]);
    buf_put_char(&text, '.');
    struct ambit_str copy = arena_copy(params->arena, buf_str(&text));
    return copy.p ? refuse(reterr_what, copy.p) : AMBIT_ERR_NO_MEMORY;
}

enum ambit_err params_word(const struct params *params, const char *name, const char *const *words,
                           size_t fallback, size_t *ret, const char **reterr_what)
{
    struct ambit_str text = form_get(&params->form, name);
    *ret = fallback;
    if (!text.p)
        return AMBIT_OK;
    for (size_t i = 0; words[i]; i++)
        if (ambit_str_is(text, words[i])) {
            *ret = i;
            return AMBIT_OK;
        }
    return refuse_word(params, name, words, reterr_what);
}

enum ambit_err params_time(const struct params *params, const char *name, int64_t *ret_ms,
                           const char **reterr_what)
{
    struct ambit_str text = form_get(&params->form, name);
    *ret_ms = 0;
    if (text.p && time_decode(text, ret_ms) != AMBIT_OK)
        return refuse(reterr_what, "A time in the query string is not RFC 3339 with an offset.");
    return AMBIT_OK;
}

enum ambit_err params_bool(const struct params *params, const char *name, bool *ret,
                           const char **reterr_what)
{
    static const char *const words[] = {"false", "true", NULL};
    size_t word = 0;
    enum ambit_err err = params_word(params, name, words, 0, &word, reterr_what);
    *ret = word == 1;
    return err;
}
