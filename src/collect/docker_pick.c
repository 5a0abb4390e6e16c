/* Members of the Docker Engine API (v1.41 of 2020 to v1.51 of 2025; Podman 4 and 5 answer alike) that become facts. What is not named here is dropped. */
#include "collect/docker.h"

#include "collect/fact.h"
#include "collect/fingerprint.h"

enum { TEXT_MAX_BYTES = 512, LIST_MAX_COUNT = 256, ENVIRONMENT_MAX_COUNT = 512 };

/* Who deployed it, and as what: nothing that is said in other labels. */
static const char *const labels_kept[] = {
    "com.docker.compose.project", "com.docker.compose.service", "com.docker.stack.namespace", "com.docker.swarm.service.name",
    "org.opencontainers.image.source", "org.opencontainers.image.revision", "org.opencontainers.image.version", "io.podman.compose.project",
    "dokploy.project", "dokploy.environment", NULL,
};

static void keep_text(struct arena *arena, struct json *to, const char *name, const struct json *from, const char *member)
{
    fact_set_text(arena, to, name, json_text(from, member, SLICE_NONE), TEXT_MAX_BYTES);
}

/* A list of texts; a single text counts as one (Entrypoint of old images). */
static void keep_list(struct arena *arena, struct json *to, const char *name, const struct json *from, const char *member)
{
    struct json *list = json_set_array(arena, to, name);
    const struct json *value = json_member(from, member);
    if (value != NULL && value->type == JSON_STRING) {
        json_append(list, json_string(arena, fact_text(arena, value->text, TEXT_MAX_BYTES)));
    }
    for (const struct json *item = value != NULL && value->type == JSON_ARRAY ? value->first : NULL; item != NULL && list != NULL && list->count < LIST_MAX_COUNT;
         item = item->next) {
        json_append(list, json_string(arena, fact_text(arena, item->text, TEXT_MAX_BYTES)));
    }
}

static void keep_labels(struct arena *arena, struct json *to, const struct json *labels)
{
    struct json *kept = json_set_object(arena, to, "labels");
    for (size_t i = 0; labels_kept[i] != NULL; i++) {
        if (json_member(labels, labels_kept[i]) != NULL) {
            keep_text(arena, kept, labels_kept[i], labels, labels_kept[i]);
        }
    }
}

static void keep_number(struct arena *arena, struct json *to, const char *name, const struct json *from, const char *member)
{
    uint64_t value = 0;
    if (json_u64(from, member, &value) == ERR_NONE) {
        json_set_u64(arena, to, name, value);
    }
}

static const struct json *items(const struct json *object, const char *name, enum json_type type)
{
    const struct json *member = json_member(object, name);
    return member != NULL && member->type == type ? member->first : NULL;
}

static void keep_mounts(struct arena *arena, struct json *to, const struct json *reply)
{
    struct json *mounts = json_set_array(arena, to, "mounts");
    for (const struct json *mount = items(reply, "Mounts", JSON_ARRAY); mount != NULL && mounts != NULL && mounts->count < LIST_MAX_COUNT; mount = mount->next) {
        struct json *kept = json_append(mounts, json_new(arena, JSON_OBJECT));
        keep_text(arena, kept, "type", mount, "Type");
        keep_text(arena, kept, "source", mount, "Source");
        keep_text(arena, kept, "destination", mount, "Destination");
        json_set_bool(arena, kept, "writable", json_bool(mount, "RW", true));
    }
}

/* {"80/tcp":[{"HostIp":"0.0.0.0","HostPort":"8080"}],"443/tcp":null}: null is exposed to other containers, not published. */
static void keep_ports(struct arena *arena, struct json *to, const struct json *settings)
{
    struct json *ports = json_set_array(arena, to, "ports");
    for (const struct json *port = items(settings, "Ports", JSON_OBJECT); port != NULL; port = port->next) {
        for (const struct json *binding = port->type == JSON_ARRAY ? port->first : NULL; binding != NULL && ports != NULL && ports->count < LIST_MAX_COUNT;
             binding = binding->next) {
            struct json *kept = json_append(ports, json_new(arena, JSON_OBJECT));
            fact_set_text(arena, kept, "inside", port->name, TEXT_MAX_BYTES);
            keep_text(arena, kept, "address", binding, "HostIp");
            keep_number(arena, kept, "port", binding, "HostPort");
        }
    }
}

/* "NAME=value": the value leaves this function as a fingerprint or not at all. */
static void keep_environment(struct arena *arena, struct json *to, const struct json *config, const uint8_t *key)
{
    struct json *list = json_set_array(arena, to, "environment");
    for (const struct json *item = items(config, "Env", JSON_ARRAY); item != NULL && list != NULL && list->count < ENVIRONMENT_MAX_COUNT; item = item->next) {
        size_t equals = slice_find_byte(item->text, '=');
        struct json *kept = json_append(list, json_new(arena, JSON_OBJECT));
        /* without '=' the whole text may be a secret that somebody misplaced */
        fact_set_text(arena, kept, "name", equals == SIZE_MAX ? SLICE_LITERAL("?") : slice_first(item->text, equals), TEXT_MAX_BYTES);
        if (equals == SIZE_MAX) {
            continue;
        }
        enum fingerprint_worth worth = fingerprint_worth(slice_first(item->text, equals), slice_from(item->text, equals + 1));
        json_set_string(arena, kept, "worth", slice_string(fingerprint_word(worth)));
        if (key != NULL && worth == FINGERPRINT_TELLS) {
            fingerprint_set(arena, kept, "fingerprint", key, slice_from(item->text, equals + 1));
        }
    }
}

