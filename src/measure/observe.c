#include "measure/observe.h"

#include "base/encode.h"
#include "collect/self.h"
#include "crypto/crypto.h"
#include "engine/vault.h"
#include "measure/edit.h"
#include "measure/estate.h"
#include "measure/self_facts.h"

#include <string.h>

enum { CERTIFICATE_MAX_BYTES = 65536, DETAIL_MAX_BYTES = 400 };

/* Everything about one run that is computed before and between its pieces of work. */
struct run {
    struct watch watch;
    const struct json *subject;
    struct json *input, *options, *estate;      /* of the collector; of the judge */
    const struct json *facts, *planted, *vantage, *judged;
    int64_t collected_at_ms;
    enum err err;                               /* of a collector that refused */
    struct complaint complaint;
};

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

/* The strictest value that a promise of the annex asks for; NULL: none does. */
static const struct json *strictest(const struct world *world, const char *measure, const char *name)
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

static enum err prepare_tls(struct turn *turn, const struct world *world, struct run *run)
{
    static const char *const judged[] = {"trust", "pins", "hsts_seconds", "days_left", "families", "minimum", NULL}, *const asked[] = {"protocol", "server_name", "address", NULL};
    struct slice name = json_text(run->subject, "name", SLICE_NONE);
    size_t colon = name.len;
    while (colon > 0 && name.data[colon - 1] != ':') {
        colon--;
    }
    uint64_t port = 443;
    bool has_port = colon > 0 && slice_to_u64(slice_from(name, colon), &port) == ERR_NONE;
    json_set_string(turn->arena, run->input, "host", has_port ? slice_first(name, colon - 1) : name);
    json_set_u64(turn->arena, run->input, "port", port);
    copy_attributes(turn, run->input, run, asked);
    copy_attributes(turn, run->options, run, judged);
    const struct json *version = strictest(world, "crypto.transit", "version");
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
    const struct json *bits = strictest(world, "crypto.rest", "bits");
    json_set_string(turn->arena, run->input, "path", path.len > 0 ? path : json_text(run->subject, "name", SLICE_NONE));
    copy_attributes(turn, run->options, run, judged);
    uint64_t number = 0;
    if (json_member(run->options, "cipher_bits") == NULL && bits != NULL && slice_to_u64(bits->text, &number) == ERR_NONE) {
        json_set_u64(turn->arena, run->options, "cipher_bits", number);
    }
    return ERR_NONE;
}

static enum err prepare_self(struct turn *turn, const struct world *world, struct run *run)
{
    const struct json *days = slice_is(run->watch.probe, "privilege") ? strictest(world, "access.least-privilege", "days") : NULL;
    uint64_t number = 0;
    if (days != NULL && slice_to_u64(days->text, &number) == ERR_NONE) {
        json_set_u64(turn->arena, run->options, "days", number);
    }
    return ERR_NONE;
}

static const struct method {
    const char *probe;
    enum role role;                             /* ROLE_KEEP: keep's own facts */
    const char *collector;
    enum err (*prepare)(struct turn *turn, const struct world *world, struct run *run);
    bool here_only;                             /* look sees this machine alone */
} methods[] = {
    {"tls", ROLE_REACH, "collect.tls", prepare_tls, false},      {"firewall", ROLE_LOOK, "collect.nft", prepare_host, true},
    {"sockets", ROLE_LOOK, "collect.sockets", prepare_host, true}, {"volume", ROLE_LOOK, "collect.volumes", prepare_volume, true},
    {"seal", ROLE_KEEP, NULL, prepare_self, true},               {"ledger", ROLE_KEEP, NULL, prepare_self, true},
    {"privilege", ROLE_KEEP, NULL, prepare_self, true},
};

static const struct method *method_of(struct slice probe)
{
    for (size_t i = 0; i < sizeof methods / sizeof methods[0]; i++) {
        if (slice_is(probe, methods[i].probe)) {
            return &methods[i];
        }
    }
    return NULL;
}

/* The machine that Vogt runs on is the host "this"; what belongs to another host needs an agent there. */
static bool is_here(const struct json *subject)
{
    struct slice host = json_text(json_member(subject, "attributes"), "host", SLICE_LITERAL("this"));
    return slice_is(json_text(subject, "kind", SLICE_NONE), "host") ? slice_is(json_text(subject, "name", SLICE_NONE), "this") : slice_is(host, "this");
}

/* Vogt connects to nothing that a person has not named: a port that was only discovered blocks green unprobed. */
static bool may_be_reached(const struct json *subject)
{
    return !slice_is(json_text(subject, "kind", SLICE_NONE), "endpoint") || json_bool(subject, "confirmed", false);
}

