/* SPDX-License-Identifier: Apache-2.0 */
/* Every fixed bound of ambit, once. Sources: policy-language (PL), standards.md ids. */
#pragma once

enum {
    /* names and patterns (PL "Names and patterns") */
    AMBIT_NAME_MAX = 64,        /* person, policy, service, team, rule and stop ids */
    AMBIT_AGENT_NAME_MAX = 128, /* agent ids */
    AMBIT_WORD_MAX = 512,       /* an action, a resource, a pattern, in bytes */
    AMBIT_TEXT_MAX = 1024,      /* free text, in bytes */
    AMBIT_TYPE_MAX = 64,        /* the type before ':' */
    AMBIT_STARSTAR_MAX = 2,     /* '**' in a pattern */
    AMBIT_STAR_MAX = 3,         /* '*' in a segment, in a text pattern */
    AMBIT_PATTERN_STEPS = 100000,

    /* documents */
    AMBIT_LIST_MAX = 64,
    AMBIT_RULES_MAX = 256,
    AMBIT_NEVER_MAX = 256,
    AMBIT_STOPS_MAX = 64, /* hard stops of one policy */
    AMBIT_POLICIES_MAX = 32,
    AMBIT_DEPTH_MAX = 5, /* delegations between a root grant and the last below it */
    AMBIT_DOCUMENT_BYTES = 1 << 20,
    AMBIT_DOCUMENT_DEPTH = 32,
    AMBIT_DURATION_MAX_S = 30 * 86400,
    AMBIT_TTL_MAX_S = 86400,
    AMBIT_SECRET_DAYS_MAX = 90,

    /* questions */
    AMBIT_ITEMS_MAX = 32,
    AMBIT_EXCEPT_MAX = 64,
    AMBIT_CONTEXT_MAX = 64,    /* members of an action's context */
    AMBIT_WINDOW_MAX = 100000, /* entries of one sliding window */
    AMBIT_LIVE_GRANTS_MAX = 1000,

    /* the record */
    AMBIT_EVENT_BYTES = 32 * 1024,
    AMBIT_BATCH_COMMANDS = 512,
    AMBIT_BATCH_PAGES = 8192,
    AMBIT_TILE_HASHES = 256,

    /* the wire (HTP-13, AZN-5) */
    AMBIT_HEADER_BYTES = 16 * 1024,
    AMBIT_FORM_BYTES = 64 * 1024,
    AMBIT_JWS_BYTES = 16 * 1024,
    AMBIT_JTI_BYTES = 256,
    AMBIT_JSON_DEPTH = 16,
    AMBIT_REQUEST_ID_MAX = 128,
    AMBIT_LEEWAY_S = 30,          /* JWS-10 */
    AMBIT_ASSERTION_LIFE_S = 600, /* CLI-10 */
};
