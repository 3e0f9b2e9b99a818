/* SPDX-License-Identifier: Apache-2.0 */
/* Talking to systemd: ready, alive, stopping, and the sockets it handed over. Does nothing when it
 * is not there. */
#pragma once

#include "ambit/base.h"

void notify_ready(void);
void notify_alive(void);
void notify_stopping(void);
/* The i-th inherited socket, when systemd activated us by one. */
bool notify_inherited(size_t i, int *ret_fd);
