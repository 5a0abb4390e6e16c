#include "store/rows_scene.h"

#include <fcntl.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum err place_open(struct place *place)
{
    int fd = open(place->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    struct files *files = NULL;
    place->store = NULL;
    enum err err = fd < 0 ? ERR_IO : files_new(fd, &files);
    return err == ERR_NONE ? store_open(files, NULL, &place->store) : err;
}

enum err place_new(struct place *place)
{
    *place = (struct place){.path = "/tmp/vogt-rows-XXXXXX"};
    return mkdtemp(place->path) == NULL ? ERR_IO : place_open(place);
}

void place_close(struct place *place)
{
    store_close(place->store);
    place->store = NULL;
}

bool place_run(const struct place *place, const char *sql)
{
    char name[128];
    sqlite3 *database = NULL;
    place_file(place, "vogt.db", name);
    int result = sqlite3_open(name, &database);
    if (result == SQLITE_OK) {
        result = sqlite3_exec(database, sql, NULL, NULL, NULL);
    }
    sqlite3_close(database);
    return result == SQLITE_OK;
}
