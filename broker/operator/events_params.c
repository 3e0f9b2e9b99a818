/* SPDX-License-Identifier: Apache-2.0 */
/* Reading the filters of events. */
#include "operator/events_params.h"

#include "base/addr.h"
#include "base/encode.h"

enum { TEXT_MAX = 512 };

static const char *const names[] = {
    "action", "after",  "agent",  "approval", "before", "cause",    "checks", "cursor",  "decision",
    "digest", "form",   "format", "grant",    "id",     "incident", "limit",  "lineage", "order",
    "owner",  "parent", "person", "policy",   "reason", "resource", "rule",   "service", "signal",
    "since",  "source", "stop",   "team",     "txn",    "type",     "until",  NULL};

static enum ambit_err refuse(const char **reterr_what, const char *what)
{
    *reterr_what = what;
    return AMBIT_ERR_MALFORMED;
}

/* ---- lists: one of several ------------------------------------------------------------------ */

static struct ambit_str next_of_list(struct ambit_str *left)
{
    const char *comma = memchr(left->p, ',', left->len);
    struct ambit_str one = {.p = left->p, .len = comma ? (size_t)(comma - left->p) : left->len};
    size_t step = comma ? one.len + 1 : one.len;
    *left = (struct ambit_str){.p = left->p + step, .len = left->len - step};
    return one;
}

/* "grant.issued", or "grant.*" for all that begin so. */
static bool type_fits(struct ambit_str want, const char *type)
{
    bool is_prefix = want.len > 2 && want.p[want.len - 1] == '*' && want.p[want.len - 2] == '.';
    return is_prefix ? strlen(type) >= want.len && memcmp(type, want.p, want.len - 1) == 0
                     : ambit_str_is(want, type);
}

static enum ambit_err read_types(struct ambit_str text, struct events_filter *filter,
                                 const char **reterr_what)
{
    if (!text.p)
        return AMBIT_OK;
    filter->has_types = true;
    bool is_end = false;
    while (!is_end) {
        is_end = memchr(text.p, ',', text.len) == NULL;
        struct ambit_str one = next_of_list(&text);
        bool is_known = false;
        for (size_t i = 0; i < EVENT_TYPES; i++)
            if (type_fits(one, event_type_text((enum event_type)i)))
                is_known = filter->types[i] = true;
        if (!is_known)
            return refuse(reterr_what, "type is the type of an event, or the beginning of some "
                                       "(grant.*); several have commas between.");
    }
    return AMBIT_OK;
}

static enum ambit_err read_reasons(struct ambit_str text, struct events_filter *filter,
                                   const char **reterr_what)
{
    if (!text.p)
        return AMBIT_OK;
    filter->has_reasons = true;
    bool is_end = false;
    while (!is_end) {
        is_end = memchr(text.p, ',', text.len) == NULL;
        enum ambit_reason reason = AMBIT_REASON_ALLOWED;
        if (ambit_reason_parse(next_of_list(&text), &reason) != AMBIT_OK)
            return refuse(reterr_what,
                          "reason is a reason of the language; several have commas between.");
        filter->reasons[reason] = true;
    }
    return AMBIT_OK;
}

/* ---- single values -------------------------------------------------------------------------- */

static enum ambit_err read_text(const struct params *params, const char *name,
                                struct ambit_str *ret, const char **reterr_what)
{
    *ret = form_get(&params->form, name);
    if (ret->len > TEXT_MAX)
        return refuse(reterr_what, "A value of the query string is longer than 512 bytes.");
    return AMBIT_OK;
}

static enum ambit_err read_members(const struct params *params, struct events_filter *filter,
                                   const char **reterr_what)
{
    for (size_t i = 0; i < events_n_members; i++) {
        const struct events_member *member = &events_members[i];
        void *at = (char *)filter + member->at;
        struct ambit_str text = {0};
        enum ambit_err err = read_text(params, member->name, &text, reterr_what);
        if (err)
            return err;
        if (!member->is_id)
            *(struct ambit_str *)at = text;
        else if (text.p && id_decode(text, at) != AMBIT_OK)
            return refuse(reterr_what, "An id in the query string is 22 characters of base64url.");
        else if (text.p && ambit_id_is_none(*(const struct ambit_id *)at))
            filter->is_nothing = true; /* the id of nothing */
    }
    return AMBIT_OK;
}

