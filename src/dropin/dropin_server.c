/* vault server: Vault's configuration translated, our daemon started under it; with -dev also set up and unsealed, and forgotten at the end. */
#include "dropin/dropin.h"

#include "command/daemon.h"
#include "dropin/dropin_config.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { CONFIG_MAX_BYTES = 1 << 20, CONFIG_ARENA_BYTES = 64 << 20, FILES_MAX = 64, OPEN_FOLDERS = 16 };

/* ---- the configuration ---- */

static int say_complaint(struct dropin *dropin, const struct complaint *complaint, const char *path)
{
    char words[2 * COMPLAINT_DETAIL_BYTES + 512];
    complaint_format(complaint, dropin->run.language, words, sizeof(words));
    return dropin_say(dropin, TEXT("Error loading configuration", "Die Konfiguration lässt sich nicht lesen"), arena_printf(dropin->run.arena, "%s%s%s", path, path[0] == '\0' ? "" : ": ", words));
}

static bool has_end(const char *name, const char *end)
{
    return slice_ends(slice_string(name), slice_string(end));
}

static int read_file(struct dropin *dropin, struct arena *arena, const char *path, struct dropin_config *config)
{
    cleanup_buf struct buf bytes = BUF_INIT(CONFIG_MAX_BYTES + (1 << 17));
    struct complaint complaint = {.text = {NULL, NULL}};
    if (run_read_file(&dropin->run, path, CONFIG_MAX_BYTES, &bytes) != OUTCOME_OK) {
        return DROPIN_LOCAL;
    }
    struct slice text = arena_copy(arena, buf_slice(&bytes));
    return dropin_config_read(arena, text, has_end(path, ".json"), config, &complaint) == ERR_NONE ? DROPIN_OK : say_complaint(dropin, &complaint, path);
}

static int by_text(const void *a, const void *b)
{
    const char *const *left = a, *const *right = b;
    return strcmp(*left, *right);
}

/* All of a directory that ends in .hcl or .json, in the order of their names. */
static int read_directory(struct dropin *dropin, struct arena *arena, const char *folder, struct dropin_config *config)
{
    const char *paths[FILES_MAX];
    size_t count = 0;
    DIR *directory = opendir(folder);
    for (struct dirent *entry = directory == NULL ? NULL : readdir(directory); entry != NULL; entry = readdir(directory)) {
        const char *path = has_end(entry->d_name, ".hcl") || has_end(entry->d_name, ".json") ? arena_printf(dropin->run.arena, "%s/%s", folder, entry->d_name) : NULL;
        if (path != NULL && count < FILES_MAX) {
            paths[count++] = path;
        }
    }
    if (directory == NULL || closedir(directory) != 0) {
        return dropin_say(dropin, TEXT("Error loading configuration", "Die Konfiguration lässt sich nicht lesen"), folder);
    }
    qsort(paths, count, sizeof(paths[0]), by_text);
    int code = DROPIN_OK;
    for (size_t i = 0; i < count && code == DROPIN_OK; i++) {
        code = read_file(dropin, arena, paths[i], config);
    }
    return code;
}

static int read_config(struct dropin *dropin, struct arena *arena, struct dropin_config *config)
{
    size_t position = 0;
    const char *path;
    struct complaint complaint = {.text = {NULL, NULL}};
    int code = DROPIN_OK;
    while (code == DROPIN_OK && dropin_next_flag(dropin, "config", &position, &path)) {
        struct stat status;
        code = stat(path, &status) == 0 && S_ISDIR(status.st_mode) ? read_directory(dropin, arena, path, config) : read_file(dropin, arena, path, config);
    }
    if (code == DROPIN_OK && dropin_switch(dropin, "dev")) {
        const char *address = dropin_flag(dropin, "dev-listen-address");
        address = address == NULL ? dropin_variable("DEV_LISTEN_ADDRESS") : address;
        config->storage = "inmem";
        config->path = config->database = NULL;
        config->is_plain = !dropin_switch(dropin, "dev-tls");
        config->address = address == NULL ? config->address == NULL ? "127.0.0.1:8200" : config->address : address;
    } else if (code == DROPIN_OK && dropin_flag(dropin, "config") == NULL) {
        return dropin_say(dropin, TEXT("a configuration is missing: -config=FILE, or -dev", "es fehlt eine Konfiguration: -config=DATEI oder -dev"), NULL);
    }
    dropin_config_give_database(config, dropin_variable("PG_CONNECTION_URL"));
    return code == DROPIN_OK && dropin_config_end(config, &complaint) != ERR_NONE ? say_complaint(dropin, &complaint, "") : code;
}

