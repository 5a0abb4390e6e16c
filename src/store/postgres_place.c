/* What the operator wrote about the connection: read by libpq, held against the table of what Vogt takes. No message quotes it, for it holds the password. */
#include "store/postgres_inside.h"
#include "store/postgres_place.h"

#include "crypto/secret.h"

#include <stdlib.h>
#include <string.h>

enum kept { KEPT_TEXT, KEPT_FILE };

/* Of libpq's settings: what is passed on. A setting that would change what a commit means, or read files of somebody's home, is not here. */
static const struct {
    const char *name;
    enum kept kept;
} settings[] = {
    {"host", KEPT_TEXT}, {"hostaddr", KEPT_TEXT}, {"port", KEPT_TEXT}, {"dbname", KEPT_TEXT}, {"user", KEPT_TEXT}, {"password", KEPT_TEXT}, {"sslmode", KEPT_TEXT},
    {"sslrootcert", KEPT_FILE}, {"sslcert", KEPT_FILE}, {"sslkey", KEPT_FILE}, {"sslpassword", KEPT_TEXT}, {"sslcrl", KEPT_FILE}, {"sslcrldir", KEPT_FILE},
    {"sslsni", KEPT_TEXT}, {"ssl_min_protocol_version", KEPT_TEXT}, {"ssl_max_protocol_version", KEPT_TEXT}, {"channel_binding", KEPT_TEXT}, {"requirepeer", KEPT_TEXT},
    {"require_auth", KEPT_TEXT}, {"connect_timeout", KEPT_TEXT}, {"application_name", KEPT_TEXT}, {"keepalives", KEPT_TEXT}, {"keepalives_idle", KEPT_TEXT},
    {"keepalives_interval", KEPT_TEXT}, {"keepalives_count", KEPT_TEXT}, {"tcp_user_timeout", KEPT_TEXT}, {"target_session_attrs", KEPT_TEXT},
};

/* What is meant where nothing is said: encrypted, and a peer that is gone is noticed within half a minute. */
static const struct {
    const char *name, *value;
} defaults[] = {
    {"sslmode", "require"}, {"application_name", "vogt"}, {"keepalives_idle", "10"}, {"keepalives_interval", "5"}, {"keepalives_count", "3"}, {"tcp_user_timeout", "30000"},
    {"gssencmode", "disable"}, {"client_encoding", "UTF8"}, {"options", ""},
};

static const char system_authorities[] = "/etc/ssl/certs/ca-certificates.crt";

static enum err refuse(struct complaint *complaint, enum err err, struct text text, const char *setting)
{
    return complain(complaint, err, text, 0, 0, setting, strlen(setting));
}

static bool has(const struct rows_place *place, const char *name)
{
    bool found = false;
    for (size_t i = 0; i < place->count; i++) {
        found = found || strcmp(place->names[i], name) == 0;
    }
    return found;
}

static enum err add(struct rows_place *place, const char *name, const char *value)
{
    char *copy = place->count < PLACE_SETTINGS_MAX ? strdup(value) : NULL;
    if (copy == NULL) {
        return ERR_MEMORY;
    }
    place->names[place->count] = name;
    place->values[place->count++] = copy;
    return ERR_NONE;
}

static void add_path(struct rows_place *place, const char *path)
{
    if (path[0] == '/' && place->path_count < PLACE_PATHS_MAX) {
        place->paths[place->path_count++] = path;
    }
}

/* Several hosts stand with commas between; one that begins with '/' is the directory of a local socket. */
static enum err add_socket_paths(struct rows_place *place, const char *hosts)
{
    struct slice rest = slice_string(hosts), one;
    while (slice_split(&rest, ',', &one)) {
        if (one.len > 0 && one.data[0] == '/' && place->own_count < PLACE_PATHS_MAX) {
            char *copy = strndup((const char *)one.data, one.len);
            if (copy == NULL) {
                return ERR_MEMORY;
            }
            place->own[place->own_count++] = copy;
            add_path(place, copy);
        }
    }
    return ERR_NONE;
}

