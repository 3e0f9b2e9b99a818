/* SPDX-License-Identifier: Apache-2.0 */
/* The command line taken apart by the verb table: closed until opened, so a word no row names is
 * wrong usage. Global options may stand before and behind the verb. */
#include "cli/args.h"

#include <stdarg.h>
#include <stdio.h>

#include "cli/show.h"
#include "policy/nearest.h"

void cli_done(struct cli *cli)
{
    buf_wipe(&cli->out); /* a token may stand in it */
    buf_wipe(&cli->errors);
    arena_done(&cli->arena);
}

const char *cli_nth(const struct cli *cli, const char *name, size_t i)
{
    for (size_t k = 0; k < cli->n_given; k++) {
        if (streq(cli->given[k].name, name) && i-- == 0)
            return cli->given[k].value;
    }
    return NULL;
}

const char *cli_get(const struct cli *cli, const char *name)
{
    return cli_nth(cli, name, 0);
}

bool cli_has(const struct cli *cli, const char *name)
{
    for (size_t k = 0; k < cli->n_given; k++) {
        if (streq(cli->given[k].name, name))
            return true;
    }
    return false;
}

const char *cli_env(const struct cli *cli, const char *name)
{
    size_t len = strlen(name);
    for (const char *const *entry = cli->environment; entry && *entry; entry++) {
        if (strncmp(*entry, name, len) == 0 && (*entry)[len] == '=' && (*entry)[len + 1])
            return *entry + len + 1;
    }
    return NULL;
}

__attribute__((format(printf, 2, 0))) static void complain(struct cli *cli, const char *format,
                                                           va_list words)
{
    char text[1024] = ""; /* what was given may be of any length */
    int n = vsnprintf(text, sizeof text, format, words);
    size_t len = n < 0 ? 0 : (size_t)n < sizeof text ? (size_t)n : sizeof text - 1;
    buf_put_text(&cli->errors, "ambit: ");
    show_escaped(&cli->errors, (struct ambit_str){.p = text, .len = len});
    buf_put_text(&cli->errors, (size_t)n > len ? "...\n" : "\n");
}

enum cli_exit cli_usage(struct cli *cli, const char *format, ...)
{
    va_list words;
    va_start(words, format);
    complain(cli, format, words);
    va_end(words);
    if (cli->verb)
        buf_printf(&cli->errors, "Try: ambit %s --help\n", cli->verb->name);
    return CLI_USAGE;
}

enum cli_exit cli_fail(struct cli *cli, enum cli_exit code, const char *format, ...)
{
    va_list words;
    va_start(words, format);
    complain(cli, format, words);
    va_end(words);
    return code;
}

static struct ambit_str nearest(struct ambit_str word, const char *const *names, size_t n)
{
    struct nearest nearest = nearest_to(word);
    for (size_t i = 0; i < n; i++)
        nearest_offer(&nearest, ambit_str_of(names[i]));
    return nearest.best;
}

/* ---- the verb -------------------------------------------------------------------------------- */

/* Does the verb's name, of one or two words, stand at words[0..]? How many words it took, or 0. */
static int verb_length(const struct cli_verb *verb, int n, const char *const *words)
{
    const char *space = strchr(verb->name, ' ');
    size_t first = space ? (size_t)(space - verb->name) : strlen(verb->name);
    if (n < 1 || strlen(words[0]) != first || strncmp(words[0], verb->name, first) != 0)
        return 0;
    if (!space)
        return 1;

    return n > 1 && streq(words[1], space + 1) ? 2 : 0;
}

static const struct cli_verb *find_verb(int n, const char *const *words, int *ret_taken)
{
    for (size_t i = 0; i < cli_n_verbs; i++) {
        int taken = verb_length(cli_verbs[i], n, words);
        if (taken) {
            *ret_taken = taken;
            return cli_verbs[i];
        }
    }
    return NULL;
}

/* "policy" alone: which words may stand behind it. */
static struct ambit_str second_words(struct cli *cli, const char *first)
{
    BUF_AUTO words = {.p = NULL};
    size_t len = strlen(first);
    for (size_t i = 0; i < cli_n_verbs; i++) {
        const char *name = cli_verbs[i]->name;
        if (strncmp(name, first, len) == 0 && name[len] == ' ')
            buf_printf(&words, "%s\"%s\"", words.len > 0 ? ", " : "", name);
    }
    return words.len > 0 ? arena_copy(&cli->arena, buf_str(&words)) : (struct ambit_str){NULL, 0};
}

static enum cli_exit unknown_verb(struct cli *cli, int n, const char *const *words)
{
    const char *names[64] = {NULL};
    AMBIT_ASSERT(cli_n_verbs <= AMBIT_LEN(names));
    for (size_t i = 0; i < cli_n_verbs; i++)
        names[i] = cli_verbs[i]->name;

    char both[256] = "";
    int len =
        snprintf(both, sizeof both, "%s%s%s", words[0], n > 1 && words[1][0] != '-' ? " " : "",
                 n > 1 && words[1][0] != '-' ? words[1] : "");
    struct ambit_str near = {NULL, 0};
    if (len > 0 && (size_t)len < sizeof both)
        near = nearest(ambit_str_of(both), names, cli_n_verbs);
    struct ambit_str whole = near.p ? (struct ambit_str){NULL, 0} : second_words(cli, words[0]);
    if (whole.p)
        return cli_usage(cli, "\"%s\" goes on; there is %.*s", words[0], AMBIT_STR_ARG(whole));
    if (!near.p)
        near = nearest(ambit_str_of(words[0]), names, cli_n_verbs);
    if (near.p)
        return cli_usage(
            cli, "there is no verb \"%s\"; did you mean \"%.*s\"? (ambit --help lists them all)",
            words[0], AMBIT_STR_ARG(near));

