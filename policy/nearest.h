/* SPDX-License-Identifier: Apache-2.0 */
/* The valid spelling nearest to a word that is not one: edit distance with transpositions (optimal
 * string alignment), letter case for free. Nothing is proposed that is not near. Pure. */
#pragma once

#include "ambit/base.h"

struct nearest {
    struct ambit_str word;
    struct ambit_str best; /* absent: nothing near was offered */
    size_t distance;       /* of best */
};

struct nearest nearest_to(struct ambit_str word);
/* The first of equally near candidates stays. The candidate is borrowed. */
void nearest_offer(struct nearest *nearest, struct ambit_str candidate);

/* The distance, or SIZE_MAX when it exceeds `limit` or a text is longer than 128 bytes. */
size_t nearest_distance(struct ambit_str a, struct ambit_str b, size_t limit);
