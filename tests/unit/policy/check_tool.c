/* SPDX-License-Identifier: Apache-2.0 */
/* For schema_test.py: reads each FILE as the document NAME of KIND among the documents of FOLDER
 * and prints one line of JSON for it: {"file","ok","digest","problems":[PROBLEM]}. usage:
 * check_tool FOLDER [KIND NAME FILE...] - without files: the folder as it is. */
#include <stdio.h>

#include "base/json_write.h"
#include "policy/problem.h"
#include "set.h"

static int print(struct set *set, const char *file)
{
    struct ambit_problems problems = {0};
    struct ambit_documents *documents = NULL;
    BUF_AUTO buf = {0};
    struct json_out out;
    enum ambit_err err = ambit_documents_read(set->files, set->n, &set_env, &problems, &documents);
    json_out_init(&out, &buf, false);
    json_begin_object(&out);
    json_member_text(&out, "file", file);
    json_key(&out, "ok");
    json_bool(&out, err == AMBIT_OK);
    if (documents) {
        json_key(&out, "digest");
        json_digest(&out, documents->digest);
    }
    json_key(&out, "problems");
    json_begin_array(&out);
    for (size_t i = 0; i < problems.n; i++)
        problem_write_json(&out, &problems.v[i]);
    json_end_array(&out);
    json_end_object(&out);
    buf_put_char(&buf, '\n');
    bool is_done = buf_check(&buf) == AMBIT_OK && fwrite(buf.p, 1, buf.len, stdout) == buf.len;
    ambit_documents_free(documents);
    ambit_problems_done(&problems);
    return is_done ? 0 : 2;
}

static int check_file(const char *folder, enum ambit_kind kind, const char *name, const char *file)
{
    static struct set set;
    set_init(&set);
    int status = set_put_folder(&set, folder) ? 0 : 2;
    if (status == 0 && file)
        set_put(&set, kind, name, set_file(&set, file));
    if (status == 0)
        status = print(&set, file ? file : folder);
    set_done(&set);
    return status;
}

int main(int argc, char **argv)
{
    int kind = AMBIT_KIND_PERSON;
    if (argc == 2)
        return check_file(argv[1], AMBIT_KIND_PERSON, NULL, NULL);
    if (argc < 5)
        return 2;
    while (kind <= AMBIT_KIND_POLICY && !streq(argv[2], ambit_kind_text((enum ambit_kind)kind)))
        kind++;
    if (kind > AMBIT_KIND_POLICY)
        return 2;
    for (int i = 4; i < argc; i++) {
        int status = check_file(argv[1], (enum ambit_kind)kind, argv[3], argv[i]);
        if (status)
            return status;
    }
    return 0;
}
