/* SPDX-License-Identifier: Apache-2.0 */
/* index.html of an archive of evidence, and the pages it leads to: what the chosen events say, in
 * plain words, for who never saw this program. No script, nothing fetched, light and dark, prints.
 * Rows go to the files as the events come; what is told of several events together (a stop and who
 * answered it, a question and its answer) is kept until the end. */
#pragma once

#include "cli/evidence.h"

struct evidence_page;
struct evidence_page_ask {
    struct cli *cli;
    struct evidence *evidence; /* chosen */
    struct evidence_out *out;
    const struct evidence_ask *ask;
    bool no_openings;
    const char *tests; /* a documents folder; NULL: none was given */
};
/* Complains itself: a folder of tests that cannot be read. */
enum cli_exit evidence_page_begin(const struct evidence_page_ask *ask, struct evidence_page **ret);
enum ambit_err evidence_page_event(void *page, const struct evidence_item *item);
AMBIT_CHECKED enum ambit_err evidence_page_end(struct evidence_page *page);
void evidence_page_free(struct evidence_page *page);
