/* SPDX-License-Identifier: Apache-2.0 */
/* libsystemd where the build found it. */
#include "notify.h"

#ifdef AMBIT_HAVE_SYSTEMD
#include <systemd/sd-daemon.h>

void notify_ready(void)
{
    (void)sd_notify(0, "READY=1"); /* nobody listens: nothing is lost */
}

void notify_alive(void)
{
    (void)sd_notify(0, "WATCHDOG=1");
}

void notify_stopping(void)
{
    (void)sd_notify(0, "STOPPING=1");
}

bool notify_inherited(size_t i, int *ret_fd)
{
    int n = sd_listen_fds(0);
    if (n <= 0 || i >= (size_t)n)
        return false;
    *ret_fd = SD_LISTEN_FDS_START + (int)i;
    return true;
}
#else
void notify_ready(void)
{
}

void notify_alive(void)
{
}

void notify_stopping(void)
{
}

bool notify_inherited(size_t i, int *ret_fd)
{
    (void)i;
    (void)ret_fd;
    return false;
}
#endif
