/* SPDX-License-Identifier: Apache-2.0 */
/* The file of a store. An input is a list of changes (offset u32, byte) to a store that is well;
 * what is then still opened to read gives every row that was there, without a crash of the library
 * below. */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/encode.h"
#include "store/pages.h"

#include "fuzz.h"

enum { LARGE = 9000, ROWS = 200, PATCH = 5, PATCHES_MAX = 64 };

static char folder[64];
static int fd = -1;
static int whole; /* rows of the store that is well */
static off_t file_bytes;

static void forget(void)
{
    char path[96];
    static const char *const names[] = {"data.mdb", "lock.mdb", "stops.journal"};
    for (size_t i = 0; i < AMBIT_LEN(names); i++)
        if (snprintf(path, sizeof path, "%s/%s", folder, names[i]) > 0)
            (void)unlink(path);
    (void)rmdir(folder);
}

static void put(struct store_txn *txn, enum store_table table, uint64_t n, size_t len)
{
    static uint8_t value[LARGE];
    uint8_t key[8];
    put_be64(key, n * 0x9E3779B97F4A7C15U);
    FUZZ_CHECK(store_put(txn, table, (struct store_key){key, sizeof key}, value, len) == AMBIT_OK);
}

/* Every kind of page: branches, leaves, large values, and a free list that is itself a large value.
 */
static void make(void)
{
    struct store_options options = {.folder = folder,
                                    .create = true,
                                    .map_bytes = 128 << 20,
                                    .grow_bytes = 1 << 16,
                                    .reserve_bytes = 1 << 16};
    struct store *store = NULL;
    struct store_txn *txn = NULL;
    size_t n = 0;
    FUZZ_CHECK(store_open(&options, &store) == AMBIT_OK);
    for (int round = 0; round < 3; round++) {
        FUZZ_CHECK(store_write_begin(store, &txn) == AMBIT_OK);
        for (uint64_t i = 0; i < ROWS; i++) {
            put(txn, STORE_GRANTS, i, 100);
            put(txn, STORE_DOCUMENTS, i, round == 0 ? LARGE : 10);
            put(txn, STORE_HOLDS, i % 7, 0);
        }
        FUZZ_CHECK(store_delete_range(txn, STORE_GRANTS, (struct store_key){0},
                                      (struct store_key){0}, 9, &n) == AMBIT_OK);
        FUZZ_CHECK(store_write_commit(txn) == AMBIT_OK);
    }
    store_close(store);
}

static int count_rows(struct store *store)
{
    struct store_txn *txn = NULL;
    int n = 0;
    FUZZ_CHECK(store_read_begin(store, &txn) == AMBIT_OK);
    for (int table = 0; table < STORE_TABLES; table++) {
        struct store_cursor *cursor = NULL;
        FUZZ_CHECK(store_cursor_open(txn, (enum store_table)table, &cursor) == AMBIT_OK);
        enum store_seek seek = STORE_FIRST;
        while (store_cursor_move(cursor, seek, (struct store_key){0}, NULL, NULL) == AMBIT_OK) {
            n++;
            seek = STORE_NEXT;
        }
        store_cursor_close(cursor);
    }
    store_read_end(txn);
    return n;
}

/* Rows, or -1 when the file is refused. */
static int open_and_count(void)
{
    struct store_damage damage = {0};
    struct store_options options = {.folder = folder, .read_only = true, .reterr_damage = &damage};
    struct store *store = NULL;
    enum ambit_err err = store_open(&options, &store);
    FUZZ_CHECK(err == AMBIT_OK || err == AMBIT_ERR_DAMAGED || err == AMBIT_ERR_NEWER);
    int n = err == AMBIT_OK ? count_rows(store) : -1;
    store_close(store);
    return n;
}

/* The walk alone, over the same file. */
static bool is_sound(void)
{
    struct store_header header;
    enum ambit_err err = store_header_read(fd, &header);
    if (err == AMBIT_OK)
        err = store_pages_check(fd, &header, true, NULL);
    FUZZ_CHECK(err == AMBIT_OK || err == AMBIT_ERR_DAMAGED || err == AMBIT_ERR_NEWER);
    return err == AMBIT_OK;
}

static void begin(void)
{
    char path[96];
    const char *root = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp";
    int len = snprintf(folder, sizeof folder, "%s/ambit-fuzz-XXXXXX", root);
    FUZZ_CHECK(len > 0 && mkdtemp(folder) && atexit(forget) == 0);
    make();
    FUZZ_CHECK(snprintf(path, sizeof path, "%s/data.mdb", folder) > 0);
    fd = open(path, O_RDWR | O_CLOEXEC);
    file_bytes = lseek(fd, 0, SEEK_END);
    whole = open_and_count();
    FUZZ_CHECK(fd >= 0 && whole > ROWS);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    uint8_t before[PATCHES_MAX];
    off_t at[PATCHES_MAX];
    size_t n = size / PATCH < PATCHES_MAX ? size / PATCH : PATCHES_MAX;
    bool is_meta = false;
    if (fd < 0)
        begin();
    for (size_t i = 0; i < n; i++) {
        at[i] = get_be32(bytes + i * PATCH) % file_bytes;
        is_meta = is_meta || at[i] < 2 * 4096;
        FUZZ_CHECK(pread(fd, &before[i], 1, at[i]) == 1 &&
                   pwrite(fd, bytes + i * PATCH + 4, 1, at[i]) == 1);
    }
    int rows = open_and_count();
    /* Changed meta pages may show the state before the last commit, which is well too. */
    FUZZ_CHECK(rows == -1 || rows == whole || is_meta);
    FUZZ_CHECK(rows == -1 || is_sound());
    while (n-- > 0)
        FUZZ_CHECK(pwrite(fd, &before[n], 1, at[n]) == 1);
    return 0;
}
