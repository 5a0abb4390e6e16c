/*
 * The data directory: 0700 and ours, one daemon at a time (flock on vogt.pid). When started by
 * root, the data belong to the store's own uid; what the store must not have (seal.key,
 * operator.token, vogt.pid) stays root's.
 */
#include "roles/parent.h"

#include "base/log.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

enum { KEY_FILE_BYTES = 32, NOTICE_BYTES = 16384, DEPTH_MAX = 16 };

static const char key_name[] = "seal.key";
/* What people read in the directory: by enum notice. */
static const char *const notice_names[NOTICE_COUNT] = {
    [NOTICE_TOKEN] = "operator.token", [NOTICE_CERTIFICATE] = "tls.pem"};
static const char lock_name[] = "vogt.pid";
static const char database_name[] = "vogt.db";
static const char restored_name[] = "restore.db"; /* the store takes it in with its next start */
static const char elsewhere_name[] = "postgresql"; /* the store leaves it: the rows lie there */

static enum err complain_path(struct complaint *complaint, enum err err, struct text text,
                              const char *path)
{
    return complain(complaint, err, text, 0, 0, path, strlen(path));
}

static enum err open_directory(struct parent *parent, struct complaint *complaint)
{
    const char *path = parent->options.directory;
    if (mkdir(path, 0700) != 0 && errno != EEXIST) {
        return complain_path(
            complaint, err_from_errno(errno),
            TEXT("the data directory cannot be made (does its parent exist, may you write there?)",
                 "das Datenverzeichnis lässt sich nicht anlegen (gibt es das Verzeichnis darüber, "
                 "darfst du dort schreiben?)"),
            path);
    }
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0 || realpath(path, parent->directory_path) == NULL) {
        return complain_path(complaint, err_from_errno(errno),
                             TEXT("the data directory cannot be opened",
                                  "das Datenverzeichnis lässt sich nicht öffnen"),
                             path);
    }
    parent->directory_fd = fd;
    return ERR_NONE;
}

static enum err check_directory(struct parent *parent, struct complaint *complaint)
{
    struct stat status;
    if (fstat(parent->directory_fd, &status) != 0) {
        return err_from_errno(errno);
    }
    bool ours =
        status.st_uid == geteuid() || (geteuid() == 0 && status.st_uid == sandbox_uid(ROLE_STORE));
    if (!ours) {
        return complain_path(complaint, ERR_RIGHTS,
                             TEXT("the data directory belongs to another user; start as that user, "
                                  "or give another --dir",
                                  "das Datenverzeichnis gehört einem anderen Benutzer; starte als "
                                  "dieser oder nimm ein anderes --dir"),
                             parent->directory_path);
    }
    if ((status.st_mode & 022) != 0) {
        return complain_path(
            complaint, ERR_RIGHTS,
            TEXT(
                "others can write to the data directory; check who did what there, then: chmod 700",
                "andere dürfen ins Datenverzeichnis schreiben; prüfe, was dort geschah, dann: "
                "chmod 700"),
            parent->directory_path);
    }
    if ((status.st_mode & 07777) != 0700 && fchmod(parent->directory_fd, 0700) != 0) {
        return complain_path(
            complaint, ERR_READ_ONLY,
            TEXT("the data directory's mode cannot be set to 0700",
                 "die Rechte des Datenverzeichnisses lassen sich nicht auf 0700 setzen"),
            parent->directory_path);
    }
    return ERR_NONE;
}

static enum err take_lock(struct parent *parent, struct complaint *complaint)
{
    int fd =
        openat(parent->directory_fd, lock_name, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0) {
        return complain_path(
            complaint, errno == EROFS || errno == EACCES ? ERR_READ_ONLY : err_from_errno(errno),
            TEXT("the data directory cannot be written",
                 "ins Datenverzeichnis lässt sich nicht schreiben"),
            parent->directory_path);
    }
    char text[32] = {0};
    if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
        ssize_t got = read(fd, text, sizeof(text) - 1);
        char *end = strchr(text, '\n');
        if (end != NULL) {
            *end = '\0';
        }
        close(fd);
        return complain(
            complaint, ERR_LOCKED,
            TEXT("another Vogt runs on this data directory; stop it first; its process id is",
                 "auf diesem Datenverzeichnis läuft schon ein Vogt; beende es zuerst; seine "
                 "Prozessnummer ist"),
            0, 0, text, got > 0 ? strlen(text) : 0);
    }
    int length = snprintf(text, sizeof(text), "%d\n", (int)getpid());
    if (ftruncate(fd, 0) != 0 || pwrite(fd, text, (size_t)length, 0) != length) {
        enum err err = err_from_errno(errno);
        close(fd);
        return complain_path(complaint, err,
                             TEXT("the data directory cannot be written",
                                  "ins Datenverzeichnis lässt sich nicht schreiben"),
                             parent->directory_path);
    }
    parent->lock_fd = fd;
    return ERR_NONE;
}

