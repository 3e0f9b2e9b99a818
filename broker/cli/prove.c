/* SPDX-License-Identifier: Apache-2.0 */
/* See prove.h. A receipt is looked at here before it is handed on: what the broker says is not
 * taken for proof. */
#include "cli/prove.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "base/encode.h"
#include "base/file.h"
#include "base/json_read.h"
#include "base/json_write.h"
#include "cli/answer.h"
#include "cli/client.h"
#include "cli/settings.h"
#include "cli/show.h"
#include "cli/verified.h"
#include "ledger/tlog_proof.h"
#include "ledger/tree.h"

enum { ENTRY_MAX = 64 * 1024, PATH_MAX_LEN = 4096 };

static const char first_line[] = "c2sp.org/tlog-proof@v1\n";

/* ---- what a receipt says --------------------------------------------------------------------- */

struct judged {
    struct tlog_proof proof;
    struct checkpoint checkpoint;
    bool has_entry;
};

/* The hash that a receipt without its entry names: `extra`. */
static bool leaf_of_extra(const struct tlog_proof *proof, struct ambit_digest *ret)
{
    size_t len = 0;
    return proof->extra.p && base64_decode(proof->extra, ret->b, sizeof ret->b, &len) == AMBIT_OK &&
           len == sizeof ret->b;
}

static enum cli_exit judge(struct cli *cli, struct ambit_str text, struct ambit_str entry,
                           const struct note_verifier *key, struct judged *ret)
{
    struct ambit_digest leaf;
    ret->has_entry = entry.p != NULL;
    if (tlog_proof_read(text, &ret->proof))
        return cli_fail(cli, CLI_USAGE,
                        "this is no receipt: expected a tlog-proof, its index, "
                        "hashes and a signed checkpoint");
    if (entry.p)
        leaf = tree_leaf(entry);
    else if (!leaf_of_extra(&ret->proof, &leaf))
        return cli_fail(cli, CLI_USAGE,
                        "the receipt does not name its entry's hash: give the "
                        "entry with --entry FILE");
    enum ambit_err err = tlog_proof_verify(&ret->proof, key, leaf, &ret->checkpoint);
    if (err == AMBIT_ERR_REFUSED || err == AMBIT_ERR_MALFORMED)
        return cli_fail(cli, CLI_NO,
                        "the receipt does not hold: no checkpoint of this key says "
                        "that the entry stands at index %llu",
                        (unsigned long long)ret->proof.index);
    return err ? cli_fail(cli, CLI_USAGE, "%s", ambit_err_text(err)) : CLI_YES;
}

static void tell(struct cli *cli, const struct judged *judged, bool is_key_given)
{
    struct buf *out = &cli->out;
    buf_printf(out, "event %llu stands in the log ", (unsigned long long)judged->proof.index);
    show_escaped(out, judged->checkpoint.origin);
    buf_printf(out, ", among its first %llu: ", (unsigned long long)judged->checkpoint.size);
    buf_put_text(out, judged->has_entry ? "the receipt holds\n"
                                        : "the receipt holds for the hash that it names; whoever "
                                          "has the entry can compare it\n");
    if (!is_key_given)
        buf_put_text(out, "no key was given: the broker's own word was taken for it, which proves "
                          "nothing about who signed (--key)\n");
}

/* ---- verify ---------------------------------------------------------------------------------- */

bool prove_is_receipt(const char *path)
{
    BUF_AUTO text;
    buf_init(&text, 0);
    return file_read(AT_FDCWD, path, TLOG_PROOF_BYTES_MAX, &text) == AMBIT_OK &&
           text.len >= sizeof first_line - 1 &&
           memcmp(text.p, first_line, sizeof first_line - 1) == 0;
}

