/* SPDX-License-Identifier: Apache-2.0 */
/* A running broker, as /readyz and /metrics tell of it. */
#include "cli/doctor.h"

#include "base/encode.h"
#include "base/json_read.h"
#include "cli/client.h"
#include "cli/settings.h"
#include "core/searching.h"

enum { DAY_S = 86400, OLD_DAYS = 7, READER_S = 60, WITNESS_S = 300 };
static const char witness_advice[] = "the log says why; does its URL answer, and has it our key?";

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

/* An older broker does not say. */
static void say_search(struct doctor *doctor, struct ambit_str text)
{
    long long behind = (long long)metric(text, "ambit_search_behind_events");
    long long held = (long long)metric(text, "ambit_search_held");
    long long rebuilt = (long long)metric(text, "ambit_search_rebuilt_total");
    if (behind < 0)
        return;
    if (held > 0)
        doctor_say(doctor, "search", DOCTOR_WARN, "broker/README.md, Runbook, ambit_search_held",
                   "the index cannot follow the record, %lld events behind", behind);
    else if (rebuilt > 0)
        doctor_say(doctor, "search", DOCTOR_WARN, "look at the disk that it stands on",
                   "the index was damaged and is built again, %lld events behind", behind);
    else
        doctor_say(doctor, "search", behind > SEARCHING_FAR ? DOCTOR_WARN : DOCTOR_OK,
                   "it follows: look again", "%lld events cannot be searched for yet", behind);
}

/* The next line of a metric for a witness: its name, and its whole value. */
static bool next_witness(struct ambit_str *left, const char *metric, struct ambit_str *ret_name,
                         int64_t *ret)
{
    size_t len = strlen(metric);
    while (left->len > 0) {
        const char *end = memchr(left->p, '\n', left->len);
        struct ambit_str line = {left->p, end ? (size_t)(end - left->p) : left->len};
        size_t step = end ? line.len + 1 : line.len;
        *left = (struct ambit_str){left->p + step, left->len - step};
        if (line.len <= len || memcmp(line.p, metric, len) != 0)
            continue;
        struct ambit_str rest = {line.p + len, line.len - len};
        const char *quote = memchr(rest.p, '"', rest.len);
        const char *blank = memrchr(rest.p, ' ', rest.len);
        if (!quote || !blank || blank < quote)
            continue;
        size_t whole = 0, size = (size_t)(rest.p + rest.len - blank - 1);
        while (whole < size && blank[1 + whole] != '.')
            whole++;
        *ret_name = (struct ambit_str){rest.p, (size_t)(quote - rest.p)};
        if (parse_i64((struct ambit_str){blank + 1, whole}, ret) == AMBIT_OK)
            return true;
    }
    return false;
}

/* Since it cosigned last, in seconds; -1: it never has. */
static int64_t age_of(struct ambit_str text, struct ambit_str witness)
{
    struct ambit_str name;
    int64_t age_s = 0;
    while (next_witness(&text, "ambit_log_witness_age_seconds{witness=\"", &name, &age_s))
        if (ambit_str_eq(name, witness))
            return age_s;
    return -1;
}

/* One that is not asked while nothing happens says nothing then: it is judged by what it lacks. */
static void say_witnesses(struct doctor *doctor, struct ambit_str text)
{
    struct ambit_str left = text, name;
    int64_t size = 0, published = metric(text, "ambit_log_size");
    while (next_witness(&left, "ambit_log_witnessed_size{witness=\"", &name, &size)) {
        int64_t age_s = age_of(text, name), behind = published > size ? published - size : 0;
        if (age_s < 0)
            doctor_say(doctor, "witness", DOCTOR_WARN, witness_advice,
                       "%.*s has cosigned nothing since the start", AMBIT_STR_ARG(name));
        else
            doctor_say(doctor, "witness", behind > 0 && age_s > WITNESS_S ? DOCTOR_WARN : DOCTOR_OK,
                       witness_advice,
                       "%.*s cosigned %lld s ago, %lld events behind the checkpoint",
                       AMBIT_STR_ARG(name), (long long)age_s, (long long)behind);
    }
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
    say_search(doctor, text);
    say_witnesses(doctor, text);
    doctor_say(doctor, "readers", age > READER_S ? DOCTOR_WARN : DOCTOR_OK,
               "the log names the process: end it", "the oldest reads for %lld s", age);
    doctor_say(doctor, "attestations", lapsing > 0 ? DOCTOR_WARN : DOCTOR_OK,
               "their owners: ambit confirm agents/NAME.json",
               "%lld agents have lapsed, or lapse within two weeks", lapsing);
    doctor_say(doctor, "stops", stops > 0 ? DOCTOR_WARN : DOCTOR_OK,
               "ambit incidents, then ambit clear each whose cause is found", "%lld in force",
               stops);
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
