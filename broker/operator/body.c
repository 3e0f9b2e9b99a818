/* SPDX-License-Identifier: Apache-2.0 */
/* Reading bodies along a table of members. */
#include "operator/body.h"

#include "ambit/limits.h"
#include "base/buf.h"
#include "base/encode.h"
#include "base/json_read.h"
#include "core/backup_manifest.h"

struct member {
    const char *name;
    struct ambit_str *text; /* a string, or */
    bool *truth;            /* a boolean, or */
    struct ambit_str *list; /* texts, as many as there is room for */
    size_t max, *n;
};

static enum ambit_err refuse(const char **reterr_what, const char *what)
{
    *reterr_what = what;
    return AMBIT_ERR_MALFORMED;
}

/* The name as it came, in printable ASCII and cut short: it goes into an answer. */
static enum ambit_err refuse_unknown(struct arena *arena, struct ambit_str name,
                                     const char **reterr_what)
{
    char memory[128];
    struct buf text;
    buf_init_fixed(&text, memory, sizeof memory);
    buf_put_text(&text, "There is no member named ");
    for (size_t i = 0; i < name.len && i < 64; i++)
        buf_put_char(&text, name.p[i] > ' ' && name.p[i] < 0x7f ? name.p[i] : '?');
    buf_put_char(&text, '.');
    struct ambit_str copy = arena_copy(arena, buf_str(&text));
    return refuse(reterr_what, copy.p ? copy.p : "There is an unknown member.");
}

static enum ambit_err take_list(const struct member *member, const struct json_value *list,
                                const char **reterr_what)
{
    static const char rule[] = "members is a list of texts, each named once.";
    if (list->kind != JSON_ARRAY || list->count == 0 || list->count > member->max)
        return refuse(reterr_what, rule);
    for (const struct json_value *value = list->first; value; value = value->next) {
        if (value->kind != JSON_STRING)
            return refuse(reterr_what, rule);
        for (size_t i = 0; i < *member->n; i++)
            if (ambit_str_eq(member->list[i], value->text))
                return refuse(reterr_what, rule);
        member->list[(*member->n)++] = value->text;
    }
    return AMBIT_OK;
}

static enum ambit_err take(const struct member *table, size_t n, const struct json_value *value,
                           struct arena *arena, const char **reterr_what)
{
    for (size_t i = 0; i < n; i++) {
        if (!ambit_str_is(value->key, table[i].name))
            continue;
        if (table[i].text && value->kind == JSON_STRING) {
            *table[i].text = value->text;
            return AMBIT_OK;
        }
        if (table[i].list)
            return take_list(&table[i], value, reterr_what);
        if (table[i].truth && (value->kind == JSON_TRUE || value->kind == JSON_FALSE)) {
            *table[i].truth = value->kind == JSON_TRUE;
            return AMBIT_OK;
        }
        return refuse(
            reterr_what,
            table[i].text
                ? "This member is a text: target, reason, answer, kind, name, digest, before."
                : "dry_run, removal, now and withdraw are true or false.");
    }
    return refuse_unknown(arena, value->key, reterr_what);
}

static enum ambit_err body_read(struct ambit_str body, struct arena *arena,
                                const struct member *table, size_t n, const char **reterr_what)
{
    const struct json_value *root = NULL;
    struct json_problem problem = {0};
    enum ambit_err err = json_read(body, (struct json_limits){0}, arena, &root, &problem);
    if (err == AMBIT_ERR_NO_MEMORY)
        return err;
    if (err || root->kind != JSON_OBJECT)
        return refuse(reterr_what, "The body is one JSON object without duplicate members.");
    for (const struct json_value *value = root->first; value; value = value->next) {
        err = take(table, n, value, arena, reterr_what);
        if (err)
            return err;
    }
    return AMBIT_OK;
}

static bool is_reason(struct ambit_str text)
{
    return text.len > 0 && text.len <= AMBIT_TEXT_MAX && !text_has_control(text);
}

static const char reason_rule[] = "reason is a text of 1 to 1024 bytes without control characters.";