/* ---- the place ---- */

static int remove_one(const char *path, const struct stat *status, int kind, struct FTW *walk)
{
    (void)status, (void)kind, (void)walk;
    return remove(path);
}

/* Only what we made ourselves. */
static void forget(const char *folder)
{
    if (nftw(folder, remove_one, OPEN_FOLDERS, FTW_DEPTH | FTW_PHYS | FTW_MOUNT) != 0) {
        fprintf(stderr, "vault: %s: %s\n", folder, strerror(errno));
    }
}

/* Checkpoints, tiles and certificate of a store whose rows lie in PostgreSQL: where such things lie on this system when nothing is said. */
static const char *usual_place(struct dropin *dropin)
{
    const char *state = getenv("XDG_STATE_HOME"), *home = getenv("HOME");
    if (geteuid() == 0) {
        return "/var/lib/vogt";
    }
    return state != NULL && state[0] == '/' ? arena_printf(dropin->run.arena, "%s/vogt", state)
           : home != NULL && home[0] == '/' ? arena_printf(dropin->run.arena, "%s/.local/state/vogt", home)
                                            : NULL;
}

static bool make_all(char *path)
{
    for (char *slash = strchr(path + 1, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        bool made = mkdir(path, 0700) == 0 || errno == EEXIST;
        *slash = '/';
        if (!made) {
            return false;
        }
    }
    return mkdir(path, 0700) == 0 || errno == EEXIST;
}

static const char *make_place(struct dropin *dropin, struct dropin_config *config)
{
    const char *above = getenv("TMPDIR");
    if (config->path == NULL && config->database != NULL) {
        config->path = usual_place(dropin);
        char *copy = config->path == NULL ? NULL : arena_printf(dropin->run.arena, "%s", config->path);
        return copy != NULL && make_all(copy) ? config->path : NULL;
    }
    if (config->path != NULL) {
        return mkdir(config->path, 0700) == 0 || errno == EEXIST ? config->path : NULL;
    }
    char *made = arena_printf(dropin->run.arena, "%s/vault-inmem-XXXXXX", above == NULL || above[0] == '\0' ? "/tmp" : above);
    return made == NULL ? NULL : mkdtemp(made);
}

static int write_private(struct dropin *dropin, const char *path, struct slice bytes)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
    bool good = fd >= 0 && write(fd, bytes.data, bytes.len) == (ssize_t)bytes.len;
    good = fd >= 0 && close(fd) == 0 && good;
    return good ? DROPIN_OK : dropin_say(dropin, TEXT("the file cannot be written", "die Datei lässt sich nicht schreiben"), arena_printf(dropin->run.arena, "%s (%s)", path, strerror(errno)));
}

/* ---- -dev: set up, unsealed, a place for secrets ---- */

static int ask(struct dropin *dropin, const char *method, const char *path, const struct json *body, struct dropin_answer *ret_answer)
{
    struct dropin_ask one = {.method = method, .path = path, .body = body, .doing = "Error setting up the development server"};
    return dropin_ask(dropin, &one, ret_answer);
}

