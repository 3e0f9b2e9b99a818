/* SPDX-License-Identifier: Apache-2.0 */
/* Puts the rooms together: configuration, edge, broker; waits for signals; takes them apart. */
#include "serve.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "authzen/authzen.h"
#include "base/clock.h"
#include "base/log.h"
#include "config/config.h"
#include "config/dev.h"
#include "config/folder.h"
#include "core/broker.h"
#include "core/review.h"
#include "http/http.h"
#include "ledger/tlog.h"
#include "edge.h"
#include "identity/trust.h"
#include "notify.h"
#include "oauth/oauth.h"
#include "policy/problem.h"
#include "operator/operator.h"
#include "store/store.h"

enum { ROUTES_MAX = 128, GRACE_MS = 10000, WAIT_MS = 5000 };

struct service {
    struct config config;
    bool is_dev, has_config;
    struct buf config_path;
    struct http_route routes[ROUTES_MAX];
    size_t n_routes;
    struct edge edge;
    bool is_started;
    struct broker *broker;
    struct identity_trust *trust;
    char url[CONFIG_URL_MAX];
    struct ambit_str accept_rollback, accept_time;
};

/* A page of a mapped file that lies behind its end: a damaged store. */
static void on_bus_error(int signal_number, siginfo_t *about, void *context)
{
    (void)signal_number;
    (void)context;
    store_bus_error(about->si_addr);
}

int serve_harden(void)
{
    const struct sigaction bus_error = {.sa_sigaction = on_bus_error, .sa_flags = SA_SIGINFO};
    struct rlimit none = {0};
    sigset_t signals;
    umask(077);
    /* Keys live in this process: no core, and no attaching by others of the same user. */
    if (setrlimit(RLIMIT_CORE, &none) != 0 || prctl(PR_SET_DUMPABLE, 0) != 0) {
        perror("ambitd: core dumps cannot be switched off");
        return SERVE_CANNOT;
    }
    signal(SIGPIPE, SIG_IGN);
    if (sigaction(SIGBUS, &bus_error, NULL) != 0)
        return SERVE_CANNOT;
    sigemptyset(&signals);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGHUP);
    if (pthread_sigmask(SIG_BLOCK, &signals, NULL) != 0)
        return SERVE_CANNOT;
    log_init(getenv("JOURNAL_STREAM"));
    return SERVE_GO_ON;
}

int serve_new(struct service **ret)
{
    *ret = calloc(1, sizeof **ret);
    if (*ret == NULL)
        fputs("ambitd: out of memory\n", stderr);
    return *ret != NULL ? SERVE_GO_ON : SERVE_CANNOT;
}

/* ---- configuration ------------------------------------------------------------------------- */

/* Where there is not even memory for the words. */
static int no_memory(void)
{
    fputs("ambitd: out of memory\n", stderr);
    return SERVE_CANNOT;
}

static void print_problems(const struct ambit_problem *problems, size_t n)
{
    BUF_AUTO text;
    buf_init(&text, 0);
    for (size_t i = 0; i < n; i++) {
        problem_write_line(&text, &problems[i]);
        buf_put_char(&text, '\n');
    }
    if (buf_check(&text) == AMBIT_OK)
        fprintf(stderr, "%.*s", (int)text.len, text.p);
    else
        (void)no_memory();
}

/* Flag over environment over default, here as in the configuration. */
static const char *dev_state(const struct options *options)
{
    const char *from_environment = getenv("AMBIT_STATE");
    if (options->state != NULL)
        return options->state;
    return from_environment != NULL && *from_environment != '\0' ? from_environment
                                                                 : DEV_STATE_DEFAULT;
}

static int prepare_dev(struct service *service, const struct options *options)
{
    struct dev_report report = {0};
    struct dev_options dev = {
        .state = dev_state(options),
        .listen = options->listen,
        .now_ms = clock_wall_ms(),
        .recorded_ms = broker_recorded_ms,
    };
    enum ambit_err err = dev_prepare(&dev, &report);
    fprintf(err == AMBIT_OK ? stdout : stderr, "%.*s", (int)report.text.len,
            report.text.p != NULL ? report.text.p : "");
    bool is_mute = err != AMBIT_OK && report.text.len == 0;
    buf_done(&report.text);
    if (is_mute)
        return no_memory();
    if (err != AMBIT_OK)
        return err == AMBIT_ERR_MALFORMED ? SERVE_WRONG : SERVE_CANNOT;
    service->is_dev = true;
    buf_printf(&service->config_path, "%s/ambit.json", dev.state);
    return SERVE_GO_ON;
}

