/* Connecting, and what a server must be before anything is written there: durable, the only one, reached without a pooler. */
#include "store/postgres_inside.h"
#include "store/postgres_place.h"
#include "store/schema.h"

#include "crypto/secret.h"

#include <assert.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { PART_BYTES = 6, VERSION_MIN = 130000, LOCK_TRIES = 20, LOCK_PAUSE_MS = 200, MS = 1000, MS_NS = 1000000 };

static int64_t now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * MS + now.tv_nsec / MS_NS;
}

static enum err refuse(struct rows_source *source, struct complaint *complaint, enum err err, struct text text)
{
    return complain(complaint, err, text, 0, 0, source->words, strlen(source->words));
}

/* ---- the handshake ---- */

/* "…: FATAL:  28P01: password authentication failed…": libpq has the code of a refused login in its words only. */
static const char *state_in(const char *words, char out[6])
{
    static const char mark[] = ":  ";
    for (const char *at = strstr(words, mark); at != NULL; at = strstr(at + 1, mark)) {
        const char *code = at + sizeof(mark) - 1;
        if (strspn(code, "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ") == 5 && code[5] == ':') {
            memcpy(out, code, 5);
            out[5] = '\0';
            return out;
        }
    }
    return NULL;
}

/* libpq 15 shows memory that was never written where OpenSSL's error is one of the system (a key file that may not be read): what stands there may have been anything.
 * So a reason behind a file's name is shown only when it is one of these. */
static void cut_reason(char *words)
{
    static const char *const reasons[] = {"No such file or directory", "Permission denied"};
    char *at = strstr(words, "\": ");
    bool is_known = at == NULL;
    for (size_t i = 0; at != NULL && i < sizeof(reasons) / sizeof(reasons[0]); i++) {
        is_known = is_known || strcmp(at + 3, reasons[i]) == 0;
    }
    if (!is_known) {
        at[1] = '\0';
    }
}

/* Does it hold as much of the password as could help somebody? A hostile server may repeat what it was told. */
static bool quotes(const char *words, const struct rows_place *place)
{
    char part[PART_BYTES + 1];
    bool found = false;
    for (size_t i = 0; i < place->count; i++) {
        bool is_secret = strcmp(place->names[i], "password") == 0 || strcmp(place->names[i], "sslpassword") == 0;
        size_t len = strlen(place->values[i]), width = len < PART_BYTES ? len : PART_BYTES;
        for (size_t at = 0; is_secret && width > 0 && at + width <= len; at++) {
            memcpy(part, place->values[i] + at, width);
            part[width] = '\0';
            found = found || strstr(words, part) != NULL;
        }
    }
    wipe(part, sizeof(part));
    return found;
}

static enum err refused(struct rows_source *source, const struct rows_place *place, struct complaint *complaint)
{
    char code[6];
    const char *words = PQerrorMessage(source->connection);
    const char *state = state_in(words, code);
    source_say(source, NULL, words);
    if (state == NULL) {
        cut_reason(source->words);
    }
    if (quotes(source->words, place)) {
        source_say(source, state, NULL);
    }
    switch ((unsigned)(state == NULL ? ERR_UNREACHABLE : state_err(state))) {
    case ERR_DENIED:
        return refuse(source, complaint, ERR_DENIED, TEXT("the database does not let this user in: user, password, and the server's pg_hba.conf decide", "die Datenbank lässt diesen Benutzer nicht ein: Benutzer, Passwort und pg_hba.conf des Servers entscheiden"));
    case ERR_NOT_FOUND:
        return refuse(source, complaint, ERR_NOT_FOUND, TEXT("the server has no such database; create it first", "diese Datenbank hat der Server nicht; sie ist zuerst anzulegen"));
    case ERR_RIGHTS:
        return refuse(source, complaint, ERR_RIGHTS, TEXT("this user may not connect to the database", "dieser Benutzer darf sich nicht mit der Datenbank verbinden"));
    default:
        return refuse(source, complaint, ERR_UNREACHABLE, TEXT("the database cannot be reached", "die Datenbank ist nicht zu erreichen"));
    }
}