/* RULE, or POLICY/RULE. */
static enum ambit_err read_rule(const struct params *params, struct events_filter *filter,
                                const char **reterr_what)
{
    enum ambit_err err = read_text(params, "policy", &filter->policy, reterr_what);
    if (!err)
        err = read_text(params, "rule", &filter->rule, reterr_what);
    const char *slash =
        err || !filter->rule.p ? NULL : memchr(filter->rule.p, '/', filter->rule.len);
    if (!slash)
        return err;
    struct ambit_str policy = {filter->rule.p, (size_t)(slash - filter->rule.p)};
    filter->rule = (struct ambit_str){slash + 1, filter->rule.len - policy.len - 1};
    if (policy.len == 0 || filter->rule.len == 0)
        return refuse(reterr_what, "rule is RULE or POLICY/RULE.");
    if (filter->policy.p && !ambit_str_eq(filter->policy, policy))
        filter->is_nothing = true;
    filter->policy = policy;
    return AMBIT_OK;
}

/* Any spelling of an address; the record has one. */
static enum ambit_err read_source(struct arena *arena, struct events_filter *filter,
                                  const char **reterr_what)
{
    struct addr addr;
    if (!filter->source.p)
        return AMBIT_OK;
    if (addr_decode(filter->source, &addr) != AMBIT_OK)
        return refuse(reterr_what, "source is an IP address.");
    char *text = arena_alloc(arena, ADDR_TEXT_MAX);
    if (!text)
        return AMBIT_ERR_NO_MEMORY;
    filter->source = (struct ambit_str){text, addr_encode(&addr, text)};
    return AMBIT_OK;
}

static enum ambit_err read_things(const struct params *params, struct events_filter *filter,
                                  const char **reterr_what)
{
    static const char *const verdicts[] = {
        [EVENTS_ANY_VERDICT] = "any", [EVENTS_ALLOWED] = "allow", [EVENTS_DENIED] = "deny", NULL};
    struct ambit_str digest = form_get(&params->form, "digest");
    struct events_match match;
    size_t verdict = EVENTS_ANY_VERDICT;
    enum ambit_err err = read_text(params, "action", &filter->action, reterr_what);
    if (!err)
        err = read_text(params, "resource", &filter->resource, reterr_what);
    if (!err && events_match_init(&match, filter) != AMBIT_OK)
        err = refuse(reterr_what, "action or resource has a star and is no pattern.");
    if (!err && digest.p && digest_decode(digest, &filter->digest) != AMBIT_OK)
        err = refuse(reterr_what, "digest is sha256: and 64 hexadecimal digits.");
    static const struct ambit_digest none = {{0}};
    if (!err && digest.p && ambit_digest_eq(filter->digest, none))
        filter->is_nothing = true;
    if (!err)
        err = params_word(params, "decision", verdicts, EVENTS_ANY_VERDICT, &verdict, reterr_what);
    filter->verdict = (enum events_verdict)verdict;
    return err;
}

/* ---- where, and in which order -------------------------------------------------------------- */

static enum ambit_err read_seq(struct ambit_str text, bool *ret_has, uint64_t *ret,
                               const char **reterr_what)
{
    *ret_has = text.p != NULL;
    if (text.p && (parse_u64(text, ret) != AMBIT_OK || *ret > INT64_MAX))
        return refuse(reterr_what, "after, before, cursor and Last-Event-ID are sequences.");
    return AMBIT_OK;
}

/* What is wanted lies behind `after`, and before `before`. The cursor is the last sequence that was
 * looked at: it moves the end at which the order begins. */
static enum ambit_err read_range(const struct params *params, struct ambit_str last_id,
                                 struct events_filter *filter, const char **reterr_what)
{
    uint64_t after = 0, before = 0, cursor = 0, last = 0;
    bool has_after = false, has_before = false, has_cursor = false, has_last = false;
    enum ambit_err err =
        read_seq(form_get(&params->form, "after"), &has_after, &after, reterr_what);
    if (!err)
        err = read_seq(form_get(&params->form, "before"), &has_before, &before, reterr_what);
    if (!err)
        err = read_seq(form_get(&params->form, "cursor"), &has_cursor, &cursor, reterr_what);
    if (!err)
        err = read_seq(last_id, &has_last, &last, reterr_what);
    if (err)
        return err;
    if (has_cursor && filter->is_descending && (!has_before || cursor < before)) {
        has_before = true;
        before = cursor;
    }
    filter->after = has_after ? after + 1 : 0;
    if (has_cursor && !filter->is_descending && cursor + 1 > filter->after)
        filter->after = cursor + 1;
    if (has_last && last + 1 > filter->after)
        filter->after = last + 1;
    filter->before = before;
    if (has_before && before == 0)
        filter->is_nothing = true; /* nothing lies before the first */
    return AMBIT_OK;
}

static enum ambit_err read_places(const struct params *params, struct ambit_str last_id,
                                  struct events_filter *filter, const char **reterr_what)
{
    static const char *const orders[] = {"asc", "desc", NULL};
    size_t order = 0;
    enum ambit_err err = params_time(params, "since", &filter->since_ms, reterr_what);
    if (!err)
        err = params_time(params, "until", &filter->until_ms, reterr_what);
    if (!err)
        err = params_word(params, "order", orders, 0, &order, reterr_what);
    filter->is_descending = order == 1;
    return err ? err : read_range(params, last_id, filter, reterr_what);
}

