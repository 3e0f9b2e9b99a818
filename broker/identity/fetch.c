/* SPDX-License-Identifier: Apache-2.0 */
/* libcurl, held tight (CIM-4): the address of every connection is judged in the moment it is made,
 * so that a name that changes its mind between asking and connecting gains nothing. */
#include "identity/fetch.h"

#include <curl/curl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "identity/guard.h"
#include "identity/source.h"

enum { CONNECT_S = 5 };

struct fetch {
    struct fetch *next, **place; /* among those under way */
    struct fetches *fetches;
    CURL *curl;
    void *owner;
    struct buf body;
    int64_t max_age_s;
};

struct fetches {
    CURLM *multi;
    struct curl_slist *headers;
    struct fetch *first;        /* under way */
    struct config_fetch config; /* its texts live as long as the configuration */
};

enum ambit_err fetches_new(const struct config_fetch *config, struct fetches **ret)
{
    struct fetches *fetches = calloc(1, sizeof *fetches);
    if (!fetches)
        return AMBIT_ERR_NO_MEMORY;
    fetches->config = *config;
    bool is_ready = curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK;
    if (is_ready) {
        fetches->multi = curl_multi_init();
        fetches->headers = curl_slist_append(NULL, "Accept: application/json");
    }
    if (!fetches->multi || !fetches->headers) {
        fetches_free(fetches);
        return AMBIT_ERR_NO_MEMORY;
    }
    *ret = fetches;
    return AMBIT_OK;
}

static void fetch_free(struct fetch *fetch)
{
    curl_easy_cleanup(fetch->curl);
    buf_done(&fetch->body);
    free(fetch);
}

static void link_in(struct fetch *fetch)
{
    struct fetches *fetches = fetch->fetches;
    fetch->next = fetches->first;
    fetch->place = &fetches->first;
    if (fetch->next)
        fetch->next->place = &fetch->next;
    fetches->first = fetch;
}

/* Over, or given up. */
static void take_out(struct fetch *fetch)
{
    curl_multi_remove_handle(fetch->fetches->multi, fetch->curl);
    *fetch->place = fetch->next;
    if (fetch->next)
        fetch->next->place = fetch->place;
}

void fetches_free(struct fetches *fetches)
{
    if (!fetches)
        return;
    while (fetches->first) {
        struct fetch *fetch = fetches->first;
        take_out(fetch);
        fetch_free(fetch);
    }
    if (fetches->multi)
        curl_multi_cleanup(fetches->multi);
    curl_slist_free_all(fetches->headers);
    free(fetches);
}

/* ---- what libcurl calls ---- */

static struct addr addr_of(const struct curl_sockaddr *address)
{
    static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};
    struct addr addr = {0};
    if (address->family == AF_INET) {
        struct sockaddr_in in;
        memcpy(&in, &address->addr, sizeof in);
        addr.family = 4;
        memcpy(addr.b, &in.sin_addr, 4);
    } else if (address->family == AF_INET6) {
        struct sockaddr_in6 in6 = {0};
        size_t len = address->addrlen < sizeof in6 ? address->addrlen : sizeof in6;
        memcpy(&in6, (const void *)&address->addr, len);
        bool is_mapped = memcmp(&in6.sin6_addr, mapped, sizeof mapped) == 0;
        addr.family = is_mapped ? 4 : 6;
        if (is_mapped)
            memcpy(addr.b, (const uint8_t *)&in6.sin6_addr + 12, 4);
        else
            memcpy(addr.b, &in6.sin6_addr, 16);
    }
    return addr;
}

