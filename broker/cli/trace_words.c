/* SPDX-License-Identifier: Apache-2.0 */
/* The words of a trace. */
#include "cli/trace.h"

#include "base/arena.h"
#include "base/encode.h"
#include "base/json_read.h"
#include "cli/show.h"

void say(struct buf *line, struct ambit_str foreign)
{
    show_escaped(line, foreign);
}

void say_member(struct buf *line, const char *before, const struct json_value *object,
                const char *member)
{
    struct ambit_str text = json_get_str(object, member);
    if (!text.p)
        return;
    buf_put_text(line, before);
    say(line, text);
}

static bool is_erased(const struct json_value *object, const char *member)
{
    const struct json_value *erased = json_get(object, "erased");
    for (const struct json_value *one = erased ? erased->first : NULL; one; one = one->next)
        if (one->kind == JSON_STRING && ambit_str_is(one->text, member))
            return true;
    return false;
}

void say_quoted(struct buf *line, const char *before, const struct json_value *object,
                const char *member)
{
    struct ambit_str text = json_get_str(object, member);
    if (!text.p) {
        if (is_erased(object, member))
            buf_printf(line, "%s(erased)", before);
        return;
    }
    buf_put_text(line, before);
    buf_put_char(line, '"');
    while (text.len) { /* a quote within would end it before its time */
        const char *quote = memchr(text.p, '"', text.len);
        size_t len = quote ? (size_t)(quote - text.p) : text.len;
        say(line, (struct ambit_str){.p = text.p, .len = len});
        buf_put_text(line, quote ? "\\\"" : "");
        len += quote != NULL;
        text = (struct ambit_str){.p = text.p + len, .len = text.len - len};
    }
    buf_put_char(line, '"');
}

/* ---- times --------------------------------------------------------------------------------- */

enum { DAY_LEN = 10, CLOCK_LEN = 12 };

void say_time(struct buf *line, const struct trace_view *view, struct ambit_str time)
{
    int64_t ms = 0;
    if (time.len < DAY_LEN + 1 + CLOCK_LEN || time_decode(time, &ms)) {
        say(line, time);
        return;
    }
    struct ambit_str day = {.p = time.p, .len = DAY_LEN};
    if (!ambit_str_eq(day, view->day)) {
        buf_put_str(line, day);
        buf_put_char(line, ' ');
    }
    buf_put(line, time.p + DAY_LEN + 1, CLOCK_LEN);
}

void say_time_member(struct buf *line, const char *before, const struct trace_view *view,
                     const struct json_value *object, const char *member)
{
    struct ambit_str time = json_get_str(object, member);
    if (!time.p)
        return;
    buf_put_text(line, before);
    say_time(line, view, time);
}

void say_duration(struct buf *line, int64_t ms)
{
    static const struct {
        int64_t s;
        char unit;
    } units[] = {{86400, 'd'}, {3600, 'h'}, {60, 'm'}, {1, 's'}};
    if (ms < 0)
        ms = 0;
    if (ms < 10000) {
        buf_printf(line, "%lld.%03lld s", (long long)(ms / 1000), (long long)(ms % 1000));
        return;
    }
    int64_t s = ms / 1000;
    int parts = 0;
    for (size_t i = 0; i < AMBIT_LEN(units) && parts < 2; i++) {
        int64_t n = s / units[i].s;
        s %= units[i].s;
        if (n == 0 && parts == 0)
            continue;
        parts++;
        if (n > 0)
            buf_printf(line, "%s%lld%c", parts == 2 ? " " : "", (long long)n, units[i].unit);
    }
}

void say_between(struct buf *line, const char *before, struct ambit_str from, struct ambit_str to)
{
    int64_t from_ms = 0, to_ms = 0;
    if (time_decode(from, &from_ms) || time_decode(to, &to_ms))
        return;
    buf_put_text(line, before);
    say_duration(line, to_ms - from_ms);
}

/* ---- events -------------------------------------------------------------------------------- */

