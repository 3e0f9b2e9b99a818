/* SPDX-License-Identifier: Apache-2.0 */
/* libcurl, held tight. */
#include "cli/client.h"

#include <curl/curl.h>

#include "base/secret.h"
#include "cli/settings.h"

enum { CONNECT_S = 5, REQUEST_S = 60, QUIET_STREAM_S = 90, REPLY_MAX = 256 << 20 };

struct transfer {
    CURL *curl;
    const struct client_request *request;
    struct client_reply *reply;
    enum cli_exit code; /* of the stream's reader */
    char why[CURL_ERROR_SIZE];
};

void client_reply_done(struct client_reply *reply)
{
    buf_wipe(&reply->body); /* a token may stand in it */
}

static size_t take_piece(char *bytes, size_t size, size_t n, void *ctx)
{
    struct transfer *transfer = ctx;
    size_t len = size * n; /* size is 1 by libcurl's word */
    long status = 0;
    curl_easy_getinfo(transfer->curl, CURLINFO_RESPONSE_CODE, &status);
    if (transfer->request->piece && status == 200) {
        transfer->code = transfer->request->piece(transfer->request->ctx,
                                                  (struct ambit_str){.p = bytes, .len = len});
        return transfer->code ? CURL_WRITEFUNC_ERROR : len;
    }
    buf_put(&transfer->reply->body, bytes, len);
    return buf_check(&transfer->reply->body) ? CURL_WRITEFUNC_ERROR : len;
}

static bool add_header(struct curl_slist **headers, const char *name, struct ambit_str value)
{
    struct buf line = {.p = NULL};
    buf_printf(&line, "%s: %.*s", name, AMBIT_STR_ARG(value));
    buf_put_char(&line, '\0');
    struct curl_slist *longer = buf_check(&line) ? NULL : curl_slist_append(*headers, line.p);
    buf_wipe(&line);
    if (longer)
        *headers = longer;
    return longer != NULL;
}

static bool make_headers(const struct client_request *request, struct curl_slist **headers)
{
    bool is_made = add_header(headers, "Accept",
                              ambit_str_of(request->accept ? request->accept : "application/json"));
    is_made = is_made && curl_slist_append(*headers, "Expect:") != NULL;
    if (request->content_type)
        is_made =
            is_made && add_header(headers, "Content-Type", ambit_str_of(request->content_type));
    if (request->bearer.p) {
        struct buf value = {.p = NULL};
        buf_printf(&value, "Bearer %.*s", AMBIT_STR_ARG(request->bearer));
        is_made =
            is_made && !buf_check(&value) && add_header(headers, "Authorization", buf_str(&value));
        buf_wipe(&value);
    }
    if (request->proof.p)
        is_made = is_made && add_header(headers, "DPoP", request->proof);
    return is_made;
}

static void free_headers(struct curl_slist *headers)
{
    for (struct curl_slist *one = headers; one; one = one->next)
        secret_wipe(one->data, strlen(one->data));
    curl_slist_free_all(headers);
}

/* Where to, and whom to believe that it is the one. */
static bool set_broker(CURL *curl, const struct settings *broker)
{
    bool is_set = curl_easy_setopt(curl, CURLOPT_SSL_VERIFYPEER, 1L) == CURLE_OK;
    is_set &= curl_easy_setopt(curl, CURLOPT_SSL_VERIFYHOST, 2L) == CURLE_OK;
    is_set &= curl_easy_setopt(curl, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2) == CURLE_OK;
    if (broker->ca) { /* these, and not the system's beside them */
        is_set &= curl_easy_setopt(curl, CURLOPT_CAINFO, broker->ca) == CURLE_OK;
        is_set &= curl_easy_setopt(curl, CURLOPT_CAPATH, NULL) == CURLE_OK;
    }
    if (broker->certificate) {
        is_set &= curl_easy_setopt(curl, CURLOPT_SSLCERT, broker->certificate) == CURLE_OK;
        if (broker->key)
            is_set &= curl_easy_setopt(curl, CURLOPT_SSLKEY, broker->key) == CURLE_OK;
    }
    if (broker->unix_path)
        is_set &= curl_easy_setopt(curl, CURLOPT_UNIX_SOCKET_PATH, broker->unix_path) == CURLE_OK;
    return is_set;
}

static enum cli_exit fail_transfer(struct cli *cli, const struct transfer *transfer, CURLcode err)
{
    const struct settings *broker = transfer->request->broker;
    const char *why = *transfer->why ? transfer->why : curl_easy_strerror(err);
    if (err == CURLE_SSL_CACERT_BADFILE)
        return cli_fail(cli, CLI_USAGE, "%s: %s; expected a PEM file of certificates",
                        broker->ca ? broker->ca : "the system's authorities", why);
    if (err == CURLE_PEER_FAILED_VERIFICATION)
        return cli_fail(
            cli, CLI_UNREACHABLE,
            "%s: its certificate is not to be believed: %s; expected one of %s", broker->named, why,
            broker->ca ? broker->ca : "an authority that this system knows, or --ca FILE");
    if (err == CURLE_SSL_CERTPROBLEM)
        return cli_fail(cli, CLI_USAGE, "%s: %s; expected a PEM certificate, and its key by --key",
                        broker->certificate ? broker->certificate : "the certificate", why);
    return cli_fail(cli, CLI_UNREACHABLE, "%s: %s", broker->named, why);
}

/* A failing option leaves curl at its own default, which may be looser than ours: then nothing is
 * sent at all. */
