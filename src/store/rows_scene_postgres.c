/* A PostgreSQL server of the test's own, on a local socket in its own directory, as another user where the test is root; it ends with the test. A database a place. */
#include "store/rows_scene.h"
#include "store/postgres.h"

#include <fcntl.h>
#include <glob.h>
#include <grp.h>
#include <libpq-fe.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { READY_TRIES = 300, PAUSE_US = 100000, CONNECT_SECONDS = 5 };

static char folder[64];
static pid_t server;
static unsigned places;

static const char *newest(const char *pattern)
{
    static char path[256];
    glob_t found;
    path[0] = '\0';
    if (glob(pattern, 0, NULL, &found) == 0) {
        snprintf(path, sizeof(path), "%s", found.gl_pathv[found.gl_pathc - 1]);
        globfree(&found);
    }
    return path;
}

/* A program as a user who may own a cluster, which root may not. */
static pid_t start(const char *const *words)
{
    pid_t above = getpid(), pid = fork();
    if (pid != 0) {
        return pid;
    }
    const struct passwd *user = geteuid() == 0 ? getpwnam("postgres") : NULL;
    bool good = user == NULL || (setgroups(0, NULL) == 0 && setgid(user->pw_gid) == 0 && setuid(user->pw_uid) == 0);
    good = good && prctl(PR_SET_PDEATHSIG, SIGINT) == 0 && getppid() == above && freopen("/dev/null", "w", stdout) != NULL && freopen("/dev/null", "w", stderr) != NULL;
    union {
        const char *const *borrowed;
        char *const *words;
    } arguments = {.borrowed = words}; /* execv does not change them */
    if (good && chdir("/") == 0) {
        execv(words[0], arguments.words);
    }
    _exit(127);
}

static bool run(const char *const *words)
{
    int status = 0;
    pid_t pid = start(words);
    return pid > 0 && waitpid(pid, &status, 0) == pid && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

static void end_server(void)
{
    char command[128];
    kill(server, SIGQUIT);
    waitpid(server, NULL, 0);
    snprintf(command, sizeof(command), "rm -rf %s", folder);
    if (system(command) != 0) {
        printf("cannot remove %s\n", folder);
    }
}

static void connection_text(const char *database, char out[256])
{
    snprintf(out, 256, "host=%s dbname=%s user=owner", folder, database);
}

static bool ask(const char *database, const char *sql)
{
    char text[256];
    connection_text(database, text);
    PGconn *connection = PQconnectdb(text);
    PGresult *result = PQexec(connection, sql);
    ExecStatusType status = PQresultStatus(result);
    if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK) {
        printf("%s: %s", sql, PQerrorMessage(connection));
    }
    PQclear(result);
    PQfinish(connection);
    return status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK;
}

static char serving[256]; /* the server's program */

static enum err serve(void)
{
    char data[96], text[256];
    snprintf(data, sizeof(data), "%s/data", folder);
    const char *const words[] = {serving, "-D", data, "-k", folder, "-h", "", "-c", "shared_buffers=16MB", NULL};
    server = start(words);
    connection_text("postgres", text);
    for (unsigned i = 0; i < READY_TRIES; i++) {
        if (PQping(text) == PQPING_OK) {
            return ERR_NONE;
        }
        usleep(PAUSE_US);
    }
    return ERR_TIMEOUT;
}

int place_server(void)
{
    return server;
}

enum err place_restart(void)
{
    return waitpid(server, NULL, 0) == server ? serve() : ERR_INTERNAL;
}

static enum err begin_server(void)
{
    char program[256], data[96];
    if (server != 0) {
        return ERR_NONE;
    }
    const char *given = getenv("VOGT_POSTGRES"); /* a folder of programs of another version */
    snprintf(program, sizeof(program), "%.200s%s", given == NULL ? newest("/usr/lib/postgresql/*/bin/initdb") : given, given == NULL ? "" : "/initdb");
    if (program[0] == '\0') {
        printf("PostgreSQL is not installed (package postgresql)\n");
        exit(77); /* could not run here */
    }
    snprintf(folder, sizeof(folder), "/tmp/vogt-postgres-XXXXXX");
    if (mkdtemp(folder) == NULL || chmod(folder, 0777) != 0) {
        return ERR_IO;
    }
    snprintf(data, sizeof(data), "%s/data", folder);
    const char *const make[] = {program, "-D", data, "-U", "owner", "-A", "trust", "-E", "UTF8", "--locale", "C.UTF-8", "--no-sync", NULL};
    if (!run(make)) {
        return ERR_IO;
    }
    *strrchr(program, '/') = '\0';
    snprintf(serving, sizeof(serving), "%.240s/postgres", program);
    enum err err = serve();
    atexit(end_server);
    return err;
}

static enum err connect_to(struct place *place)
{
    char url[256];
    struct rows_place *where = NULL;
    struct complaint complaint = {.text = {NULL, NULL}};
    snprintf(url, sizeof(url), "postgres://owner@/%s?host=%s", place->database, folder);
    enum err err = rows_place_read(slice_string(url), &where, &complaint);
    err = err == ERR_NONE ? rows_place_connect(where, CONNECT_SECONDS, &place->source, &complaint) : err;
    rows_place_free(where);
    if (err != ERR_NONE && err != ERR_LOCKED) {
        printf("%s: %s\n", complaint.text.english, complaint.detail);
    }
    return err;
}

enum err place_open(struct place *place)
{
    int fd = open(place->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    struct files *files = NULL;
    place->store = NULL;
    place->source = NULL;
    enum err err = fd < 0 ? ERR_IO : connect_to(place);
    if (err == ERR_NONE) {
        err = files_new(fd, &files);
    }
    if (err == ERR_NONE) {
        err = store_open(files, place->source, &place->store);
    }
    if (err != ERR_NONE) {
        place_close(place);
    }
    return err;
}

enum err place_new(struct place *place)
{
    char sql[96];
    enum err err = begin_server();
    *place = (struct place){.path = "/tmp/vogt-rows-XXXXXX"};
    snprintf(place->database, sizeof(place->database), "place_%u", places++);
    snprintf(sql, sizeof(sql), "CREATE DATABASE %s", place->database);
    if (err == ERR_NONE && (mkdtemp(place->path) == NULL || !ask("postgres", sql))) {
        err = ERR_IO;
    }
    return err == ERR_NONE ? place_open(place) : err;
}

void place_close(struct place *place)
{
    store_close(place->store);
    rows_source_free(place->source);
    place->store = NULL;
    place->source = NULL;
}

bool place_run(const struct place *place, const char *sql)
{
    return ask(place->database, sql);
}
