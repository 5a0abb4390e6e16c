#include "base/log.h"

#include "base/json.h"
#include "base/time.h"

#include <errno.h>
#include <unistd.h>

struct log_sink {
    const char *role;
    int fd;
};

static struct log_sink sink = {"vogt", STDERR_FILENO};

static const char *const level_names[] = {
    [LOG_INFO] = "info", [LOG_WARN] = "warn", [LOG_ERROR] = "error"};

/* What every line needs after its fields: ,"cut":true}\n */
enum { TAIL_BYTES = 16 };

void log_start(const char *role, int fd)
{
    sink = (struct log_sink){role, fd};
}

static enum err append_pair(struct buf *line, const char *name, struct slice text)
{
    enum err err = buf_append_byte(line, line->len == 0 ? '{' : ',');
    if (err == ERR_NONE) {
        err = json_write_string(line, slice_string(name));
    }
    if (err == ERR_NONE) {
        err = buf_append_byte(line, ':');
    }
    return err == ERR_NONE ? json_write_string(line, text) : err;
}

static enum err append_field(struct buf *line, const struct log_field *field)
{
    if (field->type == LOG_TYPE_STRING) {
        return append_pair(line, field->name, field->text);
    }
    enum err err = buf_append_byte(line, ',');
    if (err == ERR_NONE) {
        err = json_write_string(line, slice_string(field->name));
    }
    return err == ERR_NONE ? buf_printf(line, ":%lld", (long long)field->number) : err;
}

static enum err append_head(struct buf *line, enum log_level level, const char *event)
{
    char time[RFC3339_BYTES];
    rfc3339_format(clock_now().unix_ms, time);
    enum err err = append_pair(line, "time", slice_string(time));
    if (err == ERR_NONE) {
        err = append_pair(line, "level", slice_string(level_names[level]));
    }
    if (err == ERR_NONE) {
        err = append_pair(line, "role", slice_string(sink.role));
    }
    return err == ERR_NONE ? append_pair(line, "event", slice_string(event)) : err;
}

/* One write a line: short enough for pipes to take it whole, so that roles sharing a descriptor do
 * not mix lines. */
static void write_line(struct slice line)
{
    ssize_t result;
    do {
        result = write(sink.fd, line.data, line.len);
    } while (result < 0 && errno == EINTR);
}

void log_event(enum log_level level, const char *event, const struct log_field *fields,
               size_t count)
{
    int saved_errno = errno;
    cleanup_buf struct buf line = BUF_INIT(LOG_LINE_BYTES - TAIL_BYTES);
    bool cut = false;
    if (append_head(&line, level, event) != ERR_NONE) {
        errno = saved_errno;
        return;
    }
    for (size_t i = 0; i < count; i++) {
        size_t before = line.len;
        if (append_field(&line, &fields[i]) != ERR_NONE) {
            line.len = before;
            cut = true;
        }
    }
    line.max = LOG_LINE_BYTES;
    if (buf_append_string(&line, cut ? ",\"cut\":true}\n" : "}\n") == ERR_NONE) {
        write_line(buf_slice(&line));
    }
    errno = saved_errno;
}
