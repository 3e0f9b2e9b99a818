/* SPDX-License-Identifier: Apache-2.0 */
/* Goal: the documents folder is read as it is or refused with the path at fault; links and pipes
 * are neither followed nor waited for. */
#include <fcntl.h>
#include <sys/stat.h>

#include "base/buf.h"
#include "base/file.h"
#include "config/folder.h"
#include "support/folder.h"

static void put(const char *folder, const char *name, const char *text)
{
    char path[FOLDER_PATH_MAX] = "";
    assert_int_equal(
        file_write(AT_FDCWD, folder_join(path, folder, name), ambit_str_of(text), 0600), AMBIT_OK);
}

static void make_folders(char root[FOLDER_PATH_MAX])
{
    static const char *const names[] = {"people", "agents", "services", "policies"};
    folder_make(root);
    for (size_t i = 0; i < AMBIT_LEN(names); i++) {
        char path[FOLDER_PATH_MAX] = "";
        assert_int_equal(mkdir(folder_join(path, root, names[i]), 0700), 0);
    }
}

static void files_come_by_kind_and_name(void **state)
{
    (void)state;
    char root[FOLDER_PATH_MAX] = "";
    make_folders(root);
    put(root, "policies/b.json", "B");
    put(root, "policies/a.json", "A");
    put(root, "policies/a.test.json", "not a document");
    put(root, "policies/a.json.dana.sig", "not a document");
    put(root, "policies/.json", "not a document");
    put(root, "agents/acme__x__y_z.json", "X");
    put(root, "people/dana.json", "D");
    put(root, "notes.json", "not in a folder of ours");

    struct ambit_problems problems = {.v = NULL};
    FOLDER_AUTO folder = {.files = NULL};
    assert_int_equal(folder_read(root, &problems, &folder), AMBIT_OK);
    static const struct {
        enum ambit_kind kind;
        const char *name, *bytes;
    } want[] = {{AMBIT_KIND_PERSON, "dana", "D"},
                {AMBIT_KIND_AGENT, "acme/x/y_z", "X"},
                {AMBIT_KIND_POLICY, "a", "A"},
                {AMBIT_KIND_POLICY, "b", "B"}};
    assert_int_equal(folder.n, AMBIT_LEN(want));
    for (size_t i = 0; i < folder.n; i++) {
        ROW_CHECK(want[i].name, folder.files[i].kind == want[i].kind);
        ROW_CHECK(want[i].name, ambit_str_is(folder.files[i].name, want[i].name));
        ROW_CHECK(want[i].name, ambit_str_is(folder.files[i].bytes, want[i].bytes));
    }
    assert_int_equal(problems.n, 0);
    ambit_problems_done(&problems);
    folder_remove(root);
}

