/* SPDX-License-Identifier: Apache-2.0 */
/* The process of the broker that runs on a state folder: whether its memory, where keys live, could
 * come to lie in a file. */
#include "cli/doctor.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "base/encode.h"
#include "base/file.h"

enum { FILE_MAX_BYTES = 4 << 20, FIELDS = 6 };

static struct ambit_str next_line(struct ambit_str *left)
{
    const char *end = memchr(left->p, '\n', left->len);
    struct ambit_str line = {left->p, end ? (size_t)(end - left->p) : left->len};
    size_t step = end ? line.len + 1 : line.len;
    *left = (struct ambit_str){left->p + step, left->len - step};
    return line;
}

/* The words of a line; how many there are, at most `max`. */
static size_t words_of(struct ambit_str line, struct ambit_str *words, size_t max)
{
    size_t n = 0;
    for (size_t i = 0; i < line.len && n < max;) {
        size_t begin = i;
        while (i < line.len && line.p[i] != ' ')
            i++;
        if (i > begin)
            words[n++] = (struct ambit_str){line.p + begin, i - begin};
        i++;
    }
    return n;
}

/* "1: FLOCK ADVISORY WRITE PID MAJOR:MINOR:INODE 0 EOF" of /proc/locks. */
static bool holder_of(const struct stat *lock, uint64_t *ret_pid)
{
    BUF_AUTO locks = {.p = NULL};
    char text[64];
    int len = snprintf(text, sizeof text, "%02x:%02x:%llu", major(lock->st_dev),
                       minor(lock->st_dev), (unsigned long long)lock->st_ino);
    if (len < 0 || file_read(AT_FDCWD, "/proc/locks", FILE_MAX_BYTES, &locks) != AMBIT_OK)
        return false;
    for (struct ambit_str left = buf_str(&locks); left.len > 0;) {
        struct ambit_str words[FIELDS];
        if (words_of(next_line(&left), words, FIELDS) == FIELDS &&
            ambit_str_is(words[1], "FLOCK") && ambit_str_is(words[5], text))
            return parse_u64(words[4], ret_pid) == AMBIT_OK && *ret_pid > 0;
    }
    return false;
}

/* "Max core file size  SOFT  HARD  bytes" of /proc/PID/limits. */
static bool may_dump(uint64_t pid, bool *ret)
{
    static const char name[] = "Max core file size";
    BUF_AUTO limits = {.p = NULL};
    char path[64];
    (void)snprintf(path, sizeof path, "/proc/%llu/limits", (unsigned long long)pid);
    if (file_read(AT_FDCWD, path, FILE_MAX_BYTES, &limits) != AMBIT_OK)
        return false;
    for (struct ambit_str left = buf_str(&limits); left.len > 0;) {
        struct ambit_str words[2], line = next_line(&left);
        if (line.len < sizeof name || memcmp(line.p, name, sizeof name - 1) != 0)
            continue;
        line = (struct ambit_str){line.p + sizeof name, line.len - sizeof name};
        if (words_of(line, words, 2) < 2)
            return false;
        *ret = !ambit_str_is(words[0], "0") || !ambit_str_is(words[1], "0");
        return true;
    }
    return false;
}

void doctor_look_at_process(struct doctor *doctor, int state_fd)
{
    struct stat lock;
    uint64_t pid = 0;
    bool may = false;
    if (fstatat(state_fd, "lock", &lock, 0) == 0 && holder_of(&lock, &pid) && may_dump(pid, &may))
        doctor_say(doctor, "core dumps", may ? DOCTOR_BAD : DOCTOR_OK,
                   "the broker switches them off when it starts: who raised the limit of this "
                   "process? Restart it",
                   may ? "process %llu may leave one, with the keys in it"
                       : "process %llu leaves none",
                   (unsigned long long)pid);
    else
        doctor_say(doctor, "core dumps", DOCTOR_NOT_LOOKED,
                   "where it runs: grep core /proc/PID/limits says 0 twice",
                   "the limits of the broker's process are not to be seen from here");
}
