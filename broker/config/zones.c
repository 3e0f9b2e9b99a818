/* SPDX-License-Identifier: Apache-2.0 */
/* Time zone data as bytes. Names come from documents: each part is checked and the kernel resolves
 * the path beneath the zone folder, so that no name and no link in the folder leads out of it. */
#include "config/zones.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/encode.h"
#include "base/file.h"

enum { ZONE_NAME_MAX = 64, ZONE_BYTES_MAX = 65536 };

struct zone {
    struct zone *next;
    struct ambit_str name, bytes;
};

struct zones {
    int fd;                   /* of the zone folder */
    struct ambit_str version; /* of its data; absent: not said */
    struct zone *first;
    struct arena arena;
};

/* "# version 2025b", the first line of the file that the data was made from. */
static void read_version(struct zones *zones)
{
    static const char begin[] = "# version ";
    char line[64] = {0};
    FD_AUTO fd = openat(zones->fd, "tzdata.zi", O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0 || pread(fd, line, sizeof line - 1, 0) <= (ssize_t)strlen(begin) ||
        memcmp(line, begin, strlen(begin)) != 0)
        return;
    struct ambit_str version = ambit_str_of(line + strlen(begin));
    const char *end = memchr(version.p, '\n', version.len);
    if (!end || end == version.p)
        return;
    version.len = (size_t)(end - version.p);
    if (utf8_is_valid(version) && !text_has_control(version))
        zones->version = arena_copy(&zones->arena, version);
}

struct ambit_str zones_version(const struct zones *zones)
{
    return zones->version;
}

enum ambit_err zones_open(const char *folder, struct zones **ret)
{
    struct zones *zones = calloc(1, sizeof *zones);
    if (!zones)
        return AMBIT_ERR_NO_MEMORY;

    arena_init(&zones->arena, NULL, 0, 0);
    /* Without zone data every zone is unknown: documents that name one are then refused. */
    zones->fd = open(folder ? folder : "/usr/share/zoneinfo", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    read_version(zones);
    *ret = zones;
    return AMBIT_OK;
}

void zones_close(struct zones *zones)
{
    if (!zones)
        return;

    fd_closep(&zones->fd);
    arena_done(&zones->arena);
    free(zones);
}

void zones_closep(struct zones **zones)
{
    zones_close(*zones);
}

/* "Area/City": letters, digits, + - _ in each part, none empty. No dot, so no ".." either. */
static bool is_zone_name(struct ambit_str name)
{
    if (name.len == 0 || name.len > ZONE_NAME_MAX)
        return false;

    char before = '/';
    for (size_t i = 0; i < name.len; i++) {
        char c = name.p[i];
        bool is_word = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
                       c == '+' || c == '-' || c == '_';
        if (!is_word && (c != '/' || before == '/'))
            return false;
        before = c;
    }
    return before != '/';
}

static int open_beneath(int dir_fd, const char *name)
{
    struct open_how how = {.flags = O_RDONLY | O_NONBLOCK | O_CLOEXEC,
                           .resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS};
    long fd = syscall(SYS_openat2, dir_fd, name, &how, sizeof how);
    if (fd >= 0 || (errno != ENOSYS && errno != EPERM))
        return (int)fd;

    /* A kernel or sandbox without openat2: then no links at all. */
    return openat(dir_fd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
}

static enum ambit_err read_zone(struct zones *zones, const char *name, struct ambit_str *ret)
{
    FD_AUTO fd = open_beneath(zones->fd, name);
    if (fd < 0)
        return AMBIT_ERR_NOT_FOUND;

    struct stat about = {0};
    if (fstat(fd, &about) || !S_ISREG(about.st_mode) || about.st_size > ZONE_BYTES_MAX)
        return AMBIT_ERR_NOT_FOUND;

    size_t size = (size_t)about.st_size;
    char *bytes = arena_alloc(&zones->arena, size + 1);
    if (!bytes)
        return AMBIT_ERR_NO_MEMORY;

    ssize_t n = pread(fd, bytes, size, 0);
    if (n < 0 || (size_t)n != size)
        return AMBIT_ERR_IO;

    *ret = (struct ambit_str){.p = bytes, .len = size};
    return AMBIT_OK;
}

enum ambit_err zones_find(void *ctx, struct ambit_str name, struct ambit_str *ret_tzif)
{
    struct zones *zones = ctx;
    if (!is_zone_name(name) || zones->fd < 0)
        return AMBIT_ERR_NOT_FOUND;

    for (const struct zone *zone = zones->first; zone; zone = zone->next) {
        if (ambit_str_eq(zone->name, name)) {
            *ret_tzif = zone->bytes;
            return AMBIT_OK;
        }
    }

    struct zone *zone = arena_alloc(&zones->arena, sizeof *zone);
    if (!zone)
        return AMBIT_ERR_NO_MEMORY;

    zone->name = arena_copy(&zones->arena, name); /* NUL-terminated for the kernel */
    if (!zone->name.p)
        return AMBIT_ERR_NO_MEMORY;

    enum ambit_err err = read_zone(zones, zone->name.p, &zone->bytes);
    if (err)
        return err;

    zone->next = zones->first;
    zones->first = zone;
    *ret_tzif = zone->bytes;
    return AMBIT_OK;
}
