/* Archives: taken apart by the reader here, and by tar and gzip of this machine. */
#include "base/archive_reader.h"

#include "base/check.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { LARGE_BYTES = 200000 };

static uint8_t large[LARGE_BYTES];

static enum err make(struct buf *tar)
{
    for (size_t i = 0; i < sizeof large; i++) {
        large[i] = (uint8_t)(i * 31 >> 3);
    }
    enum err err = tar_put_header(tar, "a.json", 5, 1700000000);
    err = err == ERR_NONE ? buf_append_string(tar, "hello") : err;
    err = err == ERR_NONE ? tar_put_padding(tar, 5) : err;
    err = err == ERR_NONE ? tar_put_header(tar, "empty", 0, 0) : err;
    err = err == ERR_NONE ? tar_put_header(tar, "large.bin", sizeof large, 0) : err;
    err = err == ERR_NONE ? buf_append(tar, slice_of(large, sizeof large)) : err;
    err = err == ERR_NONE ? tar_put_padding(tar, sizeof large) : err;
    return err == ERR_NONE ? tar_put_end(tar) : err;
}

struct seen {
    size_t a, empty, large;
    bool is_same;
};

static enum err see(void *context, const char *name, struct slice bytes)
{
    struct seen *seen = context;
    if (strcmp(name, "a.json") == 0) {
        seen->is_same = seen->is_same && memcmp("hello" + seen->a, bytes.data, bytes.len) == 0;
        seen->a += bytes.len;
    } else if (strcmp(name, "empty") == 0) {
        seen->empty++;
    } else {
        seen->is_same = seen->is_same && memcmp(large + seen->large, bytes.data, bytes.len) == 0;
        seen->large += bytes.len;
    }
    return ERR_NONE;
}

TEST(what_was_put_comes_back_in_pieces_of_any_size)
{
    static const size_t pieces[] = {1, 7, 511, 512, 513, 70000, SIZE_MAX};
    cleanup_buf struct buf tar = BUF_INIT(1 << 20);
    CHECK_ERR(ERR_NONE, make(&tar));
    CHECK_U64(0, tar.len % TAR_BLOCK_BYTES);
    for (size_t i = 0; i < sizeof pieces / sizeof pieces[0]; i++) {
        struct tar_reader reader = {.filled = 0};
        struct seen seen = {.is_same = true};
        for (struct slice rest = buf_slice(&tar); rest.len > 0; rest = slice_from(rest, pieces[i])) {
            CHECK(!tar_is_whole(&reader) || rest.len <= TAR_BLOCK_BYTES);
            CHECK_ERR(ERR_NONE, tar_feed(&reader, slice_first(rest, pieces[i]), see, &seen));
        }
        CHECK(tar_is_whole(&reader) && seen.is_same);
        CHECK_U64(5, seen.a);
        CHECK_U64(1, seen.empty);
        CHECK_U64(sizeof large, seen.large);
    }
}

TEST(what_is_cut_is_not_whole_and_what_is_changed_is_refused)
{
    cleanup_buf struct buf tar = BUF_INIT(1 << 20);
    struct seen seen = {.is_same = true};
    CHECK_ERR(ERR_NONE, make(&tar));
    struct tar_reader reader = {.filled = 0};
    CHECK_ERR(ERR_NONE, tar_feed(&reader, slice_first(buf_slice(&tar), tar.len - 1024), see, &seen));
    CHECK(!tar_is_whole(&reader));
    for (size_t at = 0; at < TAR_BLOCK_BYTES; at += 3) {
        uint8_t was = tar.data[at];
        tar.data[at] ^= 1;
        reader = (struct tar_reader){.filled = 0};
        enum err err = tar_feed(&reader, buf_slice(&tar), see, &seen);
        CHECK(err == ERR_MALFORMED || (at == 153 || at == 154 || at == 155)); /* those behind the checksum's digits */
        tar.data[at] = was;
    }
}

TEST(sizes_of_eight_gibibytes_and_more_are_told)
{
    static const uint64_t sizes[] = {(UINT64_C(1) << 33) - 1, UINT64_C(1) << 33, UINT64_C(1) << 40};
    for (size_t i = 0; i < 3; i++) {
        cleanup_buf struct buf tar = BUF_INIT(4096);
        struct tar_reader reader = {.filled = 0};
        CHECK_ERR(ERR_NONE, tar_put_header(&tar, "x", sizes[i], 0));
        CHECK_ERR(ERR_NONE, tar_feed(&reader, buf_slice(&tar), see, NULL));
        CHECK_U64(sizes[i], reader.left);
    }
    cleanup_buf struct buf tar = BUF_INIT(4096);
    CHECK_ERR(ERR_INVALID, tar_put_header(&tar, "x", 0, -1));
}

