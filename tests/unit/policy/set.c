/* SPDX-License-Identifier: Apache-2.0 */
/* Document sets for tests. */
#include "set.h"

#include <fcntl.h>
#include <stdio.h>

#include "base/file.h"
#include "crypto/digest.h"
#include "support/tzif.h"

static void hash(const void *bytes, size_t len, struct ambit_digest *ret)
{
    crypto_sha256(bytes, len, ret);
}

static enum ambit_err find_zone(void *ctx, struct ambit_str name, struct ambit_str *ret_tzif)
{
    static const char *const known[] = {"Europe/Berlin", "America/New_York", "UTC"};
    (void)ctx;
    for (size_t i = 0; i < AMBIT_LEN(known); i++) {
        if (ambit_str_is(name, known[i])) {
            *ret_tzif = AMBIT_STR(TZIF_UTC);
            return AMBIT_OK;
        }
    }
    return AMBIT_ERR_NOT_FOUND;
}

const struct ambit_read_env set_env = {.now_ms = 1795168800000, .sha256 = hash, .zone = find_zone};

void set_init(struct set *set)
{
    *set = (struct set){.n = 0};
    arena_init(&set->arena, NULL, 0, 0);
}

void set_done(struct set *set)
{
    arena_done(&set->arena);
}

void set_put(struct set *set, enum ambit_kind kind, const char *name, struct ambit_str bytes)
{
    struct ambit_str name_str = arena_copy(&set->arena, ambit_str_of(name));
    char path[256];
    size_t at = 0;
    int len = snprintf(path, sizeof path, "%s/%s.json", ambit_kind_folder(kind), name);
    AMBIT_ASSERT(len > 0 && (size_t)len < sizeof path);
    while (at < set->n &&
           !(set->files[at].kind == kind && ambit_str_eq(set->files[at].name, name_str)))
        at++;
    AMBIT_ASSERT(at < SET_FILES_MAX);
    set->n = at == set->n ? at + 1 : set->n;
    set->files[at] = (struct ambit_file){
        .kind = kind,
        .path = arena_copy(&set->arena, ambit_str_of(path)),
        .name = name_str,
        .bytes = arena_copy(&set->arena, bytes),
    };
}

struct ambit_str set_file(struct set *set, const char *path)
{
    BUF_AUTO bytes = {0};
    if (file_read(AT_FDCWD, path, 4 << 20, &bytes)) {
        fprintf(stderr, "cannot read %s\n", path);
        exit(2);
    }
    return arena_copy(&set->arena, buf_str(&bytes));
}

/* "a__b.json" -> "a/b" */
static void put_found(struct set *set, const char *dir, enum ambit_kind kind, struct ambit_str file)
{
    char path[512];
    char name[256];
    size_t n = 0;
    int len = snprintf(path, sizeof path, "%s/%s/%.*s", dir, ambit_kind_folder(kind),
                       AMBIT_STR_ARG(file));
    AMBIT_ASSERT(len > 0 && (size_t)len < sizeof path && file.len < sizeof name);
    for (size_t i = 0; i < file.len - 5; i++) {
        bool is_slash = i + 1 < file.len && memcmp(file.p + i, "__", 2) == 0;
        name[n++] = is_slash ? '/' : file.p[i];
        i += is_slash;
    }
    name[n] = '\0';
    set_put(set, kind, name, set_file(set, path));
}

bool set_put_folder(struct set *set, const char *dir)
{
    for (int kind = AMBIT_KIND_PERSON; kind <= AMBIT_KIND_POLICY; kind++) {
        struct ambit_str *names = NULL;
        size_t n = 0;
        char path[512];
        int len =
            snprintf(path, sizeof path, "%s/%s", dir, ambit_kind_folder((enum ambit_kind)kind));
        if (len < 0 || (size_t)len >= sizeof path ||
            dir_list(AT_FDCWD, path, &set->arena, &names, &n))
            return false;
        for (size_t i = 0; i < n; i++) {
            if (names[i].len > 5 && memcmp(names[i].p + names[i].len - 5, ".json", 5) == 0 &&
                !(names[i].len > 10 && memcmp(names[i].p + names[i].len - 10, ".test.json", 10) == 0))
                put_found(set, dir, (enum ambit_kind)kind, names[i]);
        }
    }
    return true;
}
