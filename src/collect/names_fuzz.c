/* Zones as text, lists, invoices, and messages of name servers, hostile: no crash, no endless walk, and names that stay names. */
#include "collect/csv.h"
#include "collect/dns_wire.h"
#include "collect/judge_source.h"
#include "collect/zone.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_names(const struct json *records)
{
    for (const struct json *record = records->first; record != NULL; record = record->next) {
        struct slice name = json_text(record, "name", SLICE_NONE);
        if (name.len > ZONE_NAME_MAX_BYTES || slice_find_byte(name, ' ') != SIZE_MAX || slice_find_byte(name, '\n') != SIZE_MAX) {
            __builtin_trap();
        }
    }
}

static void judge(struct arena *arena, const char *kind, struct slice text)
{
    struct json *input = json_new(arena, JSON_OBJECT), *facts = json_set_object(arena, input, "facts");
    struct work_reply reply = {0};
    json_set_string(arena, facts, "kind", slice_string(kind));
    json_set_string(arena, facts, "zone", SLICE_LITERAL("example.org"));
    json_set_string(arena, facts, "text", text);
    json_set_string(arena, facts, "credential", SLICE_LITERAL("none"));
    json_set(arena, json_set_object(arena, input, "plant"), "facts", json_copy(arena, facts));
    json_set_i64(arena, input, "collected_at_ms", 1);
    if (judge_source(arena, input, SLICE_NONE, &reply) == ERR_NONE && json_bool(json_member(reply.output, "plant"), "caught", false)) {
        __builtin_trap(); /* without the planted credential nothing is caught */
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    cleanup_arena struct arena *arena = arena_new(64 << 20);
    struct json *records = json_new(arena, JSON_ARRAY);
    struct slice input = slice_of(data, size), rest = slice_from(input, 1);
    struct dns_transfer transfer = {.id = 5, .zone = SLICE_LITERAL("example.org")};
    size_t line = 0;
    switch (size == 0 ? 0 : data[0] % 4) {
    case 0:
        while (rest.len > 2) {
            size_t count = (size_t)rest.data[0] << 8 | rest.data[1];
            if (dns_take(&transfer, slice_first(slice_from(rest, 2), count), arena, records) != ERR_NONE) {
                break;
            }
            rest = slice_from(rest, 2 + count);
        }
        break;
    case 1:
        if (zone_read(arena, rest, SLICE_LITERAL("example.org"), records, &line) == ERR_NONE) {
            judge(arena, "zone", rest);
        }
        break;
    case 2:
        if (zone_read_csv(arena, rest, SLICE_LITERAL("example.org"), records, &line) == ERR_NONE) {
            judge(arena, "zone", rest);
        }
        break;
    default:
        judge(arena, "invoice", rest);
        break;
    }
    check_names(records);
    return 0;
}
