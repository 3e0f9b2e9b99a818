/* SPDX-License-Identifier: Apache-2.0 */
/* LMDB's and the system's codes become ours here and nowhere else. A full map and a full disk are
 * the same word: what follows from them is the same. */
#include "store/internal.h"

#include <errno.h>

enum ambit_err store_code(int rc)
{
    switch (rc) {
    case MDB_SUCCESS:
        return AMBIT_OK;
    case MDB_NOTFOUND:
    case ENOENT:
        return AMBIT_ERR_NOT_FOUND;
    case MDB_KEYEXIST:
    case EEXIST:
        return AMBIT_ERR_EXISTS;
    case MDB_MAP_FULL:
    case ENOSPC:
    case EDQUOT:
    case EFBIG:
        return AMBIT_ERR_NO_SPACE;
    case MDB_READERS_FULL:
    case EAGAIN:
    case EBUSY:
        return AMBIT_ERR_BUSY;
    case MDB_CORRUPTED:
    case MDB_PAGE_NOTFOUND:
    case MDB_CURSOR_FULL:
    case MDB_INVALID:
    case MDB_INCOMPATIBLE:
        return AMBIT_ERR_DAMAGED;
    case MDB_VERSION_MISMATCH:
        return AMBIT_ERR_NEWER;
    case ENOMEM:
        return AMBIT_ERR_NO_MEMORY;
    case MDB_BAD_VALSIZE:
    case MDB_BAD_TXN:
    case MDB_BAD_RSLOT:
    case MDB_BAD_DBI:
    case MDB_TXN_FULL:
    case MDB_DBS_FULL:
    case EINVAL:
        return AMBIT_ERR_INTERNAL;
    default: /* MDB_PANIC, EIO and whatever else a disk may say */
        return AMBIT_ERR_IO;
    }
}
