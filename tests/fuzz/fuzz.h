/* SPDX-License-Identifier: Apache-2.0 */
/* What a fuzz target is: one function that takes any bytes, never crashes, and checks a property of
 * what the parser made of them (printing and reading again gives the same; what was accepted holds
 * the bounds it promises) with FUZZ_CHECK. */
#pragma once

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define FUZZ_CHECK(claim)                                                                          \
    do {                                                                                           \
        if (!(claim)) {                                                                            \
            fprintf(stderr, "%s:%d: does not hold: %s\n", __FILE__, __LINE__, #claim);             \
            abort();                                                                               \
        }                                                                                          \
    } while (0)
