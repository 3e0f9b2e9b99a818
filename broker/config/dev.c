/* SPDX-License-Identifier: Apache-2.0 */
/* The development state, made file by file. ambit.json is written last: while it is missing the
 * folder is only half made and everything is made again; once it stands, nothing but lapsed secrets
 * is ever touched. The examples themselves: dev_examples.c. */
#include "config/dev.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/json_write.h"
#include "config/config.h"
#include "config/dev_examples.h"
#include "config/folder.h"
#include "config/make.h"
#include "crypto/digest.h"

enum { FOLDER_MODE = 0700, FILE_MODE = 0600, SECRET_FILE_MAX = 4096 };
static const int64_t day_ms = 86400 * (int64_t)1000;

/* One making of the folder. */
struct making {
    int state_fd;
    int64_t expires_ms;
    struct buf *text; /* for people */
};

static const char *const folders[] = {"documents",
                                      "documents/people",
                                      "documents/agents",
                                      "documents/services",
                                      "documents/policies",
                                      "keys",
                                      "store",
                                      "search",
                                      "credentials"};

static enum ambit_err make_folders(int state_fd)
{
    for (size_t i = 0; i < AMBIT_LEN(folders); i++) {
        enum ambit_err err = dir_make(state_fd, folders[i], FOLDER_MODE);
        if (err)
            return err;
    }
    return AMBIT_OK;
}

static enum ambit_err write_file(struct making *making, const char *folder, struct ambit_str name,
                                 const char *suffix, struct ambit_str bytes)
{
    BUF_AUTO path = {.p = NULL};
    buf_printf(&path, "%s/%.*s%s", folder, AMBIT_STR_ARG(name), suffix);
    buf_put_char(&path, '\0');
    enum ambit_err err = buf_check(&path);
    if (err)
        return err;

    return file_write(making->state_fd, path.p, bytes, FILE_MODE);
}

static enum ambit_err write_document(struct making *making, enum ambit_kind kind,
                                     struct ambit_str name, const struct buf *json)
{
    enum ambit_err err = buf_check(json);
    if (err)
        return err;

    BUF_AUTO folder = {.p = NULL};
    buf_printf(&folder, "documents/%s", ambit_kind_folder(kind));
    buf_put_char(&folder, '\0');
    err = buf_check(&folder);
    if (err)
        return err;

    return write_file(making, folder.p, name, ".json", buf_str(json));
}

/* ---- credentials ----------------------------------------------------------------------------- */

/* The secret itself and, where there is one, its form for `curl -K`. */
static enum ambit_err write_secret(struct making *making, const struct dev_secret *secret,
                                   struct ambit_str text)
{
    struct ambit_str name = ambit_str_of(secret->name);
    enum ambit_err err = write_file(making, "credentials", name, secret->suffix, text);
    if (err || !secret->has_curl)
        return err;

    struct buf curl = {.p = NULL};
    if (secret->is_person)
        buf_printf(&curl, "header = \"Authorization: Bearer %.*s\"\n", AMBIT_STR_ARG(text));
    else
        buf_printf(&curl, "user = \"%s:%.*s\"\n", secret->name, AMBIT_STR_ARG(text));
    err = buf_check(&curl);
    if (!err)
        err = write_file(making, "credentials", name, ".curl", buf_str(&curl));
    buf_wipe(&curl);
    return err;
}

static enum ambit_err draw_secret(struct making *making, const struct dev_secret *secret,
                                  struct ambit_digest *ret)
{
    struct make_secret drawn = {.text = ""};
    make_secret_draw(&drawn);
    enum ambit_err err =
        write_secret(making, secret, (struct ambit_str){.p = drawn.text, .len = sizeof drawn.text});
    *ret = drawn.digest;
    secret_wipe(&drawn, sizeof drawn);
    return err;
}

/* ---- the documents --------------------------------------------------------------------------- */

static enum ambit_err make_people(struct making *making)
{
    for (size_t i = 0; i < dev_n_people; i++) {
        struct make_person person = dev_people[i];
        const struct dev_secret *secret = dev_secret_find(person.person);
        struct ambit_digest digest = {{0}};
        enum ambit_err err = secret ? draw_secret(making, secret, &digest) : AMBIT_OK;
        if (err)
            return err;

        person.token = secret ? &digest : NULL;
        person.token_expires_ms = making->expires_ms;
        BUF_AUTO json = {.p = NULL};
        make_person_json(&person, &json);
        err = write_document(making, AMBIT_KIND_PERSON, person.person, &json);
        if (err)
            return err;
    }
    return AMBIT_OK;
}

static enum ambit_err make_one_agent(struct making *making, struct make_agent agent)
{
    const struct dev_secret *secret = dev_secret_find(agent.agent);
    struct ambit_digest digest = {{0}};
    enum ambit_err err = secret ? draw_secret(making, secret, &digest) : AMBIT_OK;
    if (err)
        return err;

