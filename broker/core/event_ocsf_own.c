/* SPDX-License-Identifier: Apache-2.0 */
/* What the classes of OCSF have of their own: actors, sources, resources, findings, entities. */
#include "core/event_ocsf.h"

#include "base/json_write.h"

void ocsf_member_int(struct json_out *out, const char *key, int64_t value)
{
    json_key(out, key);
    json_i64(out, value);
}

/* ---- objects -------------------------------------------------------------------------------- */

/* Agents and services are of type 4 (Service), people of type 1 (User). */
static void write_user(struct json_out *out, const char *key, struct ambit_str name, bool is_person)
{
    json_key(out, key);
    json_begin_object(out);
    json_key(out, "name");
    json_str(out, name.p ? name : AMBIT_STR("unknown"));
    json_member_str(out, "uid", name);
    json_member_text(out, "type", is_person ? "User" : "Service");
    ocsf_member_int(out, "type_id", is_person ? 1 : 4);
    json_end_object(out);
}

void ocsf_write_actor(struct json_out *out, const struct event *event)
{
    json_key(out, "actor");
    json_begin_object(out);
    if (event->person.p != NULL)
        write_user(out, "user", event->person, true);
    else if (event->agent.p != NULL)
        write_user(out, "user", event->agent, false);
    else if (event->service.p != NULL)
        write_user(out, "user", event->service, false);
    else
        json_member_text(out, "app_name", "ambit");
    json_end_object(out);
}

void ocsf_write_source(struct json_out *out, const struct event *event)
{
    json_key(out, "src_endpoint");
    json_begin_object(out);
    if (event->source.p != NULL)
        json_member_str(out, "ip", event->source);
    else
        json_member_text(out, "name", "unknown");
    json_end_object(out);
}

static void write_policy(struct json_out *out, const struct event *event)
{
    static const struct ambit_digest none = {{0}};
    if (event->policy.p == NULL)
        return;
    json_key(out, "policy");
    json_begin_object(out);
    json_member_str(out, "name", event->policy);
    json_member_str(out, "uid", event->policy);
    if (!ambit_digest_eq(event->digest, none)) {
        json_key(out, "version");
        json_digest(out, event->digest);
    }
    json_end_object(out);
}

/* The profile security_control. */
void ocsf_write_control(struct json_out *out, const struct event *event)
{
    bool allows = event->decision == AMBIT_ALLOW;
    ocsf_member_int(out, "action_id", allows ? 1 : 2);
    json_member_text(out, "action", allows ? "Allowed" : "Denied");
    ocsf_member_int(out, "disposition_id", allows ? 1 : 2);
    json_member_text(out, "disposition", allows ? "Allowed" : "Blocked");
    json_key(out, "is_alert");
    json_bool(out, event_is_alert(event));
    write_policy(out, event);
}

static void write_resources(struct json_out *out, const struct event *event)
{
    const char *colon =
        event->resource.p ? memchr(event->resource.p, ':', event->resource.len) : NULL;
    if (event->resource.p == NULL)
        return;
    json_key(out, "resources");
    json_begin_array(out);
    json_begin_object(out);
    json_member_str(out, "name", event->resource);
    if (colon)
        json_member_str(out, "type",
                        (struct ambit_str){event->resource.p, (size_t)(colon - event->resource.p)});
    ocsf_member_int(out, "role_id", 1); /* target */
    json_end_object(out);
    json_end_array(out);
}

static void write_finding(struct json_out *out, const struct event *event)
{
    struct ambit_str on = event->target.p ? event->target : event->signal;
    json_begin_object(out);
    json_key(out, "uid");
    if (!ambit_id_is_none(event->stop))
        json_id(out, event->stop);
    else if (!ambit_id_is_none(event->incident))
        json_id(out, event->incident);
    else
        event_write_uid(out, event);
    json_key(out, "title");
    json_str(out, on.p ? on : ambit_str_of(event_type_text(event->type)));
    json_member_str(out, "desc", event->words);
    json_key(out, "types");
    json_begin_array(out);
    json_text(out, event_type_text(event->type));
    json_end_array(out);
    json_end_object(out);
}

/* ---- what each class has of its own --------------------------------------------------------- */

