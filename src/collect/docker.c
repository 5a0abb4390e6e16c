#include "collect/docker.h"

#include "collect/fact.h"
#include "collect/fingerprint.h"
#include "collect/packages.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum {
    CONTAINERS_MAX_COUNT = 500,
    LISTED_MAX_COUNT = 500,         /* networks, services */
    TREE_MAX_BYTES = 64 << 20,      /* of one parsed reply */
    FACTS_MAX_BYTES = 48 << 20,     /* in the arena; what is written of it is far less */
    ENGINE_MAX_MS = 18000,          /* the relay lives for 20 s */
    OPENED_MAX_COUNT = 3,           /* relays for one engine: a reply that is too large costs one */
    LINE_MAX_BYTES = 128,
};

/* -- one engine through the relay ------------------------------------------------------------------------------------- */

struct relayed {
    const char *program;
    int fd;
    unsigned opened;
    int64_t deadline_ms;
};

static int64_t now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static enum err open_relay(struct relayed *relayed)
{
    if (relayed->fd >= 0) {
        return ERR_NONE;
    }
    if (relayed->opened++ >= OPENED_MAX_COUNT) {
        return ERR_CLOSED;
    }
    return worker_child(relayed->program, &relayed->fd);
}

static enum err read_piece(struct relayed *relayed, struct engine_reply *reply)
{
    int64_t left_ms = relayed->deadline_ms - now_ms();
    struct pollfd waiting = {.fd = relayed->fd, .events = POLLIN};
    if (left_ms <= 0) {
        return ERR_TIMEOUT;
    }
    if (poll(&waiting, 1, (int)left_ms) <= 0) {
        return ERR_NONE;
    }
    uint8_t piece[65536];
    ssize_t count = read(relayed->fd, piece, sizeof piece);
    if (count < 0) {
        return errno == EINTR || errno == EAGAIN ? ERR_NONE : err_from_errno(errno);
    }
    return count == 0 ? ERR_CLOSED : engine_reply_feed(reply, slice_of(piece, (size_t)count));
}

static enum err ask_relay(void *context, const char *line, struct engine_reply *reply)
{
    struct relayed *relayed = context;
    enum err err = open_relay(relayed);
    if (err != ERR_NONE) {
        return err;
    }
    size_t count = strlen(line);
    err = write(relayed->fd, line, count) == (ssize_t)count ? ERR_NONE : ERR_CLOSED; /* a line fits into any socket's buffer */
    while (err == ERR_NONE && reply->part != PART_DONE) {
        err = read_piece(relayed, reply);
    }
    if (err != ERR_NONE) {
        close(relayed->fd); /* where in its reply the engine is, nobody knows any more */
        relayed->fd = -1;
    }
    return err;
}

/* -- replies ---------------------------------------------------------------------------------------------------------- */

struct reading {
    struct arena *arena;
    const struct engine_wire *wire;
    const uint8_t *key;
    struct json *engine, *cut, *containers, *images;
};

static const char *name_of(enum err err)
{
    static const struct {
        enum err err;
        const char *name;
    } rows[] = {{ERR_NONE, "ok"}, {ERR_NOT_FOUND, "absent"}, {ERR_RIGHTS, "no-rights"}, {ERR_TIMEOUT, "timeout"}, {ERR_TOO_LARGE, "too-large"},
                {ERR_MALFORMED, "malformed"}, {ERR_CLOSED, "closed"}, {ERR_UNSUPPORTED, "no-relay"}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (rows[i].err == err) {
            return rows[i].name;
        }
    }
    return "failed";
}

/* "" + word + id: sends it. NULL: a reply of status 200, otherwise why not. The caller frees the reply. */
static const char *ask(const struct reading *reading, const char *word, struct slice id, struct engine_reply *reply)
{
    char line[LINE_MAX_BYTES];
    int length = snprintf(line, sizeof line, "%s%s%.*s\n", word, id.len == 0 ? "" : " ", (int)id.len, id.len == 0 ? "" : (const char *)id.data);
    if (length < 0 || (size_t)length >= sizeof line) {
        return "malformed";
    }
    *reply = ENGINE_REPLY_INIT(strncmp(word, "rpm", 3) == 0);
    enum err err = reading->wire->ask(reading->wire->context, line, reply);
    if (err != ERR_NONE) {
        return name_of(err);
    }
    if (reply->status == 200) {
        return NULL;
    }
    const char *why = arena_printf(reading->arena, "status-%u", reply->status);
    return why == NULL ? "failed" : why;
}

