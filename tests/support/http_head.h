/* SPDX-License-Identifier: Apache-2.0 */
/* Raw bytes of a request head, split the forgiving way in which the HTTP library splits them (bare
 * LF, blanks before the colon, NUL bytes, a folded line glued to the name): what the gate has to
 * judge. */
#pragma once

#include "ambit/base.h"
#include "http/gate.h"

enum { SPLIT_FIELDS = GATE_FIELDS_MAX + 2 };

struct split_head {
    char *bytes;               /* the input, separators cut */
    char *folds[SPLIT_FIELDS]; /* memory of folded fields */
    char *target;
    struct gate_field fields[SPLIT_FIELDS];
    struct gate_head head;
};

static inline void split_done(struct split_head *split)
{
    for (size_t i = 0; i < SPLIT_FIELDS; i++)
        free(split->folds[i]);
    free(split->bytes);
    free(split->target);
}

/* The next line, cut off in place; NULL when it does not end. */
static inline char *split_line(char *bytes, size_t size, size_t *at)
{
    char *line = bytes + *at;
    for (size_t i = *at; i < size; i++) {
        if (bytes[i] != '\n')
            continue;
        if (i > *at && bytes[i - 1] == '\r')
            bytes[i - 1] = '\0';
        bytes[i] = '\0';
        *at = i + 1;
        return line;
    }
    return NULL;
}

/* A version with a NUL behind it is none. */
static inline bool split_request_line(struct split_head *split, char *line, size_t len)
{
    char *target = strchr(line, ' ');
    if (!target)
        return false;
    *target++ = '\0';
    while (*target == ' ')
        target++;
    char *version = strrchr(target, ' ');
    if (!version || version == target)
        return false;
    *version++ = '\0';
    if (strlen(version) != len - (size_t)(version - line))
        return false;
    split->target = strdup(target);
    split->head.method = ambit_str_of(line);
    split->head.target_at = target;
    split->head.target = ambit_str_of(split->target);
    split->head.version = ambit_str_of(version);
    return split->target != NULL;
}

/* A continuation joins what strlen() says the last field's name is. */
static inline bool split_fold(struct split_head *split, const char *line)
{
    size_t last = split->head.n_fields - 1;
    struct gate_field *field = &split->fields[last];
    while (*line == ' ' || *line == '\t')
        line++;
    size_t len = field->name.len + strlen(line);
    char *joined = malloc(len + 1);
    if (!joined)
        return false;
    memcpy(joined, field->name.p, field->name.len);
    memcpy(joined + field->name.len, line, len - field->name.len + 1);
    free(split->folds[last]);
    split->folds[last] = joined;
    field->name = (struct ambit_str){.p = joined, .len = len};
    return true;
}

static inline bool split_field(struct split_head *split, char *line)
{
    if ((*line == ' ' || *line == '\t') && split->head.n_fields > 0)
        return split_fold(split, line);
    char *colon = strchr(line, ':');
    if (!colon || split->head.n_fields == SPLIT_FIELDS)
        return false;
    *colon++ = '\0';
    while (*colon == ' ' || *colon == '\t')
        colon++;
    split->fields[split->head.n_fields++] =
        (struct gate_field){.name = ambit_str_of(line), .value = ambit_str_of(colon)};
    return true;
}

/* False when the library would not have come as far as the gate. */
static inline bool split_read(const char *input, size_t size, struct split_head *ret)
{
    size_t at = 0;
    *ret = (struct split_head){.bytes = malloc(size + 1)};
    if (!ret->bytes)
        return false;
    if (size)
        memcpy(ret->bytes, input, size);
    ret->bytes[size] = '\0';
    char *line = split_line(ret->bytes, size, &at);
    if (!line)
        return false;
    size_t ending = at >= 2 && input[at - 2] == '\r' ? 2 : 1;
    if (!split_request_line(ret, line, at - ending))
        return false;
    for (line = split_line(ret->bytes, size, &at); line && *line;
         line = split_line(ret->bytes, size, &at))
        if (!split_field(ret, line))
            return false;
    ret->head.start = ret->bytes;
    ret->head.size = at;
    ret->head.fields = ret->fields;
    return line != NULL;
}