static enum err shake_hands(struct rows_source *source, const struct rows_place *place, int64_t until_ms, struct complaint *complaint)
{
    PostgresPollingStatusType status = PGRES_POLLING_WRITING;
    PQsetErrorVerbosity(source->connection, PQERRORS_VERBOSE);
    while (status != PGRES_POLLING_OK && status != PGRES_POLLING_FAILED) {
        struct pollfd wait = {PQsocket(source->connection), status == PGRES_POLLING_READING ? POLLIN : POLLOUT, 0};
        int64_t left_ms = until_ms - now_ms();
        if (wait.fd < 0) {
            status = PGRES_POLLING_FAILED;
        } else if (left_ms <= 0) {
            source_say(source, NULL, "no answer in time");
            return refuse(source, complaint, ERR_UNREACHABLE, TEXT("the database cannot be reached", "die Datenbank ist nicht zu erreichen"));
        } else if (poll(&wait, 1, (int)left_ms) > 0) {
            status = PQconnectPoll(source->connection);
        }
    }
    PQsetErrorVerbosity(source->connection, PQERRORS_TERSE);
    return status == PGRES_POLLING_OK ? ERR_NONE : refused(source, place, complaint);
}

/* ---- what the server must be ---- */

/* Whatever the role or the database sets, and whatever a reload would set, counts no more. Each of our statements has its index. */
static const char session_sql[] =
    "SET search_path = pg_catalog; SET default_transaction_isolation = 'read committed'; SET default_transaction_read_only = off; SET default_transaction_deferrable = off;"
    "SET statement_timeout = 0; SET lock_timeout = 0; SET idle_in_transaction_session_timeout = 0; SET row_security = off; SET jit = off;"
    "SET plan_cache_mode = force_generic_plan; SET enable_seqscan = off; SET enable_bitmapscan = off; SET enable_sort = off;"
    "SET tcp_keepalives_idle = 10; SET tcp_keepalives_interval = 5; SET tcp_keepalives_count = 3; SET client_min_messages = warning";

enum { ASKED_VERSION, ASKED_ENCODING, ASKED_RECOVERY, ASKED_FSYNC, ASKED_COMMIT, ASKED_PID };
static const char server_sql[] =
    "SELECT current_setting('server_version_num'), current_setting('server_encoding'), pg_is_in_recovery(), current_setting('fsync'), current_setting('synchronous_commit'), pg_backend_pid()";

static enum err check_server(struct rows_source *source, struct complaint *complaint, char ret_commit[32])
{
    enum err err = ERR_NONE;
    PGresult *found = postgres_ask(source, server_sql, &err);
    if (found == NULL) {
        return refuse(source, complaint, err, TEXT("the database does not answer as PostgreSQL does", "die Datenbank antwortet nicht wie PostgreSQL"));
    }
    const char *const commit = PQgetvalue(found, 0, ASKED_COMMIT);
    source_say(source, NULL, PQgetvalue(found, 0, ASKED_VERSION));
    if (atol(PQgetvalue(found, 0, ASKED_VERSION)) < VERSION_MIN) {
        err = refuse(source, complaint, ERR_UNSUPPORTED, TEXT("PostgreSQL 13 or newer is needed", "es braucht PostgreSQL 13 oder neuer"));
    } else if (strcmp(PQgetvalue(found, 0, ASKED_ENCODING), "UTF8") != 0) {
        source_say(source, NULL, PQgetvalue(found, 0, ASKED_ENCODING));
        err = refuse(source, complaint, ERR_UNSUPPORTED, TEXT("the database's encoding must be UTF8: create it with ENCODING 'UTF8' TEMPLATE template0", "die Kodierung der Datenbank muss UTF8 sein: mit ENCODING 'UTF8' TEMPLATE template0 anlegen"));
    } else if (strcmp(PQgetvalue(found, 0, ASKED_RECOVERY), "f") != 0) {
        source_say(source, NULL, "pg_is_in_recovery");
        err = refuse(source, complaint, ERR_UNREACHABLE, TEXT("this server is a standby, which cannot be written; name the primary", "dieser Server ist ein Standby und nicht beschreibbar; den Primärserver angeben"));
    } else if (strcmp(PQgetvalue(found, 0, ASKED_FSYNC), "on") != 0) {
        source_say(source, NULL, "fsync = off");
        err = refuse(source, complaint, ERR_UNSUPPORTED, TEXT("the server does not sync what it commits, so that a power cut would lose what was acknowledged; set fsync = on", "der Server sichert nicht auf die Platte, was er festschreibt, ein Stromausfall verlöre Bestätigtes; fsync = on setzen"));
    } else if (strcmp(commit, "off") == 0) {
        source_say(source, NULL, "synchronous_commit = off");
        err = refuse(source, complaint, ERR_UNSUPPORTED, TEXT("commits would be answered before they are on the disk, so that a crash of the server would lose what was acknowledged; set synchronous_commit = on for this user and database", "Festschreibungen würden bestätigt, ehe sie auf der Platte sind, ein Absturz des Servers verlöre Bestätigtes; synchronous_commit = on für diesen Benutzer und diese Datenbank setzen"));
    } else if (atol(PQgetvalue(found, 0, ASKED_PID)) != PQbackendPID(source->connection)) {
        source_say(source, NULL, "pg_backend_pid");
        err = refuse(source, complaint, ERR_UNSUPPORTED, TEXT("a pooler stands before the server, and the lock that keeps a second Vogt away would not hold; name the server itself", "vor dem Server steht ein Pooler, und die Sperre gegen einen zweiten Vogt hielte nicht; den Server selbst angeben"));
    } else {
        strncpy(ret_commit, commit, 31);
    }
    PQclear(found);
    return err;
}

