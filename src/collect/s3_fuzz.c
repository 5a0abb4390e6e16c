/* Answers of S3 and AWS, hostile, as the judge gets them: the same text stands for every question. */
#include "collect/judge_source.h"
#include "collect/xml_tree.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const names[] = {"buckets", "report", "identity", "powers", "location", "encryption", "versioning", "lock", "policy"};
    cleanup_arena struct arena *arena = arena_new(128 << 20);
    struct json *root = NULL, *input = json_new(arena, JSON_OBJECT), *facts = json_set_object(arena, input, "facts");
    struct work_reply reply = {0};
    struct slice text = slice_of(data, size);
    if (xml_tree_read(arena, text, &root) != ERR_NONE) {
        return 0;
    }
    json_set_string(arena, facts, "kind", size > 0 && data[size - 1] % 2 == 0 ? SLICE_LITERAL("aws") : SLICE_LITERAL("s3"));
    struct json *requests = json_set_array(arena, facts, "requests");
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        struct json *request = json_append(requests, json_new(arena, JSON_OBJECT)), *note = request;
        json_set_string(arena, request, "name", slice_string(names[i]));
        json_set_bool(arena, request, "complete", true);
        if (i >= 4) {
            note = json_append(json_set_array(arena, request, "each"), json_new(arena, JSON_OBJECT));
            json_set_string(arena, note, "of", SLICE_LITERAL("b-1"));
            json_set_bool(arena, note, "complete", true);
        }
        json_set_u64(arena, note, "status", 200);
        json_set_string(arena, json_append(json_set_array(arena, note, "items"), json_new(arena, JSON_OBJECT)), "text", text);
    }
    json_set(arena, json_set_object(arena, input, "plant"), "facts", json_copy(arena, facts));
    json_set_i64(arena, input, "collected_at_ms", 1);
    (void)!judge_source(arena, input, SLICE_NONE, &reply);
    return 0;
}
