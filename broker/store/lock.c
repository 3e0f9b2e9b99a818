/* SPDX-License-Identifier: Apache-2.0 */
/* The lock of the state folder. */
#include "store/lock.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include "store/internal.h"

enum ambit_err store_lock(const char *folder, int *ret_fd)
{
    int dir_fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (dir_fd < 0)
        return store_code(errno);
    int fd = openat(dir_fd, "lock", O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    int failed = errno;
    (void)close(dir_fd);
    if (fd < 0)
        return store_code(failed);
    if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
        enum ambit_err err = errno == EWOULDBLOCK ? AMBIT_ERR_BUSY : store_code(errno);
        (void)close(fd);
        return err;
    }
    *ret_fd = fd;
    return AMBIT_OK;
}

void store_unlock(int fd)
{
    if (fd >= 0)
        (void)close(fd);
}
