/* SPDX-License-Identifier: Apache-2.0 */
/* What a sealed broker leaves in stops.journal for the record of its next life: that it sealed, and
 * the stops that people raised while it was so. */
#pragma once

#include "core/internal.h"

/* On the writer thread, once. A journal that cannot be written is no worse than the store: said in
 * the log alone. */
void sealed_note(struct broker *broker, enum ambit_err why);
/* One record of the journal into the log, before anything is served. DAMAGED: not one of ours. */
AMBIT_CHECKED enum ambit_err sealed_take(void *broker, struct ambit_str record);
