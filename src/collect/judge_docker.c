/*
 * Kinds, of the host: engine.read. Of each running container ("container:HOST/name"): container.image-known, container.image-budget, container.not-root,
 * container.engine-socket, container.capabilities, container.no-secrets.
 * Options: image_megabytes (300), image_packages (150). Estate: {"containers":[{"name","digest"?,"megabytes"?,"packages"?,"plain"?:[variables that hold no secret]}]}, names as in the proposals.
 * What cannot be read of a container is an error of its kinds; an engine that is not there has no containers, which is good news.
 */
#include "collect/docker.h"
#include "collect/judge.h"

enum { VARIABLES_MAX = 512 /* as many as the collector keeps */, MEGABYTES_DEFAULT = 300, PACKAGES_DEFAULT = 150, BYTES_OF_MEGABYTE = 1000000 };

static const struct judge_kind kinds[] = {
    {"engine.read", "engine.container-unread"},      {"container.image-known", "container.image-unknown"}, {"container.image-budget", "container.image-large"},
    {"container.not-root", "container.root"},        {"container.engine-socket", "container.engine-held"}, {"container.capabilities", "container.privileged"},
    {"container.no-secrets", "container.secret"},
};
enum { KIND_ENGINE, KIND_KNOWN, KIND_BUDGET, KIND_ROOT, KIND_SOCKET, KIND_CAPABILITIES, KIND_SECRETS, KIND_COUNT };

/* With one of these, or all, a container can become root of its host (man 7 capabilities; the sets of Docker's and Podman's defaults have none). */
static const char *const strong_capabilities[] = {
    "ALL", "SYS_ADMIN", "SYS_MODULE", "SYS_PTRACE", "SYS_RAWIO", "SYS_BOOT", "SYS_TIME", "DAC_READ_SEARCH", "MAC_ADMIN", "MAC_OVERRIDE", "BPF", "PERFMON", "SYSLOG",
    "NET_ADMIN", "CHECKPOINT_RESTORE", "AUDIT_CONTROL",
};
/* Sockets of engines, and what holds one when it is mounted whole. */
static const char *const engine_sockets[] = {"docker.sock", "podman.sock", "containerd.sock", "crio.sock", "buildkitd.sock"};
static const char *const engine_places[] = {"/", "/run", "/var/run", "/var", "/run/podman", "/run/containerd", "/run/crio"};

struct place {
    struct judge_case *judge_case;
    const struct json *container, *image, *wish; /* the estate's row; NULL: none */
    struct slice subject;
};

static struct finding finding(const struct place *place, enum outcome outcome, const char *reason)
{
    struct finding found = judge_finding(place->judge_case, outcome, reason);
    judge_value(place->judge_case, found.values, "container", json_text(place->container, "name", SLICE_LITERAL("?")));
    judge_value(place->judge_case, found.values, "image", json_text(place->container, "image", SLICE_LITERAL("?")));
    return found;
}

/* -- the seven kinds ------------------------------------------------------------------------------------------------------ */

/* Engines name what was built or loaded here "localhost/…": its digest says nothing that anybody else could check. */
static const struct json *foreign_digest(const struct json *image)
{
    const struct json *digest = judge_items(image, "digests");
    while (digest != NULL && slice_starts(digest->text, SLICE_LITERAL("localhost/"))) {
        digest = digest->next;
    }
    return digest;
}

static struct finding judge_known(const struct place *place)
{
    const struct json *digest = foreign_digest(place->image);
    struct slice wanted = json_text(place->wish, "digest", SLICE_NONE), id = json_text(place->container, "image_id", SLICE_NONE);
    if (!judge_is(place->image, "read", "ok")) {
        return finding(place, OUTCOME_ERROR, "container.image-unread");
    }
    if (wanted.len == 0) {
        struct finding found = finding(place, digest != NULL ? OUTCOME_PASS : OUTCOME_FAIL, digest != NULL ? "container.image-by-digest" : "container.image-unknown");
        judge_value(place->judge_case, found.values, "digest", digest == NULL ? id : digest->text);
        return found;
    }
    bool same = slice_equal(wanted, id);
    for (const struct json *item = judge_items(place->image, "digests"); item != NULL && !same; item = item->next) {
        same = slice_ends(item->text, wanted) && item->text.len > wanted.len && item->text.data[item->text.len - wanted.len - 1] == '@';
    }
    struct finding found = finding(place, same ? OUTCOME_PASS : OUTCOME_FAIL, same ? "container.image-by-digest" : "container.image-other");
    judge_value(place->judge_case, found.values, "digest", same ? wanted : digest == NULL ? id : digest->text);
    judge_value(place->judge_case, found.values, "wanted", wanted);
    return found;
}

