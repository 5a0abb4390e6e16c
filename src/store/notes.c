#include "store/notes.h"

#include "store/tiles.h"

struct notes notes_new(void)
{
    return (struct notes){
        .logs = {{.note = BUF_INIT(CHECKPOINT_MAX_BYTES)}, {.note = BUF_INIT(CHECKPOINT_MAX_BYTES)}}};
}

void notes_free(struct notes *notes)
{
    for (size_t i = 0; i < NOTES_LOGS; i++) {
        buf_free(&notes->logs[i].note);
    }
}

void notes_begin(struct notes *notes)
{
    for (size_t i = 0; i < NOTES_LOGS; i++) {
        notes->logs[i].looked = false;
    }
}

/* The stamp is taken before the bytes are read: a change in between makes the next look differ. Two
 * changes in place within one tick of the kernel's clock (4 ms), with a read in between, would look
 * alike; store itself replaces the file whole. */
static enum err look(struct notes *notes, size_t at, struct files *files, uint8_t log)
{
    char name[FILE_NAME_MAX_BYTES + 1];
    struct file_stamp stamp;
    enum err err = tiles_checkpoint_name(log, name, sizeof(name));
    if (err == ERR_NONE) {
        err = file_stamp(files, name, &stamp);
    }
    bool is_same = err == ERR_NONE && notes->logs[at].held &&
                   file_stamp_equal(&notes->logs[at].stamp, &stamp);
    if (err == ERR_NONE && !is_same) {
        err = tiles_checkpoint(files, log, &notes->logs[at].note, &notes->logs[at].size);
        notes->logs[at].held = err == ERR_NONE;
        notes->logs[at].stamp = stamp;
    }
    notes->logs[at].looked = err == ERR_NONE;
    return err;
}

enum err notes_get(struct notes *notes, struct files *files, struct rows *rows, uint8_t log,
                   struct slice *ret_note, uint64_t *ret_size)
{
    if (log != LOG_EVIDENCE && log != LOG_AUDIT) {
        return ERR_INVALID;
    }
    size_t at = log == LOG_AUDIT ? 1 : 0;
    struct buf *note = &notes->logs[at].note;
    enum err err = notes->logs[at].looked ? ERR_NONE : look(notes, at, files, log);
    if (err == ERR_NOT_FOUND || err == ERR_MALFORMED || err == ERR_TOO_LARGE) {
        buf_clear(note);
        notes->logs[at].size = rows_log(rows, log)->published_size;
        err = rows_checkpoint(rows, log, note);
    }
    if (err == ERR_NONE) {
        *ret_note = buf_slice(note);
        *ret_size = notes->logs[at].size;
    }
    return err;
}
