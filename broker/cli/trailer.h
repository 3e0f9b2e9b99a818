/* SPDX-License-Identifier: Apache-2.0 */
/* The line of a commit message that names the decision it rests on: "Ambit-Decision: ID". Pure: a
 * message comes from whoever wrote it. */
#pragma once

#include "ambit/base.h"

extern const char trailer_name[]; /* "Ambit-Decision:" */

/* How many decisions the lines of `message` name, the same one counted once; *ret_id is the last,
 * borrowed, and set only when there is one. The name is taken in any case (as git does), an id only
 * whole: a line with anything else names none. */
size_t trailer_find(struct ambit_str message, struct ambit_str *ret_id);
