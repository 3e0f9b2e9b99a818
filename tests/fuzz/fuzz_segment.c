/* SPDX-License-Identifier: Apache-2.0 */
/* A segment's file, 0-256.tar: an event that is read out of it lies within the bundle, and one
 * bundle read whole holds it. */
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/segment.h"
#include "fuzz.h"
#include "store/store.h"

/* One folder for the life of the process. */
static const char *folder(void)
{
    static char path[256];
    if (path[0])
        return path;
    (void)snprintf(path, sizeof path, "%s/ambit-fuzz-XXXXXX",
                   getenv("TMPDIR") ? getenv("TMPDIR") : "/tmp");
    FUZZ_CHECK(mkdtemp(path) != NULL);
    return path;
}

/* A store with nothing in it: what a segment says is then all there is. */
static struct store_txn *nothing(void)
{
    static char path[300];
    static struct store_txn *txn;
    struct store *store = NULL;
    if (txn)
        return txn;
    (void)snprintf(path, sizeof path, "%s/store", folder());
    const struct store_options options = {.folder = path,
                                          .create = true,
                                          .map_bytes = 64 << 20,
                                          .grow_bytes = 1 << 20,
                                          .reserve_bytes = 1 << 20};
    FUZZ_CHECK(mkdir(path, 0700) == 0 && store_open(&options, &store) == AMBIT_OK);
    FUZZ_CHECK(store_read_begin(store, &txn) == AMBIT_OK);
    return txn;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char file[300];
    BUF_AUTO bundle;
    struct segments *segments = NULL;
    buf_init(&bundle, 0);
    (void)snprintf(file, sizeof file, "%s/0-256.tar", folder());
    int fd = open(file, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    FUZZ_CHECK(fd >= 0 && write(fd, data, size) == (ssize_t)size && close(fd) == 0);
    FUZZ_CHECK(segments_new(folder(), &segments) == AMBIT_OK);
    FUZZ_CHECK(segments_bundle(segments, 1, &bundle) == AMBIT_ERR_NOT_FOUND);
    enum ambit_err err = segments_bundle(segments, 0, &bundle);
    FUZZ_CHECK(err == AMBIT_OK || err == AMBIT_ERR_DAMAGED);
    for (size_t i = 0; err == AMBIT_OK && i < 256; i += 51) {
        BUF_AUTO entry;
        buf_init(&entry, 0);
        if (segments_entry(segments, i, &entry) == AMBIT_OK && entry.len > 0)
            FUZZ_CHECK(memmem(bundle.p, bundle.len, entry.p, entry.len) != NULL);

        BUF_AUTO memory;
        buf_init(&memory, 0);
        struct ledger_row row;
        if (segments_get(segments, nothing(), i, &memory, &row) == AMBIT_OK)
            FUZZ_CHECK(ambit_str_eq(row.bytes, buf_str(&entry)));
    }
    /* What lies between segments is told by their names alone. */
    uint64_t from = 0, to = 0;
    FUZZ_CHECK(segments_gap(segments, 300, &from, &to) == AMBIT_OK);
    FUZZ_CHECK(from == 256 && to == UINT64_MAX);
    FUZZ_CHECK(segments_gap(segments, 3, &from, &to) == AMBIT_OK && from == 0 && to == 256);
    segments_free(segments);

    /* As the one that was just made is read back: the same answer. */
    BUF_AUTO again;
    buf_init(&again, 0);
    segments = NULL;
    enum ambit_err one = segments_new_one(folder(), 0, 256, &segments);
    if (one == AMBIT_OK) {
        FUZZ_CHECK(strcmp(segments_folder(segments), folder()) == 0);
        one = segments_bundle(segments, 0, &again);
    }
    FUZZ_CHECK((one == AMBIT_OK) == (err == AMBIT_OK));
    FUZZ_CHECK(err != AMBIT_OK || ambit_str_eq(buf_str(&again), buf_str(&bundle)));
    segments_free(segments);
    (void)unlink(file);
    return 0;
}