static int64_t limit_of(const struct place *place, const char *own, const char *option, int64_t fallback)
{
    int64_t limit = judge_number(place->judge_case->options, option, fallback);
    return judge_number(place->wish, own, limit);
}

static struct finding judge_budget(const struct place *place)
{
    const struct json *packages = json_member(place->image, "packages");
    int64_t megabytes = limit_of(place, "megabytes", "image_megabytes", MEGABYTES_DEFAULT), packages_max = limit_of(place, "packages", "image_packages", PACKAGES_DEFAULT);
    int64_t size = judge_number(place->image, "size_bytes", -1), count = judge_number(packages, "count", -1);
    bool large = size > megabytes * BYTES_OF_MEGABYTE, many = count > packages_max, unread = size < 0 || !judge_is(place->image, "read", "ok");
    const char *reason = unread ? "container.image-unread" : large ? "container.image-large" : many ? "container.image-packages" : count < 0 ? "container.packages-unread"
                         : "container.image-in-budget";
    enum outcome outcome = !unread && (large || many) ? OUTCOME_FAIL : unread || count < 0 ? OUTCOME_ERROR : OUTCOME_PASS;
    struct finding found = finding(place, outcome, reason);
    json_set_i64(place->judge_case->arena, found.values, "megabytes", size / BYTES_OF_MEGABYTE);
    json_set_i64(place->judge_case->arena, found.values, "packages", count);
    json_set_i64(place->judge_case->arena, found.values, "megabytes_max", megabytes);
    json_set_i64(place->judge_case->arena, found.values, "packages_max", packages_max);
    judge_value(place->judge_case, found.values, "from", json_text(packages, "from", SLICE_LITERAL("?")));
    return found;
}

/* "0", "root", "0:1000", "": the image's own user is in the container's configuration already. */
static bool is_root(struct slice user)
{
    struct slice name = SLICE_NONE;
    (void)slice_split(&user, ':', &name);
    bool zero = name.len > 0;
    for (size_t i = 0; i < name.len; i++) {
        zero = zero && name.data[i] == '0';
    }
    return name.len == 0 || zero || slice_is(name, "root");
}

static struct finding judge_root(const struct place *place)
{
    const struct json *user = json_member(place->container, "user");
    if (user == NULL || user->type != JSON_STRING) {
        return finding(place, OUTCOME_ERROR, "container.unread");
    }
    bool root = is_root(user->text);
    struct finding found = finding(place, root ? OUTCOME_FAIL : OUTCOME_PASS, root ? "container.root" : "container.unprivileged-user");
    judge_value(place->judge_case, found.values, "user", user->text.len == 0 ? SLICE_LITERAL("root") : user->text);
    return found;
}

static bool holds_engine(struct slice source)
{
    for (size_t i = 0; i < sizeof engine_sockets / sizeof engine_sockets[0]; i++) {
        if (slice_ends(source, slice_string(engine_sockets[i]))) {
            return true;
        }
    }
    while (source.len > 1 && source.data[source.len - 1] == '/') {
        source.len--;
    }
    for (size_t i = 0; i < sizeof engine_places / sizeof engine_places[0]; i++) {
        if (slice_is(source, engine_places[i])) {
            return true;
        }
    }
    return false;
}

static struct finding judge_socket(const struct place *place)
{
    const struct json *mounts = json_member(place->container, "mounts");
    if (mounts == NULL || mounts->type != JSON_ARRAY) {
        return finding(place, OUTCOME_ERROR, "container.unread");
    }
    for (const struct json *mount = mounts->first; mount != NULL; mount = mount->next) {
        struct slice source = json_text(mount, "source", SLICE_NONE);
        if (holds_engine(source) || holds_engine(json_text(mount, "destination", SLICE_LITERAL("?")))) {
            struct finding found = finding(place, OUTCOME_FAIL, "container.engine-held");
            judge_value(place->judge_case, found.values, "source", source);
            return found;
        }
    }
    return finding(place, OUTCOME_PASS, "container.no-engine");
}

