#include "measure/estate.h"

#include "measure/catalogue.h"
#include "measure/edit.h"
#include "measure/index.h"

#include <string.h>

enum { REFERENCES_DEEP = 32, REFERENCES_MAX = 4096 };

/* What may be said about a subject. A word that names a kind refers to a subject of that kind; "within" to one of its own. */
static const struct {
    const char *kind;
    const char *words;                  /* between blanks */
} words_of[] = {
    {"host", " ports outside address addresses provider location image_megabytes image_packages firewalls provider_id secrets "},
    {"environment", " apart_from control "},
    {"container", " digest megabytes packages plain image user networks project "},
    {"endpoint", " inside protocol host minimum trust pins server_name address hsts_seconds families days_left own "},
    {"volume", " path cipher_bits provider size_gib device location provider_id "},
    {"service", " url image "},
    {"database", " url "},
    {"bucket", " url region versioning lock public "},
    {"person", " email login "},
    {"account", " provider login admin service email "},
    {"repository", " url archived private branch "},
    {"team", " provider members "},
    {"network", " range provider "},
    {"vault", " url version provider "},
};
static const char common_words[] = " labels line environment host service database owner within description tags ";

static enum err refuse(struct complaint *complaint, struct text text, const struct json *block, struct slice detail)
{
    uint64_t line = 0;
    (void)!json_u64(block, "line", &line);
    return complain(complaint, ERR_INVALID, text, (size_t)line, 0, (const char *)detail.data, detail.len);
}

static bool has_word(const char *words, struct slice word)
{
    struct slice rest = slice_string(words), one;
    while (slice_split(&rest, ' ', &one)) {
        if (one.len > 0 && slice_equal(one, word)) {
            return true;
        }
    }
    return false;
}

static bool word_is_known(struct slice kind, struct slice word)
{
    for (size_t i = 0; i < sizeof words_of / sizeof words_of[0]; i++) {
        if (slice_is(kind, words_of[i].kind) && has_word(words_of[i].words, word)) {
            return true;
        }
    }
    return has_word(common_words, word);
}

struct slice estate_id(struct arena *arena, struct slice kind, struct slice name)
{
    char *id = arena_printf(arena, "%.*s:%.*s", (int)kind.len, (const char *)kind.data, (int)name.len, (const char *)name.data);
    return id == NULL ? SLICE_NONE : slice_string(id);
}

static bool name_is_clean(struct slice name)
{
    for (size_t i = 0; i < name.len; i++) {
        if (name.data[i] <= 0x20 || name.data[i] == 0x7f) {
            return false;
        }
    }
    return name.len > 0 && name.len <= ESTATE_NAME_MAX_BYTES;
}

static struct json *add_subject(struct arena *arena, struct json *subjects, struct slice kind, struct slice name, const char *source, const struct json *attributes)
{
    struct json *subject = json_append(subjects, json_new(arena, JSON_OBJECT));
    json_set_string(arena, subject, "id", estate_id(arena, kind, name));
    json_set_string(arena, subject, "kind", kind);
    json_set_string(arena, subject, "name", name);
    json_set_string(arena, subject, "source", slice_string(source));
    json_set_bool(arena, subject, "confirmed", strcmp(source, "discovered") != 0);
    return json_set(arena, subject, "attributes", attributes == NULL ? json_new(arena, JSON_OBJECT) : json_copy(arena, attributes));
}

static enum err name_of(const struct json *block, struct slice *ret_name, struct complaint *complaint)
{
    const struct json *labels = json_member(block, "labels");
    struct slice name = labels == NULL || labels->count != 1 ? SLICE_NONE : labels->first->text;
    if (labels == NULL || labels->count != 1) {
        return refuse(complaint, TEXT("a subject has exactly one name, such as host \"this\" { }", "ein Gegenstand hat genau einen Namen, etwa host \"this\" { }"), block, block->name);
    }
    if (!name_is_clean(name)) {
        return refuse(complaint, TEXT("a name is 1 to 256 bytes without blanks", "ein Name hat 1 bis 256 Bytes ohne Leerzeichen"), block, name);
    }
    *ret_name = name;
    return ERR_NONE;
}

static struct json *attributes_of(struct arena *arena, const struct json *block)
{
    struct json *attributes = json_new(arena, JSON_OBJECT);
    for (const struct json *member = block->first; member != NULL; member = member->next) {
        if (!slice_is(member->name, "labels") && !slice_is(member->name, "line")) {
            json_set(arena, attributes, arena_string(arena, member->name), json_copy(arena, member));
        }
    }
    return attributes;
}

