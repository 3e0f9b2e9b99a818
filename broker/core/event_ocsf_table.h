/* SPDX-License-Identifier: Apache-2.0 */
/* What each type of event is in OCSF 1.9: class, activity, its name, severity, status. Class 3003
 * activity 1 for grants, 6003 for actions, 3007 activities 14 and 15 where authority is given or
 * taken are LOG-1's; the others are our choice among the classes of the schema:
 *   2004 Detection Finding (activities 1 create, 2 update, 3 close): stops, signals, actions that
 *        nobody accounts for
 *   2005 Incident Finding (1, 2, 3 likewise): incidents
 *   3002 Authentication (1 log-on): callers that proved nothing
 *   3004 Entity Management (1 create, 3 update, 4 delete, 10 activate, 11 deactivate): documents,
 *        keys, personal text
 *   3007 User Management (5 disable, 14 assign, 15 remove privileges): people who leave, approvals
 *   6002 Application Lifecycle (3 start, 4 stop, 6 enable, 7 disable, 8 update): the broker itself
 *   6003 API Activity (2 read): readings of the record
 * 99 is "other", named by activity_name. The enums of the schema's event classes are the source of
 * every number. */
#pragma once

/* clang-format off */
#define OCSF_GRANT_ISSUED {OCSF_AUTHORIZE, 1, "Assign Privileges", SEVERITY_INFO, STATUS_YES}
#define OCSF_GRANT_REFUSED {OCSF_AUTHORIZE, 1, "Assign Privileges", SEVERITY_LOW, STATUS_NO}
#define OCSF_GRANT_REVOKED {OCSF_USER, 15, "Remove Privileges", SEVERITY_MEDIUM, STATUS_YES}
#define OCSF_ACTION_ALLOWED {OCSF_API, 99, "Act", SEVERITY_INFO, STATUS_YES}
#define OCSF_ACTION_DENIED {OCSF_API, 99, "Act", SEVERITY_LOW, STATUS_NO}
#define OCSF_STOP_RAISED {OCSF_DETECTION, 1, "Create", SEVERITY_HIGH, STATUS_NEW}
#define OCSF_STOP_CLEARED {OCSF_DETECTION, 3, "Close", SEVERITY_MEDIUM, STATUS_DONE}
#define OCSF_INCIDENT_OPENED {OCSF_INCIDENT, 1, "Create", SEVERITY_HIGH, STATUS_NEW}
#define OCSF_DOCUMENTS_ACTIVATED {OCSF_ENTITY, 10, "Activate", SEVERITY_INFO, STATUS_YES}
#define OCSF_DOCUMENTS_REJECTED {OCSF_ENTITY, 3, "Update", SEVERITY_LOW, STATUS_NO}
#define OCSF_PERSON_READ {OCSF_API, 2, "Read", SEVERITY_INFO, STATUS_YES}
#define OCSF_IDENTITY_REFUSED {OCSF_AUTHENTICATION, 1, "Logon", SEVERITY_LOW, STATUS_NO}
#define OCSF_CALLER_LIMITED {OCSF_API, 99, "Limit", SEVERITY_LOW, STATUS_NO}
#define OCSF_KEY_CREATED {OCSF_ENTITY, 1, "Create", SEVERITY_INFO, STATUS_YES}
#define OCSF_TIME_DISTRUSTED {OCSF_LIFECYCLE, 7, "Disable", SEVERITY_HIGH, STATUS_YES}
#define OCSF_TIME_ACKNOWLEDGED {OCSF_LIFECYCLE, 6, "Enable", SEVERITY_MEDIUM, STATUS_YES}
#define OCSF_BROKER_STARTED {OCSF_LIFECYCLE, 3, "Start", SEVERITY_INFO, STATUS_YES}
#define OCSF_BROKER_STOPPED {OCSF_LIFECYCLE, 4, "Stop", SEVERITY_INFO, STATUS_YES}
#define OCSF_BROKER_SEALED {OCSF_LIFECYCLE, 7, "Disable", SEVERITY_CRITICAL, STATUS_YES}
#define OCSF_REFUSALS_FOLDED {OCSF_API, 99, "Act", SEVERITY_LOW, STATUS_NO}
#define OCSF_STOP_CLEAR_ASKED {OCSF_DETECTION, 2, "Update", SEVERITY_MEDIUM, STATUS_OPEN}
#define OCSF_DOCUMENTS_CONFIRMED {OCSF_ENTITY, 99, "Confirm", SEVERITY_INFO, STATUS_YES}
#define OCSF_DOCUMENTS_SUPERSEDED {OCSF_ENTITY, 99, "Supersede", SEVERITY_INFO, STATUS_YES}
#define OCSF_PERSON_OFFBOARDED {OCSF_USER, 5, "Disable", SEVERITY_MEDIUM, STATUS_YES}
#define OCSF_ACTION_OUTCOME {OCSF_API, 99, "Report", SEVERITY_INFO, STATUS_NONE}
#define OCSF_ACTION_UNACCOUNTED {OCSF_DETECTION, 1, "Create", SEVERITY_MEDIUM, STATUS_NEW}
#define OCSF_SIGNAL_RECEIVED {OCSF_DETECTION, 1, "Create", SEVERITY_MEDIUM, STATUS_NEW}
#define OCSF_INCIDENT_ESCALATED {OCSF_INCIDENT, 2, "Update", SEVERITY_HIGH, STATUS_NEW}
#define OCSF_INCIDENT_ACKNOWLEDGED {OCSF_INCIDENT, 2, "Update", SEVERITY_MEDIUM, STATUS_OPEN}
#define OCSF_INCIDENT_CLOSED {OCSF_INCIDENT, 3, "Close", SEVERITY_INFO, STATUS_DONE}
#define OCSF_HISTORY_EXPIRED {OCSF_LIFECYCLE, 8, "Update", SEVERITY_INFO, STATUS_YES}
#define OCSF_BROKER_OUTAGE {OCSF_LIFECYCLE, 99, "Outage", SEVERITY_HIGH, STATUS_YES}
#define OCSF_QUESTION_ANSWERED {OCSF_API, 2, "Read", SEVERITY_INFO, STATUS_YES}
#define OCSF_APPROVAL_ASKED {OCSF_USER, 99, "Ask Approval", SEVERITY_LOW, STATUS_YES}
#define OCSF_APPROVAL_GIVEN {OCSF_USER, 14, "Assign Privileges", SEVERITY_LOW, STATUS_YES}
#define OCSF_APPROVAL_REFUSED {OCSF_USER, 99, "Refuse Approval", SEVERITY_LOW, STATUS_YES}
#define OCSF_APPROVAL_LAPSED {OCSF_USER, 15, "Remove Privileges", SEVERITY_INFO, STATUS_YES}
#define OCSF_APPROVAL_USED {OCSF_USER, 99, "Use Approval", SEVERITY_INFO, STATUS_YES}
#define OCSF_KEY_ACTIVATED {OCSF_ENTITY, 10, "Activate", SEVERITY_LOW, STATUS_YES}
#define OCSF_KEY_RETIRED {OCSF_ENTITY, 11, "Deactivate", SEVERITY_LOW, STATUS_YES}
#define OCSF_APPROVAL_AWAITED {OCSF_USER, 99, "Await Approval", SEVERITY_INFO, STATUS_YES}
#define OCSF_APPROVAL_CANCELLED {OCSF_USER, 99, "Cancel Approval", SEVERITY_INFO, STATUS_YES}
#define OCSF_PERSONAL_ERASED {OCSF_ENTITY, 4, "Delete", SEVERITY_MEDIUM, STATUS_YES}
#define OCSF_RECORD_BACKED_UP {OCSF_LIFECYCLE, 99, "Back Up", SEVERITY_INFO, STATUS_YES}
#define OCSF_RECORD_PRUNED {OCSF_LIFECYCLE, 99, "Prune", SEVERITY_MEDIUM, STATUS_YES}
#define OCSF_RECORD_RESTORED {OCSF_LIFECYCLE, 99, "Restore", SEVERITY_HIGH, STATUS_YES}
#define OCSF_LOG_STARTED {OCSF_LIFECYCLE, 99, "Start Log", SEVERITY_INFO, STATUS_YES}
#define OCSF_LOG_CONTINUED {OCSF_LIFECYCLE, 99, "Continue Log", SEVERITY_CRITICAL, STATUS_YES}
/* clang-format on */
