#include "engine/countersign.h"

#include "base/check.h"
#include "base/hcl.h"

#include <stdio.h>

#define VKEY "witness.example+3ac253b8+BAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"

static void read_config(struct arena *arena, const char *text, struct countersign_config *ret_config)
{
    struct hcl_block *root = NULL;
    *ret_config = (struct countersign_config){.problem.text = TEXT("unread", "ungelesen")};
    CHECK_ERR(ERR_NONE, hcl_read(arena, slice_string(text), &root, NULL));
    countersign_config_read(hcl_to_json(arena, root), ret_config);
}

TEST(a_whole_configuration_is_read)
{
    struct arena *arena cleanup_arena = arena_new(1 << 20);
    struct countersign_config config;
    read_config(arena, "witness \"a\" {\n url = \"https://w.example/p\"\n vkey = \"" VKEY "\"\n every = \"1h\"\n}\n"
                       "witness \"b\" {\n url = \"http://[::1]:8080\"\n vkey = \"" VKEY "\"\n}\n"
                       "timestamp {\n url = \"http://tsa.example\"\n}\n", &config);
    CHECK(config.problem.text.english == NULL);
    CHECK_U64(2, config.witness_count);
    CHECK(config.witnesses[0].problem.text.english == NULL && config.witnesses[1].problem.text.english == NULL);
    CHECK_U64(443, config.witnesses[0].port);
    CHECK_U64(8080, config.witnesses[1].port);
    CHECK(config.witnesses[0].every_ms == 3600000 && config.witnesses[1].every_ms == 600000);
    CHECK(config.has_stamper && config.stamper.port == 80 && config.stamper.problem.text.english == NULL);
    CHECK(countersign_find(&config, SLICE_LITERAL("b")) == &config.witnesses[1]);
    CHECK(countersign_find(&config, SLICE_LITERAL("c")) == NULL && countersign_find(NULL, SLICE_LITERAL("b")) == NULL);
}

TEST(what_is_wrong_is_named_and_never_asked)
{
    static const char *const blocks[] = {
        "witness \"a\" {\n url = \"https://w.example\"\n}\n",
        "witness \"a\" {\n vkey = \"" VKEY "\"\n}\n",
        "witness \"A b\" {\n url = \"https://w.example\"\n vkey = \"" VKEY "\"\n}\n",
        "witness {\n url = \"https://w.example\"\n vkey = \"" VKEY "\"\n}\n",
        "witness \"a/../b\" {\n url = \"https://w.example\"\n vkey = \"" VKEY "\"\n}\n",
        "witness \"a\" {\n url = \"file:///etc/passwd\"\n vkey = \"" VKEY "\"\n}\n",
        "witness \"a\" {\n url = \"https://me@w.example\"\n vkey = \"" VKEY "\"\n}\n",
        "witness \"a\" {\n url = \"https://w.example:0\"\n vkey = \"" VKEY "\"\n}\n",
        "witness \"a\" {\n url = \"https://w.example:65536\"\n vkey = \"" VKEY "\"\n}\n",
        "witness \"a\" {\n url = \"https://:80\"\n vkey = \"" VKEY "\"\n}\n",
        "witness \"a\" {\n url = \"https://w.example?x\"\n vkey = \"" VKEY "\"\n}\n",
        "witness \"a\" {\n url = \"https://w.example\"\n vkey = \"" VKEY "\"\n every = \"5s\"\n}\n",
        "witness \"a\" {\n url = \"https://w.example\"\n vkey = \"" VKEY "\"\n colour = 1\n}\n",
    };
    for (size_t i = 0; i < sizeof blocks / sizeof blocks[0]; i++) {
        struct arena *arena cleanup_arena = arena_new(1 << 20);
        struct countersign_config config;
        read_config(arena, blocks[i], &config);
        CHECK_U64(1, config.witness_count);
        CHECK(config.witnesses[0].problem.text.english != NULL && config.witnesses[0].problem.text.german != NULL);
    }
}

TEST(names_are_unique_and_blocks_are_blocks)
{
    struct arena *arena cleanup_arena = arena_new(1 << 20);
    static const char twice[] = "witness \"a\" {\n url = \"https://w.example\"\n vkey = \"" VKEY "\"\n}\n";
    char text[2 * sizeof twice];
    snprintf(text, sizeof text, "%s%s", twice, twice);
    struct countersign_config config;
    read_config(arena, text, &config);
    CHECK(config.witnesses[0].problem.text.english == NULL && config.witnesses[1].problem.text.english != NULL);
    read_config(arena, "witness = \"a\"\n", &config);
    CHECK(config.problem.text.english != NULL && config.witness_count == 0);
    read_config(arena, "timestamp {\n url = \"http://a\"\n}\ntimestamp {\n url = \"http://b\"\n}\n", &config);
    CHECK(config.problem.text.english != NULL);
    countersign_config_read(NULL, &config);
    CHECK(config.witness_count == 0 && !config.has_stamper && config.problem.text.english == NULL);
}

TEST_MAIN
