/* SPDX-License-Identifier: Apache-2.0 */
/* A small store in a folder of its own. */
#pragma once

#include "support/folder.h"

#include "store/store.h"

struct fixture {
    char folder[FOLDER_PATH_MAX], path[FOLDER_PATH_MAX];
    struct store *store;
};

enum { SMALL_MAP = 16 << 20, SMALL_GROW = 1 << 20, SMALL_RESERVE = 1 << 20 };

static inline struct store_options small_options(const struct fixture *fixture)
{
    return (struct store_options){.folder = fixture->path,
                                  .create = true,
                                  .map_bytes = SMALL_MAP,
                                  .grow_bytes = SMALL_GROW,
                                  .reserve_bytes = SMALL_RESERVE};
}

static inline int fixture_up(void **state)
{
    struct fixture *fixture = calloc(1, sizeof *fixture);
    assert_non_null(fixture);
    folder_make(fixture->folder);
    folder_join(fixture->path, fixture->folder, "store");
    struct store_options options = small_options(fixture);
    assert_int_equal(store_open(&options, &fixture->store), AMBIT_OK);
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

static inline struct store_key key_of(const char *text)
{
    return (struct store_key){.p = text, .len = strlen(text)};
}

static inline void put_one(struct store *store, const char *key, const char *value)
{
    struct store_txn *txn = NULL;
    assert_int_equal(store_write_begin(store, &txn), AMBIT_OK);
    assert_int_equal(store_put(txn, STORE_GRANTS, key_of(key), value, strlen(value)), AMBIT_OK);
    assert_int_equal(store_write_commit(txn), AMBIT_OK);
}

static inline void expect_one(struct store *store, const char *key, const char *value)
{
    struct store_txn *txn = NULL;
    char got[64];
    size_t len = 0;
    assert_int_equal(store_read_begin(store, &txn), AMBIT_OK);
    enum ambit_err err = store_get(txn, STORE_GRANTS, key_of(key), got, sizeof got, &len);
    store_read_end(txn);
    if (!value) {
        assert_int_equal(err, AMBIT_ERR_NOT_FOUND);
        return;
    }
    assert_int_equal(err, AMBIT_OK);
    assert_int_equal(len, strlen(value));
    assert_memory_equal(got, value, len);
}