int serve_configure(struct service *service, const struct options *options)
{
    extern char **environ;
    struct ambit_problems problems = {0};
    service->accept_rollback = ambit_str_of(options->accept_rollback);
    service->accept_time = ambit_str_of(options->accept_time);
    if (options->is_dev) {
        int code = prepare_dev(service, options);
        if (code != SERVE_GO_ON)
            return code;
    } else {
        buf_put_text(&service->config_path,
                     options->config != NULL ? options->config : CONFIG_PATH_DEFAULT);
    }
    buf_put_char(&service->config_path, '\0');
    if (buf_check(&service->config_path) != AMBIT_OK)
        return no_memory();

    struct config_source source = {.path = service->config_path.p,
                                   .state = options->is_dev ? dev_state(options) : options->state,
                                   .listen = options->listen,
                                   .environment = (const char *const *)environ};
    enum ambit_err err = config_load(&source, &service->config, &problems);
    service->has_config = true; /* also of one that does not hold, whose texts are to be freed */
    service->edge =
        (struct edge){.config = &service->config, .config_path = service->config_path.p};
    print_problems(problems.v, problems.n);
    ambit_problems_done(&problems);
    return err == AMBIT_OK ? SERVE_GO_ON : SERVE_WRONG;
}

/* Whose confirmations keep the folder from coming in force, as things stand in the store. */
static enum ambit_err check_review(const struct service *service,
                                   const struct ambit_policy_set *set,
                                   struct ambit_problems *problems)
{
    const struct review_check check = {.state_folder = service->config.state.p,
                                       .documents_folder = service->config.documents.p,
                                       .now_ms = clock_wall_ms()};
    return review_check(&check, set, problems);
}

static void print_counts(const struct ambit_documents *documents)
{
    printf("ambitd: configuration and documents hold: %zu people, %zu agents, %zu services, "
           "%zu policies\n",
           documents->n_people, documents->n_agents, documents->n_services, documents->n_policies);
}

/* The files of keys and authorities; nothing is fetched. */
static enum ambit_err check_trust(const struct service *service)
{
    BUF_AUTO text;
    buf_init(&text, 0);
    enum ambit_err err = identity_trust_check(&service->config, &text);
    if (err == AMBIT_OK)
        return err;
    fprintf(stderr, "ambitd: %.*s\n", (int)text.len, text.p != NULL ? text.p : "");
    return AMBIT_ERR_MALFORMED;
}

int serve_check(struct service *service)
{
    struct ambit_problems problems = {0};
    struct ambit_documents *documents = NULL;
    enum ambit_err tls_err = edge_check(&service->edge, &problems);
    enum ambit_err err =
        folder_load(service->config.documents.p, clock_wall_ms(), &problems, &documents);
    struct ambit_policy_set *set = NULL;
    if (err == AMBIT_OK)
        err = ambit_policy_compile(TAKE(documents), &set);
    if (err == AMBIT_OK && ambit_str_is(service->config.review, "enforce"))
        err = check_review(service, set, &problems);
    print_problems(problems.v, problems.n);
    if (err == AMBIT_OK)
        err = tls_err;
    if (err == AMBIT_OK)
        err = check_trust(service);
    if (err == AMBIT_OK)
        print_counts(ambit_policy_documents(set));
    else if (err == AMBIT_ERR_NOT_FOUND)
        fprintf(stderr, "ambitd: there is no documents folder %s\n", service->config.documents.p);
    else if (err != AMBIT_ERR_MALFORMED)
        fprintf(stderr, "ambitd: the documents cannot be read: %s\n", ambit_err_text(err));
    ambit_policy_set_free(set);
    ambit_problems_done(&problems);
    return err == AMBIT_OK ? SERVE_FINE : SERVE_WRONG;
}

/* ---- the edge ------------------------------------------------------------------------------ */

static void add_routes(struct service *service, const struct http_route *(*table)(size_t *))
{
    size_t n = 0;
    const struct http_route *routes = table(&n);
    AMBIT_ASSERT(service->n_routes + n <= ROUTES_MAX);
    memcpy(service->routes + service->n_routes, routes, n * sizeof *routes);
    service->n_routes += n;
}

