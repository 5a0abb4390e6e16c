#include "measure/catalogue_source.h"

#include "base/check.h"
#include "measure/catalogue_emit.h"

#include <dirent.h>
#include <stdlib.h>

enum { TEXT_MAX_BYTES = 1 << 20 };

static struct source *source_of(struct arena *arena)
{
    struct source *source = calloc(1, sizeof(*source));
    if (source != NULL) {
        source->arena = arena;
        source->quiet = true;
    }
    return source;
}

static const char good[] =
    "section \"1\" {\n title = { en = \"a\", de = \"b\" }\n sure = [\"x\"]\n}\n"
    "subject \"host\" {\n title = { en = \"a\", de = \"b\" }\n}\n"
    "probe \"p\" {\n title = { en = \"a\", de = \"b\" }\n subject = \"host\"\n observations = "
    "[\"p.a\"]\n}\n";

/* One measure with a part replaced; the place of the fault is that of the part. */
#define MEASURE(number, title, promise_title, age, probe)                                          \
    "measure \"m\" {\n number = " number "\n section = \"1\"\n title = " title "\n"                \
    " runs = { en = \"a\", de = \"b\" }\n proves = { en = \"a\", de = \"b\" }\n frameworks = { "   \
    "gdpr = [\"32\"] }\n"                                                                          \
    " sure = [\"x\"]\n promise \"q\" {\n  title = " promise_title                                  \
    "\n  sure = [\"x\"]\n  observation \"p.a\" {\n"                                                \
    "   subject = \"host\"\n   max_age = " age "\n   probe = " probe "\n  }\n }\n}\n"
#define BOTH "{ en = \"a\", de = \"b\" }"

TEST(catalogue_source_names_the_place_of_each_fault)
{
    static const struct {
        const char *text;
        size_t line;
    } rows[] = {
        {MEASURE("1", "{ en = \"a\" }", BOTH, "\"1h\"", "\"p\""), 4},
        {MEASURE("1", "{ en = \"a\", de = \" \" }", BOTH, "\"1h\"", "\"p\""), 4},
        {MEASURE("1", BOTH, "\"a\"", "\"1h\"", "\"p\""), 10},
        {MEASURE("1", BOTH, BOTH, "\"soon\"", "\"p\""), 14},
        {MEASURE("1", BOTH, BOTH, "\"1h\"", "\"none\""), 12},
        {MEASURE("29", BOTH, BOTH, "\"1h\"", "\"p\""), 1},
        {"measure \"m\" {\n colour = 1\n}\n", 2},
        {"measures \"m\" {\n}\n", 1},
        {"x = 1\n", 1},
        {"measure \"m\" {\n", 1},
        {"probe \"p\" {\n title = " BOTH "\n subject = \"host\"\n observations = []\n}\n", 4},
        {"probe \"r\" {\n title = " BOTH "\n subject = \"host\"\n about = [\"nothing\"]\n "
         "observations = [\"p.b\"]\n}\n", 1},
        {"term {\n proposal = " BOTH "\n}\n", 1},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        cleanup_arena struct arena *arena = arena_new(8 << 20);
        struct source *source = source_of(arena);
        CHECK(source != NULL);
        source_add(source, "good.hcl", slice_string(good));
        CHECK_U64(0, source->fault_count);
        source_add(source, "bad.hcl", slice_string(rows[i].text));
        source_finish(source);
        char got[64] = "no fault", wanted[64];
        snprintf(wanted, sizeof(wanted), "bad.hcl:%zu of row %zu", rows[i].line, i);
        if (source->fault_count > 0) {
            snprintf(got, sizeof(got), "%s:%zu of row %zu", source->fault_file, source->fault_line,
                     i);
        }
        free(source);
        CHECK_STRING(wanted, got);
    }
}

TEST(catalogue_source_wants_all_28)
{
    cleanup_arena struct arena *arena = arena_new(8 << 20);
    struct source *source = source_of(arena);
    CHECK(source != NULL);
    source_add(source, "good.hcl", slice_string(good));
    source_add(source, "measure.hcl", SLICE_LITERAL(MEASURE("1", BOTH, BOTH, "\"1h\"", "\"p\"")));
    CHECK_U64(0, source->fault_count);
    source_finish(source);
    size_t faults = source->fault_count;
    free(source);
    CHECK_U64(1, faults);
}

