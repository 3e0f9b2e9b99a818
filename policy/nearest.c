/* SPDX-License-Identifier: Apache-2.0 */
/* Edit distance over three rows on the stack; words longer than an agent id have no neighbours. */
#include "policy/nearest.h"

#include "ambit/limits.h"

enum { LONGEST = AMBIT_AGENT_NAME_MAX };

static char fold(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

size_t nearest_distance(struct ambit_str a, struct ambit_str b, size_t limit)
{
    size_t gap = a.len > b.len ? a.len - b.len : b.len - a.len;
    if (a.len > LONGEST || b.len > LONGEST || gap > limit)
        return SIZE_MAX;

    size_t rows[3][LONGEST + 1];
    for (size_t j = 0; j <= b.len; j++)
        rows[0][j] = j;
    for (size_t i = 1; i <= a.len; i++) {
        size_t *now = rows[i % 3];
        const size_t *last = rows[(i - 1) % 3];
        now[0] = i;
        size_t row_least = i;
        for (size_t j = 1; j <= b.len; j++) {
            bool is_same = fold(a.p[i - 1]) == fold(b.p[j - 1]);
            now[j] = least(least(last[j], now[j - 1]) + 1, last[j - 1] + !is_same);
            if (i > 1 && j > 1 && fold(a.p[i - 1]) == fold(b.p[j - 2]) &&
                fold(a.p[i - 2]) == fold(b.p[j - 1]))
                now[j] = least(now[j], rows[(i - 2) % 3][j - 2] + 1);
            row_least = least(row_least, now[j]);
        }
        if (row_least > limit + 1) /* +1: a transposition looks one row further back */
            return SIZE_MAX;
    }
    size_t distance = rows[a.len % 3][b.len];
    return distance > limit ? SIZE_MAX : distance;
}

struct nearest nearest_to(struct ambit_str word)
{
    return (struct nearest){.word = word, .distance = SIZE_MAX};
}

void nearest_offer(struct nearest *nearest, struct ambit_str candidate)
{
    size_t longer = nearest->word.len > candidate.len ? nearest->word.len : candidate.len;
    size_t limit = least((longer + 1) / 3, 4);
    size_t distance = nearest_distance(nearest->word, candidate, limit);
    if (distance >= nearest->distance)
        return;
    nearest->best = candidate;
    nearest->distance = distance;
}