void say_digest(struct buf *line, struct ambit_str digest)
{
    enum { SHOWN = 7 + 12 };
    if (digest.len > SHOWN && memcmp(digest.p, "sha256:", 7) == 0)
        digest.len = SHOWN;
    say(line, digest);
}

static void say_first(struct buf *line, const struct json_value *list)
{
    const struct json_value *first = list && list->kind == JSON_ARRAY ? list->first : NULL;
    if (first && first->kind == JSON_STRING)
        say(line, first->text);
}

/* As a scope says it: action[resource]. */
void say_items(struct buf *line, const struct json_value *event)
{
    enum { SHOWN = 4 };
    const struct json_value *items = json_get(event, "items");
    size_t n = 0;
    for (const struct json_value *item = items ? items->first : NULL; item; item = item->next) {
        if (n++ >= SHOWN)
            continue;
        buf_put_text(line, n > 1 ? ", " : "");
        say_first(line, json_get(item, "actions"));
        if (!json_get(item, "resources"))
            continue;
        buf_put_char(line, '[');
        say_first(line, json_get(item, "resources"));
        buf_put_char(line, ']');
    }
    if (n > SHOWN)
        buf_printf(line, " and %zu more", n - SHOWN);
}

static void say_rule(struct buf *line, const struct json_value *event)
{
    if (!json_get_str(event, "policy").p)
        return;
    say_member(line, " (", event, "policy");
    say_member(line, "/", event, "rule");
    buf_put_char(line, ')');
}

static void say_lifetime(struct buf *line, const struct json_value *event)
{
    int64_t s = 0;
    if (!json_get_i64(event, "lifetime_s", &s))
        return;
    buf_put_text(line, " for ");
    say_duration(line, s * 1000);
}

static void say_trips(struct buf *line, const struct json_value *event)
{
    const struct json_value *trips = json_get(event, "trips");
    for (const struct json_value *trip = trips ? trips->first : NULL; trip; trip = trip->next) {
        buf_put_text(line, "; TRIPPED the hard stop ");
        say(line, trip->text);
    }
}

static void say_reporter(struct buf *line, const struct json_value *event)
{
    bool is_service = ambit_str_is(json_get_str(event, "reported_by"), "service");
    say_member(line, "", event, is_service ? "service" : "agent");
}

static void say_agreement(struct buf *line, const struct json_value *event)
{
    if (ambit_str_is(json_get_str(event, "agreement"), "mismatched"))
        buf_put_text(line, ", NOT what the other side says");
    if (json_get(event, "late"))
        buf_put_text(line, ", too late");
}

static void say_who(struct buf *line, const struct json_value *event)
{
    say_member(line, "", event, json_get_str(event, "person").p ? "person" : "by");
}

static void say_asked(struct buf *line, const struct json_value *event)
{
    if (!json_get_str(event, "action").p) {
        buf_put_text(line, "have ");
        say_items(line, event);
        return;
    }
    say_member(line, "", event, "action");
    say_member(line, " on ", event, "resource");
}

static void say_to(struct buf *line, const struct json_value *event)
{
    say_member(line, "", event, json_get_str(event, "to").p ? "to" : "level");
}

static void say_on_name(struct buf *line, const struct json_value *event)
{
    say_member(line, " on the name of ", event, "owner");
}

/* What stands in braces is a member, in "{'…}" quoted behind a colon, or one of these. */
static const struct {
    const char *name;
    void (*say)(struct buf *line, const struct json_value *event);
} parts[] = {{"items", say_items},       {"rule", say_rule},
             {"lifetime", say_lifetime}, {"trips", say_trips},
             {"reporter", say_reporter}, {"agreement", say_agreement},
             {"who", say_who},           {"asked", say_asked},
             {"going to", say_to},       {"on the name", say_on_name}};