int serve_bind(struct service *service)
{
    struct ambit_problems problems = {0};
    BUF_AUTO said = {.p = NULL};
    add_routes(service, oauth_routes);
    add_routes(service, authzen_routes);
    add_routes(service, operator_routes);
    enum ambit_err err =
        edge_open(&service->edge, service->routes, service->n_routes, &problems, &said);
    print_problems(problems.v, problems.n);
    ambit_problems_done(&problems);
    if (said.len)
        fprintf(stderr, "ambitd: %.*s\n", (int)said.len, said.p);
    if (err != AMBIT_OK)
        return err == AMBIT_ERR_MALFORMED ? SERVE_WRONG : SERVE_CANNOT;
    edge_url(&service->edge, 0, service->url);
    return SERVE_GO_ON;
}

/* ---- the broker ---------------------------------------------------------------------------- */

/* On the writer thread, after the replies of a batch were released. */
static void kick(void *ctx)
{
    struct service *service = ctx;
    http_kick(service->edge.http);
    http_stream_wake(service->edge.http);
}

static enum ambit_err reload_files(void *ctx, struct ambit_problems *problems)
{
    struct service *service = ctx;
    identity_trust_reload(service->trust);
    return edge_reload(&service->edge, problems);
}

static struct ambit_limits_config broker_limits(const struct config_limits *limits)
{
    return (struct ambit_limits_config){
        .store_bytes = (uint64_t)limits->store_bytes,
        .store_reserve_bytes = (uint64_t)limits->store_reserve_bytes,
        .store_grow_bytes = (uint64_t)limits->store_grow_bytes,
        .queue = (uint32_t)limits->queue,
        .agent_per_s = (uint32_t)limits->agent_per_s,
        .agent_burst = (uint32_t)limits->agent_burst,
        .failed_burst = (uint32_t)limits->failed_burst,
        .failed_per_minute = (uint32_t)limits->failed_per_minute,
        .service_per_s = (uint32_t)limits->service_per_s,
        .service_burst = (uint32_t)limits->service_burst,
        .person_per_s = (uint32_t)limits->person_per_s,
        .person_burst = (uint32_t)limits->person_burst,
    };
}

int serve_open(struct service *service)
{
    struct ambit_problems problems = {0};
    BUF_AUTO text;
    buf_init(&text, 0);
    struct broker_options options = {
        .issuer =
            service->config.issuer.p != NULL ? service->config.issuer : ambit_str_of(service->url),
        .state_folder = service->config.state.p,
        .documents_folder = service->config.documents.p,
        .credentials_folder = getenv("CREDENTIALS_DIRECTORY"),
        .limits = broker_limits(&service->config.limits),
        .is_enforcing = ambit_str_is(service->config.review, "enforce"),
        .attestation_s = service->config.attestation_s,
        .segments_folder = service->config.segments_folder.p,
        .least_age_s = service->config.least_age_s,
        .keep_s = service->config.keep_s,
        .backup_folder = service->config.backup_folder.p,
        .backup_keys = service->config.backup_keys,
        .backup_bytes_per_s = (uint64_t)service->config.backup_bytes_per_s,
        .rotate_s = service->config.rotate_s,
        .status_ttl_s = service->config.status_ttl_s,
        .status_size = service->config.status_size,
        .is_deferring = service->config.is_deferring,
        .log = {.origin = service->config.log.origin,
                .witness_file = service->config.log.witness_file.p,
                .is_public = service->config.log.is_public,
                .receipts_wait_ms = service->config.log.receipts_wait_ms},
        .accept_rollback = service->accept_rollback,
        .accept_time = service->accept_time,
        .wall_ms = clock_wall_ms,
        .boot_ms = clock_boot_ms,
        .boot = clock_boot_id(getenv("AMBIT_BOOT_ID")),
        .kick = kick,
        .kick_ctx = service,
        .forward = &service->config.forward,
        .reload_files = reload_files,
        .reload_ctx = service,
    };
    for (size_t i = 0; i < service->config.log.n_witnesses; i++) {
        const struct config_witness *witness = &service->config.log.witnesses[i];
        options.log.witnesses[options.log.n_witnesses++] =
            (struct broker_witness){.vkey = witness->vkey, .url = witness->url};
    }
    /* One of three: the configuration has been held against them. */
    enum ambit_err err = crypto_alg_parse(service->config.algorithm, &options.algorithm);
    AMBIT_ASSERT(err == AMBIT_OK);
    err = identity_trust_new(&service->config, options.issuer, &service->trust, &text);
    options.trust = service->trust;
    if (err == AMBIT_OK)
        err = broker_open(&options, &problems, &service->broker, &text);
    print_problems(problems.v, problems.n);
    ambit_problems_done(&problems);
    if (err == AMBIT_OK) {
        http_set_app(service->edge.http, service->broker);
        return SERVE_GO_ON;
    }
    fprintf(stderr, "ambitd: %.*s (state folder %s)\n", (int)text.len, text.p != NULL ? text.p : "",
            service->config.state.p);
    return err == AMBIT_ERR_MALFORMED ? SERVE_WRONG : SERVE_CANNOT;
}

