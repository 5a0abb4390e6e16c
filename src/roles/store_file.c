/* Rows in SQLite's file, in the one directory that is this process's root. */
#include "roles/store_place.h"

#include <fcntl.h>

static const struct store_refusal refusals[] = {
    {ERR_NEWER,
     {"The data directory was written by a newer version of Vogt. Install that version again; "
      "nothing was changed.",
      "Das Datenverzeichnis wurde von einer neueren Version von Vogt geschrieben. Diese Version "
      "wieder installieren; "
      "nichts wurde verändert."}},
    {ERR_LOCKED,
     {"The database vogt.db is in use by another process. End that process first.",
      "Die Datenbank vogt.db wird von einem anderen Prozess benutzt. Zuerst diesen Prozess "
      "beenden."}},
    {ERR_DAMAGED,
     {"The database vogt.db is damaged or missing beside its ledger. Restore the data directory "
      "from a backup.",
      "Die Datenbank vogt.db ist beschädigt oder fehlt neben ihrem Ledger. Das Datenverzeichnis "
      "aus einer "
      "Sicherung wiederherstellen."}},
    {ERR_INVALID,
     {"vogt.db is not a database of Vogt. Choose another data directory.",
      "vogt.db ist keine Datenbank von Vogt. Ein anderes Datenverzeichnis wählen."}},
    {ERR_READ_ONLY,
     {"The data directory cannot be written. Give this user the right to write it, or mount it "
      "writable.",
      "Das Datenverzeichnis ist nicht beschreibbar. Diesem Benutzer Schreibrechte geben oder es "
      "beschreibbar "
      "einhängen."}},
    {ERR_RIGHTS,
     {"The data directory may not be entered by the user that the store runs as. Check its owner "
      "and rights.",
      "Der Benutzer, unter dem der Speicher läuft, darf das Datenverzeichnis nicht betreten. "
      "Eigentümer und "
      "Rechte prüfen."}},
    {ERR_FULL,
     {"There is no space left for the data directory. Free some space and start again; nothing was "
      "lost.",
      "Für das Datenverzeichnis ist kein Platz mehr. Platz schaffen und neu starten; nichts ging "
      "verloren."}},
    {ERR_NONE,
     {"The database vogt.db could not be opened. The log names the error.",
      "Die Datenbank vogt.db konnte nicht geöffnet werden. Das Protokoll nennt den Fehler."}},
};

/* The descriptor is kept for the sandbox; the file layer gets its own. */
static enum err open_store(struct role_start *start, struct store **ret_store)
{
    int directory_fd = fcntl(start->fds[0], F_DUPFD_CLOEXEC, 0);
    struct files *files = NULL;
    if (directory_fd < 0) {
        return ERR_IO;
    }
    enum err err = files_new(directory_fd, &files);
    return err == ERR_NONE ? store_open(files, NULL, ret_store) : err;
}

enum err store_place_open(struct role_start *start, struct store_place *place)
{
    enum err err = role_confine(start, start->fds[0]);
    if (err != ERR_NONE) {
        return err;
    }
    err = open_store(start, &place->store);
    if (err != ERR_NONE) {
        place->refusal = store_refusal_text(refusals, err);
    }
    return err;
}

void store_place_close(struct store_place *place)
{
    store_close(place->store);
    place->store = NULL;
}

int store_place_fd(const struct store_place *place)
{
    (void)place;
    return -1;
}

void store_place_heed(struct store_place *place)
{
    (void)place;
}

bool store_place_is_away(struct role_start *start, struct store_place *place)
{
    (void)start, (void)place;
    return false; /* a file that fails is damaged or on a disk that is */
}
