#include "dropin/dropin.h"

#include "base/array.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { GAP = 4, VALUE_BYTES = 16 << 20 };

void dropin_line(struct dropin *dropin, const char *format, ...)
{
    va_list list;
    va_start(list, format);
    vfprintf(dropin->run.screen.out, format, list);
    va_end(list);
    fputc('\n', dropin->run.screen.out);
}

/* ---- values ---- */

static void write_value(struct buf *out, const struct json *value, bool *good)
{
    static const char *const words[] = {[JSON_NULL] = "<nil>", [JSON_FALSE] = "false", [JSON_TRUE] = "true"};
    bool is_object = value->type == JSON_OBJECT;
    if (value->type == JSON_STRING || value->type == JSON_NUMBER) {
        *good = *good && buf_append(out, value->text) == ERR_NONE;
    } else if (value->type != JSON_ARRAY && !is_object) {
        *good = *good && buf_append_string(out, words[value->type]) == ERR_NONE;
    } else {
        *good = *good && buf_append_string(out, is_object ? "map[" : "[") == ERR_NONE;
        for (const struct json *child = value->first; child != NULL; child = child->next) {
            if (is_object) {
                *good = *good && buf_append(out, child->name) == ERR_NONE && buf_append_byte(out, ':') == ERR_NONE;
            }
            write_value(out, child, good);
            *good = *good && (child->next == NULL || buf_append_byte(out, ' ') == ERR_NONE);
        }
        *good = *good && buf_append_byte(out, ']') == ERR_NONE;
    }
}

struct slice dropin_value(struct dropin *dropin, const struct json *value)
{
    cleanup_buf struct buf out = BUF_INIT(VALUE_BYTES);
    bool good = true;
    if (value == NULL) {
        return SLICE_LITERAL("<nil>");
    }
    write_value(&out, value, &good);
    return good ? arena_copy(dropin->run.arena, buf_slice(&out)) : SLICE_NONE;
}

/* Hours, minutes, seconds as Go writes them, without the zeros at the end. */
const char *dropin_duration(struct dropin *dropin, uint64_t seconds)
{
    struct arena *arena = dropin->run.arena;
    unsigned long long hours = seconds / 3600, minutes = seconds / 60 % 60, rest = seconds % 60;
    const char *text = hours == 0 && minutes == 0 ? arena_printf(arena, "%llus", rest)
                       : rest > 0                 ? arena_printf(arena, hours > 0 ? "%lluh%llum%llus" : "%.0llu%llum%llus", hours, minutes, rest)
                       : minutes > 0              ? arena_printf(arena, hours > 0 ? "%lluh%llum" : "%.0llu%llum", hours, minutes)
                                                  : arena_printf(arena, "%lluh", hours);
    return text == NULL ? "" : text;
}

/* ---- tables ---- */

struct dropin_table dropin_table_of(struct dropin *dropin, size_t columns)
{
    return (struct dropin_table){.arena = dropin->run.arena, .columns = columns};
}

static struct slice *new_row(struct dropin_table *table)
{
    struct slice *cells = array_room_in(table->arena, table->cells, table->count, &table->room, table->columns * sizeof *cells);
    if (cells == NULL) {
        return NULL;
    }
    table->cells = cells;
    return table->cells + table->columns * table->count++;
}

void dropin_row(struct dropin_table *table, const char *const *cells)
{
    struct slice *row = new_row(table);
    for (size_t i = 0; row != NULL && i < table->columns; i++) {
        row[i] = arena_copy(table->arena, slice_string(cells[i]));
    }
}

void dropin_pair(struct dropin_table *table, const char *key, struct slice value)
{
    struct slice *row = new_row(table);
    if (row != NULL) {
        row[0] = arena_copy(table->arena, slice_string(key));
        row[1] = arena_copy(table->arena, value);
    }
}

static void write_cells(struct dropin *dropin, const struct dropin_table *table, const struct slice *cells, const size_t *widths)
{
    for (size_t i = 0; i < table->columns; i++) {
        screen_put(&dropin->run.screen, COLOUR_NONE, cells[i]);
        if (i + 1 < table->columns) {
            screen_spaces(&dropin->run.screen, widths[i] - text_width(cells[i]) + GAP);
        }
    }
    fputc('\n', dropin->run.screen.out);
}

