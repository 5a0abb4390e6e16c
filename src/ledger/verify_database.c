/*
 * Opening the database for verification: immutable, so that SQLite itself cannot write; where a crash left a
 * write-ahead log beside it, both are copied to a private directory and opened there. And what SQLite knows
 * of its own file.
 */
#include "ledger/verify_inside.h"

#include "store/schema.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static enum err copy_file(int from_directory, const char *name, const char *folder)
{
    char path[128];
    snprintf(path, sizeof(path), "%s/%s", folder, name);
    int from = openat(from_directory, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    int to = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    enum err err = from < 0 || to < 0 ? err_from_errno(errno) : ERR_NONE;
    uint8_t block[65536];
    ssize_t got = 0;
    while (err == ERR_NONE && (got = read(from, block, sizeof(block))) > 0) {
        err = write(to, block, (size_t)got) == got ? ERR_NONE
                                                   : err_from_errno(errno == 0 ? ENOSPC : errno);
    }
    if (err == ERR_NONE && got < 0) {
        err = err_from_errno(errno);
    }
    if (from >= 0) {
        close(from);
    }
    if (to >= 0) {
        close(to);
    }
    return err;
}

static enum err copy_database(struct check *check)
{
    const char *temporary = getenv("TMPDIR");
    if (temporary == NULL || strlen(temporary) > sizeof(check->copy) - 24) {
        temporary = "/tmp";
    }
    snprintf(check->copy, sizeof(check->copy), "%s/vogt-verify-XXXXXX", temporary);
    if (mkdtemp(check->copy) == NULL) {
        check->copy[0] = '\0';
        return err_from_errno(errno);
    }
    enum err err = copy_file(check->store->directory_fd, DATABASE_NAME, check->copy);
    return err == ERR_NONE
               ? copy_file(check->store->directory_fd, DATABASE_NAME "-wal", check->copy)
               : err;
}

void check_remove_copy(struct check *check)
{
    static const char *const names[] = {DATABASE_NAME, DATABASE_NAME "-wal", DATABASE_NAME "-shm"};
    char path[128];
    for (size_t i = 0; check->copy[0] != '\0' && i < sizeof(names) / sizeof(names[0]); i++) {
        snprintf(path, sizeof(path), "%s/%s", check->copy, names[i]);
        unlink(path);
    }
    if (check->copy[0] != '\0') {
        rmdir(check->copy);
    }
}

/* The store locks the whole file while it runs. */
static enum err refuse_when_held(int directory_fd)
{
    int fd = openat(directory_fd, DATABASE_NAME, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0) {
        return err_from_errno(errno);
    }
    struct flock lock = {.l_type = F_RDLCK, .l_whence = SEEK_SET};
    int asked = fcntl(fd, F_OFD_GETLK, &lock);
    enum err err = asked != 0               ? err_from_errno(errno)
                   : lock.l_type == F_UNLCK ? ERR_NONE
                                            : ERR_LOCKED;
    close(fd);
    return err;
}

/* SQLite keeps what it sorts in memory: an empty root has no other place. */
static enum err open_named(struct check *check)
{
    char name[128];
    snprintf(name, sizeof(name), "file:%s?immutable=1", check->store->name);
    int result = sqlite3_open_v2(name, &check->database, SQLITE_OPEN_READWRITE | SQLITE_OPEN_URI | SQLITE_OPEN_NOMUTEX, check->store->vfs);
    result = result == SQLITE_OK ? sqlite3_exec(check->database, "PRAGMA temp_store=MEMORY; PRAGMA trusted_schema=OFF; PRAGMA cell_size_check=ON", NULL, NULL, NULL) : result;
    return result == SQLITE_OK ? ERR_NONE : check_sqlite_err(result);
}

enum err check_open(struct check *check)
{
    if (check->store->vfs != NULL) {
        return open_named(check);
    }
    struct stat status;
    char name[128];
    enum err err = refuse_when_held(check->store->directory_fd);
    if (err != ERR_NONE) {
        return err;
    }
    bool log_beside = fstatat(check->store->directory_fd, DATABASE_NAME "-wal", &status,
                              AT_SYMLINK_NOFOLLOW) == 0 &&
                      status.st_size > 0;
    if (log_beside) {
        err = copy_database(check);
        snprintf(name, sizeof(name), "%s/" DATABASE_NAME, check->copy);
    } else {
        snprintf(name, sizeof(name), "file:/proc/self/fd/%d/" DATABASE_NAME "?immutable=1",
                 check->store->directory_fd);
    }
    if (err != ERR_NONE) {
        return err;
    }
    int flags = log_beside ? SQLITE_OPEN_READWRITE : SQLITE_OPEN_READONLY | SQLITE_OPEN_URI;
    int result = sqlite3_open_v2(name, &check->database, flags | SQLITE_OPEN_NOMUTEX, NULL);
    return result == SQLITE_OK ? ERR_NONE : check_sqlite_err(result);
}

static bool is_object(sqlite3_stmt *statement, const struct schema_object *object)
{
    int sql_type = sqlite3_column_type(statement, 2);
    return sqlite3_column_type(statement, 0) == SQLITE_TEXT &&
           slice_is(row_column(statement, 0), object->type) &&
           sqlite3_column_type(statement, 1) == SQLITE_TEXT &&
           slice_is(row_column(statement, 1), object->name) &&
           (object->sql == NULL
                ? sql_type == SQLITE_NULL
                : sql_type == SQLITE_TEXT && slice_is(row_column(statement, 2), object->sql));
}

static enum err check_objects(struct check *check)
{
    sqlite3_stmt *statement = NULL;
    size_t known = 0;
    bool more = true;
    enum err err = check_prepare(check, "SELECT type, name, sql FROM sqlite_schema", &statement);
    while (err == ERR_NONE && (err = row_step(statement, &more)) == ERR_NONE && more) {
        bool found = false;
        for (size_t i = 0; i < SCHEMA_OBJECT_COUNT; i++) {
            found = found || is_object(statement, &schema_objects[i]);
        }
        known += found;
        if (!found) {
            char place[VERIFY_PLACE_BYTES];
            struct slice name = row_column(statement, 1);
            snprintf(place, sizeof(place), "%.*s", (int)name.len, (const char *)name.data);
            check_broken(check, 0,
                         TEXT("the database has a table, index, view or trigger that is not Vogt's",
                              "die Datenbank hat eine Tabelle, einen Index, eine Sicht oder einen "
                              "Trigger, die nicht von Vogt sind"),
                         place, UINT64_MAX);
        }
    }
    sqlite3_finalize(statement);
    if (err == ERR_NONE && known < SCHEMA_OBJECT_COUNT) {
        check_broken(check, 0,
                     TEXT("a table or index of Vogt is missing in the database",
                          "eine Tabelle oder ein Index von Vogt fehlt in der Datenbank"),
                     DATABASE_NAME, UINT64_MAX);
    }
    return err;
}

/* Is it a database of Vogt, of a schema that this program knows? */
static enum err check_header(struct check *check)
{
    int64_t application = 0;
    enum err err = check_number(check, "PRAGMA application_id", &application);
    if (err == ERR_NONE) {
        err = check_number(check, "PRAGMA user_version", &check->schema);
    }
    if (err == ERR_NONE && application == APPLICATION_ID && check->schema > SCHEMA_VERSION) {
        return ERR_NEWER;
    }
    if (err == ERR_NONE &&
        (application != APPLICATION_ID || check->schema < SCHEMA_VERSION_OLDEST)) {
        check_broken(check, 0,
                     TEXT("the database's header is not Vogt's",
                          "der Kopf der Datenbank ist nicht der von Vogt"),
                     DATABASE_NAME, UINT64_MAX);
    } else if (err == ERR_NONE && check->schema < SCHEMA_VERSION) {
        verify_find(check->report, VERIFY_NOTE, 0,
                    TEXT("an older schema, in which due times are not covered; the next start of "
                         "Vogt migrates it",
                         "ein älteres Schema, in dem Fälligkeiten nicht abgedeckt sind; der nächste "
                         "Start von Vogt stellt es um"),
                    DATABASE_NAME, UINT64_MAX);
    }
    return err;
}

/* SQLite reads a page that is cut short as if it ended in zeros. A copy is exempt: pages may still stand in
 * the write-ahead log alone. */
static enum err check_length(struct check *check)
{
    sqlite3_file *file = NULL;
    sqlite3_int64 file_bytes = 0;
    int64_t pages = 0, page_bytes = 0;
    enum err err = check_number(check, "PRAGMA page_count", &pages);
    if (err == ERR_NONE) {
        err = check_number(check, "PRAGMA page_size", &page_bytes);
    }
    if (err != ERR_NONE || check->copy[0] != '\0') {
        return err;
    }
    int result = sqlite3_file_control(check->database, "main", SQLITE_FCNTL_FILE_POINTER, &file);
    if (result != SQLITE_OK || file->pMethods->xFileSize(file, &file_bytes) != SQLITE_OK) {
        return ERR_IO;
    }
    if (pages < 0 || page_bytes <= 0 || file_bytes % page_bytes != 0 || file_bytes / page_bytes != pages) {
        check_broken(check, 0,
                     TEXT("the database is not as long as its pages",
                          "die Datenbank ist nicht so lang wie ihre Seiten"),
                     DATABASE_NAME, UINT64_MAX);
    }
    return ERR_NONE;
}

/* Every page, every index against its table. */
enum err check_integrity(struct check *check)
{
    sqlite3_stmt *statement = NULL;
    bool more = true;
    enum err err = check_header(check);
    if (err == ERR_NONE) {
        err = check_length(check);
    }
    if (err == ERR_NONE) {
        err = check_objects(check);
    }
    if (err == ERR_NONE) {
        err = check_prepare(check, "PRAGMA integrity_check", &statement);
    }
    while (err == ERR_NONE && (err = row_step(statement, &more)) == ERR_NONE && more) {
        const unsigned char *line = sqlite3_column_text(statement, 0);
        if (line != NULL && strcmp((const char *)line, "ok") != 0) {
            check_broken(
                check, 0,
                TEXT("SQLite finds the database damaged", "SQLite findet die Datenbank beschädigt"),
                (const char *)line, UINT64_MAX);
        }
    }
    sqlite3_finalize(statement);
    return err;
}