static bool exists(const struct parent *parent, const char *name)
{
    return faccessat(parent->directory_fd, name, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

/* Kind and file of the configured seal: seal "key-file" { path = "…" }. */
static const struct json *seal_block(const struct parent *parent)
{
    const struct json *blocks = json_member(parent->config, "seal");
    return blocks == NULL ? NULL : blocks->first;
}

static bool seal_is_default(const struct parent *parent)
{
    return seal_block(parent) == NULL;
}

static enum err write_whole(int fd, const void *data, size_t len)
{
    ssize_t written = write(fd, data, len);
    if (written < 0 || (size_t)written != len) {
        return written < 0 ? err_from_errno(errno) : ERR_FULL;
    }
    return fsync(fd) == 0 ? ERR_NONE : err_from_errno(errno);
}

/* A key for a new store. It is written beside and renamed, so that a cut key never stands there; a
 * store without its key is never given a new one: that would hide the loss. */
static enum err make_key(struct parent *parent, struct complaint *complaint)
{
    static const char temporary[] = "seal.key.new";
    if (exists(parent, database_name) || exists(parent, restored_name) || exists(parent, elsewhere_name) || exists(parent, key_name) || !seal_is_default(parent)) {
        return ERR_NONE;
    }
    uint8_t key[KEY_FILE_BYTES];
    int fd = openat(parent->directory_fd, temporary,
                    O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
    enum err err = fd < 0 ? err_from_errno(errno) : ERR_NONE;
    if (err == ERR_NONE && getrandom(key, sizeof(key), 0) != (ssize_t)sizeof(key)) {
        err = ERR_CRYPTO;
    }
    if (err == ERR_NONE) {
        err = write_whole(fd, key, sizeof(key));
    }
    explicit_bzero(key, sizeof(key));
    if (fd >= 0) {
        close(fd);
    }
    if (err == ERR_NONE &&
        (renameat(parent->directory_fd, temporary, parent->directory_fd, key_name) != 0 ||
         fsync(parent->directory_fd) != 0)) {
        err = err_from_errno(errno);
    }
    return err == ERR_NONE ? ERR_NONE
                           : complain_path(complaint, err,
                                           TEXT("the key file cannot be written",
                                                "die Schlüsseldatei lässt sich nicht schreiben"),
                                           parent->directory_path);
}

/* These files stand before the store starts, because the store's sandbox lays an empty device over
 * the token's name, and are then rewritten in place. The old token is gone with the old process. */
static enum err make_notices(struct parent *parent, struct complaint *complaint)
{
    for (size_t i = 0; i < NOTICE_COUNT; i++) {
        int fd = openat(parent->directory_fd, notice_names[i],
                        O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
        if (fd < 0) {
            return complain_path(
                complaint, err_from_errno(errno),
                TEXT("the operator's token and the certificate cannot be written",
                     "Token des Betreibers und Zertifikat lassen sich nicht schreiben"),
                parent->directory_path);
        }
        close(fd);
    }
    return ERR_NONE;
}

/* Gives a tree to the store's uid. Links are never followed. */
static bool give(int directory_fd, const char *name, uid_t uid, unsigned depth)
{
    struct stat status;
    if (fstatat(directory_fd, name, &status, AT_SYMLINK_NOFOLLOW) != 0) {
        return errno == ENOENT;
    }
    if (status.st_uid != uid && fchownat(directory_fd, name, uid, uid, AT_SYMLINK_NOFOLLOW) != 0) {
        return false;
    }
    if (!S_ISDIR(status.st_mode) || status.st_uid == uid || depth == 0) {
        return true; /* what is below was given with its directory, or made by the store */
    }
    int fd = openat(directory_fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    DIR *directory = fd < 0 ? NULL : fdopendir(fd);
    if (directory == NULL) {
        return false;
    }
    bool ok = true;
    for (struct dirent *entry = readdir(directory); ok && entry != NULL;
         entry = readdir(directory)) {
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0) {
            ok = give(fd, entry->d_name, uid, depth - 1);
        }
    }
    closedir(directory);
    return ok;
}

static void give_to_store(struct parent *parent)
{
    static const char *const names[] = {"vogt.db", "vogt.db-wal", "vogt.db-shm", "vogt.db-journal",
                                        "snapshot.db", "restore.part", "restore.db", "restored", "ledger", elsewhere_name};
    if (geteuid() != 0) {
        return;
    }
    uid_t uid = sandbox_uid(ROLE_STORE);
    bool ok = fchown(parent->directory_fd, uid, uid) == 0;
    for (size_t i = 0; ok && i < sizeof(names) / sizeof(names[0]); i++) {
        ok = give(parent->directory_fd, names[i], uid, DEPTH_MAX);
    }
    if (!ok) {
        LOG(LOG_WARN, "parent.data-not-given", LOG_ERR(err_from_errno(errno)));
    }
}

/* Beside a store of the other kind a new one would pass for a beginning. */
static enum err check_kind(const struct parent *parent, struct complaint *complaint)
{
    if (parent->options.database == NULL && exists(parent, elsewhere_name)) {
        return complain_path(complaint, ERR_INVALID,
                             TEXT("the rows of this data directory lie in PostgreSQL: give the file with the connection, --database FILE",
                                  "die Zeilen dieses Datenverzeichnisses liegen in PostgreSQL: die Datei mit der Verbindung angeben, --database DATEI"),
                             parent->directory_path);
    }
    if (parent->options.database != NULL && exists(parent, database_name)) {
        return complain_path(complaint, ERR_INVALID,
                             TEXT("this data directory has its rows in vogt.db, and --database would begin beside them; take another directory",
                                  "dieses Datenverzeichnis hat seine Zeilen in vogt.db, und --database finge daneben neu an; ein anderes Verzeichnis nehmen"),
                             parent->directory_path);
    }
    return ERR_NONE;
}

enum err directory_open(struct parent *parent, struct complaint *complaint)
{
    enum err err = open_directory(parent, complaint);
    if (err == ERR_NONE) {
        err = check_directory(parent, complaint);
    }
    if (err == ERR_NONE) {
        err = take_lock(parent, complaint);
    }
    if (err == ERR_NONE) {
        err = check_kind(parent, complaint);
    }
    if (err == ERR_NONE) {
        err = make_key(parent, complaint);
    }
    if (err == ERR_NONE) {
        err = make_notices(parent, complaint);
    }
    if (err == ERR_NONE) {
        give_to_store(parent);
    }
    return err;
}

enum err directory_write(const struct parent *parent, enum notice notice, struct slice text)
{
    char whole[NOTICE_BYTES + 1];
    if (text.len == 0 || text.len > NOTICE_BYTES) {
        return ERR_INVALID;
    }
    int fd = openat(parent->directory_fd, notice_names[notice], O_WRONLY | O_NOFOLLOW | O_CLOEXEC);
    struct stat status;
    if (fd < 0) {
        return err_from_errno(errno);
    }
    if (fstat(fd, &status) != 0 || !S_ISREG(status.st_mode) || status.st_uid != geteuid() ||
        (status.st_mode & 077) != 0) {
        close(fd);
        return ERR_RIGHTS; /* not the file that we made */
    }
    memcpy(whole, text.data, text.len);
    whole[text.len] = '\n';
    /* One write into an empty file: a reader sees nothing or all of it. */
    enum err err =
        ftruncate(fd, 0) == 0 ? write_whole(fd, whole, text.len + 1) : err_from_errno(errno);
    explicit_bzero(whole, sizeof(whole));
    close(fd);
    return err;
}

static enum err complain_audit(struct complaint *complaint, enum err err, const char *path)
{
    return complain_path(complaint, err, TEXT("the directory of audit files cannot be made or opened", "das Verzeichnis der Audit-Dateien lässt sich nicht anlegen oder öffnen"), path);
}

/* One that was made here belongs to who writes there; one that was there before is left as it is. */
enum err directory_open_audit(const struct parent *parent, int *ret_fd, struct complaint *complaint)
{
    const struct json *blocks = json_member(parent->config, "audit");
    struct slice configured = json_text(blocks == NULL ? NULL : blocks->first, "directory", SLICE_LITERAL("audit"));
    char path[4096];
    int length = snprintf(path, sizeof(path), "%.*s", (int)configured.len, (const char *)configured.data);
    if (length <= 0 || (size_t)length >= sizeof(path)) {
        return complain_audit(complaint, ERR_INVALID, "audit { directory }");
    }
    bool made = mkdirat(parent->directory_fd, path, 0700) == 0;
    if (!made && errno != EEXIST) {
        return complain_audit(complaint, err_from_errno(errno), path);
    }
    int fd = openat(parent->directory_fd, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) {
        return complain_audit(complaint, err_from_errno(errno), path);
    }
    uid_t uid = sandbox_uid(ROLE_TELL);
    if (made && geteuid() == 0 && fchown(fd, uid, uid) != 0) {
        enum err err = err_from_errno(errno);
        close(fd);
        return complain_audit(complaint, err, path);
    }
    *ret_fd = fd;
    return ERR_NONE;
}

enum err directory_open_key(const struct parent *parent, int *ret_fd, struct complaint *complaint)
{
    struct slice configured = json_text(seal_block(parent), "path", slice_string(key_name));
    char path[4096];
    int length =
        snprintf(path, sizeof(path), "%.*s", (int)configured.len, (const char *)configured.data);
    if (length <= 0 || (size_t)length >= sizeof(path)) {
        return complain_path(complaint, ERR_INVALID,
                             TEXT("the key file's path is not usable",
                                  "der Pfad der Schlüsseldatei ist nicht brauchbar"),
                             "");
    }
    int fd = openat(parent->directory_fd, path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    struct stat status;
    if (fd < 0 || fstat(fd, &status) != 0) {
        return complain_path(complaint, err_from_errno(errno),
                             TEXT("the key file cannot be read; without it the data stay sealed. "
                                  "Put it back from where you keep its copy",
                                  "die Schlüsseldatei lässt sich nicht lesen; ohne sie bleiben die "
                                  "Daten versiegelt. Lege sie aus ihrer Kopie zurück"),
                             path);
    }
    if (!S_ISREG(status.st_mode) || (status.st_mode & 077) != 0 ||
        (status.st_uid != geteuid() && status.st_uid != 0)) {
        close(fd);
        return complain_path(complaint, ERR_RIGHTS,
                             TEXT("the key file must be an ordinary file of ours that nobody else "
                                  "can read: chmod 600",
                                  "die Schlüsseldatei muss eine gewöhnliche eigene Datei sein, die "
                                  "sonst niemand lesen kann: chmod 600"),
                             path);
    }
    *ret_fd = fd;
    return ERR_NONE;
}

enum err directory_open_database(const struct parent *parent, int *ret_fd, struct complaint *complaint)
{
    const char *path = parent->options.database;
    int fd = path == NULL ? -1 : open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    struct stat status;
    if (path == NULL) {
        return ERR_NONE;
    }
    if (fd < 0 || fstat(fd, &status) != 0) {
        return complain_path(complaint, err_from_errno(errno),
                             TEXT("the file with the database's connection cannot be read", "die Datei mit der Verbindung zur Datenbank lässt sich nicht lesen"), path);
    }
    if (!S_ISREG(status.st_mode) || (status.st_mode & 077) != 0 || (status.st_uid != geteuid() && status.st_uid != 0)) {
        close(fd);
        return complain_path(complaint, ERR_RIGHTS,
                             TEXT("the file with the database's connection holds its password: it must be an ordinary file of ours that nobody else can read: chmod 600",
                                  "die Datei mit der Verbindung zur Datenbank enthält deren Passwort: sie muss eine gewöhnliche eigene Datei sein, die sonst niemand lesen kann: chmod 600"),
                             path);
    }
    *ret_fd = fd;
    return ERR_NONE;
}

static enum err open_tls(const struct parent *parent, const char *name, int *ret_fd, struct complaint *complaint)
{
    const struct json *blocks = json_member(parent->config, "tls");
    struct slice configured = json_text(blocks == NULL ? NULL : blocks->first, name, SLICE_NONE);
    char path[4096];
    int length = snprintf(path, sizeof(path), "%.*s", (int)configured.len, (const char *)configured.data);
    *ret_fd = length > 0 && (size_t)length < sizeof(path) ? open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC) : -1;
    return *ret_fd >= 0 ? ERR_NONE
                        : complain_path(complaint, length > 0 ? err_from_errno(errno) : ERR_INVALID,
                                        TEXT("tls { certificate = FILE  key = FILE } takes two files (PEM) that Vogt can read",
                                             "tls { certificate = DATEI  key = DATEI } nimmt zwei Dateien (PEM), die Vogt lesen kann"),
                                        length > 0 ? path : name);
}

enum err directory_open_tls(const struct parent *parent, int ret_fds[2], struct complaint *complaint)
{
    if (json_member(parent->config, "tls") == NULL) {
        return ERR_NONE;
    }
    int fds[2] = {-1, -1};
    enum err err = open_tls(parent, "certificate", &fds[0], complaint);
    err = err == ERR_NONE ? open_tls(parent, "key", &fds[1], complaint) : err;
    if (err != ERR_NONE && fds[0] >= 0) {
        close(fds[0]);
    } else if (err == ERR_NONE) {
        memcpy(ret_fds, fds, sizeof(fds));
    }
    return err;
}
