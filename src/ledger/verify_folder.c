/* verify_folder: what lies in a log's directory beside the tiles that its checkpoint needs. */
#include "ledger/verify.h"

#include <errno.h>
#include <fts.h>
#include <stdio.h>
#include <string.h>

static const char *const side_files[] = {"checkpoint", "checkpoint.tsr"};

/* A partial tile of an earlier size is the beginning of the one that there is now. */
static enum err check_old_tile(const struct verify_source *source, uint8_t log, const char *path,
                               const struct tile *tile, unsigned width_now,
                               struct verify_report *report)
{
    struct tile now = {tile->level, tile->number, width_now};
    char path_now[TILE_PATH_BYTES];
    cleanup_buf struct buf old = BUF_INIT(BUNDLE_MAX_BYTES);
    cleanup_buf struct buf new = BUF_INIT(BUNDLE_MAX_BYTES);
    tile_path(&now, path_now);
    enum err err = source->fetch(source->context, path, &old);
    if (err == ERR_NONE) {
        err = source->fetch(source->context, path_now, &new);
    }
    if (err == ERR_MEMORY) {
        return err;
    }
    struct slice rest = buf_slice(&new), entry;
    bool good = err == ERR_NONE && slice_starts(buf_slice(&new), buf_slice(&old));
    if (tile->level == TILE_LEVEL_ENTRIES) {
        for (unsigned i = 0; good && i < tile->width; i++) {
            good = bundle_next(&rest, &entry) == ERR_NONE;
        }
        good = good && new.len - rest.len == old.len;
    } else {
        good = good && old.len == tile->width * SHA256_BYTES;
    }
    if (!good) {
        verify_find(report, VERIFY_BROKEN, log,
                    TEXT("an older partial tile does not fit the present one",
                         "eine ältere Teilkachel passt nicht zur jetzigen"),
                    path, UINT64_MAX);
    }
    return ERR_NONE;
}

static enum err check_file(const struct verify_source *source, uint8_t log, const char *path,
                           struct verify_report *report)
{
    struct tile tile;
    for (size_t i = 0; i < sizeof(side_files) / sizeof(side_files[0]); i++) {
        if (strcmp(path, side_files[i]) == 0) {
            return ERR_NONE;
        }
    }
    if (tile_path_parse(slice_string(path), &tile) != ERR_NONE) {
        verify_find(report, VERIFY_BROKEN, log,
                    TEXT("a file that belongs to no log", "eine Datei, die zu keinem Log gehört"),
                    path, UINT64_MAX);
        return ERR_NONE;
    }
    unsigned width_now = tile_width_at(tile.level, tile.number, report->logs[log].size);
    if (tile.width == width_now) {
        return ERR_NONE; /* verify_log read it */
    }
    if (tile.width > width_now) {
        verify_find(
            report, VERIFY_NOTE, log,
            TEXT(
                "a tile beyond the checkpoint: written, but not yet published",
                "eine Kachel jenseits des Prüfpunkts: geschrieben, aber noch nicht veröffentlicht"),
            path, UINT64_MAX);
        return ERR_NONE;
    }
    return check_old_tile(source, log, path, &tile, width_now, report);
}

enum err verify_folder(const int *directory_fd, uint8_t log, struct verify_report *report)
{
    char root[64];
    snprintf(root, sizeof(root), "/proc/self/fd/%d/", *directory_fd);
    char *const paths[] = {root, NULL};
    struct verify_source source = verify_directory(directory_fd);
    FTS *walk = fts_open(paths, FTS_PHYSICAL | FTS_NOCHDIR | FTS_COMFOLLOW, NULL);
    enum err err = walk == NULL ? err_from_errno(errno) : ERR_NONE;
    FTSENT *found;
    while (err == ERR_NONE && (found = fts_read(walk)) != NULL) {
        const char *path = found->fts_pathlen > strlen(root) ? found->fts_path + strlen(root) : "";
        if (found->fts_info == FTS_F) {
            err = check_file(&source, log, path, report);
        } else if (found->fts_info != FTS_D && found->fts_info != FTS_DP) {
            verify_find(
                report, VERIFY_BROKEN, log,
                TEXT("neither a file nor a readable folder", "weder Datei noch lesbarer Ordner"),
                path, UINT64_MAX);
        }
    }
    if (walk != NULL) {
        fts_close(walk);
    }
    return err;
}
