/* How each probe is asked: what its collector and its judge are given for a subject. A probe is added by a row of the table at the end. */
#include "measure/observe_inside.h"

#include "base/encode.h"
#include "crypto/crypto.h"
#include "engine/vault.h"
#include "measure/edit.h"
#include "measure/estate.h"
#include "measure/exposure_task.h"
#include "measure/segmentation_task.h"

enum { CERTIFICATE_MAX_BYTES = 65536 };

static struct slice text_of(const struct run *run, const char *name)
{
    return json_text(json_member(run->subject, "attributes"), name, SLICE_NONE);
}

static void copy_attributes(struct turn *turn, struct json *to, const struct run *run, const char *const *names)
{
    for (; *names != NULL; names++) {
        edit_carry(turn->arena, to, json_member(run->subject, "attributes"), *names);
    }
}

/* Vogt's own certificate is signed by itself: pinned, it is judged by what it is. */
static enum err pin_own(struct turn *turn, struct json *options)
{
    struct slice pem, line;
    enum err err = vault_identity(turn->around->vault, turn, "localhost", &pem);
    cleanup_buf struct buf text = BUF_INIT(CERTIFICATE_MAX_BYTES), der = BUF_INIT(CERTIFICATE_MAX_BYTES), hex = BUF_INIT(2 * SHA256_BYTES);
    while (err == ERR_NONE && slice_split(&pem, '\n', &line)) {
        if (slice_starts(line, SLICE_LITERAL("-----END"))) {
            break;
        }
        err = slice_starts(line, SLICE_LITERAL("-----")) ? ERR_NONE : buf_append(&text, slice_trim(line));
    }
    uint8_t digest[SHA256_BYTES];
    err = err == ERR_NONE ? base64_decode(&der, buf_slice(&text)) : err;
    if (err != ERR_NONE) {
        return err;
    }
    sha256(buf_slice(&der), digest);
    err = hex_encode(&hex, slice_of(digest, sizeof digest));
    json_set_string(turn->arena, options, "trust", SLICE_LITERAL("pinned"));
    json_append(json_set_array(turn->arena, options, "pins"), json_string(turn->arena, buf_slice(&hex)));
    return err;
}

const struct json *observe_strictest(const struct world *world, const char *measure, const char *name)
{
    const struct json *found = NULL;
    for (const struct json *clause = edit_items(world->annex, "clauses"); clause != NULL; clause = clause->next) {
        for (const struct json *promise = edit_items(clause, "promises"); promise != NULL; promise = promise->next) {
            const struct json *value = slice_is(json_text(promise, "measure", SLICE_NONE), measure) ? verdict_value(world, clause, promise, name) : NULL;
            bool longer = value != NULL && found != NULL && value->text.len > found->text.len;
            if (value != NULL && (found == NULL || longer || (value->text.len == found->text.len && slice_compare(value->text, found->text) > 0))) {
                found = value;
            }
        }
    }
    return found;
}

/* Where the port begins in "name:443", "192.0.2.1:443", "[2001:db8::1]:443"; 0: there is none, as in "2001:db8::1". */
static size_t port_at(struct slice name)
{
    size_t colon = slice_find_byte(name, ':'), bracket = slice_find_byte(name, ']');
    if (bracket != SIZE_MAX) {
        return bracket + 1 < name.len && name.data[bracket + 1] == ':' ? bracket + 2 : 0;
    }
    return colon == SIZE_MAX || slice_find_byte(slice_from(name, colon + 1), ':') != SIZE_MAX ? 0 : colon + 1;
}