static enum err read_subject(struct arena *arena, struct json *subjects, struct index *index, struct slice kind, const struct json *block, struct complaint *complaint)
{
    struct slice name;
    enum err err = name_of(block, &name, complaint);
    if (err != ERR_NONE) {
        return err;
    }
    for (const struct json *member = block->first; member != NULL; member = member->next) {
        if (!word_is_known(kind, member->name)) {
            return refuse(complaint, TEXT("unknown word in the estate", "unbekanntes Wort im Bestand"), block, member->name);
        }
    }
    if (index_find(index, estate_id(arena, kind, name)) != NULL) {
        return refuse(complaint, TEXT("this subject stands twice in the estate", "dieser Gegenstand steht zweimal im Bestand"), block, name);
    }
    if (subjects->count >= ESTATE_SUBJECTS_MAX) {
        return refuse(complaint, TEXT("more than 20,000 subjects", "mehr als 20.000 Gegenstände"), block, name);
    }
    struct json *attributes = add_subject(arena, subjects, kind, name, "estate", attributes_of(arena, block));
    return attributes == NULL ? ERR_TOO_LARGE : index_put(index, estate_id(arena, kind, name), subjects->last);
}

static enum err read_allowed(struct arena *arena, struct json *allowed, const struct json *block, struct complaint *complaint)
{
    struct slice name, reason = json_text(block, "reason", SLICE_NONE);
    enum err err = name_of(block, &name, complaint);
    if (err == ERR_NONE && reason.len == 0) {
        return refuse(complaint, TEXT("what is allowed needs a reason", "was ausgenommen wird, braucht einen Grund (reason)"), block, name);
    }
    for (const struct json *member = block->first; err == ERR_NONE && member != NULL; member = member->next) {
        if (!has_word(" labels line reason ", member->name)) {
            return refuse(complaint, TEXT("unknown word in the estate", "unbekanntes Wort im Bestand"), block, member->name);
        }
    }
    if (err != ERR_NONE) {
        return err;
    }
    struct json *one = json_append(allowed, json_new(arena, JSON_OBJECT));
    json_set_string(arena, one, "subject", name);
    return json_set_string(arena, one, "reason", reason) == NULL ? ERR_TOO_LARGE : ERR_NONE;
}

/* The subject that a word of this subject refers to; NULL and *ret_broken when it names none. */
static const struct json *referred(struct arena *arena, const struct index *subjects, const struct json *subject, const struct json *word, bool *ret_broken)
{
    struct slice kind = slice_is(word->name, "within") ? json_text(subject, "kind", SLICE_NONE) : word->name;
    *ret_broken = false;
    if (word->type != JSON_STRING || catalogue_subject(kind) == NULL) {
        return NULL;
    }
    const struct json *target = index_find(subjects, estate_id(arena, kind, word->text));
    *ret_broken = target == NULL;
    return target;
}

/* Walks along references from one subject: whoever comes back to it, or goes deeper than anything sensible, goes in a circle. */
static enum err walk(struct arena *arena, const struct index *subjects, const struct json *start, const struct json *at, unsigned depth, unsigned *steps,
                     const struct json *block, struct complaint *complaint)
{
    const struct json *attributes = json_member(at, "attributes");
    for (const struct json *word = attributes == NULL ? NULL : attributes->first; word != NULL; word = word->next) {
        bool broken = false;
        const struct json *target = referred(arena, subjects, at, word, &broken);
        if (broken) {
            return refuse(complaint, TEXT("the estate has no subject of this name", "der Bestand hat keinen Gegenstand dieses Namens"), block, word->text);
        }
        if (target == start || (target != NULL && (depth >= REFERENCES_DEEP || ++*steps > REFERENCES_MAX))) {
            return refuse(complaint, TEXT("the estate goes in a circle here", "der Bestand läuft hier im Kreis"), block, word->text);
        }
        enum err err = target == NULL ? ERR_NONE : walk(arena, subjects, start, target, depth + 1, steps, block, complaint);
        if (err != ERR_NONE) {
            return err;
        }
    }
    return ERR_NONE;
}

static enum err check_references(struct arena *arena, const struct json *tree, const struct index *subjects, struct complaint *complaint)
{
    for (const struct json *group = tree->first; group != NULL; group = group->next) {
        for (const struct json *block = slice_is(group->name, "allow") ? NULL : group->first; block != NULL; block = block->next) {
            const struct json *subject = index_find(subjects, estate_id(arena, group->name, json_member(block, "labels")->first->text));
            unsigned steps = 0;
            enum err err = walk(arena, subjects, subject, subject, 0, &steps, block, complaint);
            if (err != ERR_NONE) {
                return err;
            }
        }
    }
    return ERR_NONE;
}

/* Sources, vantages and Vogt itself come by their own operations. */
static bool may_be_written(struct slice kind)
{
    return catalogue_subject(kind) != NULL && !slice_is(kind, "vogt") && !slice_is(kind, "source") && !slice_is(kind, "vantage");
}

