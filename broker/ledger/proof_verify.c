/* SPDX-License-Identifier: Apache-2.0 */
/* Inclusion and consistency proofs (MRK-1), verified from nothing but their own bytes. */
#include "ledger/tree.h"

enum ambit_err tree_inclusion_verify(struct ambit_digest leaf, uint64_t index, uint64_t size,
                                     const struct ambit_digest *path, size_t n,
                                     struct ambit_digest root)
{
    if (index >= size)
        return AMBIT_ERR_REFUSED;
    uint64_t fn = index, sn = size - 1;
    struct ambit_digest r = leaf;
    for (size_t i = 0; i < n; i++) {
        if (sn == 0)
            return AMBIT_ERR_REFUSED;
        if (fn & 1 || fn == sn) {
            r = tree_node(&path[i], &r);
            while (!(fn & 1) && fn != 0) {
                fn >>= 1;
                sn >>= 1;
            }
        } else {
            r = tree_node(&r, &path[i]);
        }
        fn >>= 1;
        sn >>= 1;
    }
    return sn == 0 && ambit_digest_eq(r, root) ? AMBIT_OK : AMBIT_ERR_REFUSED;
}

/* The walk of consistency over proof[1..): both roots grow from the node they have in common. */
static bool roots_follow(uint64_t fn, uint64_t sn, struct ambit_digest common,
                         const struct ambit_digest *proof, size_t n,
                         const struct ambit_digest roots[2])
{
    struct ambit_digest fr = common, sr = common;
    for (size_t i = 0; i < n; i++) {
        if (sn == 0)
            return false;
        if (fn & 1 || fn == sn) {
            fr = tree_node(&proof[i], &fr);
            sr = tree_node(&proof[i], &sr);
            while (!(fn & 1) && fn != 0) {
                fn >>= 1;
                sn >>= 1;
            }
        } else {
            sr = tree_node(&sr, &proof[i]);
        }
        fn >>= 1;
        sn >>= 1;
    }
    return sn == 0 && ambit_digest_eq(fr, roots[0]) && ambit_digest_eq(sr, roots[1]);
}

enum ambit_err tree_consistency_verify(uint64_t old_size, struct ambit_digest old_root,
                                       uint64_t size, struct ambit_digest root,
                                       const struct ambit_digest *proof, size_t n)
{
    const struct ambit_digest roots[2] = {old_root, root};
    if (old_size > size || old_size == 0)
        return AMBIT_ERR_REFUSED;
    if (old_size == size)
        return n == 0 && ambit_digest_eq(old_root, root) ? AMBIT_OK : AMBIT_ERR_REFUSED;
    if (n == 0)
        return AMBIT_ERR_REFUSED;

    uint64_t fn = old_size - 1, sn = size - 1;
    bool is_power = (old_size & (old_size - 1)) == 0;
    while (fn & 1) {
        fn >>= 1;
        sn >>= 1;
    }
    /* The old tree is one full subtree of the new one: its root is the common node. */
    bool holds = is_power ? roots_follow(fn, sn, old_root, proof, n, roots)
                          : roots_follow(fn, sn, proof[0], proof + 1, n - 1, roots);
    return holds ? AMBIT_OK : AMBIT_ERR_REFUSED;
}
