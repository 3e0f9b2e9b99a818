/* SPDX-License-Identifier: Apache-2.0 */
/* Plays four hours of a broker's life into a small store and leaves it in DIR, with a line of JSON
 * on standard output about it. Run once, by version 0.1.0; kept to say what is in the store:
 *   build/tests/unit/core/make_golden_store DIR > tests/unit/core/golden/store.json
 *   gzip -9nc DIR/data.mdb > tests/unit/core/golden/store.mdb.gz */
#include "golden/store.h"

#include <fcntl.h>

#include "base/encode.h"
#include "base/file.h"

static void expect(struct answer answer, enum ambit_reason reason)
{
    if (answer.err || answer.reason != reason)
        fail_msg("%s, %s instead of %s", ambit_err_text(answer.err),
                 ambit_reason_text(answer.reason), ambit_reason_text(reason));
}

/* Grants given and refused, with everything a request may carry. */
static void play_requests(struct stage *stage)
{
    static const struct {
        struct ask ask;
        enum ambit_reason reason;
    } asks[] = {
        {{"worker", "a.asks", "svc:asks/**", .purpose = "INC-1 web-1", .source = "10.1.2.3",
          .lifetime_s = 120, .once = 1},
         AMBIT_REASON_ALLOWED},
        {{"worker", "a.asks", "svc:asks/**", .purpose = "INC-1", .source = "192.0.2.1"},
         AMBIT_REASON_WRONG_SOURCE},
        {{"worker", "a.asks", "svc:asks/**", .source = "10.1.2.3"}, AMBIT_REASON_PURPOSE_REQUIRED},
        {{"worker", "a.free", "svc:free/**", .audience = "https://api.example.gov", .once = 2},
         AMBIT_REASON_ALLOWED},
        {{"worker", "a.free", NULL}, AMBIT_REASON_ALLOWED},
        {{"worker", "a.free", "svc:free/x", .audience = "https://vault.example.gov"},
         AMBIT_REASON_WRONG_AUDIENCE},
        {{"worker", "a.free", "svc:free/x", .lifetime_s = -1}, AMBIT_REASON_MALFORMED},
        {{"worker", "b.none", "svc:free/x"}, AMBIT_REASON_OUT_OF_SCOPE},
        {{"worker", "a.free", "db:customers/7"}, AMBIT_REASON_FORBIDDEN},
        {{"keeper", "v.open", "vault:x", .purpose = "rotation", .once = 3}, AMBIT_REASON_ALLOWED},
        {{"helper", "not a name", "svc:free/x"}, AMBIT_REASON_MALFORMED},
    };
    for (size_t i = 0; i < AMBIT_LEN(asks); i++) {
        expect(stage_ask(stage, &asks[i].ask), asks[i].reason);
        stage_pass(17);
    }
    for (int i = 0; i < 3; i++) /* the third takes the slot of a live one */
        expect(stage_ask(stage, &(struct ask){"worker", "a.slot", "svc:slot/**"}),
               AMBIT_REASON_ALLOWED);
}

/* History that fills its first rows and moves on, over an hour, and sums. */
static void play_actions(struct stage *stage)
{
    static const struct act act = {"a.asks", "svc:asks/x", .context = "{'mode':'slow','n':[1,2]}",
                                   .source = "10.9.9.9", .stated_reason = "it hangs"};
    struct answer many = stage_grant(stage, "worker", "a.many", "svc:many/**");
    for (int i = 0; i < 150; i++) {
        expect(stage_do(stage, &many, "a.many", "svc:many/x"), AMBIT_REASON_ALLOWED);
        stage_pass(1);
    }
    struct answer sum = stage_grant(stage, "worker", "a.sum", "svc:sum/**");
    struct act add = {"a.sum", "svc:sum/x", .context = "{'amount':60}"};
    expect(stage_act(stage, &sum, &add), AMBIT_REASON_ALLOWED);
    expect(stage_act(stage, &sum, &add), AMBIT_REASON_LIMIT_EXCEEDED);
    expect(stage_do(stage, &sum, "a.sum", "svc:sum/x"), AMBIT_REASON_MISSING_CONTEXT);
    struct ask ask = {"worker", "a.asks", "svc:asks/**", .purpose = "INC-2", .source = "10.1.2.3"};
    struct answer asks = stage_ask(stage, &ask);
    expect(stage_act(stage, &asks, &act), AMBIT_REASON_ALLOWED);
    struct act own = {"a.many", "svc:many/x", .by_agent = true, .agent = "worker",
                      .source = "10.1.2.3"};
    expect(stage_act(stage, &many, &own), AMBIT_REASON_ALLOWED);
    stage_pass(3700000); /* the first rows are too old for the window now, and go */
    many = stage_grant(stage, "worker", "a.many", "svc:many/**");
    for (int i = 0; i < 140; i++) {
        expect(stage_do(stage, &many, "a.many", "svc:many/y"), AMBIT_REASON_ALLOWED);
        stage_pass(1);
    }
}

