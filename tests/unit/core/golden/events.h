/* SPDX-License-Identifier: Apache-2.0 */
/* The thirty golden events as structs. What version 0.1.0 made of them, byte for byte, stands in
 * events.json, written once by make_golden and never again: every later version encodes the same
 * structs to the same bytes, and reads those bytes. */
#pragma once

#include "ledger/event.h"

enum { GOLDEN_EVENTS = 30 };
/* Event `i`, seq == i. What it points to is static, or in the arena. */
struct event golden_event(size_t i, struct arena *arena);
struct event_seed golden_seed(size_t i);
