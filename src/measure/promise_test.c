#include "measure/interpretation.h"

#include "base/check.h"

struct bound {
    struct words_reading *reading;
    struct clause_bindings bindings;
    struct clause_promises promises;
    struct clause_interpretations interpretations;
};

static bool bind(struct arena *arena, const char *text, struct bound *ret_bound)
{
    struct words_index *index = NULL;
    if (words_index_make(arena, &index) != ERR_NONE ||
        words_reading_make(arena, index, slice_string(text), &ret_bound->reading) != ERR_NONE) {
        return false;
    }
    binding_find(ret_bound->reading, 0, NULL, &ret_bound->bindings);
    clause_promises_find(ret_bound->reading, &ret_bound->bindings, &ret_bound->promises);
    interpretations_find(ret_bound->reading, &ret_bound->bindings, &ret_bound->promises,
                         &ret_bound->interpretations);
    return true;
}

/* "id=part;…" of all promises, values behind: "backup.retention/limit=… days=30;" */
static const char *promises_text(struct arena *arena, const char *text)
{
    struct bound bound;
    cleanup_buf struct buf out = BUF_INIT(8192);
    if (!bind(arena, text, &bound)) {
        return "failed";
    }
    for (size_t i = 0; i < bound.promises.count; i++) {
        const struct clause_promise *item = &bound.promises.items[i];
        struct slice part = clause_part(words_reading_words(bound.reading), item->range);
        if (buf_printf(&out, "%s=%.*s", item->promise->id, (int)part.len,
                       (const char *)part.data) != ERR_NONE) {
            return "failed";
        }
        for (size_t j = 0; j < item->value_count; j++) {
            if (buf_printf(&out, " %s%s%s", item->values[j].parameter->name,
                           item->values[j].stated ? "=" : "~", item->values[j].value) != ERR_NONE) {
                return "failed";
            }
        }
        if (buf_append_string(&out, ";") != ERR_NONE) {
            return "failed";
        }
    }
    return arena_string(arena, buf_slice(&out));
}

TEST(clauses_are_split_where_each_part_promises_something)
{
    static const struct {
        const char *text, *promises;
    } rows[] = {
        {"TLS 1.3 for all connections, HSTS and strong ciphers.",
         "crypto.transit/tls13=TLS 1.3 for all connections "
         "version=\"1.3\";crypto.transit/hsts=HSTS;crypto.transit/ciphers=strong ciphers;"},
        {"Backups werden nach 30 Tagen gelöscht; Restore-Tests erfolgen jedes Quartal.",
         "backup.retention/limit=Backups werden nach 30 Tagen gelöscht "
         "days=30;backup.restore/tested=Restore-Tests erfolgen jedes Quartal days=92;"},
        {"MFA (TOTP, passkey) is mandatory for administrators, without exception.",
         "access.mfa/admin=MFA (TOTP, passkey) is mandatory for administrators, without "
         "exception;"},
        {"Schulungen zu Datenschutz, Phishing sowie sicherer Programmierung, jährlich.",
         "people.trainings/trained=Schulungen zu Datenschutz "
         "days=365;people.trainings/data-protection=Schulungen zu Datenschutz days=365;"
         "people.trainings/phishing=Phishing days=365;people.trainings/secure-coding=sicherer "
         "Programmierung, jährlich days=365;"},
        {"RTO of 4 hours and RPO of 1 hour",
         "continuity.objectives/rto=RTO of 4 hours hours=4;continuity.objectives/rpo=RPO of 1 hour "
         "hours=1;"},
        {"Our canteen serves lunch, coffee and cake.", ""},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        cleanup_arena struct arena *arena = arena_new(8 << 20);
        CHECK_STRING(rows[i].promises, promises_text(arena, rows[i].text));
    }
}

static uint64_t period_of(const char *text)
{
    cleanup_arena struct arena *arena = arena_new(1 << 20);
    struct words words;
    if (words_read(arena, slice_string(text), &words) != ERR_NONE) {
        return UINT64_MAX;
    }
    return clause_values_read(&words, (struct word_range){0, words.count}).period_s;
}

