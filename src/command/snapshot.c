/*
 * vogt snapshot save: the store of a running Vogt as one file, rows sealed. vogt snapshot restore: such a file, or an archive as Vault's clients save it, as the store of a directory, after every row was held
 * against the set-hash of its newest audit entry (and with --vkey the checkpoints in it against the logs' keys). What is restored may be older than what was published since, so the directory says so (the file `restored`), and Vogt
 * takes nothing there until `vogt ledger reopen`.
 */
#include "command/snapshot.h"

#include "base/archive_reader.h"
#include "base/encode.h"
#include "command/client.h"
#include "command/keys.h"
#include "ledger/verify.h"
#include "store/barrier.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

enum { BEGIN_TIMEOUT_MS = 600000, PART_MAX_BYTES = 8 << 20, KEY_FILE_MAX_BYTES = 128 };

static const char database_name[] = "vogt.db", folder_name[] = "restore.new", marker_name[] = "restored", swapped_name[] = "restore.db", key_name[] = "seal.key", elsewhere_name[] = "postgresql";

static enum outcome fail(struct run *run, struct text text, const char *path)
{
    return run_fail(run, OUTCOME_FAILED, text, slice_string(path));
}

static enum outcome fail_file(struct run *run, const char *path)
{
    return run_fail(run, OUTCOME_FAILED, TEXT("the file cannot be read or written", "die Datei lässt sich nicht lesen oder schreiben"),
                    slice_string(arena_printf(run->arena, "%s (%s)", path, strerror(errno))));
}

static bool write_whole(int fd, struct slice bytes)
{
    for (size_t done = 0; done < bytes.len;) {
        ssize_t wrote = write(fd, bytes.data + done, bytes.len - done);
        if (wrote <= 0) {
            return false;
        }
        done += (size_t)wrote;
    }
    return true;
}

/* ---- save ---- */

struct taking {
    const char *id;
    uint64_t size, part;
};

static enum outcome begin(struct run *run, struct taking *ret_taking)
{
    const struct json *data = NULL;
    struct ask ask = {.method = "POST", .path = "sys/storage/snapshot", .body = json_new(run->arena, JSON_OBJECT), .timeout_ms = BEGIN_TIMEOUT_MS};
    enum outcome outcome = client_data(run, &ask, &data);
    if (outcome != OUTCOME_OK) {
        return outcome;
    }
    ret_taking->id = arena_string(run->arena, json_text(data, "id", SLICE_NONE));
    bool is_good = json_u64(data, "size_bytes", &ret_taking->size) == ERR_NONE && json_u64(data, "part_bytes", &ret_taking->part) == ERR_NONE && ret_taking->part > 0 &&
                   ret_taking->part <= PART_MAX_BYTES;
    return is_good ? OUTCOME_OK : run_fail_err(run, ERR_PROTOCOL, ask.path);
}

static enum outcome fetch_parts(struct run *run, const struct taking *taking, int fd, const char *path)
{
    for (uint64_t number = 0, done = 0; done < taking->size; number++) {
        cleanup_buf struct buf part = BUF_INIT(PART_MAX_BYTES);
        struct ask ask = {.method = "GET", .path = arena_printf(run->arena, "sys/storage/snapshot/%s/%llu", taking->id, (unsigned long long)number)};
        enum outcome outcome = client_raw(run, &ask, &part);
        if (outcome != OUTCOME_OK) {
            return outcome;
        }
        if (part.len == 0 || part.len > taking->size - done) {
            return run_fail_err(run, ERR_PROTOCOL, ask.path);
        }
        if (!write_whole(fd, buf_slice(&part))) {
            return fail_file(run, path);
        }
        done += part.len;
    }
    return fsync(fd) == 0 ? OUTCOME_OK : fail_file(run, path);
}

enum outcome command_snapshot_save(struct run *run)
{
    const char *path = run->arguments[0], *beside = arena_printf(run->arena, "%s.new", path);
    struct taking taking = {.size = 0};
    const struct json *reply = NULL;
    int fd = beside == NULL ? -1 : open(beside, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0) {
        return fail_file(run, path);
    }
    enum outcome outcome = begin(run, &taking);
    outcome = outcome == OUTCOME_OK ? fetch_parts(run, &taking, fd, path) : outcome;
    close(fd);
    if (taking.id != NULL) {
        struct ask ask = {.method = "DELETE", .path = arena_printf(run->arena, "sys/storage/snapshot/%s", taking.id), .quiet = true};
        (void)client_ask(run, &ask, &reply);
    }
    if (outcome == OUTCOME_OK && rename(beside, path) != 0) {
        outcome = fail_file(run, path);
    }
    if (outcome != OUTCOME_OK) {
        unlink(beside);
        return outcome;
    }
    if (run->json) {
        struct json *top = json_new(run->arena, JSON_OBJECT);
        json_set_string(run->arena, top, "file", slice_string(path));
        json_set_u64(run->arena, top, "bytes", taking.size);
        return run_print_json(top);
    }
    fprintf(run->screen.out, "%s: %llu %s\n", path, (unsigned long long)taking.size,
            SAY(run, "bytes, sealed. Keep the unseal keys or the key file elsewhere: without them this file opens for nobody.",
                "Bytes, versiegelt. Entsiegelungsschlüssel oder Schlüsseldatei anderswo verwahren: ohne sie öffnet diese Datei niemand."));
    return OUTCOME_OK;
}

