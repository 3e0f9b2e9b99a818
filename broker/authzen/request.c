/* SPDX-License-Identifier: Apache-2.0 */
/* Reading an evaluation request. Shape is judged here, names and meaning by the engine. */
#include "authzen/request.h"

#include "base/addr.h"
#include "base/encode.h"
#include "base/json_read.h"

enum { ARGUMENTS_DIGEST_MAX = 256, THUMBPRINT_LEN = 43 };

static enum ambit_err refuse(const char **reterr_what, const char *what)
{
    *reterr_what = what;
    return AMBIT_ERR_MALFORMED;
}

struct reader {
    struct arena *arena;
    struct evaluation *to;
    struct json_value *last; /* of the context object being made */
    const char **reterr_what;
};

/* ---- values for the record ---- */

static enum ambit_err without_decimals(struct arena *arena, struct json_value *value)
{
    if (value->kind == JSON_DECIMAL) {
        struct json_value *text = arena_alloc(arena, sizeof *text);
        if (!text)
            return AMBIT_ERR_NO_MEMORY;
        *text = (struct json_value){
            .kind = JSON_STRING, .key = AMBIT_STR("decimal"), .text = value->text};
        value->kind = JSON_OBJECT;
        value->count = 1;
        value->first = text;
        return AMBIT_OK;
    }
    /* The depth was bounded when it was read. */
    for (struct json_value *child = value->first; child; child = child->next) {
        enum ambit_err err = without_decimals(arena, child);
        if (err)
            return err;
    }
    return AMBIT_OK;
}

static struct ambit_context_member member_of(struct ambit_str name, const struct json_value *value)
{
    struct ambit_context_member member = {.name = name};
    switch (value->kind) {
    case JSON_STRING:
        member.value = (struct ambit_scalar){.kind = AMBIT_SCALAR_STRING, .text = value->text};
        break;
    case JSON_INTEGER:
        member.value =
            (struct ambit_scalar){.kind = AMBIT_SCALAR_INTEGER, .integer = value->integer};
        break;
    case JSON_TRUE:
    case JSON_FALSE:
        member.value = (struct ambit_scalar){.kind = AMBIT_SCALAR_BOOLEAN,
                                             .boolean = value->kind == JSON_TRUE};
        break;
    case JSON_NULL:
    case JSON_DECIMAL:
    case JSON_ARRAY:
    case JSON_OBJECT:
        member.is_other = true;
        break;
    }
    return member;
}

static enum ambit_err add_member(struct reader *reader, struct ambit_str name,
                                 const struct json_value *value)
{
    struct evaluation *to = reader->to;
    if (to->n_members == AMBIT_CONTEXT_MAX)
        return refuse(reader->reterr_what, "context and properties have at most 64 members in all");
    to->members[to->n_members++] = member_of(name, value);

    struct json_value *copy = arena_alloc(reader->arena, sizeof *copy);
    if (!copy)
        return AMBIT_ERR_NO_MEMORY;
    *copy = *value;
    copy->key = name;
    copy->next = NULL;
    if (reader->last)
        reader->last->next = copy;
    else {
        struct json_value *object = arena_alloc(reader->arena, sizeof *object);
        if (!object)
            return AMBIT_ERR_NO_MEMORY;
        *object = (struct json_value){.kind = JSON_OBJECT, .first = copy};
        to->context = object;
    }
    reader->last = copy;
    ((struct json_value *)to->context)->count++;
    return without_decimals(reader->arena, copy);
}

/* ---- properties and context ---- */

/* What AZN-15 takes for the proof of a bound key is no property. */
static bool is_proof(const char *prefix, struct ambit_str name)
{
    return streq(prefix, "subject.") &&
           (ambit_str_is(name, "dpop") || ambit_str_is(name, "x5t#S256"));
}

/* What has not the form of a proof is none. */
static void read_proof(struct evaluation *to, const struct json_value *value)
{
    uint8_t bytes[sizeof to->certificate.b + 3];
    size_t len = 0;
    if (ambit_str_is(value->key, "dpop")) {
        struct proof_told told = {.proof = json_get_str(value, "proof"),
                                  .method = json_get_str(value, "method"),
                                  .uri = json_get_str(value, "uri")};
        if (told.proof.p && told.method.p && told.uri.p)
            to->dpop = told;
    } else if (value->kind == JSON_STRING && value->text.len == THUMBPRINT_LEN &&
               base64url_decode(value->text, bytes, sizeof bytes, &len) == AMBIT_OK &&
               len == sizeof to->certificate.b) {
        to->has_certificate = true;
        memcpy(to->certificate.b, bytes, len);
    }
}

