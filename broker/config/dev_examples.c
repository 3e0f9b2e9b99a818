/* SPDX-License-Identifier: Apache-2.0 */
/* The example people, agents, service and policies of the development state. */
#include "config/dev_examples.h"

#define TEXT(literal)                              \
    {                                              \
        .p = (literal), .len = sizeof(literal) - 1 \
    }

const struct make_person dev_people[] = {
    {.person = TEXT("dana"),
     .name = TEXT("Dana Reyes"),
     .email = TEXT("dana.reyes@example.gov"),
     .team = TEXT("payments"),
     .roles = AMBIT_ROLE_OWNER | AMBIT_ROLE_AUDITOR},
    {.person = TEXT("sam"),
     .name = TEXT("Sam Okafor"),
     .email = TEXT("sam.okafor@example.gov"),
     .team = TEXT("payments"),
     .roles = AMBIT_ROLE_OWNER},
    {.person = TEXT("lee"),
     .name = TEXT("Lee Novak"),
     .email = TEXT("lee.novak@example.gov"),
     .team = TEXT("operations"),
     .roles = AMBIT_ROLE_ONCALL | AMBIT_ROLE_APPROVER | AMBIT_ROLE_ADMIN},
    {.person = TEXT("kim"),
     .name = TEXT("Kim Haddad"),
     .email = TEXT("kim.haddad@example.gov"),
     .team = TEXT("operations"),
     .roles = AMBIT_ROLE_ONCALL},
};
const size_t dev_n_people = AMBIT_LEN(dev_people);

static const struct ambit_str remediator_policies[] = {TEXT("restart-services"),
                                                       TEXT("read-tickets")};
static const struct ambit_str reporter_policies[] = {TEXT("read-tickets")};

const struct make_agent dev_agents[] = {
    {.agent = TEXT("remediator"),
     .description = TEXT("Restarts unhealthy services and reads the ticket"),
     .owner = TEXT("dana"),
     .backup = TEXT("sam"),
     .policies = {.v = remediator_policies, .n = AMBIT_LEN(remediator_policies)}},
    {.agent = TEXT("reporter"),
     .description = TEXT("Reads tickets and writes the weekly report"),
     .owner = TEXT("dana"),
     .backup = TEXT("sam"),
     .policies = {.v = reporter_policies, .n = AMBIT_LEN(reporter_policies)}},
};
const size_t dev_n_agents = AMBIT_LEN(dev_agents);

static const struct ambit_str service_audiences[] = {TEXT("https://payments.example.gov")};
static const struct ambit_str service_resources[] = {TEXT("svc:**"), TEXT("ticket:**"),
                                                     TEXT("db:prod/**"), TEXT("secret:**")};

const struct make_service dev_service = {
    .service = TEXT("payments-api"),
    .owner = TEXT("dana"),
    .tier = TEXT("medium"),
    .audiences = {.v = service_audiences, .n = AMBIT_LEN(service_audiences)},
    .resources = {.v = service_resources, .n = AMBIT_LEN(service_resources)},
};

const struct dev_policy dev_policies[] = {
    {"restart-services",
     "{\"policy\": \"restart-services\", \"description\": \"Restart staging services freely\","
     " \"owner\": \"dana\", \"tier\": \"medium\", \"audiences\": "
     "[\"https://payments.example.gov\"],"
     " \"review\": {\"authored_by\": \"dana\", \"accepted_by\": \"dana\", \"reviewed_by\": "
     "[\"lee\"]},"
     " \"allow\": [{\"id\": \"staging\", \"actions\": [\"service.read\", \"service.restart\"],"
     "   \"resources\": [\"svc:staging/**\"], \"ttl\": {\"default\": \"5m\", \"max\": \"15m\"},"
     "   \"limits\": [{\"count\": 20, \"within\": \"10m\"}]}],"
     " \"never\": [{\"id\": \"customer-data\", \"actions\": [\"**\"],"
     "   \"resources\": [\"db:prod/customers/**\"]}],"
     " \"hard_stops\": ["
     "  {\"id\": \"probing\", \"on\": \"denied\", \"count\": 3, \"within\": \"1m\", \"by\": "
     "\"grant\","
     "   \"then\": \"revoke_grant\"},"
     "  {\"id\": \"tripwire\", \"on\": \"attempted\", \"resources\": [\"secret:canary/**\"],"
     "   \"then\": \"suspend_agent\"}]}"},
    {"read-tickets",
     "{\"policy\": \"read-tickets\", \"description\": \"Read any ticket\","
     " \"owner\": \"dana\", \"tier\": \"medium\", \"audiences\": "
     "[\"https://payments.example.gov\"],"
     " \"review\": {\"authored_by\": \"dana\", \"accepted_by\": \"dana\", \"reviewed_by\": "
     "[\"lee\"]},"
     " \"allow\": [{\"id\": \"tickets\", \"actions\": [\"ticket.read\"], \"resources\": "
     "[\"ticket:**\"],"
     "   \"ttl\": {\"default\": \"5m\", \"max\": \"15m\"}}],"
     " \"hard_stops\": ["
     "  {\"id\": \"probing\", \"on\": \"denied\", \"resources\": [\"ticket:**\"], \"count\": 3,"
     "   \"within\": \"1m\", \"by\": \"grant\", \"then\": \"revoke_grant\"}]}"},
};
const size_t dev_n_policies = AMBIT_LEN(dev_policies);

const struct dev_secret dev_secrets[] = {
    {.name = "dana", .suffix = ".token", .folder = "people", .is_person = true, .has_curl = true},
    {.name = "sam", .suffix = ".token", .folder = "people", .is_person = true, .has_curl = false},
    {.name = "lee", .suffix = ".token", .folder = "people", .is_person = true, .has_curl = true},
    {.name = "payments-api",
     .suffix = ".secret",
     .folder = "services",
     .is_person = false,
     .has_curl = true},
    {.name = "remediator",
     .suffix = ".secret",
     .folder = "agents",
     .is_person = false,
     .has_curl = true},
};
const size_t dev_n_secrets = AMBIT_LEN(dev_secrets);

const struct dev_secret *dev_secret_find(struct ambit_str name)
{
    for (size_t i = 0; i < AMBIT_LEN(dev_secrets); i++) {
        if (ambit_str_is(name, dev_secrets[i].name))
            return &dev_secrets[i];
    }
    return NULL;
}
