/* SPDX-License-Identifier: Apache-2.0 */
/* The Merkle tree as arithmetic: hashes of leaves and nodes, and the edge that grows by a leaf. */
#include "ledger/tree.h"

#include "crypto/digest.h"

struct ambit_digest tree_leaf(struct ambit_str bytes)
{
    const struct ambit_str parts[] = {{.p = "\0", .len = 1}, bytes};
    struct ambit_digest digest;
    crypto_sha256_parts(parts, AMBIT_LEN(parts), &digest);
    return digest;
}

struct ambit_digest tree_node(const struct ambit_digest *left, const struct ambit_digest *right)
{
    uint8_t both[1 + 2 * sizeof *left];
    struct ambit_digest digest;
    both[0] = 1;
    memcpy(both + 1, left->b, sizeof left->b);
    memcpy(both + 1 + sizeof left->b, right->b, sizeof right->b);
    crypto_sha256(both, sizeof both, &digest);
    return digest;
}

struct ambit_digest tree_root(const struct tree_edge *edge)
{
    struct ambit_digest root;
    if (edge->size == 0) {
        crypto_sha256("", 0, &root);
        return root;
    }
    unsigned i = (unsigned)__builtin_ctzll(edge->size);
    root = edge->node[i];
    for (i++; i < TREE_LEVELS; i++)
        if (edge->size >> i & 1)
            root = tree_node(&edge->node[i], &root);
    return root;
}

void tree_edge_add(struct tree_edge *edge, struct ambit_digest leaf)
{
    struct tree_edge *e = edge;
    struct ambit_digest node = leaf;
    unsigned i = 0;
    AMBIT_ASSERT(e->size < UINT64_MAX >> 1);
    /* A binary counter: a carry joins two full subtrees. */
    for (; e->size >> i & 1; i++) {
        struct ambit_digest left = e->node[i];
        e->node[i] = node;
        node = tree_node(&left, &node);
    }
    e->node[i] = node;
    e->size++;
}
