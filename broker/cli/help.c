/* SPDX-License-Identifier: Apache-2.0 */
/* Help and completion, both out of the verb table. */
#include "cli/cli.h"

enum { WIDTH = 22, COLUMNS = 80 };

/* Words from column `at` on, going on at column `indent` where a line is full. */
static void put_wrapped(struct buf *out, const char *text, size_t at, size_t indent)
{
    while (*text) {
        size_t len = strcspn(text, " ");
        if (at + len > COLUMNS && at > indent) {
            buf_printf(out, "\n%*s", (int)indent, "");
            at = indent;
        }
        buf_printf(out, "%.*s", (int)len, text);
        at += len;
        text += len;
        size_t blanks = strspn(text, " ");
        if (blanks > 0 && text[blanks] && at + 1 + strcspn(text + blanks, " ") <= COLUMNS) {
            buf_put_char(out, ' ');
            at++;
        } else if (blanks > 0 && text[blanks]) {
            at = COLUMNS;
        }
        text += blanks;
    }
    buf_put_char(out, '\n');
}

static void put_option(struct buf *out, const struct cli_option *option)
{
    size_t start = out->len;
    buf_printf(out, "  --%s%s%s", option->name, option->value ? " " : "",
               option->value ? option->value : "");
    if (out->len - start >= WIDTH + 2)
        buf_printf(out, "\n%*s", WIDTH + 2, "");
    else
        buf_printf(out, "%*s", (int)(WIDTH + 2 - (out->len - start)), "");
    buf_put_char(out, ' ');
    size_t at = WIDTH + 3 + (option->is_required ? strlen("(needed) ") : 0);
    if (option->is_required)
        buf_put_text(out, "(needed) ");
    put_wrapped(out, option->help, at, WIDTH + 3);
}

static void put_globals(struct buf *out)
{
    buf_put_text(out, "\nOptions of every verb:\n");
    for (size_t i = 0; i < cli_n_global_options; i++)
        put_option(out, &cli_global_options[i]);
}

void cli_help(struct buf *out)
{
    buf_put_text(
        out, "ambit: a privilege broker's command line\n\nUsage: ambit VERB [OPTIONS]\n\nVerbs:\n");
    for (size_t i = 0; i < cli_n_verbs; i++)
        buf_printf(out, "  %-*s %s\n", WIDTH, cli_verbs[i]->name, cli_verbs[i]->summary);
    put_globals(out);
    buf_put_text(out,
                 "\nExit codes: 0 yes; 1 no; 2 wrong usage, or documents or files that are not "
                 "valid; 3 broker\n"
                 "unreachable or answering 5xx. `ambit VERB --help` shows an example of each.\n"
                 "\nExample:\n  ambit policy check ./documents\n");
}

void cli_help_verb(struct buf *out, const struct cli_verb *verb)
{
    bool has_options = verb->options[0].name != NULL;
    buf_printf(out, "ambit %s: ", verb->name);
    put_wrapped(out, verb->summary, strlen("ambit : ") + strlen(verb->name), 2);
    buf_printf(out, "\nUsage: ambit %s%s%s%s\n\n", verb->name, verb->argument ? " " : "",
               verb->argument ? verb->argument : "", has_options ? " [OPTIONS]" : "");
    put_wrapped(out, verb->text, 0, 0);
    if (has_options)
        buf_put_text(out, "\nOptions:\n");
    for (const struct cli_option *option = verb->options; option->name; option++)
        put_option(out, option);
    put_globals(out);
    buf_printf(out, "\nExample:\n  %s\n", verb->example);
}

/* ---- completion ------------------------------------------------------------------------------ */

static void put_words(struct buf *out, const struct cli_option *options, size_t n)
{
    for (size_t i = 0; i < n && options[i].name; i++)
        buf_printf(out, " --%s", options[i].name);
}

/* The first words, each once: "policy", not "policy check". */
static void put_first_words(struct buf *out)
{
    for (size_t i = 0; i < cli_n_verbs; i++) {
        const char *name = cli_verbs[i]->name;
        size_t len = strcspn(name, " ");
        bool is_known = false;
        for (size_t k = 0; k < i; k++)
            is_known = is_known || (strcspn(cli_verbs[k]->name, " ") == len &&
                                    strncmp(cli_verbs[k]->name, name, len) == 0);
        if (!is_known)
            buf_printf(out, " %.*s", (int)len, name);
    }
}

void cli_completion_bash(struct buf *out)
{
    buf_put_text(
        out,
        "# SPDX-License-Identifier: Apache-2.0\n# Completion of ambit, made by `ambit completion "
        "bash`.\n"
        "_ambit() {\n"
        "    local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]} options\n"
        "    case $before in\n"
        "    --key | --cert | --ca | --token-file | --of-token | --subject-token | --assertion | "
        "--out | --key-out | --secret-out | --details | --documents | --state)\n"
        "        COMPREPLY=($(compgen -f -- \"$word\"))\n"
        "        return ;;\n"
        "    esac\n"
        "    case \"${COMP_WORDS[1]} ${COMP_WORDS[2]}\" in\n");
    for (size_t i = 0; i < cli_n_verbs; i++) {
        const struct cli_verb *verb = cli_verbs[i];
        buf_printf(out, "    \"%s\"%s) options=\"", verb->name,
                   strchr(verb->name, ' ') ? "" : "\\ *");
        put_words(out, verb->options, CLI_OPTIONS_MAX);
        buf_put_text(out, "\" ;;\n");
    }
    for (size_t i = 0; i < cli_n_verbs; i++) {
        const char *space = strchr(cli_verbs[i]->name, ' ');
        if (space)
            buf_printf(out,
                       "    \"%.*s\"\\ *) ((COMP_CWORD == 2)) && options=\"$options %s\" ;;&\n",
                       (int)(space - cli_verbs[i]->name), cli_verbs[i]->name, space + 1);
    }
    buf_put_text(out, "    esac\n    ((COMP_CWORD == 1)) && options=\"");
    put_first_words(out);
    buf_put_text(out, "\"\n    options=\"$options");
    put_words(out, cli_global_options, cli_n_global_options);
    buf_put_text(out, "\"\n    COMPREPLY=($(compgen -W \"$options\" -- \"$word\"))\n"
                      "    [[ $word == --* ]] || ((COMP_CWORD == 1)) || COMPREPLY+=($(compgen -f "
                      "-- \"$word\"))\n}\n"
                      "complete -F _ambit ambit\n");
}