static int set_up(struct dropin *dropin, const char **ret_key, const char **ret_token)
{
    struct arena *arena = dropin->run.arena;
    struct dropin_answer answer;
    struct json *body = json_new(arena, JSON_OBJECT), *unseal = json_new(arena, JSON_OBJECT);
    json_set_u64(arena, body, "secret_shares", 1);
    json_set_u64(arena, body, "secret_threshold", 1);
    int code = dropin_use_token(dropin, SLICE_NONE);
    code = code == DROPIN_OK ? ask(dropin, "PUT", "sys/init", body, &answer) : code;
    const struct json *keys = code == DROPIN_OK ? json_member(answer.tree, "keys_base64") : NULL;
    if (keys == NULL || keys->first == NULL) {
        return code == DROPIN_OK ? dropin_say(dropin, TEXT("the answer holds no key", "die Antwort enthält keinen Schlüssel"), NULL) : code;
    }
    *ret_key = arena_string(arena, keys->first->text);
    *ret_token = arena_string(arena, json_text(answer.tree, "root_token", SLICE_NONE));
    json_set_string(arena, unseal, "key", keys->first->text);
    code = ask(dropin, "PUT", "sys/unseal", unseal, &answer);
    return code == DROPIN_OK ? dropin_use_token(dropin, slice_string(*ret_token)) : code;
}

/* The root token that the caller named takes the place of the one made. */
static int name_token(struct dropin *dropin, const char **token)
{
    struct arena *arena = dropin->run.arena;
    const char *id = dropin_flag(dropin, "dev-root-token-id");
    struct dropin_answer answer;
    struct json *body = json_new(arena, JSON_OBJECT);
    id = id == NULL ? dropin_variable("DEV_ROOT_TOKEN_ID") : id;
    if (id == NULL || id[0] == '\0') {
        return DROPIN_OK;
    }
    json_set_string(arena, body, "id", slice_string(id));
    json_set_string(arena, body, "display_name", SLICE_LITERAL("root"));
    json_append(json_set_array(arena, body, "policies"), json_string(arena, SLICE_LITERAL("root")));
    int code = ask(dropin, "POST", "auth/token/create-orphan", body, &answer);
    code = code == DROPIN_OK ? ask(dropin, "POST", "auth/token/revoke-self", json_new(arena, JSON_OBJECT), &answer) : code;
    *token = id;
    return code == DROPIN_OK ? dropin_use_token(dropin, slice_string(id)) : code;
}

static int mount_secrets(struct dropin *dropin)
{
    struct json *body = json_new(dropin->run.arena, JSON_OBJECT);
    struct dropin_answer answer;
    json_set_string(dropin->run.arena, body, "type", SLICE_LITERAL("kv"));
    json_set_string(dropin->run.arena, json_set_object(dropin->run.arena, body, "options"), "version", slice_string(dropin_switch(dropin, "dev-kv-v1") ? "1" : "2"));
    return ask(dropin, "POST", "sys/mounts/secret", body, &answer);
}

static int develop(struct dropin *dropin, const char *address)
{
    const char *key = "", *token = "";
    int code = set_up(dropin, &key, &token);
    code = code == DROPIN_OK ? name_token(dropin, &token) : code;
    code = code == DROPIN_OK ? mount_secrets(dropin) : code;
    code = code == DROPIN_OK && !dropin_switch(dropin, "dev-no-store-token") && getenv("HOME") != NULL ? dropin_keep_token(dropin, slice_string(token)) : code;
    if (code == DROPIN_OK) {
        dropin_line(dropin, "%s\n\n    $ export VAULT_ADDR='%s'\n\nUnseal Key: %s\nRoot Token: %s\n",
                    text_in(TEXT("WARNING! dev mode: unsealed, with the keys below, and everything is gone when it ends.",
                                 "WARNUNG! dev-Modus: entsiegelt, die Schlüssel stehen unten, und am Ende ist alles fort."),
                            dropin->run.language),
                    address, key, token);
    }
    return code;
}

/* ---- running ---- */

static void show_started(struct dropin *dropin, const struct dropin_config *config, const char *address)
{
    for (size_t i = 0; i < config->passed_over_count; i++) {
        (void)dropin_say(dropin, TEXT("WARNING! this setting has no meaning here and is passed over", "WARNUNG! diese Einstellung bedeutet hier nichts und wird übergangen"),
                         config->passed_over[i]);
    }
    dropin_line(dropin, "==> Vault server configuration:\n");
    dropin_line(dropin, "             Api Address: %s", config->api_address == NULL ? address : config->api_address);
    dropin_line(dropin, "              Listener 1: tcp (addr: \"%s\", tls: \"%s\")", config->address, config->is_plain ? "disabled" : "enabled");
    dropin_line(dropin, "                 Storage: %s", config->storage);
    dropin_line(dropin, "                 Version: Vault v1.15.0 (Vogt %s)\n", VOGT_VERSION);
    dropin_line(dropin, "==> Vault server started! Log data will stream in below:\n");
    fflush(dropin->run.screen.out);
}

