/* SPDX-License-Identifier: Apache-2.0 */
/* Files of the archive and their list. */
#include "base/encode.h"
#include "cli/evidence.h"
#include "crypto/digest.h"

enum ambit_err evidence_put(void *ctx, const char *path, struct ambit_str bytes)
{
    struct evidence_out *out = ctx;
    struct ambit_digest digest;
    crypto_sha256(bytes.p, bytes.len, &digest);
    buf_put_hex(&out->manifest, digest.b, sizeof digest.b);
    buf_printf(&out->manifest, "  %s\n", path);
    out->n++;
    return files_put(out->files, path, bytes);
}

enum ambit_err evidence_out_finish(struct evidence_out *out)
{
    enum ambit_err err = buf_check(&out->manifest);
    if (err == AMBIT_OK)
        err = files_put(out->files, "SHA256SUMS", buf_str(&out->manifest));
    crypto_sha256(out->manifest.p, out->manifest.len, &out->digest);
    return err == AMBIT_OK ? files_finish(out->files) : err;
}
