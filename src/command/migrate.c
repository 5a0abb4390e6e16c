/* vogt migrate: from a Vault, an OpenBao or another Vogt into this one. */
#include "command/migrate.h"

#include "command/secret_prompt.h"
#include "command/show.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { ITEM_BYTES = 256 << 20, TOKEN_BYTES = 4096, TOO_MANY_STATUS = 429, PATIENCE_S = 60 };

/* ---- asking ---- */

static void use(struct migrate *migrate, enum migrate_side side)
{
    migrate->run->client = migrate->clients[side];
    migrate->run->arena = migrate->item;
}

static void release(struct migrate *migrate)
{
    migrate->run->arena = migrate->own;
}

/* One request; 404 gives OUTCOME_OK and NULL. A refusal's words go to migrate->words; a server that does not answer sets `stop`. */
static enum outcome ask(struct migrate *migrate, enum migrate_side side, const char *method, const char *path, const struct json *body, const struct json **ret_data)
{
    *ret_data = NULL;
    migrate->words = "";
    if (path == NULL || migrate->stop != OUTCOME_OK) {
        return migrate->stop != OUTCOME_OK ? migrate->stop : OUTCOME_FAILED;
    }
    unsigned status = 0;
    struct ask ask = {.method = method, .path = path, .body = body, .missing_is_fine = true, .ret_words = &migrate->words, .ret_status = &status};
    use(migrate, side);
    enum outcome outcome = client_data(migrate->run, &ask, ret_data);
    for (int i = 0; outcome == OUTCOME_FAILED && status == TOO_MANY_STATUS && i < PATIENCE_S; i++) {
        nanosleep(&(struct timespec){.tv_sec = 1}, NULL); /* a limit of requests a second: it is kept, not taken for an answer */
        outcome = client_data(migrate->run, &ask, ret_data);
    }
    release(migrate);
    if (outcome == OUTCOME_UNREACHABLE) {
        migrate->stop = run_fail(migrate->run, outcome,
                                 side == MIGRATE_SOURCE ? TEXT("the source does not answer any more; run this again to go on where it stopped", "die Quelle antwortet nicht mehr; derselbe Aufruf macht dort weiter, wo er aufhörte")
                                                        : TEXT("Vogt does not answer any more; run this again to go on where it stopped", "Vogt antwortet nicht mehr; derselbe Aufruf macht dort weiter, wo er aufhörte"),
                                 slice_string(migrate->words));
    }
    return outcome;
}

static struct text refused(enum migrate_side side)
{
    return side == MIGRATE_SOURCE ? TEXT("the source refuses to show it", "die Quelle zeigt es nicht") : TEXT("Vogt refuses it", "Vogt nimmt es nicht an");
}

bool migrate_read(struct migrate *migrate, enum migrate_side side, const char *path, const char *what, const struct json **ret_data)
{
    enum outcome outcome = ask(migrate, side, "GET", path, NULL, ret_data);
    if (outcome != OUTCOME_OK && migrate->stop == OUTCOME_OK) {
        migrate_leave(migrate, true, what, path, refused(side), migrate->words);
    }
    return outcome == OUTCOME_OK;
}

bool migrate_write(struct migrate *migrate, const char *method, const char *path, const struct json *body, const char *what, const char *shown)
{
    const struct json *data = NULL;
    enum outcome outcome = migrate->is_dry ? OUTCOME_OK : ask(migrate, MIGRATE_TARGET, method, path, body, &data);
    if (outcome != OUTCOME_OK && migrate->stop == OUTCOME_OK) {
        migrate_leave(migrate, true, what, shown, refused(MIGRATE_TARGET), migrate->words);
    }
    return outcome == OUTCOME_OK;
}

struct json *migrate_list(struct migrate *migrate, enum migrate_side side, const char *path, const char *what)
{
    const struct json *data = NULL;
    struct json *names = json_new(migrate->own, JSON_ARRAY);
    enum outcome outcome = ask(migrate, side, "LIST", path, NULL, &data);
    if (outcome != OUTCOME_OK && migrate->stop == OUTCOME_OK) {
        migrate_leave(migrate, true, what, path, refused(side), migrate->words);
    }
    const struct json *keys = json_member(data, "keys");
    for (const struct json *key = keys == NULL ? NULL : keys->first; key != NULL; key = key->next) {
        json_append(names, json_string(migrate->own, key->text));
    }
    migrate_next(migrate);
    return names;
}

void migrate_next(struct migrate *migrate)
{
    migrate->words = "";
    arena_reset(migrate->item);
}

/* ---- what comes of it ---- */