enum ambit_err stop_body_read(struct ambit_str body, struct arena *arena, struct stop_body *ret,
                              const char **reterr_what)
{
    *ret = (struct stop_body){0};
    const struct member table[] = {
        {.name = "target", .text = &ret->target},
        {.name = "reason", .text = &ret->reason},
        {.name = "dry_run", .truth = &ret->dry_run},
    };
    enum ambit_err err = body_read(body, arena, table, AMBIT_LEN(table), reterr_what);
    if (err)
        return err;
    if (!ret->target.p)
        return refuse(reterr_what, "target is missing: KIND:NAME, or all.");
    if (!is_reason(ret->reason) && !(ret->dry_run && !ret->reason.p))
        return refuse(reterr_what, reason_rule);
    return AMBIT_OK;
}

enum ambit_err erase_body_read(struct ambit_str body, struct arena *arena, struct erase_body *ret,
                               const char **reterr_what)
{
    *ret = (struct erase_body){0};
    const struct member table[] = {
        {.name = "target", .text = &ret->target},
        {.name = "reason", .text = &ret->reason},
        {.name = "before", .text = &ret->before},
        {.name = "dry_run", .truth = &ret->dry_run},
        {.name = "members",
         .list = ret->members,
         .max = AMBIT_LEN(ret->members),
         .n = &ret->n_members},
    };
    enum ambit_err err = body_read(body, arena, table, AMBIT_LEN(table), reterr_what);
    if (err)
        return err;
    if (!ret->target.p)
        return refuse(reterr_what, "target is missing: person:NAME, agent:NAME, event:SEQ, "
                                   "grant:ID or decision:ID.");
    if (!is_reason(ret->reason) && !(ret->dry_run && !ret->reason.p))
        return refuse(reterr_what, reason_rule);
    return AMBIT_OK;
}

enum ambit_err offboard_body_read(struct ambit_str body, struct arena *arena,
                                  struct offboard_body *ret, const char **reterr_what)
{
    *ret = (struct offboard_body){0};
    const struct member table[] = {
        {.name = "reason", .text = &ret->reason},
        {.name = "dry_run", .truth = &ret->dry_run},
    };
    enum ambit_err err = body_read(body, arena, table, AMBIT_LEN(table), reterr_what);
    if (err)
        return err;
    return is_reason(ret->reason) || (ret->dry_run && !ret->reason.p)
               ? AMBIT_OK
               : refuse(reterr_what, reason_rule);
}

enum ambit_err approve_body_read(struct ambit_str body, struct arena *arena, bool *ret_given,
                                 struct ambit_str *ret_reason, const char **reterr_what)
{
    struct ambit_str answer = {0};
    *ret_reason = (struct ambit_str){0};
    const struct member table[] = {
        {.name = "answer", .text = &answer},
        {.name = "reason", .text = ret_reason},
    };
    enum ambit_err err = body_read(body, arena, table, AMBIT_LEN(table), reterr_what);
    if (err)
        return err;
    *ret_given = ambit_str_is(answer, "approve");
    if (!*ret_given && !ambit_str_is(answer, "reject"))
        return refuse(reterr_what, "answer is approve or reject.");
    return is_reason(*ret_reason) ? AMBIT_OK : refuse(reterr_what, reason_rule);
}

static bool is_kind(struct ambit_str text, enum ambit_kind *ret)
{
    static const enum ambit_kind kinds[] = {AMBIT_KIND_PERSON, AMBIT_KIND_AGENT, AMBIT_KIND_SERVICE,
                                            AMBIT_KIND_POLICY};
    for (size_t i = 0; i < AMBIT_LEN(kinds); i++) {
        *ret = kinds[i];
        if (ambit_str_is(text, ambit_kind_text(kinds[i])))
            return true;
    }
    return false;
}

enum ambit_err confirm_body_read(struct ambit_str body, struct arena *arena,
                                 struct confirm_body *ret, const char **reterr_what)
{
    struct ambit_str kind = {0}, digest = {0};
    *ret = (struct confirm_body){0};
    const struct member table[] = {
        {.name = "kind", .text = &kind},
        {.name = "name", .text = &ret->name},
        {.name = "digest", .text = &digest},
        {.name = "reason", .text = &ret->reason},
        {.name = "removal", .truth = &ret->is_removal},
    };
    enum ambit_err err = body_read(body, arena, table, AMBIT_LEN(table), reterr_what);
    if (err)
        return err;
    if (!is_kind(kind, &ret->kind))
        return refuse(reterr_what, "kind is person, agent, service or policy.");
    if (ret->name.len == 0 || ret->name.len > AMBIT_AGENT_NAME_MAX || text_has_control(ret->name))
        return refuse(reterr_what, "name is the name of the document.");
    ret->has_digest = digest.p || !ret->is_removal;
    if (ret->has_digest && digest_decode(digest, &ret->digest) != AMBIT_OK)
        return refuse(reterr_what, "digest is the version: sha256: and 64 hexadecimal digits.");
    if (ret->reason.p && !is_reason(ret->reason))
        return refuse(reterr_what, reason_rule);
    return AMBIT_OK;
}

