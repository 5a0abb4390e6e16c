/* Old and new sentences, and what a lawyer would note beside them. */
#include "measure/revision.h"

#include "base/check.h"
#include "crypto/crypto.h"
#include "measure/annex.h"

enum { ARENA_BYTES = 256 * 1024 * 1024, LIST_BYTES = 4096 };

enum err worker_child(const char *program, int *ret_fd)
{
    (void)program;
    (void)ret_fd;
    return ERR_NOT_FOUND;
}

static struct json *annex_of(struct arena *arena, const char *text)
{
    struct json *annex = NULL;
    struct complaint complaint;
    enum err err = annex_parse(arena, slice_string(text), DOCUMENT_MARKDOWN, &annex, &complaint);
    return err == ERR_NONE ? annex : NULL;
}

static struct json *compare(struct arena *arena, const char *before, const char *after)
{
    struct json *revision = NULL;
    enum err err = annex_compare(arena, annex_of(arena, before), annex_of(arena, after), &revision);
    return err == ERR_NONE ? revision : NULL;
}

/* "1.1 unchanged, 1.2 changed" and then "-2.1" for each removed one. */
static void list_states(const struct json *revision, struct buf *out)
{
    for (const struct json *item = json_member(revision, "clauses")->first; item != NULL; item = item->next) {
        struct slice id = json_text(item, "id", SLICE_NONE), state = json_text(item, "state", SLICE_NONE);
        CHECK_ERR(ERR_NONE, buf_printf(out, "%.*s %.*s, ", (int)id.len, (const char *)id.data, (int)state.len,
                                       (const char *)state.data));
    }
    for (const struct json *item = json_member(revision, "removed")->first; item != NULL; item = item->next) {
        struct slice id = json_text(item, "id", SLICE_NONE);
        CHECK_ERR(ERR_NONE, buf_printf(out, "-%.*s, ", (int)id.len, (const char *)id.data));
    }
}

static const struct {
    const char *before, *after, *states;
} histories[] = {
    {"## 1. Zugang\n- MFA für alle.\n- Rollen\n", "## 1. Zugang\n- MFA  für alle\n- „Rollen“\n", "1.1 unchanged, 1.2 unchanged, "},
    {"## 1. A\n- Backups werden täglich erstellt\n- MFA gilt\n", "## 1. A\n- Neu ist dieser Satz\n- Backups werden täglich erstellt\n- MFA gilt\n",
     "1.1 added, 1.2 unchanged, 1.3 unchanged, "},
    {"## 1. A\n- Backups werden täglich erstellt\n## 2. B\n- MFA gilt\n", "## 1. A\n- Runbooks liegen bereit\n## 2. B\n- MFA gilt\n- Backups werden täglich erstellt\n",
     "1.1 added, 2.1 unchanged, 2.2 moved, "},
    {"## 1. A\n- MFA gilt\n## 2. B\n- Backups täglich\n", "## 1. Neu\n- Runbooks bereit\n## 2. A\n- MFA gilt\n## 3. B\n- Backups täglich\n",
     "1.1 added, 2.1 unchanged, 3.1 unchanged, "},
    {"## 1. A\n- Backups werden täglich erstellt\n- Protokolle liegen zentral\n", "## 1. A\n- Backups werden wöchentlich erstellt\n",
     "1.1 changed, -1.2, "},
    {"## 1. A\n- gleich\n- gleich\n", "## 1. A\n- gleich\n", "1.1 unchanged, -1.2, "},
    {"## 1. A\nFür Admins gilt:\n- MFA\n", "## 1. A\nFür niemanden gilt:\n- MFA\n", "1.1 changed, "},
    {"## 1. A\n- Backups bleiben 30 Tage\n- Logs bleiben 30 Tage\n", "## 1. A\n- Logs bleiben 31 Tage\n- Backups bleiben 31 Tage\n", "1.1 changed, 1.2 changed, "},
};

TEST(each_clause_finds_its_former_self)
{
    for (size_t i = 0; i < sizeof(histories) / sizeof(histories[0]); i++) {
        cleanup_arena struct arena *arena = arena_new(ARENA_BYTES);
        cleanup_buf struct buf states = BUF_INIT(LIST_BYTES);
        struct json *revision = compare(arena, histories[i].before, histories[i].after);
        CHECK(revision != NULL);
        list_states(revision, &states);
        check_slice(__FILE__, __LINE__, histories[i].after, slice_string(histories[i].states), buf_slice(&states));
    }
}

