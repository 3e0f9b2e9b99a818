/* SPDX-License-Identifier: Apache-2.0 */
/* What lies in the state folder, judged without a broker and without changing anything. */
#include "cli/doctor.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/timex.h>
#include <unistd.h>

#include "base/encode.h"
#include "base/file.h"
#include "config/config.h"
#include "config/folder.h"
#include "core/backup_files.h"
#include "core/clock_row.h"
#include "core/head.h"
#include "crypto/x509.h"
#include "ledger/checkpoint.h"
#include "ledger/ledger.h"
#include "store/lock.h"

enum { OLD_DAYS = 7, SOON_DAYS = 30, KEY_DAYS = 400, LEFT_DAYS = 90 };
static const int64_t day_ms = 86400000;

/* ---- the machine ----------------------------------------------------------------------------- */

void doctor_look_at_clock(struct doctor *doctor)
{
    struct timex clock = {.modes = 0};
    int state = adjtimex(&clock);
    if (state < 0)
        doctor_say(doctor, "clock", DOCTOR_NOT_LOOKED, "timedatectl", "the kernel does not say");
    else if (state == TIME_ERROR || (clock.status & STA_UNSYNC))
        doctor_say(doctor, "clock", DOCTOR_WARN, "have the time set by NTP or PTP",
                   "the kernel says that it is not synchronised");
    else
        doctor_say(doctor, "clock", DOCTOR_OK, NULL, "synchronised, off by at most %ld ms",
                   clock.maxerror / 1000);
}

/* ---- the store ------------------------------------------------------------------------------- */

struct looked {
    struct doctor *doctor;
    int state_fd;
    const char *state;
    uint64_t size; /* of the record; 0: not known */
    int64_t last_ms;
    struct guard_mark mark; /* what is believed of the time; nothing: not known */
    bool is_running;
};

/* What there is room for: the store grows up to its map, it and the index on the same disk. */
struct room {
    struct store_space space;
    uint64_t disk, search_bytes; /* free; what the index takes */
    double each, search_each;    /* bytes an event */
    double events;               /* more */
};

static bool room_of(const struct looked *looked, struct store *store, struct room *ret)
{
    struct stat search;
    store_space(store, &ret->space);
    if (looked->size == 0 || file_free_bytes(looked->state_fd, &ret->disk) != AMBIT_OK)
        return false;
    bool has_index = fstatat(looked->state_fd, "search/data.mdb", &search, 0) == 0;
    ret->search_bytes = has_index ? (uint64_t)search.st_blocks * 512 : 0;
    uint64_t map = ret->space.map_bytes, used = ret->space.used_bytes;
    ret->each = (double)used / (double)looked->size;
    ret->search_each = (double)ret->search_bytes / (double)looked->size;
    double by_map = (double)(map > used ? map - used : 0) / ret->each;
    double by_disk = (double)ret->disk / (ret->each + ret->search_each);
    ret->events = by_map < by_disk ? by_map : by_disk;
    return true;
}

static void say_room(struct looked *looked, struct store *store)
{
    struct room room;
    if (!room_of(looked, store, &room))
        return;
    uint64_t map = room.space.map_bytes, used = room.space.used_bytes;
    uint64_t left = map > used ? map - used : 0;
    left = left < room.disk ? left : room.disk;
    doctor_say(looked->doctor, "room",
               room.events < (double)looked->size / 4 ? DOCTOR_WARN : DOCTOR_OK,
               "a larger disk, a larger limits.store_bytes in a new store, or ambit prune",
               "%llu MB used, %llu MB left: about %.0f events more at %.0f bytes each, and %.0f of "
               "the search index",
               (unsigned long long)used >> 20, (unsigned long long)left >> 20, room.events,
               room.each, room.search_each);
}

static bool time_at(struct store_txn *txn, uint64_t seq, int64_t *ret_ms)
{
    ARENA_AUTO arena;
    BUF_AUTO memory;
    struct ledger_row row;
    struct event event;
    arena_init(&arena, NULL, 0, 0);
    buf_init(&memory, 0);
    if (ledger_get(txn, seq, &memory, &row) != AMBIT_OK ||
        event_decode(row.bytes, AMBIT_STR(""), &arena, &event) != AMBIT_OK)
        return false;
    *ret_ms = event.time_ms;
    return true;
}

/* By the newest ten thousand events, or all there are. */
static void say_rate(struct looked *looked, struct store *store, struct store_txn *txn)
{
    struct room room;
    uint64_t size = looked->size, n = size > 10000 ? 10000 : size;
    int64_t first_ms = 0;
    if (n < 2 || !time_at(txn, size - n, &first_ms) || looked->last_ms <= first_ms ||
        !room_of(looked, store, &room))
        return;
    double days = (double)(looked->last_ms - first_ms) / (double)day_ms;
    double left = room.events / ((double)n / days);
    doctor_say(looked->doctor, "days left", left < LEFT_DAYS ? DOCTOR_WARN : DOCTOR_OK,
               "a larger disk, or ambit prune", "%.0f at the rate of the last %llu events",
               left > 1e6 ? 1e6 : left, (unsigned long long)n);
}

