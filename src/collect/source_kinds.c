#include "collect/source_kinds.h"

#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const struct source_kind kinds[] = {
#define SOURCE_KIND(id, english, german, rights_english, rights_german, address, token_address, feeds, cloud)                                   \
    {id, {english, german}, {rights_english, rights_german}, address, token_address, feeds, cloud},
#define SOURCE_FIELD(kind, place, name, need, english, german)
#include "collect/source_kinds.def"
#undef SOURCE_KIND
#undef SOURCE_FIELD
};

enum place { CREDENTIAL, OPTION };
enum need { OPTIONAL = 0, REQUIRED = 1, SECRET = 2, REQUIRED_SECRET = 3 };

static const struct source_field fields[] = {
#define SOURCE_KIND(id, english, german, rights_english, rights_german, address, token_address, feeds, cloud)
#define SOURCE_FIELD(kind, place, name, need, english, german)                                                                                 \
    {kind, name, (place) == CREDENTIAL, ((need) & REQUIRED) != 0, ((need) & SECRET) != 0, {english, german}},
#include "collect/source_kinds.def"
#undef SOURCE_KIND
#undef SOURCE_FIELD
};

/* Every kind has these. */
static const char *const common_options[] = {"cloud", "plain", "pinned_pem", "authorities_pem", "token_address", "admins", "days"};

const struct source_kind *source_kind_find(struct slice id)
{
    for (size_t i = 0; i < COUNT(kinds); i++) {
        if (slice_is(id, kinds[i].id)) {
            return &kinds[i];
        }
    }
    return NULL;
}

const struct source_kind *source_kind_all(size_t *ret_count)
{
    *ret_count = COUNT(kinds);
    return kinds;
}

const struct source_field *source_field_all(size_t *ret_count)
{
    *ret_count = COUNT(fields);
    return fields;
}

static const struct source_field *field_of(const struct source_kind *kind, bool credential, struct slice name)
{
    for (size_t i = 0; i < COUNT(fields); i++) {
        if (slice_is(slice_string(kind->id), fields[i].kind) && fields[i].credential == credential && slice_is(name, fields[i].name)) {
            return &fields[i];
        }
    }
    return NULL;
}

const char *source_field_form(const struct source_field *field)
{
    static const struct {
        const char *name, *form;
    } forms[] = {{"attempt", "switch"},   {"layout", "switch"},  {"admin_groups", "list"},      {"zones", "list"},           {"products", "list"}, {"images", "list"},
                 {"image_megabytes", "number"}, {"image_packages", "number"}, {"version_days", "number"}, {"key_days", "number"}, {"private_key", "long"}, {"text", "long"}};
    for (size_t i = 0; i < COUNT(forms); i++) {
        if (strcmp(field->name, forms[i].name) == 0) {
            return forms[i].form;
        }
    }
    return "text";
}

static bool is_common(struct slice name)
{
    for (size_t i = 0; i < COUNT(common_options); i++) {
        if (slice_is(name, common_options[i])) {
            return true;
        }
    }
    return false;
}

static bool is_value(const struct json *value, bool credential)
{
    if (value->type == JSON_STRING) {
        return value->text.len > 0 && slice_find_byte(value->text, '\0') == SIZE_MAX;
    }
    if (credential) {
        return false;
    }
    for (const struct json *item = value->type == JSON_ARRAY ? value->first : NULL; item != NULL; item = item->next) {
        if (item->type != JSON_STRING) {
            return false;
        }
    }
    return value->type == JSON_TRUE || value->type == JSON_FALSE || value->type == JSON_ARRAY || value->type == JSON_NUMBER;
}

static enum err check_members(const struct source_kind *kind, bool credential, const struct json *object, struct complaint *complaint)
{
    for (const struct json *member = object == NULL ? NULL : object->first; member != NULL; member = member->next) {
        const char *name = (const char *)member->name.data;
        if (field_of(kind, credential, member->name) == NULL && (credential || !is_common(member->name))) {
            return complain(complaint, ERR_INVALID, TEXT("this kind of source has no such field", "diese Art von Quelle hat dieses Feld nicht"), 0, 0, name,
                            member->name.len);
        }
        if (!is_value(member, credential)) {
            return complain(complaint, ERR_INVALID, TEXT("this field of the source needs a text", "dieses Feld der Quelle braucht einen Text"), 0, 0, name,
                            member->name.len);
        }
    }
    return ERR_NONE;
}

