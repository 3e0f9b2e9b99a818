/* SPDX-License-Identifier: Apache-2.0 */
/* The broker's own key: made at first start (STATE/keys, 0600), its public half published. */
#pragma once

#include "core/internal.h"

AMBIT_CHECKED enum ambit_err signing_open(struct broker *broker);
void signing_close(struct broker *broker);
