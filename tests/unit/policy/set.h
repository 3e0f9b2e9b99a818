/* SPDX-License-Identifier: Apache-2.0 */
/* Reading document sets in tests: a fixed moment, a few time zones, files from a folder. */
#pragma once

#include "ambit/document.h"
#include "base/arena.h"

enum { SET_FILES_MAX = 256 };

/* Files gathered for one ambit_documents_read(); everything lies in the arena. */
struct set {
    struct arena arena;
    struct ambit_file files[SET_FILES_MAX];
    size_t n;
};

/* 2026-11-20T10:00:00Z; SHA-256; Europe/Berlin, America/New_York and UTC. */
extern const struct ambit_read_env set_env;

void set_init(struct set *set);
void set_done(struct set *set);
/* Adds a file; one of the same kind and name is replaced. Texts are copied. */
void set_put(struct set *set, enum ambit_kind kind, const char *name, struct ambit_str bytes);
/* Adds every *.json of DIR/people, DIR/agents, DIR/services, DIR/policies; false: cannot be read.
 */
bool set_put_folder(struct set *set, const char *dir);
/* Reads one file; aborts the program when it cannot. */
struct ambit_str set_file(struct set *set, const char *path);
