/* SPDX-License-Identifier: Apache-2.0 */
/* The documents folder: people/ agents/ services/ policies/ beneath it, one *.json each. Reads the
 * bytes and hands them to the engine's reader with what that needs from the world (SHA-256, time
 * zones). Never follows a symbolic link, never leaves the folder, reads nothing but regular files
 * of at most 1 MiB. A *.test.json, a *.sig and what does not end in .json is not a document. */
#pragma once

#include "ambit/document.h"
#include "base/arena.h"

struct buf;

struct folder {
    struct ambit_file *files; /* by kind, then by file name */
    size_t n;
    struct arena arena; /* owns everything */
};
void folder_done(struct folder *folder);
#define FOLDER_AUTO AMBIT_CLEANUP(folder_done) struct folder

/* Reads the bytes only. MALFORMED with problems: a link, a pipe, a file too large, a subfolder
 * missing altogether, more than FOLDER_FILES_MAX. NOT_FOUND: no such folder. Paths in problems
 * begin with `path` as given. */
enum { FOLDER_FILES_MAX = 100000 };
AMBIT_CHECKED enum ambit_err folder_read(const char *path, struct ambit_problems *problems,
                                         struct folder *ret);

/* The tests beside the policies, policies/NAME.test.json, with NAME as their name. */
AMBIT_CHECKED enum ambit_err folder_read_tests(const char *path, struct ambit_problems *problems,
                                               struct folder *ret);

/* Time zones as bytes: /usr/share/zoneinfo, names checked, links followed only beneath it. Each is
 * read once and kept. */
struct zones;
AMBIT_CHECKED enum ambit_err zones_open(const char *folder,
                                        struct zones **ret); /* NULL: the system's */
void zones_close(struct zones *zones);
void zones_closep(struct zones **zones);
#define ZONES_AUTO AMBIT_CLEANUP(zones_closep) struct zones *
/* What ambit_documents_read() wants; `now_ms` 0 when expiry is not to be judged. Borrows `zones`.
 */
struct ambit_read_env folder_env(struct zones *zones, int64_t now_ms);

/* All of it: read the folder, check the set. Problems of the folder and of the documents come in
 * one list. */
AMBIT_CHECKED enum ambit_err folder_load(const char *path, int64_t now_ms,
                                         struct ambit_problems *problems,
                                         struct ambit_documents **ret);

/* What the folder proposes under this kind and name. NOT_FOUND: nothing; MALFORMED: no document of
 * that kind and name stands there. */
AMBIT_CHECKED enum ambit_err folder_identify(const char *path, enum ambit_kind kind,
                                             struct ambit_str name, struct ambit_identity *ret);

/* A file beside a document, or the document's own: NAME.json, and behind that the suffix, and
 * ".PERSON.sig" where there is a person; or NAME.test.json. */
struct folder_beside {
    enum ambit_kind kind;
    struct ambit_str name;
    const char *suffix; /* NULL: none */
    struct ambit_str person;
    bool is_test;
};
/* NOT_FOUND; MALFORMED: a link, no plain file, more than 1 MiB. */
AMBIT_CHECKED enum ambit_err folder_read_beside(const char *path,
                                                const struct folder_beside *beside,
                                                struct buf *ret);

/* File name of a document: "/" written "__", ".json" behind. */
void folder_file_name(struct buf *out, struct ambit_str name);