enum err source_check(const struct source_kind *kind, const struct json *credential, const struct json *options, struct complaint *complaint)
{
    if ((credential != NULL && credential->type != JSON_OBJECT) || (options != NULL && options->type != JSON_OBJECT)) {
        return complain(complaint, ERR_INVALID, TEXT("credential and options of a source are objects", "Zugang und Optionen einer Quelle sind Objekte"), 0, 0, NULL, 0);
    }
    for (size_t i = 0; i < COUNT(fields); i++) {
        const struct json *object = fields[i].credential ? credential : options;
        if (slice_is(slice_string(kind->id), fields[i].kind) && fields[i].required && json_member(object, fields[i].name) == NULL) {
            return complain(complaint, ERR_INVALID, TEXT("the source lacks this field", "der Quelle fehlt dieses Feld"), 0, 0, fields[i].name,
                            slice_string(fields[i].name).len);
        }
    }
    enum err err = check_members(kind, true, credential, complaint);
    return err == ERR_NONE ? check_members(kind, false, options, complaint) : err;
}

/* Host names, IPv4 and, in brackets, IPv6: nothing that needs decoding. */
static bool is_host(struct slice host, bool bracketed)
{
    return host.len > 0 && host.len <= 253 && host.data[0] != '-' && slice_consists_of(host, bracketed ? ASCII_LETTERS ASCII_DIGITS ".:" : ASCII_LETTERS ASCII_DIGITS ".-_");
}

static bool is_target(struct slice target)
{
    for (size_t i = 0; i < target.len; i++) {
        uint8_t byte = target.data[i];
        if (byte <= 0x20 || byte >= 0x7f || byte == '#' || byte == '\\' || byte == '"' || byte == '<' || byte == '>') {
            return false;
        }
    }
    return true;
}

static bool read_port(struct slice text, uint16_t *port)
{
    uint64_t number = 0;
    if (text.len == 0) {
        return true;
    }
    if (text.data[0] != ':' || slice_to_u64(slice_from(text, 1), &number) != ERR_NONE || number == 0 || number > UINT16_MAX) {
        return false;
    }
    *port = (uint16_t)number;
    return true;
}

enum err source_address_read(struct slice text, struct source_address *ret_address)
{
    static const struct {
        struct slice start;
        uint16_t port;
        bool plain;
    } schemes[] = {{SLICE_INIT("https://"), 443, false}, {SLICE_INIT("http://"), 80, true}, {SLICE_INIT("dns://"), 53, true}};
    size_t row = 0;
    while (row < COUNT(schemes) && !slice_starts(text, schemes[row].start)) {
        row++;
    }
    if (row == COUNT(schemes)) {
        return ERR_MALFORMED;
    }
    struct source_address address = {.plain = schemes[row].plain, .port = schemes[row].port};
    size_t scheme = schemes[row].start.len;
    struct slice rest = slice_from(text, scheme);
    size_t end = 0;
    while (end < rest.len && rest.data[end] != '/' && rest.data[end] != '?') {
        end++;
    }
    address.origin = slice_first(text, scheme + end);
    address.target = slice_from(rest, end);
    struct slice authority = slice_first(rest, end);
    bool bracketed = authority.len > 0 && authority.data[0] == '[';
    size_t close = slice_find_byte(authority, bracketed ? ']' : ':');
    if (bracketed && close == SIZE_MAX) {
        return ERR_MALFORMED;
    }
    close = close == SIZE_MAX ? authority.len : close;
    address.host = bracketed ? slice_from(slice_first(authority, close), 1) : slice_first(authority, close);
    if (!is_host(address.host, bracketed) || !read_port(slice_from(authority, close + (bracketed ? 1 : 0)), &address.port) || !is_target(address.target)) {
        return ERR_MALFORMED;
    }
    *ret_address = address;
    return ERR_NONE;
}

bool source_address_same(const struct source_address *a, const struct source_address *b)
{
    return a->plain == b->plain && a->port == b->port && slice_equal_caseless(a->host, b->host);
}

size_t source_ports(const struct source_kind *kind, struct slice address, struct slice token_address, uint16_t ret_ports[2])
{
    struct source_address first, second;
    address = address.len == 0 ? slice_string(kind->address) : address;
    token_address = token_address.len == 0 ? slice_string(kind->token_address) : token_address;
    if (source_address_read(address, &first) != ERR_NONE || (token_address.len > 0 && source_address_read(token_address, &second) != ERR_NONE)) {
        return 0;
    }
    ret_ports[0] = first.port;
    if (token_address.len == 0 || second.port == first.port) {
        return 1;
    }
    ret_ports[1] = second.port;
    return 2;
}
