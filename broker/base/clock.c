/* SPDX-License-Identifier: Apache-2.0 */
/* The only file that reads time. */
#include "base/clock.h"

#include <fcntl.h>
#include <time.h>

#include "base/encode.h"
#include "base/file.h"

static struct timespec read_clock(clockid_t which)
{
    struct timespec now = {0};

    int failed = clock_gettime(which, &now);

    AMBIT_ASSERT(failed == 0);
    return now;
}

int64_t clock_wall_ms(void)
{
    struct timespec now = read_clock(CLOCK_REALTIME);

    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int64_t clock_boot_ms(void)
{
    struct timespec now = read_clock(CLOCK_BOOTTIME);

    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static bool read_boot_id(struct ambit_str text, struct ambit_id *ret)
{
    char digits[2 * sizeof ret->b];
    size_t n = 0;
    for (size_t i = 0; i < text.len && text.p[i] != '\n'; i++) {
        if (text.p[i] == '-')
            continue;
        if (n == sizeof digits)
            return false;
        digits[n++] = text.p[i];
    }
    return hex_decode((struct ambit_str){digits, n}, ret->b, sizeof ret->b) == AMBIT_OK;
}

struct ambit_id clock_boot_id(const char *given)
{
    BUF_AUTO text = {.p = NULL};
    struct ambit_id id = {{0}};
    if (file_read(AT_FDCWD, "/proc/sys/kernel/random/boot_id", 64, &text) == AMBIT_OK &&
        read_boot_id(buf_str(&text), &id))
        return id;
    return given && read_boot_id(ambit_str_of(given), &id) ? id : (struct ambit_id){{0}};
}

int64_t clock_mono_us(void)
{
    struct timespec now = read_clock(CLOCK_MONOTONIC);

    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}
