/* SPDX-License-Identifier: Apache-2.0 */
/* `ambit`: the command line. Everything it says goes through two buffers; only here do they meet
 * standard output and standard error. */
#include <errno.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/encode.h"
#include "cli/cli.h"

static bool write_all(int fd, struct ambit_str bytes)
{
    while (bytes.len) {
        ssize_t n = write(fd, bytes.p, bytes.len);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return false;
        bytes = (struct ambit_str){.p = bytes.p + n, .len = bytes.len - (size_t)n};
    }
    return true;
}

static void flush_output(struct cli *cli)
{
    if (!write_all(STDOUT_FILENO, buf_str(&cli->out)))
        _exit(errno == EPIPE ? CLI_YES : CLI_UNREACHABLE); /* who read has had enough */
    buf_reset(&cli->out);
}

/* COLUMNS over what the terminal says; 0 where the output is no terminal. */
static size_t columns_of(const char *said)
{
    struct winsize size = {.ws_col = 0};
    uint64_t columns = 0;
    if (said && parse_u64(ambit_str_of(said), &columns) == AMBIT_OK && columns <= UINT16_MAX)
        return (size_t)columns;
    bool is_terminal = isatty(STDOUT_FILENO) && ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0;
    return is_terminal ? size.ws_col : 0;
}

int main(int argc, char **argv)
{
    /* Secrets pass through here: no core dumps. A reader that went away is an error, not a signal.
     */
    const struct rlimit none = {0, 0};
    const struct sigaction ignore = {.sa_handler = SIG_IGN};
    if (setrlimit(RLIMIT_CORE, &none) || sigaction(SIGPIPE, &ignore, NULL))
        return CLI_USAGE;

    struct cli cli = {.environment = (const char *const *)environ,
                      .now_ms = clock_wall_ms(),
                      .flush = flush_output};
    cli.columns = columns_of(cli_env(&cli, "COLUMNS"));
    arena_init(&cli.arena, NULL, 0, 0);
    enum cli_exit code = cli_run(&cli, argc, (const char *const *)argv);
    bool is_written = write_all(STDERR_FILENO, buf_str(&cli.errors)) &&
                      write_all(STDOUT_FILENO, buf_str(&cli.out));
    is_written = is_written && !buf_check(&cli.out) && !buf_check(&cli.errors);
    cli_done(&cli);
    return is_written || code ? (int)code : CLI_UNREACHABLE;
}