static void keep_rights(struct arena *arena, struct json *to, const struct json *host)
{
    static const struct {
        const char *name, *member;
    } texts[] = {{"pid_mode", "PidMode"}, {"network_mode", "NetworkMode"}, {"ipc_mode", "IpcMode"}, {"userns_mode", "UsernsMode"}};
    json_set_bool(arena, to, "privileged", json_bool(host, "Privileged", true)); /* what an engine does not say is not taken for good */
    keep_list(arena, to, "cap_add", host, "CapAdd");
    keep_list(arena, to, "cap_drop", host, "CapDrop");
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        keep_text(arena, to, texts[i].name, host, texts[i].member);
    }
    json_set_bool(arena, to, "read_only", json_bool(host, "ReadonlyRootfs", false));
    keep_list(arena, to, "security", host, "SecurityOpt");
    const struct json *devices = json_member(host, "Devices");
    json_set_u64(arena, to, "devices", devices != NULL && devices->type == JSON_ARRAY ? devices->count : 0);
}

static struct slice without_slash(struct slice name)
{
    return slice_starts(name, SLICE_LITERAL("/")) ? slice_from(name, 1) : name;
}

struct json *docker_pick_container(struct arena *arena, const struct json *reply, const uint8_t *key)
{
    const struct json *config = json_member(reply, "Config"), *host = json_member(reply, "HostConfig"), *settings = json_member(reply, "NetworkSettings");
    struct json *kept = json_new(arena, JSON_OBJECT);
    keep_text(arena, kept, "id", reply, "Id");
    fact_set_text(arena, kept, "name", without_slash(json_text(reply, "Name", SLICE_NONE)), TEXT_MAX_BYTES);
    bool whole = config != NULL && config->type == JSON_OBJECT && host != NULL && host->type == JSON_OBJECT;
    json_set_string(arena, kept, "read", slice_string(whole ? "ok" : "malformed"));
    keep_text(arena, kept, "image", config, "Image");
    keep_text(arena, kept, "image_id", reply, "Image");
    keep_text(arena, kept, "user", config, "User");
    keep_rights(arena, kept, host);
    keep_mounts(arena, kept, reply);
    keep_ports(arena, kept, settings);
    struct json *networks = json_set_array(arena, kept, "networks");
    for (const struct json *network = items(settings, "Networks", JSON_OBJECT); network != NULL && networks != NULL && networks->count < LIST_MAX_COUNT;
         network = network->next) {
        json_append(networks, json_string(arena, fact_text(arena, network->name, TEXT_MAX_BYTES)));
    }
    keep_labels(arena, kept, json_member(config, "Labels"));
    keep_environment(arena, kept, config, key);
    return json_member(kept, "environment") == NULL ? NULL : kept;
}

struct json *docker_pick_image(struct arena *arena, const struct json *reply, const uint8_t *key)
{
    struct json *kept = json_new(arena, JSON_OBJECT);
    const struct json *config = json_member(reply, "Config"), *layers = json_path(reply, "RootFS.Layers");
    keep_text(arena, kept, "id", reply, "Id");
    json_set_string(arena, kept, "read", slice_string(json_member(reply, "Size") == NULL ? "malformed" : "ok"));
    keep_list(arena, kept, "digests", reply, "RepoDigests");
    keep_list(arena, kept, "tags", reply, "RepoTags");
    keep_number(arena, kept, "size_bytes", reply, "Size");
    json_set_u64(arena, kept, "layers", layers != NULL && layers->type == JSON_ARRAY ? layers->count : 0);
    keep_text(arena, kept, "user", config, "User");
    keep_list(arena, kept, "entrypoint", config, "Entrypoint");
    keep_environment(arena, kept, config, key);
    return json_member(kept, "environment") == NULL ? NULL : kept;
}

struct json *docker_pick_network(struct arena *arena, const struct json *reply)
{
    struct json *kept = json_new(arena, JSON_OBJECT);
    keep_text(arena, kept, "id", reply, "Id");
    keep_text(arena, kept, "name", reply, "Name");
    keep_text(arena, kept, "driver", reply, "Driver");
    json_set_bool(arena, kept, "internal", json_bool(reply, "Internal", false));
    return json_set_bool(arena, kept, "ipv6", json_bool(reply, "EnableIPv6", false)) == NULL ? NULL : kept;
}

struct json *docker_pick_service(struct arena *arena, const struct json *reply)
{
    const struct json *spec = json_member(reply, "Spec");
    struct json *kept = json_new(arena, JSON_OBJECT);
    keep_text(arena, kept, "id", reply, "ID");
    keep_text(arena, kept, "name", spec, "Name");
    keep_text(arena, kept, "image", json_path(spec, "TaskTemplate.ContainerSpec"), "Image");
    struct json *ports = json_set_array(arena, kept, "ports");
    for (const struct json *port = items(json_member(reply, "Endpoint"), "Ports", JSON_ARRAY); port != NULL && ports != NULL && ports->count < LIST_MAX_COUNT;
         port = port->next) {
        struct json *one = json_append(ports, json_new(arena, JSON_OBJECT));
        keep_number(arena, one, "port", port, "PublishedPort");
        keep_number(arena, one, "inside", port, "TargetPort");
        keep_text(arena, one, "protocol", port, "Protocol");
        keep_text(arena, one, "mode", port, "PublishMode");
    }
    keep_labels(arena, kept, json_member(spec, "Labels"));
    return json_member(kept, "labels") == NULL ? NULL : kept;
}

void docker_pick_version(struct arena *arena, const struct json *version, const struct json *info, struct json *engine)
{
    keep_text(arena, engine, "version", version, "Version");
    keep_text(arena, engine, "api", version, "ApiVersion");
    keep_text(arena, engine, "os", info, "OperatingSystem");
    keep_list(arena, engine, "security", info, "SecurityOptions");
    keep_number(arena, engine, "containers_running", info, "ContainersRunning");
}
