/* SPDX-License-Identifier: Apache-2.0 */
/* The life of ambitd in steps, for main.c to read as a paragraph. Each step that fails has said why
 * on standard error and gives the exit code. */
#pragma once

#include "options.h"

enum { SERVE_GO_ON = -1, SERVE_FINE = 0, SERVE_CANNOT = 1, SERVE_WRONG = 2 };

struct service; /* everything that is open */

/* No core dumps, a tight umask, signals blocked for the main thread to wait on. */
int serve_harden(void);
int serve_new(struct service **ret);
/* Development state, configuration, environment. */
int serve_configure(struct service *service, const struct options *options);
/* --check: reads the documents too, and says what holds. */
int serve_check(struct service *service);
/* Binds the listeners, so that the issuer can be their URL. */
int serve_bind(struct service *service);
/* Opens the broker: state, documents, key, writer. */
int serve_open(struct service *service);
/* Answers from here on, and says so. */
int serve_start(struct service *service);
/* Waits for signals: HUP reloads, TERM and INT end the wait. */
int serve_wait(struct service *service);
/* Answers what it has taken, then closes; NULL and half-open are fine. */
void serve_close(struct service *service);
