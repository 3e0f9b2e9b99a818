/* SPDX-License-Identifier: Apache-2.0 */
/* A running broker, as /readyz and /metrics tell of it. */
#include "cli/doctor.h"

#include "base/encode.h"
#include "base/json_read.h"
#include "cli/client.h"
#include "cli/settings.h"

enum { DAY_S = 86400, OLD_DAYS = 7, READER_S = 60 };

static bool get(struct doctor *doctor, const struct settings *settings, const char *path,
                struct client_reply *ret)
{
    const struct client_request request = {.broker = settings, .path = path};
    if (client_send(doctor->cli, &request, ret) == CLI_YES)
        return true;
    buf_reset(&doctor->cli->errors); /* said in the row */
    return false;
}

/* The value of a metric without labels; -1: it is not there. */
static int64_t metric(struct ambit_str text, const char *name)
{
    size_t len = strlen(name);
    while (text.len > 0) {
        const char *end = memchr(text.p, '\n', text.len);
        struct ambit_str line = {text.p, end ? (size_t)(end - text.p) : text.len};
        int64_t value = 0;
        if (line.len > len + 1 && memcmp(line.p, name, len) == 0 && line.p[len] == ' ' &&
            parse_i64((struct ambit_str){line.p + len + 1, line.len - len - 1}, &value) == AMBIT_OK)
            return value;
        size_t step = line.len < text.len ? line.len + 1 : line.len;
        text = (struct ambit_str){text.p + step, text.len - step};
    }
    return -1;
}

static void say_metrics(struct doctor *doctor, struct ambit_str text)
{
    long long left = (long long)metric(text, "ambit_store_free_bytes");
    long long used = (long long)metric(text, "ambit_store_bytes");
    long long events = (long long)metric(text, "ambit_events_total");
    long long search = (long long)metric(text, "ambit_search_bytes");
    long long age = (long long)metric(text, "ambit_store_reader_age_seconds");
    long long lapsing = (long long)metric(text, "ambit_attestations_lapsing");
    long long stops = (long long)metric(text, "ambit_stops_in_force");
    long long backup = (long long)metric(text, "ambit_backup_last_timestamp_seconds");
    long long backup_days = ((long long)doctor->cli->now_ms / 1000 - backup) / DAY_S;
    doctor_say(doctor, "room", left >= 0 && left < used / 4 ? DOCTOR_WARN : DOCTOR_OK,
               "a larger disk, or ambit prune",
               "%lld bytes used, %lld may still be written; an event takes %lld, and %lld of the "
               "search index",
               used, left, events > 0 ? used / events : 0,
               events > 0 && search > 0 ? search / events : 0);
    doctor_say(doctor, "readers", age > READER_S ? DOCTOR_WARN : DOCTOR_OK,
               "the log names the process: end it", "the oldest reads for %lld s", age);
    doctor_say(doctor, "attestations", lapsing > 0 ? DOCTOR_WARN : DOCTOR_OK,
               "their owners: ambit confirm agents/NAME.json",
               "%lld agents have lapsed, or lapse within two weeks", lapsing);
    doctor_say(doctor, "stops", stops > 0 ? DOCTOR_WARN : DOCTOR_OK, "GET /v1/stops",
               "%lld in force", stops);
    if (backup <= 0)
        doctor_say(doctor, "last backup", DOCTOR_WARN, "ambit backup", "the broker knows of none");
    else
        doctor_say(doctor, "last backup", backup_days > OLD_DAYS ? DOCTOR_WARN : DOCTOR_OK,
                   "ambit backup", "%lld days old", backup_days);
}

void doctor_look_at_broker(struct doctor *doctor, const struct settings *settings)
{
    CLIENT_REPLY_AUTO ready = {.status = 0}, metrics = {.status = 0};
    const struct json_value *value = NULL;
    struct json_problem problem = {.line = 0};
    if (!get(doctor, settings, "/readyz", &ready)) {
        doctor->is_unreachable = true;
        doctor_say(doctor, "broker", DOCTOR_BAD, "is it running, and is this its URL?",
                   "%s does not answer", settings->named);
        return;
    }
    enum ambit_err err = json_read(buf_str(&ready.body), (struct json_limits){0},
                                   &doctor->cli->arena, &value, &problem);
    struct ambit_str status = err ? AMBIT_STR("?") : json_get_str(value, "status");
    if (ready.status == 404) {
        doctor_say(doctor, "broker", DOCTOR_NOT_LOOKED, "--url of the listener \"ops\"",
                   "this listener does not say");
        return;
    }
    doctor_say(doctor, "broker", ready.status == 200 ? DOCTOR_OK : DOCTOR_BAD,
               "broker/README.md, Runbook, under this word", "%.*s", AMBIT_STR_ARG(status));
    if (get(doctor, settings, "/metrics", &metrics) && metrics.status == 200)
        say_metrics(doctor, buf_str(&metrics.body));
}
