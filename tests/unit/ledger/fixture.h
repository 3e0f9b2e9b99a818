/* SPDX-License-Identifier: Apache-2.0 */
/* A store for a ledger, in a folder of its own, and the naive tree that ours is held against. */
#pragma once

#include "support/folder.h"

#include "ledger/ledger.h"
#include "ledger/tiles.h"
#include "store/store.h"

struct fixture {
    char folder[FOLDER_PATH_MAX], path[FOLDER_PATH_MAX];
    struct store *store;
    struct tree_edge edge;
};

static inline void store_up(struct fixture *fixture)
{
    struct store_options options = {.folder = fixture->path,
                                    .create = true,
                                    .map_bytes = (size_t)256 << 20,
                                    .grow_bytes = (size_t)4 << 20,
                                    .reserve_bytes = 1 << 20};
    assert_int_equal(store_open(&options, &fixture->store), AMBIT_OK);
}

static inline int fixture_up(void **state)
{
    struct fixture *fixture = calloc(1, sizeof *fixture);
    assert_non_null(fixture);
    folder_make(fixture->folder);
    folder_join(fixture->path, fixture->folder, "store");
    store_up(fixture);
    *state = fixture;
    return 0;
}

static inline int fixture_down(void **state)
{
    struct fixture *fixture = *state;
    store_close(fixture->store);
    folder_remove(fixture->folder);
    free(fixture);
    return 0;
}

/* MTH of RFC 6962 section 2.1, word for word. */
static inline struct ambit_digest naive_root(const struct ambit_digest *leaves, size_t n)
{
    size_t k = 1;
    if (n == 1)
        return leaves[0];
    while (2 * k < n)
        k *= 2;
    struct ambit_digest left = naive_root(leaves, k), right = naive_root(leaves + k, n - k);
    return tree_node(&left, &right);
}
