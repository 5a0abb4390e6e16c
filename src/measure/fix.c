#include "measure/fix.h"

#include "measure/edit.h"
#include "measure/estate.h"

#include <string.h>

enum { TEXT_MAX_BYTES = 16384, LIST_MAX_BYTES = 4096, PLACEHOLDER_MAX_BYTES = 32 };

static const struct change {
    const char *reasons, *protocols, *format, *file;
    struct text title;
    const char *text, *check;
    struct text note;
} changes[] = {
#define CHANGE(reasons, protocols, format, file, title_english, title_german, text, check, note_english, note_german)                                          \
    {reasons, protocols, format, file, TEXT_INIT(title_english, title_german), text, check, TEXT_INIT(note_english, note_german)},
#include "measure/fix_change.def"
#undef CHANGE
};

static bool lists(const char *words, struct slice word)
{
    struct slice rest = slice_string(words), one;
    while (slice_split(&rest, ' ', &one)) {
        if (one.len > 0 && slice_equal(one, word)) {
            return true;
        }
    }
    return false;
}

/* ---- placeholders ---- */

enum err fix_fill(struct buf *out, const char *template, const struct json *values)
{
    struct slice rest = slice_string(template);
    enum err err = ERR_NONE;
    while (err == ERR_NONE && rest.len > 0) {
        size_t open = slice_find_byte(rest, '@');
        size_t close = open == SIZE_MAX ? SIZE_MAX : slice_find_byte(slice_from(rest, open + 1), '@');
        if (close == SIZE_MAX) {
            return buf_append(out, rest);
        }
        char name[PLACEHOLDER_MAX_BYTES + 1] = {0};
        const struct json *value = NULL;
        if (close <= PLACEHOLDER_MAX_BYTES) {
            memcpy(name, rest.data + open + 1, close);
            value = json_member(values, name);
        }
        /* an @ that opens no placeholder of ours stands for itself: hsts@file */
        err = buf_append(out, slice_first(rest, value == NULL ? open + 1 : open));
        err = err == ERR_NONE && value != NULL ? buf_append(out, value->text) : err;
        rest = slice_from(rest, value == NULL ? open + 1 : open + close + 2);
    }
    return err;
}

/* Letters, digits and a few signs that mean nothing to any of the languages that the templates are written in. */
static struct slice harmless(struct arena *arena, struct slice text, const char *signs)
{
    char *copy = arena_string(arena, text);
    for (size_t i = 0; copy != NULL && i < text.len; i++) {
        bool good = byte_is_among(text.data[i], ASCII_LETTERS ASCII_DIGITS) || byte_is_among(text.data[i], signs);
        copy[i] = good ? copy[i] : '_';
    }
    return copy == NULL ? SLICE_NONE : slice_of(copy, text.len);
}

/* Ports of the estate for one protocol; one without protocol counts for both. `listed`: as the estate writes them. */
static struct slice ports_of(struct arena *arena, const struct json *ports, const char *protocol, bool listed)
{
    cleanup_buf struct buf list = BUF_INIT(LIST_MAX_BYTES);
    for (const struct json *port = ports == NULL ? NULL : ports->first; port != NULL; port = port->next) {
        unsigned number = (unsigned)edit_number(port, "port", 0);
        const char *comma = list.len == 0 ? "" : ", ";
        if (!slice_is(json_text(port, "protocol", slice_string(protocol)), protocol)) {
            continue;
        }
        if ((listed ? buf_printf(&list, "%s\"%u/%s\"", comma, number, protocol) : buf_printf(&list, "%s%u", comma, number)) != ERR_NONE) {
            break;
        }
    }
    return arena_copy(arena, buf_slice(&list));
}

static bool has_port(const struct json *ports, unsigned wanted)
{
    for (const struct json *port = ports == NULL ? NULL : ports->first; port != NULL; port = port->next) {
        if (edit_number(port, "port", 0) == wanted) {
            return true;
        }
    }
    return false;
}

/* One line of a chain for each protocol that has ports; forwarded traffic is known by the port that it was sent to. */
static struct slice rules_of(struct arena *arena, const struct json *values, bool forwarded)
{
    static const char *const protocols[] = {"tcp", "udp"};
    cleanup_buf struct buf rules = BUF_INIT(2 * LIST_MAX_BYTES);
    for (size_t i = 0; i < 2; i++) {
        struct slice ports = json_text(values, protocols[i], SLICE_NONE);
        enum err err = ERR_NONE;
        if (ports.len > 0 && forwarded) {
            err = buf_printf(&rules, "        ct status dnat meta l4proto %s ct original proto-dst { %.*s } accept\n", protocols[i], (int)ports.len, (const char *)ports.data);
        } else if (ports.len > 0) {
            err = buf_printf(&rules, "        %s dport { %.*s } accept\n", protocols[i], (int)ports.len, (const char *)ports.data);
        }
        if (err != ERR_NONE) {
            return SLICE_NONE;
        }
    }
    return arena_copy(arena, buf_slice(&rules));
}

