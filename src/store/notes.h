/*
 * The checkpoints of both logs as store answers them: what stands in the file, which is what
 * outsiders saw, or in the row when the file was lost. The bytes read last are kept, because a
 * checkpoint is asked for far more often than it changes; the first answer of a FETCH looks whether
 * the file is still the one that was read (struct file_stamp), so a file that somebody changed is
 * seen. It owns these bytes and writes nothing.
 */
#ifndef VOGT_STORE_NOTES_H
#define VOGT_STORE_NOTES_H

#include "store/rows.h"

enum { NOTES_LOGS = 2 };

struct notes {
    struct {
        bool held, looked;
        struct file_stamp stamp; /* of the file when `note` was read */
        struct buf note;
        uint64_t size;
    } logs[NOTES_LOGS];
};

struct notes notes_new(void);
void notes_free(struct notes *notes);
/* A FETCH begins: files are looked at anew. */
void notes_begin(struct notes *notes);
/* *ret_note is empty when nothing was published; it lives until the next call. ERR_INVALID: no such
 * log. */
enum err notes_get(struct notes *notes, struct files *files, struct rows *rows, uint8_t log,
                   struct slice *ret_note, uint64_t *ret_size) must_check;

#endif
