/* Copies of a database in use: whole, consistent, bounded, and never in the way of the store. */
#include "store/store.h"

#include "base/check.h"
#include "crypto/crypto.h"
#include "store/snapshot.h"

#include <fcntl.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { ROW_BYTES = 20000, ROWS = 600 };

struct place {
    char path[64];
    struct store *store;
};

static enum err place_open(struct place *place)
{
    int fd = open(place->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    struct files *files = NULL;
    place->store = NULL;
    enum err err = fd < 0 ? ERR_IO : files_new(fd, &files);
    return err == ERR_NONE ? store_open(files, NULL, &place->store) : err;
}

static enum err place_new(struct place *place)
{
    snprintf(place->path, sizeof(place->path), "/tmp/vogt-snapshot-XXXXXX");
    return mkdtemp(place->path) == NULL ? ERR_IO : place_open(place);
}

static void place_end(struct place *place)
{
    char command[128];
    store_close(place->store);
    snprintf(command, sizeof(command), "rm -rf %s", place->path);
    if (system(command) != 0) {
        printf("cannot remove %s\n", place->path);
    }
}

static bool has_copy(const struct place *place)
{
    char name[128];
    snprintf(name, sizeof name, "%s/snapshot.db", place->path);
    return access(name, F_OK) == 0;
}

/* Puts `path` with ROW_BYTES of this byte. */
static enum err put_row(struct place *place, const char *path, uint64_t expected, uint8_t byte)
{
    static uint8_t bytes[ROW_BYTES];
    memset(bytes, byte, sizeof bytes);
    cleanup_buf struct buf body = BUF_INIT(1 << 20), answer = BUF_INIT(4096);
    struct change change = {CHANGE_PUT, slice_string(path), expected, 0, slice_of(bytes, sizeof bytes)};
    enum err err = put_u64(&body, 0);
    err = err == ERR_NONE ? put_u32(&body, 1) : err;
    err = err == ERR_NONE ? change_put(&body, &change) : err;
    err = err == ERR_NONE ? put_u32(&body, 0) : err;
    err = err == ERR_NONE ? put_u32(&body, 0) : err;
    err = err == ERR_NONE ? put_bytes(&body, SLICE_LITERAL("state")) : err;
    return err == ERR_NONE ? store_commit(place->store, buf_slice(&body), &answer) : err;
}

struct answer {
    enum err err;
    bool is_ready;
    uint64_t size;
    size_t len;
    uint8_t first[SHA256_BYTES];    /* of the bytes */
};

static struct answer ask(struct place *place, uint8_t what, uint64_t id, uint32_t number, int out_fd)
{
    cleanup_buf struct buf body = BUF_INIT(4096), out = BUF_INIT(16 << 20);
    struct need need = {.kind = NEED_SNAPSHOT, .level = what, .number = id, .limit = number};
    struct answer answer = {.err = ERR_PROTOCOL};
    uint16_t fetched = 0, code = 0;
    uint32_t count = 0;
    uint8_t ready = 0;
    struct slice bytes = SLICE_NONE;
    if (put_u32(&body, 1) != ERR_NONE || need_put(&body, &need) != ERR_NONE || store_fetch(place->store, buf_slice(&body), &out) != ERR_NONE) {
        return answer;
    }
    struct reader reader = reader_of(buf_slice(&out));
    enum err err = get_u16(&reader, &fetched);
    err = err == ERR_NONE ? get_u32(&reader, &count) : err;
    err = err == ERR_NONE ? get_u16(&reader, &code) : err;
    err = err == ERR_NONE ? get_u8(&reader, &ready) : err;
    err = err == ERR_NONE ? get_u64(&reader, &answer.size) : err;
    err = err == ERR_NONE ? get_bytes(&reader, SNAPSHOT_CHUNK_BYTES, &bytes) : err;
    err = err == ERR_NONE ? reader_end(&reader) : err;
    bool is_written = err == ERR_NONE && (out_fd < 0 || bytes.len == 0 || write(out_fd, bytes.data, bytes.len) == (ssize_t)bytes.len);
    answer.err = err != ERR_NONE || !is_written ? ERR_PROTOCOL : (enum err)code;
    answer.is_ready = ready != 0;
    answer.len = err == ERR_NONE ? bytes.len : 0;
    memcpy(answer.first, bytes.data, answer.len < sizeof answer.first ? answer.len : sizeof answer.first);
    return answer;
}

static int64_t number_in(const char *database, const char *sql)
{
    sqlite3 *opened = NULL;
    sqlite3_stmt *statement = NULL;
    int64_t value = -1;
    char name[200];
    snprintf(name, sizeof name, "file:%s?immutable=1", database);
    if (sqlite3_open_v2(name, &opened, SQLITE_OPEN_READONLY | SQLITE_OPEN_URI, NULL) == SQLITE_OK && sqlite3_prepare_v2(opened, sql, -1, &statement, NULL) == SQLITE_OK &&
        sqlite3_step(statement) == SQLITE_ROW) {
        value = sqlite3_column_int64(statement, 0);
    }
    sqlite3_finalize(statement);
    sqlite3_close(opened);
    return value;
}

/* Takes the finished copy out, in parts. */
static bool take(struct place *place, uint64_t id, uint64_t size, char name[128])
{
    snprintf(name, 128, "%s/taken", place->path);
    int fd = open(name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    uint64_t done = 0;
    for (uint32_t part = 0; done < size; part++) {
        struct answer answer = ask(place, SNAPSHOT_READ, id, part, fd);
        if (answer.err != ERR_NONE || answer.len == 0) {
            break;
        }
        done += answer.len;
    }
    close(fd);
    return done == size;
}

TEST(what_is_committed_while_it_is_copied_is_in_the_copy)
{
    struct place place;
    char path[32], taken[128];
    CHECK_ERR(ERR_NONE, place_new(&place));
    for (unsigned i = 0; i < ROWS; i++) {
        snprintf(path, sizeof path, "row/%04u", i);
        CHECK_ERR(ERR_NONE, put_row(&place, path, 0, 'a'));
    }
    struct answer answer = {.is_ready = false};
    uint32_t steps = 0;
    for (; !answer.is_ready && steps < 100; steps++) {
        answer = ask(&place, SNAPSHOT_COPY, 7, steps, -1);
        CHECK_ERR(ERR_NONE, answer.err);
        snprintf(path, sizeof path, "row/%04u", steps * 97 % ROWS); /* before and after where the copy is */
        CHECK_ERR(ERR_NONE, put_row(&place, path, 1, 'b'));
        snprintf(path, sizeof path, "new/%04u", steps);
        CHECK_ERR(ERR_NONE, put_row(&place, path, 0, 'c'));
    }
    CHECK(steps > 2 && answer.is_ready);
    CHECK(take(&place, 7, answer.size, taken));
    CHECK_U64(0, (uint64_t)number_in(taken, "SELECT count(*) - count(bytes) FROM row"));
    CHECK_U64(ROWS + steps - 1, (uint64_t)number_in(taken, "SELECT count(*) FROM row")); /* the last step's changes came after it */
    CHECK_U64(steps - 1, (uint64_t)number_in(taken, "SELECT count(*) FROM row WHERE version = 2 AND substr(bytes, 1, 1) = x'62' AND substr(bytes, -1, 1) = x'62'"));
    CHECK_U64(0, (uint64_t)number_in(taken, "SELECT count(*) FROM pragma_integrity_check WHERE integrity_check <> 'ok'"));
    CHECK_ERR(ERR_NONE, ask(&place, SNAPSHOT_END, 7, 0, -1).err);
    CHECK(!has_copy(&place));
    place_end(&place);
}

/* More than one slice of hashing: the digest is that of the file, whatever was committed meanwhile. */
TEST(a_large_copy_is_hashed_in_slices)
{
    struct place place;
    char path[32], taken[128];
    CHECK_ERR(ERR_NONE, place_new(&place));
    for (unsigned i = 0; i < 3 * ROWS; i++) {
        snprintf(path, sizeof path, "row/%04u", i);
        CHECK_ERR(ERR_NONE, put_row(&place, path, 0, 'a'));
    }
    struct answer answer = {.is_ready = false};
    unsigned after_copying = 0;
    for (uint32_t steps = 0; !answer.is_ready && steps < 100; steps++) {
        after_copying += answer.size > 0 ? 1 : 0;
        CHECK_ERR(ERR_NOT_FOUND, ask(&place, SNAPSHOT_READ, 7, SNAPSHOT_DIGEST, -1).err);
        answer = ask(&place, SNAPSHOT_COPY, 7, steps, -1);
        CHECK_ERR(ERR_NONE, answer.err);
        snprintf(path, sizeof path, "new/%04u", steps);
        CHECK_ERR(ERR_NONE, put_row(&place, path, 0, 'c'));
    }
    CHECK(after_copying > 0 && answer.size > 32 << 20);
    CHECK(take(&place, 7, answer.size, taken));
    struct answer digest = ask(&place, SNAPSHOT_READ, 7, SNAPSHOT_DIGEST, -1);
    CHECK_U64(SHA256_BYTES, digest.len);
    struct sha256 *hash = sha256_new();
    static uint8_t block[1 << 16];
    int fd = open(taken, O_RDONLY | O_CLOEXEC);
    ssize_t got = 0;
    while ((got = read(fd, block, sizeof block)) > 0) {
        sha256_update(hash, slice_of(block, (size_t)got));
    }
    close(fd);
    uint8_t expected[SHA256_BYTES];
    sha256_finish(hash, expected);
    sha256_free(hash);
    CHECK(memcmp(expected, digest.first, sizeof expected) == 0);
    place_end(&place);
}

TEST(another_copy_ends_the_one_before_and_what_ended_is_not_there)
{
    struct place place;
    CHECK_ERR(ERR_NONE, place_new(&place));
    CHECK_ERR(ERR_NONE, put_row(&place, "a", 0, 'a'));
    CHECK_ERR(ERR_NOT_FOUND, ask(&place, SNAPSHOT_READ, 1, 0, -1).err);
    CHECK_ERR(ERR_INVALID, ask(&place, SNAPSHOT_COPY, 0, 0, -1).err);
    CHECK(ask(&place, SNAPSHOT_COPY, 1, 0, -1).is_ready);
    struct answer again = ask(&place, SNAPSHOT_COPY, 1, 1, -1); /* asked for once more than needed: nothing changes */
    CHECK(again.is_ready && again.err == ERR_NONE);
    CHECK(ask(&place, SNAPSHOT_READ, 1, 0, -1).len > 0);
    CHECK_U64(0, ask(&place, SNAPSHOT_READ, 1, 9999, -1).len); /* past the end */
    CHECK(ask(&place, SNAPSHOT_COPY, 2, 0, -1).is_ready);
    CHECK_ERR(ERR_NOT_FOUND, ask(&place, SNAPSHOT_READ, 1, 0, -1).err);
    CHECK_ERR(ERR_NONE, ask(&place, SNAPSHOT_END, 1, 0, -1).err); /* not its own: stays */
    CHECK(ask(&place, SNAPSHOT_READ, 2, 0, -1).len > 0);
    CHECK(has_copy(&place));
    store_close(place.store);
    CHECK(!has_copy(&place));
    /* one that a process left when it was killed */
    char name[128];
    snprintf(name, sizeof name, "%s/snapshot.db", place.path);
    close(open(name, O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
    CHECK_ERR(ERR_NONE, place_open(&place));
    CHECK(!has_copy(&place));
    place_end(&place);
}

TEST(a_copy_that_cannot_be_made_leaves_the_store_as_it_is)
{
    struct place place;
    char name[128];
    CHECK_ERR(ERR_NONE, place_new(&place));
    CHECK_ERR(ERR_NONE, put_row(&place, "a", 0, 'a'));
    snprintf(name, sizeof name, "%s/snapshot.db", place.path);
    CHECK(mkdir(name, 0700) == 0); /* in the way */
    struct answer answer = ask(&place, SNAPSHOT_COPY, 5, 0, -1);
    CHECK(answer.err != ERR_NONE && !answer.is_ready);
    CHECK_ERR(ERR_NONE, store_ended(place.store));
    CHECK_ERR(ERR_NONE, put_row(&place, "b", 0, 'b'));
    rmdir(name);
    CHECK(ask(&place, SNAPSHOT_COPY, 6, 0, -1).is_ready);
    place_end(&place);
}

/* ---- after a restore ---- */

static enum err publish(struct place *place, const char *name)
{
    cleanup_buf struct buf body = BUF_INIT(4096), answer = BUF_INIT(4096);
    char note[256];
    /* of an empty tree: SHA-256 of nothing */
    snprintf(note, sizeof note, "%s\n0\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n\n\xe2\x80\x94 %s AAAAAAAA\n", name, name);
    enum err err = put_u8(&body, LOG_EVIDENCE);
    err = err == ERR_NONE ? put_u64(&body, 0) : err;
    err = err == ERR_NONE ? put_bytes(&body, slice_string(note)) : err;
    return err == ERR_NONE ? store_publish(place->store, buf_slice(&body), &answer) : err;
}

static uint64_t published(struct place *place, uint64_t *ret_size)
{
    cleanup_buf struct buf body = BUF_INIT(4096), out = BUF_INIT(1 << 16);
    struct need need = {.kind = NEED_LOG, .log = LOG_EVIDENCE};
    uint16_t code = 0;
    uint32_t count = 0;
    uint64_t size = UINT64_MAX;
    if (put_u32(&body, 1) != ERR_NONE || need_put(&body, &need) != ERR_NONE || store_fetch(place->store, buf_slice(&body), &out) != ERR_NONE) {
        return UINT64_MAX;
    }
    struct reader reader = reader_of(buf_slice(&out));
    enum err err = get_u16(&reader, &code);
    err = err == ERR_NONE ? get_u32(&reader, &count) : err;
    err = err == ERR_NONE ? get_u64(&reader, ret_size) : err;
    err = err == ERR_NONE ? get_u64(&reader, &size) : err;
    return err == ERR_NONE ? size : UINT64_MAX;
}

TEST(a_restored_store_says_that_more_was_published_until_its_log_has_another_name)
{
    struct place place;
    char name[128];
    uint64_t size = 0;
    CHECK_ERR(ERR_NONE, place_new(&place));
    CHECK_ERR(ERR_NONE, publish(&place, "old/evidence"));
    CHECK_U64(0, published(&place, &size));
    store_close(place.store);
    snprintf(name, sizeof name, "%s/restored", place.path);
    close(open(name, O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
    CHECK_ERR(ERR_NONE, place_open(&place));
    CHECK(published(&place, &size) > size);
    CHECK_ERR(ERR_NONE, publish(&place, "old/evidence"));
    CHECK(published(&place, &size) > size);
    CHECK(access(name, F_OK) == 0);
    CHECK_ERR(ERR_NONE, publish(&place, "new/evidence"));
    CHECK_U64(0, published(&place, &size));
    CHECK(access(name, F_OK) != 0);
    place_end(&place);
}

TEST_MAIN