/* Hard stops of each kind, stops of people, a clear, a revocation. */
static void play_stops(struct stage *stage, struct answer *ret_stopped)
{
    bool is_foreign = false;
    char target[64];
    struct answer free_token = stage_grant(stage, "worker", "a.free", "svc:free/**");
    for (int i = 0; i < 3; i++)
        expect(stage_do(stage, &free_token, "b.none", "svc:free/x"), AMBIT_REASON_OUT_OF_SCOPE);
    expect(stage_do(stage, &free_token, "a.free", "svc:free/x"), AMBIT_REASON_INACTIVE);
    struct answer watched = stage_grant(stage, "helper", "w.**", "svc:w/**");
    struct act bulk = {"w.bulk", "svc:w/x", .context = "{'rows':11}"};
    expect(stage_act(stage, &watched, &bulk), AMBIT_REASON_HARD_STOP); /* helper is suspended */
    expect(stage_do(stage, &watched, "w.x", "svc:w/x"), AMBIT_REASON_STOPPED);

    struct answer token = stage_grant(stage, "worker", "a.free", "svc:free/**");
    assert_int_equal(stage_stop(stage, "lee", stage_target("grant", token.grant, target)).err,
                     AMBIT_OK);
    struct stopped agent = stage_stop(stage, "lee", "agent:worker");
    expect(stage_ask(stage, &(struct ask){"worker", "a.free", "svc:free/x"}), AMBIT_REASON_STOPPED);
    assert_int_equal(stage_clear(stage, "kim", agent.stop), CLEAR_FINE);
    assert_int_equal(stage_stop(stage, "kim", "resource:svc:other/**").err, AMBIT_OK);
    *ret_stopped = stage_grant(stage, "porter", "p.do", "svc:p/**");
    assert_int_equal(stage_stop(stage, "kim", "owner:oli").err, AMBIT_OK);
    struct answer given = stage_grant(stage, "worker", "a.free", "svc:free/**");
    assert_int_equal(stage_revoke(stage, "keeper", &given, &is_foreign), AMBIT_OK);
    assert_true(is_foreign);
    assert_int_equal(stage_revoke(stage, "worker", &given, &is_foreign), AMBIT_OK);
    assert_int_equal(stage_note_read(stage, "ann", "trace:agent:helper"), AMBIT_OK);
}

/* A set replaced, one refused, a clock that stepped, a commit that failed and the stop after it. */
static void play_trouble(struct stage *stage)
{
    stage_document(stage, "policies/broken.json", "{'policy':'broken'}");
    assert_int_equal(stage_reload(stage), AMBIT_ERR_MALFORMED);
    stage_document(stage, "policies/broken.json", NULL);
    golden_documents(stage);
    assert_int_equal(stage_reload(stage), AMBIT_OK);
    stage_wall_ms += 3600000;
    assert_int_equal(stage_note_read(stage, "ann", "grants"), AMBIT_OK);
    assert_int_equal(stage_acknowledge_time(stage, "lee"), AMBIT_OK);
    expect(stage_ask(stage, &(struct ask){"keeper", "v.open", "vault:y"}), AMBIT_REASON_ALLOWED);
    stage_commits(STAGE_COMMIT_FAILS);
    assert_int_equal(stage_ask(stage, &(struct ask){"keeper", "v.open", "vault:z"}).err,
                     AMBIT_ERR_SEALED);
    assert_true(stage_stop(stage, "lee", "policy:watched").is_pending);
    stage_commits(STAGE_COMMITS);
    stage_reopen(stage);
    stage_wall_ms = GOLDEN_END_MS - 1000;
    stage_boot_ms += 1;
    stage_reopen(stage);
}

static void put_token(const char *name, const struct answer *token)
{
    char id[ID_TEXT_LEN + 1] = "", rnd[33] = "";
    id_encode(token->grant, id);
    hex_encode(token->rnd, sizeof token->rnd, rnd);
    printf(",\"%s\":{\"grant\":\"%s\",\"rnd\":\"%s\"}", name, id, rnd);
}

static void play(const char *folder)
{
    struct answer stopped;
    STAGE_AUTO stage;
    stage_make(&stage);
    stage.limits.store_bytes = 8 << 20;
    stage.limits.store_grow_bytes = 256 << 10;
    stage.limits.store_reserve_bytes = 256 << 10;
    stage_open(&stage);
    play_requests(&stage);
    play_actions(&stage);
    play_stops(&stage, &stopped);
    play_trouble(&stage);
    struct ask ask = {"worker", "a.each", "svc:each/**", .lifetime_s = 86400, .once = 9};
    struct answer live = stage_ask(&stage, &ask);
    expect(stage_do(&stage, &live, "a.each", "svc:each/x"), AMBIT_REASON_ALLOWED);
    stage_close(&stage);
    stage_open(&stage); /* and its events of start and stop */
    uint64_t size = 0;
    struct ambit_digest root = stage_root(&stage, &size);
    char hex[65] = "", path[FOLDER_PATH_MAX];
    hex_encode(root.b, sizeof root.b, hex);
    assert_true(stage_explain_all(&stage) > 256);
    stage_verify(&stage);

    BUF_AUTO bytes = {0};
    FD_AUTO fd = -1;
    assert_int_equal(
        file_read(AT_FDCWD, folder_join(path, stage.folder, "store/data.mdb"), 64 << 20, &bytes),
        AMBIT_OK);
    assert_int_equal(dir_open(AT_FDCWD, folder, &fd), AMBIT_OK);
    assert_int_equal(file_write(fd, "data.mdb", buf_str(&bytes), 0600), AMBIT_OK);
    /* Closing added the event of the stop: size and root are those of the moment before. */
    printf("{\"events\":%d,\"root\":\"%s\"", (int)size, hex);
    put_token("live", &live);
    put_token("stopped", &stopped);
    puts("}");
}

int main(int argc, char **argv)
{
    if (argc != 2)
        return 2;
    play(argv[1]);
    return fflush(stdout) == 0 ? 0 : 1;
}