/* The same, with the body as a tree in an arena of its own. */
static const char *ask_tree(const struct reading *reading, const char *word, struct slice id, enum json_type type, struct arena *tree_arena, struct json **ret_tree)
{
    struct engine_reply reply;
    const char *why = ask(reading, word, id, &reply);
    if (why == NULL && (json_read(tree_arena, buf_slice(&reply.body), ret_tree, NULL) != ERR_NONE || (*ret_tree)->type != type)) {
        why = "malformed";
    }
    engine_reply_free(&reply);
    return why;
}

static bool is_status(const char *why, const char *status)
{
    return why != NULL && strcmp(why, status) == 0;
}

static void say_cut(const struct reading *reading, const char *what)
{
    json_append(reading->cut, json_string(reading->arena, slice_string(what)));
}

static bool is_hex_id(struct slice id)
{
    for (size_t i = 0; i < id.len; i++) {
        if (!((id.data[i] >= '0' && id.data[i] <= '9') || (id.data[i] >= 'a' && id.data[i] <= 'f'))) {
            return false;
        }
    }
    return id.len == 64;
}

/* -- containers and what they are made of ------------------------------------------------------------------------------- */

static struct json *unread(const struct reading *reading, const struct json *listed, const char *why)
{
    struct json *kept = json_new(reading->arena, JSON_OBJECT);
    const struct json *names = json_member(listed, "Names");
    struct slice name = names != NULL && names->first != NULL ? names->first->text : SLICE_NONE;
    fact_set_text(reading->arena, kept, "id", json_text(listed, "Id", SLICE_NONE), 128);
    fact_set_text(reading->arena, kept, "name", slice_starts(name, SLICE_LITERAL("/")) ? slice_from(name, 1) : name, 512);
    return json_set_string(reading->arena, kept, "read", slice_string(why)) == NULL ? NULL : kept;
}

static enum err read_container(const struct reading *reading, const struct json *listed)
{
    cleanup_arena struct arena *tree_arena = arena_new(TREE_MAX_BYTES);
    struct json *tree = NULL, *kept;
    struct slice id = json_text(listed, "Id", SLICE_NONE);
    const char *why = tree_arena == NULL ? "failed" : !is_hex_id(id) ? "malformed" : ask_tree(reading, "container", id, JSON_OBJECT, tree_arena, &tree);
    if (is_status(why, "status-404")) {
        return ERR_NONE; /* it ended meanwhile: nothing runs that went unread */
    }
    kept = why == NULL ? docker_pick_container(reading->arena, tree, reading->key) : unread(reading, listed, why);
    if (kept == NULL || arena_used(reading->arena) > FACTS_MAX_BYTES) {
        return ERR_TOO_LARGE;
    }
    json_append(reading->containers, kept);
    return ERR_NONE;
}

/* Lists of packages that the engine gives out of a container's file system, in this order; the first that is there counts. */
static const struct {
    const char *word, *from;
    uint64_t (*count)(struct slice text);
} package_lists[] = {
    {"dpkg", "dpkg", packages_of_dpkg}, {"apk", "apk", packages_of_apk}, {"dpkg-parts", "dpkg", packages_of_dpkg}, {"rpm", "rpm", NULL}, {"rpm-sysimage", "rpm", NULL},
};

static const char *count_archive(struct slice archive, uint64_t (*count)(struct slice text), uint64_t *ret_count)
{
    struct tar_entry entry;
    enum err err;
    uint64_t sum = 0;
    while ((err = tar_next(&archive, &entry)) == ERR_NONE) {
        bool counts = entry.type == '0' && !slice_ends(entry.name, SLICE_LITERAL(".md5sums"));
        sum += counts ? count(entry.content) : 0;
    }
    *ret_count = sum;
    return err == ERR_NOT_FOUND ? NULL : "unread";
}