/* A probe at one subject may speak of others: of those that it lists, and of no further one. */
TEST(catalogue_source_lets_a_probe_speak_of_listed_subjects)
{
    static const char probes[] =
        "subject \"yard\" {\n title = " BOTH "\n}\nsubject \"gate\" {\n title = " BOTH "\n}\n"
        "probe \"y\" {\n title = " BOTH "\n subject = \"yard\"\n about = [\"host\"]\n observations = [\"p.a\"]\n}\n"
        "probe \"g\" {\n title = " BOTH "\n subject = \"gate\"\n about = [\"yard\"]\n observations = [\"p.a\"]\n}\n";
    static const char *const measures[] = {MEASURE("1", BOTH, BOTH, "\"1h\"", "\"y\""),
                                           MEASURE("1", BOTH, BOTH, "\"1h\"", "\"g\"")};
    for (size_t i = 0; i < 2; i++) {
        cleanup_arena struct arena *arena = arena_new(8 << 20);
        struct source *source = source_of(arena);
        CHECK(source != NULL);
        source_add(source, "good.hcl", slice_string(good));
        source_add(source, "probes.hcl", slice_string(probes));
        source_add(source, "measure.hcl", slice_string(measures[i]));
        CHECK_U64(0, source->fault_count);
        source_finish(source);
        bool in_measure = source->fault_file != NULL && strcmp(source->fault_file, "measure.hcl") == 0;
        free(source);
        CHECK(in_measure == (i == 1)); /* the other fault is that 28 measures are wanted */
    }
}

TEST(catalogue_source_refuses_a_number_twice)
{
    cleanup_arena struct arena *arena = arena_new(8 << 20);
    struct source *source = source_of(arena);
    CHECK(source != NULL);
    source_add(source, "good.hcl", slice_string(good));
    source_add(source, "a.hcl", SLICE_LITERAL(MEASURE("1", BOTH, BOTH, "\"1h\"", "\"p\"")));
    source_add(source, "b.hcl",
               SLICE_LITERAL("\nmeasure \"n\" {\n number = 1\n section = \"1\"\n title = " BOTH
                             "\n runs = " BOTH "\n proves = " BOTH
                             "\n frameworks = { gdpr = [\"32\"] }\n sure = [\"x\"]\n promise \"q\" "
                             "{\n  title = " BOTH
                             "\n  sure = [\"x\"]\n  observation \"p.b\" {\n   subject = \"host\"\n "
                             "  max_age = \"1h\"\n  }\n }\n}\n"));
    source_finish(source);
    bool named = source->fault_count > 0 && strstr(source->fault_text.english, "number") != NULL;
    free(source);
    CHECK(named);
}

static enum err read_all(const char *path, struct buf *out)
{
    FILE *file = fopen(path, "rb");
    enum err err = file == NULL ? ERR_NOT_FOUND : buf_reserve(out, TEXT_MAX_BYTES);
    if (err == ERR_NONE) {
        out->len = fread(out->data, 1, TEXT_MAX_BYTES, file);
    }
    if (file != NULL) {
        fclose(file);
    }
    return err;
}

static bool is_hcl(const struct dirent *entry)
{
    size_t length = strlen(entry->d_name);
    return length > 4 && strcmp(entry->d_name + length - 4, ".hcl") == 0;
}

TEST(the_page_of_measures_is_up_to_date)
{
    cleanup_arena struct arena *arena = arena_new(64 << 20);
    struct source *source = source_of(arena);
    DIR *folder = opendir(VOGT_SOURCE_ROOT "/measures");
    CHECK(source != NULL && folder != NULL);
    for (struct dirent *entry = readdir(folder); entry != NULL; entry = readdir(folder)) {
        cleanup_buf struct buf text = BUF_INIT(TEXT_MAX_BYTES);
        if (is_hcl(entry)) {
            CHECK_ERR(ERR_NONE,
                      read_all(arena_printf(arena, VOGT_SOURCE_ROOT "/measures/%s", entry->d_name),
                               &text));
            source_add(source, arena_printf(arena, "%s", entry->d_name),
                       arena_copy(arena, buf_slice(&text)));
        }
    }
    closedir(folder);
    source_finish(source);
    CHECK_U64(0, source->fault_count);
    cleanup_buf struct buf page = BUF_INIT(TEXT_MAX_BYTES), stored = BUF_INIT(TEXT_MAX_BYTES);
    enum err err = emit_page(&page, source);
    free(source);
    CHECK_ERR(ERR_NONE, err);
    CHECK_ERR(ERR_NONE, read_all(VOGT_SOURCE_ROOT "/docs/measures.md", &stored));
    /* Written anew by: catalogue_make page docs/measures.md measures/(all).hcl */
    CHECK(slice_equal(buf_slice(&page), buf_slice(&stored)));
}

TEST_MAIN