/* "Key|Value": the names of the columns, and under each as many dashes. */
void dropin_table_write(struct dropin *dropin, const struct dropin_table *table, const char *header)
{
    size_t widths[DROPIN_COLUMNS_MAX] = {0};
    struct slice heads[DROPIN_COLUMNS_MAX] = {SLICE_NONE}, dashes[DROPIN_COLUMNS_MAX] = {SLICE_NONE}, rest = slice_string(header);
    for (size_t i = 0; i < table->columns && slice_split(&rest, '|', &heads[i]); i++) {
        widths[i] = text_width(heads[i]);
        dashes[i] = slice_first(slice_string("--------------------------------"), widths[i]);
    }
    for (size_t i = 0; i < table->count * table->columns; i++) {
        size_t width = text_width(table->cells[i]), column = i % table->columns;
        widths[column] = width > widths[column] ? width : widths[column];
    }
    write_cells(dropin, table, heads, widths);
    write_cells(dropin, table, dashes, widths);
    for (size_t row = 0; row < table->count; row++) {
        write_cells(dropin, table, table->cells + row * table->columns, widths);
    }
}

/* ---- replies ---- */

int dropin_show_json(struct dropin *dropin, const struct json *tree)
{
    (void)dropin;
    return run_print_json(tree) == OUTCOME_OK ? DROPIN_OK : DROPIN_LOCAL;
}

int dropin_show_field(struct dropin *dropin, struct slice text)
{
    FILE *out = dropin->run.screen.out;
    bool good = fwrite(text.data, 1, text.len, out) == text.len;
    if (isatty(STDOUT_FILENO) == 1) {
        fputc('\n', out);
    }
    return good ? DROPIN_OK : DROPIN_LOCAL;
}

static int by_name(const void *a, const void *b)
{
    const struct json *const *left = a, *const *right = b;
    return slice_compare((*left)->name, (*right)->name);
}

/* Members in the order of their names; {name,value} pairs of the table. */
static void add_members(struct dropin *dropin, struct dropin_table *table, const struct json *object, const char *prefix)
{
    size_t count = 0;
    const struct json **members = object == NULL ? NULL : arena_alloc_array(dropin->run.arena, object->count + 1, sizeof(const struct json *));
    for (const struct json *member = members == NULL ? NULL : object->first; member != NULL; member = member->next) {
        members[count++] = member;
    }
    if (count > 0) {
        qsort(members, count, sizeof(*members), by_name);
    }
    for (size_t i = 0; i < count; i++) {
        const char *name = arena_printf(dropin->run.arena, "%s%.*s", prefix, (int)members[i]->name.len, (const char *)members[i]->name.data);
        struct slice value = dropin_value(dropin, members[i]);
        bool is_empty_time = value.len == 0 && slice_ends(members[i]->name, SLICE_LITERAL("_time"));
        dropin_pair(table, name == NULL ? "" : name, is_empty_time ? SLICE_LITERAL("n/a") : value);
    }
}

static uint64_t number_of(const struct json *object, const char *name)
{
    uint64_t number = 0;
    return json_u64(object, name, &number) == ERR_NONE ? number : 0;
}

static struct slice truth(const struct json *object, const char *name)
{
    return json_bool(object, name, false) ? SLICE_LITERAL("true") : SLICE_LITERAL("false");
}

static void add_auth(struct dropin *dropin, struct dropin_table *table, const struct json *auth)
{
    uint64_t seconds = number_of(auth, "lease_duration");
    dropin_pair(table, "token", json_text(auth, "client_token", SLICE_NONE));
    dropin_pair(table, "token_accessor", json_text(auth, "accessor", SLICE_NONE));
    dropin_pair(table, "token_duration", slice_string(seconds == 0 ? "\xe2\x88\x9e" : dropin_duration(dropin, seconds)));
    dropin_pair(table, "token_renewable", truth(auth, "renewable"));
    static const char *const lists[] = {"token_policies", "identity_policies", "policies"};
    for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
        const struct json *list = json_member(auth, lists[i]);
        dropin_pair(table, lists[i], list == NULL || list->type != JSON_ARRAY ? SLICE_LITERAL("[]") : dropin_value(dropin, list));
    }
    add_members(dropin, table, json_member(auth, "metadata"), "token_meta_");
}