static enum err prepare_tls(struct turn *turn, const struct world *world, struct run *run)
{
    static const char *const judged[] = {"trust", "pins", "hsts_seconds", "days_left", "families", "minimum", NULL}, *const asked[] = {"protocol", "server_name", "address", NULL};
    struct slice name = json_text(run->subject, "name", SLICE_NONE);
    size_t at = port_at(name);
    uint64_t port = 443;
    bool has_port = at > 0 && slice_to_u64(slice_from(name, at), &port) == ERR_NONE;
    json_set_string(turn->arena, run->input, "host", has_port ? slice_first(name, at - 1) : name);
    json_set_u64(turn->arena, run->input, "port", port);
    copy_attributes(turn, run->input, run, asked);
    if (port == 443) { /* where http leads, is seen from the same place */
        json_append(json_set_array(turn->arena, run->input, "ports"), json_number_u64(turn->arena, 80));
        json_set_u64(turn->arena, run->input, "clear_port", 80);
    }
    copy_attributes(turn, run->options, run, judged);
    const struct json *version = observe_strictest(world, "crypto.transit", "version");
    if (json_member(run->options, "minimum") == NULL && version != NULL) {
        json_set_string(turn->arena, run->options, "minimum", version->text);
    }
    bool own = json_bool(json_member(run->subject, "attributes"), "own", false);
    return own && json_member(run->options, "trust") == NULL ? pin_own(turn, run->options) : ERR_NONE;
}

static enum err prepare_host(struct turn *turn, const struct world *world, struct run *run)
{
    (void)world;
    return json_set(turn->arena, run->estate, "ports", estate_ports(turn->arena, run->subject)) == NULL ? ERR_MEMORY : ERR_NONE;
}

static enum err prepare_volume(struct turn *turn, const struct world *world, struct run *run)
{
    static const char *const judged[] = {"cipher_bits", NULL};
    struct slice path = text_of(run, "path");
    const struct json *bits = observe_strictest(world, "crypto.rest", "bits");
    json_set_string(turn->arena, run->input, "path", path.len > 0 ? path : json_text(run->subject, "name", SLICE_NONE));
    copy_attributes(turn, run->options, run, judged);
    uint64_t number = 0;
    if (json_member(run->options, "cipher_bits") == NULL && bits != NULL && slice_to_u64(bits->text, &number) == ERR_NONE) {
        json_set_u64(turn->arena, run->options, "cipher_bits", number);
    }
    return ERR_NONE;
}

/* Budgets of images: the host's own, and those of single containers. */
static enum err prepare_docker(struct turn *turn, const struct world *world, struct run *run)
{
    static const char *const judged[] = {"image_megabytes", "image_packages", NULL}, *const own[] = {"digest", "megabytes", "packages", "plain"};
    struct json *subjects = NULL, *containers = json_set_array(turn->arena, run->estate, "containers");
    enum err err = standing_subjects(turn, &subjects);
    (void)world;
    copy_attributes(turn, run->options, run, judged);
    for (const struct json *subject = err == ERR_NONE ? subjects->first : NULL; subject != NULL; subject = subject->next) {
        if (!slice_is(json_text(subject, "kind", SLICE_NONE), "container") ||
            !slice_equal(json_text(json_member(subject, "attributes"), "host", SLICE_NONE), json_text(run->subject, "name", SLICE_NONE))) {
            continue;
        }
        struct json *one = json_append(containers, json_new(turn->arena, JSON_OBJECT));
        json_set_string(turn->arena, one, "name", json_text(subject, "name", SLICE_NONE));
        for (size_t i = 0; i < sizeof own / sizeof own[0]; i++) {
            edit_carry(turn->arena, one, json_member(subject, "attributes"), own[i]);
        }
    }
    err = err == ERR_NONE ? secrets_key(turn, run->input) : err;
    return err == ERR_NONE && containers == NULL ? ERR_MEMORY : err;
}

static enum err prepare_self(struct turn *turn, const struct world *world, struct run *run)
{
    const struct json *days = slice_is(run->watch.probe, "privilege") ? observe_strictest(world, "access.least-privilege", "days") : NULL;
    uint64_t number = 0;
    if (days != NULL && slice_to_u64(days->text, &number) == ERR_NONE) {
        json_set_u64(turn->arena, run->options, "days", number);
    }
    return ERR_NONE;
}

/* The host's own name stands before what is found there, but for the machine that Vogt runs on. */
static enum err prepare_machine(struct turn *turn, const struct world *world, struct run *run)
{
    (void)world;
    return json_set_string(turn->arena, run->options, "host", json_text(run->subject, "name", SLICE_NONE)) == NULL ? ERR_MEMORY : ERR_NONE;
}

