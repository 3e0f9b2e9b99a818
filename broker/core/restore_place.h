/* SPDX-License-Identifier: Apache-2.0 */
/* The steps of a restore that an end of the machine may fall between: the journal of stops of the
 * new store, and the new store in the place of the old one. */
#pragma once

#include "ambit/base.h"

/* Writes stops.journal into the folder of the new store: what waits in that of the store that is
 * replaced, and what waits in that of the backup. Starting takes a stop that is in both once.
 * *ret_has: something waited in that of the replaced store. TOO_LARGE: they hold more than one
 * journal does. */
AMBIT_CHECKED enum ambit_err restore_put_journal(int backup_fd, int state_fd, int fresh_fd,
                                                 bool *ret_has);
/* What a restore that was cut short left at `fresh` goes, so that a copy can be made there.
 * REFUSED: it has stops that are nowhere else, since no store is there. */
AMBIT_CHECKED enum ambit_err restore_clear(int backup_fd, int state_fd, const char *fresh);
/* The folder `fresh` becomes "store"; a store that is there gets the name `aside`. At every moment
 * "store" is the old one or the new one, where the file system can exchange two names. */
AMBIT_CHECKED enum ambit_err restore_swap(int state_fd, const char *fresh, const char *aside,
                                          bool *ret_is_aside);
/* What could not be told is taken for there. */
bool restore_is_there(int dir_fd, const char *path);
/* A folder that is not there comes out of the backup, if it has it: whole or not at all; one that
 * is there stays. */
AMBIT_CHECKED enum ambit_err restore_add_folder(int backup_fd, int state_fd, const char *name);
