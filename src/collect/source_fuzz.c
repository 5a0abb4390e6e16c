/*
 * A provider that answers anything: replies through login, paging, picking, CSV and the judge of every kind. The first byte chooses the kind; replies
 * follow each other, each "status byte, headers, empty line, body", ended by a zero byte. No secret may reach the facts, nothing may pass without a plant.
 */
#include "collect/csv.h"
#include "collect/judge_source.h"
#include "collect/source_run.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct hostile {
    struct slice rest;
};

static enum err ask(void *context, const struct http_request *request, struct http_reply *ret_reply, struct complaint *complaint)
{
    static const unsigned statuses[] = {200, 201, 301, 400, 401, 403, 404, 422, 429, 500, 503};
    static const enum err errors[] = {ERR_TIMEOUT, ERR_CLOSED, ERR_TOO_LARGE, ERR_UNREACHABLE};
    struct hostile *hostile = context;
    struct slice reply, separator = SLICE_LITERAL("\n\n");
    (void)request;
    if (!slice_split(&hostile->rest, '\0', &reply) || reply.len == 0) {
        return complain(complaint, ERR_UNREACHABLE, TEXT("nothing more", "nichts mehr"), 0, 0, NULL, 0);
    }
    uint8_t kind = reply.data[0];
    if (kind >= 0xf0) {
        return complain(complaint, errors[kind % 4], TEXT("broken", "gestört"), 0, 0, NULL, 0);
    }
    struct http_reply made = {kind >= '0' ? 200 : statuses[kind % 11], BUF_INIT(1 << 16), BUF_INIT(1 << 20)};
    size_t end = slice_find(reply, separator);
    struct slice headers = end == SIZE_MAX ? SLICE_NONE : slice_from(slice_first(reply, end), 1), body = end == SIZE_MAX ? slice_from(reply, 1) : slice_from(reply, end + 2);
    if (buf_append(&made.headers, headers) != ERR_NONE || buf_append_byte(&made.headers, '\n') != ERR_NONE || buf_append(&made.body, body) != ERR_NONE) {
        http_reply_free(&made);
        return ERR_TOO_LARGE;
    }
    *ret_reply = made;
    return ERR_NONE;
}

static void judge_alone(struct arena *arena, struct json *facts)
{
    struct json *input = json_new(arena, JSON_OBJECT);
    struct work_reply reply = {0};
    json_set(arena, input, "facts", facts);
    json_set_i64(arena, input, "collected_at_ms", 1795430000000);
    if (judge_source(arena, input, SLICE_NONE, &reply) != ERR_NONE) {
        return;
    }
    for (const struct json *entry = judge_items(reply.output, "observations"); entry != NULL; entry = entry->next) {
        if (judge_is(entry, "outcome", "pass")) {
            __builtin_trap();
        }
    }
    json_set(arena, json_set_object(arena, input, "plant"), "facts", json_copy(arena, facts));
    (void)!judge_source(arena, input, SLICE_NONE, &reply);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char input_text[] = "{\"address\":\"http://127.0.0.1:1\",\"credential\":{\"token\":\"s3cr3t-v4lue\",\"client_id\":\"i\",\"client_secret\":\"s3cr3t-v4lue\",\"user\":\"u\",\"password\":\"p\"},"
                                     "\"options\":{\"org\":\"o\",\"realm\":\"r\",\"tenant\":\"t\",\"subject\":\"s\"}}";
    size_t count = 0;
    const struct source_api *const *apis = source_api_all(&count);
    if (size == 0) {
        return 0;
    }
    cleanup_arena struct arena *arena = arena_new(64 << 20);
    struct json *input = NULL, *rows = NULL;
    struct hostile hostile = {slice_of(data + 1, size - 1)};
    struct source_run run = {.arena = arena, .api = apis[data[0] % count], .wire = {ask, &hostile}, .deadline_ms = source_mono_ms() + 60000, .login = BUF_INIT(SOURCE_LOGIN_MAX_BYTES)};
    (void)!csv_table(arena, hostile.rest, &rows, NULL);
    if (json_read(arena, slice_string(input_text), &input, NULL) != ERR_NONE) {
        __builtin_trap();
    }
    if (source_run_all(&run, input, NULL) == ERR_NONE) {
        cleanup_buf struct buf text = BUF_INIT(32 << 20);
        if (json_write(&text, run.facts, 0) == ERR_NONE && slice_find(buf_slice(&text), SLICE_LITERAL("s3cr3t-v4lue")) != SIZE_MAX && slice_find(slice_of(data, size), SLICE_LITERAL("s3cr3t-v4lue")) == SIZE_MAX) {
            __builtin_trap();
        }
        judge_alone(arena, run.facts);
    }
    buf_free(&run.login);
    return 0;
}