    struct buf private_key = {.p = NULL};
    BUF_AUTO public_key = {.p = NULL};
    err = make_key(&private_key, &public_key);
    if (!err)
        err = write_file(making, "credentials", agent.agent, ".jwk", buf_str(&private_key));
    buf_wipe(&private_key);
    if (err)
        return err;

    agent.jwk = buf_str(&public_key);
    agent.secret = secret ? &digest : NULL;
    agent.secret_expires_ms = making->expires_ms;
    BUF_AUTO json = {.p = NULL};
    make_agent_json(&agent, &json);
    return write_document(making, AMBIT_KIND_AGENT, agent.agent, &json);
}

static enum ambit_err make_agents(struct making *making)
{
    for (size_t i = 0; i < dev_n_agents; i++) {
        enum ambit_err err = make_one_agent(making, dev_agents[i]);
        if (err)
            return err;
    }
    return AMBIT_OK;
}

static enum ambit_err make_service(struct making *making)
{
    struct make_service service = dev_service;
    struct ambit_digest digest = {{0}};
    enum ambit_err err = draw_secret(making, dev_secret_find(service.service), &digest);
    if (err)
        return err;

    service.secret = &digest;
    service.secret_expires_ms = making->expires_ms;
    BUF_AUTO json = {.p = NULL};
    make_service_json(&service, &json);
    return write_document(making, AMBIT_KIND_SERVICE, service.service, &json);
}

static enum ambit_err make_policies(struct making *making)
{
    for (size_t i = 0; i < dev_n_policies; i++) {
        BUF_AUTO json = {.p = NULL};
        enum ambit_err err = make_pretty(ambit_str_of(dev_policies[i].json), &json);
        if (!err)
            err = write_document(making, AMBIT_KIND_POLICY, ambit_str_of(dev_policies[i].name),
                                 &json);
        if (err)
            return err;
    }
    return AMBIT_OK;
}

static enum ambit_err make_configuration(struct making *making, const char *listen)
{
    BUF_AUTO compact = {.p = NULL}, json = {.p = NULL};
    struct json_out out = {.buf = NULL};
    json_out_init(&out, &compact, false);
    json_begin_object(&out);
    json_member_text(&out, "state", ".");
    json_member_text(&out, "documents", "documents");
    json_key(&out, "listen");
    json_begin_array(&out);
    json_begin_object(&out);
    json_member_text(&out, "address", listen ? listen : DEV_LISTEN_DEFAULT);
    json_end_object(&out);
    json_end_array(&out);
    json_member_text(&out, "review", "record");
    json_end_object(&out);
    enum ambit_err err = buf_check(&compact);
    if (!err)
        err = make_pretty(buf_str(&compact), &json);
    if (err)
        return err;

    return file_write(making->state_fd, "ambit.json", buf_str(&json), FILE_MODE);
}

static enum ambit_err make_all(struct making *making, const struct dev_options *options)
{
    if (fchmod(making->state_fd, FOLDER_MODE))
        return AMBIT_ERR_IO;

    enum ambit_err err = make_folders(making->state_fd);
    if (!err)
        err = make_people(making);
    if (!err)
        err = make_agents(making);
    if (!err)
        err = make_service(making);
    if (!err)
        err = make_policies(making);
    if (!err)
        err = make_configuration(making, options->listen);
    if (err)
        return err;

    buf_printf(making->text,
               "made a development state in %s: people dana sam lee kim, agents remediator "
               "reporter, service payments-api, policies restart-services read-tickets\n",
               options->state);
    return AMBIT_OK;
}

/* ---- renewal --------------------------------------------------------------------------------- */

/* The secret that lies beside the broker, or NOT_FOUND when somebody took it away. */
static enum ambit_err read_secret(struct making *making, const struct dev_secret *secret,
                                  struct ambit_digest *ret)
{
    BUF_AUTO path = {.p = NULL};
    buf_printf(&path, "credentials/%s%s", secret->name, secret->suffix);
    buf_put_char(&path, '\0');
    struct buf text = {.p = NULL};
    enum ambit_err err = buf_check(&path);
    if (!err)
        err = file_read(making->state_fd, path.p, SECRET_FILE_MAX, &text);
    if (!err)
        crypto_sha256(text.p, text.len, ret);
    buf_wipe(&text);
    return err;
}

/* By which secrets are judged. */
static int64_t judged_ms(const struct dev_options *options)
{
    int64_t recorded_ms = options->recorded_ms ? options->recorded_ms(options->state) : 0;
    bool is_far = recorded_ms > 0 && options->now_ms - recorded_ms > 7 * day_ms;
    return is_far ? recorded_ms : options->now_ms;
}

