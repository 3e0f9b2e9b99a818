/* SPDX-License-Identifier: Apache-2.0 */
/* stops.journal: where a person's stop is written while the store itself cannot be (sealed). A file
 * of fixed size, written through with zeroes at creation, so that a record costs one flush and no
 * change of metadata. Each record begins on a sector of its own: a torn write harms no earlier one.
 */
#include "store/internal.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/encode.h"

enum { SECTOR = 512, HEAD = 12, RECORD_MAX = 64 * 1024 };
static const uint8_t magic[4] = {'a', 's', 'j', 1};

/* CRC-32 (ISO-HDLC): finds torn writes; nothing here guards against malice. */
static uint32_t checksum(const uint8_t *p, size_t len)
{
    uint32_t crc = 0xFFFFFFFFU;
    for (size_t i = 0; i < len; i++) {
        crc ^= p[i];
        for (int bit = 0; bit < 8; bit++)
            crc = (crc >> 1) ^ (0xEDB88320U & (0U - (crc & 1U)));
    }
    return ~crc;
}

static int flush(int fd)
{
#ifdef AMBIT_UNSAFE_NOSYNC
    (void)fd;
    return 0;
#else
    return fdatasync(fd);
#endif
}

static enum ambit_err write_at(int fd, const uint8_t *p, size_t len, size_t at)
{
    while (len > 0) {
        ssize_t n = pwrite(fd, p, len, (off_t)at);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return n < 0 ? store_code(errno) : AMBIT_ERR_IO;
        p += n;
        at += (size_t)n;
        len -= (size_t)n;
    }
    return AMBIT_OK;
}

static enum ambit_err write_zeroes(int fd, size_t from, size_t to)
{
    static const uint8_t zeroes[16 * 1024];
    for (size_t at = from; at < to; at += sizeof zeroes) {
        size_t n = to - at < sizeof zeroes ? to - at : sizeof zeroes;
        enum ambit_err err = write_at(fd, zeroes, n, at);
        if (err != AMBIT_OK)
            return err;
    }
    return flush(fd) == 0 ? AMBIT_OK : store_code(errno);
}

static size_t record_size(size_t len)
{
    return (HEAD + len + SECTOR - 1) / SECTOR * SECTOR;
}

/* The record at `at`, if a whole one stands there. `record` holds HEAD + RECORD_MAX bytes. */
static enum ambit_err record_read(int fd, size_t at, uint8_t *record, size_t *ret_len)
{
    ssize_t n = pread(fd, record, HEAD + RECORD_MAX, (off_t)at);
    if (n < 0)
        return store_code(errno);
    if (n < HEAD || memcmp(record, magic, sizeof magic) != 0)
        return AMBIT_ERR_NOT_FOUND;
    size_t len = get_be32(record + 4);
    if (len > RECORD_MAX || HEAD + len > (size_t)n)
        return AMBIT_ERR_NOT_FOUND;
    if (get_be32(record + 8) != checksum(record + HEAD, len))
        return AMBIT_ERR_NOT_FOUND;
    *ret_len = len;
    return AMBIT_OK;
}

/* Where the next record goes: behind the last whole one, wherever a torn one stands. */
static enum ambit_err find_end(struct journal *journal)
{
    AMBIT_AUTO_FREE uint8_t *record = malloc(HEAD + RECORD_MAX);
    if (!record)
        return AMBIT_ERR_NO_MEMORY;
    journal->end = 0;
    for (size_t at = 0; at < STORE_JOURNAL_BYTES;) {
        size_t len = 0;
        enum ambit_err err = record_read(journal->fd, at, record, &len);
        if (err != AMBIT_OK && err != AMBIT_ERR_NOT_FOUND)
            return err;
        at += err == AMBIT_OK ? record_size(len) : SECTOR;
        if (err == AMBIT_OK)
            journal->end = at;
    }
    return AMBIT_OK;
}

enum ambit_err store_journal_open(struct store *store)
{
    struct journal *journal = &store->journal;
    journal->fd =
        openat(store->dir_fd, "stops.journal", O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (journal->fd < 0)
        return store_code(errno);
    struct stat st;
    if (fstat(journal->fd, &st) != 0)
        return store_code(errno);
    if (st.st_size < STORE_JOURNAL_BYTES) {
        enum ambit_err err = write_zeroes(journal->fd, (size_t)st.st_size, STORE_JOURNAL_BYTES);
        if (err != AMBIT_OK)
            return err;
    }
    return find_end(journal);
}

void store_journal_close(struct store *store)
{
    if (store->journal.fd >= 0)
        (void)close(store->journal.fd);
    store->journal.fd = -1;
}

static enum ambit_err append(struct journal *journal, const uint8_t *record, size_t size)
{
    if (journal->fd < 0 || journal->is_broken)
        return AMBIT_ERR_IO;
    if (size > STORE_JOURNAL_BYTES - journal->end)
        return AMBIT_ERR_NO_SPACE;
    enum ambit_err err = write_at(journal->fd, record, size, journal->end);
    if (err == AMBIT_OK && flush(journal->fd) != 0)
        err = store_code(errno);
    if (err != AMBIT_OK) {
        journal->is_broken = true;
        return err;
    }
    journal->end += size;
    return AMBIT_OK;
}

enum ambit_err store_journal_append(struct store *store, struct ambit_str text)
{
    if (text.len > RECORD_MAX)
        return AMBIT_ERR_TOO_LARGE;
    size_t size = record_size(text.len);
    AMBIT_AUTO_FREE uint8_t *record = calloc(1, size);
    if (!record)
        return AMBIT_ERR_NO_MEMORY;
    memcpy(record, magic, sizeof magic);
    put_be32(record + 4, (uint32_t)text.len);
    if (text.len)
        memcpy(record + HEAD, text.p, text.len);
    put_be32(record + 8, checksum(record + HEAD, text.len));

    (void)pthread_mutex_lock(&store->journal.mutex);
    enum ambit_err err = append(&store->journal, record, size);
    (void)pthread_mutex_unlock(&store->journal.mutex);
    return err;
}

enum ambit_err store_journal_take(struct store *store,
                                  enum ambit_err (*each)(void *ctx, struct ambit_str record),
                                  void *ctx)
{
    struct journal *journal = &store->journal;
    AMBIT_AUTO_FREE uint8_t *record = malloc(HEAD + RECORD_MAX);
    if (!record)
        return AMBIT_ERR_NO_MEMORY;
    if (journal->fd < 0)
        return AMBIT_ERR_IO;
    for (size_t at = 0; at < journal->end;) {
        size_t len = 0;
        enum ambit_err err = record_read(journal->fd, at, record, &len);
        if (err == AMBIT_ERR_NOT_FOUND) { /* torn: never acknowledged */
            at += SECTOR;
            continue;
        }
        if (err == AMBIT_OK)
            err = each(ctx, (struct ambit_str){.p = (const char *)record + HEAD, .len = len});
        if (err != AMBIT_OK)
            return err;
        at += record_size(len);
    }
    if (journal->end == 0)
        return AMBIT_OK;
    (void)pthread_mutex_lock(&journal->mutex);
    enum ambit_err err = write_zeroes(journal->fd, 0, STORE_JOURNAL_BYTES);
    if (err == AMBIT_OK)
        journal->end = 0;
    (void)pthread_mutex_unlock(&journal->mutex);
    return err;
}
