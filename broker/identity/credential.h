/* SPDX-License-Identifier: Apache-2.0 */
/* A way in as a document has it, as a digest: what a caller came by is looked for in the documents
 * of later by it. Within the room only. */
#pragma once

#include "ambit/document.h"

/* Of the methods that match names: TLS, FEDERATED_JWT, UNIX_PEER. Over all that has to match. */
struct ambit_digest credential_digest(const struct ambit_credential *credential);
