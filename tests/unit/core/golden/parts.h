/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of golden events share. */
#pragma once

#include "golden/events.h"

struct ambit_id golden_id(uint8_t n);
struct ambit_digest golden_digest(uint8_t n);
struct event golden_blank(size_t i, enum event_type type);
struct event golden_with_agent(struct event event);

struct event golden_issued(size_t i);
struct event golden_renewed(size_t i);
struct event golden_issued_to_service(size_t i);
struct event golden_refused(size_t i);
struct event golden_refused_stopped(size_t i);
struct event golden_refused_malformed(size_t i);
struct event golden_revoked(size_t i, bool is_foreign);
struct event golden_allowed(size_t i, struct arena *arena);
struct event golden_allowed_to_agent(size_t i);
struct event golden_denied(size_t i, enum ambit_reason reason, enum ambit_liveness liveness);
struct event golden_denied_unknown(size_t i);
struct event golden_denied_tripping(size_t i);
