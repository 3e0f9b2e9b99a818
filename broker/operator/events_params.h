/* SPDX-License-Identifier: Apache-2.0 */
/* The query string of GET /v1/events as a filter. Every name is one that is known, each value of
 * its form, and what cannot be is refused rather than answered with nothing: a filter that was
 * misspelt must neither show everything nor look calm. Pure. */
#pragma once

#include "operator/params.h"

enum events_framing { EVENTS_IN_ARRAY, EVENTS_IN_LINES };

struct events_params {
    struct events_filter filter; /* texts in the arena of params_read */
    enum events_framing framing;
    size_t limit;
};
/* `accept` and `last_id` are the headers, absent when they are. MALFORMED with *reterr_what. */
AMBIT_CHECKED enum ambit_err events_params_read(struct ambit_str query, struct ambit_str accept,
                                                struct ambit_str last_id, struct arena *arena,
                                                struct events_params *ret,
                                                const char **reterr_what);
/* Does `accept` name the media type? */
bool events_accepts(struct ambit_str accept, const char *media_type);
/* The target of the next page: that of this one with another `cursor`. Fit for a Link header:
 * nothing in it can end the header or the <>. */
void events_next_target(struct buf *out, struct ambit_str path, struct ambit_str query,
                        uint64_t cursor);
