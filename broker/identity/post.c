/* SPDX-License-Identifier: Apache-2.0 */
/* See post.h. */
#include "identity/post.h"

#include <curl/curl.h>

enum { POST_S = 10, POST_CONNECT_S = 5 };

struct poster {
    CURL *curl;
    struct curl_slist *headers;
    const atomic_bool *is_over;
};

enum ambit_err poster_new(const atomic_bool *is_over, struct poster **ret)
{
    struct poster *poster = calloc(1, sizeof *poster);
    if (!poster)
        return AMBIT_ERR_NO_MEMORY;
    poster->is_over = is_over;
    if (curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK) {
        poster->curl = curl_easy_init();
        poster->headers = curl_slist_append(NULL, "Content-Type: text/plain; charset=utf-8");
    }
    if (!poster->curl || !poster->headers) {
        poster_free(poster);
        return AMBIT_ERR_NO_MEMORY;
    }
    *ret = poster;
    return AMBIT_OK;
}

void poster_free(struct poster *poster)
{
    if (!poster)
        return;
    curl_easy_cleanup(poster->curl);
    curl_slist_free_all(poster->headers);
    free(poster);
}

static size_t take_body(char *bytes, size_t size, size_t n, void *user)
{
    struct posted *posted = user;
    buf_put(&posted->body, bytes, size * n); /* size is 1 by libcurl's word */
    return buf_check(&posted->body) == AMBIT_OK ? size * n : 0;
}

static int look(void *user, curl_off_t a, curl_off_t b, curl_off_t c, curl_off_t d)
{
    const struct poster *poster = user;
    (void)a, (void)b, (void)c, (void)d;
    return atomic_load(poster->is_over) ? 1 : 0;
}

static bool set_up(struct poster *poster, const char *url, struct ambit_str body,
                   struct posted *posted)
{
    CURL *curl = poster->curl;
    CURLcode bad = CURLE_OK;
    curl_easy_reset(curl);
#define SET(option, value) bad = bad ? bad : curl_easy_setopt(curl, CURLOPT_##option, (value))
    SET(URL, url);
    SET(PROTOCOLS_STR, "http,https");
    SET(FOLLOWLOCATION, 0L);
    SET(PROXY, ""); /* whatever the environment says */
    SET(NETRC, (long)CURL_NETRC_IGNORED);
    SET(HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    SET(HTTPHEADER, poster->headers);
    SET(USERAGENT, "ambit");
    SET(NOSIGNAL, 1L);
    SET(QUICK_EXIT, 1L);
    SET(TIMEOUT, (long)POST_S);
    SET(CONNECTTIMEOUT, (long)POST_CONNECT_S);
    SET(SSL_VERIFYPEER, 1L);
    SET(SSL_VERIFYHOST, 2L);
    SET(SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    SET(POST, 1L);
    SET(POSTFIELDS, body.p);
    SET(POSTFIELDSIZE_LARGE, (curl_off_t)body.len);
    SET(WRITEFUNCTION, take_body);
    SET(WRITEDATA, posted);
    SET(NOPROGRESS, 0L);
    SET(XFERINFOFUNCTION, look);
    SET(XFERINFODATA, poster);
#undef SET
    return bad == CURLE_OK;
}

static void take_type(CURL *curl, char ret[POST_TYPE_MAX + 1])
{
    char *type = NULL;
    size_t n = 0;
    curl_easy_getinfo(curl, CURLINFO_CONTENT_TYPE, &type);
    for (; type && type[n] && type[n] != ';' && type[n] != ' ' && n < POST_TYPE_MAX; n++)
        ret[n] = type[n] >= 'A' && type[n] <= 'Z' ? (char)(type[n] | 0x20) : type[n];
    ret[n] = '\0';
}

enum ambit_err poster_post(struct poster *poster, const char *url, struct ambit_str body,
                           struct posted *ret)
{
    *ret = (struct posted){.status = 0};
    buf_init(&ret->body, POST_BYTES_MAX);
    if (!set_up(poster, url, body, ret) || curl_easy_perform(poster->curl) != CURLE_OK)
        return AMBIT_ERR_IO;
    curl_easy_getinfo(poster->curl, CURLINFO_RESPONSE_CODE, &ret->status);
    take_type(poster->curl, ret->type);
    return AMBIT_OK;
}
