/* SPDX-License-Identifier: Apache-2.0 */
/* The table of a person, and what other tables take from it. */
#include "policy/shape.h"
#include "policy/read.h"

#define AT(member) offsetof(struct ambit_person, member)

static const char *const roles[] = {"owner", "oncall", "approver", "auditor", "admin"};
static const struct words words_role = WORDS(roles);

static const enum ambit_method methods[] = {AMBIT_METHOD_TOKEN, AMBIT_METHOD_MTLS,
                                            AMBIT_METHOD_OIDC};
static const struct methods person_methods = {methods, AMBIT_LEN(methods)};

static const struct field element_signer = {.read = read_text, .with = &shape_ssh_key};
static const struct list_type list_signers = {&element_signer, sizeof(struct ambit_str), 1,
                                              AMBIT_LIST_MAX};

static const struct field fields[] = {
    {"person", FIELD_REQUIRED, read_text, AT(doc.name), .with = &shape_name},
    {"name", FIELD_REQUIRED, read_text, AT(name), .with = &shape_free_text},
    {"email", FIELD_REQUIRED, read_text, AT(email), .with = &shape_email},
    {"team", FIELD_REQUIRED, read_text, AT(team), .with = &shape_name},
    {"active", FIELD_REQUIRED, read_boolean, AT(is_active)},
    {"roles", FIELD_REQUIRED, read_word_bits, AT(roles), .with = &words_role},
    {"authenticate", FIELD_OPTIONAL, read_credentials, AT(credentials), .with = &person_methods},
    {"ssh_signers", FIELD_OPTIONAL, read_list, AT(ssh_signers), .with = &list_signers},
};

const struct object_type person_type = OBJECT_TYPE(fields, NULL);