static enum ambit_err renew(struct making *making, const struct dev_secret *secret,
                            const struct dev_options *options)
{
    BUF_AUTO path = {.p = NULL}, document = {.p = NULL}, renewed = {.p = NULL};
    buf_printf(&path, "documents/%s/%s.json", secret->folder, secret->name);
    buf_put_char(&path, '\0');
    struct make_renewal renewal = {.expires_ms = 0};
    int64_t lapses_ms = 0;
    enum ambit_err err = buf_check(&path);
    if (!err)
        err = read_secret(making, secret, &renewal.old_digest);
    if (!err)
        err = file_read(making->state_fd, path.p, AMBIT_DOCUMENT_BYTES, &document);
    if (!err)
        err = make_expiry(buf_str(&document), renewal.old_digest, &lapses_ms);
    /* Changed by hand: then it is theirs, and the reader of documents says what is wrong with it.
     */
    if (err == AMBIT_ERR_NOT_FOUND || err == AMBIT_ERR_MALFORMED)
        return AMBIT_OK;
    if (err || lapses_ms > options->now_ms + day_ms)
        return err;
    int64_t now_ms = judged_ms(options);
    if (lapses_ms > now_ms + day_ms)
        return AMBIT_OK;

    struct make_secret drawn = {.text = ""};
    make_secret_draw(&drawn);
    renewal.new_digest = drawn.digest;
    renewal.expires_ms = now_ms + MAKE_SECRET_DAYS * day_ms;
    err = make_renewed(buf_str(&document), &renewal, &renewed);
    if (!err)
        err = file_write(making->state_fd, path.p, buf_str(&renewed), FILE_MODE);
    if (!err)
        err = write_secret(making, secret,
                           (struct ambit_str){.p = drawn.text, .len = sizeof drawn.text});
    secret_wipe(&drawn, sizeof drawn);
    if (!err)
        buf_printf(making->text,
                   "credentials/%s%s had lapsed or was about to: a new one was drawn\n",
                   secret->name, secret->suffix);
    return err;
}

static enum ambit_err take_up(struct making *making, const struct dev_options *options)
{
    buf_printf(making->text, "taking up the development state in %s\n", options->state);
    for (size_t i = 0; i < dev_n_secrets; i++) {
        enum ambit_err err = renew(making, &dev_secrets[i], options);
        if (err)
            return err;
    }
    return AMBIT_OK;
}

/* ---- the whole ------------------------------------------------------------------------------- */

enum ambit_err dev_prepare(const struct dev_options *options, struct dev_report *ret)
{
    *ret = (struct dev_report){.is_new = false};
    struct config_listener listener = {.kind = CONFIG_LISTENER_ALL};
    if (options->listen && config_listen_decode(ambit_str_of(options->listen), &listener)) {
        buf_printf(&ret->text, "--listen %s: expected a loopback ADDRESS:PORT such as %s\n",
                   options->listen, DEV_LISTEN_DEFAULT);
        return AMBIT_ERR_MALFORMED;
    }

    FD_AUTO state_fd = -1;
    enum ambit_err err = dir_make(AT_FDCWD, options->state, FOLDER_MODE);
    if (!err)
        err = dir_open(AT_FDCWD, options->state, &state_fd);

    struct making making = {.state_fd = state_fd,
                            .text = &ret->text,
                            .expires_ms = options->now_ms + MAKE_SECRET_DAYS * day_ms};
    if (!err) {
        ret->is_new = faccessat(state_fd, "ambit.json", F_OK, 0) != 0;
        err = ret->is_new ? make_all(&making, options) : take_up(&making, options);
    }
    if (!err)
        err = buf_check(&ret->text);
    if (err) {
        buf_reset(&ret->text);
        buf_printf(&ret->text, "the development state in %s cannot be made: %s\n", options->state,
                   ambit_err_text(err));
    }
    return err;
}

enum ambit_err dev_publish_url(const char *state, const char *url)
{
    FD_AUTO state_fd = -1;
    enum ambit_err err = dir_open(AT_FDCWD, state, &state_fd);
    if (err)
        return err;

    return file_write(state_fd, "url", ambit_str_of(url), FILE_MODE);
}

void dev_hints(const char *state, const char *url, struct buf *out)
{
    buf_printf(out, "Three things to try (the broker is at %s):\n", url);
    buf_printf(out,
               "  ambit --state %s --agent remediator --key %s/credentials/remediator.jwk token "
               "--scope 'service.restart[svc:staging/web-1]'\n",
               state, state);
    buf_printf(out,
               "  ambit --state %s --token-file %s/credentials/lee.token stop agent:reporter "
               "--reason 'it reads too much'\n",
               state, state);
    buf_printf(out,
               "  ambit --state %s --token-file %s/credentials/lee.token trace agent:reporter\n",
               state, state);
}
