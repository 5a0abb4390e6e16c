/* The attachment of arbitrary bytes that call themselves a PDF: bounded, and nothing is read beyond them. */
#include "command/attachment.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    cleanup_buf struct buf out = BUF_INIT(1 << 20);
    struct complaint complaint = {.text = {NULL, NULL}};
    struct slice file = slice_of(data, size);
    if (attachment_is_pdf(file) && attachment_read(file, &out, &complaint) != ERR_NONE && complaint.text.german == NULL) {
        __builtin_trap(); /* a refusal says why */
    }
    return out.len > out.max;
}
