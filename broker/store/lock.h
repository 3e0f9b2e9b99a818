/* SPDX-License-Identifier: Apache-2.0 */
/* One process at a time: an flock on FOLDER/lock, held until the descriptor is closed or the
 * process ends, however it ends. The file stays; only the lock counts. */
#pragma once

#include "ambit/base.h"

/* BUSY when another process (or another descriptor of this one) holds it. */
AMBIT_CHECKED enum ambit_err store_lock(const char *folder, int *ret_fd);
void store_unlock(int fd);
