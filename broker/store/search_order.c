/* SPDX-License-Identifier: Apache-2.0 */
/* See search_order.h. By their keys, so that neighbours in the tree are written together; and of a
 * long run under one key every other one first: the tree splits a full page into halves, and what
 * is put behind leaves the first half behind it as it is. The rest of the run then fills those
 * halves, nearly whole, without splitting them. It makes half of the pages, and those are found
 * again in memory one after the other. */
#include "store/search_order.h"

#include "base/encode.h"

enum {
    TAGS = UINT8_MAX + 1,
    RUN_LEAST = 64, /* entries; about 113 fill a page */
    /* Of so many in a row those at even places are put first, which is one more than the half: what
     * comes after must find room in any half page. */
    ROUND = 19,
};

static int compare(const void *a, const void *b)
{
    const struct search_entry *x = a, *y = b;
    for (size_t i = 0; i < sizeof x->key; i += 8) {
        uint64_t p = get_be64(x->key + i), q = get_be64(y->key + i);
        if (p != q)
            return p < q ? -1 : 1;
    }
    return (x->seq > y->seq) - (x->seq < y->seq);
}

/* Sorts the entries of one tag. They come in the order of the record, in which ids and what all
 * events share are sorted already. */
static void sort_tag(struct search_entry *entries, size_t n)
{
    for (size_t i = 1; i < n; i++)
        if (compare(&entries[i - 1], &entries[i]) > 0) {
            qsort(entries, n, sizeof *entries, compare);
            return;
        }
}

static void sort(const struct search_entry *entries, size_t n, struct search_entry *ret)
{
    /* where a tag's entries begin; where its next one goes */
    size_t begin[TAGS + 1] = {0}, at[TAGS];
    for (size_t i = 0; i < n; i++)
        begin[entries[i].tag + 1]++;
    for (size_t tag = 0; tag < TAGS; tag++)
        begin[tag + 1] += begin[tag];
    memcpy(at, begin, sizeof at);
    for (size_t i = 0; i < n; i++)
        ret[at[entries[i].tag]++] = entries[i];
    for (size_t tag = 0; tag < TAGS; tag++)
        sort_tag(ret + begin[tag], begin[tag + 1] - begin[tag]);
}

/* How many from the first on have its key, or would stand beside it: of ids each is another one,
 * and they come in their order. */
static size_t run_of(const struct search_entry *entries, size_t n)
{
    size_t i = 1;
    while (i < n && entries[i].tag == entries[0].tag &&
           memcmp(entries[i].key, entries[0].key, sizeof entries[0].key) == 0)
        i++;
    return i;
}

static bool is_of_first(size_t i)
{
    return i % ROUND % 2 == 0;
}

struct search_entry *search_in_order(const struct search_entry *entries, size_t n)
{
    AMBIT_AUTO_FREE struct search_entry *sorted = reallocarray(NULL, n + 1, sizeof *sorted);
    struct search_entry *ret = reallocarray(NULL, n + 1, sizeof *ret);
    if (!sorted || !ret) {
        free(ret);
        return NULL;
    }
    sort(entries, n, sorted);
    size_t at = 0;
    for (size_t i = 0, run = 0; i < n; i += run) {
        run = run_of(sorted + i, n - i);
        bool is_long = run >= RUN_LEAST;
        for (size_t k = 0; k < run; k++)
            if (!is_long || is_of_first(k))
                ret[at++] = sorted[i + k];
        for (size_t k = 0; is_long && k < run; k++)
            if (!is_of_first(k))
                ret[at++] = sorted[i + k];
    }
    return ret;
}
