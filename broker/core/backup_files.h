/* SPDX-License-Identifier: Apache-2.0 */
/* The files of a backup: paths, copies, digests, and which backups there are. */
#pragma once

#include "core/backup_manifest.h"

/* FOLDER/NAME.partial and FOLDER/NAME, both NUL-terminated; buf_done() in each case. */
AMBIT_CHECKED enum ambit_err backup_paths(const char *folder, struct ambit_str name,
                                          struct buf *ret_partial, struct buf *ret_whole);
/* backup.json of one; MALFORMED, NOT_FOUND. */
AMBIT_CHECKED enum ambit_err backup_read(const char *folder, struct arena *arena,
                                         struct backup_manifest *ret);
/* SHA-256 and length of a file. */
AMBIT_CHECKED enum ambit_err backup_hash_file(int dir_fd, const char *path,
                                              struct ambit_digest *ret, uint64_t *ret_bytes);
/* A copy, 0600, flushed; EXISTS. Of a folder: its plain files. NOT_FOUND: there is none. */
AMBIT_CHECKED enum ambit_err backup_copy_file(int from_fd, const char *from, int to_fd,
                                              const char *to);
AMBIT_CHECKED enum ambit_err backup_copy_folder(int from_fd, const char *from, int to_fd,
                                                const char *to);
/* Every backup of the folder whose manifest can be read, by name; one whose manifest cannot has no
 * name. No folder: none. */
struct backup_listed {
    struct ambit_str folder_name;
    struct backup_manifest manifest; /* .name absent: it could not be read */
};
AMBIT_CHECKED enum ambit_err backup_list(const char *folder, struct arena *arena,
                                         struct backup_listed **ret, size_t *ret_n);
