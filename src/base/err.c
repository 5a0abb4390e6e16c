#include "base/err.h"

#include "base/utf8.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

struct err_row {
    const char *name;
    struct text text;
    int http_status;
    int retryable;
};

static const struct err_row rows[ERR_COUNT] = {
#define ERR(name, english, german, status, retryable)                                              \
    [ERR_##name] = {#name, {english, german}, status, retryable},
#include "base/err.def"
#undef ERR
};

struct errno_row {
    int number;
    enum err err;
};

static const struct errno_row errno_rows[] = {
    {0, ERR_NONE},
    {ENOMEM, ERR_MEMORY},
    {ENOSPC, ERR_FULL},
    {EDQUOT, ERR_FULL},
    {EFBIG, ERR_TOO_LARGE},
    {EMSGSIZE, ERR_TOO_LARGE},
    {EROFS, ERR_READ_ONLY},
    {EACCES, ERR_RIGHTS},
    {EPERM, ERR_RIGHTS},
    {ENOENT, ERR_NOT_FOUND},
    {ENOTDIR, ERR_NOT_FOUND},
    {EEXIST, ERR_EXISTS},
    {EAGAIN, ERR_BUSY},
    {EBUSY, ERR_BUSY},
    {EMFILE, ERR_BUSY},
    {ENFILE, ERR_BUSY},
    {ETXTBSY, ERR_BUSY},
    {ETIMEDOUT, ERR_TIMEOUT},
    {EPIPE, ERR_CLOSED},
    {ECONNRESET, ERR_CLOSED},
    {ENOTCONN, ERR_CLOSED},
    {ECONNABORTED, ERR_CLOSED},
    {ECONNREFUSED, ERR_UNREACHABLE},
    {EHOSTUNREACH, ERR_UNREACHABLE},
    {ENETUNREACH, ERR_UNREACHABLE},
    {ENETDOWN, ERR_UNREACHABLE},
    {EHOSTDOWN, ERR_UNREACHABLE},
    {ENOSYS, ERR_UNSUPPORTED},
    {EOPNOTSUPP, ERR_UNSUPPORTED},
    {EAFNOSUPPORT, ERR_UNSUPPORTED},
    {EINVAL, ERR_INVALID},
    {ENAMETOOLONG, ERR_INVALID},
    {ELOOP, ERR_INVALID},
};

/* A number outside the table can only come from a damaged or hostile message that somebody did not
 * check. */
static const struct err_row *row_of(enum err err)
{
    size_t index = (size_t)err;
    return index < ERR_COUNT ? &rows[index] : &rows[ERR_INTERNAL];
}

const char *err_name(enum err err)
{
    return row_of(err)->name;
}

const char *err_text(enum err err, enum language language)
{
    return text_in(row_of(err)->text, language);
}

int err_http_status(enum err err)
{
    return row_of(err)->http_status;
}

int err_is_retryable(enum err err)
{
    return row_of(err)->retryable;
}

enum err err_from_errno(int number)
{
    for (size_t i = 0; i < sizeof(errno_rows) / sizeof(errno_rows[0]); i++) {
        if (errno_rows[i].number == number) {
            return errno_rows[i].err;
        }
    }
    return ERR_IO;
}

const char *text_in(struct text text, enum language language)
{
    const char *chosen = language == LANGUAGE_GERMAN ? text.german : text.english;
    return chosen == NULL ? "" : chosen;
}

/* Copies whole characters only; what cannot be printed becomes '?', an overlong detail ends in
 * "...". */
static void copy_printable(char out[COMPLAINT_DETAIL_BYTES], struct slice detail)
{
    enum { ELLIPSIS_BYTES = 3 };
    size_t length = 0, position = 0;
    while (position < detail.len) {
        size_t start = position;
        uint32_t code_point = 0;
        bool printable = utf8_next(detail, &position, &code_point) == ERR_NONE &&
                         code_point >= 0x20 && !(code_point >= 0x7f && code_point < 0xa0);
        if (position == start) {
            position++;
        }
        size_t bytes = printable ? position - start : 1;
        if (length + bytes + ELLIPSIS_BYTES + 1 > COMPLAINT_DETAIL_BYTES) {
            memcpy(out + length, "...", ELLIPSIS_BYTES);
            length += ELLIPSIS_BYTES;
            break;
        }
        memcpy(out + length, printable ? (const char *)detail.data + start : "?", bytes);
        length += bytes;
    }
    out[length] = '\0';
}

enum err complain(struct complaint *complaint, enum err err, struct text text, size_t line,
                  size_t column, const char *detail, size_t detail_length)
{
    if (complaint == NULL) {
        return err;
    }
    complaint->text = text;
    complaint->line = line;
    complaint->column = column;
    copy_printable(complaint->detail, slice_of(detail, detail == NULL ? 0 : detail_length));
    return err;
}

/* snprintf's result counts what did not fit; the caller wants what stands in `out`. */
static size_t written(int result, size_t out_bytes)
{
    if (result < 0 || out_bytes == 0) {
        return 0;
    }
    return (size_t)result < out_bytes ? (size_t)result : out_bytes - 1;
}

size_t complaint_format(const struct complaint *complaint, enum language language, char *out,
                        size_t out_bytes)
{
    static const struct text line_word = {"line", "Zeile"};
    static const struct text column_word = {"column", "Spalte"};
    const char *text = text_in(complaint->text, language);
    const char *colon = complaint->detail[0] == '\0' ? "" : ": ";
    if (complaint->line == 0) {
        return written(snprintf(out, out_bytes, "%s%s%s", text, colon, complaint->detail),
                       out_bytes);
    }
    if (complaint->column == 0) {
        return written(snprintf(out, out_bytes, "%s %zu: %s%s%s", text_in(line_word, language),
                                complaint->line, text, colon, complaint->detail),
                       out_bytes);
    }
    return written(snprintf(out, out_bytes, "%s %zu, %s %zu: %s%s%s", text_in(line_word, language),
                            complaint->line, text_in(column_word, language), complaint->column,
                            text, colon, complaint->detail),
                   out_bytes);
}
