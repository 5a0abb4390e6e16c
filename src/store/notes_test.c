/* The checkpoints that store keeps in memory: whatever happens to the file is seen by the next FETCH. */
#include "crypto/check_crypto.h"
#include "store/notes.h"

#include "base/check.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define ROOT "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="
#define NAME "ledger/evidence/checkpoint"

struct place {
    char path[64];
    struct files *files;
    struct rows *rows;
    struct notes notes;
};

static enum err place_new(struct place *place)
{
    char name[128];
    *place = (struct place){.path = "/tmp/vogt-notes-XXXXXX", .notes = notes_new()};
    int fd = mkdtemp(place->path) == NULL ? -1 : open(place->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    enum err err = fd < 0 ? ERR_IO : files_new(fd, &place->files);
    err = err == ERR_NONE ? rows_open(place->files, NULL, true, &place->rows) : err;
    for (int i = 0; err == ERR_NONE && i < 2; i++) {
        snprintf(name, sizeof(name), "%s/%s", place->path, i == 0 ? "ledger" : "ledger/evidence");
        err = mkdir(name, 0700) == 0 ? ERR_NONE : ERR_IO;
    }
    return err;
}

static void place_end(struct place *place)
{
    char command[128];
    rows_close(place->rows);
    files_free(place->files);
    notes_free(&place->notes);
    snprintf(command, sizeof(command), "rm -rf %s", place->path);
    if (system(command) != 0) {
        printf("cannot remove %s\n", place->path);
    }
}

/* What the first answer of a new FETCH says. */
static enum err ask(struct place *place, struct slice *ret_note, uint64_t *ret_size)
{
    notes_begin(&place->notes);
    return notes_get(&place->notes, place->files, place->rows, LOG_EVIDENCE, ret_note, ret_size);
}

TEST(notes_follow_a_file_that_is_replaced)
{
    struct place place;
    struct slice note = SLICE_NONE;
    uint64_t size = 0;
    CHECK_ERR(ERR_NONE, place_new(&place));
    CHECK_ERR(ERR_NONE, ask(&place, &note, &size));
    CHECK_U64(0, note.len);
    CHECK_ERR(ERR_NONE, file_replace(place.files, NAME, SLICE_LITERAL("a\n5\n" ROOT "\n")));
    CHECK_ERR(ERR_NONE, ask(&place, &note, &size));
    CHECK_U64(5, size);
    CHECK_SLICE("a\n5\n" ROOT "\n", note);
    CHECK_ERR(ERR_NONE, file_replace(place.files, NAME, SLICE_LITERAL("a\n6\n" ROOT "\n")));
    CHECK_ERR(ERR_NONE, notes_get(&place.notes, place.files, place.rows, LOG_EVIDENCE, &note, &size));
    CHECK_U64(5, size); /* one look a FETCH */
    CHECK_ERR(ERR_NONE, ask(&place, &note, &size));
    CHECK_U64(6, size);
    CHECK_ERR(ERR_NONE, file_remove(place.files, NAME));
    CHECK_ERR(ERR_NONE, ask(&place, &note, &size));
    CHECK_U64(0, note.len); /* the row remains, and nothing was published */
    place_end(&place);
}

/* Somebody else's hand, same length, and the time of the last change set back to what it was. */
TEST(notes_follow_a_file_that_is_changed_in_place)
{
    struct place place;
    struct slice note = SLICE_NONE;
    uint64_t size = 0;
    char name[128];
    struct stat before;
    CHECK_ERR(ERR_NONE, place_new(&place));
    CHECK_ERR(ERR_NONE, file_replace(place.files, NAME, SLICE_LITERAL("a\n5\n" ROOT "\n")));
    CHECK_ERR(ERR_NONE, ask(&place, &note, &size));
    usleep(50000); /* several ticks of the clock that stamps files */
    snprintf(name, sizeof(name), "%s/" NAME, place.path);
    int fd = open(name, O_WRONLY | O_CLOEXEC);
    CHECK(fd >= 0 && fstat(fd, &before) == 0 && pwrite(fd, "7", 1, 2) == 1);
    const struct timespec times[2] = {before.st_atim, before.st_mtim};
    CHECK(futimens(fd, times) == 0);
    close(fd);
    CHECK_ERR(ERR_NONE, ask(&place, &note, &size));
    CHECK_U64(7, size);
    place_end(&place);
}

TEST(notes_know_two_logs)
{
    struct place place;
    struct slice note = SLICE_NONE;
    uint64_t size = 0;
    CHECK_ERR(ERR_NONE, place_new(&place));
    CHECK_ERR(ERR_NONE, file_replace(place.files, NAME, SLICE_LITERAL("a\n5\n" ROOT "\n")));
    CHECK_ERR(ERR_NONE, ask(&place, &note, &size));
    CHECK_ERR(ERR_NONE, notes_get(&place.notes, place.files, place.rows, LOG_AUDIT, &note, &size));
    CHECK_U64(0, note.len);
    CHECK_ERR(ERR_INVALID, notes_get(&place.notes, place.files, place.rows, 3, &note, &size));
    place_end(&place);
}

TEST_MAIN
