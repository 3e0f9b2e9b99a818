/* SPDX-License-Identifier: Apache-2.0 */
/* Verbs for on-call staff. */
#pragma once

#include "cli/cli.h"

extern const struct cli_verb oncall_stop, oncall_clear, oncall_time_acknowledge, oncall_grants;
/* incidents.c */
extern const struct cli_verb oncall_incidents, oncall_incidents_show, oncall_incidents_acknowledge,
    oncall_incidents_close;
extern const struct cli_verb oncall_approvals, oncall_approve;
