/* SPDX-License-Identifier: Apache-2.0 */
/* Replays corpus folders through one fuzz target, a test point a file: what the fuzzer once found
 * stays found under every compiler. Linked with one fuzz_NAME.c in the place of libFuzzer. */
#include <dirent.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"

enum { SEED_BYTES_MAX = 1024 * 1024 };

static bool replay_file(const char *folder, const char *name)
{
    char path[4096];
    int len = snprintf(path, sizeof path, "%s/%s", folder, name);
    if (len < 0 || (size_t)len >= sizeof path)
        return false;

    FILE *file = fopen(path, "rbe");
    if (!file)
        return false;

    /* A heap block of exactly the size, so that a sanitizer sees one byte too many. */
    uint8_t *whole = malloc(SEED_BYTES_MAX);
    size_t size = whole ? fread(whole, 1, SEED_BYTES_MAX, file) : 0;
    uint8_t *exact = malloc(size ? size : 1);
    bool is_read = whole && exact && !ferror(file) && feof(file);
    if (is_read) {
        memcpy(exact, whole, size);
        LLVMFuzzerTestOneInput(exact, size);
    }
    free(exact);
    free(whole);
    fclose(file);
    return is_read;
}

static int is_seed(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

int main(int argc, char **argv)
{
    int points = 0;
    int failures = 0;
    for (int i = 1; i < argc; i++) {
        struct dirent **seeds = NULL;
        int n = scandir(argv[i], &seeds, is_seed, alphasort);
        if (n <= 0) {
            printf("not ok %d - %s holds seeds\n", ++points, argv[i]);
            failures++;
        }
        for (int s = 0; s < n; s++) {
            bool is_ok = replay_file(argv[i], seeds[s]->d_name);
            printf("%sok %d - %s\n", is_ok ? "" : "not ", ++points, seeds[s]->d_name);
            fflush(stdout);
            failures += is_ok ? 0 : 1;
            free(seeds[s]);
        }
        free(seeds);
    }
    printf("1..%d\n", points);
    return failures ? 1 : 0;
}
