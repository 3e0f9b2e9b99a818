/* SPDX-License-Identifier: Apache-2.0 */
/* `doctor`: one screen of what is well, what is not, and what to do. */
#include "cli/doctor.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/json_write.h"
#include "cli/keep.h"
#include "cli/settings.h"
#include "cli/show.h"
#include "config/config.h"

enum { SAW_MAX = 256 };

void doctor_say(struct doctor *doctor, const char *check, enum doctor_level level,
                const char *advice, const char *format, ...)
{
    char text[SAW_MAX];
    va_list arguments;
    va_start(arguments, format);
    int n = vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    if (doctor->n == DOCTOR_ROWS_MAX || n < 0)
        return;
    size_t len = (size_t)n < sizeof text ? (size_t)n : sizeof text - 1;
    doctor->row[doctor->n++] = (struct doctor_row){
        .check = check,
        .level = level,
        .saw = arena_copy(&doctor->cli->arena, (struct ambit_str){text, len}),
        .advice = level == DOCTOR_OK ? NULL : advice,
    };
}

static const char *level_text(enum doctor_level level)
{
    switch (level) {
    case DOCTOR_OK:
        return "ok";
    case DOCTOR_WARN:
        return "warn";
    case DOCTOR_BAD:
        return "bad";
    case DOCTOR_NOT_LOOKED:
        return "not looked at";
    }
    return "bad";
}

static size_t count(const struct doctor *doctor, enum doctor_level level)
{
    size_t n = 0;
    for (size_t i = 0; i < doctor->n; i++)
        n += doctor->row[i].level == level;
    return n;
}

static void put_json(const struct doctor *doctor)
{
    struct json_out out = {.buf = NULL};
    json_out_init(&out, &doctor->cli->out, false);
    json_begin_object(&out);
    json_key(&out, "ok");
    json_bool(&out, count(doctor, DOCTOR_BAD) == 0);
    json_key(&out, "checks");
    json_begin_array(&out);
    for (size_t i = 0; i < doctor->n; i++) {
        json_begin_object(&out);
        json_member_text(&out, "check", doctor->row[i].check);
        json_member_text(&out, "state", level_text(doctor->row[i].level));
        json_member_str(&out, "saw", doctor->row[i].saw);
        json_member_text(&out, "advice", doctor->row[i].advice);
        json_end_object(&out);
    }
    json_end_array(&out);
    json_end_object(&out);
    buf_put_char(&doctor->cli->out, '\n');
}

static void put_lines(const struct doctor *doctor)
{
    struct buf *out = &doctor->cli->out;
    for (size_t i = 0; i < doctor->n; i++) {
        const struct doctor_row *row = &doctor->row[i];
        buf_printf(out, "%-13s  %-14s  ", level_text(row->level), row->check);
        show_escaped(out, row->saw);
        if (row->advice)
            buf_printf(out, "\n%31s-> %s", "", row->advice);
        buf_put_char(out, '\n');
    }
    buf_printf(out, "%zu ok, %zu to watch, %zu bad, %zu not looked at\n", count(doctor, DOCTOR_OK),
               count(doctor, DOCTOR_WARN), count(doctor, DOCTOR_BAD),
               count(doctor, DOCTOR_NOT_LOOKED));
}

static bool load_config(struct doctor *doctor, const char *path, struct config *config)
{
    struct ambit_problems problems = {0};
    const struct config_source source = {.path = path, .environment = doctor->cli->environment};
    enum ambit_err err = config_load(&source, config, &problems);
    if (err)
        doctor_say(doctor, "configuration", DOCTOR_BAD, "ambitd --check names each",
                   "%s: %zu of its lines are wrong", path,
                   problems.n_errors > 0 ? problems.n_errors : problems.n);
    else
        doctor_say(doctor, "configuration", DOCTOR_OK, NULL, "%s holds", path);
    ambit_problems_done(&problems);
    return !err;
}

static enum cli_exit look(struct doctor *doctor)
{
    struct cli *cli = doctor->cli;
    struct settings settings;
    const char *path = cli_get(cli, "config"), *state = cli_get(cli, "state");
    doctor_look_at_clock(doctor);
    if (path) {
        CONFIG_AUTO config = {.issuer = {NULL, 0}};
        bool holds = load_config(doctor, path, &config);
        if (holds)
            doctor_look_at_config(doctor, &config);
        if (holds)
            doctor_look_at_state(doctor, state ? state : config.state.p, &config);
    } else if (state) {
        doctor_look_at_state(doctor, state, NULL);
    } else {
        doctor_say(doctor, "files", DOCTOR_NOT_LOOKED, "--config FILE or --state DIR",
                   "store, keys, checkpoint, documents, certificates, backups");
    }
    enum cli_exit code = settings_find(cli, &settings);
    if (code && cli_get(cli, "url"))
        return code;
    if (code)
        buf_reset(&cli->errors); /* a folder without a URL: its files are enough */
    if (!code && settings.url)
        doctor_look_at_broker(doctor, &settings);
    else
        doctor_say(doctor, "broker", DOCTOR_NOT_LOOKED, "--url URL", "whether it answers");
    doctor_say(doctor, "unit", DOCTOR_NOT_LOOKED, "systemd-analyze security ambitd",
               "what the service manager allows");
    return CLI_YES;
}

static enum cli_exit run_doctor(struct cli *cli)
{
    struct doctor doctor = {.cli = cli};
    enum cli_exit code = look(&doctor);
    if (code)
        return code;
    if (cli->wants_json)
        put_json(&doctor);
    else
        put_lines(&doctor);
    if (doctor.is_unreachable)
        return CLI_UNREACHABLE;
    return count(&doctor, DOCTOR_BAD) > 0 ? CLI_NO : CLI_YES;
}

const struct cli_verb keep_doctor = {
    .name = "doctor",
    .summary = "is all well? What is seen, and what to do about it",
    .text =
        "Looks at the files of a broker (--config or --state: store, space, search index, journal, "
        "keys, checkpoint, witness file, documents and who has confirmed them, certificates, "
        "backups, clock, whether its process may leave a core) and at the broker itself (--url: "
        "ready, sealed, full, search, readers, witnesses, attestations), and says of each whether "
        "it is well and what to do. What it could not look at it says too. Changes nothing.",
    .example = "ambit doctor --config /etc/ambit/ambit.json --url http://127.0.0.1:8422",
    .options = {{"config", "FILE", "the broker's configuration", false, false}, {NULL}},
    .run = run_doctor,
};
