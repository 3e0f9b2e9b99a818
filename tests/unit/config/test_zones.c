/* SPDX-License-Identifier: Apache-2.0 */
/* Goal: a zone is read from beneath the zone folder or is unknown; no name leads elsewhere. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "config/zones.h"

static void put(const char *path, const char *text)
{
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

static void zones_come_from_beneath_the_folder(void **state)
{
    (void)state;
    char root[] = "/tmp/ambit-zones-XXXXXX";
    assert_non_null(mkdtemp(root));
    assert_int_equal(chdir(root), 0);
    assert_int_equal(mkdir("zones", 0700), 0);
    assert_int_equal(mkdir("zones/Area", 0700), 0);
    put("outside", "TZif no");
    put("zones/Area/City", "TZif yes");
    assert_int_equal(symlink("Area/City", "zones/Alias"), 0);
    assert_int_equal(symlink("../outside", "zones/Out"), 0);
    assert_int_equal(symlink("/etc/passwd", "zones/Far"), 0);

    static const struct {
        const char *name;
        enum ambit_err want;
    } rows[] = {{"Area/City", AMBIT_OK},
                {"Alias", AMBIT_OK},
                {"Area/City", AMBIT_OK},
                {"Area", AMBIT_ERR_NOT_FOUND},
                {"Out", AMBIT_ERR_NOT_FOUND},
                {"Far", AMBIT_ERR_NOT_FOUND},
                {"../outside", AMBIT_ERR_NOT_FOUND},
                {"/etc/passwd", AMBIT_ERR_NOT_FOUND},
                {"", AMBIT_ERR_NOT_FOUND},
                {"Area//City", AMBIT_ERR_NOT_FOUND},
                {"Area/", AMBIT_ERR_NOT_FOUND},
                {"None", AMBIT_ERR_NOT_FOUND}};
    ZONES_AUTO zones = NULL;
    assert_int_equal(zones_open("zones", &zones), AMBIT_OK);
    for (size_t i = 0; i < AMBIT_LEN(rows); i++) {
        struct ambit_str bytes = {NULL, 0};
        print_message("# %s\n", rows[i].name);
        assert_int_equal(zones_find(zones, ambit_str_of(rows[i].name), &bytes), rows[i].want);
        assert_true(rows[i].want || ambit_str_is(bytes, "TZif yes"));
    }
    static const char *const made[] = {"zones/Far", "zones/Out", "zones/Alias", "zones/Area/City",
                                       "outside"};
    for (size_t i = 0; i < AMBIT_LEN(made); i++)
        assert_int_equal(unlink(made[i]), 0);
    assert_int_equal(rmdir("zones/Area"), 0);
    assert_int_equal(rmdir("zones"), 0);
    assert_int_equal(rmdir(root), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(zones_come_from_beneath_the_folder)};
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
