/* SPDX-License-Identifier: Apache-2.0 */
/* Reading and writing backup.json. */
#include "core/backup_manifest.h"

#include "base/encode.h"
#include "base/json_read.h"
#include "base/json_write.h"

enum { VERSION = 1, MEMBERS = 9 };
static const char partial[] = ".partial";

bool backup_name_is_fine(struct ambit_str name)
{
    static const char also[] = "._-";
    if (name.len == 0 || name.len > BACKUP_NAME_MAX)
        return false;
    for (size_t i = 0; i < name.len; i++) {
        char c = name.p[i];
        bool is_word = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
        if (!is_word && (i == 0 || c == '\0' || !strchr(also, c)))
            return false;
    }
    size_t end = sizeof partial - 1;
    return name.len < end || memcmp(name.p + name.len - end, partial, end) != 0;
}

enum ambit_err backup_manifest_write(const struct backup_manifest *manifest, struct buf *out)
{
    struct json_out json;
    json_out_init(&json, out, true);
    json_begin_object(&json);
    json_key(&json, "bytes");
    json_i64(&json, (int64_t)manifest->bytes);
    json_key(&json, "digest");
    json_digest(&json, manifest->digest);
    json_key(&json, "keys");
    json_bool(&json, manifest->has_keys);
    json_member_str(&json, "name", manifest->name);
    json_key(&json, "root");
    json_digest(&json, manifest->root);
    json_key(&json, "size");
    json_i64(&json, (int64_t)manifest->size);
    json_key(&json, "time");
    json_time_ms(&json, manifest->time_ms);
    json_key(&json, "v");
    json_i64(&json, VERSION);
    json_member_str(&json, "version", manifest->version);
    json_end_object(&json);
    buf_put_char(out, '\n');
    return buf_check(out);
}

static bool get_count(const struct json_value *object, const char *key, uint64_t *ret)
{
    int64_t value = 0;
    if (!json_get_i64(object, key, &value) || value < 0)
        return false;
    *ret = (uint64_t)value;
    return true;
}

static bool get_truth(const struct json_value *object, const char *key, bool *ret)
{
    const struct json_value *value = json_get(object, key);
    if (!value || (value->kind != JSON_TRUE && value->kind != JSON_FALSE))
        return false;
    *ret = value->kind == JSON_TRUE;
    return true;
}

enum ambit_err backup_manifest_read(struct ambit_str bytes, struct arena *arena,
                                    struct backup_manifest *ret)
{
    const struct json_value *root = NULL;
    struct json_problem problem = {0};
    int64_t version = 0;
    if (bytes.len > BACKUP_MANIFEST_BYTES)
        return AMBIT_ERR_TOO_LARGE;
    enum ambit_err err = json_read(bytes, (struct json_limits){0}, arena, &root, &problem);
    if (err != AMBIT_OK)
        return err;
    if (!json_get_i64(root, "v", &version))
        return AMBIT_ERR_MALFORMED;
    if (version != VERSION)
        return version > VERSION ? AMBIT_ERR_NEWER : AMBIT_ERR_MALFORMED;

    struct backup_manifest manifest = {.name = json_get_str(root, "name"),
                                       .version = json_get_str(root, "version")};
    bool is_whole =
        root->count == MEMBERS && backup_name_is_fine(manifest.name) && manifest.version.p &&
        manifest.version.len <= BACKUP_NAME_MAX && get_count(root, "bytes", &manifest.bytes) &&
        get_count(root, "size", &manifest.size) && get_truth(root, "keys", &manifest.has_keys) &&
        digest_decode(json_get_str(root, "digest"), &manifest.digest) == AMBIT_OK &&
        digest_decode(json_get_str(root, "root"), &manifest.root) == AMBIT_OK &&
        time_decode(json_get_str(root, "time"), &manifest.time_ms) == AMBIT_OK;
    if (!is_whole)
        return AMBIT_ERR_MALFORMED;
    *ret = manifest;
    return AMBIT_OK;
}
