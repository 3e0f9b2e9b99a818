/* SPDX-License-Identifier: Apache-2.0 */
/* The verb table: what is not in it, `ambit` does not do. */
#include "cli/admins.h"
#include "cli/agents.h"
#include "cli/audit.h"
#include "cli/keep.h"
#include "cli/oncall.h"
#include "cli/owners.h"
#include "cli/prove.h"

const struct cli_verb *const cli_verbs[] = {
    /* agents */
    &agents_token,
    &agents_whoami,
    /* on-call */
    &oncall_stop,
    &oncall_clear,
    &oncall_approvals,
    &oncall_approve,
    &oncall_time_acknowledge,
    &oncall_grants,
    &oncall_incidents_show, /* before the one word that they begin with */
    &oncall_incidents_acknowledge,
    &oncall_incidents_close,
    &oncall_incidents,
    /* owners */
    &owners_policy_check,
    &owners_policy_test,
    &owners_policy_explain,
    &owners_confirm,
    &owners_offboard,
    /* auditors */
    &audit_trace,
    &audit_events,
    &audit_report,
    &audit_verify,
    &audit_export,
    &audit_evidence,
    &audit_prove,
    /* admins */
    &admins_init,
    &new_agent,
    &new_person,
    &new_service,
    &admins_reload,
    &admins_key_rotate,
    &admins_keys,
    &admins_erase,
    &keep_backup,
    &keep_restore,
    &keep_prune,
    &keep_doctor,
    &meta_completion,
};
const size_t cli_n_verbs = AMBIT_LEN(cli_verbs);

const struct cli_option cli_global_options[] = {
    {"url", "URL", "of the broker: https://HOST, or unix:/PATH of its socket (AMBIT_URL)", false,
     false},
    {"ca", "FILE", "PEM: whom its certificate is verified by, not the system's (AMBIT_CA)", false,
     false},
    {"state", "DIR", "a broker's state folder: the URL from DIR/url, or its files", false, false},
    {"agent", "NAME", "the agent we are, or of which is asked (AMBIT_AGENT)", false, false},
    {"key", "FILE", "the agent's private key, or that of --cert (AMBIT_KEY)", false, false},
    {"cert", "FILE", "PEM: the caller's certificate, shown in the handshake (AMBIT_CERT)", false,
     false},
    {"token-file", "FILE",
     "the caller's token: a person's, or an agent's access token (AMBIT_TOKEN_FILE)", false, false},
    {"json", NULL, "print the answer as JSON", false, false},
    {"help", NULL, "explain", false, false},
    {"version", NULL, "print the version", false, false},
};
const size_t cli_n_global_options = AMBIT_LEN(cli_global_options);
