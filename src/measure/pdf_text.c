#include "measure/pdf_text.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/time.h"
#include "base/utf8.h"
#include "process/worker.h"

enum { TEXT_MAX_BYTES = 4 * 1024 * 1024, DEADLINE_MS = 15000, CHUNK_BYTES = 65536 };

static enum err complain_pdf(struct complaint *complaint, enum err err, struct text text)
{
    return complain(complaint, err, text, 0, 0, NULL, 0);
}

static enum err complain_slow(struct complaint *complaint)
{
    return complain_pdf(complaint, ERR_TIMEOUT,
                        TEXT("reading the PDF took longer than 15 seconds. Save the annex alone as Word or text",
                             "Das Lesen der PDF-Datei dauerte länger als 15 Sekunden. Bitte nur den Anhang als Word oder Text "
                             "speichern"));
}

/* One step in each direction, as far as the descriptor is ready. *sent and text move on; *ended once the child closed. */
static enum err exchange(int fd, struct slice bytes, size_t *sent, struct buf *text, bool *ended)
{
    if (*sent < bytes.len) {
        ssize_t count = send(fd, bytes.data + *sent, bytes.len - *sent, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (count < 0 && errno != EAGAIN && errno != EINTR) {
            *sent = bytes.len;  /* the child needs no more: what it wrote so far decides */
        } else if (count > 0) {
            *sent += (size_t)count;
        }
        if (*sent == bytes.len) {
            shutdown(fd, SHUT_WR);
        }
    }
    enum err err = buf_reserve(text, CHUNK_BYTES);
    if (err != ERR_NONE) {
        return err;
    }
    ssize_t count = recv(fd, text->data + text->len, CHUNK_BYTES, MSG_DONTWAIT);
    if (count > 0) {
        text->len += (size_t)count;
    } else if (count == 0 || (errno != EAGAIN && errno != EINTR)) {
        *ended = true;
    }
    return ERR_NONE;
}

static enum err converse(int fd, struct slice bytes, struct buf *text, struct complaint *complaint)
{
    int64_t end_ns = clock_now().mono_ns + (int64_t)DEADLINE_MS * 1000000;
    size_t sent = 0;
    bool ended = false;
    while (!ended) {
        int64_t left_ms = (end_ns - clock_now().mono_ns) / 1000000;
        struct pollfd waiting = {.fd = fd, .events = (short)(POLLIN | (sent < bytes.len ? POLLOUT : 0))};
        if (left_ms <= 0 || poll(&waiting, 1, (int)left_ms) == 0) {
            return complain_slow(complaint);
        }
        enum err err = exchange(fd, bytes, &sent, text, &ended);
        if (err != ERR_NONE) {
            return complain_pdf(complaint, ERR_TOO_LARGE,
                                TEXT("the PDF holds more than 4 MiB of text. Save the annex alone",
                                     "Die PDF-Datei enthält mehr als 4 MiB Text. Bitte nur den Anhang speichern"));
        }
    }
    return ERR_NONE;
}

static enum err run(struct slice bytes, struct buf *text, struct complaint *complaint)
{
    int fd = -1;
    enum err err = worker_child("pdftotext", &fd);
    if (err == ERR_NOT_FOUND) {
        return complain_pdf(complaint, ERR_UNSUPPORTED,
                            TEXT("PDF files need the program pdftotext. Install it (Debian: poppler-utils) or give the annex as "
                                 "Word or text",
                                 "Für PDF-Dateien wird das Programm pdftotext gebraucht. Bitte installieren (Debian: "
                                 "poppler-utils) oder den Anhang als Word oder Text angeben"));
    }
    if (err != ERR_NONE) {
        return complain_pdf(complaint, err,
                            TEXT("the program that reads PDF files could not be started. Give the annex as Word or text",
                                 "Das Programm, das PDF-Dateien liest, ließ sich nicht starten. Bitte den Anhang als Word oder "
                                 "Text angeben"));
    }
    err = converse(fd, bytes, text, complaint);
    close(fd);
    return err;
}

/* Why there is no text: locked, pictures only, or broken. */
static enum err complain_no_text(struct slice bytes, bool any_page, struct complaint *complaint)
{
    if (slice_find(bytes, SLICE_LITERAL("/Encrypt")) != SIZE_MAX && !any_page) {
        return complain_pdf(complaint, ERR_INVALID,
                            TEXT("the PDF is locked with a password. Save it without one and try again",
                                 "Die PDF-Datei ist mit einem Kennwort geschützt. Bitte ohne Kennwort speichern und erneut "
                                 "versuchen"));
    }
    if (any_page) {
        return complain_pdf(complaint, ERR_INVALID,
                            TEXT("the PDF holds pictures of pages but no text (a scan). Give the annex as it was written, or run "
                                 "text recognition first",
                                 "Die PDF-Datei enthält nur Bilder von Seiten, keinen Text (ein Scan). Bitte den Anhang so "
                                 "angeben, wie er geschrieben wurde, oder zuerst eine Texterkennung laufen lassen"));
    }
    return complain_pdf(complaint, ERR_INVALID,
                        TEXT("the PDF is broken: no page of it can be read. Save it again from the program that made it",
                             "Die PDF-Datei ist beschädigt: Keine Seite lässt sich lesen. Bitte aus dem ursprünglichen Programm "
                             "neu speichern"));
}

enum err pdf_text_read(struct arena *arena, struct slice bytes, struct document *ret_document,
                       struct complaint *complaint)
{
    cleanup_buf struct buf text = BUF_INIT(TEXT_MAX_BYTES + CHUNK_BYTES);
    enum err err = run(bytes, &text, complaint);
    if (err != ERR_NONE) {
        return err;
    }
    if (slice_trim(buf_slice(&text)).len == 0) {
        /* pdftotext ends every page with a form feed, also one without text */
        return complain_no_text(bytes, slice_find_byte(buf_slice(&text), '\f') != SIZE_MAX, complaint);
    }
    struct slice utf8;
    enum text_encoding encoding;
    err = text_decode(arena, buf_slice(&text), &utf8, &encoding, complaint);
    struct slice kept = err == ERR_NONE ? arena_copy(arena, utf8) : SLICE_NONE;
    if (err != ERR_NONE || kept.data == NULL) {
        return err != ERR_NONE ? err : ERR_TOO_LARGE;
    }
    err = document_lines(arena, kept, DOCUMENT_PDF, ret_document, complaint);
    if (err == ERR_NONE) {
        document_drop_furniture(ret_document);
    }
    return err;
}
