/*
 * Builds the catalogue: catalogue_make tables|page OUT FILE...   reads measures/ and writes the C
 * tables or the page of documentation. Runs while building only. Exit code 1 and nothing written
 * when anything is wrong; each fault has its place.
 */
#include "measure/catalogue_emit.h"

#include "base/encode.h"
#include "crypto/crypto.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FILE_MAX_BYTES = 1 << 20, OUT_MAX_BYTES = 8 << 20, ARENA_MAX_BYTES = 64 << 20 };

static enum err read_file(const char *path, struct buf *out)
{
    FILE *file = fopen(path, "rb");
    if (file == NULL) {
        return ERR_NOT_FOUND;
    }
    enum err err = buf_reserve(out, FILE_MAX_BYTES);
    if (err == ERR_NONE) {
        out->len = fread(out->data, 1, FILE_MAX_BYTES, file);
        err = ferror(file) != 0 ? ERR_IO : out->len == FILE_MAX_BYTES ? ERR_TOO_LARGE : ERR_NONE;
    }
    fclose(file);
    return err;
}

static enum err write_file(const char *path, struct slice bytes)
{
    FILE *file = fopen(path, "wb");
    if (file == NULL) {
        return ERR_IO;
    }
    size_t written = fwrite(bytes.data, 1, bytes.len, file);
    return fclose(file) == 0 && written == bytes.len ? ERR_NONE : ERR_IO;
}

/* The version is over the text of all sources, in the order given; names do not count, so that
 * paths may differ. */
static enum err add_files(struct source *source, struct sha256 *sha256, char **paths, int count)
{
    for (int i = 0; i < count; i++) {
        struct buf bytes = BUF_INIT(FILE_MAX_BYTES);
        enum err err = read_file(paths[i], &bytes);
        struct slice kept =
            err == ERR_NONE ? arena_copy(source->arena, buf_slice(&bytes)) : SLICE_NONE;
        buf_free(&bytes);
        if (err != ERR_NONE || kept.data == NULL) {
            source_fault(source, paths[i], 0, 0,
                         TEXT("cannot be read", "kann nicht gelesen werden"), SLICE_NONE);
            continue;
        }
        sha256_update(sha256, kept);
        source_add(source, paths[i], kept);
    }
    return source->fault_count == 0 ? ERR_NONE : ERR_INVALID;
}

static enum err version_of(struct sha256 *sha256, char ret_version[17])
{
    uint8_t digest[SHA256_BYTES];
    cleanup_buf struct buf hex = BUF_INIT(2 * SHA256_BYTES);
    sha256_finish(sha256, digest);
    enum err err = hex_encode(&hex, slice_of(digest, 8));
    if (err == ERR_NONE) {
        memcpy(ret_version, hex.data, 16);
        ret_version[16] = '\0';
    }
    return err;
}

static enum err make(const char *mode, const char *out_path, char **paths, int count)
{
    cleanup_arena struct arena *arena = arena_new(ARENA_MAX_BYTES);
    struct source *source = calloc(1, sizeof(*source));
    struct sha256 *sha256 = sha256_new();
    cleanup_buf struct buf out = BUF_INIT(OUT_MAX_BYTES);
    char version[17] = {0};
    enum err err = arena == NULL || source == NULL || sha256 == NULL ? ERR_MEMORY : ERR_NONE;
    if (err == ERR_NONE) {
        source->arena = arena;
        err = add_files(source, sha256, paths, count);
        source_finish(source);
        err = err == ERR_NONE ? version_of(sha256, version) : err;
    }
    if (err == ERR_NONE && source->fault_count == 0) {
        err = strcmp(mode, "page") == 0 ? emit_page(&out, source)
                                        : emit_tables(&out, source, version);
    }
    if (err == ERR_NONE) {
        err = source->fault_count > 0 ? ERR_INVALID : write_file(out_path, buf_slice(&out));
    }
    sha256_free(sha256);
    free(source);
    return err;
}

int main(int argc, char **argv)
{
    if (argc < 4 || (strcmp(argv[1], "tables") != 0 && strcmp(argv[1], "page") != 0)) {
        fprintf(stderr, "usage: catalogue_make tables|page OUT FILE...\n");
        return 2;
    }
    enum err err = crypto_start();
    err = err == ERR_NONE ? make(argv[1], argv[2], argv + 3, argc - 3) : err;
    if (err != ERR_NONE) {
        fprintf(stderr, "catalogue_make: %s\n", err_text(err, LANGUAGE_ENGLISH));
        return 1;
    }
    return 0;
}