int serve_start(struct service *service)
{
    if (http_start(service->edge.http) != AMBIT_OK) {
        fputs("ambitd: the event loops cannot be started\n", stderr);
        return SERVE_CANNOT;
    }
    service->is_started = true;
    if (service->is_dev && dev_publish_url(service->config.state.p, service->url) != AMBIT_OK) {
        fprintf(stderr, "ambitd: the URL cannot be written to %s\n", service->config.state.p);
        return SERVE_CANNOT;
    }
    for (size_t i = 0; i < service->config.n_listen; i++) {
        char url[CONFIG_URL_MAX];
        edge_url(&service->edge, i, url);
        printf("ambitd: listening on %s\n", url);
    }
    if (service->is_dev) {
        BUF_AUTO hints;
        buf_init(&hints, 0);
        dev_hints(service->config.state.p, service->url, &hints);
        buf_put_text(&hints, "The log's key, for whoever checks what is published: ");
        note_verifier_put(tlog_verifier(broker_log(service->broker)), &hints);
        printf("%.*s\n", (int)hints.len, hints.p != NULL ? hints.p : "");
    }
    if (fflush(stdout) != 0) {
        perror("ambitd: standard output cannot be written");
        return SERVE_CANNOT;
    }
    notify_ready();
    return SERVE_GO_ON;
}

/* Each by itself: a certificate that does not hold keeps no document out. */
static void reload_certificates(struct service *service)
{
    struct ambit_problems problems = {0};
    identity_trust_reload(service->trust);
    enum ambit_err err = edge_reload(&service->edge, &problems);
    print_problems(problems.v, problems.n);
    if (err != AMBIT_OK)
        LOG(LOG_ERROR, "the certificates do not hold: those in force stay",
            LOG_TEXT("error", ambit_str_of(ambit_err_text(err))));
    ambit_problems_done(&problems);
}

static void reload(struct service *service)
{
    struct ambit_problems problems = {0};
    reload_certificates(service);
    enum ambit_err err = broker_reload(service->broker, &problems);
    print_problems(problems.v, problems.n);
    if (err == AMBIT_OK)
        LOG(LOG_NOTICE, "documents reloaded");
    else
        LOG(LOG_ERROR, "the documents folder does not hold: the set in force stays",
            LOG_TEXT("error", ambit_str_of(ambit_err_text(err))),
            LOG_NUMBER("errors", (int64_t)problems.n_errors));
    ambit_problems_done(&problems);
}

int serve_wait(struct service *service)
{
    sigset_t signals;
    struct timespec wait = {.tv_sec = WAIT_MS / 1000};
    sigemptyset(&signals);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGHUP);
    for (;;) {
        int signal_number = sigtimedwait(&signals, NULL, &wait);
        if (signal_number == SIGHUP)
            reload(service);
        if (signal_number == SIGTERM || signal_number == SIGINT)
            return SERVE_FINE;
        broker_tend(service->broker);
        notify_alive();
    }
}

void serve_close(struct service *service)
{
    if (service == NULL)
        return;
    notify_stopping();
    if (service->broker != NULL)
        broker_end_waits(service->broker);
    if (service->is_started)
        http_stop(service->edge.http, GRACE_MS);
    broker_close(service->broker);
    identity_trust_free(service->trust);
    if (service->edge.http != NULL)
        http_close(service->edge.http);
    if (service->has_config)
        config_done(&service->config);
    buf_done(&service->config_path);
    free(service);
}