enum err observe_plan(struct turn *turn, const struct world *world, struct watch **ret_watches, size_t *ret_count)
{
    const struct json *subjects = world->subjects;
    size_t most = (subjects == NULL ? 0 : subjects->count) * (sizeof methods / sizeof methods[0]) + 1, count = 0;
    struct watch *watches = arena_alloc_array(turn->arena, most, sizeof *watches);
    for (const struct json *subject = watches == NULL || subjects == NULL ? NULL : subjects->first; subject != NULL; subject = subject->next) {
        for (size_t i = 0; i < sizeof methods / sizeof methods[0]; i++) {
            const struct probe *probe = catalogue_probe(slice_string(methods[i].probe));
            if (probe != NULL && slice_is(json_text(subject, "kind", SLICE_NONE), probe->subject) && (!methods[i].here_only || is_here(subject)) &&
                may_be_reached(subject)) {
                watches[count++] = (struct watch){slice_string(methods[i].probe), json_text(subject, "id", SLICE_NONE)};
            }
        }
    }
    *ret_watches = watches;
    *ret_count = count;
    return watches == NULL ? ERR_MEMORY : ERR_NONE;
}

/* The longest a probe may wait: half of the shortest age that a promise allows what it observes. */
static int64_t every_ms(struct slice probe)
{
    uint64_t shortest_s = 24 * 3600;
    const struct probe *entry = catalogue_probe(probe);
    for (const struct promise *promise = entry == NULL ? NULL : catalogue_probe_promise(entry, NULL); promise != NULL; promise = catalogue_probe_promise(entry, promise)) {
        for (size_t i = 0; i < promise->observation_count; i++) {
            const struct observation_rule *rule = &promise->observations[i];
            if (rule->probe != NULL && slice_is(probe, rule->probe) && rule->max_age_s < shortest_s) {
                shortest_s = rule->max_age_s;
            }
        }
    }
    return (int64_t)shortest_s * 500;
}

/* ---- collecting ---- */

static enum err collect(struct turn *turn, const struct world *world, struct run *run)
{
    const struct method *method = method_of(run->watch.probe);
    run->subject = estate_subject(world->subjects, run->watch.subject);
    run->input = json_new(turn->arena, JSON_OBJECT);
    run->options = json_new(turn->arena, JSON_OBJECT);
    run->estate = json_new(turn->arena, JSON_OBJECT);
    enum err err = method == NULL || run->subject == NULL ? ERR_NOT_FOUND : method->prepare(turn, world, run);
    if (err != ERR_NONE) {
        return err;
    }
    if (method->role == ROLE_KEEP) {
        struct json *facts = NULL;
        err = self_facts(turn, run->watch.probe, &facts);
        run->facts = facts;
        run->planted = err == ERR_NONE ? self_planted(turn->arena, method->probe, facts) : NULL;
        run->collected_at_ms = turn->now_ms;
        run->vantage = json_string(turn->arena, SLICE_LITERAL("keep"));
        return err;
    }
    const struct json *output = NULL;
    err = turn_work(turn, method->role, method->collector, run->input, SLICE_NONE, &output, NULL, &run->collected_at_ms);
    if (err == ERR_NONE) {
        run->facts = json_member(output, "facts");
        run->planted = json_path(output, "plant.facts");
        run->vantage = json_member(output, "vantage");
    }
    return err;
}

static enum err judge(struct turn *turn, struct run *run)
{
    struct json *input = json_new(turn->arena, JSON_OBJECT), *plant = NULL;
    json_set(turn->arena, input, "subject", json_copy(turn->arena, run->subject));
    json_set(turn->arena, input, "facts", run->facts == NULL ? json_new(turn->arena, JSON_NULL) : json_copy(turn->arena, run->facts));
    plant = json_set_object(turn->arena, input, "plant");
    if (run->planted != NULL) {
        json_set(turn->arena, plant, "facts", json_copy(turn->arena, run->planted));
    }
    json_set(turn->arena, input, "options", json_copy(turn->arena, run->options));
    json_set(turn->arena, input, "estate", json_copy(turn->arena, run->estate));
    if (json_set_i64(turn->arena, input, "collected_at_ms", run->collected_at_ms) == NULL) {
        return ERR_MEMORY;
    }
    char *work = standing_key(turn, "judge", run->watch.probe);
    if (work == NULL) {
        return ERR_MEMORY;
    }
    work[sizeof "judge" - 1] = '.';
    return turn_work(turn, ROLE_JUDGE, work, input, SLICE_NONE, &run->judged, NULL, NULL);
}

