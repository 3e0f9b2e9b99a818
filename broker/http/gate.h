/* SPDX-License-Identifier: Apache-2.0 */
/* The framing gate, its pure part: is this request head one that every honest reader splits in the
 * same way? The parser before us accepts more than one reading of bare line feeds, folded lines,
 * blanks before a colon, NUL bytes and repeated framing headers, so the gate does not trust its
 * split: it checks that method, target, version and every field lie in the read buffer exactly
 * where "METHOD SP target SP version CRLF *( name ':' OWS value CRLF ) CRLF" puts them, byte after
 * byte, with nothing left over. The parser overwrites the separators with NUL; that is allowed for
 * and nothing else is. This leans on the parser version it was written against; f_framing pins it.
 * One thing leaves no trace: a NUL that stands for a CR beside a bare LF behind a field. Its bytes
 * are those of a cut CRLF; names and values are the same either way. */
#pragma once

#include "http/http.h"

enum {
    GATE_FIELDS_MAX = 100,
    GATE_TARGET_MAX = 8 * 1024,
    GATE_ARGUMENTS_MAX = 64,
    GATE_HEAD_MAX = 16 * 1024, /* HTP-13 */
};

struct gate_field {
    struct ambit_str name, value; /* in the head; value without its leading blanks */
};

/* What the parser made of the head. Every pointer must lie in [start, start + size). */
struct gate_head {
    const char *start; /* first byte of the request line */
    size_t size;       /* up to and with the blank line */
    struct ambit_str method, version;
    const char *target_at;   /* where the target stands in the head (its bytes may be cut by now) */
    struct ambit_str target; /* a copy as received */
    const struct gate_field *fields;
    size_t n_fields;
};

/* What later steps need to know of a head that passed. */
struct gate_facts {
    enum http_method method;
    bool is_head, is_http_1_0, has_length, expects;
    uint64_t content_length;      /* 0 when absent */
    struct ambit_str path, query; /* in head->target; query {NULL,0} when there is no '?' */
    struct ambit_str content_type, request_id, traceparent; /* {NULL,0} when absent */
};

/* status 0: passed. Otherwise 400, 411, 413, 414 or 431 and a fixed sentence. */
struct gate_refusal {
    unsigned status;
    const char *detail;
};

struct gate_refusal gate_check(const struct gate_head *head, struct gate_facts *ret);

/* Its steps, for the tests. */
struct gate_refusal gate_check_layout(const struct gate_head *head);
struct gate_refusal gate_check_target(struct ambit_str target, struct ambit_str *ret_path,
                                      struct ambit_str *ret_query);
struct gate_refusal gate_check_fields(const struct gate_head *head, struct gate_facts *ret);
bool gate_is_token(struct ambit_str text); /* RFC 9110 section 5.6.2 */