/* The value found is kept for the session: a reload of the server's configuration must not weaken it. */
static enum err settle(struct rows_source *source, const char *commit)
{
    char sql[96] = "SET synchronous_commit = ";
    enum err err = ERR_NONE;
    char *quoted = PQescapeLiteral(source->connection, commit, strlen(commit));
    if (quoted == NULL) {
        return ERR_MEMORY;
    }
    strncat(sql, quoted, sizeof(sql) - strlen(sql) - 1);
    PQfreemem(quoted);
    PQclear(postgres_ask(source, session_sql, &err));
    if (err == ERR_NONE) {
        PQclear(postgres_ask(source, sql, &err));
    }
    return err;
}

/* Held by the session, so it ends with the process that held it; the server may need a moment to see that one go. */
static enum err lock(struct rows_source *source, struct complaint *complaint)
{
    char sql[64] = "SELECT pg_try_advisory_lock(1450141556, 1)"; /* APPLICATION_ID */
    static_assert(APPLICATION_ID == 1450141556, "the number in the statement");
    enum err err = ERR_NONE;
    for (unsigned i = 0; i < LOCK_TRIES; i++) {
        PGresult *found = postgres_ask(source, sql, &err);
        if (found == NULL) {
            return refuse(source, complaint, err, TEXT("the database cannot be locked", "die Datenbank lässt sich nicht sperren"));
        }
        bool is_ours = strcmp(PQgetvalue(found, 0, 0), "t") == 0;
        PQclear(found);
        if (is_ours) {
            return ERR_NONE;
        }
        nanosleep(&(struct timespec){0, (long)LOCK_PAUSE_MS * MS_NS}, NULL);
    }
    source_say(source, NULL, PQdb(source->connection));
    return refuse(source, complaint, ERR_LOCKED, TEXT("another Vogt works in this database; stop it first, or create another database", "in dieser Datenbank arbeitet schon ein Vogt; diesen zuerst anhalten oder eine andere Datenbank anlegen"));
}

static enum err enter(struct rows_source *source, struct complaint *complaint)
{
    char commit[32] = "";
    enum err err = check_server(source, complaint, commit);
    if (err == ERR_NONE && (err = settle(source, commit)) != ERR_NONE) {
        return refuse(source, complaint, err, TEXT("the database does not take a setting of the session", "die Datenbank nimmt eine Einstellung der Sitzung nicht an"));
    }
    return err == ERR_NONE ? lock(source, complaint) : err;
}

static void hear_nothing(void *context, const PGresult *result)
{
    (void)context, (void)result; /* else libpq prints notices on standard error */
}

enum err rows_place_connect(struct rows_place *place, unsigned seconds, struct rows_source **ret_source, struct complaint *complaint)
{
    struct rows_source *source = calloc(1, sizeof(*source));
    if (source == NULL) {
        return ERR_MEMORY;
    }
    const char *values[PLACE_SETTINGS_MAX + 1];
    for (size_t i = 0; i <= place->count; i++) {
        values[i] = place->values[i];
    }
    int64_t until_ms = now_ms() + (int64_t)seconds * MS;
    source->connection = PQconnectStartParams(place->names, values, 0);
    enum err err = source->connection == NULL ? ERR_MEMORY : ERR_NONE;
    if (err == ERR_NONE) {
        PQsetNoticeReceiver(source->connection, hear_nothing, NULL);
        err = PQstatus(source->connection) == CONNECTION_BAD ? refused(source, place, complaint) : shake_hands(source, place, until_ms, complaint);
    }
    err = err == ERR_NONE ? enter(source, complaint) : err;
    if (err != ERR_NONE) {
        rows_source_free(source);
        return err;
    }
    *ret_source = source;
    return ERR_NONE;
}

const char *rows_source_words(const struct rows_source *source)
{
    return source->words;
}

int rows_source_fd(const struct rows_source *source)
{
    return PQsocket(source->connection);
}

void rows_source_free(struct rows_source *source)
{
    if (source != NULL) {
        PQfinish(source->connection);
        free(source);
    }
}
