/* SPDX-License-Identifier: Apache-2.0 */
/* Certificate and key of a TLS listener, from files to GnuTLS credentials: read whole, judged
 * whole, taken whole. What is wrong is said with the file's name, what was found and what was
 * expected. */
#include "http/tls.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include <gnutls/crypto.h>
#include <gnutls/x509.h>

#include "base/encode.h"
#include "base/file.h"
#include "base/secret.h"

enum { FILE_MAX = 256 * 1024, CHAIN_MAX = 16, RSA_BITS_MIN = 2048 };

struct loading {
    const struct http_tls_files *files;
    int64_t now_ms;
    struct buf *said;
    gnutls_x509_crt_t *chain;
    unsigned n_chain;
    gnutls_x509_privkey_t key;
};

static void loading_done(struct loading *loading)
{
    for (unsigned i = 0; i < loading->n_chain; i++)
        gnutls_x509_crt_deinit(loading->chain[i]);
    gnutls_free(loading->chain);
    gnutls_x509_privkey_deinit(loading->key);
}

#define COMPLAIN(loading, ...) (buf_printf((loading)->said, __VA_ARGS__), AMBIT_ERR_MALFORMED)

static enum ambit_err read_pem(const struct loading *loading, const char *what, const char *path,
                               struct buf *ret)
{
    enum ambit_err err = file_read(AT_FDCWD, path, FILE_MAX, ret);
    if (err == AMBIT_ERR_NO_MEMORY)
        return err;
    if (err)
        return COMPLAIN(loading, "the %s %s cannot be read: %s; expected a PEM file", what, path,
                        ambit_err_text(err));
    return AMBIT_OK;
}

/* ---- the chain ------------------------------------------------------------------------------- */

static enum ambit_err judge_dates(const struct loading *loading, unsigned i)
{
    const char *path = loading->files->certificate;
    int64_t from_ms = (int64_t)gnutls_x509_crt_get_activation_time(loading->chain[i]) * 1000;
    int64_t until_ms = (int64_t)gnutls_x509_crt_get_expiration_time(loading->chain[i]) * 1000;
    char at[TIME_TEXT_LEN] = "";
    if (loading->now_ms >= from_ms && loading->now_ms < until_ms)
        return AMBIT_OK;

    bool is_over = loading->now_ms >= until_ms;
    time_encode(is_over ? until_ms : from_ms, at);
    return COMPLAIN(loading, "%s, certificate %u: %s %.*s; expected one that is valid now", path,
                    i + 1, is_over ? "expired at" : "is not valid before", TIME_TEXT_LEN, at);
}

static enum ambit_err judge_leaf(const struct loading *loading)
{
    unsigned bits = 0;
    int kind = gnutls_x509_crt_get_pk_algorithm(loading->chain[0], &bits);
    if (kind == GNUTLS_PK_RSA && bits < RSA_BITS_MIN)
        return COMPLAIN(loading, "%s: the RSA key has %u bits; expected at least %d",
                        loading->files->certificate, bits, RSA_BITS_MIN);
    return AMBIT_OK;
}

static enum ambit_err read_chain(struct loading *loading)
{
    const char *path = loading->files->certificate;
    BUF_AUTO pem = {.p = NULL};
    enum ambit_err err = read_pem(loading, "certificate", path, &pem);
    if (err)
        return err;
    const gnutls_datum_t bytes = {.data = (unsigned char *)pem.p, .size = (unsigned)pem.len};
    int n =
        gnutls_x509_crt_list_import2(&loading->chain, &loading->n_chain, &bytes,
                                     GNUTLS_X509_FMT_PEM, GNUTLS_X509_CRT_LIST_FAIL_IF_UNSORTED);
    if (n == GNUTLS_E_CERTIFICATE_LIST_UNSORTED)
        return COMPLAIN(loading,
                        "%s: the certificates do not follow one another; expected the "
                        "server's own first, then each one's issuer",
                        path);
    if (n < 0)
        return COMPLAIN(loading,
                        "%s holds no certificate that can be read; expected PEM, the "
                        "server's own first, then each one's issuer",
                        path);
    if (loading->n_chain > CHAIN_MAX)
        return COMPLAIN(loading, "%s holds %u certificates; expected at most %d", path,
                        loading->n_chain, CHAIN_MAX);

    for (unsigned i = 0; i < loading->n_chain && !err; i++)
        err = judge_dates(loading, i);
    return err ? err : judge_leaf(loading);
}

/* ---- the key --------------------------------------------------------------------------------- */

static enum ambit_err judge_mode(const struct loading *loading)
{
    struct stat st = {0};
    if (stat(loading->files->key, &st) == 0 && (st.st_mode & (S_IROTH | S_IWOTH | S_IWGRP)))
        return COMPLAIN(loading,
                        "the key %s has mode %04o: others may read or change it; expected "
                        "0600 or 0640",
                        loading->files->key, st.st_mode & 07777);
    return AMBIT_OK; /* what cannot be read is said by the reading */
}