static curl_socket_t open_socket(void *user, curlsocktype purpose, struct curl_sockaddr *address)
{
    const struct fetch *fetch = user;
    const struct config_fetch *config = &fetch->fetches->config;
    struct addr addr = addr_of(address);
    if (purpose != CURLSOCKTYPE_IPCXN || !guard_allows(config->allow, config->n_allow, &addr))
        return CURL_SOCKET_BAD;
    return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

static size_t take_body(char *bytes, size_t size, size_t n, void *user)
{
    struct fetch *fetch = user;
    buf_put(&fetch->body, bytes, size * n); /* size is 1 by libcurl's word */
    return buf_check(&fetch->body) == AMBIT_OK ? size * n : 0;
}

static size_t take_header(char *bytes, size_t size, size_t n, void *user)
{
    static const char name[] = "cache-control:";
    struct fetch *fetch = user;
    size_t len = size * n, k = sizeof name - 1;
    if (len > k && curl_strnequal(bytes, name, k))
        fetch->max_age_s = cache_control_age((struct ambit_str){.p = bytes + k, .len = len - k});
    return len;
}

/* ---- one transfer ---- */

static bool set_up(struct fetch *fetch, const char *url)
{
    CURL *curl = fetch->curl;
    const struct fetches *fetches = fetch->fetches;
    CURLcode bad = CURLE_OK;
#define SET(option, value) bad = bad ? bad : curl_easy_setopt(curl, CURLOPT_##option, (value))
    SET(URL, url);
    SET(PROTOCOLS_STR, "https");
    SET(FOLLOWLOCATION, 0L);
    SET(DISALLOW_USERNAME_IN_URL, 1L);
    SET(PROXY, ""); /* whatever the environment says */
    SET(NETRC, (long)CURL_NETRC_IGNORED);
    SET(HTTPAUTH, (long)CURLAUTH_NONE);
    SET(HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    SET(HTTPHEADER, fetches->headers);
    SET(USERAGENT, "ambit");
    SET(NOSIGNAL, 1L);
    SET(QUICK_EXIT, 1L); /* a name server that does not answer is not waited for */
    SET(TIMEOUT, (long)FETCH_S);
    SET(CONNECTTIMEOUT, (long)CONNECT_S);
    SET(MAXFILESIZE, (long)SOURCE_BYTES_MAX);
    SET(FORBID_REUSE, 1L);
    SET(FRESH_CONNECT, 1L);
    SET(SSL_VERIFYPEER, 1L);
    SET(SSL_VERIFYHOST, 2L);
    SET(SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    if (fetches->config.ca.p)
        SET(CAINFO, fetches->config.ca.p); /* beside the folder of the machine's own */
    SET(OPENSOCKETFUNCTION, open_socket);
    SET(OPENSOCKETDATA, fetch);
    SET(WRITEFUNCTION, take_body);
    SET(WRITEDATA, fetch);
    SET(HEADERFUNCTION, take_header);
    SET(HEADERDATA, fetch);
    SET(PRIVATE, fetch);
#undef SET
    return bad == CURLE_OK;
}

enum ambit_err fetch_begin(struct fetches *fetches, struct ambit_str url, void *owner)
{
    AMBIT_AUTO_FREE char *text = strndup(url.p, url.len);
    struct fetch *fetch = calloc(1, sizeof *fetch);
    if (!text || !fetch) {
        free(fetch);
        return AMBIT_ERR_NO_MEMORY;
    }
    fetch->fetches = fetches;
    fetch->owner = owner;
    buf_init(&fetch->body, SOURCE_BYTES_MAX);
    fetch->curl = curl_easy_init();
    bool is_begun = guard_url_is_fine(url) && fetch->curl && set_up(fetch, text) &&
                    curl_multi_add_handle(fetches->multi, fetch->curl) == CURLM_OK;
    if (is_begun) {
        link_in(fetch);
        return AMBIT_OK;
    }
    fetch_free(fetch);
    return AMBIT_ERR_REFUSED;
}

void fetches_run(struct fetches *fetches, int wait_ms)
{
    int n = 0;
    if (curl_multi_poll(fetches->multi, NULL, 0, wait_ms, NULL) == CURLM_OK)
        (void)curl_multi_perform(fetches->multi, &n);
}

void fetches_wake(struct fetches *fetches)
{
    (void)curl_multi_wakeup(fetches->multi);
}

bool fetches_next(struct fetches *fetches, struct fetched *ret)
{
    int left = 0;
    CURLMsg *message = curl_multi_info_read(fetches->multi, &left);
    while (message && message->msg != CURLMSG_DONE)
        message = curl_multi_info_read(fetches->multi, &left);
    if (!message)
        return false;

    CURLcode outcome = message->data.result;
    CURL *curl = message->easy_handle;
    struct fetch *fetch = NULL;
    long status = 0;
    curl_easy_getinfo(curl, CURLINFO_PRIVATE, (char **)(void *)&fetch);
    curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
    take_out(fetch);
    *ret = (struct fetched){.owner = fetch->owner,
                            .is_fine = outcome == CURLE_OK && status == 200,
                            .body = fetch->body,
                            .max_age_s = fetch->max_age_s};
    fetch->body = (struct buf){.p = NULL};
    fetch_free(fetch);
    return true;
}