static void read_packages(const struct reading *reading, struct slice container_id, struct json *image)
{
    const char *from = "none";
    uint64_t count = 0;
    bool counted = true;
    for (size_t i = 0; i < sizeof package_lists / sizeof package_lists[0] && strcmp(from, "none") == 0; i++) {
        struct engine_reply reply;
        const char *why = ask(reading, package_lists[i].word, container_id, &reply);
        if (why == NULL) {
            from = package_lists[i].from;
            counted = package_lists[i].count != NULL;
            why = counted ? count_archive(buf_slice(&reply.body), package_lists[i].count, &count) : NULL;
        }
        from = why != NULL && !is_status(why, "status-404") ? "unread" : from;
        engine_reply_free(&reply);
    }
    struct json *packages = json_set_object(reading->arena, image, "packages");
    json_set_string(reading->arena, packages, "from", slice_string(from));
    if (counted && strcmp(from, "unread") != 0) {
        json_set_u64(reading->arena, packages, "count", count);
    }
}

static bool is_known(const struct json *images, struct slice id)
{
    for (const struct json *image = images->first; image != NULL; image = image->next) {
        if (slice_equal(json_text(image, "id", SLICE_NONE), id)) {
            return true;
        }
    }
    return false;
}

static enum err read_image(const struct reading *reading, const struct json *container)
{
    struct slice id = json_text(container, "image_id", SLICE_NONE), prefix = SLICE_LITERAL("sha256:");
    if (!slice_starts(id, prefix) || !is_hex_id(slice_from(id, prefix.len)) || is_known(reading->images, id)) {
        return ERR_NONE;
    }
    cleanup_arena struct arena *tree_arena = arena_new(TREE_MAX_BYTES);
    struct json *tree = NULL, *kept = NULL;
    const char *why = tree_arena == NULL ? "failed" : ask_tree(reading, "image", slice_from(id, prefix.len), JSON_OBJECT, tree_arena, &tree);
    kept = why == NULL ? docker_pick_image(reading->arena, tree, reading->key) : json_new(reading->arena, JSON_OBJECT);
    if (why != NULL) {
        json_set_string(reading->arena, kept, "id", id);
        json_set_string(reading->arena, kept, "read", slice_string(why));
    }
    json_append(reading->images, kept);
    return kept == NULL || arena_used(reading->arena) > FACTS_MAX_BYTES ? ERR_TOO_LARGE : ERR_NONE;
}

/* Last, because an archive that is too large costs the connection. */
static void read_all_packages(const struct reading *reading)
{
    for (struct json *image = reading->images->first; image != NULL; image = image->next) {
        for (const struct json *container = reading->containers->first; container != NULL; container = container->next) {
            if (slice_equal(json_text(container, "image_id", SLICE_NONE), json_text(image, "id", SLICE_LITERAL("?")))) {
                read_packages(reading, json_text(container, "id", SLICE_NONE), image);
                break;
            }
        }
    }
}

/* -- the whole ---------------------------------------------------------------------------------------------------------- */

static enum err read_containers(const struct reading *reading)
{
    cleanup_arena struct arena *tree_arena = arena_new(TREE_MAX_BYTES);
    struct json *tree = NULL;
    const char *why = tree_arena == NULL ? "failed" : ask_tree(reading, "containers", SLICE_NONE, JSON_ARRAY, tree_arena, &tree);
    if (why != NULL) {
        say_cut(reading, "containers");
        return ERR_NONE;
    }
    enum err err = ERR_NONE;
    for (const struct json *listed = tree->first; err == ERR_NONE && listed != NULL; listed = listed->next) {
        if (reading->containers->count >= CONTAINERS_MAX_COUNT) {
            say_cut(reading, "containers");
            break;
        }
        err = read_container(reading, listed);
    }
    for (const struct json *container = reading->containers->first; err == ERR_NONE && container != NULL; container = container->next) {
        err = read_image(reading, container);
    }
    return err;
}

static enum err read_list(const struct reading *reading, const char *word, struct json *(*pick)(struct arena *arena, const struct json *reply))
{
    cleanup_arena struct arena *tree_arena = arena_new(TREE_MAX_BYTES);
    struct json *tree = NULL, *list = json_set_array(reading->arena, reading->engine, word);
    const char *why = tree_arena == NULL ? "failed" : ask_tree(reading, word, SLICE_NONE, JSON_ARRAY, tree_arena, &tree);
    if (why != NULL) {
        /* 503 (Docker) and 404 (Podman): this engine is in no swarm, so it has no services */
        if (strcmp(word, "services") != 0 || !(is_status(why, "status-503") || is_status(why, "status-404") || is_status(why, "status-406"))) {
            say_cut(reading, word);
        }
        return ERR_NONE;
    }
    for (const struct json *item = tree->first; item != NULL; item = item->next) {
        struct json *kept = list == NULL || list->count >= LISTED_MAX_COUNT ? NULL : pick(reading->arena, item);
        if (kept == NULL) {
            say_cut(reading, word);
            break;
        }
        json_append(list, kept);
    }
    return list == NULL ? ERR_TOO_LARGE : ERR_NONE;
}