/* Beside the receipt, unless it is named. Absent is fine only beside it. */
static enum cli_exit read_entry(struct cli *cli, struct buf *memory, struct ambit_str *ret)
{
    char beside[PATH_MAX_LEN];
    const char *path = cli_get(cli, "entry");
    int n = snprintf(beside, sizeof beside, "%s.entry", cli->argument);
    bool is_named = path != NULL;
    if (!is_named && (n < 0 || (size_t)n >= sizeof beside))
        return CLI_YES;
    enum ambit_err err = file_read(AT_FDCWD, is_named ? path : beside, ENTRY_MAX, memory);
    if (err == AMBIT_ERR_NOT_FOUND && !is_named)
        return CLI_YES;
    if (err)
        return cli_fail(cli, CLI_USAGE, "%s: %s", is_named ? path : beside, ambit_err_text(err));
    *ret = buf_str(memory);
    if (!ret->p)
        ret->p = "";
    return CLI_YES;
}

static void put_json(struct cli *cli, const struct judged *judged)
{
    struct json_out out = {.buf = NULL};
    json_out_init(&out, &cli->out, false);
    json_begin_object(&out);
    json_key(&out, "index");
    json_i64(&out, (int64_t)judged->proof.index);
    json_key(&out, "ok");
    json_bool(&out, true);
    json_member_str(&out, "origin", judged->checkpoint.origin);
    json_key(&out, "size");
    json_i64(&out, (int64_t)judged->checkpoint.size);
    json_end_object(&out);
    buf_put_char(&cli->out, '\n');
}

enum cli_exit prove_verify(struct cli *cli, const struct note_verifier *key)
{
    BUF_AUTO text;
    BUF_AUTO memory;
    struct ambit_str entry = {NULL, 0};
    struct judged judged = {.has_entry = false};
    buf_init(&text, 0);
    buf_init(&memory, 0);
    if (!key)
        return cli_usage(cli, "whose log? A receipt is judged by the log's key: give --key");
    enum ambit_err err = file_read(AT_FDCWD, cli->argument, TLOG_PROOF_BYTES_MAX, &text);
    if (err)
        return cli_fail(cli, CLI_USAGE, "%s: %s", cli->argument, ambit_err_text(err));
    enum cli_exit code = read_entry(cli, &memory, &entry);
    if (!code)
        code = judge(cli, buf_str(&text), entry, key, &judged);
    if (code)
        return code;
    if (cli->wants_json)
        put_json(cli, &judged);
    else
        tell(cli, &judged, true);
    return CLI_YES;
}

/* ---- prove ----------------------------------------------------------------------------------- */

/* "/log/proof?event=SEQ" or "?id=ID": the argument's own form says which. */
static enum cli_exit path_of(struct cli *cli, struct buf *ret)
{
    static const char event[] = "event:";
    const char *what = cli->argument;
    struct ambit_id id;
    if (strncmp(what, event, sizeof event - 1) == 0 && what[sizeof event - 1] != '\0' &&
        strspn(what + sizeof event - 1, "0123456789") == strlen(what + sizeof event - 1))
        buf_printf(ret, "/log/proof?event=%s", what + sizeof event - 1);
    else if (id_decode(ambit_str_of(what), &id) == AMBIT_OK)
        buf_printf(ret, "/log/proof?id=%s", what);
    else
        return cli_usage(cli, "\"%s\" cannot be proved; expected an id or event:SEQ", what);
    buf_put_char(ret, '\0');
    return buf_check(ret) ? cli_fail(cli, CLI_USAGE, "out of memory") : CLI_YES;
}

/* The log's key from whom the caller trusts, or else by the broker's own word. */
static enum cli_exit key_of(struct cli *cli, struct note_verifier *ret)
{
    const char *given = cli_get(cli, "log-key");
    if (given)
        return verified_key(given, ret) == AMBIT_OK
                   ? CLI_YES
                   : cli_usage(cli, "--log-key %s is neither a verifier key nor a file of one",
                               given);
    CLIENT_REPLY_AUTO reply = {.status = 0};
    struct settings settings;
    struct ambit_str token = {NULL, 0};
    enum cli_exit code = answer_credentials(cli, &settings, &token);
    if (code)
        return code;
    const struct client_request request = {
        .broker = &settings, .path = "/log/key", .accept = "text/plain"};
    code = client_send(cli, &request, &reply);
    if (code)
        return code;
    struct ambit_str text = buf_str(&reply.body);
    while (text.len > 0 && text.p[text.len - 1] == '\n')
        text.len--;
    return reply.status == 200 && note_verifier_read(text, ret) == AMBIT_OK
               ? CLI_YES
               : cli_fail(cli, CLI_NO, "the broker does not say which key its log has");
}

