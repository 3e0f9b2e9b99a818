/* SPDX-License-Identifier: Apache-2.0 */
/* The forms of short texts: names, addresses, URIs, patterns. SSH keys: shape_ssh.c. */
#include "policy/shape.h"

#include "ambit/limits.h"
#include "base/addr.h"
#include "base/encode.h"
#include "policy/shape_ssh.h"
#include "policy/name.h"

static bool is_alpha(char c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

static bool is_alnum(char c)
{
    return is_alpha(c) || (c >= '0' && c <= '9');
}

static const char *fault_name(struct ambit_str text)
{
    return name_is_plain(text) ? NULL : "no name";
}

static const char *fault_agent_name(struct ambit_str text)
{
    return name_is_agent(text) ? NULL : "no agent id";
}

static const char *fault_free_text(struct ambit_str text)
{
    (void)text; /* whatever is free text */
    return NULL;
}

static const char *fault_dns_name(struct ambit_str text)
{
    size_t label = 0;
    if (text.len > 253)
        return "longer than 253 bytes";
    for (size_t i = 0; i <= text.len; i++) {
        if (i < text.len && text.p[i] != '.') {
            bool is_edge = label == 0 || i + 1 == text.len || text.p[i + 1] == '.';
            if (!is_alnum(text.p[i]) && (is_edge || text.p[i] != '-'))
                return "not a host name";
            if (++label > 63)
                return "a label is longer than 63 bytes";
        } else if (label == 0) {
            return "a label is empty";
        } else {
            label = 0;
        }
    }
    return NULL;
}

static const char *fault_email(struct ambit_str text)
{
    const char *at = memchr(text.p, '@', text.len);
    if (!at || at == text.p || text.len > 254)
        return "not an e-mail address";
    for (const char *p = text.p; p < at; p++) {
        if (memchr(" ,;:<>()[]\"\\", *p, 12))
            return "a byte may not stand before the `@`";
    }
    struct ambit_str domain = {.p = at + 1, .len = text.len - (size_t)(at - text.p) - 1};
    return fault_dns_name(domain);
}

/* The length of the scheme with its colon, or 0. */
static size_t scheme_len(struct ambit_str text)
{
    if (text.len == 0 || !is_alpha(text.p[0]))
        return 0;
    for (size_t i = 1; i < text.len; i++) {
        if (text.p[i] == ':')
            return i + 1;
        if (!is_alnum(text.p[i]) && !memchr("+-.", text.p[i], 3))
            return 0;
    }
    return 0;
}

static bool is_hex(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'F') || (c >= 'a' && c <= 'f');
}

/* RFC 3986: unreserved, reserved but for '#', and well-formed percent-encodings. */
static const char *uri_bytes_fault(struct ambit_str text)
{
    for (size_t i = 0; i < text.len; i++) {
        char c = text.p[i];
        if (c == '#')
            return "it has a fragment";
        if (c == '%') {
            if (text.len - i < 3 || !is_hex(text.p[i + 1]) || !is_hex(text.p[i + 2]))
                return "`%` is not followed by two hex digits";
        } else if (!is_alnum(c) && !memchr("-._~:/?[]@!$&'()*+,;=", c, 21)) {
            return "a byte may not stand in a URI";
        }
    }
    return NULL;
}

static const char *fault_uri(struct ambit_str text)
{
    size_t scheme = scheme_len(text);
    if (scheme == 0)
        return "it has no scheme";
    if (scheme == text.len)
        return "nothing follows the scheme";
    struct ambit_str rest = {.p = text.p + scheme, .len = text.len - scheme};
    if (rest.len >= 2 && memcmp(rest.p, "//", 2) == 0 &&
        (rest.len == 2 || memchr("/?:@", rest.p[2], 4)))
        return "it has no host";
    return uri_bytes_fault(text);
}

static const char *fault_https_uri(struct ambit_str text)
{
    if (text.len < 8 || memcmp(text.p, "https://", 8) != 0)
        return "it does not begin with https://";
    size_t authority = 8;
    for (; authority < text.len && !memchr("/?", text.p[authority], 2); authority++) {
        if (text.p[authority] == '@')
            return "it names a user";
    }
    return fault_uri(text);
}

