/* SPDX-License-Identifier: Apache-2.0 */
/* Proof of possession as the running broker asks for it (standards.md section 9): which address is
 * expected, whether a nonce is in force, what a shown token is bound to. What is consumed goes with
 * the command (proof_once, command_add_once). On answering threads. */
#pragma once

#include "core/command.h"
#include "identity/dpop.h"

/* What a request brought by which a key may be proved. */
struct proof_request {
    struct shown_token token; /* of Authorization; absent {NULL,0} */
    struct ambit_str header;  /* DPoP; absent {NULL,0} */
    struct ambit_str method, path;
    bool has_certificate; /* of this connection */
    struct ambit_digest certificate;
};

/* D-8: a nonce is in force for agents whose highest policy is of tier high or critical, and for
 * services of those tiers. */
bool proof_wants_nonce(const struct ambit_documents *documents, struct ambit_str caller);
struct dpop_nonce proof_nonce(const struct broker *broker, enum dpop_place place);

/* At the token side: request->header is there; nothing else is looked at but method and path. */
AMBIT_CHECKED enum ambit_err proof_at_token(struct broker *broker,
                                            const struct documents_ref *documents,
                                            struct ambit_str caller,
                                            const struct proof_request *request,
                                            struct arena *arena, struct dpop_proof *ret);
/* A token of ours that was shown to us; `row` is its grant (identity_shown_check). */
AMBIT_CHECKED enum ambit_err proof_of_shown(struct broker *broker,
                                            const struct documents_ref *documents,
                                            const struct grant_row *row,
                                            const struct proof_request *request,
                                            struct arena *arena, struct dpop_proof *ret);

/* AZN-15: the proof that a service received with `token`, at an address of its own. Whether it was
 * shown before is the service's to know. REFUSED by ret->refusal; what key it proves is compared
 * where the grant is found. */
AMBIT_CHECKED enum ambit_err proof_of_told(struct broker *broker,
                                           const struct documents_ref *documents,
                                           struct ambit_str service, const struct proof_told *told,
                                           struct ambit_str token, struct arena *arena,
                                           struct dpop_proof *ret);

static inline bool proof_has_once(const struct dpop_proof *proof)
{
    return proof->once_until_ms != 0;
}
static inline struct once_value proof_once(const struct dpop_proof *proof)
{
    return (struct once_value){
        .digest = proof->once, .until_ms = proof->once_until_ms, .is_proof = true};
}
/* Was it a proof that the command found used (err REFUSED)? */
static inline bool command_proof_was_used(const struct command *command)
{
    return command->err == AMBIT_ERR_REFUSED && command->extra_used > 0 &&
           command->extra[command->extra_used - 1].is_proof;
}