static void add_wrap(struct dropin *dropin, struct dropin_table *table, const struct json *wrap)
{
    dropin_pair(table, "wrapping_token:", json_text(wrap, "token", SLICE_NONE));
    dropin_pair(table, "wrapping_accessor:", json_text(wrap, "accessor", SLICE_NONE));
    dropin_pair(table, "wrapping_token_ttl:", slice_string(dropin_duration(dropin, number_of(wrap, "ttl"))));
    dropin_pair(table, "wrapping_token_creation_time:", json_text(wrap, "creation_time", SLICE_NONE));
    dropin_pair(table, "wrapping_token_creation_path:", json_text(wrap, "creation_path", SLICE_NONE));
}

static bool is_object(const struct json *value)
{
    return value != NULL && value->type == JSON_OBJECT;
}

static void add_reply(struct dropin *dropin, struct dropin_table *table, const struct json *reply)
{
    const struct json *auth = json_member(reply, "auth"), *wrap = json_member(reply, "wrap_info"), *data = json_member(reply, "data");
    struct slice lease = json_text(reply, "lease_id", SLICE_NONE);
    uint64_t seconds = number_of(reply, "lease_duration");
    if (is_object(wrap)) {
        add_wrap(dropin, table, wrap);
        return;
    }
    if (lease.len > 0) {
        dropin_pair(table, "lease_id", lease);
        dropin_pair(table, "lease_duration", slice_string(dropin_duration(dropin, seconds)));
        dropin_pair(table, "lease_renewable", truth(reply, "renewable"));
    } else if (seconds > 0) {
        dropin_pair(table, "refresh_interval", slice_string(dropin_duration(dropin, seconds)));
    }
    if (is_object(auth)) {
        add_auth(dropin, table, auth);
    }
    if (is_object(data)) {
        add_members(dropin, table, data, "");
    }
}

static int show_named(struct dropin *dropin, const struct json *reply, const struct json *data, const char *field)
{
    const struct json *value = json_member(data, field);
    struct dropin_table table = dropin_table_of(dropin, 2);
    if (value != NULL) {
        cleanup_buf struct buf text = BUF_INIT(VALUE_BYTES);
        bool is_tree = value->type == JSON_OBJECT || value->type == JSON_ARRAY;
        if (is_tree && json_write(&text, value, 0) != ERR_NONE) {
            return dropin_out_of_memory(dropin);
        }
        return dropin_show_field(dropin, is_tree ? arena_copy(dropin->run.arena, buf_slice(&text)) : dropin_value(dropin, value));
    }
    add_reply(dropin, &table, reply);
    for (size_t row = 0; row < table.count; row++) {
        struct slice name = table.cells[2 * row];
        name = slice_ends(name, SLICE_LITERAL(":")) ? slice_first(name, name.len - 1) : name;
        if (slice_is(name, field)) {
            return dropin_show_field(dropin, table.cells[2 * row + 1]);
        }
    }
    return dropin_say(dropin, TEXT("this field is not in the reply", "dieses Feld steht nicht in der Antwort"), field);
}

int dropin_show(struct dropin *dropin, const struct json *reply)
{
    const char *field = dropin_flag(dropin, "field");
    if (reply == NULL) {
        return DROPIN_OK;
    }
    if (field != NULL && field[0] != '\0') {
        return show_named(dropin, reply, json_member(reply, "data"), field);
    }
    if (!dropin_is_table(dropin)) {
        return dropin_show_json(dropin, reply);
    }
    struct dropin_table table = dropin_table_of(dropin, 2);
    add_reply(dropin, &table, reply);
    dropin_table_write(dropin, &table, "Key|Value");
    return DROPIN_OK;
}

static size_t table_width(const struct dropin_table *table)
{
    size_t key = strlen("Key"), value = strlen("Value");
    for (size_t row = 0; row < table->count; row++) {
        size_t left = text_width(table->cells[2 * row]), right = text_width(table->cells[2 * row + 1]);
        key = left > key ? left : key;
        value = right > value ? right : value;
    }
    return key + GAP + value;
}

