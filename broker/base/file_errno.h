/* SPDX-License-Identifier: Apache-2.0 */
/* Between file.c and file_write.c: errno in our words. */
#pragma once

#include "ambit/base.h"

enum ambit_err file_err_of(int code);
