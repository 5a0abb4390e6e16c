#include "command/secret_prompt.h"

#include <errno.h>
#include <termios.h>
#include <unistd.h>

enum { LINE_BYTES = 1024, CTRL_C = 0x03, CTRL_BACKSLASH = 0x1c };

/* Byte by byte, so that nothing of the next line is taken and no copy stays in a buffer of stdio.
 */
static enum err read_line(uint8_t *out, size_t out_bytes, size_t *ret_len)
{
    size_t len = 0;
    for (;;) {
        uint8_t byte = 0;
        ssize_t got = read(STDIN_FILENO, &byte, 1);
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got < 0) {
            return err_from_errno(errno);
        }
        if (got > 0 && (byte == CTRL_C || byte == CTRL_BACKSLASH)) {
            return ERR_NOT_FOUND; /* typed while signals are off */
        }
        if (got == 0 || byte == '\n') {
            break;
        }
        if (len == out_bytes) {
            return ERR_TOO_LARGE;
        }
        out[len++] = byte;
    }
    if (len > 0 && out[len - 1] == '\r') {
        len--;
    }
    *ret_len = len;
    return len == 0 ? ERR_NOT_FOUND : ERR_NONE;
}

static void ask(const char *question)
{
    if (isatty(STDIN_FILENO) == 1) {
        fputs(question, stderr);
        fflush(stderr);
    }
}

static enum outcome explain(struct run *run, enum err err)
{
    return err == ERR_NONE
               ? OUTCOME_OK
               : run_fail(run, OUTCOME_INPUT,
                          TEXT("nothing was entered, or more than a line takes",
                               "es wurde nichts eingegeben oder mehr als eine Zeile fasst"),
                          SLICE_NONE);
}

enum outcome prompt_line(struct run *run, const char *question, char *out, size_t out_bytes)
{
    uint8_t line[LINE_BYTES];
    size_t len = 0;
    ask(question);
    enum err err =
        read_line(line, out_bytes - 1 < sizeof(line) ? out_bytes - 1 : sizeof(line), &len);
    for (size_t i = 0; err == ERR_NONE && i < len; i++) {
        out[i] = (char)line[i];
    }
    out[err == ERR_NONE ? len : 0] = '\0';
    return explain(run, err);
}

enum outcome prompt_secret(struct run *run, const char *question, struct secret *ret_secret)
{
    struct termios before, quiet;
    struct secret line cleanup_secret = SECRET_NONE;
    enum err err = secret_new(LINE_BYTES, &line);
    bool is_terminal = tcgetattr(STDIN_FILENO, &before) == 0;
    size_t len = 0;
    ask(question);
    if (is_terminal) {
        quiet = before;
        /* Without signals too: one that ended us here would leave the terminal mute. */
        quiet.c_lflag &= ~(tcflag_t)(ECHO | ISIG);
        (void)tcsetattr(STDIN_FILENO, TCSAFLUSH, &quiet);
    }
    err = err == ERR_NONE ? read_line(line.data, line.len, &len) : err;
    if (is_terminal) {
        (void)tcsetattr(STDIN_FILENO, TCSAFLUSH, &before);
        fputc('\n', stderr);
    }
    err = err == ERR_NONE ? secret_copy(slice_first(secret_slice(&line), len), ret_secret) : err;
    return explain(run, err);
}
