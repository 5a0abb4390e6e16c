/*
 * A provider's invoice against the estate: who pays for a machine has it, whether or not anybody listed it. Every position that counts must be a subject, by
 * its name, its identifier, or one of both standing as a word of its own in the position's text.
 *
 * format "hetzner": no heading; columns product, description, begin, end, quantity, price, amount, and a server number in newer ones (as an importer of 2018
 * reads it; Hetzner publishes no form). Counted are servers, volumes, load balancers.
 * format "generic": a heading; the options name_column, id_column, product_column name its columns ("name", "id", "product" without them); the option products
 * lists words, one of which a position's product must contain to count (all count without it).
 * Estate: {"subjects":[{"kind","name","provider_id"?,"addresses"?}]}.
 */
#include "collect/csv.h"
#include "collect/judge_source.h"

#include <stdio.h>

enum { LISTED_MAX_BYTES = 280, LISTED_MAX_COUNT = 5, TEXT_MAX_COUNT = 4, PRODUCTS_MAX_COUNT = 32 };

struct columns {
    size_t name, id, product;           /* SIZE_MAX: there is none */
};

struct counted {
    uint64_t positions, counted, unlisted;
    char names[LISTED_MAX_BYTES];
    size_t names_len;
};

static bool is_word_byte(uint8_t byte)
{
    return byte_is_among(byte, ASCII_LETTERS ASCII_DIGITS "-_.") || byte >= 0x80;
}

/* Does `word` stand in the text with something else, or nothing, on both sides? "web-1" is no word of "web-10". */
static bool has_word(struct slice text, struct slice word)
{
    for (size_t i = 0; word.len > 0 && i + word.len <= text.len; i++) {
        bool before = i == 0 || !is_word_byte(text.data[i - 1]), after = i + word.len == text.len || !is_word_byte(text.data[i + word.len]);
        if (before && after && slice_starts_caseless(slice_from(text, i), word)) {
            return true;
        }
    }
    return false;
}

static bool contains(struct slice text, struct slice part)
{
    return part.len > 0 && slice_find_caseless(text, part) != SIZE_MAX;
}

/* Names of subjects may begin with their provider or host ("hetzner/data"): the last part counts as well. */
static struct slice last_part(struct slice name)
{
    size_t at = name.len;
    while (at > 0 && name.data[at - 1] != '/') {
        at--;
    }
    return slice_from(name, at);
}

static bool is_subject(const struct json *subject, const struct slice *texts, size_t count)
{
    struct slice name = json_text(subject, "name", SLICE_NONE), id = source_text(subject, "provider_id");
    for (size_t i = 0; i < count; i++) {
        bool named = has_word(texts[i], name) || has_word(texts[i], last_part(name)) || has_word(texts[i], id);
        for (const struct json *address = judge_items(subject, "addresses"); address != NULL && !named; address = address->next) {
            named = has_word(texts[i], address->text);
        }
        if (named) {
            return true;
        }
    }
    return false;
}

static bool is_known(const struct judge_case *judge_case, const struct slice *texts, size_t count)
{
    for (const struct json *subject = judge_items(judge_case->estate, "subjects"); subject != NULL && !judge_case->planted; subject = subject->next) {
        if (is_subject(subject, texts, count)) {
            return true;
        }
    }
    return false;
}

static bool is_hetzner(const struct judge_case *judge_case)
{
    return judge_is(judge_case->facts, "format", "hetzner");
}

static bool counts(const struct judge_case *judge_case, struct slice product)
{
    static const char *const hetzner[] = {"server", "volume", "load balancer", "load-balancer", "auction", "vps"};
    const struct json *products = judge_items(judge_case->facts, "products");
    for (size_t i = 0; is_hetzner(judge_case) && products == NULL && i < sizeof hetzner / sizeof hetzner[0]; i++) {
        if (contains(product, slice_string(hetzner[i]))) {
            return true;
        }
    }
    for (const struct json *one = products; one != NULL; one = one->next) {
        if (contains(product, one->text)) {
            return true;
        }
    }
    return products == NULL && !is_hetzner(judge_case);
}

static size_t column_of(const struct judge_case *judge_case, const char *option, const char *fallback, const struct slice *fields, size_t count)
{
    struct slice wanted = json_text(judge_case->facts, option, slice_string(fallback));
    for (size_t i = 0; i < count; i++) {
        if (slice_equal_caseless(fields[i], wanted)) {
            return i;
        }
    }
    return SIZE_MAX;
}

