/* SPDX-License-Identifier: Apache-2.0 */
/* A look into the folder of segments, on a thread of its own: a folder that hangs (a file system of
 * another machine that is away) holds up nobody, neither who asks nor the end of the process. */
#pragma once

#include "ambit/base.h"

struct segment_look;
/* NULL: there is no memory for it, or no thread. */
struct segment_look *segment_look_begin(const char *folder);
/* BUSY while it is at work; else it ends it (*look is NULL), also where it failed. *ret_first: of
 * the first event that a segment here has; UINT64_MAX where there is none. */
AMBIT_CHECKED enum ambit_err segment_look_end(struct segment_look **look, uint64_t *ret_first);
/* Whatever it does; NULL does nothing. One at work ends for itself. */
void segment_look_leave(struct segment_look *look);
