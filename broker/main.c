/* SPDX-License-Identifier: Apache-2.0 */
/* ambitd: start-up and shut-down, to be read as one paragraph. The steps are in serve.h. */
#include "serve.h"

static int serve(const struct options *options)
{
    struct service *service = NULL;
    int code = serve_harden();
    if (code == SERVE_GO_ON)
        code = serve_new(&service);
    if (code == SERVE_GO_ON)
        code = serve_configure(service, options);
    if (code == SERVE_GO_ON && options->is_check)
        code = serve_check(service);
    if (code == SERVE_GO_ON)
        code = serve_bind(service);
    if (code == SERVE_GO_ON)
        code = serve_open(service);
    if (code == SERVE_GO_ON)
        code = serve_start(service);
    if (code == SERVE_GO_ON)
        code = serve_wait(service);
    serve_close(service);
    return code;
}

int main(int argc, char **argv)
{
    struct options options;
    switch (options_read(argc, argv, &options)) {
    case OPTIONS_SERVE:
        return serve(&options);
    case OPTIONS_SAID:
        return SERVE_FINE;
    case OPTIONS_WRONG:
        return SERVE_WRONG;
    }
    return SERVE_WRONG;
}
