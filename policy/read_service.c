/* SPDX-License-Identifier: Apache-2.0 */
/* The table of a service. */
#include "policy/shape.h"
#include "policy/name.h"
#include "policy/read.h"

#define AT(member) offsetof(struct ambit_service, member)

enum { MAX_STALE_DEFAULT_S = 5, MAX_STALE_MAX_S = 60 };

static const enum ambit_method methods[] = {AMBIT_METHOD_PRIVATE_KEY_JWT,
                                            AMBIT_METHOD_SELF_SIGNED_TLS, AMBIT_METHOD_TLS,
                                            AMBIT_METHOD_CLIENT_SECRET_BASIC};
static const struct methods service_methods = {methods, AMBIT_LEN(methods)};

/* A subject type and the prefix that makes an agent id of a subject's id; it may be empty. */
static void read_subject(struct reading *reading, const struct place *at, const struct field *field,
                         void *target)
{
    static const char expected[] = "a beginning of an agent id, or \"\"";
    struct ambit_claim *subject = target;
    const struct json_value *value = at->value;
    struct place key = *at;
    (void)field;
    key.is_key = true;
    const char *fault = at->key.len == 0 || at->key.len > AMBIT_TEXT_MAX
                            ? "no subject type"
                            : shape_subject_type.fault(at->key);
    if (fault)
        complain_name(reading, &key, fault, shape_subject_type.expected, (struct ambit_str){0});
    else if (value->kind != JSON_STRING)
        complain_found(reading, at, expected);
    else if (value->text.len > 0 && !name_is_agent_prefix(value->text))
        complain_text(reading, at, "no agent id begins so", expected);
    else
        *subject = (struct ambit_claim){
            .name = arena_copy(reading->keep, at->key),
            .value = {.kind = AMBIT_SCALAR_STRING, .text = arena_copy(reading->keep, value->text)},
        };
    reading->is_out_of_memory |= !fault && subject->name.p && !subject->value.text.p;
}

static const struct field element_audience = {.read = read_text, .with = &shape_uri};
const struct list_type list_audiences = {&element_audience, sizeof(struct ambit_str), 1,
                                         AMBIT_LIST_MAX};
static const struct field element_subject = {.read = read_subject};
static const struct list_type list_subjects = {&element_subject, sizeof(struct ambit_claim), 1,
                                               AMBIT_LIST_MAX};

static const struct field fields[] = {
    {"service", FIELD_REQUIRED, read_text, AT(doc.name), .with = &shape_name},
    {"owner", FIELD_REQUIRED, read_text, AT(owner), .with = &shape_name},
    {"tier", FIELD_REQUIRED, read_word, AT(tier), .with = &words_tier},
    {"audiences", FIELD_REQUIRED, read_list, AT(audiences), .with = &list_audiences},
    {"resources", FIELD_REQUIRED, read_list, AT(resources), .with = &list_resource_patterns},
    {"authenticate", FIELD_REQUIRED, read_credentials, AT(credentials), .with = &service_methods},
    {"subjects", FIELD_OPTIONAL, read_map, AT(subjects), .with = &list_subjects},
    {"max_stale", FIELD_OPTIONAL, read_duration, AT(max_stale_s), .min = 1, .max = MAX_STALE_MAX_S},
};

static void check_service(struct reading *reading, const struct place *at, void *target)
{
    struct ambit_service *service = target;
    (void)reading;
    if (!json_get(at->value, "max_stale"))
        service->max_stale_s = MAX_STALE_DEFAULT_S;
}

const struct object_type service_type = OBJECT_TYPE(fields, check_service);