static const char *fault_action_pattern(struct ambit_str text)
{
    return name_action_fault(text, NAME_PATTERN);
}

static const char *fault_resource_pattern(struct ambit_str text)
{
    return name_resource_fault(text, NAME_PATTERN);
}

static const char *fault_rule_resource(struct ambit_str text)
{
    return name_resource_fault(text, NAME_VARIABLES);
}

static const char *fault_cidr(struct ambit_str text)
{
    struct cidr block;
    return cidr_decode(text, &block) == AMBIT_OK ? NULL : "not an address block";
}

static const char *fault_ip(struct ambit_str text)
{
    struct addr addr;
    return addr_decode(text, &addr) == AMBIT_OK ? NULL : "not an IP address";
}

static const char *fault_digest(struct ambit_str text)
{
    struct ambit_digest digest;
    return digest_decode(text, &digest) == AMBIT_OK ? NULL : "not a digest";
}

static const char *fault_member(struct ambit_str text)
{
    static const char *const reserved[] = {"source", "arguments_digest", "stated_reason"};
    for (size_t i = 0; i < AMBIT_LEN(reserved); i++) {
        if (ambit_str_is(text, reserved[i]))
            return "a reserved member";
    }
    return NULL;
}

static const char *fault_subject_type(struct ambit_str text)
{
    return ambit_str_is(text, "access_token") ? "the type of a token itself" : NULL;
}

bool shape_is_zone_name(struct ambit_str text)
{
    bool is_start = true; /* of a part between slashes */
    if (text.len == 0 || text.len > 64)
        return false;
    for (size_t i = 0; i < text.len; i++) {
        char c = text.p[i];
        if (c == '/' ? is_start : is_start ? !is_alpha(c) : !is_alnum(c) && !memchr("+-_", c, 3))
            return false;
        is_start = c == '/';
    }
    return !is_start;
}

const struct shape shape_name = {fault_name, "a name: 1 to 64 of A-Z a-z 0-9 . _ -"};
const struct shape shape_agent_name = {
    fault_agent_name, "an agent id: 1 to 128 of A-Z a-z 0-9 . _ - ~ /, with no / at an end"};
const struct shape shape_free_text = {fault_free_text,
                                      "1 to 1024 bytes of text without control characters"};
const struct shape shape_email = {fault_email, "an e-mail address such as dana@example.gov"};
const struct shape shape_uri = {fault_uri, "an absolute URI without a fragment"};
const struct shape shape_https_uri = {fault_https_uri, "an https URI without a fragment"};
const struct shape shape_action_pattern = {
    fault_action_pattern, "an action pattern such as service.restart or service.**"};
const struct shape shape_resource_pattern = {
    fault_resource_pattern, "a resource pattern such as svc:prod/*/web-1 or svc:**"};
const struct shape shape_rule_resource = {
    fault_rule_resource, "a resource pattern such as svc:prod/*/web-1, svc:** or home:${agent}/**"};
const struct shape shape_text_pattern = {name_text_pattern_fault,
                                         "a text pattern such as INC-*, with at most three `*`"};
const struct shape shape_cidr = {
    fault_cidr, "an address block such as 10.20.0.0/16, with no bit set behind the prefix"};
const struct shape shape_digest = {fault_digest, "sha256: and 64 lower-case hex digits"};
const struct shape shape_dns_name = {fault_dns_name, "a host name such as agent.example.gov"};
const struct shape shape_ip = {fault_ip, "an IP address"};
const struct shape shape_ssh_key = {shape_ssh_key_fault,
                                    "an OpenSSH public key line such as ssh-ed25519 AAAA..."};
const struct shape shape_member = {
    fault_member, "a context member other than source, arguments_digest and stated_reason"};
const struct shape shape_subject_type = {fault_subject_type,
                                         "an AuthZEN subject type other than access_token"};
