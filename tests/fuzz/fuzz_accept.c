/* SPDX-License-Identifier: Apache-2.0 */
/* Accept and Accept-Encoding: what names a type takes it, what is said first of the type itself
 * stands whatever follows, and nothing reads past the end. */
#include "base/buf.h"
#include "fuzz.h"
#include "base/accept.h"

#define TYPE "application/statuslist+jwt"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct ambit_str header = {.p = size ? (const char *)data : "", .len = size};
    bool takes = accept_takes(header, TYPE);
    FUZZ_CHECK(!accept_names(header, TYPE) || takes);
    (void)accept_takes_coding(header, "gzip");

    BUF_AUTO longer = {.p = NULL};
    buf_init(&longer, 0);
    buf_put_text(&longer, TYPE ";q=0,");
    buf_put_str(&longer, header);
    if (buf_check(&longer) == AMBIT_OK)
        FUZZ_CHECK(!accept_takes(buf_str(&longer), TYPE));
    buf_reset(&longer);
    buf_put_text(&longer, "gzip,");
    buf_put_str(&longer, header);
    if (buf_check(&longer) == AMBIT_OK)
        FUZZ_CHECK(accept_takes_coding(buf_str(&longer), "gzip"));
    return 0;
}