TEST(periods_are_read_in_both_languages)
{
    static const struct {
        const char *text;
        uint64_t seconds;
    } rows[] = {
        {"max. 30 Tage", 30 * 86400},
        {"within 48 hours", 48 * 3600},
        {"binnen achtundvierzig Stunden", 48 * 3600},
        {"forty", 0},
        {"quartalsweise", 92 * 86400},
        {"once a quarter", 92 * 86400},
        {"jedes Quartal", 92 * 86400},
        {"twice a year", 365 * 86400 / 2},
        {"zweimal im Jahr", 365 * 86400 / 2},
        {"jährlich", 365 * 86400},
        {"alle sechs Monate", 365 * 86400 / 2},
        {"12 months", 365 * 86400},
        {"täglich", 86400},
        {"every night", 86400},
        {"24/7 365", 0},
        {"48h", 48 * 3600},
        {"30d", 30 * 86400},
        {"99999999999999999999 days", 0},
        {"Tagesgeschäft 5", 0},
        {"4 Wochen", 28 * 86400},
        {"weekly", 7 * 86400},
        {"0 Tage", 0},
        {"stündlich", 3600},
        {"15 Minuten", 900},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        CHECK_U64(rows[i].seconds, period_of(rows[i].text));
    }
}

static const char *value_of(const char *text, const char *parameter, char out[VALUE_TEXT_BYTES])
{
    cleanup_arena struct arena *arena = arena_new(1 << 20);
    struct words words;
    if (words_read(arena, slice_string(text), &words) != ERR_NONE) {
        return "failed";
    }
    struct clause_values values = clause_values_read(&words, (struct word_range){0, words.count});
    return clause_value(&values, parameter, out, VALUE_TEXT_BYTES) ? out : "none";
}

TEST(key_sizes_and_versions_are_read)
{
    char out[VALUE_TEXT_BYTES];
    CHECK_STRING("256", value_of("AES-256 volumes", "bits", out));
    CHECK_STRING("128", value_of("aes128", "bits", out));
    CHECK_STRING("256", value_of("Schlüssellänge 256 Bit", "bits", out));
    CHECK_STRING("none", value_of("256 servers", "bits", out));
    CHECK_STRING("\"1.3\"", value_of("TLS 1.3", "version", out));
    CHECK_STRING("\"1.2\"", value_of("TLSv1.2", "version", out));
    CHECK_STRING("\"1.2\"", value_of("TLS 1.3, falling back to 1.2", "version", out));
    CHECK_STRING("none", value_of("section 1.3", "version", out));
    CHECK_STRING("none", value_of("TLS 3.1", "version", out));
    CHECK_STRING("2", value_of("binnen 48 Stunden", "days", out));
    CHECK_STRING("48", value_of("binnen 2 Tagen", "hours", out));
    CHECK_STRING("1", value_of("jede Stunde", "days", out));
    CHECK_STRING("none", value_of("irgendwann", "days", out));
}

static const struct interpretation *reading_of(const struct bound *bound, const char *term)
{
    for (size_t i = 0; i < bound->interpretations.count; i++) {
        if (strcmp(bound->interpretations.items[i].term->id, term) == 0) {
            return &bound->interpretations.items[i];
        }
    }
    return NULL;
}

TEST(vague_words_get_a_proposal)
{
    cleanup_arena struct arena *arena = arena_new(8 << 20);
    struct bound bound;
    CHECK(bind(arena, "Secrets in einem Vault, regelmäßige Rotation.", &bound));
    const struct interpretation *regular = reading_of(&bound, "regular");
    CHECK(regular != NULL && regular->promises != 0);
    CHECK_STRING("90", regular->value);
    CHECK_SLICE("mindestens alle 90 Tage", interpretation_text(arena, regular, LANGUAGE_GERMAN));
    CHECK_SLICE("at least every 90 days", interpretation_text(arena, regular, LANGUAGE_ENGLISH));
    CHECK(reading_of(&bound, "interval.unstated") == NULL);
}

TEST(a_stated_number_needs_no_reading)
{
    cleanup_arena struct arena *arena = arena_new(8 << 20);
    struct bound bound;
    CHECK(bind(arena, "Regelmäßige Restore-Tests (mindestens quartalsweise).", &bound));
    CHECK(bound.promises.count == 1);
    CHECK(reading_of(&bound, "regular") == NULL && reading_of(&bound, "interval.unstated") == NULL);
}

TEST(a_missing_number_is_said)
{
    cleanup_arena struct arena *arena = arena_new(8 << 20);
    struct bound bound;
    CHECK(bind(arena, "Customers are notified of a personal data breach.", &bound));
    const struct interpretation *unstated = reading_of(&bound, "deadline.unstated");
    CHECK(unstated != NULL);
    CHECK_STRING("48", unstated->value);
}

TEST_MAIN
