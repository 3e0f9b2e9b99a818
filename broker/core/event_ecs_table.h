/* SPDX-License-Identifier: Apache-2.0 */
/* What each type of event is in ECS 8: categories, types, severity, outcome. `iam` for grants,
 * `api` for decisions, `configuration` for policies are LOG-2's; the others, and which of ECS's
 * types go with them, are our choice among the values that ECS allows. A grant is of both `iam` and
 * `api`, since ECS expects `allowed` and `denied` of the latter alone. */
#pragma once

/* clang-format off */
#define ECS_GRANT_ISSUED {{"iam", "api"}, {"creation", "allowed"}, SEVERITY_INFO, STATUS_YES}
#define ECS_GRANT_REFUSED {{"iam", "api"}, {"creation", "denied"}, SEVERITY_LOW, STATUS_NO}
#define ECS_GRANT_REVOKED {{"iam"}, {"deletion"}, SEVERITY_MEDIUM, STATUS_YES}
#define ECS_ACTION_ALLOWED {{"api"}, {"access", "allowed"}, SEVERITY_INFO, STATUS_YES}
#define ECS_ACTION_DENIED {{"api"}, {"access", "denied"}, SEVERITY_LOW, STATUS_NO}
#define ECS_STOP_RAISED {{"iam"}, {"admin", "change"}, SEVERITY_HIGH, STATUS_YES}
#define ECS_STOP_CLEARED {{"iam"}, {"admin", "change"}, SEVERITY_MEDIUM, STATUS_YES}
#define ECS_INCIDENT_OPENED {{"intrusion_detection"}, {"info"}, SEVERITY_HIGH, STATUS_NONE}
#define ECS_DOCUMENTS_ACTIVATED {{"configuration"}, {"change"}, SEVERITY_INFO, STATUS_YES}
#define ECS_DOCUMENTS_REJECTED {{"configuration"}, {"change"}, SEVERITY_LOW, STATUS_NO}
#define ECS_PERSON_READ {{"api"}, {"access"}, SEVERITY_INFO, STATUS_YES}
#define ECS_IDENTITY_REFUSED {{"authentication"}, {"start"}, SEVERITY_LOW, STATUS_NO}
#define ECS_CALLER_LIMITED {{"api"}, {"denied"}, SEVERITY_LOW, STATUS_NO}
#define ECS_KEY_CREATED {{"configuration"}, {"creation"}, SEVERITY_INFO, STATUS_YES}
#define ECS_TIME_DISTRUSTED {{"process"}, {"change"}, SEVERITY_HIGH, STATUS_NONE}
#define ECS_TIME_ACKNOWLEDGED {{"process"}, {"change"}, SEVERITY_MEDIUM, STATUS_YES}
#define ECS_BROKER_STARTED {{"process"}, {"start"}, SEVERITY_INFO, STATUS_YES}
#define ECS_BROKER_STOPPED {{"process"}, {"end"}, SEVERITY_INFO, STATUS_YES}
#define ECS_BROKER_SEALED {{"process"}, {"change"}, SEVERITY_CRITICAL, STATUS_NONE}
#define ECS_REFUSALS_FOLDED {{"api"}, {"denied"}, SEVERITY_LOW, STATUS_NO}
#define ECS_STOP_CLEAR_ASKED {{"iam"}, {"admin", "info"}, SEVERITY_MEDIUM, STATUS_NONE}
#define ECS_DOCUMENTS_CONFIRMED {{"configuration"}, {"change"}, SEVERITY_INFO, STATUS_YES}
#define ECS_DOCUMENTS_SUPERSEDED {{"configuration"}, {"change"}, SEVERITY_INFO, STATUS_YES}
#define ECS_PERSON_OFFBOARDED {{"iam"}, {"user", "deletion"}, SEVERITY_MEDIUM, STATUS_YES}
#define ECS_ACTION_OUTCOME {{"api"}, {"info"}, SEVERITY_INFO, STATUS_NONE}
#define ECS_ACTION_UNACCOUNTED {{"api"}, {"info"}, SEVERITY_MEDIUM, STATUS_NONE}
#define ECS_SIGNAL_RECEIVED {{"intrusion_detection"}, {"info"}, SEVERITY_MEDIUM, STATUS_NONE}
#define ECS_INCIDENT_ESCALATED {{"intrusion_detection"}, {"info"}, SEVERITY_HIGH, STATUS_NONE}
#define ECS_INCIDENT_ACKNOWLEDGED {{"intrusion_detection"}, {"info"}, SEVERITY_MEDIUM, STATUS_YES}
#define ECS_INCIDENT_CLOSED {{"intrusion_detection"}, {"info"}, SEVERITY_INFO, STATUS_YES}
#define ECS_HISTORY_EXPIRED {{"process"}, {"info"}, SEVERITY_INFO, STATUS_YES}
#define ECS_BROKER_OUTAGE {{"process"}, {"info"}, SEVERITY_HIGH, STATUS_NONE}
#define ECS_QUESTION_ANSWERED {{"api"}, {"access"}, SEVERITY_INFO, STATUS_YES}
#define ECS_APPROVAL_ASKED {{"iam"}, {"admin", "info"}, SEVERITY_LOW, STATUS_NONE}
#define ECS_APPROVAL_GIVEN {{"iam"}, {"admin", "change"}, SEVERITY_LOW, STATUS_YES}
#define ECS_APPROVAL_REFUSED {{"iam"}, {"admin", "change"}, SEVERITY_LOW, STATUS_NO}
#define ECS_APPROVAL_LAPSED {{"iam"}, {"admin", "info"}, SEVERITY_INFO, STATUS_NO}
#define ECS_APPROVAL_USED {{"iam"}, {"admin", "info"}, SEVERITY_INFO, STATUS_YES}
#define ECS_KEY_ACTIVATED {{"configuration"}, {"change"}, SEVERITY_LOW, STATUS_YES}
#define ECS_KEY_RETIRED {{"configuration"}, {"deletion"}, SEVERITY_LOW, STATUS_YES}
#define ECS_APPROVAL_AWAITED {{"iam"}, {"admin", "info"}, SEVERITY_INFO, STATUS_NONE}
#define ECS_APPROVAL_CANCELLED {{"iam"}, {"admin", "info"}, SEVERITY_INFO, STATUS_NONE}
#define ECS_PERSONAL_ERASED {{"configuration"}, {"deletion"}, SEVERITY_MEDIUM, STATUS_YES}
#define ECS_RECORD_BACKED_UP {{"process"}, {"info"}, SEVERITY_INFO, STATUS_YES}
#define ECS_RECORD_PRUNED {{"configuration"}, {"deletion"}, SEVERITY_MEDIUM, STATUS_YES}
#define ECS_RECORD_RESTORED {{"process"}, {"change"}, SEVERITY_HIGH, STATUS_YES}
#define ECS_LOG_STARTED {{"process"}, {"start"}, SEVERITY_INFO, STATUS_YES}
#define ECS_LOG_CONTINUED {{"process"}, {"change"}, SEVERITY_CRITICAL, STATUS_YES}
/* clang-format on */