enum err estate_build(struct arena *arena, const struct json *tree, struct json **ret_estate, struct complaint *complaint)
{
    struct json *estate = json_new(arena, JSON_OBJECT), *subjects = json_set_array(arena, estate, "subjects");
    struct json *allowed = json_set_array(arena, estate, "allowed");
    struct index index = INDEX_IN(arena);
    if (tree == NULL || allowed == NULL || subjects == NULL) {
        return tree == NULL ? ERR_INVALID : ERR_TOO_LARGE;
    }
    for (const struct json *group = tree->first; group != NULL; group = group->next) {
        bool is_allow = slice_is(group->name, "allow");
        bool is_block = group->type == JSON_ARRAY && group->first != NULL && group->first->type == JSON_OBJECT && json_member(group->first, "labels") != NULL;
        if (!is_block || (!is_allow && !may_be_written(group->name))) {
            return refuse(complaint, TEXT("unknown word in the estate; known are host, endpoint, volume, service, database, bucket, person, environment, allow and the other kinds of subjects",
                                          "unbekanntes Wort im Bestand; bekannt sind host, endpoint, volume, service, database, bucket, person, environment, allow und die übrigen Arten von Gegenständen"),
                          group->type == JSON_ARRAY ? group->first : NULL, group->name);
        }
        for (const struct json *block = group->first; block != NULL; block = block->next) {
            enum err err = is_allow ? read_allowed(arena, allowed, block, complaint) : read_subject(arena, subjects, &index, group->name, block, complaint);
            if (err != ERR_NONE) {
                return err;
            }
        }
    }
    enum err err = check_references(arena, tree, &index, complaint);
    if (err != ERR_NONE) {
        return err;
    }
    *ret_estate = estate;
    return add_subject(arena, subjects, SLICE_LITERAL("vogt"), SLICE_LITERAL("this"), "vogt", NULL) == NULL ? ERR_TOO_LARGE : ERR_NONE;
}

enum err estate_default(struct arena *arena, struct slice own_endpoint, struct json **ret_estate)
{
    struct json *estate = json_new(arena, JSON_OBJECT), *subjects = json_set_array(arena, estate, "subjects");
    json_set_array(arena, estate, "allowed");
    struct json *host = json_new(arena, JSON_OBJECT), *endpoint = json_new(arena, JSON_OBJECT);
    size_t colon = own_endpoint.len;
    while (colon > 0 && own_endpoint.data[colon - 1] != ':') {
        colon--;
    }
    char *port = arena_printf(arena, "%.*s/tcp", (int)(own_endpoint.len - colon), (const char *)own_endpoint.data + colon);
    json_append(json_set_array(arena, host, "ports"), json_string(arena, slice_string(port)));
    json_set_string(arena, endpoint, "host", SLICE_LITERAL("this"));
    json_set_bool(arena, endpoint, "own", true);
    add_subject(arena, subjects, SLICE_LITERAL("host"), SLICE_LITERAL("this"), "estate", host);
    if (own_endpoint.len > 0) {
        add_subject(arena, subjects, SLICE_LITERAL("endpoint"), own_endpoint, "estate", endpoint);
    }
    *ret_estate = estate;
    return port == NULL || add_subject(arena, subjects, SLICE_LITERAL("vogt"), SLICE_LITERAL("this"), "vogt", NULL) == NULL ? ERR_TOO_LARGE : ERR_NONE;
}

bool estate_knows(struct slice kind, struct slice word)
{
    return word_is_known(kind, word) && !slice_is(word, "labels") && !slice_is(word, "line");
}

struct json *estate_discovered(struct arena *arena, struct slice kind, struct slice name, const struct json *attributes)
{
    if (!may_be_written(kind) || !name_is_clean(name)) {
        return NULL;
    }
    struct json *known = json_new(arena, JSON_OBJECT), *list = json_new(arena, JSON_ARRAY);
    for (const struct json *word = attributes == NULL ? NULL : attributes->first; word != NULL; word = word->next) {
        if (estate_knows(kind, word->name)) {
            json_set(arena, known, arena_string(arena, word->name), json_copy(arena, word));
        }
    }
    return known == NULL || add_subject(arena, list, kind, name, "discovered", known) == NULL ? NULL : list->first;
}

struct json *estate_ports(struct arena *arena, const struct json *host)
{
    struct json *ports = json_new(arena, JSON_ARRAY);
    for (const struct json *item = edit_items(json_member(host, "attributes"), "ports"); item != NULL; item = item->next) {
        struct slice rest = item->text, number = SLICE_NONE;
        uint64_t port = 0;
        if (!slice_split(&rest, '/', &number) || slice_to_u64(number, &port) != ERR_NONE || port == 0 || port > 65535) {
            continue;
        }
        struct json *one = json_append(ports, json_new(arena, JSON_OBJECT));
        json_set_u64(arena, one, "port", port);
        if (rest.len > 0) {
            json_set_string(arena, one, "protocol", rest);
        }
    }
    return ports;
}
