/*
 * The evidence that Vogt's report carries as an attachment (PDF/A-3), taken out of the file's bytes. Only files as
 * Vogt writes them are read: one embedded file, its dictionary in front of its stream, deflated. What another program
 * wrote anew is refused with the words that name `pdfdetach`. Pure; nothing else of the PDF is looked at.
 */
#ifndef VOGT_COMMAND_ATTACHMENT_H
#define VOGT_COMMAND_ATTACHMENT_H

#include "base/bytes.h"

bool attachment_is_pdf(struct slice file);
/* Appends the attachment; the buf's maximum bounds it. ERR_MALFORMED, ERR_TOO_LARGE, ERR_MEMORY, with a complaint. */
enum err attachment_read(struct slice file, struct buf *out, struct complaint *complaint) must_check;

#endif