static enum err take(struct rows_place *place, const PQconninfoOption *option, struct complaint *complaint)
{
    for (size_t i = 0; i < sizeof(settings) / sizeof(settings[0]); i++) {
        if (strcmp(option->keyword, settings[i].name) != 0) {
            continue;
        }
        enum err err = add(place, settings[i].name, option->val);
        if (err == ERR_NONE && settings[i].kept == KEPT_FILE) {
            add_path(place, place->values[place->count - 1]);
        }
        return err == ERR_NONE && strcmp(option->keyword, "host") == 0 ? add_socket_paths(place, option->val) : err;
    }
    return refuse(complaint, ERR_UNSUPPORTED, TEXT("the database's connection takes no such setting here", "diese Einstellung nimmt die Verbindung zur Datenbank hier nicht"), option->keyword);
}

static enum err complete(struct rows_place *place, struct complaint *complaint)
{
    enum err err = ERR_NONE;
    const char *mode = "";
    for (size_t i = 0; i < place->count; i++) {
        mode = strcmp(place->names[i], "sslmode") == 0 ? place->values[i] : mode;
    }
    if (!has(place, "host") && !has(place, "hostaddr")) {
        return refuse(complaint, ERR_MALFORMED, TEXT("the database's connection names no host", "die Verbindung zur Datenbank nennt keinen Rechner"), "host");
    }
    if (!has(place, "user")) {
        return refuse(complaint, ERR_MALFORMED, TEXT("the database's connection names no user", "die Verbindung zur Datenbank nennt keinen Benutzer"), "user");
    }
    if (!has(place, "sslrootcert") && strncmp(mode, "verify-", 7) == 0) {
        err = add(place, "sslrootcert", system_authorities); /* else libpq looks into a home directory */
    }
    for (size_t i = 0; err == ERR_NONE && i < sizeof(defaults) / sizeof(defaults[0]); i++) {
        err = has(place, defaults[i].name) ? ERR_NONE : add(place, defaults[i].name, defaults[i].value);
    }
    return err;
}

static void wipe_options(PQconninfoOption *options)
{
    for (PQconninfoOption *option = options; option != NULL && option->keyword != NULL; option++) {
        if (option->val != NULL) {
            wipe(option->val, strlen(option->val));
        }
    }
    PQconninfoFree(options);
}

enum err rows_place_read(struct slice url, struct rows_place **ret_place, struct complaint *complaint)
{
    char text[PLACE_URL_MAX_BYTES + 1];
    struct slice trimmed = slice_trim(url);
    if (trimmed.len == 0 || trimmed.len > PLACE_URL_MAX_BYTES || memchr(trimmed.data, '\0', trimmed.len) != NULL) {
        return refuse(complaint, ERR_MALFORMED, TEXT("a connection such as postgres://user:password@host:5432/database is expected", "erwartet wird eine Verbindung wie postgres://benutzer:passwort@rechner:5432/datenbank"), "");
    }
    memcpy(text, trimmed.data, trimmed.len);
    text[trimmed.len] = '\0';
    char *words = NULL; /* may quote the password: never shown */
    PQconninfoOption *options = PQconninfoParse(text, &words);
    wipe(text, sizeof(text));
    if (words != NULL) {
        wipe(words, strlen(words));
        PQfreemem(words);
    }
    if (options == NULL) {
        return refuse(complaint, ERR_MALFORMED, TEXT("the database's connection cannot be read; special characters of a password are written as %XX in a URL, and a setting may be unknown",
                                                     "die Verbindung zur Datenbank ist nicht lesbar; Sonderzeichen eines Passworts stehen in einer URL als %XX, oder eine Einstellung ist unbekannt"), "");
    }
    struct rows_place *place = calloc(1, sizeof(*place));
    enum err err = place == NULL ? ERR_MEMORY : ERR_NONE;
    for (const PQconninfoOption *option = options; err == ERR_NONE && option->keyword != NULL; option++) {
        err = option->val == NULL ? ERR_NONE : take(place, option, complaint);
    }
    err = err == ERR_NONE ? complete(place, complaint) : err;
    wipe_options(options);
    if (err != ERR_NONE) {
        rows_place_free(place);
        return err;
    }
    *ret_place = place;
    return ERR_NONE;
}

const char *const *rows_place_paths(const struct rows_place *place)
{
    return place->paths;
}

void rows_place_free(struct rows_place *place)
{
    if (place == NULL) {
        return;
    }
    for (size_t i = 0; i < place->count; i++) {
        wipe(place->values[i], strlen(place->values[i]));
        free(place->values[i]);
    }
    for (size_t i = 0; i < place->own_count; i++) {
        free(place->own[i]);
    }
    free(place);
}