TEST(similar_sentences_are_paired_by_their_words_not_their_place)
{
    cleanup_arena struct arena *arena = arena_new(ARENA_BYTES);
    struct json *revision = compare(arena, histories[7].before, histories[7].after);
    CHECK(revision != NULL);
    CHECK_SLICE("1.2", json_text(json_member(revision, "clauses")->first, "before", SLICE_NONE));
}

static const struct {
    const char *before, *after, *reasons;
} changes[] = {
    {"Backups bleiben höchstens 30 Tage", "Backups bleiben höchstens 90 Tage", "limit.relaxed "},
    {"Backups bleiben höchstens 90 Tage", "Backups bleiben höchstens 30 Tage", ""},
    {"Logs bleiben mindestens 90 Tage lesbar", "Logs bleiben mindestens 30 Tage lesbar", "limit.relaxed "},
    {"Logs bleiben mindestens 30 Tage lesbar", "Logs bleiben mindestens 90 Tage lesbar", ""},
    {"Wir melden Vorfälle binnen 48 Stunden", "Wir melden Vorfälle binnen 3 Tagen", "limit.relaxed "},
    {"Wir melden Vorfälle binnen 48 Stunden", "Wir melden Vorfälle binnen 2 Tagen", ""},
    {"Wir melden Vorfälle binnen 48 Stunden", "Wir melden Vorfälle", "limit.removed words.removed "},
    {"Backups werden täglich erstellt", "Backups werden wöchentlich erstellt", "frequency.lowered "},
    {"Backups werden wöchentlich erstellt", "Backups werden täglich erstellt", ""},
    {"Restores are tested once a quarter", "Restores are tested once a year", "frequency.lowered "},
    {"Restores are tested every 2 weeks", "Restores are tested every two months", "frequency.lowered "},
    {"Restore-Tests mindestens einmal im Quartal", "Restore-Tests mindestens einmal im Jahr", "frequency.lowered "},
    {"Der Auftragnehmer muss MFA nutzen", "Der Auftragnehmer soll MFA nutzen", "modal.weakened "},
    {"Der Auftragnehmer soll MFA nutzen", "Der Auftragnehmer muss MFA nutzen", ""},
    {"Staff must use MFA", "Staff should use MFA", "modal.weakened "},
    {"MFA gilt für alle Konten", "MFA gilt für ausgewählte Konten", "scope.narrowed "},
    {"MFA gilt für alle Konten", "MFA gilt für Konten", "scope.removed "},
    {"MFA covers every account", "MFA covers critical accounts", "scope.narrowed "},
    {"Alle Daten sind mit AES-256 verschlüsselt", "Alle Daten sind mit AES-128 verschlüsselt", "strength.lowered "},
    {"Verbindungen nutzen TLS 1.3", "Verbindungen nutzen TLS 1.2", "strength.lowered "},
    {"Verbindungen nutzen TLS 1.2", "Verbindungen nutzen TLS 1.3", ""},
    {"Availability is 99.9 % a month", "Availability is 99 % a month", "strength.lowered "},
    {"Zugriffe werden protokolliert", "Zugriffe werden grundsätzlich protokolliert", "hedge.added "},
    {"Zugriffe werden protokolliert", "Zugriffe werden soweit möglich protokolliert", "hedge.added exception.added "},
    {"Accounts have MFA", "Accounts have MFA, except service accounts", "exception.added "},
    {"MFA for admin and cloud accounts", "MFA for admin accounts", "words.removed "},
    {"Vorfälle werden unverzüglich gemeldet", "Vorfälle werden gemeldet", "strictness.removed "},
    {"Backups täglich, verschlüsselt, in anderer Region", "Backups täglich, verschlüsselt", "words.removed "},
    {"Wir sichern Datenbanken und Dateien", "Wir sichern Datenbanken und Dateiablagen", ""},
};

TEST(weakened_promises_are_named)
{
    for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
        cleanup_arena struct arena *arena = arena_new(ARENA_BYTES);
        cleanup_buf struct buf reasons = BUF_INIT(LIST_BYTES);
        const char *before = arena_printf(arena, "## 1. A\n- %s\n", changes[i].before);
        const char *after = arena_printf(arena, "## 1. A\n- %s\n", changes[i].after);
        struct json *revision = compare(arena, before, after);
        CHECK(revision != NULL);
        const struct json *clause = json_member(revision, "clauses")->first, *weakened = json_member(clause, "weakened");
        CHECK_SLICE("changed", json_text(clause, "state", SLICE_NONE));
        for (const struct json *item = weakened->first; item != NULL; item = item->next) {
            CHECK_ERR(ERR_NONE, buf_append(&reasons, json_text(item, "reason", SLICE_NONE)));
            CHECK_ERR(ERR_NONE, buf_append_byte(&reasons, ' '));
            CHECK(json_text(json_member(item, "text"), "de", SLICE_NONE).len > 0);
            CHECK(slice_find_byte(json_text(json_member(item, "text"), "en", SLICE_NONE), '{') == SIZE_MAX);
        }
        check_slice(__FILE__, __LINE__, changes[i].after, slice_string(changes[i].reasons), buf_slice(&reasons));
    }
}

