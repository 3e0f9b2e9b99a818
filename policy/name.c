/* SPDX-License-Identifier: Apache-2.0 */
/* The form of names and patterns, byte by byte, in one pass. Pure: allocates nothing. */
#include "policy/name.h"

#include "ambit/policy.h"

static bool is_alnum(char c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

static bool is_plain_byte(char c)
{
    return is_alnum(c) || c == '.' || c == '_' || c == '-';
}

static bool is_agent_byte(char c)
{
    return is_plain_byte(c) || c == '~' || c == '/';
}

/* Printable ASCII without what the language keeps for itself; the separator is the caller's. */
bool name_is_segment_byte(char c)
{
    /* One bit a byte, 0x00 to 0x3f and 0x40 to 0x7f: this runs for every byte of every name. */
    static const uint64_t low = 0x7ffffbda00000000, high = 0x57ffffffc7ffffff;
    unsigned b = (uint8_t)c;
    return b < 0x80 && ((b < 0x40 ? low >> b : high >> (b - 0x40)) & 1);
}

static bool is_variable(struct ambit_str segment)
{
    return ambit_str_is(segment, "${agent}") || ambit_str_is(segment, "${team}") ||
           ambit_str_is(segment, "${purpose}");
}

/* One segment of a pattern or name; *stars2 counts the whole-segment `**` seen so far. */
static const char *segment_fault(struct ambit_str segment, enum name_form form, unsigned *stars2)
{
    if (segment.len == 0)
        return "a segment is empty";
    if (ambit_str_is(segment, ".") || ambit_str_is(segment, ".."))
        return "a segment is `.` or `..`";
    if (form != NAME_LITERAL && ambit_str_is(segment, "**")) {
        if (++*stars2 > AMBIT_STARSTAR_MAX)
            return "`**` stands more than twice";
        return NULL;
    }
    if (form == NAME_VARIABLES && is_variable(segment))
        return NULL;

    unsigned stars = 0;
    for (size_t i = 0; i < segment.len; i++) {
        if (form != NAME_LITERAL && segment.p[i] == '*') {
            if (i > 0 && segment.p[i - 1] == '*')
                return "`**` is not a whole segment";
            if (++stars > AMBIT_STAR_MAX)
                return "`*` stands more than three times in a segment";
        } else if (!name_is_segment_byte(segment.p[i])) {
            if (segment.p[i] == '{' || segment.p[i] == '}')
                return "`${...}` may not stand here, or not so";
            return "a byte may not stand in a segment";
        }
    }
    return NULL;
}

static const char *segments_fault(struct ambit_str text, char separator, enum name_form form)
{
    unsigned stars2 = 0;
    size_t start = 0;
    for (size_t i = 0; i <= text.len; i++) {
        if (i < text.len && text.p[i] != separator)
            continue;
        struct ambit_str segment = {.p = text.p + start, .len = i - start};
        const char *fault = segment_fault(segment, form, &stars2);
        if (fault)
            return fault;
        start = i + 1;
    }
    return NULL;
}

const char *name_action_fault(struct ambit_str text, enum name_form form)
{
    AMBIT_ASSERT(form != NAME_VARIABLES); /* of resources alone */
    if (text.len == 0)
        return "it is empty";
    if (text.len > AMBIT_WORD_MAX)
        return "it is longer than 512 bytes";
    return segments_fault(text, '.', form);
}

const char *name_resource_fault(struct ambit_str text, enum name_form form)
{
    if (text.len == 0)
        return "it is empty";
    if (text.len > AMBIT_WORD_MAX)
        return "it is longer than 512 bytes";
    const char *colon = memchr(text.p, ':', text.len);
    if (!colon)
        return "there is no `type:` before the segments";
    size_t type_len = (size_t)(colon - text.p);
    if (type_len == 0 || type_len > AMBIT_TYPE_MAX)
        return "the type before `:` is not 1 to 64 bytes long";
    for (size_t i = 0; i < type_len; i++) {
        char c = text.p[i];
        if (!is_plain_byte(c) || (c >= 'A' && c <= 'Z'))
            return "the type before `:` holds a byte other than a-z 0-9 . _ -";
    }
    struct ambit_str rest = {.p = colon + 1, .len = text.len - type_len - 1};
    return segments_fault(rest, '/', form);
}

const char *name_text_pattern_fault(struct ambit_str text)
{
    if (text.len == 0)
        return "it is empty";
    if (text.len > AMBIT_TEXT_MAX)
        return "it is longer than 1024 bytes";
    unsigned stars = 0;
    for (size_t i = 0; i < text.len; i++) {
        if (text.p[i] == '*' && ++stars > AMBIT_STAR_MAX)
            return "`*` stands more than three times";
    }
    return NULL;
}

bool name_is_plain(struct ambit_str text)
{
    if (text.len == 0 || text.len > AMBIT_NAME_MAX)
        return false;
    for (size_t i = 0; i < text.len; i++) {
        if (!is_plain_byte(text.p[i]))
            return false;
    }
    return true;
}

bool name_is_agent_prefix(struct ambit_str text)
{
    if (text.len == 0 || text.len > AMBIT_AGENT_NAME_MAX || text.p[0] == '/')
        return false;
    for (size_t i = 0; i < text.len; i++) {
        if (!is_agent_byte(text.p[i]))
            return false;
    }
    return true;
}

bool name_is_agent(struct ambit_str text)
{
    return name_is_agent_prefix(text) && text.p[text.len - 1] != '/';
}

bool name_is_resource_segment(struct ambit_str text)
{
    unsigned stars2 = 0;
    if (text.len == 0 || memchr(text.p, '/', text.len))
        return false;
    return segment_fault(text, NAME_LITERAL, &stars2) == NULL;
}

bool ambit_name_is_action(struct ambit_str text)
{
    return name_action_fault(text, NAME_LITERAL) == NULL;
}

bool ambit_name_is_resource(struct ambit_str text)
{
    return name_resource_fault(text, NAME_LITERAL) == NULL;
}

bool ambit_pattern_is_action(struct ambit_str text)
{
    return name_action_fault(text, NAME_PATTERN) == NULL;
}

bool ambit_pattern_is_resource(struct ambit_str text)
{
    return name_resource_fault(text, NAME_PATTERN) == NULL;
}