/* Two members, as parts of a larger whole are written. */
TEST(gzip_and_tar_of_this_machine_read_it)
{
    cleanup_buf struct buf tar = BUF_INIT(1 << 20), packed = BUF_INIT(1 << 20);
    char folder[] = "/tmp/vogt-archive-XXXXXX", command[400];
    CHECK_ERR(ERR_NONE, make(&tar));
    CHECK_ERR(ERR_NONE, gzip_put_stored(&packed, slice_first(buf_slice(&tar), 100001)));
    CHECK_ERR(ERR_NONE, gzip_put_stored(&packed, SLICE_NONE));
    CHECK_ERR(ERR_NONE, gzip_put_stored(&packed, slice_from(buf_slice(&tar), 100001)));
    CHECK(mkdtemp(folder) != NULL);
    snprintf(command, sizeof command, "%s/x.tar.gz", folder);
    FILE *file = fopen(command, "wb");
    CHECK(file != NULL && fwrite(packed.data, 1, packed.len, file) == packed.len && fclose(file) == 0);
    snprintf(command, sizeof command, "cd %s && tar xzf x.tar.gz && gzip -t x.tar.gz && [ \"$(cat a.json)\" = hello ] && [ -e empty ] && [ $(stat -c %%s large.bin) = %d ] && [ $(stat -c %%a a.json) = 600 ]",
             folder, LARGE_BYTES);
    CHECK_U64(0, (uint64_t)system(command));
    snprintf(command, sizeof command, "rm -r %s", folder);
    CHECK_U64(0, (uint64_t)system(command));
}

static enum err feed(struct slice file, size_t step, struct seen *seen, bool *ret_whole)
{
    struct archive_reader *reader = archive_reader_new();
    enum err err = reader == NULL ? ERR_MEMORY : ERR_NONE;
    for (struct slice rest = file; err == ERR_NONE && rest.len > 0; rest = slice_from(rest, step)) {
        err = archive_reader_feed(reader, slice_first(rest, step), see, seen);
    }
    *ret_whole = err == ERR_NONE && archive_reader_is_whole(reader);
    archive_reader_free(reader);
    return err;
}

TEST(a_packed_file_is_read_in_pieces_of_any_size_and_what_is_cut_is_not_whole)
{
    static const size_t pieces[] = {1, 2, 3, 4096, SIZE_MAX};
    cleanup_buf struct buf tar = BUF_INIT(1 << 20), packed = BUF_INIT(1 << 20);
    CHECK_ERR(ERR_NONE, make(&tar));
    CHECK_ERR(ERR_NONE, gzip_put_stored(&packed, slice_first(buf_slice(&tar), 777)));
    CHECK_ERR(ERR_NONE, gzip_put_stored(&packed, slice_from(buf_slice(&tar), 777)));
    bool is_whole = false;
    for (size_t i = 0; i < sizeof pieces / sizeof pieces[0]; i++) {
        struct seen seen = {.is_same = true};
        CHECK_ERR(ERR_NONE, feed(buf_slice(&packed), pieces[i], &seen, &is_whole));
        CHECK(is_whole && seen.is_same);
        CHECK_U64(sizeof large, seen.large);
    }
    for (size_t cut = 1; cut < packed.len; cut = cut * 3 + 1) {
        struct seen seen = {.is_same = true};
        CHECK_ERR(ERR_NONE, feed(slice_first(buf_slice(&packed), packed.len - cut), 5000, &seen, &is_whole));
        CHECK(!is_whole);
    }
    struct seen seen = {.is_same = true};
    packed.data[packed.len / 2] ^= 1;
    CHECK_ERR(ERR_MALFORMED, feed(buf_slice(&packed), 5000, &seen, &is_whole));
}

TEST(sums_name_what_they_were_made_of)
{
    cleanup_buf struct buf sums = BUF_INIT(256);
    CHECK_ERR(ERR_NONE, sums_put(&sums, SLICE_LITERAL("\x01\xff"), "meta.json"));
    CHECK_ERR(ERR_NONE, sums_put(&sums, SLICE_LITERAL("\x02"), "state.bin"));
    CHECK_SLICE("01ff  meta.json\n02  state.bin\n", buf_slice(&sums));
    CHECK(sums_name(buf_slice(&sums), SLICE_LITERAL("\x01\xff"), "meta.json") && sums_name(buf_slice(&sums), SLICE_LITERAL("\x02"), "state.bin"));
    CHECK(!sums_name(buf_slice(&sums), SLICE_LITERAL("\x02"), "meta.json") && !sums_name(buf_slice(&sums), SLICE_LITERAL("\xff"), "meta.json"));
    CHECK(!sums_name(slice_first(buf_slice(&sums), 15), SLICE_LITERAL("\x01\xff"), "meta.json"));
}

static enum err gather(void *context, const char *name, struct slice bytes)
{
    return name[0] == '\0' ? buf_append(context, bytes) : ERR_INTERNAL;
}

TEST(what_is_not_packed_comes_as_it_is)
{
    static const char *const texts[] = {"\x1f", "\x1fx", "x\x1f\x8b", "SQLite format 3"};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        struct archive_reader *reader = archive_reader_new();
        cleanup_buf struct buf out = BUF_INIT(64);
        struct slice text = slice_string(texts[i]);
        CHECK(reader != NULL && !archive_reader_is_whole(reader));
        for (size_t at = 0; at < text.len; at++) {
            CHECK_ERR(ERR_NONE, archive_reader_feed(reader, slice_first(slice_from(text, at), 1), gather, &out));
        }
        CHECK(!archive_reader_is_packed(reader) && archive_reader_is_whole(reader) == (text.len > 1));
        CHECK(slice_equal(text.len > 1 ? text : SLICE_NONE, buf_slice(&out)));
        archive_reader_free(reader);
    }
}

TEST_MAIN