static enum cli_exit write_files(struct cli *cli, const char *path, struct ambit_str proof,
                                 struct ambit_str entry)
{
    char beside[PATH_MAX_LEN];
    int n = snprintf(beside, sizeof beside, "%s.entry", path);
    if (n < 0 || (size_t)n >= sizeof beside)
        return cli_usage(cli, "--out %s: the name is too long", path);
    enum ambit_err err = entry.p ? file_create(AT_FDCWD, beside, entry, 0600) : AMBIT_OK;
    if (err)
        return cli_fail(cli, CLI_USAGE, "%s: %s", beside, ambit_err_text(err));
    err = file_create(AT_FDCWD, path, proof, 0600);
    return err ? cli_fail(cli, CLI_USAGE, "%s: %s", path, ambit_err_text(err)) : CLI_YES;
}

/* No bytes of one that was pruned, where its segment is not at hand. */
static enum cli_exit entry_of(struct cli *cli, const struct json_value *answer,
                              struct ambit_str *ret)
{
    *ret = (struct ambit_str){NULL, 0};
    const struct json_value *is_pruned = json_get(answer, "pruned");
    if (is_pruned && is_pruned->kind == JSON_TRUE)
        return CLI_YES;
    struct ambit_str text = json_get_str(answer, "entry");
    uint8_t *bytes = text.len > 0 && text.len <= 2 * ENTRY_MAX
                         ? arena_alloc(&cli->arena, text.len / 4 * 3 + 3)
                         : NULL;
    size_t len = 0;
    if (!bytes || base64_decode(text, bytes, text.len / 4 * 3 + 3, &len))
        return cli_fail(cli, CLI_NO, "the broker's answer holds no entry");
    *ret = (struct ambit_str){(const char *)bytes, len};
    return CLI_YES;
}

static enum cli_exit run_prove(struct cli *cli)
{
    BUF_AUTO path;
    buf_init(&path, 0);
    const struct json_value *answer = NULL;
    struct note_verifier key;
    struct ambit_str entry;
    struct judged judged = {.has_entry = false};
    const char *out = cli_get(cli, "out");
    enum cli_exit code = path_of(cli, &path);
    if (!code)
        code = key_of(cli, &key);
    if (!code)
        code = answer_ask(cli, &(struct answer_request){.path = path.p}, &answer);
    if (code || !answer)
        return code;
    code = entry_of(cli, answer, &entry);
    if (!code)
        code = judge(cli, json_get_str(answer, "proof"), entry, &key, &judged);
    if (code)
        return code;
    if (!out) {
        buf_put_str(&cli->out, json_get_str(answer, "proof"));
        return CLI_YES;
    }
    code = write_files(cli, out, json_get_str(answer, "proof"), entry);
    if (!code)
        tell(cli, &judged, cli_get(cli, "log-key") != NULL);
    return code;
}

const struct cli_verb audit_prove = {
    .name = "prove",
    .argument = "X",
    .summary = "have a proof that an event stands in the record",
    .text = "Fetches the receipt (a .tlog-proof) of an event, a decision or a grant, with the "
            "entry's bytes, and judges it before it hands it on. Prints the receipt, or writes it "
            "to --out FILE and the entry to FILE.entry: `ambit verify FILE --key KEY` judges both "
            "without the broker. For on-call people and auditors; an agent or service has the "
            "receipts of its own decisions from GET /v1/receipts/ID.",
    .example = "ambit prove event:17 --out grant.tlog-proof --log-key log.vkey",
    .options = {{"out", "FILE", "write the receipt here, and the entry to FILE.entry", false,
                 false},
                {"log-key", "KEY", "the log's verifier key, or a file of it, from whom you trust",
                 false, false},
                {NULL}},
    .run = run_prove,
};
