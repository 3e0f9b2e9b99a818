/* SPDX-License-Identifier: Apache-2.0 */
/* The search index, as it lies in the state folder: losable, so that nothing here is worse than to
 * be watched. */
#include "cli/doctor.h"

#include <stdio.h>

#include "core/searching.h"
#include "store/search.h"

static const char again[] = "nothing: the next start builds it again, from the record";

static enum ambit_err read_position(struct search *search, struct search_position *ret)
{
    struct search_cursor *cursor = NULL;
    enum ambit_err err = search_cursor_open(search, &cursor);
    if (err == AMBIT_OK)
        err = search_cursor_position(cursor, ret);
    search_cursor_close(cursor);
    return err;
}

static void say_position(struct doctor *doctor, const struct search_position *position,
                         uint64_t size)
{
    uint64_t behind = size > position->next ? size - position->next : 0;
    bool is_ahead = position->next > size;
    doctor_say(doctor, "search index", is_ahead || behind > SEARCHING_FAR ? DOCTOR_WARN : DOCTOR_OK,
               is_ahead ? again
                        : "it follows while the broker runs; broker/README.md, Runbook, "
                          "ambit_search_held",
               is_ahead ? "it is of another record, %llu events ahead" : "%llu events behind",
               (unsigned long long)(is_ahead ? position->next - size : behind));
}

void doctor_look_at_search(struct doctor *doctor, const char *state, uint64_t size)
{
    char path[4096];
    struct search *search = NULL;
    struct search_position position;
    int n = snprintf(path, sizeof path, "%s/search", state);
    if (n < 0 || (size_t)n >= sizeof path)
        return;
    enum ambit_err err = search_open_read_only(path, &search);
    if (err == AMBIT_OK)
        err = read_position(search, &position);
    if (err == AMBIT_OK)
        say_position(doctor, &position, size);
    else if (err == AMBIT_ERR_NOT_FOUND)
        doctor_say(doctor, "search index", DOCTOR_OK, NULL, "there is none yet");
    else
        doctor_say(doctor, "search index", DOCTOR_WARN,
                   err == AMBIT_ERR_DAMAGED || err == AMBIT_ERR_NEWER ? again
                                                                      : "may this user read it?",
                   "%s", ambit_err_text(err));
    search_close(search);
}
