#include "store/unsynced.h"

#include <stdio.h>
#include <string.h>

void directory_of(const char *name, char out[DIRECTORY_MAX_BYTES])
{
    const char *slash = strrchr(name, '/');
    snprintf(out, DIRECTORY_MAX_BYTES, "%.*s", slash == NULL ? 0 : (int)(slash - name), name);
}

enum err unsynced_sync(struct unsynced *unsynced)
{
    enum err err = ERR_NONE;
    for (size_t i = 0; err == ERR_NONE && i < unsynced->count; i++) {
        err = file_sync_directory(unsynced->files, unsynced->directories[i]);
    }
    unsynced->count = 0;
    return err;
}

/* From the end: tiles come in order, so the directory is nearly always the one of the file before.
 */
static enum err mark(struct unsynced *unsynced, const char *directory)
{
    for (size_t i = unsynced->count; i > 0; i--) {
        if (strcmp(unsynced->directories[i - 1], directory) == 0) {
            return ERR_NONE;
        }
    }
    if (unsynced->count == UNSYNCED_MAX) {
        enum err err = unsynced_sync(unsynced);
        if (err != ERR_NONE) {
            return err;
        }
    }
    snprintf(unsynced->directories[unsynced->count++], DIRECTORY_MAX_BYTES, "%s", directory);
    return ERR_NONE;
}

/* Makes every directory above `name` that is missing, topmost first. One that exists may have been
 * made by a process that died before syncing it, so its parent is synced too. */
enum err unsynced_make_directories(struct unsynced *unsynced, const char *name)
{
    char directory[DIRECTORY_MAX_BYTES], parent[DIRECTORY_MAX_BYTES];
    enum err err = ERR_NONE;
    for (const char *slash = strchr(name, '/'); err == ERR_NONE && slash != NULL;
         slash = strchr(slash + 1, '/')) {
        snprintf(directory, sizeof(directory), "%.*s", (int)(slash - name), name);
        bool exists = false;
        err = file_exists(unsynced->files, directory, &exists);
        if (err == ERR_NONE && !exists) {
            err = file_make_directory(unsynced->files, directory);
        }
        if (err == ERR_NONE) {
            directory_of(directory, parent);
            err = mark(unsynced, parent);
        }
    }
    return err;
}

enum err unsynced_write(struct unsynced *unsynced, const char *name, struct slice bytes)
{
    char directory[DIRECTORY_MAX_BYTES];
    enum err err = unsynced_make_directories(unsynced, name);
    if (err == ERR_NONE) {
        err = file_replace(unsynced->files, name, bytes);
    }
    if (err == ERR_NONE) {
        directory_of(name, directory);
        err = mark(unsynced, directory);
    }
    return err;
}
