#include "measure/words.h"

#include "base/check.h"

static enum word_match compare(const char *folded, const char *wanted, unsigned flags)
{
    return word_compare(slice_string(folded), slice_string(wanted), flags);
}

static const char *fold(struct arena *arena, const char *text)
{
    struct words words;
    cleanup_buf struct buf out = BUF_INIT(4096);
    if (words_read(arena, slice_string(text), &words) != ERR_NONE) {
        return "failed";
    }
    for (size_t i = 0; i < words.count; i++) {
        if (buf_append(&out, words.items[i].folded) != ERR_NONE ||
            buf_append_byte(&out, ' ') != ERR_NONE) {
            return "failed";
        }
    }
    return arena_string(arena, slice_trim(buf_slice(&out)));
}

TEST(words_fold_umlauts_hyphens_and_numbers)
{
    cleanup_arena struct arena *arena = arena_new(1 << 20);
    static const struct {
        const char *text, *folded;
    } rows[] = {
        {"Über Größe", "ueber groesse"},
        {"Ueber Groesse", "ueber groesse"},
        {"Verschlüs\xc2\xadselung", "verschluesselung"},
        {"Backup-Verschlüsselung", "backup verschluesselung"},
        {"TLS 1.3, HSTS.", "tls 1.3 hsts"},
        {"AES-256", "aes 256"},
        {"café u\xcc\x88 ẞ", "cafe ue ss"},
        {"a\xff\xfe"
         "b",
         "a b"},
        {"", ""},
        {"…–„“", ""},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        CHECK_STRING(rows[i].folded, fold(arena, rows[i].text));
    }
}

TEST(words_know_their_places)
{
    cleanup_arena struct arena *arena = arena_new(1 << 20);
    struct words words;
    CHECK_ERR(ERR_NONE, words_read(arena, SLICE_LITERAL("für Größe, x"), &words));
    CHECK_U64(3, words.count);
    CHECK_SLICE("Größe", slice_of(words.text.data + words.items[1].offset, words.items[1].length));
}

TEST(words_beyond_the_limits_are_left_out)
{
    cleanup_arena struct arena *arena = arena_new(4 << 20);
    static uint8_t text[64 * 1024];
    struct words words;
    memset(text, 'a', sizeof(text));
    CHECK_ERR(ERR_NONE, words_read(arena, slice_of(text, sizeof(text)), &words));
    CHECK_U64(1, words.count);
    CHECK_U64(WORD_MAX_BYTES, words.items[0].folded.len);
    for (size_t i = 1; i < sizeof(text); i += 2) {
        text[i] = ' ';
    }
    CHECK_ERR(ERR_NONE, words_read(arena, slice_of(text, sizeof(text)), &words));
    CHECK_U64(WORDS_MAX_COUNT, words.count);
}

TEST(words_compare_inflection_and_compounds)
{
    CHECK_U64(WORD_SAME, compare("datenbanken", "datenbank", 0));
    CHECK_U64(WORD_SAME, compare("policies", "policy", 0));
    CHECK_U64(WORD_SAME, compare("schulungen", "schulung", 0));
    CHECK_U64(WORD_COMPOUND, compare("backupverschluesselung", "verschluesselung", 0));
    CHECK_U64(WORD_COMPOUND, compare("backupkonzept", "backup", 0));
    CHECK_U64(WORD_SAME, compare("verschluesselte", "verschluessel", WORD_PREFIX));
    CHECK_U64(WORD_COMPOUND, compare("transportverschluesselte", "verschluessel", WORD_PREFIX));
    CHECK_U64(WORD_DIFFERENT, compare("preview", "review", 0));
    CHECK_U64(WORD_DIFFERENT, compare("signale", "signal", WORD_EXACT));
    CHECK_U64(WORD_DIFFERENT, compare("katalog", "log", 0));
    CHECK_U64(WORD_COMPOUND, compare("auditlog", "log", WORD_INSIDE));
    CHECK_U64(WORD_DIFFERENT, compare("", "log", 0));
}

TEST_MAIN
