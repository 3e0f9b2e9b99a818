/* SPDX-License-Identifier: Apache-2.0 */
/* The event loops of the anchors (ideal.c, hello.c): one thread each around MHD_run(), connections
 * dealt out in turn by the main thread, requests resumed on the thread of their loop. Only what
 * it takes to answer: no limits, no reaping. */
#pragma once

#include <microhttpd.h>
#include <stddef.h>

struct bench_loop;

/* A request that may wait: the first member of whatever a handler keeps. */
struct bench_wait {
    struct bench_wait *next;
    struct bench_loop *loop;
    struct MHD_Connection *connection;
};

/* Suspends the request; call it before another thread can see it. `arg`: the handler's cls. */
void bench_suspend(struct bench_wait *wait, void *arg, struct MHD_Connection *connection);
/* From any thread; bench_kick() after the last of a batch. */
void bench_resume(struct bench_wait *wait);
void bench_kick(void);

/* Answers with what `bytes` holds, which must live until the request is completed. */
enum MHD_Result bench_reply(struct MHD_Connection *connection, unsigned status, const char *bytes,
                            size_t len);

/* Serves on a free port of 127.0.0.1, says "listening PORT" and returns after SIGTERM or SIGINT.
 * The handler's cls is its loop. */
int bench_serve(MHD_AccessHandlerCallback handler, MHD_RequestCompletedCallback completed);