/* ---- restore ---- */

/* What comes out of a snapshot: the database as it is, or in an archive as Vault's clients save it. */
struct coming {
    int to;
    struct sha256 *meta, *state;
    struct buf sums;
};

static enum err take(void *context, const char *name, struct slice bytes)
{
    struct coming *coming = context;
    if (name[0] == '\0' || strcmp(name, "state.bin") == 0) {
        sha256_update(coming->state, bytes);
        return write_whole(coming->to, bytes) ? ERR_NONE : ERR_IO;
    }
    if (strcmp(name, "meta.json") == 0) {
        sha256_update(coming->meta, bytes);
    }
    return strcmp(name, "SHA256SUMS") == 0 ? buf_append(&coming->sums, bytes) : ERR_NONE;
}

static bool has_sum(const struct coming *coming, struct sha256 *hash, const char *name)
{
    uint8_t digest[SHA256_BYTES];
    sha256_finish(hash, digest);
    return sums_name(buf_slice(&coming->sums), slice_of(digest, sizeof digest), name);
}

/* Reads packed and plain files alike. ERR_MALFORMED: cut, changed, or no snapshot of Vogt's. */
static enum err unpack(struct coming *coming, struct archive_reader *reader, int from)
{
    static uint8_t block[1 << 16];
    enum err err = ERR_NONE;
    ssize_t got = 0;
    while (err == ERR_NONE && (got = read(from, block, sizeof block)) > 0) {
        err = archive_reader_feed(reader, slice_of(block, (size_t)got), take, coming);
    }
    if (err != ERR_NONE || got < 0) {
        return err != ERR_NONE ? err : ERR_IO;
    }
    bool is_good = archive_reader_is_whole(reader) &&
                   (!archive_reader_is_packed(reader) || (has_sum(coming, coming->meta, "meta.json") && has_sum(coming, coming->state, "state.bin")));
    return !is_good ? ERR_MALFORMED : fsync(coming->to) == 0 ? ERR_NONE : ERR_IO;
}

enum outcome snapshot_unpack(struct run *run, const char *path, int folder_fd)
{
    int from = open(path, O_RDONLY | O_CLOEXEC);
    struct archive_reader *reader = archive_reader_new();
    struct coming coming = {.to = from < 0 ? -1 : openat(folder_fd, database_name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600), .meta = sha256_new(), .state = sha256_new(), .sums = BUF_INIT(4096)};
    bool is_ready = coming.to >= 0 && reader != NULL && coming.meta != NULL && coming.state != NULL;
    enum err err = is_ready ? unpack(&coming, reader, from) : ERR_IO;
    enum outcome outcome = err == ERR_NONE ? OUTCOME_OK : err == ERR_IO ? fail_file(run, path) : fail(run, TEXT("this is no whole snapshot of Vogt: it was cut or changed, or something else made it",
        "das ist keine vollständige Sicherung von Vogt: sie wurde abgeschnitten oder verändert, oder etwas anderes hat sie geschrieben"), path);
    if (from >= 0) {
        close(from);
    }
    if (coming.to >= 0) {
        close(coming.to);
    }
    archive_reader_free(reader);
    sha256_free(coming.meta);
    sha256_free(coming.state);
    buf_free(&coming.sums);
    return outcome;
}

/* Every row against the set-hash that the newest audit entry names, every entry against its log. */
static enum outcome verify(struct run *run, int folder_fd)
{
    struct verify_report report;
    struct verify_options options = {.threads = 1};
    struct verify_store store = {.directory_fd = folder_fd};
    struct log_keys keys;
    if (run_has(run, OPTION_VKEY)) {
        enum outcome found = keys_find(run, NULL, &keys);
        if (found != OUTCOME_OK) {
            return found;
        }
        for (uint8_t log = LOG_EVIDENCE; log <= LOG_AUDIT; log++) {
            store.keys[log] = &keys.list[log];
        }
    }
    enum err err = verify_report_start(&report);
    if (err != ERR_NONE) {
        return run_fail_err(run, err, "");
    }
    err = verify_rows(&store, &options, &report);
    enum outcome outcome = err == ERR_NONE ? OUTCOME_OK : run_fail_err(run, err, run->arguments[0]);
    for (size_t i = 0; outcome == OUTCOME_OK && i < report.finding_count; i++) {
        if (report.findings[i].weight == VERIFY_BROKEN) {
            outcome = run_fail(run, OUTCOME_INTEGRITY, report.findings[i].text, slice_string(report.findings[i].place));
        }
    }
    verify_report_free(&report);
    return outcome;
}

