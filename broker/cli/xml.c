/* SPDX-License-Identifier: Apache-2.0 */
/* See xml.h. */
#include "cli/xml.h"

#include "base/encode.h"

void xml_put(struct buf *out, struct ambit_str text)
{
    bool is_utf8 = utf8_is_valid(text);
    for (size_t i = 0; i < text.len; i++) {
        uint8_t c = (uint8_t)text.p[i];
        if (c == '&')
            buf_put_text(out, "&amp;");
        else if (c == '<')
            buf_put_text(out, "&lt;");
        else if (c == '>')
            buf_put_text(out, "&gt;");
        else if (c == '"')
            buf_put_text(out, "&quot;");
        else if ((c < 0x20 && c != '\n' && c != '\t') || c == 0x7f || (c >= 0x80 && !is_utf8))
            buf_put_char(out, '?');
        else
            buf_put_char(out, (char)c);
    }
}