static enum ambit_err read_properties(struct reader *reader, const struct json_value *of,
                                      const char *prefix)
{
    const struct json_value *properties = json_get(of, "properties");
    if (!properties)
        return AMBIT_OK;
    if (properties->kind != JSON_OBJECT)
        return refuse(reader->reterr_what, "properties is an object");
    size_t prefix_len = strlen(prefix);
    for (const struct json_value *p = properties->first; p; p = p->next) {
        if (is_proof(prefix, p->key)) {
            read_proof(reader->to, p);
            continue;
        }
        char *name = arena_alloc(reader->arena, prefix_len + p->key.len + 1);
        if (!name)
            return AMBIT_ERR_NO_MEMORY;
        memcpy(name, prefix, prefix_len);
        memcpy(name + prefix_len, p->key.p, p->key.len);
        enum ambit_err err =
            add_member(reader, (struct ambit_str){.p = name, .len = prefix_len + p->key.len}, p);
        if (err)
            return err;
    }
    return AMBIT_OK;
}

static bool begins_with(struct ambit_str text, const char *prefix)
{
    size_t n = strlen(prefix);
    return text.len >= n && memcmp(text.p, prefix, n) == 0;
}

static bool is_text(const struct json_value *value, size_t max)
{
    return value->kind == JSON_STRING && value->text.len > 0 && value->text.len <= max &&
           !text_has_control(value->text);
}

static enum ambit_err read_source(struct reader *reader, const struct json_value *value)
{
    struct addr addr = {0};
    if (value->kind != JSON_STRING || addr_decode(value->text, &addr) != AMBIT_OK)
        return refuse(reader->reterr_what, "context.source is an IP address");
    reader->to->source_text = value->text;
    reader->to->source.family = addr.family;
    memcpy(reader->to->source.b, addr.b, sizeof addr.b);
    return AMBIT_OK;
}

static enum ambit_err read_context_member(struct reader *reader, const struct json_value *member)
{
    struct evaluation *to = reader->to;
    if (ambit_str_is(member->key, "source"))
        return read_source(reader, member);
    if (ambit_str_is(member->key, "arguments_digest")) {
        if (!is_text(member, ARGUMENTS_DIGEST_MAX))
            return refuse(reader->reterr_what,
                          "context.arguments_digest is a text of 1 to 256 bytes");
        to->arguments_digest = member->text;
        return AMBIT_OK;
    }
    if (ambit_str_is(member->key, "stated_reason")) {
        if (!is_text(member, AMBIT_TEXT_MAX))
            return refuse(reader->reterr_what,
                          "context.stated_reason is a text of 1 to 1024 bytes");
        to->stated_reason = member->text;
        return AMBIT_OK;
    }
    if (begins_with(member->key, "subject.") || begins_with(member->key, "resource.") ||
        begins_with(member->key, "action.")) /* AZN-16 */
        return refuse(reader->reterr_what,
                      "no member of context begins with subject., resource. or action.");
    return add_member(reader, member->key, member);
}

static enum ambit_err read_context(struct reader *reader, const struct json_value *context)
{
    if (!context)
        return AMBIT_OK;
    if (context->kind != JSON_OBJECT)
        return refuse(reader->reterr_what, "context is an object");
    for (const struct json_value *member = context->first; member; member = member->next) {
        enum ambit_err err = read_context_member(reader, member);
        if (err)
            return err;
    }
    return AMBIT_OK;
}

/* ---- the whole ---- */

struct ambit_str evaluation_resource(struct arena *arena, struct ambit_str type,
                                     struct ambit_str id)
{
    char *text = arena_alloc(arena, type.len + id.len + 1);
    if (!text)
        return (struct ambit_str){0};
    memcpy(text, type.p, type.len);
    text[type.len] = ':';
    memcpy(text + type.len + 1, id.p, id.len);
    return (struct ambit_str){.p = text, .len = type.len + 1 + id.len};
}