enum ambit_err reason_body_read(struct ambit_str body, struct arena *arena, struct ambit_str *ret,
                                const char **reterr_what)
{
    *ret = (struct ambit_str){0};
    const struct member table[] = {{.name = "reason", .text = ret}};
    enum ambit_err err = body_read(body, arena, table, AMBIT_LEN(table), reterr_what);
    if (err)
        return err;
    return is_reason(*ret) ? AMBIT_OK : refuse(reterr_what, reason_rule);
}

enum ambit_err time_body_read(struct ambit_str body, struct arena *arena, struct time_body *ret,
                              const char **reterr_what)
{
    struct ambit_str wall = {0};
    *ret = (struct time_body){.wall_ms = 0};
    const struct member table[] = {{.name = "reason", .text = &ret->reason},
                                   {.name = "wall", .text = &wall}};
    enum ambit_err err = body_read(body, arena, table, AMBIT_LEN(table), reterr_what);
    if (err)
        return err;
    if (wall.p && time_decode(wall, &ret->wall_ms) != AMBIT_OK)
        return refuse(reterr_what, "wall is a time: 2026-01-31T00:00:00Z.");
    return is_reason(ret->reason) ? AMBIT_OK : refuse(reterr_what, reason_rule);
}

enum ambit_err acknowledge_body_read(struct ambit_str body, struct arena *arena,
                                     struct ambit_str *ret, const char **reterr_what)
{
    *ret = (struct ambit_str){0};
    const struct member table[] = {{.name = "reason", .text = ret}};
    if (body.len == 0)
        return AMBIT_OK;
    enum ambit_err err = body_read(body, arena, table, AMBIT_LEN(table), reterr_what);
    if (err)
        return err;
    return ret->p && !is_reason(*ret) ? refuse(reterr_what, reason_rule) : AMBIT_OK;
}

enum ambit_err rotate_body_read(struct ambit_str body, struct arena *arena, struct rotate_body *ret,
                                const char **reterr_what)
{
    *ret = (struct rotate_body){0};
    const struct member table[] = {
        {.name = "reason", .text = &ret->reason},
        {.name = "now", .truth = &ret->now},
        {.name = "withdraw", .truth = &ret->withdraw},
    };
    enum ambit_err err = body_read(body, arena, table, AMBIT_LEN(table), reterr_what);
    if (err)
        return err;
    return is_reason(ret->reason) ? AMBIT_OK : refuse(reterr_what, reason_rule);
}

enum ambit_err backup_body_read(struct ambit_str body, struct arena *arena, struct backup_body *ret,
                                const char **reterr_what)
{
    *ret = (struct backup_body){.name = {0}};
    const struct member table[] = {
        {.name = "name", .text = &ret->name},
        {.name = "reason", .text = &ret->reason},
    };
    enum ambit_err err = body_read(body, arena, table, AMBIT_LEN(table), reterr_what);
    if (err)
        return err;
    if (ret->name.p && !backup_name_is_fine(ret->name))
        return refuse(reterr_what, "name is 1 to 64 letters, digits, dots, dashes and underscores, "
                                   "a letter or digit first.");
    return is_reason(ret->reason) ? AMBIT_OK : refuse(reterr_what, reason_rule);
}

enum ambit_err prune_body_read(struct ambit_str body, struct arena *arena, struct prune_body *ret,
                               const char **reterr_what)
{
    struct ambit_str before = {0};
    *ret = (struct prune_body){.before_ms = 0};
    const struct member table[] = {
        {.name = "before", .text = &before},
        {.name = "reason", .text = &ret->reason},
        {.name = "dry_run", .truth = &ret->dry_run},
    };
    enum ambit_err err = body_read(body, arena, table, AMBIT_LEN(table), reterr_what);
    if (err)
        return err;
    if (!before.p || time_decode(before, &ret->before_ms) != AMBIT_OK)
        return refuse(reterr_what, "before is a time: 2026-01-31T00:00:00Z.");
    return is_reason(ret->reason) || (ret->dry_run && !ret->reason.p)
               ? AMBIT_OK
               : refuse(reterr_what, reason_rule);
}
