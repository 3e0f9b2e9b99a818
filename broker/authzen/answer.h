/* SPDX-License-Identifier: Apache-2.0 */
/* The answer to an evaluation (interfaces.md): what a service sees of what it asked, and the part
 * of it that an agent sees, which names nothing it was not granted. Pure. */
#pragma once

#include "core/command.h"

struct json_out;

struct evaluation_answer {
    struct ambit_id id;
    const struct decided *decided;
    const struct ambit_explanation *explanation; /* NULL: none could be had */
    struct ambit_id approval;                    /* the question that people have now; none */
    bool for_agent;
    struct ambit_str receipt; /* TLP-1; absent: none was asked for, or none is there yet */
};
void evaluation_answer_write(const struct evaluation_answer *answer, struct json_out *out);

/* Of a subject that is no access token (AZN-18): denied, no check was reached. */
void evaluation_not_supported(struct decided *decided, struct ambit_explanation *explanation);