/* A collector or judge that gave nothing is an observation too: an error of every kind that the probe makes, with the reason. */
static const struct json *refused(struct turn *turn, const struct run *run)
{
    struct json *judged = json_new(turn->arena, JSON_OBJECT), *observations = json_set_array(turn->arena, judged, "observations");
    const struct probe *probe = catalogue_probe(run->watch.probe);
    char detail[DETAIL_MAX_BYTES];
    if (run->complaint.text.english != NULL) {
        complaint_format(&run->complaint, LANGUAGE_ENGLISH, detail, sizeof detail);
    }
    struct slice why = slice_string(run->complaint.text.english != NULL ? detail : err_text(run->err, LANGUAGE_ENGLISH));
    for (size_t i = 0; i < probe->observation_count; i++) {
        struct json *one = json_append(observations, json_new(turn->arena, JSON_OBJECT));
        json_set_string(turn->arena, one, "kind", slice_string(probe->observations[i]));
        json_set_string(turn->arena, one, "outcome", SLICE_LITERAL("error"));
        json_set_string(turn->arena, one, "reason", SLICE_LITERAL("collector.refused"));
        json_set_string(turn->arena, json_set_object(turn->arena, one, "values"), "detail", why);
    }
    /* no plant was missed here: nothing was measured at all */
    json_set_bool(turn->arena, json_set_object(turn->arena, judged, "plant"), "caught", true);
    return judged;
}

/* Both pieces of work, one after the other. What the outside refuses is a result; only rows and memory stop the turn. */
static enum err advance(struct turn *turn, const struct world *world, struct run *run)
{
    enum err err = collect(turn, world, run);
    err = err == ERR_NONE ? judge(turn, run) : err;
    if (err == ERR_NONE || err == ERR_NEED || err == ERR_MEMORY || err == ERR_SEALED || err == ERR_FORGED || err == ERR_DAMAGED) {
        return err;
    }
    run->err = err;
    run->complaint = turn->complaint;
    turn->complaint = (struct complaint){0};
    run->judged = refused(turn, run);
    return ERR_NONE;
}

/* ---- recording ---- */

static struct json *payload_of(struct turn *turn, const struct run *run)
{
    struct arena *arena = turn->arena;
    struct json *body = json_new(arena, JSON_OBJECT);
    json_set_string(arena, body, "probe", run->watch.probe);
    json_set_string(arena, body, "subject", run->watch.subject);
    edit_carry(arena, body, run->judged, "observations");
    edit_carry(arena, body, run->judged, "plant");
    edit_carry(arena, body, run->judged, "not_covered");
    json_set(arena, body, "about", json_copy(arena, run->subject));
    json_set(arena, body, "options", json_copy(arena, run->options));
    json_set(arena, body, "estate", json_copy(arena, run->estate));
    json_set_i64(arena, body, "collected_at_ms", run->collected_at_ms);
    if (run->vantage != NULL) {
        json_set(arena, body, "vantage", json_copy(arena, run->vantage));
    }
    json_set_string(arena, body, "catalogue", slice_string(catalogue_version));
    if (run->facts != NULL) {
        json_set(arena, body, "facts", json_copy(arena, run->facts));
    }
    if (run->planted != NULL) {
        json_set(arena, body, "planted", json_copy(arena, run->planted));
    }
    return body;
}

static struct json *row_of(struct turn *turn, const struct json *payload, uint64_t index)
{
    static const char *const carried[] = {"probe", "subject", "observations", "plant"};
    struct json *row = json_new(turn->arena, JSON_OBJECT);
    for (size_t i = 0; i < sizeof carried / sizeof carried[0]; i++) {
        edit_carry(turn->arena, row, payload, carried[i]);
    }
    json_set_i64(turn->arena, row, "at_ms", turn->now_ms);
    return json_set_u64(turn->arena, row, "index", index) == NULL ? NULL : row;
}

