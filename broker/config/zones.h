/* SPDX-License-Identifier: Apache-2.0 */
/* The look-up behind folder_env(). */
#pragma once

#include "config/folder.h"

/* struct ambit_read_env.zone: `ctx` is the struct zones. NOT_FOUND: no such zone, or a name that
 * could be none. The bytes live as long as `ctx`. */
AMBIT_CHECKED enum ambit_err zones_find(void *ctx, struct ambit_str name,
                                        struct ambit_str *ret_tzif);
/* "2025b", as the folder says itself; absent when it does not. */
struct ambit_str zones_version(const struct zones *zones);
