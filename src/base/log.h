/*
 * The log of a role: one JSON line an event, written whole to one descriptor:
 *   {"time":"2026-11-23T09:27:32.123Z","level":"info","role":"gate","event":"role.started",
 * …fields} A line holds at most LOG_LINE_BYTES; fields that no longer fit are left out and
 * "cut":true says so. The sink is one of the few globals. Floors below the roles never log; secrets
 * never enter a field.
 */
#ifndef VOGT_BASE_LOG_H
#define VOGT_BASE_LOG_H

#include "base/bytes.h"

enum { LOG_LINE_BYTES = 4096 };

enum log_level { LOG_INFO, LOG_WARN, LOG_ERROR };

enum log_type { LOG_TYPE_STRING, LOG_TYPE_NUMBER };

struct log_field {
    const char *name;
    enum log_type type;
    struct slice text;
    int64_t number;
};

/* `role` must outlive the process's logging. Before log_start, the role is "vogt" and the
 * descriptor standard error. */
void log_start(const char *role, int fd);
/* Takes the wall clock; a failed write is ignored, because there is nowhere to say so. */
void log_event(enum log_level level, const char *event, const struct log_field *fields,
               size_t count);

#define LOG_TEXT(field_name, string)                                                               \
    ((struct log_field){(field_name), LOG_TYPE_STRING, slice_string(string), 0})
#define LOG_SLICE(field_name, slice) ((struct log_field){(field_name), LOG_TYPE_STRING, (slice), 0})
#define LOG_NUMBER(field_name, value)                                                              \
    ((struct log_field){(field_name), LOG_TYPE_NUMBER, {NULL, 0}, (int64_t)(value)})
#define LOG_ERR(err) ((struct log_field){"err", LOG_TYPE_STRING, slice_string(err_name(err)), 0})

/* LOG(LOG_INFO, "role.started", LOG_NUMBER("pid", pid), LOG_TEXT("level", "full")); a field is
 * needed, LOG_BARE takes none. */
#define LOG(level, event, ...)                                                                     \
    log_event((level), (event), (const struct log_field[]){__VA_ARGS__},                           \
              sizeof((const struct log_field[]){__VA_ARGS__}) / sizeof(struct log_field))
#define LOG_BARE(level, event) log_event((level), (event), NULL, 0)

#endif