#define DENIED  "{action} on {resource}: {reason}"
#define REFUSED "{agent} was REFUSED {items}: {reason}"
static const struct {
    const char *type;
    const char *whole, *brief, *bare; /* NULL: the whole */
} sentences[] = {
    {"grant.issued", "{agent} was granted {items}{lifetime}{rule}{'purpose}", NULL,
     "{agent} was granted {items}"},
    {"grant.refused", REFUSED "{rule}{'purpose}{trips}", NULL, REFUSED},
    {"grant.revoked", "{by} gave back a grant", "{by} gave it back", NULL},
    {"action.allowed", "{agent} was allowed {action} on {resource}{rule}{'stated_reason}{trips}",
     "allowed {action} on {resource}{rule}{'stated_reason}{trips}",
     "{agent} was allowed {action} on {resource}"},
    {"action.denied", "{agent} was DENIED " DENIED "{rule}{'stated_reason}{trips}",
     "DENIED  " DENIED "{rule}{'stated_reason}{trips}", "{agent} was DENIED " DENIED},
    {"action.outcome", "{reporter} says {action} on {resource} {outcome}{agreement}{'words}", NULL,
     NULL},
    {"action.unaccounted", "NOBODY reported what became of {action} on {resource}", NULL, NULL},
    {"stop.raised", "{who} STOPPED {target}{'words}", NULL, NULL},
    {"stop.clear_asked", "{person} asked for a second person to clear the stop on {target}{'words}",
     NULL, NULL},
    {"stop.cleared", "{person} cleared the stop on {target}{'words}", NULL, NULL},
    {"incident.opened", "an incident opened{on the name}", NULL, NULL},
    {"incident.escalated", "nobody took up the incident: it went to {going to}", NULL, NULL},
    {"incident.acknowledged", "{person} took up the incident{'words}", NULL, NULL},
    {"incident.closed", "{person} closed the incident{'words}", NULL, NULL},
    {"signal.received", "{service} signalled {signal}{'words}", NULL, NULL},
    {"approval.asked", "people were asked whether {agent} may {asked}{'stated_reason}", NULL, NULL},
    {"approval.given", "{person} said yes{'words}", NULL, NULL},
    {"approval.refused", "{person} said NO{'words}", NULL, NULL},
    {"approval.lapsed", "nobody answered the question in time", NULL, NULL},
    {"approval.used", "the approval was used", NULL, NULL},
    {"person.offboarded", "{person} offboarded {target}{'words}", NULL, NULL},
    {"documents.confirmed", "{person} confirmed {target}{'words}", NULL, NULL},
};

static void say_part(struct buf *line, const struct json_value *event, const char *name)
{
    for (size_t i = 0; i < AMBIT_LEN(parts); i++) {
        if (strcmp(parts[i].name, name) != 0)
            continue;
        parts[i].say(line, event);
        return;
    }
    if (name[0] == '\'')
        say_quoted(line, ": ", event, name + 1);
    else
        say_member(line, "", event, name);
}

static void say_sentence(struct buf *line, const struct json_value *event, const char *sentence)
{
    char name[32];
    for (const char *p = sentence; *p; p++) {
        const char *end = *p == '{' ? strchr(p, '}') : NULL;
        if (!end) {
            buf_put_char(line, *p);
            continue;
        }
        size_t len = (size_t)(end - p - 1);
        AMBIT_ASSERT(len < sizeof name);
        memcpy(name, p + 1, len);
        name[len] = '\0';
        say_part(line, event, name);
        p = end;
    }
}

void say_event(struct buf *line, const struct json_value *event, enum say_form form)
{
    struct ambit_str type = json_get_str(event, "type");
    for (size_t i = 0; i < AMBIT_LEN(sentences); i++) {
        if (!ambit_str_is(type, sentences[i].type))
            continue;
        const char *other = form == SAY_BRIEF  ? sentences[i].brief
                            : form == SAY_BARE ? sentences[i].bare
                                               : NULL;
        say_sentence(line, event, other ? other : sentences[i].whole);
        return;
    }
    say(line, type);
}
