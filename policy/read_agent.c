/* SPDX-License-Identifier: Apache-2.0 */
/* The table of an agent. */
#include "policy/shape.h"
#include "policy/read.h"

#define AT(member) offsetof(struct ambit_agent, member)

static const enum ambit_method methods[] = {
    AMBIT_METHOD_PRIVATE_KEY_JWT, AMBIT_METHOD_SELF_SIGNED_TLS, AMBIT_METHOD_TLS,
    AMBIT_METHOD_FEDERATED_JWT,   AMBIT_METHOD_UNIX_PEER,       AMBIT_METHOD_CLIENT_SECRET_BASIC};
static const struct methods agent_methods = {methods, AMBIT_LEN(methods)};

static const struct field element_email = {.read = read_text, .with = &shape_email};
static const struct list_type list_emails = {&element_email, sizeof(struct ambit_str), 1,
                                             AMBIT_LIST_MAX};
static const struct field element_policy = {.read = read_text, .with = &shape_name};
/* It may be empty: an agent that may nothing yet. */
static const struct list_type list_policies = {&element_policy, sizeof(struct ambit_str), 0,
                                               AMBIT_POLICIES_MAX};

static const struct field provenance_fields[] = {
    {"tool", FIELD_OPTIONAL, read_text, AT(tool), .with = &shape_free_text},
    {"version", FIELD_OPTIONAL, read_text, AT(version), .with = &shape_free_text},
    {"model", FIELD_OPTIONAL, read_text, AT(model), .with = &shape_free_text},
    {"composition", FIELD_OPTIONAL, read_text, AT(composition), .with = &shape_digest},
};
static const struct object_type type_provenance = OBJECT_TYPE(provenance_fields, NULL);

static const struct field fields[] = {
    {"agent", FIELD_REQUIRED, read_text, AT(doc.name), .with = &shape_agent_name},
    {"description", FIELD_REQUIRED, read_text, AT(description), .with = &shape_free_text},
    {"owner", FIELD_REQUIRED, read_text, AT(owner), .with = &shape_name},
    {"backup", FIELD_REQUIRED, read_text, AT(backup), .with = &shape_name},
    {"escalation", FIELD_OPTIONAL, read_list, AT(escalation), .with = &list_emails},
    {"provenance", FIELD_OPTIONAL, read_object, 0, .with = &type_provenance},
    {"authenticate", FIELD_REQUIRED, read_credentials, AT(credentials), .with = &agent_methods},
    {"policies", FIELD_REQUIRED, read_list, AT(policies), .with = &list_policies},
    {"delegates_to", FIELD_OPTIONAL, read_list, AT(delegates_to), .with = &list_agent_names},
};

static void check_agent(struct reading *reading, const struct place *at, void *target)
{
    const struct ambit_agent *agent = target;
    struct place backup = place_member(at, "backup");
    if (agent->owner.p && ambit_str_eq(agent->owner, agent->backup))
        complain_text(reading, &backup, "the owner, a second time",
                      "another person than the owner");
}

const struct object_type agent_type = OBJECT_TYPE(fields, check_agent);
