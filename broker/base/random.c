/* SPDX-License-Identifier: Apache-2.0 */
/* Random bytes from the kernel, 4 KiB a thread at a time. A byte is wiped as it is handed out, and
 * a forked child throws away what it inherited, so that no byte is ever used twice. */
#include "base/random.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/random.h>

#include "base/encode.h"
#include "base/secret.h"

enum { BLOCK = 4096 };

struct pool {
    uint8_t bytes[BLOCK];
    size_t left; /* unused bytes, at the end of the block */
};
static _Thread_local struct pool pool;
static pthread_once_t fork_guard = PTHREAD_ONCE_INIT;
static atomic_uint_fast16_t id_counter;

static void draw(uint8_t *dst, size_t len)
{
    while (len) {
        ssize_t got = getrandom(dst, len, 0);
        if (got < 0 && errno == EINTR)
            continue;
        AMBIT_ASSERT(got > 0);
        dst += got;
        len -= (size_t)got;
    }
}

/* Runs in the child, on its only thread. */
static void forget_in_child(void)
{
    secret_wipe(pool.bytes, sizeof pool.bytes);
    pool.left = 0;
}

static void guard_forks(void)
{
    int failed = pthread_atfork(NULL, NULL, forget_in_child);

    AMBIT_ASSERT(failed == 0);
}

void random_bytes(uint8_t *dst, size_t len)
{
    if (len >= BLOCK / 4) {
        draw(dst, len);
        return;
    }
    if (len > pool.left) {
        int failed = pthread_once(&fork_guard, guard_forks);
        AMBIT_ASSERT(failed == 0);
        draw(pool.bytes, sizeof pool.bytes);
        pool.left = sizeof pool.bytes;
    }
    if (len == 0)
        return;
    uint8_t *from = pool.bytes + sizeof pool.bytes - pool.left;
    memcpy(dst, from, len);
    secret_wipe(from, len);
    pool.left -= len;
}

struct ambit_id random_id(int64_t now_ms)
{
    struct ambit_id id = {{0}};
    unsigned count = (unsigned)atomic_fetch_add_explicit(&id_counter, 1, memory_order_relaxed);

    put_be64(id.b, (uint64_t)now_ms << 16 | (count & 0xffff));
    random_bytes(id.b + 8, 8);
    return id;
}
