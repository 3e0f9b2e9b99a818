/* SPDX-License-Identifier: Apache-2.0 */
/* OpenSSH public keys as one line: `TYPE BASE64 [COMMENT]`, the blob framed as RFC 4253
 * section 6.6, RFC 5656, RFC 8709 and OpenSSH's PROTOCOL.u2f say. Form only: no arithmetic on the
 * key. */
#pragma once

#include "ambit/base.h"

/* NULL, or a sentence. */
const char *shape_ssh_key_fault(struct ambit_str line);