/* `database`: NULL, or the file with the connection. */
static int serve(struct dropin *dropin, const struct dropin_config *config, const char *place, const char *database)
{
    const char *own = arena_printf(dropin->run.arena, "%s/vogt.hcl", place);
    cleanup_buf struct buf text = BUF_INIT(CONFIG_MAX_BYTES);
    struct daemon daemon = {.pid = -1};
    if (own == NULL || dropin_config_write(config, &text) != ERR_NONE) {
        return dropin_out_of_memory(dropin);
    }
    int code = write_private(dropin, own, buf_slice(&text));
    struct daemon_start start = {.directory = place, .listen = config->address, .config = own, .database = database, .log_here = true, .may_be_sealed = true};
    if (code != DROPIN_OK || daemon_begin(&dropin->run, &start, &daemon) != OUTCOME_OK) {
        return DROPIN_LOCAL;
    }
    if (config->pid_file != NULL) {
        code = write_private(dropin, config->pid_file, slice_string(arena_printf(dropin->run.arena, "%d", (int)getpid())));
    }
    show_started(dropin, config, daemon.address);
    if (code == DROPIN_OK && dropin_switch(dropin, "dev")) {
        dropin_use_address(dropin, daemon.address, arena_printf(dropin->run.arena, "%s/tls.pem", place));
        code = develop(dropin, daemon.address);
        fflush(dropin->run.screen.out);
    }
    int ended = daemon_end(&daemon, code != DROPIN_OK || daemon_told_to_stop());
    if (config->pid_file != NULL) {
        unlink(config->pid_file);
    }
    return code != DROPIN_OK ? code : ended;
}

/* The password goes to a file that nobody else reads, and out of this process: the connection's texts were in `arena` alone. */
static int put_away(struct dropin *dropin, struct arena **arena, struct dropin_config *config, const char *place, const char **ret_database)
{
    int code = DROPIN_OK;
    if (config->database != NULL) {
        *ret_database = arena_printf(dropin->run.arena, "%s/database.url", place);
        code = *ret_database == NULL ? dropin_out_of_memory(dropin) : write_private(dropin, *ret_database, slice_string(config->database));
    }
    unsetenv("VAULT_PG_CONNECTION_URL");
    unsetenv("BAO_PG_CONNECTION_URL");
    if (code == DROPIN_OK && !dropin_config_settle(config, dropin->run.arena)) {
        code = dropin_out_of_memory(dropin);
    }
    arena_free(*arena);
    *arena = NULL;
    return code;
}

int verb_server(struct dropin *dropin)
{
    struct arena *arena cleanup_arena = arena_new(CONFIG_ARENA_BYTES);
    struct dropin_config config = {.storage = NULL};
    const char *database = NULL;
    int code = arena == NULL ? dropin_out_of_memory(dropin) : read_config(dropin, arena, &config);
    if (code != DROPIN_OK) {
        return code;
    }
    bool is_ours = config.path == NULL && config.database == NULL; /* made for this run alone */
    const char *place = make_place(dropin, &config);
    if (place == NULL) {
        return dropin_say(dropin, TEXT("the storage's directory cannot be made", "das Verzeichnis des Speichers lässt sich nicht anlegen"),
                          config.path == NULL ? strerror(errno) : arena_printf(dropin->run.arena, "%s (%s)", config.path, strerror(errno)));
    }
    place = arena_printf(dropin->run.arena, "%s", place);
    code = place == NULL ? dropin_out_of_memory(dropin) : put_away(dropin, &arena, &config, place, &database);
    code = code == DROPIN_OK ? serve(dropin, &config, place, database) : code;
    if (is_ours && place != NULL) {
        forget(place);
    }
    return code;
}