static bool is_strong(struct slice capability)
{
    struct slice name = slice_starts(capability, SLICE_LITERAL("CAP_")) ? slice_from(capability, 4) : capability;
    for (size_t i = 0; i < sizeof strong_capabilities / sizeof strong_capabilities[0]; i++) {
        if (slice_is(name, strong_capabilities[i])) {
            return true;
        }
    }
    return false;
}

static struct finding judge_capabilities(const struct place *place)
{
    const struct json *added = json_member(place->container, "cap_add");
    if (added == NULL || added->type != JSON_ARRAY) {
        return finding(place, OUTCOME_ERROR, "container.unread");
    }
    if (json_bool(place->container, "privileged", true)) {
        return finding(place, OUTCOME_FAIL, "container.privileged");
    }
    for (const struct json *capability = added->first; capability != NULL; capability = capability->next) {
        if (is_strong(capability->text)) {
            struct finding found = finding(place, OUTCOME_FAIL, "container.strong-capability");
            judge_value(place->judge_case, found.values, "capability", capability->text);
            return found;
        }
    }
    if (judge_is(place->container, "pid_mode", "host")) {
        return finding(place, OUTCOME_FAIL, "container.host-processes");
    }
    return finding(place, OUTCOME_PASS, "container.few-capabilities");
}

static bool is_listed(const struct json *list, struct slice name)
{
    for (const struct json *one = list; one != NULL; one = one->next) {
        if (slice_equal(one->text, name)) {
            return true;
        }
    }
    return false;
}

/* The image came with this variable and this value: whoever has the image has it, and nobody put it here. */
static bool is_of_image(const struct place *place, const struct json *variable)
{
    struct slice name = json_text(variable, "name", SLICE_NONE), fingerprint = json_text(variable, "fingerprint", SLICE_NONE);
    for (const struct json *one = judge_items(place->image, "environment"); one != NULL && fingerprint.len > 0; one = one->next) {
        if (slice_equal(json_text(one, "name", SLICE_NONE), name) && slice_equal(json_text(one, "fingerprint", SLICE_NONE), fingerprint)) {
            return true;
        }
    }
    return false;
}

/* Checksums, versions and public keys of images look like secrets and are none; a name such as one of these says that it is one. */
static bool calls_itself_secret(struct slice name)
{
    static const char *const words[] = {"PASSWORD", "PASSWD", "SECRET", "TOKEN", "CREDENTIAL", "PRIVATE"};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (slice_find(name, slice_string(words[i])) != SIZE_MAX) {
            return true;
        }
    }
    return false;
}

/* What an engine was told lies in its files, and whoever may ask it reads it. */
static struct finding judge_secret_variables(const struct place *place)
{
    const struct json *variables = json_member(place->container, "environment"), *first = NULL;
    int64_t seen = 0, count = 0;
    if (variables == NULL || variables->type != JSON_ARRAY || variables->count >= VARIABLES_MAX) {
        return finding(place, OUTCOME_ERROR, "container.variables-unread");
    }
    for (const struct json *one = variables->first; one != NULL; one = one->next, seen++) {
        struct slice name = json_text(one, "name", SLICE_NONE);
        if (json_member(one, "worth") == NULL && !slice_is(name, "?")) {
            return finding(place, OUTCOME_ERROR, "container.variables-unread"); /* facts of an older agent */
        }
        bool counts = judge_is(one, "worth", "tells") && !is_listed(judge_items(place->wish, "plain"), name) && (!is_of_image(place, one) || calls_itself_secret(name));
        first = counts && first == NULL ? one : first;
        count += counts ? 1 : 0;
    }
    struct finding found = finding(place, count == 0 ? OUTCOME_PASS : OUTCOME_FAIL, count == 0 ? "container.no-secrets" : "container.secret");
    judge_value(place->judge_case, found.values, "variable", first == NULL ? SLICE_LITERAL("-") : json_text(first, "name", SLICE_NONE));
    json_set_i64(place->judge_case->arena, found.values, "count", count);
    json_set_i64(place->judge_case->arena, found.values, "variables", seen);
    return found;
}

/* -- all containers ------------------------------------------------------------------------------------------------------ */

static void report(const struct place *place, unsigned kind, struct finding found)
{
    struct judge_case *judge_case = place->judge_case;
    struct json *values = judge_observe_at(judge_case, kinds[kind].kind, place->subject, found.outcome, found.reason);
    for (const struct json *member = found.values == NULL ? NULL : found.values->first; member != NULL && values != NULL; member = member->next) {
        const char *name = arena_string(judge_case->arena, member->name);
        judge_case->full = judge_case->full || name == NULL || json_set(judge_case->arena, values, name, json_copy(judge_case->arena, member)) == NULL;
    }
}

