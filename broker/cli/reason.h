/* SPDX-License-Identifier: Apache-2.0 */
/* --reason, wherever a verb takes one: words that stand in the record. */
#pragma once

#include "cli/cli.h"

struct buf;

/* 1 to 1,024 bytes of text, if given; said before the broker has to. */
enum cli_exit reason_check(struct cli *cli);
/* {"target", "reason", "dry_run"}, each where it is given. CLI_USAGE: it is not UTF-8 text. */
enum cli_exit reason_body(struct cli *cli, const char *target, struct buf *body);