static void look_at_store(struct looked *looked)
{
    char path[4096];
    struct store *store = NULL;
    struct store_txn *txn = NULL;
    struct head head;
    struct store_damage damage = {.what = NULL};
    int n = snprintf(path, sizeof path, "%s/store", looked->state);
    if (n < 0 || (size_t)n >= sizeof path)
        return;
    const struct store_options options = {
        .folder = path, .read_only = true, .reterr_damage = &damage};
    enum ambit_err err = store_open(&options, &store);
    if (err == AMBIT_OK)
        err = store_read_begin(store, &txn);
    if (err == AMBIT_OK)
        err = head_load(txn, &head);
    if (err == AMBIT_OK) {
        looked->size = head.edge.size;
        looked->last_ms = head.last_now_ms;
        if (clock_row_load(txn, &head, &looked->mark) == AMBIT_ERR_DAMAGED)
            looked->mark.is_distrusted = true;
        doctor_say(looked->doctor, "store", DOCTOR_OK, NULL,
                   "every page is sound; %llu events, %llu stops in force",
                   (unsigned long long)head.edge.size, (unsigned long long)head.stops_in_force);
        say_room(looked, store);
        say_rate(looked, store, txn);
    } else {
        doctor_say(looked->doctor, "store", DOCTOR_BAD,
                   "ambit verify on a copy; ambit restore from a backup", "%s%s%s",
                   ambit_err_text(err), damage.what ? ": " : "", damage.what ? damage.what : "");
    }
    store_read_end(txn);
    store_close(store);
}

static void look_at_lock(struct looked *looked)
{
    int fd = -1;
    enum ambit_err err = store_lock(looked->state, &fd);
    looked->is_running = err == AMBIT_ERR_BUSY;
    store_unlock(fd);
    doctor_say(looked->doctor, "lock", err && !looked->is_running ? DOCTOR_BAD : DOCTOR_OK,
               "may this user write the state folder?", "%s",
               looked->is_running ? "a broker is running on it"
               : err              ? ambit_err_text(err)
                                  : "no broker is running on it");
}

/* The journal is empty when it is all zeroes: it holds stops of a broker that was sealed. */
static void look_at_journal(struct looked *looked)
{
    BUF_AUTO bytes = {.p = NULL};
    enum ambit_err err = file_read(looked->state_fd, "store/stops.journal", 2 << 20, &bytes);
    size_t used = 0;
    for (size_t i = 0; i < bytes.len; i++)
        used += bytes.p[i] != 0;
    if (err == AMBIT_OK)
        doctor_say(looked->doctor, "journal", used > 0 ? DOCTOR_WARN : DOCTOR_OK,
                   "start the broker: it takes them into the record first",
                   used > 0 ? "stops wait in stops.journal" : "no stops wait");
}

/* As the next start will judge it, if the machine is started again before. */
static void look_at_time(struct looked *looked)
{
    const struct guard_mark *mark = &looked->mark;
    int64_t ahead_ms = looked->last_ms - looked->doctor->cli->now_ms;
    if (looked->size == 0)
        return;
    if (mark->is_distrusted)
        doctor_say(looked->doctor, "record's time", DOCTOR_BAD,
                   "see that the clock is right, then ambit time acknowledge",
                   "the clock is not believed, and nobody has answered for it");
    else if (ahead_ms - mark->ahead_ms > GUARD_PART_MS)
        doctor_say(looked->doctor, "record's time", DOCTOR_BAD,
                   "the clock was wrong, or is: set it right, then ambit time acknowledge",
                   "the record is %lld s ahead of this clock", (long long)ahead_ms / 1000);
    else if (-ahead_ms > GUARD_AWAY_MS)
        doctor_say(looked->doctor, "record's time", DOCTOR_WARN,
                   "a start of the machine will ask for ambit time acknowledge",
                   "the last commit is %lld days old", (long long)(-ahead_ms / day_ms));
    else if (mark->ahead_ms > GUARD_PART_MS)
        doctor_say(looked->doctor, "record's time", DOCTOR_WARN,
                   "broker/README.md, Runbook, under clock",
                   "what is believed is %lld s ahead of a clock that was acknowledged",
                   (long long)mark->ahead_ms / 1000);
    else
        doctor_say(looked->doctor, "record's time", DOCTOR_OK, NULL,
                   "the last commit is %lld s old",
                   (long long)(ahead_ms < 0 ? -ahead_ms : 0) / 1000);
}