static void judge_container(const struct place *place)
{
    static struct finding (*const judges[])(const struct place *place) = {
        [KIND_KNOWN] = judge_known,   [KIND_BUDGET] = judge_budget,             [KIND_ROOT] = judge_root,
        [KIND_SOCKET] = judge_socket, [KIND_CAPABILITIES] = judge_capabilities, [KIND_SECRETS] = judge_secret_variables,
    };
    for (unsigned kind = KIND_KNOWN; kind < KIND_COUNT; kind++) {
        bool read = judge_is(place->container, "read", "ok");
        struct finding found = read ? judges[kind](place) : finding(place, OUTCOME_ERROR, "container.unread");
        report(place, kind, found);
    }
}

static const struct json *by_member(const struct json *list, const char *member, struct slice wanted)
{
    for (const struct json *item = list; item != NULL && wanted.len > 0; item = item->next) {
        if (slice_equal(json_text(item, member, SLICE_NONE), wanted)) {
            return item;
        }
    }
    return NULL;
}

static struct slice host_of(const struct judge_case *judge_case)
{
    return json_text(judge_case->subject, "name", SLICE_LITERAL("this"));
}

static struct slice printed(struct judge_case *judge_case, const char *text)
{
    judge_case->full = judge_case->full || text == NULL;
    return slice_string(text);
}

static bool is_loopback(struct slice address)
{
    return slice_starts(address, SLICE_LITERAL("127.")) || slice_is(address, "::1");
}

static bool is_wildcard(struct slice address)
{
    return address.len == 0 || slice_is(address, "0.0.0.0") || slice_is(address, "::");
}

/* Named as judge_machine.c names what listens: where the engine's proxy does, both speak of one subject. */
static void propose_endpoint(struct judge_case *judge_case, struct slice address, int64_t port, struct slice where)
{
    struct slice host = host_of(judge_case), place = !is_wildcard(address) ? address : slice_is(host, "this") ? SLICE_LITERAL("localhost") : host;
    bool is_v6 = slice_find_byte(place, ':') != SIZE_MAX;
    struct slice name =
        printed(judge_case, arena_printf(judge_case->arena, is_v6 ? "[%.*s]:%lld" : "%.*s:%lld", (int)place.len, (const char *)place.data, (long long)port));
    for (const struct json *known = judge_case->proposals == NULL ? NULL : judge_case->proposals->first; known != NULL; known = known->next) {
        if (slice_equal(json_text(known, "name", SLICE_NONE), name)) {
            return; /* IPv4 and IPv6 of the same port, or several containers of one service */
        }
    }
    struct json *attributes = judge_propose(judge_case, "endpoint", name, where);
    json_set_string(judge_case->arena, attributes, "host", host);
}

static void propose(const struct place *place, struct slice name, struct slice where)
{
    struct json *attributes = judge_propose(place->judge_case, "container", name, where);
    struct slice project = json_text(json_member(place->container, "labels"), "com.docker.compose.project", SLICE_NONE);
    json_set_string(place->judge_case->arena, attributes, "host", host_of(place->judge_case));
    judge_value(place->judge_case, attributes, "image", json_text(place->container, "image", SLICE_NONE));
    judge_value(place->judge_case, attributes, "user", json_text(place->container, "user", SLICE_NONE));
    if (project.len > 0) {
        judge_value(place->judge_case, attributes, "project", project);
    }
    for (const struct json *port = judge_items(place->container, "ports"); port != NULL; port = port->next) {
        int64_t number = judge_number(port, "port", 0);
        struct slice address = json_text(port, "address", SLICE_NONE);
        if (number > 0 && number <= UINT16_MAX && !is_loopback(address) && slice_ends(json_text(port, "inside", SLICE_NONE), SLICE_LITERAL("/tcp"))) {
            propose_endpoint(place->judge_case, address, number, where);
        }
    }
}

/* Whether an earlier engine showed it already: Podman answers under Docker's name too where podman-docker is installed. */
static bool is_repeated(const struct json *engines, const struct json *engine, struct slice id)
{
    for (const struct json *earlier = engines; earlier != NULL && earlier != engine; earlier = earlier->next) {
        if (by_member(judge_items(earlier, "containers"), "id", id) != NULL) {
            return true;
        }
    }
    return false;
}