static enum err put_rows(struct turn *turn, const struct run *run, const struct json *payload, uint64_t index)
{
    struct slice subject = run->watch.subject, probe = run->watch.probe;
    struct json *row = row_of(turn, payload, index);
    enum err all = ERR_NONE;
    for (const struct json *one = edit_items(payload, "observations"); one != NULL; one = one->next) {
        struct slice kind = json_text(one, "kind", SLICE_NONE);
        struct json *single = json_new(turn->arena, JSON_ARRAY);
        json_append(single, json_copy(turn->arena, one));
        char *path = turn_path(turn, "observation/latest/%.*s/%.*s", (int)kind.len, (const char *)kind.data, (int)subject.len, (const char *)subject.data);
        if (!standing_goes_on(&all, turn_put_json(turn, path, edit_with(turn->arena, row, "observations", single), 0))) {
            return all;
        }
    }
    char *history = turn_path(turn, "observation/of/%.*s/%016llx", (int)subject.len, (const char *)subject.data, (unsigned long long)index);
    char *schedule = turn_path(turn, "schedule/%.*s/%.*s", (int)probe.len, (const char *)probe.data, (int)subject.len, (const char *)subject.data);
    struct json *plan = json_new(turn->arena, JSON_OBJECT);
    json_set_string(turn->arena, plan, "probe", probe);
    json_set_string(turn->arena, plan, "subject", subject);
    json_set_i64(turn->arena, plan, "at_ms", turn->now_ms);
    json_set_u64(turn->arena, plan, "index", index);
    edit_carry(turn->arena, plan, payload, "not_covered");
    (void)(standing_goes_on(&all, turn_put_json(turn, history, row, 0)) && standing_goes_on(&all, turn_put_json(turn, schedule, plan, turn->now_ms + every_ms(probe))));
    return all;
}

static enum err record(struct turn *turn, struct world *world, const struct run *run, uint64_t *failed)
{
    struct json *payload = payload_of(turn, run);
    uint64_t index = 0;
    enum err err = standing_record(turn, world, "observation", payload, &index);
    for (const struct json *one = edit_items(payload, "observations"); err == ERR_NONE && one != NULL; one = one->next) {
        *failed += slice_is(json_text(one, "outcome", SLICE_NONE), "pass") ? 0 : 1;
    }
    return err == ERR_NONE ? put_rows(turn, run, payload, index) : err;
}

enum err observe_run(struct turn *turn, struct world *world, const struct watch *watches, size_t count, uint64_t *ret_observed, uint64_t *ret_failed)
{
    struct run *runs = arena_alloc_array(turn->arena, count + 1, sizeof *runs);
    enum err all = runs == NULL ? ERR_MEMORY : ERR_NONE;
    uint64_t failed = 0, observed = 0;
    for (size_t i = 0; i < count && (all == ERR_NONE || all == ERR_NEED); i++) {
        runs[i].watch = watches[i];
        (void)standing_goes_on(&all, advance(turn, world, &runs[i]));
    }
    if (all != ERR_NONE) {
        return all;
    }
    for (size_t i = 0; i < count && standing_goes_on(&all, record(turn, world, &runs[i], &failed)); i++) {
        const struct json *observations = json_member(runs[i].judged, "observations");
        observed += observations == NULL ? 0 : observations->count;
    }
    if (all == ERR_NONE || all == ERR_NEED) {
        (void)standing_goes_on(&all, standing_refresh(turn, world));
    }
    *ret_observed = observed;
    *ret_failed = failed;
    return all;
}

enum err observe_discover(struct turn *turn, struct world *world)
{
    const struct json *row = NULL, *output = NULL;
    bool written = false;
    struct json *subjects = NULL;
    enum err all = ERR_NONE;
    (void)(standing_goes_on(&all, standing_estate(turn, &row, &written)) &&
           standing_goes_on(&all, turn_work(turn, ROLE_LOOK, "collect.host", NULL, SLICE_NONE, &output, NULL, NULL)));
    if (all == ERR_NEED) {
        return all;
    }
    if (all != ERR_NONE) {
        /* without look there is nothing to discover; what the estate names is observed all the same */
        turn->complaint = (struct complaint){0};
        output = NULL;
    }
    const struct json *proposals = json_member(output, "proposals");
    proposals = proposals == NULL ? json_member(row, "proposals") : proposals;
    enum err err = row == NULL ? all : estate_merge(turn->arena, json_member(row, "estate"), proposals, &subjects);
    if (err != ERR_NONE || (world->subjects != NULL && json_equal(world->subjects, subjects))) {
        return err;
    }
    struct json *body = json_new(turn->arena, JSON_OBJECT);
    json_set(turn->arena, body, "subjects", json_copy(turn->arena, subjects));
    json_set_string(turn->arena, body, "by", SLICE_LITERAL("vogt"));
    const struct json *fresh = edit_with(turn->arena, edit_with(turn->arena, row, "subjects", subjects), "proposals", proposals == NULL ? json_new(turn->arena, JSON_ARRAY) : proposals);
    err = turn_put_json(turn, "estate/current", fresh, 0);
    return err == ERR_NONE ? standing_record(turn, world, "estate.changed", body, NULL) : err;
}