void migrate_leave(struct migrate *migrate, bool failed, const char *what, const char *path, struct text why, const char *detail)
{
    struct json *one = json_append(migrate->left, json_new(migrate->own, JSON_OBJECT));
    json_set_string(migrate->own, one, "what", slice_string(what));
    json_set_string(migrate->own, one, "path", slice_string(path));
    json_set_string(migrate->own, one, "english", slice_string(why.english));
    json_set_string(migrate->own, one, "german", slice_string(why.german));
    json_set_string(migrate->own, one, "detail", slice_string(detail));
    json_set_bool(migrate->own, one, "failed", failed);
    migrate->failed_count += failed ? 1 : 0;
}

void migrate_count(struct migrate *migrate, enum migrate_kind kind, bool was_there)
{
    size_t *counts = was_there ? migrate->there : migrate->moved;
    counts[kind]++;
}

const char *migrate_mount_name(struct migrate *migrate, const struct json *mount)
{
    char *name = arena_string(migrate->own, slice_ends(mount->name, SLICE_LITERAL("/")) ? slice_first(mount->name, mount->name.len - 1) : mount->name);
    return name == NULL ? NULL : path_segment(migrate->run, name);
}

struct json *migrate_members(struct migrate *migrate, const struct json *from, const char *names)
{
    struct json *picked = json_new(migrate->item, JSON_OBJECT);
    struct slice rest = slice_string(names), name;
    while (slice_split(&rest, ' ', &name)) {
        char *text = arena_string(migrate->item, name);
        const struct json *value = text == NULL ? NULL : json_member(from, text);
        if (value != NULL && value->type != JSON_NULL) {
            json_set(migrate->item, picked, text, json_copy(migrate->item, value));
        }
    }
    return picked;
}

static struct slice version_of(const struct json *mount)
{
    struct slice version = json_text(json_member(mount, "options"), "version", SLICE_NONE);
    return slice_is(json_text(mount, "type", SLICE_NONE), "kv") && version.len == 0 ? SLICE_LITERAL("1") : version;
}

static bool make_mount(struct migrate *migrate, bool is_login, const struct json *mount)
{
    struct json *body = migrate_members(migrate, mount, "type description");
    struct slice version = version_of(mount);
    if (version.len > 0) {
        json_set_string(migrate->item, json_set_object(migrate->item, body, "options"), "version", version);
    }
    json_set(migrate->item, body, "config", migrate_members(migrate, json_member(mount, "config"), "default_lease_ttl max_lease_ttl listing_visibility"));
    const char *name = migrate_mount_name(migrate, mount);
    const char *path = name == NULL ? NULL : arena_printf(migrate->item, "sys/%s/%s", is_login ? "auth" : "mounts", name);
    bool good = path != NULL && migrate_write(migrate, "POST", path, body, "mount", name);
    if (good) {
        migrate_count(migrate, MIGRATE_MOUNT, false);
    }
    return good;
}

/* Mounts at the target what is mounted at the source, unless it is there. False: it cannot be, which is noted. */
static bool mount_at_target(struct migrate *migrate, bool is_login, const struct json *mount)
{
    const struct json *all = is_login ? migrate->logins[MIGRATE_TARGET] : migrate->mounts[MIGRATE_TARGET];
    char *name = arena_string(migrate->own, mount->name);
    const struct json *there = name == NULL ? NULL : json_member(all, name);
    if (there == NULL) {
        return name != NULL && make_mount(migrate, is_login, mount);
    }
    bool is_same = slice_equal(json_text(there, "type", SLICE_NONE), json_text(mount, "type", SLICE_NONE)) && slice_equal(version_of(there), version_of(mount));
    if (is_same) {
        migrate_count(migrate, MIGRATE_MOUNT, true);
    } else {
        migrate_leave(migrate, true, "mount", name, TEXT("another engine, or another version of it, is mounted there", "dort ist eine andere Engine oder eine andere Version davon eingehängt"), "");
    }
    return is_same;
}

/* ---- all of it ---- */

static const struct {
    bool is_login;
    const char *type;
    void (*move)(struct migrate *migrate, const struct json *mount);
} movers[] = {{false, "kv", migrate_kv}, {false, "transit", migrate_transit}, {true, "approle", migrate_approle}, {true, "userpass", migrate_userpass}};

static bool is_own(const struct json *mount)
{
    static const char *const types[] = {"system", "identity", "cubbyhole", "token", "ns_system", "ns_identity", "ns_cubbyhole", "ns_token"};
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
        if (slice_is(json_text(mount, "type", SLICE_NONE), types[i])) {
            return true;
        }
    }
    return false;
}

