/* SPDX-License-Identifier: Apache-2.0 */
/* Files, beneath a directory descriptor, O_CLOEXEC always. */
#pragma once

#include "base/buf.h"

/* Reads at most `max` bytes of a regular file; TOO_LARGE beyond. */
AMBIT_CHECKED enum ambit_err file_read(int dir_fd, const char *path, size_t max, struct buf *ret);
/* Writes to a temporary file beside it, fsyncs file and directory, renames. Mode as given. */
AMBIT_CHECKED enum ambit_err file_write(int dir_fd, const char *path, struct ambit_str bytes,
                                        unsigned mode);
/* The same but EXISTS when the name is taken. */
AMBIT_CHECKED enum ambit_err file_create(int dir_fd, const char *path, struct ambit_str bytes,
                                         unsigned mode);
AMBIT_CHECKED enum ambit_err dir_make(int dir_fd, const char *path,
                                      unsigned mode); /* already there: OK */
AMBIT_CHECKED enum ambit_err dir_open(int dir_fd, const char *path, int *ret_fd);
/* A new file for writing, 0600; EXISTS when the name is taken. */
AMBIT_CHECKED enum ambit_err file_open_new(int dir_fd, const char *path, int *ret_fd);
AMBIT_CHECKED enum ambit_err file_open(int dir_fd, const char *path, int *ret_fd); /* to read */
/* Gives file or folder another name, EXISTS when that is taken, and flushes the folder of both. */
AMBIT_CHECKED enum ambit_err file_rename(int dir_fd, const char *from, const char *to);
/* The two names change places at once, in the same folder, which is flushed: either both or
 * neither, whenever the machine stops. UNSUPPORTED: the file system cannot; nothing changed. */
AMBIT_CHECKED enum ambit_err file_exchange(int dir_fd, const char *one, const char *other);
AMBIT_CHECKED enum ambit_err file_flush(int fd);
AMBIT_CHECKED enum ambit_err dir_flush(int dir_fd, const char *path);
/* Everything below `path`, then itself, at most a few levels deep; what is not there is fine. */
AMBIT_CHECKED enum ambit_err dir_remove(int dir_fd, const char *path);
/* What the file system of this descriptor still gives to us. */
AMBIT_CHECKED enum ambit_err file_free_bytes(int fd, uint64_t *ret);
/* Names in a directory, sorted byte-wise, without "." and "..", in the arena. */
struct arena;
AMBIT_CHECKED enum ambit_err dir_list(int dir_fd, const char *path, struct arena *arena,
                                      struct ambit_str **ret_names, size_t *ret_n);
/* Opens a folder and lists it. One that is not there: OK, no names, and no descriptor (-1). */
AMBIT_CHECKED enum ambit_err dir_open_list(const char *path, struct arena *arena, int *ret_fd,
                                           struct ambit_str **ret_names, size_t *ret_n);
void fd_closep(int *fd); /* closes unless negative */
#define FD_AUTO AMBIT_CLEANUP(fd_closep) int
