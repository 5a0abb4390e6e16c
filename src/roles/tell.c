/*
 * tell: one audit device. Keep starts one for each device and sends it records that are text already; it holds no key, sees no request, and writes to its one
 * directory or one connection. Whatever becomes of it, a full disk, a stuck pipe, a machine that does not answer, nothing but this process waits.
 *
 * "tell.write": {"device": roles/tell_device.h, "last": bool}, raw: whole lines; without raw the device is only opened.
 */
#include "process/role_start.h"
#include "process/worker.h"
#include "roles/tell_device.h"

#include <string.h>

/* A work function sees its input only; the descriptor must outlive it. One device a process. */
static struct tell_device current = {.fd = -1};

static enum err write_record(struct arena *arena, const struct json *input, struct slice raw, struct work_reply *reply)
{
    const char *detail = "";
    enum err err = tell_write(&current, arena, json_member(input, "device"), raw, json_bool(input, "last", false), &detail);
    if (err == ERR_NONE) {
        return err;
    }
    return complain(&reply->complaint, err, TEXT(err_text(err, LANGUAGE_ENGLISH), err_text(err, LANGUAGE_GERMAN)), 0, 0, detail, strlen(detail));
}

static const struct work works[] = {{"tell.write", write_record}};

int main(void)
{
    return worker_run(ROLE_TELL, works, sizeof works / sizeof works[0]);
}
