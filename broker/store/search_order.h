/* SPDX-License-Identifier: Apache-2.0 */
/* In which order the entries of a commit are put into the index. */
#pragma once

#include "store/search.h"

/* A copy in the order in which they are best put; NULL: without memory. The caller frees. */
struct search_entry *search_in_order(const struct search_entry *entries, size_t n);
