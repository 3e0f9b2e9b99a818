/* SPDX-License-Identifier: Apache-2.0 */
/* One run of the program, from words to exit code. */
#include "cli/args.h"

#ifndef AMBIT_VERSION
#define AMBIT_VERSION "0"
#endif

enum cli_exit cli_run(struct cli *cli, int argc, const char *const *argv)
{
    enum cli_exit code = args_take(cli, argc, argv);
    if (code)
        return code;
    if (cli_has(cli, "version")) {
        buf_put_text(&cli->out, "ambit " AMBIT_VERSION "\n");
        return CLI_YES;
    }
    if (!cli->verb && !cli_has(cli, "help")) {
        cli_help(&cli->errors);
        return CLI_USAGE;
    }
    if (!cli->verb) {
        cli_help(&cli->out);
        return CLI_YES;
    }
    if (cli_has(cli, "help")) {
        cli_help_verb(&cli->out, cli->verb);
        return CLI_YES;
    }

    cli->wants_json = cli_has(cli, "json");
    return cli->verb->run(cli);
}