static bool set_options(struct transfer *transfer, const char *url, struct curl_slist *headers)
{
    CURL *curl = transfer->curl;
    const struct client_request *request = transfer->request;
    bool is_set = curl_easy_setopt(curl, CURLOPT_URL, url) == CURLE_OK;
    is_set &= curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, transfer->why) == CURLE_OK;
    is_set &= curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https") == CURLE_OK;
    is_set &= curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L) == CURLE_OK;
    is_set &= curl_easy_setopt(curl, CURLOPT_PATH_AS_IS, 1L) == CURLE_OK;
    is_set &= curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L) == CURLE_OK;
    is_set &= curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT, (long)CONNECT_S) == CURLE_OK;
    is_set &= curl_easy_setopt(curl, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1) == CURLE_OK;
    is_set &= curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers) == CURLE_OK;
    is_set &= curl_easy_setopt(curl, CURLOPT_USERAGENT, "ambit") == CURLE_OK;
    is_set &= curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take_piece) == CURLE_OK;
    is_set &= curl_easy_setopt(curl, CURLOPT_WRITEDATA, transfer) == CURLE_OK;
    is_set &= set_broker(curl, request->broker);
    if (settings_is_loopback(url))
        is_set &= curl_easy_setopt(curl, CURLOPT_PROXY, "") == CURLE_OK;
    if (request->piece) { /* a stream has no end, but it has heartbeats */
        is_set &= curl_easy_setopt(curl, CURLOPT_LOW_SPEED_LIMIT, 1L) == CURLE_OK;
        is_set &= curl_easy_setopt(curl, CURLOPT_LOW_SPEED_TIME, (long)QUIET_STREAM_S) == CURLE_OK;
    } else {
        is_set &= curl_easy_setopt(curl, CURLOPT_TIMEOUT, (long)REQUEST_S) == CURLE_OK;
    }
    if (request->body.p) {
        is_set &= curl_easy_setopt(curl, CURLOPT_POST, 1L) == CURLE_OK;
        is_set &= curl_easy_setopt(curl, CURLOPT_POSTFIELDS, request->body.p) == CURLE_OK;
        is_set &= curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE,
                                   (curl_off_t)request->body.len) == CURLE_OK;
    }
    return is_set;
}

static void take_nonce(const struct transfer *transfer)
{
    struct curl_header *header = NULL;
    if (curl_easy_header(transfer->curl, "DPoP-Nonce", 0, CURLH_HEADER, -1, &header) != CURLHE_OK)
        return;
    size_t len = strlen(header->value);
    if (len <= CLIENT_NONCE_MAX)
        memcpy(transfer->reply->nonce, header->value, len + 1);
}

static void take_cursor(const struct transfer *transfer)
{
    static const char named[] = "cursor=", next[] = "; rel=\"next\"";
    struct curl_header *header = NULL;
    if (curl_easy_header(transfer->curl, "Link", 0, CURLH_HEADER, -1, &header) != CURLHE_OK)
        return;
    const char *at = strstr(header->value, named);
    size_t len = at ? strspn(at + sizeof named - 1, "0123456789") : 0;
    if (len > 0 && len <= CLIENT_CURSOR_MAX && strstr(at, next))
        memcpy(transfer->reply->cursor, at + sizeof named - 1, len);
}

static enum cli_exit perform(struct cli *cli, struct transfer *transfer, const char *url)
{
    struct curl_slist *headers = NULL;
    enum cli_exit code = CLI_YES;
    if (!make_headers(transfer->request, &headers) || !set_options(transfer, url, headers)) {
        code = cli_fail(cli, CLI_UNREACHABLE, "the request could not be made");
    } else {
        CURLcode err = curl_easy_perform(transfer->curl);
        curl_easy_getinfo(transfer->curl, CURLINFO_RESPONSE_CODE, &transfer->reply->status);
        take_nonce(transfer);
        take_cursor(transfer);
        if (transfer->code)
            code = transfer->code;
        else if (err && transfer->reply->status && buf_check(&transfer->reply->body))
            code = cli_fail(cli, CLI_UNREACHABLE, "the answer of %s is too long",
                            transfer->request->broker->named);
        else if (err)
            code = fail_transfer(cli, transfer, err);
    }
    free_headers(headers);
    return code;
}

enum cli_exit client_send(struct cli *cli, const struct client_request *request,
                          struct client_reply *ret)
{
    *ret = (struct client_reply){.status = 0};
    buf_init(&ret->body, REPLY_MAX);
    BUF_AUTO url = {.p = NULL};
    buf_printf(&url, "%s%s", request->broker->url, request->path);
    buf_put_char(&url, '\0');
    if (buf_check(&url) || curl_global_init(CURL_GLOBAL_DEFAULT))
        return cli_fail(cli, CLI_UNREACHABLE, "the request could not be made");

    struct client_line own = {.curl = NULL};
    struct client_line *line = request->line ? request->line : &own;
    if (line->curl) /* its options alone: the connection stays */
        curl_easy_reset(line->curl);
    else
        line->curl = curl_easy_init();
    if (!line->curl)
        return cli_fail(cli, CLI_UNREACHABLE, "the request could not be made");

    struct transfer transfer = {.curl = line->curl, .request = request, .reply = ret};
    enum cli_exit code = perform(cli, &transfer, url.p);
    client_line_close(&own);
    return code;
}

void client_line_close(struct client_line *line)
{
    if (line->curl)
        curl_easy_cleanup(line->curl);
    line->curl = NULL;
}
