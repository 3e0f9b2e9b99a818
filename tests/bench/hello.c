/* SPDX-License-Identifier: Apache-2.0 */
/* The floor: libmicrohttpd on our loops with nothing behind it. POST of up to 8 KiB is read whole
 * and answered with 600 bytes. */
#include <stdlib.h>
#include <string.h>

#include "bench/loop.h"

enum { BODY_MAX = 8192, REPLY_BYTES = 600 };

struct hello {
    size_t len;
    char body[BODY_MAX];
};

static char reply[REPLY_BYTES];

static enum MHD_Result handle(void *arg, struct MHD_Connection *connection, const char *url,
                              const char *method, const char *version, const char *upload,
                              size_t *upload_size, void **context)
{
    (void)arg, (void)url, (void)method, (void)version;
    struct hello *hello = *context;
    if (!hello) {
        *context = hello = malloc(sizeof *hello);
        if (hello)
            hello->len = 0;
        return hello ? MHD_YES : MHD_NO;
    }
    if (*upload_size > 0) {
        if (*upload_size > BODY_MAX - hello->len)
            return MHD_NO;
        memcpy(hello->body + hello->len, upload, *upload_size);
        hello->len += *upload_size;
        *upload_size = 0;
        return MHD_YES;
    }
    return bench_reply(connection, 200, reply, sizeof reply);
}

static void completed(void *arg, struct MHD_Connection *connection, void **context,
                      enum MHD_RequestTerminationCode why)
{
    (void)arg, (void)connection, (void)why;
    free(*context);
    *context = NULL;
}

int main(void)
{
    memset(reply, 'x', sizeof reply);
    memcpy(reply, "{\"k\":\"", 6);
    memcpy(reply + sizeof reply - 2, "\"}", 2);
    return bench_serve(handle, completed);
}