static void note_unlisted(struct counted *counted, struct slice name)
{
    if (counted->unlisted++ >= LISTED_MAX_COUNT) {
        return;
    }
    name = slice_first(name, 60);
    int written = snprintf(counted->names + counted->names_len, LISTED_MAX_BYTES - counted->names_len, "%s%.*s", counted->names_len == 0 ? "" : ", ", (int)name.len,
                           name.len == 0 ? "" : (const char *)name.data);
    if (written > 0 && (size_t)written < LISTED_MAX_BYTES - counted->names_len) {
        counted->names_len += (size_t)written;
    }
}

static void take_row(const struct judge_case *judge_case, const struct columns *columns, const struct slice *fields, size_t count, struct counted *counted)
{
    const size_t places[] = {columns->name, columns->id, columns->product};
    struct slice texts[TEXT_MAX_COUNT], product = columns->product < count ? fields[columns->product] : SLICE_NONE;
    size_t text_count = 0;
    for (size_t i = 0; i < 3; i++) {
        if (places[i] < count && fields[places[i]].len > 0) {
            texts[text_count++] = fields[places[i]];
        }
    }
    counted->positions++;
    if (text_count == 0 || !counts(judge_case, product)) {
        return;
    }
    counted->counted++;
    if (!is_known(judge_case, texts, text_count)) {
        note_unlisted(counted, texts[0]);
    }
}

/* All rows. ERR_MALFORMED, ERR_TOO_LARGE; *line says where. */
static enum err read_invoice(const struct judge_case *judge_case, struct counted *counted, size_t *line)
{
    struct csv csv = csv_open(json_text(judge_case->facts, "text", SLICE_NONE));
    struct slice fields[CSV_FIELDS_MAX];
    struct columns columns = {.name = 1, .id = 7, .product = 0};
    size_t count = 0;
    enum err err = ERR_NONE;
    if (!is_hetzner(judge_case)) {
        err = csv_row(&csv, judge_case->arena, fields, &count);
        columns = (struct columns){column_of(judge_case, "name_column", "name", fields, count), column_of(judge_case, "id_column", "id", fields, count),
                                   column_of(judge_case, "product_column", "product", fields, count)};
        err = err == ERR_NONE && columns.name == SIZE_MAX && columns.id == SIZE_MAX ? ERR_MALFORMED : err;
    }
    while (err == ERR_NONE && (err = csv_row(&csv, judge_case->arena, fields, &count)) == ERR_NONE) {
        take_row(judge_case, &columns, fields, count, counted);
    }
    *line = csv.line;
    return err == ERR_NOT_FOUND && counted->positions > 0 ? ERR_NONE : err == ERR_NOT_FOUND ? ERR_MALFORMED : err;
}

static void judge_invoice(struct judge_case *judge_case)
{
    struct counted counted = {0};
    size_t line = 0;
    enum err err = read_invoice(judge_case, &counted, &line);
    struct json *values = judge_observe(judge_case, "source.complete", err == ERR_NONE ? OUTCOME_PASS : OUTCOME_FAIL, err == ERR_NONE ? "invoice.read" : "invoice.unread");
    json_set_u64(judge_case->arena, values, "line", line);
    json_set_u64(judge_case->arena, values, "positions", counted.positions);
    const char *reason = counted.unlisted > 0 ? "invoice.unlisted" : err != ERR_NONE ? "invoice.unread" : counted.counted == 0 ? "invoice.nothing-counts" : "invoice.all-listed";
    enum outcome outcome = counted.unlisted > 0 ? OUTCOME_FAIL : err != ERR_NONE || counted.counted == 0 ? OUTCOME_ERROR : OUTCOME_PASS;
    values = judge_observe(judge_case, "population.invoice", outcome, reason);
    json_set_u64(judge_case->arena, values, "positions", counted.positions);
    json_set_u64(judge_case->arena, values, "counted", counted.counted);
    json_set_u64(judge_case->arena, values, "unlisted", counted.unlisted);
    json_set_u64(judge_case->arena, values, "line", line);
    judge_value(judge_case, values, "names", slice_of(counted.names, counted.names_len));
    if (judge_is(judge_case->facts, "credential", "none")) {
        judge_observe(judge_case, "source.read-only", OUTCOME_PASS, "source.no-credential");
    } else {
        source_power(judge_case, SLICE_LITERAL("?"));
        source_judge_read_only(judge_case, false, NULL);
    }
}

static const struct judge_kind kinds[] = {
    {"source.complete", "invoice.unread", false}, {"source.read-only", "source.can-write", false}, {"population.invoice", "invoice.unlisted", false}};
const struct source_judge source_judge_invoice = {"invoice", {kinds, 3, judge_invoice}};