static void move_mount(struct migrate *migrate, bool is_login, const struct json *mount)
{
    struct slice type = json_text(mount, "type", SLICE_NONE);
    for (size_t i = 0; i < sizeof movers / sizeof movers[0]; i++) {
        if (movers[i].is_login == is_login && slice_is(type, movers[i].type)) {
            if (mount_at_target(migrate, is_login, mount)) {
                movers[i].move(migrate, mount);
            }
            migrate_next(migrate);
            return;
        }
    }
    if (!is_own(mount)) {
        migrate_leave(migrate, false, is_login ? "auth" : "engine", arena_string(migrate->own, mount->name),
                      TEXT("engines of this type are not moved: set it up anew", "Engines dieser Art werden nicht übernommen: neu einrichten"), arena_string(migrate->own, type));
    }
}

static void move_mounts(struct migrate *migrate, bool is_login)
{
    const struct json *all = is_login ? migrate->logins[MIGRATE_SOURCE] : migrate->mounts[MIGRATE_SOURCE];
    for (const struct json *mount = all == NULL ? NULL : all->first; mount != NULL && migrate->stop == OUTCOME_OK; mount = mount->next) {
        if (mount->type == JSON_OBJECT) {
            move_mount(migrate, is_login, mount);
        }
    }
}

static enum outcome read_mounts(struct migrate *migrate, enum migrate_side side)
{
    static const char *const paths[] = {"sys/mounts", "sys/auth"};
    for (size_t i = 0; i < 2; i++) {
        const struct json *data = NULL;
        enum outcome outcome = ask(migrate, side, "GET", paths[i], NULL, &data);
        if (outcome != OUTCOME_OK) {
            return migrate->stop != OUTCOME_OK ? outcome
                                               : run_fail(migrate->run, outcome, side == MIGRATE_SOURCE ? TEXT("the source does not show what is mounted", "die Quelle zeigt nicht, was eingehängt ist")
                                                                                                        : TEXT("this token may not see what is mounted here", "dieses Token darf nicht sehen, was hier eingehängt ist"),
                                                          slice_string(arena_printf(migrate->own, "%s: %s", paths[i], migrate->words)));
        }
        const struct json **kept = i == 0 ? &migrate->mounts[side] : &migrate->logins[side];
        *kept = data == NULL ? NULL : json_copy(migrate->own, data);
        migrate_next(migrate);
    }
    return OUTCOME_OK;
}

static void move_all(struct migrate *migrate)
{
    migrate_policies(migrate);
    move_mounts(migrate, false);
    move_mounts(migrate, true);
    migrate_leave(migrate, false, "token", "-", TEXT("tokens, leases, secret ids, entities, groups and audit devices stay where they are: they are made anew here", "Tokens, Leases, secret_ids, Entities, Gruppen und Audit-Geräte bleiben, wo sie sind: Sie entstehen hier neu"), "");
}

/* ---- the report ---- */

static const struct {
    const char *name;
    struct text words;
} kinds[MIGRATE_KIND_COUNT] = {
    [MIGRATE_MOUNT] = {"mounts", {"mounts", "Mounts"}},       [MIGRATE_SECRET] = {"secrets", {"secrets", "Secrets"}}, [MIGRATE_VERSION] = {"versions", {"versions of secrets", "Versionen von Secrets"}},
    [MIGRATE_POLICY] = {"policies", {"policies", "Richtlinien"}}, [MIGRATE_ROLE] = {"roles", {"AppRole roles", "AppRole-Rollen"}}, [MIGRATE_USER] = {"users", {"users", "Benutzer"}},
    [MIGRATE_KEY] = {"keys", {"transit keys", "Transit-Schlüssel"}},
};

static struct json *report_tree(struct migrate *migrate)
{
    struct json *report = json_new(migrate->own, JSON_OBJECT), *moved = json_set_object(migrate->own, report, "moved"), *there = json_set_object(migrate->own, report, "there_already");
    for (size_t i = 0; i < MIGRATE_KIND_COUNT; i++) {
        json_set_u64(migrate->own, moved, kinds[i].name, migrate->moved[i]);
        json_set_u64(migrate->own, there, kinds[i].name, migrate->there[i]);
    }
    json_set(migrate->own, report, "left", migrate->left);
    json_set_bool(migrate->own, report, "dry_run", migrate->is_dry);
    return report;
}