/* ---- keys, checkpoints, backups -------------------------------------------------------------- */

static void look_at_keys(struct looked *looked)
{
    ARENA_AUTO arena;
    FD_AUTO fd = -1;
    struct ambit_str *names = NULL;
    size_t n = 0, open_to_others = 0;
    int64_t oldest = 0;
    arena_init(&arena, NULL, 0, 0);
    if (dir_open(looked->state_fd, "keys", &fd) != AMBIT_OK ||
        dir_list(fd, ".", &arena, &names, &n) != AMBIT_OK) {
        doctor_say(looked->doctor, "keys", DOCTOR_WARN,
                   "the service manager hands them in, or the next start makes them",
                   "there is no keys/ here");
        return;
    }
    for (size_t i = 0; i < n; i++) {
        struct stat st;
        if (fstatat(fd, names[i].p, &st, AT_SYMLINK_NOFOLLOW) != 0 || !S_ISREG(st.st_mode))
            continue;
        open_to_others += (st.st_mode & 077) != 0;
        int64_t days = (looked->doctor->cli->now_ms / 1000 - st.st_mtime) / 86400;
        oldest = days > oldest ? days : oldest;
    }
    if (open_to_others > 0)
        doctor_say(looked->doctor, "keys", DOCTOR_BAD, "chmod 0600, then ambit key rotate",
                   "%zu of %zu files may be read by others", open_to_others, n);
    else
        doctor_say(looked->doctor, "keys", oldest > KEY_DAYS ? DOCTOR_WARN : DOCTOR_OK,
                   "ambit key rotate", "%zu files, the oldest %lld days old, nobody else's", n,
                   (long long)oldest);
}

static bool read_checkpoint(int dir_fd, const char *path, uint64_t *ret_size)
{
    BUF_AUTO bytes = {.p = NULL};
    AMBIT_AUTO_FREE struct note *note = malloc(sizeof *note);
    struct checkpoint checkpoint;
    if (!note || file_read(dir_fd, path, NOTE_BYTES_MAX, &bytes) != AMBIT_OK ||
        note_read(buf_str(&bytes), note) != AMBIT_OK ||
        checkpoint_read(note->text, &checkpoint) != AMBIT_OK)
        return false;
    *ret_size = checkpoint.size;
    return true;
}

static void say_checkpoint(struct looked *looked, const char *check, uint64_t size)
{
    if (looked->size > 0 && size > looked->size)
        doctor_say(looked->doctor, check, DOCTOR_BAD,
                   "the store was rolled back: broker/README.md, Restore",
                   "it says %llu events, the store has %llu", (unsigned long long)size,
                   (unsigned long long)looked->size);
    else
        doctor_say(looked->doctor, check, DOCTOR_OK, NULL, "%llu events, %llu behind the store",
                   (unsigned long long)size,
                   (unsigned long long)(looked->size > size ? looked->size - size : 0));
}

static void look_at_checkpoint(struct looked *looked, const struct config *config)
{
    uint64_t size = 0;
    if (read_checkpoint(looked->state_fd, "log/checkpoint", &size))
        say_checkpoint(looked, "checkpoint", size);
    else
        doctor_say(looked->doctor, "checkpoint", DOCTOR_WARN, "start the broker: it publishes one",
                   "there is none that can be read in log/");
    if (!config || !config->log.witness_file.p)
        doctor_say(looked->doctor, "witness file", DOCTOR_NOT_LOOKED, "log.witness_file",
                   "none is configured, or no --config given");
    else if (read_checkpoint(AT_FDCWD, config->log.witness_file.p, &size))
        say_checkpoint(looked, "witness file", size);
    else
        doctor_say(looked->doctor, "witness file", DOCTOR_BAD, "is its disk there?",
                   "%s cannot be read", config->log.witness_file.p);
}

static void look_at_backups(struct looked *looked, const struct config *config)
{
    ARENA_AUTO arena;
    char path[4096];
    struct backup_listed *listed = NULL;
    size_t n = 0;
    int64_t newest_ms = 0;
    arena_init(&arena, NULL, 0, 0);
    int len = snprintf(path, sizeof path, "%s/backups", looked->state);
    const char *folder = config && config->backup_folder.p ? config->backup_folder.p : path;
    if (len < 0 || (size_t)len >= sizeof path ||
        backup_list(folder, &arena, &listed, &n) != AMBIT_OK)
        return;
    for (size_t i = 0; i < n; i++)
        if (listed[i].manifest.name.p && listed[i].manifest.time_ms > newest_ms)
            newest_ms = listed[i].manifest.time_ms;
    int64_t days = (looked->doctor->cli->now_ms - newest_ms) / day_ms;
    if (newest_ms == 0)
        doctor_say(looked->doctor, "backups", DOCTOR_WARN, "ambit backup", "none in %s", folder);
    else
        doctor_say(looked->doctor, "backups", days > OLD_DAYS ? DOCTOR_WARN : DOCTOR_OK,
                   "ambit backup", "%zu, the newest %lld days old", n, (long long)days);
}