static enum ambit_err read_subject(struct reader *reader, const struct json_value *subject,
                                   bool is_sought)
{
    struct evaluation *to = reader->to;
    to->subject_type = json_get_str(subject, "type");
    to->subject_id = is_sought ? (struct ambit_str){0} : json_get_str(subject, "id");
    if (!to->subject_type.p || (!is_sought && !to->subject_id.p))
        return refuse(reader->reterr_what, is_sought
                                               ? "subject is an object with the text type"
                                               : "subject is an object with the texts type and id");
    return AMBIT_OK;
}

static enum ambit_err read_resource(struct reader *reader, const struct json_value *resource,
                                    bool is_sought)
{
    struct evaluation *to = reader->to;
    struct ambit_str id = json_get_str(resource, "id");
    to->resource_type = json_get_str(resource, "type");
    if (!to->resource_type.p || (!is_sought && !id.p))
        return refuse(reader->reterr_what,
                      is_sought ? "resource is an object with the text type"
                                : "resource is an object with the texts type and id");
    if (is_sought)
        return AMBIT_OK;
    to->resource = evaluation_resource(reader->arena, to->resource_type, id);
    return to->resource.p ? AMBIT_OK : AMBIT_ERR_NO_MEMORY;
}

static enum ambit_err read_names(struct reader *reader, const struct evaluation_members *from,
                                 enum evaluation_sought sought)
{
    enum ambit_err err = read_subject(reader, from->subject, sought == SOUGHT_SUBJECT);
    if (err)
        return err;
    reader->to->action =
        sought == SOUGHT_ACTION ? (struct ambit_str){0} : json_get_str(from->action, "name");
    if (!reader->to->action.p && sought != SOUGHT_ACTION)
        return refuse(reader->reterr_what, "action is an object with the text name");
    return read_resource(reader, from->resource, sought == SOUGHT_RESOURCE);
}

static size_t count_of(const struct json_value *object)
{
    return object && object->kind == JSON_OBJECT ? object->count : 0;
}

/* As many as there can be, so that a batch of small questions stays small. */
static size_t members_of(const struct evaluation_members *from)
{
    size_t n = count_of(from->context) + count_of(json_get(from->subject, "properties")) +
               count_of(json_get(from->resource, "properties")) +
               count_of(json_get(from->action, "properties"));
    return n < AMBIT_CONTEXT_MAX ? n : AMBIT_CONTEXT_MAX;
}

enum ambit_err evaluation_read_members(const struct evaluation_members *from,
                                       enum evaluation_sought sought, struct arena *arena,
                                       struct evaluation *ret, const char **reterr_what)
{
    *ret = (struct evaluation){0};
    struct reader reader = {.arena = arena, .to = ret, .reterr_what = reterr_what};
    enum ambit_err err = read_names(&reader, from, sought);
    if (err)
        return err;
    size_t n = members_of(from);
    if (n > 0)
        ret->members = arena_array(arena, n, sizeof *ret->members);
    if (n > 0 && !ret->members)
        return AMBIT_ERR_NO_MEMORY;

    err = read_context(&reader, from->context);
    if (!err)
        err = read_properties(&reader, from->subject, "subject.");
    if (!err)
        err = read_properties(&reader, from->resource, "resource.");
    if (!err)
        err = read_properties(&reader, from->action, "action.");
    return err;
}

struct evaluation_members evaluation_members_of(const struct json_value *object)
{
    return (struct evaluation_members){
        .subject = json_get(object, "subject"),
        .action = json_get(object, "action"),
        .resource = json_get(object, "resource"),
        .context = json_get(object, "context"),
    };
}

enum ambit_err evaluation_read_object(struct ambit_str body, struct arena *arena,
                                      const struct json_value **ret, const char **reterr_what)
{
    struct json_problem problem = {0};
    enum ambit_err err =
        json_read(body, (struct json_limits){.allow_decimals = true}, arena, ret, &problem);
    if (err == AMBIT_ERR_MALFORMED || err == AMBIT_ERR_TOO_LARGE ||
        (!err && (*ret)->kind != JSON_OBJECT))
        return refuse(reterr_what, "the body is one JSON object without duplicate members");
    return err;
}

enum ambit_err evaluation_read(struct ambit_str body, struct arena *arena, struct evaluation *ret,
                               const char **reterr_what)
{
    const struct json_value *root = NULL;
    enum ambit_err err = evaluation_read_object(body, arena, &root, reterr_what);
    if (err)
        return err;
    struct evaluation_members members = evaluation_members_of(root);
    return evaluation_read_members(&members, SOUGHT_NOTHING, arena, ret, reterr_what);
}