static void write_authorize(struct json_out *out, const struct event *event)
{
    write_user(out, "user", event->agent, false);
    json_key(out, "privileges");
    event_write_privileges(out, event);
    if (ambit_id_is_none(event->grant))
        return;
    json_key(out, "session");
    json_begin_object(out);
    json_member_id(out, "uid", event->grant);
    if (event->expires_ms != 0)
        ocsf_member_int(out, "expiration_time", event->expires_ms);
    json_end_object(out);
}

static void write_api(struct json_out *out, const struct event *event)
{
    json_key(out, "api");
    json_begin_object(out);
    json_key(out, "operation");
    json_str(out, event->action.p ? event->action : ambit_str_of(event_type_text(event->type)));
    if (event->service.p != NULL) {
        json_key(out, "service");
        json_begin_object(out);
        json_member_str(out, "name", event->service);
        json_end_object(out);
    }
    json_end_object(out);
    write_resources(out, event);
    if (event->txn.p == NULL)
        return;
    json_key(out, "trace");
    json_begin_object(out);
    json_member_str(out, "uid", event->txn);
    json_end_object(out);
}

/* Whose authority it is: the agent's; of a person who leaves, theirs ("owner:x"). */
static void write_subject(struct json_out *out, const struct event *event)
{
    const char *colon = event->target.p ? memchr(event->target.p, ':', event->target.len) : NULL;
    struct ambit_str name = event->agent;
    bool is_person = event->type == EVENT_PERSON_OFFBOARDED;
    if (is_person && colon)
        name = (struct ambit_str){colon + 1,
                                  event->target.len - (size_t)(colon + 1 - event->target.p)};
    write_user(out, "user", name, is_person);
    if (event->n_items + event->n_asked > 0) {
        json_key(out, "privileges");
        event_write_privileges(out, event);
    }
}

static void write_entity(struct json_out *out, const struct event *event)
{
    static const struct ambit_digest none = {{0}};
    static const char policy[] = "policy:";
    bool is_policy = event->target.len > sizeof policy - 1 &&
                     memcmp(event->target.p, policy, sizeof policy - 1) == 0;
    struct ambit_digest version =
        ambit_digest_eq(event->digest, none) ? event->documents : event->digest;
    json_key(out, "entity");
    json_begin_object(out);
    json_key(out, "name");
    json_str(out, event->target.p ? event->target : ambit_str_of(event_type_text(event->type)));
    ocsf_member_int(out, "type_id", is_policy ? 5 : 99);
    json_member_text(out, "type", is_policy ? "Policy" : "Other");
    if (!ambit_digest_eq(version, none)) {
        json_key(out, "version");
        json_digest(out, version);
    }
    json_end_object(out);
    json_member_str(out, "comment", event->words);
}

static void write_named(struct json_out *out, const char *key, const char *name)
{
    json_key(out, key);
    json_begin_object(out);
    json_member_text(out, "name", name);
    json_end_object(out);
}

static void write_incident(struct json_out *out, const struct event *event)
{
    struct ambit_str whom = event->to.p ? event->to : event->owner.p ? event->owner : event->person;
    json_key(out, "finding_info_list");
    json_begin_array(out);
    write_finding(out, event);
    json_end_array(out);
    write_user(out, "assignee", whom, true);
}

void ocsf_write_own(struct json_out *out, enum ocsf_class class, const struct event *event)
{
    switch (class) {
    case OCSF_DETECTION:
        json_key(out, "finding_info");
        write_finding(out, event);
        json_key(out, "is_alert");
        json_bool(out, event_is_alert(event));
        write_resources(out, event);
        break;
    case OCSF_INCIDENT:
        write_incident(out, event);
        break;
    case OCSF_AUTHENTICATION:
        write_user(out, "user", event->agent, false);
        write_named(out, "service", "ambit");
        break;
    case OCSF_AUTHORIZE:
        write_authorize(out, event);
        break;
    case OCSF_ENTITY:
        write_entity(out, event);
        break;
    case OCSF_USER:
        write_subject(out, event);
        break;
    case OCSF_LIFECYCLE:
        write_named(out, "app", "ambit");
        break;
    case OCSF_API:
        write_api(out, event);
        break;
    }
}