static enum ambit_err import_key(struct loading *loading, const struct buf *pem)
{
    const gnutls_datum_t bytes = {.data = (unsigned char *)pem->p, .size = (unsigned)pem->len};
    if (gnutls_x509_privkey_init(&loading->key) != GNUTLS_E_SUCCESS)
        return AMBIT_ERR_NO_MEMORY;
    int code = gnutls_x509_privkey_import2(loading->key, &bytes, GNUTLS_X509_FMT_PEM, NULL, 0);
    if (code == GNUTLS_E_DECRYPTION_FAILED)
        return COMPLAIN(loading, "the key %s is encrypted; expected a PEM key without a password",
                        loading->files->key);
    if (code != GNUTLS_E_SUCCESS)
        return COMPLAIN(loading, "the key %s is no private key; expected PEM", loading->files->key);
    return AMBIT_OK;
}

static bool is_pair(const struct loading *loading)
{
    unsigned char of_certificate[64] = {0}, of_key[64] = {0};
    size_t n = sizeof of_certificate, m = sizeof of_key;
    return gnutls_x509_crt_get_key_id(loading->chain[0], GNUTLS_KEYID_USE_SHA256, of_certificate,
                                      &n) == GNUTLS_E_SUCCESS &&
           gnutls_x509_privkey_get_key_id(loading->key, GNUTLS_KEYID_USE_SHA256, of_key, &m) ==
               GNUTLS_E_SUCCESS &&
           n == m && memcmp(of_certificate, of_key, n) == 0;
}

static enum ambit_err read_key(struct loading *loading)
{
    struct buf pem = {.p = NULL};
    enum ambit_err err = judge_mode(loading);
    if (!err)
        err = read_pem(loading, "key", loading->files->key, &pem);
    if (!err)
        err = import_key(loading, &pem);
    buf_wipe(&pem);
    if (!err && !is_pair(loading))
        err = COMPLAIN(loading, "the key %s is not the one of the certificate %s; expected a pair",
                       loading->files->key, loading->files->certificate);
    return err;
}

/* ---- the authorities of clients: read by identity/, looked at here --------------------------- */

static enum ambit_err look_at_client_ca(const struct loading *loading)
{
    const char *path = loading->files->client_ca;
    if (!path)
        return AMBIT_OK;
    BUF_AUTO pem = {.p = NULL};
    enum ambit_err err = read_pem(loading, "client_ca", path, &pem);
    if (err)
        return err;
    const gnutls_datum_t bytes = {.data = (unsigned char *)pem.p, .size = (unsigned)pem.len};
    gnutls_x509_crt_t *list = NULL;
    unsigned n = 0;
    int code = gnutls_x509_crt_list_import2(&list, &n, &bytes, GNUTLS_X509_FMT_PEM, 0);
    for (unsigned i = 0; code >= 0 && i < n; i++)
        gnutls_x509_crt_deinit(list[i]);
    gnutls_free(list);
    if (code < 0)
        return COMPLAIN(loading, "%s holds no certificate that can be read; expected PEM", path);
    return AMBIT_OK;
}

/* ---- the whole ------------------------------------------------------------------------------- */

/* Called in each handshake, with or without a certificate. What the client shows is bounded here
 * and judged in identity/; nothing about it is verified. */
static int bound_shown(gnutls_session_t session)
{
    unsigned n = 0;
    size_t bytes = 0;
    const gnutls_datum_t *shown = gnutls_certificate_get_peers(session, &n);
    for (unsigned i = 0; shown && i < n; i++)
        bytes += shown[i].size;
    return n <= HTTP_CERTIFICATES_MAX && bytes <= HTTP_CERTIFICATES_BYTES
               ? 0
               : GNUTLS_E_CERTIFICATE_ERROR;
}

static enum ambit_err make_credentials(struct loading *loading, struct http_tls *tls)
{
    if (gnutls_certificate_allocate_credentials(&tls->credentials) != GNUTLS_E_SUCCESS)
        return AMBIT_ERR_NO_MEMORY;
    gnutls_certificate_set_verify_function(tls->credentials, bound_shown);
    if (gnutls_certificate_set_x509_key(tls->credentials, loading->chain, (int)loading->n_chain,
                                        loading->key) < 0)
        return COMPLAIN(loading, "%s and its key are not taken by the TLS library",
                        loading->files->certificate);
    return AMBIT_OK;
}

enum ambit_err http_tls_load(const struct http_tls_files *files, int64_t now_ms,
                             struct http_tls **ret, struct buf *reterr_said)
{
    AMBIT_CLEANUP(loading_done)
    struct loading loading = {.files = files, .now_ms = now_ms, .said = reterr_said};
    struct http_tls *tls = calloc(1, sizeof *tls);
    if (!tls)
        return AMBIT_ERR_NO_MEMORY;

    atomic_store(&tls->refs, 1);
    enum ambit_err err = read_chain(&loading);
    if (!err)
        err = read_key(&loading);
    if (!err)
        err = look_at_client_ca(&loading);
    if (!err)
        err = make_credentials(&loading, tls);
    if (err) {
        http_tls_free(tls);
        return err;
    }

    *ret = tls;
    return AMBIT_OK;
}

void http_tls_free(struct http_tls *tls)
{
    if (!tls || atomic_fetch_sub(&tls->refs, 1) != 1)
        return;
    if (tls->credentials)
        gnutls_certificate_free_credentials(tls->credentials);
    free(tls);
}
