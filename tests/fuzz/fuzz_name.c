/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as a name or pattern. Whatever is a name is a pattern, and whatever is a pattern may
 * stand in a rule; a name's every segment is one; two names make one when joined. */
#include <string.h>

#include "fuzz.h"

#include "ambit/policy.h"
#include "policy/name.h"

static void check_segments(struct ambit_str resource)
{
    size_t start = (size_t)((const char *)memchr(resource.p, ':', resource.len) - resource.p) + 1;
    for (size_t i = start; i <= resource.len; i++) {
        if (i < resource.len && resource.p[i] != '/')
            continue;
        FUZZ_CHECK(name_is_resource_segment(
            (struct ambit_str){.p = resource.p + start, .len = i - start}));
        start = i + 1;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct ambit_str text = {.p = data ? (const char *)data : "", .len = size};
    bool is_name = ambit_name_is_resource(text);
    bool is_pattern = ambit_pattern_is_resource(text);
    FUZZ_CHECK(!is_name || is_pattern);
    FUZZ_CHECK(!is_pattern || name_resource_fault(text, NAME_VARIABLES) == NULL);
    FUZZ_CHECK(!ambit_name_is_action(text) || ambit_pattern_is_action(text));
    FUZZ_CHECK(!name_is_plain(text) || name_is_agent(text));
    FUZZ_CHECK(!name_is_agent(text) || name_is_agent_prefix(text));
    FUZZ_CHECK(!is_pattern || (size <= AMBIT_WORD_MAX && !memchr(text.p, '{', size)));
    FUZZ_CHECK(name_text_pattern_fault(text) || size <= AMBIT_TEXT_MAX);
    if (is_name)
        check_segments(text);
    if (ambit_name_is_action(text) && size <= 255) {
        char twice[512];
        memcpy(twice, text.p, size);
        twice[size] = '.';
        memcpy(twice + size + 1, text.p, size);
        FUZZ_CHECK(ambit_name_is_action((struct ambit_str){.p = twice, .len = 2 * size + 1}));
    }
    return 0;
}
