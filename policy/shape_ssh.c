/* SPDX-License-Identifier: Apache-2.0 */
/* Walks the length-framed strings of a public key blob along a table of key types. */
#include "policy/shape_ssh.h"

#include "base/encode.h"

/* What each string of the blob behind the type must be. */
enum part { PART_END, PART_CURVE, PART_POINT, PART_KEY32, PART_EXPONENT, PART_MODULUS, PART_TEXT };

enum { BLOB_MAX = 4096, PARTS_MAX = 4, RSA_MIN_BYTES = 256, RSA_MAX_BYTES = 2048 };

struct key_type {
    const char *name;
    const char *curve;
    size_t point_len; /* uncompressed: 04, x, y */
    enum part parts[PARTS_MAX];
};

static const struct key_type key_types[] = {
    {"ssh-ed25519", NULL, 0, {PART_KEY32}},
    {"ecdsa-sha2-nistp256", "nistp256", 65, {PART_CURVE, PART_POINT}},
    {"ecdsa-sha2-nistp384", "nistp384", 97, {PART_CURVE, PART_POINT}},
    {"ecdsa-sha2-nistp521", "nistp521", 133, {PART_CURVE, PART_POINT}},
    {"ssh-rsa", NULL, 0, {PART_EXPONENT, PART_MODULUS}},
    {"sk-ssh-ed25519@openssh.com", NULL, 0, {PART_KEY32, PART_TEXT}},
    {"sk-ecdsa-sha2-nistp256@openssh.com", "nistp256", 65, {PART_CURVE, PART_POINT, PART_TEXT}},
};

/* Cuts the next string off `blob`. */
static bool take_string(struct ambit_str *blob, struct ambit_str *ret)
{
    if (blob->len < 4)
        return false;
    size_t len = get_be32((const uint8_t *)blob->p);
    if (len > blob->len - 4)
        return false;
    *ret = (struct ambit_str){.p = blob->p + 4, .len = len};
    *blob = (struct ambit_str){.p = blob->p + 4 + len, .len = blob->len - 4 - len};
    return true;
}

static bool is_part(const struct key_type *type, enum part part, struct ambit_str text)
{
    size_t lead = text.len > 0 && text.p[0] == 0; /* an mpint's sign byte */
    switch (part) {
    case PART_CURVE:
        return ambit_str_is(text, type->curve);
    case PART_POINT:
        return text.len == type->point_len && text.p[0] == 4;
    case PART_KEY32:
        return text.len == 32;
    case PART_EXPONENT:
        return text.len > 0 && text.len <= 9;
    case PART_MODULUS:
        return text.len - lead >= RSA_MIN_BYTES && text.len - lead <= RSA_MAX_BYTES;
    case PART_TEXT:
    case PART_END: /* of a list of parts, and none itself */
        break;
    }
    return text.len > 0;
}

static bool is_blob(const struct key_type *type, struct ambit_str blob)
{
    struct ambit_str text = {0};
    if (!take_string(&blob, &text) || !ambit_str_is(text, type->name))
        return false;
    for (size_t i = 0; i < PARTS_MAX && type->parts[i] != PART_END; i++) {
        if (!take_string(&blob, &text) || !is_part(type, type->parts[i], text))
            return false;
    }
    return blob.len == 0;
}

const char *shape_ssh_key_fault(struct ambit_str line)
{
    const char *space = memchr(line.p, ' ', line.len);
    if (!space)
        return "there is no key after the type";
    struct ambit_str name = {.p = line.p, .len = (size_t)(space - line.p)};
    struct ambit_str rest = {.p = space + 1, .len = line.len - name.len - 1};
    const char *comment = memchr(rest.p, ' ', rest.len);
    if (comment)
        rest.len = (size_t)(comment - rest.p);

    const struct key_type *type = NULL;
    for (size_t i = 0; i < AMBIT_LEN(key_types); i++) {
        if (ambit_str_is(name, key_types[i].name))
            type = &key_types[i];
    }
    if (!type)
        return "unknown type of key";

    uint8_t bytes[BLOB_MAX];
    size_t len = 0;
    if (base64_decode(rest, bytes, sizeof bytes, &len) != AMBIT_OK)
        return "the key is not base64";
    if (!is_blob(type, (struct ambit_str){.p = (const char *)bytes, .len = len}))
        return "the key does not have the form of its type";
    return NULL;
}
