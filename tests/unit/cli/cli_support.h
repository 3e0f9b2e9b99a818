/* SPDX-License-Identifier: Apache-2.0 */
/* One run of the command line inside a test: words in, exit code and both outputs out. */
#pragma once

#include "cli/cli.h"
#include "support/unit.h"

static const int64_t cli_test_now_ms = 1795255200000; /* 2026-11-21T10:00:00Z */

static inline enum cli_exit cli_test_run(struct cli *cli, const char *const *environment,
                                         const char *const *words)
{
    int argc = 0;
    while (words[argc])
        argc++;
    *cli = (struct cli){.environment = environment, .now_ms = cli_test_now_ms};
    arena_init(&cli->arena, NULL, 0, 0);
    return cli_run(cli, argc, words);
}
#define CLI_AUTO       AMBIT_CLEANUP(cli_done) struct cli
#define CLI_WORDS(...) ((const char *const[]){"ambit", __VA_ARGS__, NULL})

static inline bool cli_test_has(const struct buf *text, const char *part)
{
    return text->len && memmem(text->p, text->len, part, strlen(part)) != NULL;
}
