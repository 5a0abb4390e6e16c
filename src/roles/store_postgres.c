/*
 * Rows in PostgreSQL; the ledger's files stay in the directory. The connection's text is read before the sandbox, the server only within it: first with names and the
 * network, then, once connected, without any way to another connection.
 */
#include "roles/store_place.h"

#include "crypto/secret.h"
#include "process/sandbox.h"
#include "store/postgres.h"

#include <fcntl.h>
#include <unistd.h>

enum { CONNECT_SECONDS = 5 /* and the wait for the lock: the parent gives all roles ten */ };

/* Its presence tells the parent and the command line that the rows are elsewhere. */
static const char marker_name[] = "postgresql";

/* The server's own word follows. */
static const struct store_refusal refusals[] = {
    {ERR_NEWER, TEXT_INIT("The database was written by a newer version of Vogt. Install that version again; nothing was changed.",
                          "Die Datenbank wurde von einer neueren Version von Vogt geschrieben. Diese Version wieder installieren; nichts wurde verändert.")},
    {ERR_DAMAGED, TEXT_INIT("The tables in the schema \"vogt\" are damaged, were changed, or are missing beside their ledger. Restore the database from a backup",
                            "Die Tabellen im Schema \"vogt\" sind beschädigt, verändert, oder fehlen neben ihrem Ledger. Die Datenbank aus einer Sicherung wiederherstellen")},
    {ERR_INVALID, TEXT_INIT("The database has a schema \"vogt\" that is not of Vogt; nothing was changed. Create another database",
                            "Die Datenbank hat ein Schema \"vogt\", das nicht von Vogt ist; nichts wurde verändert. Eine andere Datenbank anlegen")},
    {ERR_RIGHTS, TEXT_INIT("The database's user lacks a right: it needs CREATE on the database once, and must own the schema \"vogt\"",
                           "Dem Benutzer der Datenbank fehlt ein Recht: er braucht einmal CREATE auf der Datenbank, und das Schema \"vogt\" muss ihm gehören")},
    {ERR_EXISTS, TEXT_INIT("The database is not empty: a restored store goes into an empty one only. Nothing was changed",
                           "Die Datenbank ist nicht leer: ein wiederhergestellter Bestand kommt nur in eine leere. Nichts wurde verändert")},
    {ERR_FULL, TEXT_INIT("The database's disk is full; nothing was lost", "Der Datenträger der Datenbank ist voll; nichts ging verloren")},
    {ERR_NONE, TEXT_INIT("The tables in the database could not be opened", "Die Tabellen in der Datenbank ließen sich nicht öffnen")},
};

/* The words may come from the server: they are shown, never taken for ours. */
static struct text with_detail(struct role_start *start, struct text text, const char *detail)
{
    const char *separator = detail[0] == '\0' ? "" : ": ";
    const char *english = arena_printf(start->arena, "%s%s%s", text.english, separator, detail), *german = arena_printf(start->arena, "%s%s%s", text.german, separator, detail);
    return english == NULL || german == NULL ? text : (struct text){english, german};
}

static enum err read_place(int fd, struct rows_place **ret_place, struct complaint *complaint)
{
    uint8_t text[PLACE_URL_MAX_BYTES + 1];
    size_t len = 0;
    ssize_t got = 1;
    while (got > 0 && len < sizeof(text)) {
        got = read(fd, text + len, sizeof(text) - len);
        len += got > 0 ? (size_t)got : 0;
    }
    close(fd);
    enum err err = got < 0 ? ERR_IO : rows_place_read(slice_of(text, len), ret_place, complaint);
    wipe(text, sizeof(text));
    return err;
}

/* Only once the tables are there: before that the directory may become one of either kind. */
static enum err leave_marker(int directory_fd)
{
    int fd = openat(directory_fd, marker_name, O_WRONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
    bool good = fd >= 0 && fsync(directory_fd) == 0;
    if (fd >= 0) {
        close(fd);
    }
    return good ? ERR_NONE : ERR_READ_ONLY;
}

static enum err open_store(struct role_start *start, struct store_place *place)
{
    int directory_fd = fcntl(start->fds[0], F_DUPFD_CLOEXEC, 0);
    struct files *files = NULL;
    enum err err = directory_fd < 0 ? ERR_IO : files_new(directory_fd, &files);
    err = err == ERR_NONE ? store_open(files, place->source, &place->store) : err;
    if (err != ERR_NONE) {
        place->refusal = with_detail(start, store_refusal_text(refusals, err), rows_source_words(place->source));
        return err;
    }
    err = leave_marker(start->fds[0]);
    if (err != ERR_NONE) {
        place->refusal = TEXT("The data directory cannot be written.", "Das Datenverzeichnis ist nicht beschreibbar.");
    }
    return err;
}

enum err store_place_open(struct role_start *start, struct store_place *place)
{
    struct rows_place *where = NULL;
    struct complaint complaint = {.text = place->refusal};
    enum err err = start->fd_count == 2 ? read_place(start->fds[1], &where, &complaint) : ERR_PROTOCOL;
    if (err == ERR_NONE) {
        err = role_confine_connecting(start, start->fds[0], rows_place_paths(where));
    }
    if (err == ERR_NONE) {
        err = rows_place_connect(where, CONNECT_SECONDS, &place->source, &complaint);
    }
    rows_place_free(where);
    if (err == ERR_NONE) {
        err = sandbox_end_connecting();
    }
    if (err != ERR_NONE) {
        place->refusal = with_detail(start, complaint.text, complaint.detail);
        return err;
    }
    return open_store(start, place);
}

void store_place_close(struct store_place *place)
{
    store_close(place->store);
    rows_source_free(place->source);
    place->store = NULL;
    place->source = NULL;
}

int store_place_fd(const struct store_place *place)
{
    return rows_source_fd(place->source);
}

void store_place_heed(struct store_place *place)
{
    rows_heed(store_rows(place->store));
}

bool store_place_is_away(struct role_start *start, struct store_place *place)
{
    if (!rows_failed(store_rows(place->store))) {
        return false;
    }
    place->refusal = with_detail(start, TEXT("The connection to the database was lost", "Die Verbindung zur Datenbank ging verloren"), rows_source_words(place->source));
    return true;
}
