/* SPDX-License-Identifier: Apache-2.0 */
/* Verbs for auditors. */
#pragma once

#include "cli/cli.h"

/* report.c */
extern const struct cli_verb audit_report;
extern const struct cli_verb audit_trace, audit_events, audit_verify, audit_export, audit_evidence;
