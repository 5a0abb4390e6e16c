/* vogt rotation: secrets that a hook changes. What is set comes as JSON from a file or standard input: the hook's token is a secret too. */
#include "command/client.h"
#include "command/show.h"

#include <time.h>

enum { FIELDS_BYTES = 256 << 10, WAIT_S = 90 };

static const char *path_of(struct run *run, const char *folder)
{
    const char *escaped = path_segment(run, run->arguments[0]);
    return escaped == NULL ? NULL : arena_printf(run->arena, "sys/rotation/%s/%s", folder, escaped);
}

static void show_one(struct run *run, const struct json *one)
{
    static const struct {
        const char *member;
        struct text title;
    } rows[] = {{"target", {"target", "Ziel"}}, {"user", {"user", "Benutzer"}}, {"hook", {"hook", "Hook"}}, {"rotated", {"rotated", "rotiert"}}, {"due", {"due", "fällig"}}};
    const struct json *failed = json_member(one, "failed");
    screen_put(&run->screen, COLOUR_BOLD, json_text(one, "path", SLICE_NONE));
    fputs("  ", run->screen.out);
    screen_put(&run->screen, COLOUR_DIM, json_text(one, "field", SLICE_NONE));
    fputc('\n', run->screen.out);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct slice value = json_text(one, rows[i].member, SLICE_NONE);
        show_pair(run, run_text(run, rows[i].title), value.len > 0 ? value : slice_string(SAY(run, "never", "nie")));
    }
    bool is_under_way = json_bool(one, "under_way", false);
    if (is_under_way || json_bool(one, "paused", false)) {
        show_pair(run, SAY(run, "state", "Stand"), slice_string(is_under_way ? SAY(run, "under way", "läuft") : SAY(run, "paused", "ausgesetzt")));
    }
    if (failed != NULL && failed->type == JSON_OBJECT) {
        struct slice words = run_words(run, failed), detail = json_text(failed, "detail", SLICE_NONE), at = json_text(failed, "at", SLICE_NONE);
        const char *line = arena_printf(run->arena, "%.*s: %.*s%s%.*s", (int)at.len, at.len > 0 ? (const char *)at.data : "", (int)words.len, words.len > 0 ? (const char *)words.data : "", detail.len > 0 ? ": " : "",
                                        (int)detail.len, detail.len > 0 ? (const char *)detail.data : "");
        show_pair(run, SAY(run, "failed", "gescheitert"), slice_string(line));
    }
}

static enum outcome show_or_print(struct run *run, const struct json *one)
{
    if (run->json) {
        return run_print_json(one);
    }
    show_one(run, one);
    return OUTCOME_OK;
}

enum outcome command_rotation_list(struct run *run)
{
    const struct json *data = NULL;
    struct ask ask = {.method = "LIST", .path = "sys/rotation", .missing_is_fine = true};
    enum outcome outcome = client_data(run, &ask, &data);
    const struct json *info = json_member(data, "key_info");
    if (outcome != OUTCOME_OK || run->json) {
        return outcome == OUTCOME_OK ? run_print_json(info == NULL ? json_new(run->arena, JSON_OBJECT) : info) : outcome;
    }
    if (info == NULL) {
        screen_wrap(&run->screen, 0, 0, COLOUR_DIM, slice_string(SAY(run, "No secret is rotated; `vogt rotation set` begins.", "Kein Secret wird rotiert; `vogt rotation set` beginnt damit.")));
    }
    for (const struct json *one = info == NULL ? NULL : info->first; one != NULL; one = one->next) {
        show_one(run, one);
    }
    return OUTCOME_OK;
}

enum outcome command_rotation_set(struct run *run)
{
    cleanup_buf struct buf text = BUF_INIT(FIELDS_BYTES + (1 << 17));
    struct complaint complaint = {.text = {NULL, NULL}};
    struct json *fields = NULL;
    const struct json *data = NULL;
    enum outcome outcome = run_read_file(run, run->arguments[1], FIELDS_BYTES, &text);
    if (outcome != OUTCOME_OK) {
        return outcome;
    }
    enum err err = json_read(run->arena, arena_copy(run->arena, buf_slice(&text)), &fields, &complaint);
    if (err != ERR_NONE) {
        complaint.detail[0] = '\0'; /* it may be a piece of the token */
        return run_fail_complaint(run, err, &complaint);
    }
    outcome = client_post(run, path_of(run, "of"), fields, &data);
    return outcome == OUTCOME_OK ? show_or_print(run, data) : outcome;
}

/* Begins a rotation; the answer asks for both what was before and what came of it. */
enum outcome command_rotation_run(struct run *run)
{
    const struct json *before = NULL, *now = NULL, *none = NULL;
    enum outcome outcome = client_get(run, path_of(run, "of"), &before);
    outcome = outcome == OUTCOME_OK ? client_post(run, path_of(run, "run"), json_new(run->arena, JSON_OBJECT), &none) : outcome;
    progress_begin(SAY(run, "rotating", "rotiere"));
    for (int i = 0; outcome == OUTCOME_OK && i < WAIT_S * 4; i++) {
        nanosleep(&(struct timespec){.tv_nsec = 250000000}, NULL);
        outcome = client_get(run, path_of(run, "of"), &now);
        bool is_done = outcome == OUTCOME_OK && !json_bool(now, "under_way", true) && !json_equal(json_member(now, "rotated"), json_member(before, "rotated"));
        const struct json *failed = json_member(now, "failed");
        bool is_failed = outcome == OUTCOME_OK && failed != NULL && failed->type == JSON_OBJECT && !json_equal(failed, json_member(before, "failed"));
        if (is_done || is_failed) {
            progress_end();
            enum outcome shown = show_or_print(run, now);
            return is_done ? shown : OUTCOME_FAILED;
        }
    }
    progress_end();
    return outcome != OUTCOME_OK ? outcome : run_fail(run, OUTCOME_FAILED, TEXT("it did not end within 90 s; `vogt rotation list` shows how it goes on", "sie endete nicht in 90 s; `vogt rotation list` zeigt, wie es weitergeht"), slice_string(run->arguments[0]));
}

static enum outcome set_paused(struct run *run, bool pauses)
{
    const struct json *data = NULL;
    struct json *body = json_new(run->arena, JSON_OBJECT);
    json_set_bool(run->arena, body, "paused", pauses);
    enum outcome outcome = client_post(run, path_of(run, "pause"), body, &data);
    return outcome == OUTCOME_OK ? show_or_print(run, data) : outcome;
}

enum outcome command_rotation_pause(struct run *run)
{
    return set_paused(run, true);
}

enum outcome command_rotation_resume(struct run *run)
{
    return set_paused(run, false);
}

enum outcome command_rotation_remove(struct run *run)
{
    const struct json *data = NULL;
    struct ask ask = {.method = "DELETE", .path = path_of(run, "of")};
    return ask.path == NULL ? run_fail_err(run, ERR_MEMORY, "") : client_data(run, &ask, &data);
}
