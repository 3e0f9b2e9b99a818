/* SPDX-License-Identifier: Apache-2.0 */
/* The operator's log: one JSON line per call on standard error, with a syslog level prefix ("<6>")
 * when standard error is the journal (log_init). Fixed text and typed fields only; no bodies,
 * tokens or keys. Called by main, the HTTP edge and core's alarms; rooms below return instead. */
#pragma once

#include "ambit/base.h"

enum log_level { LOG_ERROR = 3, LOG_WARNING = 4, LOG_NOTICE = 5, LOG_INFO = 6, LOG_DEBUG = 7 };

struct log_field {
    const char *key;
    struct ambit_str text; /* used when p != NULL; quoted, escaped, cut at 256 bytes */
    int64_t number;        /* otherwise */
};

/* Once, before threads: the value of JOURNAL_STREAM, or NULL. */
void log_init(const char *journal_stream);
void log_set_level(enum log_level level);
bool log_wants(enum log_level level);
/* For a thread that has many lines: appends the line, if the level is wanted, to be written at
 * once. */
struct buf;
void log_append(struct buf *lines, enum log_level level, const char *message,
                const struct log_field *fields, size_t n);
void log_write(const struct buf *lines);
void log_line(enum log_level level, const char *message, const struct log_field *fields, size_t n);
#define LOG(level, message, ...)                                          \
    log_line((level), (message), (const struct log_field[]){__VA_ARGS__}, \
             sizeof((const struct log_field[]){__VA_ARGS__}) / sizeof(struct log_field))
#define LOG_TEXT(k, s)          \
    {                           \
        .key = (k), .text = (s) \
    }
#define LOG_NUMBER(k, v)          \
    {                             \
        .key = (k), .number = (v) \
    }