struct counted {
    uint64_t engines, containers, unread;
    struct slice unread_name, result;   /* of a container; of an engine, or the list that was cut. "-": none */
};

static void judge_named(struct judge_case *judge_case, const struct json *engine, const struct json *container, struct counted *counted)
{
    struct arena *arena = judge_case->arena;
    struct slice host = host_of(judge_case), own = json_text(container, "name", SLICE_LITERAL("?")), from = json_text(engine, "engine", SLICE_LITERAL("?"));
    struct slice name = printed(judge_case, arena_printf(arena, "%.*s/%.*s", (int)host.len, (const char *)host.data, (int)own.len, (const char *)own.data));
    struct slice where = printed(judge_case, arena_printf(arena, "%.*s/containers/%.*s", (int)from.len, (const char *)from.data, (int)own.len, (const char *)own.data));
    const struct json *wishes = judge_case->planted ? NULL : judge_items(judge_case->estate, "containers");
    const struct place place = {
        .judge_case = judge_case,
        .container = container,
        .image = by_member(judge_items(engine, "images"), "id", json_text(container, "image_id", SLICE_NONE)),
        .wish = by_member(wishes, "name", name),
        .subject = printed(judge_case, arena_printf(arena, "container:%.*s", (int)name.len, (const char *)name.data)),
    };
    counted->containers++;
    if (!judge_is(container, "read", "ok")) {
        counted->unread++;
        counted->unread_name = own;
        if (judge_case->planted) {
            return; /* the mute one is planted for engine.read alone */
        }
    }
    judge_container(&place);
    propose(&place, name, where);
}

static void propose_services(struct judge_case *judge_case, const struct json *engine)
{
    for (const struct json *service = judge_items(engine, "services"); service != NULL; service = service->next) {
        for (const struct json *port = judge_items(service, "ports"); port != NULL; port = port->next) {
            int64_t number = judge_number(port, "port", 0);
            if (number > 0 && number <= UINT16_MAX && judge_is(port, "protocol", "tcp")) {
                propose_endpoint(judge_case, SLICE_NONE, number, json_text(service, "name", SLICE_NONE));
            }
        }
    }
}

static void judge_engine(struct judge_case *judge_case, const struct json *engines, const struct json *engine, struct counted *counted)
{
    const struct json *cut = judge_items(engine, "cut");
    if (judge_is(engine, "read", "absent")) {
        return;
    }
    counted->engines++;
    if (!judge_is(engine, "read", "ok") || cut != NULL) {
        counted->result = cut != NULL ? cut->text : json_text(engine, "read", SLICE_LITERAL("?"));
    }
    for (const struct json *container = judge_items(engine, "containers"); container != NULL; container = container->next) {
        if (!is_repeated(engines, engine, json_text(container, "id", SLICE_NONE))) {
            judge_named(judge_case, engine, container, counted);
        }
    }
    propose_services(judge_case, engine);
}

static void judge_all(struct judge_case *judge_case)
{
    const struct json *engines = judge_items(judge_case->facts, "engines");
    struct counted counted = {.unread_name = SLICE_LITERAL("-"), .result = SLICE_LITERAL("-")};
    if (engines == NULL) {
        return;
    }
    for (const struct json *engine = engines; engine != NULL; engine = engine->next) {
        judge_engine(judge_case, engines, engine, &counted);
    }
    bool cut = !slice_is(counted.result, "-");
    enum outcome outcome = counted.unread > 0 ? OUTCOME_FAIL : cut ? OUTCOME_ERROR : OUTCOME_PASS;
    const char *reason = counted.unread > 0 ? "engine.container-unread" : cut ? "engine.unread" : counted.engines == 0 ? "engine.none" : "engine.whole";
    struct json *values = judge_observe(judge_case, kinds[KIND_ENGINE].kind, outcome, reason);
    json_set_u64(judge_case->arena, values, "containers", counted.containers);
    json_set_u64(judge_case->arena, values, "unread", counted.unread);
    judge_value(judge_case, values, "container", counted.unread_name);
    judge_value(judge_case, values, "result", counted.result);
    judge_case->whole = outcome == OUTCOME_PASS;
}

enum err judge_docker(struct arena *arena, const struct json *input, struct slice raw, struct work_reply *reply)
{
    static const struct judge judge = {kinds, KIND_COUNT, judge_all};
    (void)raw;
    return judge_run(arena, input, &judge, reply);
}
