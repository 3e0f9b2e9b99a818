/* SPDX-License-Identifier: Apache-2.0 */
/* What the two files of the OCSF export share: the classes, and the objects that stand in them.
 * Required attributes are always written: what the event does not know is told as "unknown". */
#pragma once

#include "core/event_export.h"

enum ocsf_class {
    OCSF_DETECTION = 2004,
    OCSF_INCIDENT = 2005,
    OCSF_AUTHENTICATION = 3002,
    OCSF_AUTHORIZE = 3003,
    OCSF_ENTITY = 3004,
    OCSF_USER = 3007,
    OCSF_LIFECYCLE = 6002,
    OCSF_API = 6003
};

void ocsf_member_int(struct json_out *out, const char *key, int64_t value);
void ocsf_write_actor(struct json_out *out, const struct event *event);
void ocsf_write_source(struct json_out *out, const struct event *event);
/* Of a decision: the profile security_control. */
void ocsf_write_control(struct json_out *out, const struct event *event);
/* What only this class has. */
void ocsf_write_own(struct json_out *out, enum ocsf_class class, const struct event *event);