/* "== Data ==", as wide as what stands below it. */
static void show_heading(struct dropin *dropin, const char *heading, size_t width)
{
    static const char bar[] = "================================================================================";
    size_t words = strlen(heading) + 2, most = sizeof(bar) - 1;
    size_t before = width > words + 2 ? (width - words) / 2 : 1, after = width > words + before ? width - words - before : 1;
    dropin_line(dropin, "%.*s %s %.*s", (int)(before > most ? most : before), bar, heading, (int)(after > most ? most : after), bar);
}

static void show_section(struct dropin *dropin, const char *heading, const struct json *object)
{
    struct dropin_table table = dropin_table_of(dropin, 2);
    add_members(dropin, &table, object, "");
    show_heading(dropin, heading, table_width(&table));
    dropin_table_write(dropin, &table, "Key|Value");
}

int dropin_show_kv(struct dropin *dropin, const char *path, const struct json *reply)
{
    const char *field = dropin_flag(dropin, "field");
    const struct json *outer = json_member(reply, "data"), *metadata = json_member(outer, "metadata"), *data = json_member(outer, "data");
    if (field != NULL && field[0] != '\0') {
        return show_named(dropin, NULL, data, field);
    }
    if (!dropin_is_table(dropin)) {
        return dropin_show_json(dropin, reply);
    }
    show_heading(dropin, "Secret Path", strlen(path));
    dropin_line(dropin, "%s\n", path);
    if (is_object(metadata)) {
        show_section(dropin, "Metadata", metadata);
    }
    if (is_object(data)) {
        dropin_line(dropin, "%s", "");
        show_section(dropin, "Data", data);
    }
    return DROPIN_OK;
}

int dropin_show_keys(struct dropin *dropin, const struct json *reply)
{
    const struct json *keys = json_path(reply, "data.keys");
    if (!dropin_is_table(dropin)) {
        return dropin_show_json(dropin, keys);
    }
    struct dropin_table table = dropin_table_of(dropin, 1);
    for (const struct json *key = keys == NULL ? NULL : keys->first; key != NULL; key = key->next) {
        const char *cells[] = {arena_string(dropin->run.arena, key->text)};
        dropin_row(&table, cells);
    }
    dropin_table_write(dropin, &table, "Keys");
    return DROPIN_OK;
}

int dropin_show_listed(struct dropin *dropin, const struct json *reply, const char *path)
{
    if (json_path(reply, "data.keys") != NULL) {
        return dropin_show_keys(dropin, reply);
    }
    if (!dropin_is_table(dropin)) {
        dropin_line(dropin, "{}");
    } else {
        fprintf(stderr, "No value found at %s\n", path);
    }
    return DROPIN_REMOTE;
}

int dropin_show_seal(struct dropin *dropin, const struct json *status)
{
    static const struct {
        const char *label, *member;
    } rows[] = {{"Seal Type", "type"}, {"Initialized", "initialized"}, {"Sealed", "sealed"}, {"Total Shares", "n"}, {"Threshold", "t"}, {"Version", "version"},
                {"Build Date", "build_date"}, {"Storage Type", "storage_type"}, {"Cluster Name", "cluster_name"}, {"Cluster ID", "cluster_id"}};
    if (!dropin_is_table(dropin)) {
        return dropin_show_json(dropin, status);
    }
    struct dropin_table table = dropin_table_of(dropin, 2);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const struct json *value = json_member(status, rows[i].member);
        struct slice text = value == NULL ? SLICE_NONE : dropin_value(dropin, value);
        if (value != NULL && text.len > 0) {
            dropin_pair(&table, rows[i].label, text);
        }
        if (i == 4 && json_bool(status, "sealed", false) && json_bool(status, "initialized", false)) {
            dropin_pair(&table, "Unseal Progress",
                        slice_string(arena_printf(dropin->run.arena, "%llu/%llu", (unsigned long long)number_of(status, "progress"), (unsigned long long)number_of(status, "t"))));
            dropin_pair(&table, "Unseal Nonce", json_text(status, "nonce", SLICE_NONE));
        }
    }
    dropin_pair(&table, "HA Enabled", SLICE_LITERAL("false"));
    dropin_table_write(dropin, &table, "Key|Value");
    return DROPIN_OK;
}
