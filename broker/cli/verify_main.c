/* SPDX-License-Identifier: Apache-2.0 */
/* ambit-verify: judges an export (a folder or a tar) by the log's public key, and needs nothing of
 * the broker: no store, no network. */
#include <stdio.h>
#include <string.h>

#include "base/json_write.h"
#include "base/random.h"
#include "cli/files.h"
#include "cli/verified.h"

enum { EXIT_HOLDS, EXIT_DAMAGED, EXIT_USAGE };

static const char usage[] =
    "usage: ambit-verify DIR|FILE.tar [--key FILE|VKEY] [--no-redecide] [--json] [--progress]\n"
    "       ambit-verify --version\n"
    "\n"
    "Checks an export of an ambit record, trusting nobody: every event against its hash, every\n"
    "hash against the root, the root against the signed checkpoint; then what every event says,\n"
    "and that its decision follows from its own inputs. --key is the log's verifier key, from\n"
    "whom you trust; without it nothing proves who signed. Exits 0: it holds; 1: damaged; 2:\n"
    "wrong usage, or no export.\n"
    "\n"
    "example: ambit-verify export.tar --key log.vkey\n";

struct words {
    const char *path, *key;
    bool no_redecide, wants_json, wants_progress;
};

static bool read_flag(const char *word, struct words *ret)
{
    if (strcmp(word, "--no-redecide") == 0)
        ret->no_redecide = true;
    else if (strcmp(word, "--json") == 0)
        ret->wants_json = true;
    else if (strcmp(word, "--progress") == 0)
        ret->wants_progress = true;
    else
        return false;
    return true;
}

static bool read_words(int argc, char **argv, struct words *ret)
{
    *ret = (struct words){.path = NULL};
    for (int i = 1; i < argc; i++) {
        if (read_flag(argv[i], ret))
            continue;
        if (strcmp(argv[i], "--key") == 0 && i + 1 < argc && ret->key == NULL)
            ret->key = argv[++i];
        else if (argv[i][0] != '-' && ret->path == NULL)
            ret->path = argv[i];
        else
            return false;
    }
    return ret->path != NULL;
}

static int tell(const struct log_report *report, bool wants_json)
{
    BUF_AUTO text;
    struct json_out out;
    buf_init(&text, 0);
    if (wants_json) {
        json_out_init(&out, &text, false);
        log_report_write(report, &out);
        buf_put_char(&text, '\n');
    } else {
        verified_write(report, &text);
    }
    if (buf_check(&text) != AMBIT_OK || fwrite(text.p, 1, text.len, stdout) != text.len ||
        fflush(stdout) != 0)
        return EXIT_USAGE;
    return report->n_problems == 0 ? EXIT_HOLDS : EXIT_DAMAGED;
}

static int fail(const char *what, enum ambit_err err)
{
    (void)fprintf(stderr, "ambit-verify: %s: %s\n", what,
                  err == AMBIT_ERR_MALFORMED ? "this is no export" : ambit_err_text(err));
    return err == AMBIT_ERR_DAMAGED ? EXIT_DAMAGED : EXIT_USAGE;
}

static int verify(const struct words *words, const struct note_verifier *key)
{
    struct files *files = NULL;
    struct log_report report;
    struct verified_progress progress;
    enum ambit_err err = files_open(words->path, &files);
    if (err != AMBIT_OK)
        return fail(words->path, err);
    const struct log_source source = files_source(files);
    struct log_verify_options options = {.key = key,
                                         .no_redecide = words->no_redecide,
                                         .progress = verified_progress,
                                         .ctx = &progress};
    random_bytes((uint8_t *)options.hash_key, sizeof options.hash_key);
    verified_progress_begin(&progress, words->wants_progress);
    err = log_verify(&source, &options, &report);
    verified_progress_end(&progress);
    int code = err == AMBIT_OK ? tell(&report, words->wants_json) : fail(words->path, err);
    log_report_done(&report);
    files_close(files);
    return code;
}

int main(int argc, char **argv)
{
    struct words words;
    struct note_verifier key;
    if (argc == 2 && strcmp(argv[1], "--version") == 0) {
        (void)puts("ambit-verify " AMBIT_VERSION);
        return EXIT_HOLDS;
    }
    bool asks = argc == 2 && (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0);
    if (asks || !read_words(argc, argv, &words)) {
        (void)fputs(usage, asks ? stdout : stderr);
        return asks ? EXIT_HOLDS : EXIT_USAGE;
    }
    enum ambit_err err = words.key != NULL ? verified_key(words.key, &key) : AMBIT_OK;
    if (err != AMBIT_OK) {
        (void)fprintf(stderr, "ambit-verify: --key is neither a verifier key nor a file of one\n");
        return EXIT_USAGE;
    }
    return verify(&words, words.key != NULL ? &key : NULL);
}
