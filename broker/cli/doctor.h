/* SPDX-License-Identifier: Apache-2.0 */
/* What `ambit doctor` looks at: rows of what was seen and what to do about it. */
#pragma once

#include "cli/cli.h"

enum doctor_level { DOCTOR_OK, DOCTOR_WARN, DOCTOR_BAD, DOCTOR_NOT_LOOKED };
enum { DOCTOR_ROWS_MAX = 64 };
struct doctor_row {
    const char *check;
    enum doctor_level level;
    struct ambit_str saw;
    const char *advice; /* NULL: nothing */
};
struct doctor {
    struct cli *cli;
    struct doctor_row row[DOCTOR_ROWS_MAX];
    size_t n;
    bool is_unreachable;
};
__attribute__((format(printf, 5, 6))) void doctor_say(struct doctor *doctor, const char *check,
                                                      enum doctor_level level, const char *advice,
                                                      const char *format, ...);

struct config;
/* The files: `config` may be NULL. */
void doctor_look_at_state(struct doctor *doctor, const char *state, const struct config *config);
void doctor_look_at_config(struct doctor *doctor, const struct config *config);
void doctor_look_at_clock(struct doctor *doctor);
/* Who has confirmed; and, while a broker runs on it, what its process may leave behind. */
void doctor_look_at_review(struct doctor *doctor, const char *state, const struct config *config);
void doctor_look_at_process(struct doctor *doctor, int state_fd);
/* `size`: events of the record. */
void doctor_look_at_search(struct doctor *doctor, const char *state, uint64_t size);
/* A running broker, by what it says to anybody. */
struct settings;
void doctor_look_at_broker(struct doctor *doctor, const struct settings *settings);