TEST(difference_shows_the_words)
{
    cleanup_arena struct arena *arena = arena_new(ARENA_BYTES);
    cleanup_buf struct buf text = BUF_INIT(LIST_BYTES);
    struct json *revision = compare(arena, "## 1. A\n- Backups bleiben max. 30 Tage im Archiv\n", "## 1. A\n- Backups bleiben max. 90 Tage im Keller\n");
    CHECK(revision != NULL);
    CHECK_ERR(ERR_NONE, json_write(&text, json_member(json_member(revision, "clauses")->first, "words"), 0));
    CHECK_SLICE("[{\"op\":\"same\",\"text\":\"Backups bleiben max\"},{\"op\":\"removed\",\"text\":\"30\"},{\"op\":\"added\",\"text\":\"90\"},"
                "{\"op\":\"same\",\"text\":\"Tage im\"},{\"op\":\"removed\",\"text\":\"Archiv\"},{\"op\":\"added\",\"text\":\"Keller\"}]",
                buf_slice(&text));
}

TEST(digest_forgets_dress_and_keeps_meaning)
{
    cleanup_arena struct arena *arena = arena_new(ARENA_BYTES);
    char a[CLAUSE_DIGEST_BYTES], b[CLAUSE_DIGEST_BYTES], c[CLAUSE_DIGEST_BYTES], d[CLAUSE_DIGEST_BYTES];
    CHECK_ERR(ERR_NONE, clause_digest(arena, slice_string("Täglich: „Backups“."), SLICE_NONE, a));
    CHECK_ERR(ERR_NONE, clause_digest(arena, slice_string("TÄGLICH  \"Backups\""), SLICE_NONE, b));
    CHECK_ERR(ERR_NONE, clause_digest(arena, slice_string("Täglich: < Backups"), SLICE_NONE, c));
    CHECK_ERR(ERR_NONE, clause_digest(arena, slice_string("Backups"), slice_string("Täglich:"), d));
    CHECK_STRING(a, b);
    CHECK_STRING(a, d);
    CHECK(strcmp(a, c) != 0);
    CHECK_U64(16, strlen(a));
}

TEST(annexes_of_many_clauses_compare_quickly_and_wholly)
{
    cleanup_arena struct arena *arena = arena_new(ARENA_BYTES);
    cleanup_buf struct buf before = BUF_INIT(4 * 1024 * 1024), after = BUF_INIT(4 * 1024 * 1024);
    for (unsigned i = 0; i < 4000; i++) {
        CHECK_ERR(ERR_NONE, buf_printf(&before, "- the host number x%uy keeps copies for %u days in cellar c%u\n", i, i % 90, i % 7));
        CHECK_ERR(ERR_NONE, buf_printf(&after, "- the host number x%uy keeps copies for %u days in cellar c%u\n", i, i % 90 + 1, i % 7));
    }
    CHECK_ERR(ERR_NONE, buf_append_byte(&before, 0));
    CHECK_ERR(ERR_NONE, buf_append_byte(&after, 0));
    struct json *revision = compare(arena, (const char *)before.data, (const char *)after.data);
    CHECK(revision != NULL);
    uint64_t changed = 0, weakened = 0;
    CHECK_ERR(ERR_NONE, json_u64(json_member(revision, "counts"), "changed", &changed));
    CHECK_ERR(ERR_NONE, json_u64(json_member(revision, "counts"), "weakened", &weakened));
    CHECK_U64(4000, changed);
    CHECK(weakened > 3900);
}

TEST(annex_without_clauses_is_refused)
{
    cleanup_arena struct arena *arena = arena_new(ARENA_BYTES);
    struct json *revision = NULL, *empty = json_new(arena, JSON_OBJECT);
    CHECK_ERR(ERR_INVALID, annex_compare(arena, empty, empty, &revision));
    CHECK(revision == NULL);
}

int main(void)
{
    return crypto_start() == ERR_NONE ? check_main() : 1;
}