void doctor_look_at_state(struct doctor *doctor, const char *state, const struct config *config)
{
    FD_AUTO fd = -1;
    if (dir_open(AT_FDCWD, state, &fd) != AMBIT_OK) {
        doctor_say(doctor, "state", DOCTOR_BAD, "is this the right folder, and the right user?",
                   "%s cannot be opened", state);
        return;
    }
    struct looked looked = {.doctor = doctor, .state_fd = fd, .state = state};
    look_at_lock(&looked);
    if (looked.is_running)
        doctor_look_at_process(doctor, fd);
    look_at_store(&looked);
    if (looked.size > 0)
        doctor_look_at_search(doctor, state, looked.size);
    look_at_time(&looked);
    look_at_journal(&looked);
    look_at_keys(&looked);
    look_at_checkpoint(&looked, config);
    look_at_backups(&looked, config);
    if (config)
        doctor_look_at_review(doctor, state, config);
}

/* ---- what is configured ---------------------------------------------------------------------- */

/* The first certificate of a PEM text. */
static enum ambit_err read_certificate(const char *path, struct x509_leaf **ret)
{
    static const char begin[] = "-----BEGIN CERTIFICATE-----", end[] = "-----END";
    BUF_AUTO bytes = {.p = NULL}, text = {.p = NULL};
    uint8_t der[X509_BYTES_MAX];
    size_t len = 0;
    enum ambit_err err = file_read(AT_FDCWD, path, 1 << 20, &bytes);
    if (err != AMBIT_OK)
        return err;
    const char *from = memmem(bytes.p, bytes.len, begin, sizeof begin - 1);
    size_t left = from ? (size_t)(bytes.p + bytes.len - from) : 0;
    const char *to = from ? memmem(from, left, end, sizeof end - 1) : NULL;
    if (!to)
        return AMBIT_ERR_MALFORMED;
    for (const char *p = from + sizeof begin - 1; p < to; p++)
        if (*p != '\n' && *p != '\r' && *p != ' ')
            buf_put_char(&text, *p);
    err = buf_check(&text);
    if (err == AMBIT_OK)
        err = base64_decode(buf_str(&text), der, sizeof der, &len);
    return err == AMBIT_OK ? x509_leaf_read((struct ambit_str){(const char *)der, len}, ret) : err;
}

static void look_at_certificate(struct doctor *doctor, const char *path)
{
    X509_LEAF_AUTO *leaf = NULL;
    int64_t now_ms = doctor->cli->now_ms;
    enum ambit_err err = read_certificate(path, &leaf);
    if (err)
        doctor_say(doctor, "certificate", DOCTOR_BAD, "put it right, then ambit reload", "%s: %s",
                   path, ambit_err_text(err));
    else if (!x509_leaf_is_in_date(leaf, now_ms))
        doctor_say(doctor, "certificate", DOCTOR_BAD, "renew it, then ambit reload",
                   "%s is not valid now", path);
    else if (!x509_leaf_is_in_date(leaf, now_ms + SOON_DAYS * day_ms))
        doctor_say(doctor, "certificate", DOCTOR_WARN, "renew it, then ambit reload",
                   "%s ends within %d days", path, SOON_DAYS);
    else
        doctor_say(doctor, "certificate", DOCTOR_OK, NULL, "%s holds for %d days at least", path,
                   SOON_DAYS);
}

void doctor_look_at_config(struct doctor *doctor, const struct config *config)
{
    struct ambit_problems problems = {0};
    struct ambit_documents *documents = NULL;
    enum ambit_err err =
        folder_load(config->documents.p, doctor->cli->now_ms, &problems, &documents);
    if (err)
        doctor_say(doctor, "documents", DOCTOR_BAD, "ambit policy check names each",
                   "%s: %zu mistakes, %s", config->documents.p, problems.n_errors,
                   ambit_err_text(err));
    else
        doctor_say(doctor, "documents", problems.n > 0 ? DOCTOR_WARN : DOCTOR_OK,
                   "ambit policy check names each", "%s holds, %zu warnings", config->documents.p,
                   problems.n);
    ambit_documents_free(documents);
    ambit_problems_done(&problems);
    for (size_t i = 0; i < config->n_listen; i++)
        if (config->listen[i].tls.certificate.p)
            look_at_certificate(doctor, config->listen[i].tls.certificate.p);
}
