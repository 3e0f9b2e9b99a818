/* SPDX-License-Identifier: Apache-2.0 */
/* The smallest TZif files: no change is listed, the footer says it all (RFC 9636 section 3.3). */
#pragma once

#define TZIF_ZEROS_ "\0\0\0\0\0" "\0\0\0\0\0" "\0\0\0\0\0"
/* indicators, leap seconds, times: none; one type; four bytes of names */
#define TZIF_COUNTS_ "\0\0\0\0" "\0\0\0\0" "\0\0\0\0" "\0\0\0\0" "\0\0\0\1" "\0\0\0\4"
#define TZIF_TYPE_ "\0\0\0\0" "\0" "\0" "UTC\0"
#define TZIF_PART_(version) "TZif" version TZIF_ZEROS_ TZIF_COUNTS_ TZIF_TYPE_

#define TZIF(footer)  TZIF_PART_("3") TZIF_PART_("3") "\n" footer "\n"
#define TZIF_UTC      TZIF("UTC0")
#define TZIF_BERLIN   TZIF("CET-1CEST,M3.5.0,M10.5.0/3")
#define TZIF_NEW_YORK TZIF("EST5EDT,M3.2.0,M11.1.0")
