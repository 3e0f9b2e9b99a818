/* SPDX-License-Identifier: Apache-2.0 */
/* What the events so far ended: of each grant and lineage that it was, of each name (agent, team,
 * owner, policy, everything) which event did it last. A grant that is not younger is dead for ever.
 * 16 to 32 bytes each. Pure. */
#pragma once

#include "ledger/held.h"
#include "ledger/places.h"

struct cuts {
    struct places places;
    bool has_names, has_grants;
};
void cuts_init(struct cuts *cuts, const uint64_t key[2]);
void cuts_done(struct cuts *cuts);
/* After the event was judged. */
AMBIT_CHECKED enum ambit_err cuts_note(struct cuts *cuts, const struct event *event);

/* How a grant stands, with what is above it; `ids` has the places of grants (PLACE_GRANT). Dead by
 * a stop that holds on a name is STOPPED, all else that is dead REVOKED: by a stop on that very
 * grant it may be either. */
enum ambit_liveness cuts_liveness(const struct cuts *cuts, const struct held *held,
                                  const struct places *ids, const struct ambit_grant_view *grant);
/* Was one of these ended at or after `seq`? Absent names are not looked for. */
bool cuts_name_ended(const struct cuts *cuts, enum ambit_target_kind kind, struct ambit_str name,
                     uint64_t seq);