enum err docker_read(struct arena *arena, const struct engine_wire *wire, const uint8_t *key, struct json *engine)
{
    cleanup_arena struct arena *version_arena = arena_new(TREE_MAX_BYTES), *info_arena = arena_new(TREE_MAX_BYTES);
    struct json *version = NULL, *info = NULL;
    struct reading reading = {.arena = arena, .wire = wire, .key = key, .engine = engine};
    const char *why = version_arena == NULL || info_arena == NULL ? "failed" : ask_tree(&reading, "version", SLICE_NONE, JSON_OBJECT, version_arena, &version);
    why = why == NULL ? ask_tree(&reading, "info", SLICE_NONE, JSON_OBJECT, info_arena, &info) : why;
    if (json_set_string(arena, engine, "read", slice_string(why == NULL ? "ok" : why)) == NULL) {
        return ERR_TOO_LARGE;
    }
    if (why != NULL) {
        return ERR_NONE;
    }
    docker_pick_version(arena, version, info, engine);
    reading.cut = json_set_array(arena, engine, "cut");
    reading.containers = json_set_array(arena, engine, "containers");
    reading.images = json_set_array(arena, engine, "images");
    enum err err = reading.images == NULL ? ERR_TOO_LARGE : read_containers(&reading);
    err = err == ERR_NONE ? read_list(&reading, "networks", docker_pick_network) : err;
    err = err == ERR_NONE ? read_list(&reading, "services", docker_pick_service) : err;
    if (err == ERR_NONE) {
        read_all_packages(&reading);
    }
    return err;
}

static enum err read_engine(struct arena *arena, const char *name, const char *program, const uint8_t *key, struct json *engines)
{
    struct relayed relayed = {program, -1, 0, now_ms() + ENGINE_MAX_MS};
    const struct engine_wire wire = {ask_relay, &relayed};
    struct json *engine = json_append(engines, json_new(arena, JSON_OBJECT));
    json_set_string(arena, engine, "engine", slice_string(name));
    enum err err = docker_read(arena, &wire, key, engine);
    if (relayed.fd >= 0) {
        close(relayed.fd);
    }
    return err;
}

static enum err read_planted(struct arena *arena, const uint8_t *key, struct json *output)
{
    struct json *facts = json_set_object(arena, json_set_object(arena, output, "plant"), "facts");
    struct json *engine = json_append(json_set_array(arena, facts, "engines"), json_new(arena, JSON_OBJECT));
    json_set_string(arena, engine, "engine", SLICE_LITERAL("planted"));
    return docker_read(arena, &docker_planted, key, engine);
}

enum err collect_docker(struct arena *arena, const struct json *input, struct slice raw, struct work_reply *reply)
{
    uint8_t key[FINGERPRINT_KEY_BYTES];
    enum err keyed = fingerprint_key(input, key);
    (void)raw;
    if (keyed == ERR_INVALID) {
        return complain(&reply->complaint, ERR_INVALID, TEXT("fingerprint_key must be 64 hex digits", "fingerprint_key muss aus 64 Hexziffern bestehen"), 0, 0, NULL, 0);
    }
    const uint8_t *used = keyed == ERR_NONE ? key : NULL;
    struct json *output = json_new(arena, JSON_OBJECT), *engines = json_set_array(arena, json_set_object(arena, output, "facts"), "engines");
    enum err err = read_engine(arena, "docker", "engine-docker", used, engines);
    err = err == ERR_NONE ? read_engine(arena, "podman", "engine-podman", used, engines) : err;
    err = err == ERR_NONE ? read_planted(arena, used, output) : err;
    if (err == ERR_NONE && json_set_string(arena, output, "vantage", SLICE_LITERAL("local")) == NULL) {
        err = ERR_TOO_LARGE;
    }
    reply->output = err == ERR_NONE ? output : NULL;
    return err;
}
