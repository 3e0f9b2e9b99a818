/* SPDX-License-Identifier: Apache-2.0 */
/* A set of documents that has been read: looking things up in it, and giving it back. */
#include "ambit/document.h"

#include "policy/document_memory.h"

static const char *const kinds[] = {
    [AMBIT_KIND_PERSON] = "person",
    [AMBIT_KIND_AGENT] = "agent",
    [AMBIT_KIND_SERVICE] = "service",
    [AMBIT_KIND_POLICY] = "policy",
};
static const char *const folders[] = {
    [AMBIT_KIND_PERSON] = "people",
    [AMBIT_KIND_AGENT] = "agents",
    [AMBIT_KIND_SERVICE] = "services",
    [AMBIT_KIND_POLICY] = "policies",
};
static const char *const methods[] = {
    [AMBIT_METHOD_TOKEN] = "token",
    [AMBIT_METHOD_MTLS] = "mtls",
    [AMBIT_METHOD_OIDC] = "oidc",
    [AMBIT_METHOD_PRIVATE_KEY_JWT] = "private_key_jwt",
    [AMBIT_METHOD_SELF_SIGNED_TLS] = "self_signed_tls_client_auth",
    [AMBIT_METHOD_TLS] = "tls_client_auth",
    [AMBIT_METHOD_FEDERATED_JWT] = "federated_jwt",
    [AMBIT_METHOD_UNIX_PEER] = "unix_peer",
    [AMBIT_METHOD_CLIENT_SECRET_BASIC] = "client_secret_basic",
};

const char *ambit_kind_text(enum ambit_kind kind)
{
    AMBIT_ASSERT((size_t)kind < AMBIT_LEN(kinds));
    return kinds[kind];
}

const char *ambit_kind_folder(enum ambit_kind kind)
{
    AMBIT_ASSERT((size_t)kind < AMBIT_LEN(folders));
    return folders[kind];
}

const char *ambit_method_text(enum ambit_method method)
{
    AMBIT_ASSERT((size_t)method < AMBIT_LEN(methods));
    return methods[method];
}

void ambit_documents_free(struct ambit_documents *documents)
{
    if (!documents)
        return;
    struct ambit_documents_memory *memory = documents->memory;
    arena_done(&memory->arena); /* `documents` itself lies in it */
    free(memory);
}

/* Every document struct begins with its `struct ambit_document`, so one search serves the four. */
static const void *find(const void *list, size_t n, size_t each, struct ambit_str name)
{
    size_t low = 0;
    size_t high = n;
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        const void *at = (const char *)list + mid * each;
        int order = ambit_str_cmp(name, ((const struct ambit_document *)at)->name);
        if (order == 0)
            return at;
        if (order < 0)
            high = mid;
        else
            low = mid + 1;
    }
    return NULL;
}

const struct ambit_person *ambit_person_find(const struct ambit_documents *documents,
                                             struct ambit_str name)
{
    return find(documents->people, documents->n_people, sizeof *documents->people, name);
}

const struct ambit_agent *ambit_agent_find(const struct ambit_documents *documents,
                                           struct ambit_str name)
{
    return find(documents->agents, documents->n_agents, sizeof *documents->agents, name);
}

const struct ambit_service *ambit_service_find(const struct ambit_documents *documents,
                                               struct ambit_str name)
{
    return find(documents->services, documents->n_services, sizeof *documents->services, name);
}

const struct ambit_policy *ambit_policy_find(const struct ambit_documents *documents,
                                             struct ambit_str name)
{
    return find(documents->policies, documents->n_policies, sizeof *documents->policies, name);
}

const struct ambit_service *ambit_service_of_audience(const struct ambit_documents *documents,
                                                      struct ambit_str audience)
{
    for (size_t i = 0; i < documents->n_services; i++) {
        const struct ambit_service *service = &documents->services[i];
        for (size_t j = 0; j < service->audiences.n; j++) {
            if (ambit_str_eq(service->audiences.v[j], audience))
                return service;
        }
    }
    return NULL;
}

const struct ambit_zone *ambit_zone_find(const struct ambit_documents *documents,
                                         struct ambit_str name)
{
    for (size_t i = 0; i < documents->n_zones; i++) {
        if (ambit_str_eq(documents->zones[i].name, name))
            return &documents->zones[i];
    }
    return NULL;
}
