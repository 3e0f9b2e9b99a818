/* SPDX-License-Identifier: Apache-2.0 */
/* Looking into the folder of segments: see segment_look.h. */
#include "core/segment_look.h"

#include <pthread.h>
#include <stdatomic.h>

#include "base/arena.h"
#include "core/segment.h"

/* Of two, who asks and the thread; whoever is the last frees it. */
struct segment_look {
    char *folder; /* owned */
    atomic_bool is_over;
    atomic_int owners;
    enum ambit_err err; /* both: once it is over */
    uint64_t first;
};

void segment_look_leave(struct segment_look *look)
{
    if (!look || atomic_fetch_sub(&look->owners, 1) > 1)
        return;
    free(look->folder);
    free(look);
}

static void *look_main(void *ctx)
{
    struct segment_look *look = ctx;
    struct segment_listed *listed = NULL;
    size_t n = 0;
    {
        ARENA_AUTO arena;
        arena_init(&arena, NULL, 0, 0);
        look->err = segments_list(look->folder, &arena, &listed, &n);
        look->first = look->err == AMBIT_OK && n > 0 ? listed[0].first : UINT64_MAX;
    }
    atomic_store(&look->is_over, true);
    segment_look_leave(look);
    return NULL;
}

static bool thread_start(struct segment_look *look)
{
    pthread_t thread;
    pthread_attr_t attributes;
    (void)pthread_attr_init(&attributes);
    (void)pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    int rc = pthread_create(&thread, &attributes, look_main, look);
    (void)pthread_attr_destroy(&attributes);
    return rc == 0;
}

struct segment_look *segment_look_begin(const char *folder)
{
    struct segment_look *look = calloc(1, sizeof *look);
    if (!look)
        return NULL;
    atomic_init(&look->owners, 2);
    look->folder = strdup(folder);
    if (look->folder && thread_start(look))
        return look;
    free(look->folder);
    free(look);
    return NULL;
}

enum ambit_err segment_look_end(struct segment_look **look, uint64_t *ret_first)
{
    if (!atomic_load(&(*look)->is_over))
        return AMBIT_ERR_BUSY;
    enum ambit_err err = (*look)->err;
    *ret_first = (*look)->first;
    segment_look_leave(TAKE(*look));
    return err;
}
