#include "roles/parent.h"

#include <stddef.h>
#include <string.h>

enum option_kind { OPTION_TEXT, OPTION_COUNT, OPTION_FD, OPTION_LEVEL };

struct option_row {
    const char *name;
    enum option_kind kind;
    size_t offset;
};

static const struct option_row option_rows[] = {
    {"--dir", OPTION_TEXT, offsetof(struct options, directory)},
    {"--listen", OPTION_TEXT, offsetof(struct options, listen)},
    {"--config", OPTION_TEXT, offsetof(struct options, config)},
    {"--database", OPTION_TEXT, offsetof(struct options, database)},
    {"--minimum", OPTION_LEVEL, offsetof(struct options, minimum)},
    {"--ready-fd", OPTION_FD, offsetof(struct options, ready_fd)},
    {"--judges", OPTION_COUNT, offsetof(struct options, judges)},
    {"--gates", OPTION_COUNT, offsetof(struct options, gates)},
    {"--reaches", OPTION_COUNT, offsetof(struct options, reaches)},
};

enum { COUNT_MAX = 8, FD_MAX = 1023 };

static enum err set_option(const struct option_row *row, const char *value, struct options *options)
{
    char *place = (char *)options + row->offset;
    uint64_t number = 0;
    enum confinement level = CONFINEMENT_NONE;
    enum err err = ERR_NONE;
    switch (row->kind) {
    case OPTION_TEXT:
        memcpy(place, &value, sizeof(value));
        return value[0] == '\0' ? ERR_INVALID : ERR_NONE;
    case OPTION_COUNT:
        err = slice_to_u64(slice_string(value), &number);
        memcpy(place, &number, sizeof(number));
        return err == ERR_NONE && (number == 0 || number > COUNT_MAX) ? ERR_INVALID : err;
    case OPTION_FD:
        err = slice_to_u64(slice_string(value), &number);
        if (err == ERR_NONE && number > FD_MAX) {
            err = ERR_INVALID;
        }
        int fd = (int)number;
        memcpy(place, &fd, sizeof(fd));
        return err;
    case OPTION_LEVEL:
        err = confinement_of_name(slice_string(value), &level);
        memcpy(place, &level, sizeof(level));
        return err;
    }
    return ERR_INTERNAL;
}

enum err options_read(int count, char **arguments, struct options *ret_options,
                      struct complaint *complaint)
{
    struct options options = {.listen = "localhost:8200",
                              .minimum = CONFINEMENT_NONE,
                              .ready_fd = -1,
                              .judges = 1,
                              .gates = 1,
                              .reaches = 1};
    for (int i = 1; i < count; i += 2) {
        const struct option_row *row = NULL;
        for (size_t r = 0; r < sizeof(option_rows) / sizeof(option_rows[0]); r++) {
            row = strcmp(option_rows[r].name, arguments[i]) == 0 ? &option_rows[r] : row;
        }
        if (row == NULL) {
            return complain(complaint, ERR_INVALID,
                            TEXT("no such option", "diese Option gibt es nicht"), 0, 0,
                            arguments[i], strlen(arguments[i]));
        }
        if (i + 1 == count || set_option(row, arguments[i + 1], &options) != ERR_NONE) {
            return complain(complaint, ERR_INVALID,
                            TEXT("the option needs another value (levels: none limits seccomp "
                                 "landlock full; counts: 1 to 8)",
                                 "die Option braucht einen anderen Wert (Stufen: none limits "
                                 "seccomp landlock full; Anzahl: 1 bis 8)"),
                            0, 0, arguments[i], strlen(arguments[i]));
        }
    }
    if (options.directory == NULL) {
        return complain(complaint, ERR_INVALID,
                        TEXT("the data directory is missing: --dir DIR",
                             "das Datenverzeichnis fehlt: --dir VERZEICHNIS"),
                        0, 0, NULL, 0);
    }
    *ret_options = options;
    return ERR_NONE;
}
