/* SPDX-License-Identifier: Apache-2.0 */
/* Text inside XML 1.0: markup escaped, and what no XML document may hold (most control bytes)
 * written as '?'. */
#pragma once

#include "base/buf.h"

/* Fit for an attribute in double quotes and for content. What is not UTF-8 becomes '?'. */
void xml_put(struct buf *out, struct ambit_str text);