/* ---- what it looks like --------------------------------------------------------------------- */

bool events_accepts(struct ambit_str accept, const char *media_type)
{
    return accept.p && memmem(accept.p, accept.len, media_type, strlen(media_type));
}

static enum ambit_err read_format(const struct params *params, struct ambit_str accept,
                                  struct events_params *ret, const char **reterr_what)
{
    enum { JSON, LINES, OCSF, ECS };
    static const char *const formats[] = {
        [JSON] = "json", [LINES] = "jsonl", [OCSF] = "ocsf", [ECS] = "ecs", NULL};
    static const char *const forms[] = {"event", "leaf", NULL};
    size_t format = JSON, form = 0;
    size_t wanted = events_accepts(accept, "application/x-ndjson") ? LINES : JSON;
    enum ambit_err err = params_word(params, "format", formats, wanted, &format, reterr_what);
    if (!err)
        err = params_word(params, "form", forms, 0, &form, reterr_what);
    if (!err)
        err = params_bool(params, "checks", &ret->filter.with_checks, reterr_what);
    if (err)
        return err;
    bool is_foreign = format == OCSF || format == ECS;
    if (is_foreign && (form == 1 || ret->filter.with_checks))
        return refuse(reterr_what, "checks and form=leaf are of our own form of an event.");
    ret->framing = format == JSON ? EVENTS_IN_ARRAY : EVENTS_IN_LINES;
    ret->filter.form = format == OCSF  ? EVENTS_AS_OCSF
                       : format == ECS ? EVENTS_AS_ECS
                       : form == 1     ? EVENTS_AS_LEAF
                                       : EVENTS_AS_EVENT;
    return AMBIT_OK;
}

enum ambit_err events_params_read(struct ambit_str query, struct ambit_str accept,
                                  struct ambit_str last_id, struct arena *arena,
                                  struct events_params *ret, const char **reterr_what)
{
    struct params params = {0};
    struct page page = {0};
    struct events_filter *filter = &ret->filter;
    *ret = (struct events_params){.limit = 0};
    enum ambit_err err = params_read(query, names, arena, &params, reterr_what);
    if (!err)
        err = params_page(&params, &page, reterr_what);
    if (!err)
        err = read_members(&params, filter, reterr_what);
    if (!err)
        err = read_source(arena, filter, reterr_what);
    if (!err)
        err = read_rule(&params, filter, reterr_what);
    if (!err)
        err = read_things(&params, filter, reterr_what);
    if (!err)
        err = read_types(form_get(&params.form, "type"), filter, reterr_what);
    if (!err)
        err = read_reasons(form_get(&params.form, "reason"), filter, reterr_what);
    if (!err)
        err = read_places(&params, last_id, filter, reterr_what);
    if (!err)
        err = read_format(&params, accept, ret, reterr_what);
    ret->limit = page.limit;
    return err;
}

/* ---- the next page -------------------------------------------------------------------------- */

static bool is_cursor(struct ambit_str argument)
{
    static const char cursor[] = "cursor=";
    return argument.len >= sizeof cursor - 1 && memcmp(argument.p, cursor, sizeof cursor - 1) == 0;
}

static void put_argument(struct buf *out, struct ambit_str argument)
{
    static const char fit[] = "-._~:/?#[]@!$&'()*+,;=%";
    static const char digits[] = "0123456789ABCDEF";
    for (size_t i = 0; i < argument.len; i++) {
        char c = argument.p[i];
        uint8_t byte = (uint8_t)c;
        bool is_word = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
        if (is_word || (c != '\0' && memchr(fit, c, sizeof fit - 1))) {
            buf_put_char(out, c);
        } else {
            buf_put_char(out, '%');
            buf_put_char(out, digits[byte >> 4]);
            buf_put_char(out, digits[byte & 15]);
        }
    }
}

void events_next_target(struct buf *out, struct ambit_str path, struct ambit_str query,
                        uint64_t cursor)
{
    buf_put_str(out, path);
    buf_put_char(out, '?');
    while (query.len > 0) {
        const char *end = memchr(query.p, '&', query.len);
        struct ambit_str one = {.p = query.p, .len = end ? (size_t)(end - query.p) : query.len};
        size_t step = end ? one.len + 1 : one.len;
        query = (struct ambit_str){.p = query.p + step, .len = query.len - step};
        if (is_cursor(one))
            continue;
        put_argument(out, one);
        buf_put_char(out, '&');
    }
    buf_put_text(out, "cursor=");
    buf_put_i64(out, (int64_t)cursor);
}