    return cli_usage(cli, "there is no verb \"%s\" (ambit --help lists them all)", words[0]);
}

/* ---- options --------------------------------------------------------------------------------- */

static const struct cli_option *find_option(const struct cli_verb *verb, const char *name,
                                            size_t len)
{
    for (size_t i = 0; i < cli_n_global_options; i++) {
        const struct cli_option *option = &cli_global_options[i];
        if (strlen(option->name) == len && strncmp(option->name, name, len) == 0)
            return option;
    }
    for (const struct cli_option *option = verb ? verb->options : NULL; option && option->name;
         option++) {
        if (strlen(option->name) == len && strncmp(option->name, name, len) == 0)
            return option;
    }
    return NULL;
}

static enum cli_exit unknown_option(struct cli *cli, const char *word, size_t len)
{
    const char *names[CLI_OPTIONS_MAX + 16] = {NULL};
    size_t n = 0;
    for (size_t i = 0; i < cli_n_global_options; i++)
        names[n++] = cli_global_options[i].name;
    for (const struct cli_option *option = cli->verb ? cli->verb->options : NULL;
         option && option->name; option++)
        names[n++] = option->name;

    struct ambit_str near = nearest((struct ambit_str){.p = word + 2, .len = len}, names, n);
    if (near.p)
        return cli_usage(cli, "unknown option %.*s; did you mean --%.*s?", (int)len + 2, word,
                         AMBIT_STR_ARG(near));

    return cli_usage(cli, "unknown option %.*s", (int)len + 2, word);
}

/* One "--name value", "--name=value" or "--flag" at words[*i]; *i ends on its last word. */
static enum cli_exit take_option(struct cli *cli, int n, const char *const *words, int *i)
{
    const char *word = words[*i];
    const char *equals = strchr(word, '=');
    size_t len = equals ? (size_t)(equals - word) - 2 : strlen(word) - 2;
    const struct cli_option *option = find_option(cli->verb, word + 2, len);
    if (!option)
        return unknown_option(cli, word, len);
    if (!option->value && equals)
        return cli_usage(cli, "--%s takes no value", option->name);
    if (option->value && !equals && *i + 1 >= n)
        return cli_usage(cli, "--%s needs a value: %s", option->name, option->value);
    if (!option->is_repeated && cli_has(cli, option->name))
        return cli_usage(cli, "--%s is given twice", option->name);
    if (cli->n_given == CLI_VALUES_MAX)
        return cli_usage(cli, "too many options");

    const char *value = !option->value ? "" : equals ? equals + 1 : words[++*i];
    if (option->value && !*value) /* a variable of a script that is not set */
        return cli_usage(cli, "--%s needs a value: %s", option->name, option->value);
    cli->given[cli->n_given++] = (struct cli_given){.name = option->name, .value = value};
    return CLI_YES;
}

/* The words before the verb: global options alone. */
static enum cli_exit take_leading(struct cli *cli, int argc, const char *const *argv, int *i)
{
    for (; *i < argc && argv[*i][0] == '-'; ++*i) {
        const char *word = argv[*i];
        if (strncmp(word, "--", 2) != 0)
            return cli_usage(cli, "unknown option %s", word);
        enum cli_exit code = take_option(cli, argc, argv, i);
        if (code)
            return code;
    }
    return CLI_YES;
}

static enum cli_exit take_rest(struct cli *cli, int argc, const char *const *argv, int i)
{
    bool is_literal = false; /* behind "--" */
    for (; i < argc; i++) {
        const char *word = argv[i];
        enum cli_exit code = CLI_YES;
        if (!is_literal && streq(word, "--"))
            is_literal = true;
        else if (!is_literal && strncmp(word, "--", 2) == 0)
            code = take_option(cli, argc, argv, &i);
        else if (!is_literal && word[0] == '-' && word[1])
            code = cli_usage(cli, "unknown option %s", word);
        else if (!cli->verb->argument || cli->argument)
            code = cli_usage(cli, "unexpected word \"%s\"", word);
        else
            cli->argument = word;
        if (code)
            return code;
    }
    return CLI_YES;
}

static enum cli_exit check_complete(struct cli *cli)
{
    const struct cli_verb *verb = cli->verb;
    if (verb->argument && verb->argument[0] != '[' && !cli->argument)
        return cli_usage(cli, "%s is missing", verb->argument);

    for (const struct cli_option *option = verb->options; option->name; option++) {
        bool is_for_the_record = streq(option->name, "reason") && cli_has(cli, "dry-run");
        if (option->is_required && !is_for_the_record && !cli_has(cli, option->name))
            return cli_usage(cli, "--%s %s is missing", option->name, option->value);
    }
    return CLI_YES;
}

enum cli_exit args_take(struct cli *cli, int argc, const char *const *argv)
{
    int i = 1;
    enum cli_exit code = take_leading(cli, argc, argv, &i);
    if (code || i >= argc)
        return code;

    int taken = 0;
    cli->verb = find_verb(argc - i, argv + i, &taken);
    if (!cli->verb)
        return unknown_verb(cli, argc - i, argv + i);

    code = take_rest(cli, argc, argv, i + taken);
    if (code || cli_has(cli, "help"))
        return code;

    return check_complete(cli);
}
