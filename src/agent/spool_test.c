#include "agent/spool.h"
#include "base/check.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static const struct spool_limits roomy = {.bytes_max = 1 << 20, .count_max = 1000, .age_max_ms = 1000};

struct place {
    char path[64];
    int fd;
};

static struct place place_new(void)
{
    struct place place = {.path = "/tmp/vogt-spool-XXXXXX"};
    if (mkdtemp(place.path) == NULL || (place.fd = open(place.path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)) < 0) {
        __builtin_trap();
    }
    return place;
}

static void place_end(struct place *place)
{
    char command[128];
    close(place->fd);
    snprintf(command, sizeof(command), "rm -r %s", place->path);
    if (system(command) != 0) {
        __builtin_trap();
    }
}

static struct spool *opened(const struct place *place, const struct spool_limits *limits)
{
    struct spool *spool = NULL;
    if (spool_open(place->fd, limits, &spool) != ERR_NONE) {
        __builtin_trap();
    }
    return spool;
}

static bool holds(struct spool *spool, size_t index, const char *text)
{
    cleanup_buf struct buf got = BUF_INIT(1024);
    return spool_read(spool, index, &got) == ERR_NONE && slice_is(buf_slice(&got), text);
}

TEST(what_went_in_comes_out_in_order_also_after_a_restart)
{
    struct place place = place_new();
    struct spool *spool = opened(&place, &roomy);
    CHECK_ERR(ERR_NONE, spool_put(spool, SLICE_LITERAL("one"), 10));
    CHECK_ERR(ERR_NONE, spool_put(spool, SLICE_LITERAL("two"), 9)); /* a clock that went back changes no order */
    spool_free(spool);
    spool = opened(&place, &roomy);
    CHECK_ERR(ERR_NONE, spool_put(spool, SLICE_LITERAL("three"), 30));
    CHECK_U64(3, spool_count(spool));
    CHECK_U64(11, spool_bytes(spool));
    CHECK(holds(spool, 0, "one") && holds(spool, 1, "two") && holds(spool, 2, "three"));
    spool_remove(spool, 2);
    CHECK(holds(spool, 0, "three"));
    spool_free(spool);
    spool = opened(&place, &roomy);
    CHECK_U64(1, spool_count(spool));
    CHECK_U64(0, spool_dropped(spool));
    CHECK(holds(spool, 0, "three"));
    spool_free(spool);
    place_end(&place);
}

TEST(the_oldest_go_when_it_is_full_and_are_counted)
{
    struct place place = place_new();
    const struct spool_limits narrow = {.bytes_max = 8, .count_max = 3, .age_max_ms = 1000};
    struct spool *spool = opened(&place, &narrow);
    CHECK_ERR(ERR_NONE, spool_put(spool, SLICE_LITERAL("aaaa"), 1));
    CHECK_ERR(ERR_NONE, spool_put(spool, SLICE_LITERAL("bbbb"), 2));
    CHECK_ERR(ERR_NONE, spool_put(spool, SLICE_LITERAL("c"), 3));
    CHECK_U64(1, spool_dropped(spool));
    CHECK(holds(spool, 0, "bbbb") && holds(spool, 1, "c"));
    CHECK_ERR(ERR_NONE, spool_put(spool, SLICE_LITERAL("d"), 4));
    CHECK_ERR(ERR_NONE, spool_put(spool, SLICE_LITERAL("e"), 5)); /* four of three */
    CHECK_U64(2, spool_dropped(spool));
    CHECK(holds(spool, 0, "c"));
    CHECK_ERR(ERR_TOO_LARGE, spool_put(spool, SLICE_LITERAL("123456789"), 6));
    CHECK_U64(3, spool_dropped(spool));
    CHECK_U64(3, spool_count(spool));
    spool_free(spool);
    spool = opened(&place, &narrow);
    CHECK_U64(3, spool_dropped(spool));
    CHECK_U64(3, spool_count(spool));
    spool_free(spool);
    place_end(&place);
}

TEST(what_is_too_old_goes_too)
{
    struct place place = place_new();
    struct spool *spool = opened(&place, &roomy);
    CHECK_ERR(ERR_NONE, spool_put(spool, SLICE_LITERAL("old"), 1000));
    CHECK_ERR(ERR_NONE, spool_put(spool, SLICE_LITERAL("new"), 1500));
    CHECK_ERR(ERR_NONE, spool_expire(spool, 2000));
    CHECK_U64(2, spool_count(spool));
    CHECK_ERR(ERR_NONE, spool_expire(spool, 2001));
    CHECK_U64(1, spool_count(spool));
    CHECK_U64(1, spool_dropped(spool));
    CHECK(holds(spool, 0, "new"));
    spool_free(spool);
    place_end(&place);
}

/* The crash between counting and removing: the file is there again, its sequence is among the dropped. */
TEST(a_crash_while_dropping_counts_nothing_twice)
{
    struct place place = place_new();
    const struct spool_limits narrow = {.bytes_max = 4, .count_max = 10, .age_max_ms = 1000};
    struct spool *spool = opened(&place, &narrow);
    CHECK_ERR(ERR_NONE, spool_put(spool, SLICE_LITERAL("aaaa"), 1));
    CHECK_ERR(ERR_NONE, spool_put(spool, SLICE_LITERAL("bbbb"), 2));
    spool_free(spool);
    int fd = openat(place.fd, "spool/0000000000000001-0000000000000001.json", O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    CHECK(fd >= 0 && write(fd, "aaaa", 4) == 4 && close(fd) == 0);
    spool = opened(&place, &narrow);
    CHECK_U64(1, spool_count(spool));
    CHECK_U64(1, spool_dropped(spool));
    CHECK(faccessat(place.fd, "spool/0000000000000001-0000000000000001.json", F_OK, 0) != 0);
    spool_free(spool);
    place_end(&place);
}

TEST(half_files_go_and_foreign_names_stay_untouched)
{
    struct place place = place_new();
    spool_free(opened(&place, &roomy));
    static const char *const names[] = {"spool/0000000000000007-0000000000000001.json.new", "spool/README", "spool/zz", "spool/000000000000000G-0000000000000001.json"};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        int fd = openat(place.fd, names[i], O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
        CHECK(fd >= 0 && close(fd) == 0);
    }
    struct spool *spool = opened(&place, &roomy);
    CHECK_U64(0, spool_count(spool));
    CHECK(faccessat(place.fd, names[0], F_OK, 0) != 0);
    CHECK(faccessat(place.fd, names[1], F_OK, 0) == 0);
    spool_free(spool);
    place_end(&place);
}

TEST(a_damaged_gap_is_said)
{
    struct place place = place_new();
    spool_free(opened(&place, &roomy));
    int fd = openat(place.fd, "spool/gap", O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    CHECK(fd >= 0 && write(fd, "{\"total\":", 9) == 9 && close(fd) == 0);
    struct spool *spool = NULL;
    CHECK_ERR(ERR_DAMAGED, spool_open(place.fd, &roomy, &spool));
    place_end(&place);
}

TEST_MAIN