static struct slice terraform_of(struct arena *arena, const struct json *ports)
{
    cleanup_buf struct buf rules = BUF_INIT(TEXT_MAX_BYTES);
    for (const struct json *port = ports == NULL ? NULL : ports->first; port != NULL; port = port->next) {
        struct slice protocol = json_text(port, "protocol", SLICE_LITERAL("tcp"));
        if (buf_printf(&rules, "  rule {\n    direction  = \"in\"\n    protocol   = \"%.*s\"\n    port       = \"%u\"\n    source_ips = [\"0.0.0.0/0\", \"::/0\"]\n  }\n", (int)protocol.len,
                       (const char *)protocol.data, (unsigned)edit_number(port, "port", 0)) != ERR_NONE) {
            break;
        }
    }
    return arena_copy(arena, buf_slice(&rules));
}

static void set_ports(struct arena *arena, struct json *values, const struct fix_subject *about)
{
    const struct json *ports = about->host == NULL ? NULL : estate_ports(arena, about->host);
    json_set_string(arena, values, "tcp", ports_of(arena, ports, "tcp", false));
    json_set_string(arena, values, "udp", ports_of(arena, ports, "udp", false));
    json_set_string(arena, values, "listed_ports", ports_of(arena, ports, "tcp", true));
    json_set_string(arena, values, "input_rules", rules_of(arena, values, false));
    json_set_string(arena, values, "forward_rules", rules_of(arena, values, true));
    json_set_string(arena, values, "terraform_rules", terraform_of(arena, ports));
    json_set_string(arena, values, "ssh_warning", has_port(ports, 22) ? SLICE_NONE
                                                                      : SLICE_LITERAL("# Port 22 is not among the estate's ports: after this nobody comes in by SSH.\n"));
}

static struct json *values_of(struct arena *arena, const struct fix_subject *about)
{
    struct json *values = json_new(arena, JSON_OBJECT);
    struct slice name = json_text(about->subject, "name", SLICE_NONE), path = json_text(json_member(about->subject, "attributes"), "path", name);
    size_t colon = name.len;
    while (colon > 0 && name.data[colon - 1] != ':') {
        colon--;
    }
    bool is_new = strcmp(about->minimum, "1.3") == 0;
    json_set_string(arena, values, "name", harmless(arena, name, "._:/[]-"));
    json_set_string(arena, values, "id", harmless(arena, json_text(about->subject, "id", SLICE_NONE), "._:/[]-"));
    json_set_string(arena, values, "host", harmless(arena, colon > 1 ? slice_first(name, colon - 1) : name, "._:[]-"));
    json_set_string(arena, values, "label", harmless(arena, name, ""));
    json_set_string(arena, values, "path", harmless(arena, path, "._/-"));
    json_set_string(arena, values, "minimum", slice_string(about->minimum));
    json_set_string(arena, values, "minimum_traefik", slice_string(is_new ? "13" : "12"));
    json_set_string(arena, values, "minimum_nginx", slice_string(is_new ? "TLSv1.3" : "TLSv1.2 TLSv1.3"));
    set_ports(arena, values, about);
    return values;
}

/* ---- one change ---- */

static enum err set_filled(struct arena *arena, struct json *item, const char *member, const char *template, const struct json *values)
{
    cleanup_buf struct buf text = BUF_INIT(TEXT_MAX_BYTES);
    enum err err = fix_fill(&text, template, values);
    return err == ERR_NONE && json_set_string(arena, item, member, buf_slice(&text)) == NULL ? ERR_MEMORY : err;
}

static enum err set_both(struct arena *arena, struct json *item, const char *member, struct text text, const struct json *values)
{
    struct json *both = json_set_object(arena, item, member);
    enum err err = set_filled(arena, both, "english", text.english, values);
    return err == ERR_NONE ? set_filled(arena, both, "german", text.german, values) : err;
}

static enum err add_change(struct arena *arena, struct json *list, const struct change *change, const struct json *values)
{
    struct json *item = json_append(list, json_new(arena, JSON_OBJECT));
    json_set_string(arena, item, "format", slice_string(change->format));
    enum err err = set_filled(arena, item, "file", change->file, values);
    err = err == ERR_NONE ? set_both(arena, item, "title", change->title, values) : err;
    err = err == ERR_NONE ? set_filled(arena, item, "text", change->text, values) : err;
    err = err == ERR_NONE ? set_filled(arena, item, "check", change->check, values) : err;
    return err == ERR_NONE ? set_both(arena, item, "note", change->note, values) : err;
}

enum err fix_changes(struct arena *arena, struct slice reason, const struct fix_subject *about, struct json *list)
{
    struct slice protocol = json_text(json_member(about->subject, "attributes"), "protocol", SLICE_LITERAL("https"));
    struct json *values = NULL;
    enum err err = ERR_NONE;
    for (size_t i = 0; err == ERR_NONE && i < sizeof changes / sizeof changes[0]; i++) {
        if (!lists(changes[i].reasons, reason) || (changes[i].protocols[0] != '\0' && !lists(changes[i].protocols, protocol))) {
            continue;
        }
        values = values == NULL ? values_of(arena, about) : values;
        err = values == NULL ? ERR_MEMORY : add_change(arena, list, &changes[i], values);
    }
    return err;
}
