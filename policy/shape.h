/* SPDX-License-Identifier: Apache-2.0 */
/* What the texts of documents must look like, beyond being free text (UTF-8, no control bytes, not
 * empty, at most 1,024 bytes): one row per form. Pure. */
#pragma once

#include "ambit/base.h"

struct shape {
    /* NULL: well formed; else a sentence that says what is wrong. The text is free text already. */
    const char *(*fault)(struct ambit_str text);
    const char *expected;
};

extern const struct shape shape_name; /* person, policy, service, team, rule, stop */
extern const struct shape shape_agent_name;
extern const struct shape shape_free_text;
extern const struct shape shape_email;
extern const struct shape shape_uri;       /* absolute, no fragment (RFC 3986 section 4.3) */
extern const struct shape shape_https_uri; /* fetched by the broker */
extern const struct shape shape_action_pattern;
extern const struct shape shape_resource_pattern;
extern const struct shape shape_rule_resource; /* an allow rule's: `${...}` may stand in it */
extern const struct shape shape_text_pattern;
extern const struct shape shape_cidr;
extern const struct shape shape_digest;   /* "sha256:" and 64 hex digits */
extern const struct shape shape_dns_name; /* RFC 1123, lower or upper case */
extern const struct shape shape_ip;
extern const struct shape shape_ssh_key;      /* one line of an authorized_keys file, no options */
extern const struct shape shape_member;       /* a context member that is not reserved */
extern const struct shape shape_subject_type; /* AuthZEN, not "access_token" */

/* "Europe/Berlin": of a shape that is safe to look up as a file. */
bool shape_is_zone_name(struct ambit_str text);