static void show_report(struct migrate *migrate)
{
    struct run *run = migrate->run;
    show_heading(run, migrate->is_dry ? SAY(run, "Would be moved", "Würde übernommen") : SAY(run, "Moved", "Übernommen"));
    for (size_t i = 0; i < MIGRATE_KIND_COUNT; i++) {
        if (migrate->moved[i] + migrate->there[i] > 0) {
            const char *line = arena_printf(migrate->own, migrate->there[i] == 0 ? "%zu" : "%zu (%zu %s)", migrate->moved[i], migrate->there[i], SAY(run, "were there already", "waren schon da"));
            show_pair(run, run_text(run, kinds[i].words), slice_string(line));
        }
    }
    show_heading(run, SAY(run, "Not moved", "Nicht übernommen"));
    for (const struct json *one = migrate->left->first; one != NULL; one = one->next) {
        struct slice path = json_text(one, "path", SLICE_NONE), what = json_text(one, "what", SLICE_NONE), detail = json_text(one, "detail", SLICE_NONE), words = run_words(run, one);
        const char *line = arena_printf(migrate->own, "%.*s %.*s: %.*s%s%.*s", (int)what.len, (const char *)what.data, (int)path.len, (const char *)path.data, (int)words.len, (const char *)words.data,
                                        detail.len > 0 ? ": " : "", (int)detail.len, detail.len > 0 ? (const char *)detail.data : "");
        fputs("  - ", run->screen.out);
        screen_wrap(&run->screen, 4, 4, json_bool(one, "failed", false) ? COLOUR_RED : COLOUR_NONE, slice_string(line));
    }
}

static enum outcome finish(struct migrate *migrate)
{
    enum outcome outcome = migrate->stop != OUTCOME_OK ? migrate->stop : migrate->failed_count > 0 ? OUTCOME_FAILED : OUTCOME_OK;
    if (migrate->run->json) {
        enum outcome printed = run_print_json(report_tree(migrate));
        return outcome == OUTCOME_OK ? printed : outcome;
    }
    show_report(migrate);
    return outcome;
}

/* ---- the two clients ---- */

static enum outcome take_token(struct run *run, struct secret *ret_token)
{
    const char *path = run_option(run, OPTION_TOKEN), *given = getenv("VAULT_TOKEN");
    cleanup_buf struct buf text = BUF_INIT(TOKEN_BYTES + (1 << 17));
    if (path == NULL && (given == NULL || given[0] == '\0')) {
        return prompt_secret(run, SAY(run, "Token of the source: ", "Token der Quelle: "), ret_token);
    }
    enum outcome outcome = path == NULL ? OUTCOME_OK : run_read_file(run, path, TOKEN_BYTES, &text);
    struct slice token = slice_trim(path == NULL ? slice_string(given) : buf_slice(&text));
    enum err err = outcome == OUTCOME_OK ? secret_copy(token, ret_token) : ERR_NONE;
    return err == ERR_NONE ? outcome : run_fail_err(run, err, "");
}

static enum outcome open_clients(struct migrate *migrate)
{
    struct run *run = migrate->run;
    struct secret token cleanup_secret = SECRET_NONE;
    const char *address = run_option(run, OPTION_FROM), *authorities = run_option(run, OPTION_CACERT);
    enum outcome outcome = take_token(run, &token);
    if (outcome != OUTCOME_OK) {
        return outcome;
    }
    (void)client_address(run); /* this Vogt, as every command finds it */
    migrate->clients[MIGRATE_TARGET] = run->client;
    run->client = NULL;
    outcome = client_open(run, address, authorities == NULL ? getenv("VAULT_CACERT") : authorities, secret_slice(&token));
    migrate->clients[MIGRATE_SOURCE] = run->client;
    run->client = migrate->clients[MIGRATE_TARGET];
    return outcome;
}

enum outcome command_migrate(struct run *run)
{
    struct migrate migrate = {.run = run, .own = run->arena, .is_dry = run_has(run, OPTION_DRY_RUN), .left = json_new(run->arena, JSON_ARRAY), .words = ""};
    if (!run_has(run, OPTION_FROM)) {
        return run_fail(run, OUTCOME_USAGE, TEXT("from where? --from https://HOST:8200", "von wo? --from https://RECHNER:8200"), SLICE_NONE);
    }
    migrate.item = arena_new(ITEM_BYTES);
    enum outcome outcome = migrate.item == NULL ? run_fail_err(run, ERR_MEMORY, "") : open_clients(&migrate);
    outcome = outcome == OUTCOME_OK ? read_mounts(&migrate, MIGRATE_SOURCE) : outcome;
    outcome = outcome == OUTCOME_OK ? read_mounts(&migrate, MIGRATE_TARGET) : outcome;
    if (outcome == OUTCOME_OK) {
        progress_begin(SAY(run, "moving", "übernehme"));
        move_all(&migrate);
        progress_end();
        outcome = finish(&migrate);
    }
    run->client = migrate.clients[MIGRATE_TARGET];
    client_free(migrate.clients[MIGRATE_SOURCE]);
    arena_free(migrate.item);
    return outcome;
}