/* What the estate says of hosts (a cloud's firewalls are held against their ports) and of all that a provider's invoice may bill. */
static enum err put_population(struct turn *turn, struct json *estate)
{
    static const char *const told[] = {"provider_id", "addresses"};
    struct json *subjects = NULL, *hosts = json_set_array(turn->arena, estate, "hosts"), *billed = json_set_array(turn->arena, estate, "subjects");
    enum err err = standing_subjects(turn, &subjects);
    for (const struct json *subject = err == ERR_NONE ? subjects->first : NULL; subject != NULL; subject = subject->next) {
        struct slice kind = json_text(subject, "kind", SLICE_NONE);
        bool host = slice_is(kind, "host");
        if (!host && !slice_is(kind, "volume") && !slice_is(kind, "endpoint")) {
            continue;
        }
        struct json *one = json_append(billed, json_new(turn->arena, JSON_OBJECT));
        edit_carry(turn->arena, one, subject, "kind");
        edit_carry(turn->arena, one, subject, "name");
        for (size_t i = 0; i < sizeof told / sizeof told[0]; i++) {
            edit_carry(turn->arena, one, json_member(subject, "attributes"), told[i]);
        }
        struct json *row = host ? json_append(hosts, json_new(turn->arena, JSON_OBJECT)) : NULL;
        json_set(turn->arena, row, "ports", host ? estate_ports(turn->arena, subject) : NULL);
        json_set(turn->arena, row, "name", host ? json_string(turn->arena, json_text(subject, "name", SLICE_NONE)) : NULL);
    }
    return err == ERR_NONE && billed == NULL ? ERR_MEMORY : err;
}

/* The options without the texts that a person put there: they are facts already. */
static struct json *options_of(struct turn *turn, const struct json *options)
{
    struct json *kept = json_new(turn->arena, JSON_OBJECT);
    for (const struct json *member = options == NULL ? NULL : options->first; member != NULL && kept != NULL; member = member->next) {
        const char *name = arena_string(turn->arena, member->name);
        if (name == NULL || (!slice_is(member->name, "text") && json_set(turn->arena, kept, name, json_copy(turn->arena, member)) == NULL)) {
            return NULL;
        }
    }
    return kept;
}

/* A source's row holds its address and credential; the credential goes to the one task that needs it, and into no record. */
static enum err prepare_source(struct turn *turn, const struct world *world, struct run *run)
{
    static const char *const carried[] = {"kind", "address", "port", "ports", "credential", "options"};
    const struct json *row = NULL, *days = observe_strictest(world, "access.least-privilege", "days");
    struct slice name = json_text(run->subject, "name", SLICE_NONE);
    enum err err = turn_json(turn, standing_key(turn, "source", name), &row);
    for (size_t i = 0; err == ERR_NONE && i < sizeof carried / sizeof carried[0]; i++) {
        edit_carry(turn->arena, run->input, row, carried[i]);
    }
    if (err == ERR_NONE && json_member(row, "options") != NULL) {
        run->options = options_of(turn, json_member(row, "options"));
    }
    uint64_t number = 0;
    if (err == ERR_NONE && days != NULL && json_member(run->options, "days") == NULL && slice_to_u64(days->text, &number) == ERR_NONE) {
        json_set_u64(turn->arena, run->options, "days", number);
    }
    err = err == ERR_NONE ? put_population(turn, run->estate) : err;
    return err == ERR_NONE && run->options == NULL ? ERR_MEMORY : err;
}

/* The smallest number of days that a sentence of the annex promises; else the catalogue's own. */
static uint64_t fewest_days(const struct world *world, const char *measure)
{
    uint64_t fewest = 0, number = 0;
    for (const struct json *clause = edit_items(world->annex, "clauses"); clause != NULL; clause = clause->next) {
        for (const struct json *promise = edit_items(clause, "promises"); promise != NULL; promise = promise->next) {
            const struct json *value = slice_is(json_text(promise, "measure", SLICE_NONE), measure) ? verdict_value(world, clause, promise, "days") : NULL;
            bool is_number = value != NULL && slice_to_u64(value->text, &number) == ERR_NONE && number > 0;
            fewest = is_number && (fewest == 0 || number < fewest) ? number : fewest;
        }
    }
    return fewest;
}