static void what_is_no_plain_file_is_said(void **state)
{
    (void)state;
    char root[FOLDER_PATH_MAX] = "", path[FOLDER_PATH_MAX] = "", target[FOLDER_PATH_MAX] = "";
    make_folders(root);
    put(root, "outside", "{}");
    assert_int_equal(
        symlink(folder_join(target, root, "outside"), folder_join(path, root, "people/a.json")), 0);
    assert_int_equal(mkfifo(folder_join(path, root, "people/b.json"), 0600), 0);
    assert_int_equal(mkdir(folder_join(path, root, "people/c.json"), 0700), 0);
    int fd = open(folder_join(path, root, "people/d.json"), O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
    assert_true(fd >= 0);
    assert_int_equal(ftruncate(fd, AMBIT_DOCUMENT_BYTES + 1), 0);
    assert_int_equal(close(fd), 0);
    assert_int_equal(symlink("a", folder_join(path, root, "people/ignored.txt")), 0);

    static const struct {
        const char *file, *what;
    } want[] = {{"people/a.json", "is a symbolic link"},
                {"people/b.json", "is no plain file"},
                {"people/c.json", "is no plain file"},
                {"people/d.json", "is larger than 1 MiB"}};
    struct ambit_problems problems = {.v = NULL};
    FOLDER_AUTO folder = {.files = NULL};
    assert_int_equal(folder_read(root, &problems, &folder), AMBIT_ERR_MALFORMED);
    assert_int_equal(problems.n, AMBIT_LEN(want));
    for (size_t i = 0; i < problems.n; i++) {
        ROW_CHECK(want[i].file,
                  ambit_str_is(problems.v[i].file, folder_join(path, root, want[i].file)));
        ROW_CHECK(want[i].file, ambit_str_is(problems.v[i].what, want[i].what));
    }
    ambit_problems_done(&problems);
    folder_remove(root);
}

static void a_folder_that_is_none_is_told_apart(void **state)
{
    (void)state;
    char root[FOLDER_PATH_MAX] = "", path[FOLDER_PATH_MAX] = "";
    folder_make(root);
    struct ambit_problems problems = {.v = NULL};
    FOLDER_AUTO absent = {.files = NULL}, empty = {.files = NULL}, linked = {.files = NULL};
    assert_int_equal(folder_read("/nonexistent/folder", &problems, &absent), AMBIT_ERR_NOT_FOUND);
    assert_int_equal(folder_read(root, &problems, &empty), AMBIT_ERR_MALFORMED);
    assert_true(ambit_str_is(problems.v[0].what, "is no documents folder"));

    assert_int_equal(symlink("/etc", folder_join(path, root, "people")), 0);
    assert_int_equal(folder_read(root, &problems, &linked), AMBIT_ERR_MALFORMED);
    assert_true(ambit_str_is(problems.v[1].what, "is no folder that can be read"));
    ambit_problems_done(&problems);
    folder_remove(root);
}

static void a_link_does_not_hide_other_mistakes(void **state)
{
    (void)state;
    char root[FOLDER_PATH_MAX] = "", path[FOLDER_PATH_MAX] = "";
    make_folders(root);
    put(root, "people/x.json", "{");
    assert_int_equal(symlink("x.json", folder_join(path, root, "people/a.json")), 0);
    struct ambit_problems problems = {.v = NULL};
    struct ambit_documents *documents = NULL;
    assert_int_equal(folder_load(root, 1, &problems, &documents), AMBIT_ERR_MALFORMED);
    assert_null(documents);
    assert_int_equal(problems.n, 2);
    ambit_problems_done(&problems);
    folder_remove(root);
}

static void names_become_file_names(void **state)
{
    (void)state;
    BUF_AUTO name = {.p = NULL};
    folder_file_name(&name, AMBIT_STR("acme/x/y_z"));
    assert_true(ambit_str_is(buf_str(&name), "acme__x__y_z.json"));
}

/* One document by its name, and what lies beside it. */
static void one_file_is_found(void **state)
{
    static const struct {
        const char *name;
        enum ambit_kind kind;
        const char *document;
        enum ambit_err want;
    } rows[] = {
        {"an agent with a slash", AMBIT_KIND_AGENT, "a/b", AMBIT_OK},
        {"of another kind", AMBIT_KIND_POLICY, "a/b", AMBIT_ERR_NOT_FOUND},
        {"not there", AMBIT_KIND_AGENT, "c", AMBIT_ERR_NOT_FOUND},
        {"a way out", AMBIT_KIND_AGENT, "../agents/a", AMBIT_ERR_NOT_FOUND},
        {"dots are a name", AMBIT_KIND_AGENT, "..", AMBIT_ERR_NOT_FOUND},
        {"an empty name", AMBIT_KIND_AGENT, "", AMBIT_ERR_NOT_FOUND},
        {"a link", AMBIT_KIND_AGENT, "link", AMBIT_ERR_MALFORMED},
        {"a folder", AMBIT_KIND_AGENT, "folder", AMBIT_ERR_MALFORMED},
        {"it names itself otherwise", AMBIT_KIND_AGENT, "other", AMBIT_ERR_MALFORMED},
        {"two kinds at once", AMBIT_KIND_AGENT, "both", AMBIT_ERR_MALFORMED},
        {"no object", AMBIT_KIND_AGENT, "list", AMBIT_ERR_MALFORMED},
        {"no JSON", AMBIT_KIND_AGENT, "text", AMBIT_ERR_MALFORMED},
    };
    (void)state;
    char root[FOLDER_PATH_MAX] = "", path[FOLDER_PATH_MAX] = "";
    make_folders(root);
    put(root, "agents/a__b.json", "{ \"agent\" : \"a/b\" }");
    put(root, "agents/a__b.json.dana.sig", "signed");
    put(root, "agents/a__b.json.removed.dana.sig", "gone");
    put(root, "policies/p.test.json", "tests");
    put(root, "agents/other.json", "{\"agent\":\"x\"}");
    put(root, "agents/both.json", "{\"agent\":\"both\",\"policy\":\"both\"}");
    put(root, "agents/list.json", "[]");
    put(root, "agents/text.json", "agent");
    assert_int_equal(symlink("a__b.json", folder_join(path, root, "agents/link.json")), 0);
    assert_int_equal(mkdir(folder_join(path, root, "agents/folder.json"), 0700), 0);
    for (size_t i = 0; i < AMBIT_LEN(rows); i++) {
        struct ambit_identity found;
        ROW_CHECK(rows[i].name, folder_identify(root, rows[i].kind, ambit_str_of(rows[i].document),
                                                &found) == rows[i].want);
    }
    static const struct {
        struct folder_beside beside;
        const char *want;
    } beside[] = {
        {{.kind = AMBIT_KIND_AGENT, .name = {"a/b", 3}, .person = {"dana", 4}}, "signed"},
        {{.kind = AMBIT_KIND_AGENT,
          .name = {"a/b", 3},
          .suffix = ".removed",
          .person = {"dana", 4}},
         "gone"},
        {{.kind = AMBIT_KIND_POLICY, .name = {"p", 1}, .is_test = true}, "tests"},
        {{.kind = AMBIT_KIND_AGENT, .name = {"a/b", 3}, .person = {"sam", 3}}, NULL},
        {{.kind = AMBIT_KIND_AGENT, .name = {"a/b", 3}, .person = {"../x", 4}}, NULL},
    };
    for (size_t i = 0; i < AMBIT_LEN(beside); i++) {
        BUF_AUTO bytes = {.p = NULL};
        enum ambit_err err = folder_read_beside(root, &beside[i].beside, &bytes);
        assert_int_equal(err, beside[i].want ? AMBIT_OK : AMBIT_ERR_NOT_FOUND);
        assert_true(!beside[i].want || ambit_str_is(buf_str(&bytes), beside[i].want));
    }
    folder_remove(root);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(files_come_by_kind_and_name),
        cmocka_unit_test(what_is_no_plain_file_is_said),
        cmocka_unit_test(a_folder_that_is_none_is_told_apart),
        cmocka_unit_test(a_link_does_not_hide_other_mistakes),
        cmocka_unit_test(names_become_file_names),
        cmocka_unit_test(one_file_is_found),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
