/* SPDX-License-Identifier: Apache-2.0 */
/* The broker's own keys at the start and on disk. Each private half is a file of its own
 * (STATE/keys/KID.jwk, 0600; `signing.jwk` of earlier versions), or comes from the service manager,
 * and then all do: `ambit-signing-key` signs, `ambit-signing-key-next` is published and signs after
 * its time. The record says which keys there are: a file is written before its key.created, so that
 * no key is on record that was not kept; one without a record was never published, and goes at the
 * next look. A private half goes when its key signs no more. */
#pragma once

#include "core/internal.h"

AMBIT_CHECKED enum ambit_err signing_open(struct broker *broker);
void signing_close(struct broker *broker);
/* Removes the files of keys that neither sign nor will. */
AMBIT_CHECKED enum ambit_err signing_clean(struct broker *broker);
