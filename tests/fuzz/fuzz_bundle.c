/* SPDX-License-Identifier: Apache-2.0 */
/* What a source of keys sends: taken, it holds keys of the kind that was asked for; metadata gives
 * a place only that may be fetched from; an age is within its bounds. */
#include "base/arena.h"
#include "fuzz.h"
#include "identity/guard.h"
#include "identity/source.h"

static void check_keys(struct ambit_str bytes, enum source_kind kind)
{
    KEY_SNAPSHOT_AUTO *snapshot = NULL;
    int64_t hint_s = 0;
    if (key_snapshot_read(kind, bytes, &snapshot, &hint_s) != AMBIT_OK) {
        FUZZ_CHECK(snapshot == NULL);
        return;
    }
    FUZZ_CHECK(bytes.len <= SOURCE_BYTES_MAX);
    FUZZ_CHECK((snapshot->set && jwk_set_count(snapshot->set) > 0) || snapshot->anchors);
    FUZZ_CHECK(kind == SOURCE_BUNDLE || kind == SOURCE_ANCHORS || !snapshot->anchors);
    FUZZ_CHECK(kind != SOURCE_ANCHORS || !snapshot->set);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    ARENA_AUTO arena;
    arena_init(&arena, NULL, 0, (size_t)4 << 20);
    struct ambit_str bytes = {.p = size ? (const char *)data : "", .len = size}, uri = {0};
    check_keys(bytes, SOURCE_JWKS);
    check_keys(bytes, SOURCE_BUNDLE);
    check_keys(bytes, SOURCE_ANCHORS);
    if (discovery_read(bytes, AMBIT_STR("https://a.example"), &arena, &uri) == AMBIT_OK)
        FUZZ_CHECK(guard_url_is_fine(uri));
    int64_t age_s = cache_control_age(bytes);
    FUZZ_CHECK(age_s >= 0 && age_s <= SOURCE_FRESH_MAX_S);
    return 0;
}