static enum err read_key(struct run *run, const char *directory, struct secret *ret_key)
{
    cleanup_buf struct buf text = BUF_INIT(KEY_FILE_MAX_BYTES), bytes = BUF_INIT(KEY_BYTES);
    int fd = open(arena_printf(run->arena, "%s/%s", directory, key_name), O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    ssize_t got = fd < 0 || buf_reserve(&text, KEY_FILE_MAX_BYTES) != ERR_NONE ? -1 : read(fd, text.data, KEY_FILE_MAX_BYTES);
    if (fd >= 0) {
        close(fd);
    }
    text.len = got > 0 ? (size_t)got : 0;
    enum err err = fd < 0 ? ERR_NOT_FOUND : text.len == KEY_BYTES ? buf_append(&bytes, buf_slice(&text)) : hex_decode(&bytes, slice_trim(buf_slice(&text)));
    err = err == ERR_NONE && bytes.len != KEY_BYTES ? ERR_MALFORMED : err;
    err = err == ERR_NONE ? secret_copy(buf_slice(&bytes), ret_key) : err;
    wipe(text.data, text.len);
    wipe(bytes.data, bytes.len);
    return err;
}

/* Does the key file open the ring? As the role seal derives its half. */
static enum err try_key(const struct secret *key, const struct json *seal, struct slice ring)
{
    struct secret remote cleanup_secret = SECRET_NONE, root cleanup_secret = SECRET_NONE;
    cleanup_buf struct buf local = BUF_INIT(KEY_BYTES);
    struct barrier *barrier = NULL;
    enum err err = secret_new(KEY_BYTES, &remote);
    err = err == ERR_NONE ? hkdf_sha256(secret_slice(key), SLICE_NONE, SLICE_LITERAL("vogt/seal/key-file/v1"), remote.data, remote.len) : err;
    err = err == ERR_NONE ? hex_decode(&local, json_text(seal, "local", SLICE_NONE)) : err;
    err = err == ERR_NONE ? root_key_derive(secret_slice(&remote), buf_slice(&local), SLICE_LITERAL("key-file"), &root) : err;
    err = err == ERR_NONE ? barrier_open(secret_slice(&root), ring, &barrier) : err;
    barrier_free(barrier);
    return err;
}

static enum outcome check_seal(struct run *run, const char *directory, int folder_fd, struct text *ret_word)
{
    const struct verify_store store = {.directory_fd = folder_fd};
    cleanup_buf struct buf row = BUF_INIT(ROW_MAX_BYTES), ring = BUF_INIT(ROW_MAX_BYTES);
    struct json *seal = NULL;
    enum err err = verify_row(&store, "boot/seal", &row);
    err = err == ERR_NONE ? json_unpack(run->arena, buf_slice(&row), &seal) : err;
    err = err == ERR_NONE ? verify_row(&store, "boot/keyring", &ring) : err;
    if (err != ERR_NONE) {
        return fail(run, TEXT("the snapshot has no seal", "die Sicherung hat kein Siegel"), run->arguments[0]);
    }
    if (!slice_is(json_text(seal, "type", SLICE_NONE), "key-file")) {
        *ret_word = TEXT("It is unsealed with the unseal keys of the day of the snapshot.", "Entsiegelt wird mit den Entsiegelungsschlüsseln vom Tag der Sicherung.");
        return OUTCOME_OK;
    }
    struct secret key cleanup_secret = SECRET_NONE;
    err = read_key(run, directory, &key);
    if (err == ERR_NOT_FOUND) {
        return fail(run, TEXT("this snapshot is sealed with a key file: put its copy into the directory first (seal.key, mode 0600)",
                              "diese Sicherung ist mit einer Schlüsseldatei versiegelt: zuerst deren Kopie in das Verzeichnis legen (seal.key, Modus 0600)"), directory);
    }
    err = err == ERR_NONE ? try_key(&key, seal, buf_slice(&ring)) : err;
    *ret_word = TEXT("The key file opens it.", "Die Schlüsseldatei öffnet sie.");
    return err == ERR_NONE ? OUTCOME_OK : fail(run, TEXT("the key file does not open this snapshot: it is another one", "die Schlüsseldatei öffnet diese Sicherung nicht: es ist eine andere"), directory);
}

/* The word that it was restored is on the disk before the store is. What a running Vogt was given and did not come to take must not take its place. For PostgreSQL the next
 * start puts the rows there (store/postgres_load.c). */
static bool put_in_place(int directory_fd, bool is_elsewhere)
{
    int marker = openat(directory_fd, marker_name, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    bool is_marked = marker >= 0 && fsync(marker) == 0;
    if (marker >= 0) {
        close(marker);
    }
    char from[64];
    snprintf(from, sizeof from, "%s/%s", folder_name, database_name);
    bool is_alone = unlinkat(directory_fd, swapped_name, 0) == 0 || errno == ENOENT;
    return is_marked && is_alone && fsync(directory_fd) == 0 && renameat(directory_fd, from, directory_fd, is_elsewhere ? swapped_name : database_name) == 0 && fsync(directory_fd) == 0;
}

static enum outcome restore(struct run *run, const char *directory, int directory_fd, int folder_fd, struct text *ret_word)
{
    enum outcome outcome = snapshot_unpack(run, run->arguments[0], folder_fd);
    outcome = outcome == OUTCOME_OK ? verify(run, folder_fd) : outcome;
    outcome = outcome == OUTCOME_OK ? check_seal(run, directory, folder_fd, ret_word) : outcome;
    return outcome == OUTCOME_OK && !put_in_place(directory_fd, run_has(run, OPTION_DATABASE)) ? fail_file(run, directory) : outcome;
}

/* Its parent holds this lock as long as it lives (roles/parent_directory.c). */
static bool is_running(int directory_fd)
{
    int fd = openat(directory_fd, "vogt.pid", O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    bool is_locked = fd >= 0 && flock(fd, LOCK_SH | LOCK_NB) != 0;
    if (fd >= 0) {
        close(fd);
    }
    return is_locked;
}

enum outcome command_snapshot_restore(struct run *run)
{
    const char *directory = run_directory(run);
    struct text word = TEXT("", "");
    if (mkdir(directory, 0700) != 0 && errno != EEXIST) {
        return fail_file(run, directory);
    }
    int directory_fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (directory_fd < 0) {
        return fail_file(run, directory);
    }
    if (is_running(directory_fd)) {
        close(directory_fd);
        return fail(run, TEXT("a Vogt runs here: stop it first, or put the snapshot back into the running one: vault operator raft snapshot restore",
                              "hier läuft ein Vogt: zuerst anhalten, oder die Sicherung ins laufende zurückspielen: vault operator raft snapshot restore"), directory);
    }
    if (!run_has(run, OPTION_DATABASE) && faccessat(directory_fd, elsewhere_name, F_OK, 0) == 0) {
        close(directory_fd);
        return fail(run, TEXT("the rows of this directory lie in PostgreSQL: with --database FILE the snapshot takes their place at the next start",
                              "die Zeilen dieses Verzeichnisses liegen in PostgreSQL: mit --database DATEI nimmt die Sicherung beim nächsten Start ihren Platz ein"), directory);
    }
    if (faccessat(directory_fd, database_name, F_OK, 0) == 0) {
        close(directory_fd);
        return fail(run, TEXT("there is a store already: stop its Vogt and move vogt.db (and vogt.db-wal) away first; the ledger's files may stay",
                              "hier gibt es schon einen Bestand: sein Vogt anhalten und vogt.db (und vogt.db-wal) zuerst wegräumen; die Dateien des Logbuchs dürfen bleiben"), directory);
    }
    unlinkat(directory_fd, arena_printf(run->arena, "%s/%s", folder_name, database_name), 0); /* of a restore that was cut short */
    if (mkdirat(directory_fd, folder_name, 0700) != 0 && errno != EEXIST) {
        close(directory_fd);
        return fail_file(run, directory);
    }
    int folder_fd = openat(directory_fd, folder_name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    enum outcome outcome = folder_fd < 0 ? fail_file(run, directory) : restore(run, directory, directory_fd, folder_fd, &word);
    if (folder_fd >= 0) {
        unlinkat(folder_fd, database_name, 0);
        close(folder_fd);
    }
    unlinkat(directory_fd, folder_name, AT_REMOVEDIR);
    close(directory_fd);
    if (outcome == OUTCOME_OK) {
        fprintf(run->screen.out, "%s %s\n%s\n", SAY(run, "Restored: every row agrees with its newest audit entry.", "Wiederhergestellt: jede Zeile stimmt mit dem neuesten Audit-Eintrag."),
                run_text(run, word), run_has(run, OPTION_DATABASE) ? SAY(run, "Start Vogt there with --database: that puts the rows into PostgreSQL. Then: vogt ledger reopen --reason …",
                                                                         "Vogt dort mit --database starten: das bringt die Zeilen in PostgreSQL. Dann: vogt ledger reopen --reason …")
                                                                   : SAY(run, "Start Vogt there, then: vogt ledger reopen --reason …", "Vogt dort starten, dann: vogt ledger reopen --reason …"));
    }
    return outcome;
}
