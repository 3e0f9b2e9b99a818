/* SPDX-License-Identifier: Apache-2.0 */
/* Reads the command line of ambitd. Wrong usage is said in one line on standard error. */
#include "options.h"

#include <getopt.h>
#include <stdio.h>

#include "ambit/limits.h"
#include "base/encode.h"

static const char usage[] =
    "ambitd: a policy-enforcing privilege broker for non-human identities\n"
    "\n"
    "  ambitd --dev [--state DIR] [--listen ADDR:PORT]\n"
    "  ambitd [--config FILE] [--state DIR] [--listen ADDR:PORT] [--check]\n"
    "\n"
    "  --dev              make keys and example documents under the state folder and serve on "
    "loopback\n"
    "  --config FILE      configuration (default /etc/ambit/ambit.json)\n"
    "  --state DIR        state folder (default with --dev: ./ambit-dev)\n"
    "  --listen ADDR:PORT one listener for everything, loopback only; port 0: any free one\n"
    "  --check            validate configuration and documents, then exit\n"
    "  --accept-rollback REASON  go on though the store is not what was published: as another log, "
    "on record\n"
    "  --accept-time REASON  believe the clock though the record does not bear it out: on record\n"
    "  --version, --help\n"
    "\n"
    "Exit: 0 stopped in order, 1 could not serve, 2 wrong usage, configuration or documents.\n"
    "Signals: HUP takes up changed documents; TERM and INT stop.\n"
    "\n"
    "Example: ambitd --dev --listen 127.0.0.1:0\n";

enum {
    OPT_DEV = 256,
    OPT_CONFIG,
    OPT_STATE,
    OPT_LISTEN,
    OPT_CHECK,
    OPT_ACCEPT,
    OPT_ACCEPT_TIME,
    OPT_VERSION,
    OPT_HELP
};

static bool reason_is_fine(const char *option, const char *reason, const struct options *options)
{
    size_t len = reason != NULL ? strlen(reason) : 0;
    if (reason == NULL || (len > 0 && len <= AMBIT_TEXT_MAX &&
                           utf8_is_valid(ambit_str_of(reason)) && !options->is_check))
        return true;
    fprintf(stderr, "ambitd: %s takes a reason of 1 to 1,024 bytes, and no --check\n", option);
    return false;
}

static enum options_outcome options_judge(int argc, char **argv, const struct options *options)
{
    if (optind < argc) {
        fprintf(stderr, "ambitd: unexpected argument \"%s\"; see ambitd --help\n", argv[optind]);
        return OPTIONS_WRONG;
    }
    if (options->is_dev && options->config != NULL) {
        fprintf(stderr, "ambitd: --dev makes its own configuration: leave out --config\n");
        return OPTIONS_WRONG;
    }
    bool is_fine = reason_is_fine("--accept-rollback", options->accept_rollback, options) &&
                   reason_is_fine("--accept-time", options->accept_time, options);
    return is_fine ? OPTIONS_SERVE : OPTIONS_WRONG;
}

enum options_outcome options_read(int argc, char **argv, struct options *ret)
{
    static const struct option table[] = {
        {"dev", no_argument, NULL, OPT_DEV},
        {"config", required_argument, NULL, OPT_CONFIG},
        {"state", required_argument, NULL, OPT_STATE},
        {"listen", required_argument, NULL, OPT_LISTEN},
        {"check", no_argument, NULL, OPT_CHECK},
        {"accept-rollback", required_argument, NULL, OPT_ACCEPT},
        {"accept-time", required_argument, NULL, OPT_ACCEPT_TIME},
        {"version", no_argument, NULL, OPT_VERSION},
        {"help", no_argument, NULL, OPT_HELP},
        {NULL, 0, NULL, 0},
    };
    int option = 0;
    *ret = (struct options){0};
    while ((option = getopt_long(argc, argv, "", table, NULL)) != -1) {
        if (option == OPT_DEV)
            ret->is_dev = true;
        else if (option == OPT_CONFIG)
            ret->config = optarg;
        else if (option == OPT_STATE)
            ret->state = optarg;
        else if (option == OPT_LISTEN)
            ret->listen = optarg;
        else if (option == OPT_CHECK)
            ret->is_check = true;
        else if (option == OPT_ACCEPT)
            ret->accept_rollback = optarg;
        else if (option == OPT_ACCEPT_TIME)
            ret->accept_time = optarg;
        else if (option == OPT_VERSION)
            return puts("ambitd " AMBIT_VERSION) >= 0 ? OPTIONS_SAID : OPTIONS_WRONG;
        else if (option == OPT_HELP)
            return fputs(usage, stdout) >= 0 ? OPTIONS_SAID : OPTIONS_WRONG;
        else
            return OPTIONS_WRONG;
    }
    return options_judge(argc, argv, ret);
}