/* The values go to the one task that tries them, and into no record. */
static enum err prepare_rotation(struct turn *turn, const struct world *world, struct run *run)
{
    static const char *const carried[] = {"target", "port", "user", "authorities_pem", "current", "old", "rotated_at_ms"};
    const struct json *row = NULL;
    enum err err = turn_json(turn, standing_key(turn, "rotation", json_text(run->subject, "name", SLICE_NONE)), &row);
    for (size_t i = 0; err == ERR_NONE && i < sizeof carried / sizeof carried[0]; i++) {
        edit_carry(turn->arena, run->input, row, carried[i]);
    }
    uint64_t days = fewest_days(world, "secrets.vault");
    if (err == ERR_NONE && days > 0) {
        json_set_u64(turn->arena, run->options, "days", days);
    }
    return err;
}

static enum err prepare_ports(struct turn *turn, const struct world *world, struct run *run)
{
    (void)world;
    enum err err = exposure_task(turn, run->subject, run->input);
    return err == ERR_NONE ? exposure_estate(turn, run->subject, run->estate) : err;
}

static enum err prepare_exposure(struct turn *turn, const struct world *world, struct run *run)
{
    (void)world;
    return exposure_estate(turn, run->subject, run->estate);
}

static enum err prepare_connect(struct turn *turn, const struct world *world, struct run *run)
{
    (void)world;
    enum err err = segmentation_task(turn, run->subject, run->input);
    return err == ERR_NONE ? segmentation_options(turn, run->subject, run->options) : err;
}

static enum err prepare_secrets(struct turn *turn, const struct world *world, struct run *run)
{
    (void)world;
    return secrets_task(turn, run->subject, run->input);
}

static enum err prepare_disjoint(struct turn *turn, const struct world *world, struct run *run)
{
    (void)world;
    return segmentation_options(turn, run->subject, run->options);
}

static const struct method methods[] = {
    {"tls", ROLE_REACH, "collect.tls", prepare_tls, FROM_ANYWHERE},      {"firewall", ROLE_LOOK, "collect.nft", prepare_host, FROM_THE_HOST},
    {"sockets", ROLE_LOOK, "collect.sockets", prepare_host, FROM_THE_HOST}, {"volume", ROLE_LOOK, "collect.volumes", prepare_volume, FROM_THE_HOST},
    {"outside", ROLE_REACH, "collect.tls", prepare_tls, FROM_A_VANTAGE},
    {"docker", ROLE_LOOK, "collect.docker", prepare_docker, FROM_THE_HOST},
    {"keys", ROLE_KEEP, NULL, prepare_self, FROM_THE_HOST},              {"seal", ROLE_KEEP, NULL, prepare_self, FROM_THE_HOST},               {"ledger", ROLE_KEEP, NULL, prepare_self, FROM_THE_HOST},
    {"privilege", ROLE_KEEP, NULL, prepare_self, FROM_THE_HOST},          {"machine", ROLE_LOOK, "collect.host", prepare_machine, FROM_THE_HOST},
    {"ports", ROLE_REACH, "collect.ports", prepare_ports, FROM_A_VANTAGE}, {"exposure", ROLE_KEEP, NULL, prepare_exposure, FROM_ANYWHERE, NULL, true},
    {"connect", ROLE_REACH, "collect.connect", prepare_connect, FROM_THE_HOST, segmentation_applies},
    {"secrets", ROLE_LOOK, "collect.secrets", prepare_secrets, FROM_THE_HOST, secrets_apply},
    {"disjoint", ROLE_KEEP, NULL, prepare_disjoint, FROM_ANYWHERE, segmentation_applies, true},
    {"source", ROLE_REACH, "collect.source", prepare_source, FROM_ANYWHERE},
    {"rotation", ROLE_REACH, "collect.rotation", prepare_rotation, FROM_ANYWHERE},
};

const struct method *method_at(size_t index)
{
    return index < sizeof methods / sizeof methods[0] ? &methods[index] : NULL;
}

const struct method *method_of(struct slice probe)
{
    for (size_t i = 0; i < sizeof methods / sizeof methods[0]; i++) {
        if (slice_is(probe, methods[i].probe)) {
            return &methods[i];
        }
    }
    return NULL;
}
