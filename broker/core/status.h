/* SPDX-License-Identifier: Apache-2.0 */
/* Status lists of a running broker. One thread of its own builds them behind the record and keeps
 * finished answers: a request costs a copy, whoever asks and however often; nothing is done in the
 * writer's way. A list is looked through again only when something was revoked or stopped since, in
 * short reads, and never so that it takes more than a tenth of a core; what is dead is told within
 * two seconds where that is little work. While the broker cannot tell (sealed, clock not believed)
 * it has no answers. */
#pragma once

#include "core/broker.h"
#include "core/status_list.h"

struct grant_row;
struct status_keeper;

/* The first lists stand when it returns; OK and nothing where there shall be none. */
AMBIT_CHECKED enum ambit_err status_start(struct broker *broker);
void status_stop(struct broker *broker);

/* ---- for the wire ---- */

bool broker_has_status(const struct broker *broker);
/* TSL-1, TSL-9: where the status of this grant stands; false: its token says nothing of it. */
struct status_place {
    uint32_t index;
    struct buf uri;
};
bool status_place_of(const struct broker *broker, const struct grant_row *row,
                     struct status_place *ret);
/* The finished list "N-TAG", plain or as gzip, appended to `out`. NOT_FOUND; SEALED: cannot be
 * told. */
AMBIT_CHECKED enum ambit_err status_copy(struct broker *broker, struct ambit_str name, bool is_gzip,
                                         struct buf *out);
/* TSL-10. */
AMBIT_CHECKED enum ambit_err status_write_lists(struct broker *broker, struct json_out *out);
