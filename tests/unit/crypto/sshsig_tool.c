/* SPDX-License-Identifier: Apache-2.0 */
/* sshsig_tool NAMESPACE: reads "SIGNER\nLENGTH\n" and a signature of LENGTH bytes, then "LENGTH\n"
 * and a message, again and again from standard input; answers each with a line: ok, or why not.
 * What tests/interop/ssh_keygen.py holds against ssh-keygen. */
#include <stdio.h>

#include "base/buf.h"
#include "base/encode.h"
#include "crypto/sshsig.h"

enum { LINE_SIZE = 8192, BYTES_SIZE = 65536 };

static bool read_line(char *dst, struct ambit_str *ret)
{
    if (fgets(dst, LINE_SIZE, stdin) == NULL)
        return false;
    size_t len = strlen(dst);
    if (len == 0 || dst[len - 1] != '\n')
        return false;
    *ret = (struct ambit_str){.p = dst, .len = len - 1};
    return true;
}

static bool read_bytes(char *dst, struct ambit_str *ret)
{
    char line[LINE_SIZE];
    struct ambit_str text;
    uint64_t len = 0;
    if (!read_line(line, &text) || parse_u64(text, &len) != AMBIT_OK || len > BYTES_SIZE)
        return false;
    *ret = (struct ambit_str){.p = dst, .len = (size_t)len};
    return fread(dst, 1, (size_t)len, stdin) == len;
}

int main(int argc, char **argv)
{
    static char line[LINE_SIZE], armored[BYTES_SIZE], message[BYTES_SIZE];
    struct ambit_str signer = {0};
    struct sshsig_signed what = {.namespace = ambit_str_of(argc == 2 ? argv[1] : "")};
    while (read_line(line, &signer) && read_bytes(armored, &what.armored) &&
           read_bytes(message, &what.message)) {
        enum ambit_err err = sshsig_verify(&what, &signer, 1);
        printf("%s\n", err == AMBIT_OK ? "ok" : ambit_err_text(err));
        fflush(stdout);
    }
    return 0;
}
