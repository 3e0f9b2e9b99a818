/* SPDX-License-Identifier: Apache-2.0 */
/* SPIFFE IDs: domain and path, put together again, are the text; nothing of a URL's other parts is
 * in them. */
#include "base/spiffe.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char scheme[] = "spiffe://";
    const size_t n = sizeof scheme - 1;
    struct ambit_str text = {.p = size ? (const char *)data : "", .len = size};
    struct spiffe_id id = {0};
    if (!spiffe_read(text, &id))
        return 0;
    FUZZ_CHECK(size <= SPIFFE_ID_MAX && memcmp(text.p, scheme, n) == 0);
    FUZZ_CHECK(id.domain.len > 0 && id.domain.p == text.p + n);
    FUZZ_CHECK(n + id.domain.len + id.path.len == size);
    FUZZ_CHECK(id.path.len != 1 && (id.path.len == 0 || id.path.p[id.path.len - 1] != '/'));
    for (size_t i = n; i < size; i++)
        FUZZ_CHECK(text.p[i] > ' ' && text.p[i] < 0x7f && !strchr(":@?#%\\", text.p[i]));
    return 0;
}
