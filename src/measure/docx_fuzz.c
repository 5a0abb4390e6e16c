/* Bytes as word/document.xml inside a sound zip (so that the XML is reached), or as the whole file. */
#include <archive.h>
#include <archive_entry.h>

#include "measure/docx.h"
#include "process/worker.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum err worker_child(const char *program, int *ret_fd)
{
    (void)program;
    (void)ret_fd;
    return ERR_NOT_FOUND;
}

static size_t wrap(const char *name, const uint8_t *data, size_t size, uint8_t *out, size_t out_bytes)
{
    size_t used = 0;
    struct archive *archive = archive_write_new();
    struct archive_entry *entry = archive_entry_new();
    archive_write_set_format_zip(archive);
    archive_write_set_options(archive, "zip:compression=store");
    archive_write_open_memory(archive, out, out_bytes, &used);
    archive_entry_set_pathname(entry, name);
    archive_entry_set_filetype(entry, AE_IFREG);
    archive_entry_set_size(entry, (la_int64_t)size);
    archive_write_header(archive, entry);
    archive_write_data(archive, data, size);
    archive_entry_free(entry);
    archive_write_close(archive);
    archive_write_free(archive);
    return used;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static uint8_t zip[1024 * 1024 + 4096];
    struct document document;
    struct complaint complaint = {.line = 0};
    if (size < 2 || size > 1024 * 1024) {
        return 0;
    }
    struct arena *arena = arena_new(64 * 1024 * 1024);
    bool whole = data[0] == 'P' && data[1] == 'K';
    size_t len = whole ? size : wrap("word/document.xml", data, size, zip, sizeof(zip));
    enum err err = docx_read(arena, slice_of(whole ? data : zip, len), &document, &complaint);
    (void)err;
    arena_free(arena);
    return 0;
}
