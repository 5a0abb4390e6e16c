/* Tables of documents and the clauses that a person would count in them. */
#include "measure/annex.h"

#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/check.h"
#include "measure/sentence.h"

/* As much as a worker has. */
enum { ARENA_BYTES = 96 * 1024 * 1024, SHOWN_BYTES = 64 * 1024, FILE_BYTES = 64 * 1024 };

/* Stands in for the parent, which starts the program in a sandbox. */
enum err worker_child(const char *program, int *ret_fd)
{
    int pair[2];
    if (strcmp(program, "pdftotext") != 0 || socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0) {
        return ERR_IO;
    }
    pid_t pid = fork();
    if (pid == 0) {
        dup2(pair[1], STDIN_FILENO);
        dup2(pair[1], STDOUT_FILENO);
        execlp("pdftotext", "pdftotext", "-q", "-layout", "-enc", "UTF-8", "-", "-", (char *)NULL);
        _exit(127);
    }
    close(pair[1]);
    *ret_fd = pair[0];
    return pid < 0 ? ERR_IO : ERR_NONE;
}

static enum err read_named(struct arena *arena, const char *name, struct slice bytes, struct work_reply *reply)
{
    struct json *input = json_new(arena, JSON_OBJECT);
    json_set_string(arena, input, "name", slice_string(name));
    *reply = (struct work_reply){.output = NULL};
    return annex_read(arena, input, bytes, reply);
}

/* "[1] Title", then "1.1 text" or "1.1 lead > text", a line each. */
static void show(const struct json *annex, struct buf *out)
{
    const struct json *clause = json_member(annex, "clauses")->first;
    for (const struct json *section = json_member(annex, "sections")->first; section != NULL; section = section->next) {
        struct slice id = json_text(section, "id", SLICE_NONE), title = json_text(section, "title", SLICE_NONE);
        enum err err = buf_printf(out, "[%.*s] %.*s\n", (int)id.len, (const char *)id.data, (int)title.len,
                                  title.len == 0 ? "" : (const char *)title.data);
        for (; clause != NULL && slice_equal(json_text(clause, "section", SLICE_NONE), id); clause = clause->next) {
            struct slice number = json_text(clause, "id", SLICE_NONE), text = json_text(clause, "text", SLICE_NONE);
            struct slice lead = json_text(clause, "lead", SLICE_NONE);
            err = buf_printf(out, "%.*s %.*s%s%.*s\n", (int)number.len, (const char *)number.data, (int)lead.len,
                             lead.len == 0 ? "" : (const char *)lead.data, lead.len == 0 ? "" : " > ", (int)text.len,
                             (const char *)text.data);
        }
        if (err != ERR_NONE) {
            abort();
        }
    }
}

static const struct sample {
    const char *what, *name, *text, *shown;
} samples[] = {
    {"dashes below numbers", "a.txt", "1. Zugriff\n- MFA für alle Konten.\n- Rollen\n2. Sicherung\n- Backups täglich\n",
     "[1] Zugriff\n1.1 MFA für alle Konten.\n1.2 Rollen\n[2] Sicherung\n2.1 Backups täglich\n"},
    {"numbers with a bracket, CRLF", "a.txt", "1) Access\r\n\r\n* MFA\r\n\r\n2) Backup\r\n\r\n* daily\r\n",
     "[1] Access\n1.1 MFA\n[2] Backup\n2.1 daily\n"},
    {"bare numbers", "a.txt", "1 Access\nEach account has MFA.\n\n2 Backup\nCopies are made daily.\n",
     "[1] Access\n1.1 Each account has MFA.\n[2] Backup\n2.1 Copies are made daily.\n"},
    {"roman", "a.txt", "I. Access\n- MFA\nII. Backup\n- daily\n", "[I] Access\nI.1 MFA\n[II] Backup\nII.1 daily\n"},
    {"letters", "a.txt", "A. Access\n- MFA\nB. Backup\n- daily\n", "[A] Access\nA.1 MFA\n[B] Backup\nB.1 daily\n"},
    {"paragraph signs", "a.txt", "§ 3 Zugang\n(1) Konten sind persönlich. Sie werden geprüft.\n(2) MFA gilt.\n",
     "[3] Zugang\n3.1 Konten sind persönlich.\n3.2 Sie werden geprüft.\n3.3 MFA gilt.\n"},
    {"title below its number", "a.txt", "Artikel 5\nZugang\n- MFA\n\nArtikel 6 – Sicherung\n- täglich\n",
     "[5] Zugang\n5.1 MFA\n[6] Sicherung\n6.1 täglich\n"},
    {"markdown", "a.md", "# Annex\n\n## 1. Access\n- **MFA** on `all` accounts\n* see [policy](http://x.test/a)\n\n## Backup\nDaily\ncopies.\n",
     "[1] Access\n1.1 MFA on all accounts\n1.2 see policy\n[2] Backup\n2.1 Daily copies.\n"},
    {"underlined titles", "a.md", "Access\n======\n- MFA\n\nBackup\n------\n- daily\n", "[1] Access\n1.1 MFA\n[1.1] Backup\n1.1.1 daily\n"},
    {"bold lines", "a.md", "**Access**\n\n- MFA\n\n**Backup**\n\n- daily\n", "[1] Access\n1.1 MFA\n[2] Backup\n2.1 daily\n"},
    {"capitals", "a.txt", "ZUGRIFF AUF SYSTEME\n\nAlle Konten haben MFA.\n\nDATENSICHERUNG\n\nTäglich wird gesichert.\n",
     "[1] ZUGRIFF AUF SYSTEME\n1.1 Alle Konten haben MFA.\n[2] DATENSICHERUNG\n2.1 Täglich wird gesichert.\n"},
    {"nested numbers", "a.txt", "1. Access\n1.1 Accounts\nEach person has one account.\n1.2 Factors\nMFA is on.\n2. Backup\n2.1 Copies\nDaily.\n",
     "[1] Access\n[1.1] Accounts\n1.1.1 Each person has one account.\n[1.2] Factors\n1.2.1 MFA is on.\n[2] Backup\n[2.1] Copies\n2.1.1 Daily.\n"},
    {"numbered sentences", "a.txt", "§ 2 Sicherung\n2.1 Wir sichern täglich.\n2.2 Wir testen die\n    Kopien.\n",
     "[2] Sicherung\n2.1 Wir sichern täglich.\n2.2 Wir testen die Kopien.\n"},
    {"lead-in", "a.txt", "1. Zugang\nEs gilt immer. Für Admins gilt:\n- MFA;\n- Protokoll; und\n- Prüfung.\n\nDies gilt auch nachts.\n",
     "[1] Zugang\n1.1 Es gilt immer.\n1.2 Für Admins gilt: > MFA\n1.3 Für Admins gilt: > Protokoll\n1.4 Für Admins gilt: > Prüfung.\n"
     "1.5 Dies gilt auch nachts.\n"},
    {"nested bullets", "a.txt", "1. Zugang\n• Konten:\n  ◦ persönlich\n  ◦ geprüft\n• MFA\n",
     "[1] Zugang\n1.1 Konten: > persönlich\n1.2 Konten: > geprüft\n1.3 MFA\n"},
    {"letters below a bullet of the same column", "a.txt", "1. Zugang\n• Konten:\no persönlich\no geprüft\n• MFA\n",
     "[1] Zugang\n1.1 Konten: > persönlich\n1.2 Konten: > geprüft\n1.3 MFA\n"},
    {"every bullet", "a.txt", "1. X\n- a1\n* a2\n+ a3\n– a4\n— a5\n\n2. Y\n‣ b1\n‣ b2\n3. Z\n▪ c1\n4. U\n● d1\n5. V\n· e1\n6. W\no f1\n7. T\n"
     "\xef\x82\xb7 g1\n8. S\n(a) h1\n(b) h2\n9. R\ni. k1\nii. k2\n",
     "[1] X\n1.1 a1\n1.2 a2\n1.3 a3\n1.4 a4\n1.5 a5\n[2] Y\n2.1 b1\n2.2 b2\n[3] Z\n3.1 c1\n[4] U\n4.1 d1\n[5] V\n5.1 e1\n[6] W\n6.1 f1\n"
     "[7] T\n7.1 g1\n[8] S\n8.1 h1\n8.2 h2\n[9] R\n9.1 k1\n9.2 k2\n"},
    {"hyphens at line ends", "a.txt", "1. Z\n- alle Verschlüsse-\n  lungen und die IT-\n  Sicherheit\n- Aufbewahrungs-\n  und Löschfristen\n",
     "[1] Z\n1.1 alle Verschlüsselungen und die IT-Sicherheit\n1.2 Aufbewahrungs- und Löschfristen\n"},
    {"English hyphens", "a.txt", "1. Z\n- The break-\n  glass account and the encryp-\n  tion of the disks\n",
     "[1] Z\n1.1 The break-glass account and the encryption of the disks\n"},
    {"soft hyphen, ligature, no-break space", "a.txt", "1. Z\n- Ver\xc2\xadschlüs\xc2\xad\n  selung; con\xef\xac\x81g in 30\xc2\xa0Tagen\n",
     "[1] Z\n1.1 Verschlüsselung; config in 30 Tagen\n"},
    {"decomposed umlauts", "a.txt", "1. Z\n- ta\xcc\x88glich\n", "[1] Z\n1.1 täglich\n"},
    {"pipes", "a.md", "## 1. Z\n\n| Nr. | Maßnahme | Text |\n|---|---|---|\n| 1 | Backup | Täglich. Höchstens 30 Tage. |\n",
     "[1] Z\n1.1 Backup > Täglich.\n1.2 Backup > Höchstens 30 Tage.\n"},
    {"tabs", "a.txt", "1. Z\nNr.\tMaßnahme\tUmsetzung\n1\tTransport\tTLS 1.3\n2\tSpeicher\tAES-256\n",
     "[1] Z\n1.1 Transport > TLS 1.3\n1.2 Speicher > AES-256\n"},
    {"boxes", "a.txt", "1. Z\n☒ Alarmanlage\n☐ Videoüberwachung\n", "[1] Z\n1.1 Alarmanlage\n"},
    {"preamble", "a.md", "Dieser Anhang gilt für alle Systeme.\n\n## 1. Z\n- MFA\n", "[0] \n0.1 Dieser Anhang gilt für alle Systeme.\n[1] Z\n1.1 MFA\n"},
    {"no heading", "a.txt", "Alle Konten haben MFA. Backups laufen täglich.\n", "[0] \n0.1 Alle Konten haben MFA.\n0.2 Backups laufen täglich.\n"},
    {"number twice", "a.txt", "1. Z\n- eins\n1. Y\n- zwei\n", "[1] Z\n1.1 eins\n[1-2] Y\n1-2.1 zwei\n"},
    {"items without bullets", "a.txt", "1. Verschlüsselung\nTLS 1.3 für alle Verbindungen\nAES-256 für Volumes\nRotation jährlich\n2. Backup\nTäglich\n",
     "[1] Verschlüsselung\n1.1 TLS 1.3 für alle Verbindungen\n1.2 AES-256 für Volumes\n1.3 Rotation jährlich\n[2] Backup\n2.1 Täglich\n"},
    {"a title, a sentence, then numbers", "a.txt", "SCHEDULE 3 - SECURITY\n\nThe processor does this.\n\n1. Access\n- MFA\n2. Backup\n- daily\n",
     "[0] \n0.1 The processor does this.\n[1] Access\n1.1 MFA\n[2] Backup\n2.1 daily\n"},
    {"indented paragraph below a title", "a.txt", "1. Access\n   All accounts of all people have MFA.\n2. Backup\n   Copies of all data are made daily.\n",
     "[1] Access\n1.1 All accounts of all people have MFA.\n[2] Backup\n2.1 Copies of all data are made daily.\n"},
    {"names above paragraphs", "a.txt",
     "1. Vertraulichkeit\n\nZutritt\nNiemand betritt die Räume ohne Schlüssel.\n\nZugang\n\n• Kennwort\n• MFA\n\n2. Integrität\n\nProtokolle werden geprüft.\n",
     "[1] Vertraulichkeit\n[1.1] Zutritt\n1.1.1 Niemand betritt die Räume ohne Schlüssel.\n[1.2] Zugang\n1.2.1 Kennwort\n1.2.2 MFA\n"
     "[2] Integrität\n2.1 Protokolle werden geprüft.\n"},
    {"columns of blanks with wrapped cells", "a.txt",
     "Maßnahme            Umsetzung\nTransport           TLS 1.3 für alle,\n                    auch intern.\nBackups             Täglich. Höchstens\n"
     "                    30 Tage.\n",
     "[0] \n0.1 Transport > TLS 1.3 für alle, auch intern.\n0.2 Backups > Täglich.\n0.3 Backups > Höchstens 30 Tage.\n"},
    {"a list on one line", "a.txt", "1. Z\n• Alarm • Schloss • Kamera\n", "[1] Z\n1.1 Alarm\n1.2 Schloss\n1.3 Kamera\n"},
    {"a limit at the start of a wrapped line", "a.txt", "1. Z\nWir bewahren alle Sicherungen unserer Datenbanken nicht länger als\n30 Tage auf und löschen sie danach.\n",
     "[1] Z\n1.1 Wir bewahren alle Sicherungen unserer Datenbanken nicht länger als 30 Tage auf und löschen sie danach.\n"},
    {"numbers alone on their lines", "a.txt", "1.\nZugang\n- MFA\n2.\nSicherung\n- täglich\n", "[1] Zugang\n1.1 MFA\n[2] Sicherung\n2.1 täglich\n"},
};

TEST(annex_reads_every_form_of_section_and_item)
{
    for (size_t i = 0; i < sizeof(samples) / sizeof(samples[0]); i++) {
        cleanup_arena struct arena *arena = arena_new(ARENA_BYTES);
        cleanup_buf struct buf shown = BUF_INIT(SHOWN_BYTES);
        struct work_reply reply;
        CHECK_ERR(ERR_NONE, read_named(arena, samples[i].name, slice_string(samples[i].text), &reply));
        show(reply.output, &shown);
        if (!slice_is(buf_slice(&shown), samples[i].shown)) {
            printf("sample \"%s\":\n%.*s", samples[i].what, (int)shown.len, (const char *)shown.data);
            check_fail(__FILE__, __LINE__, samples[i].what);
        }
    }
}

static const struct {
    const char *paragraph, *sentences;
} paragraphs[] = {
    {"Wir nutzen z. B. TLS 1.3. Das gilt immer.", "Wir nutzen z. B. TLS 1.3.|Das gilt immer."},
    {"Gem. Art. 32 Abs. 1 lit. b DSGVO gilt Nr. 5. Die Frist endet am 1. Januar 2026.",
     "Gem. Art. 32 Abs. 1 lit. b DSGVO gilt Nr. 5.|Die Frist endet am 1. Januar 2026."},
    {"Backups d. h. Kopien bleiben max. 30 Tage. Danach werden sie gelöscht!", "Backups d. h. Kopien bleiben max. 30 Tage.|Danach werden sie gelöscht!"},
    {"Logs, Metriken usw. Daten werden u. a. zentral gespeichert.", "Logs, Metriken usw. Daten werden u. a. zentral gespeichert."},
    {"Logs, Metriken etc. Die Daten liegen zentral.", "Logs, Metriken etc.|Die Daten liegen zentral."},
    {"We use MFA, e.g. FIDO2, i.e. Passkeys. All admins have it (approx. 20 people).",
     "We use MFA, e.g. FIDO2, i.e. Passkeys.|All admins have it (approx. 20 people)."},
    {"Am 3. Werktag wird geprüft (vgl. Anl. 2). „Alles wird protokolliert.“ Punkt.",
     "Am 3. Werktag wird geprüft (vgl. Anl. 2).|„Alles wird protokolliert.“|Punkt."},
    {"Verfügbarkeit 99.9 %. Version 1.2.3 läuft.", "Verfügbarkeit 99.9 %.|Version 1.2.3 läuft."},
};

TEST(sentences_end_only_where_they_end)
{
    for (size_t i = 0; i < sizeof(paragraphs) / sizeof(paragraphs[0]); i++) {
        cleanup_buf struct buf all = BUF_INIT(SHOWN_BYTES);
        struct slice sentence;
        for (size_t position = 0; sentence_next(slice_string(paragraphs[i].paragraph), &position, &sentence);) {
            CHECK_ERR(ERR_NONE, buf_append_string(&all, all.len > 0 ? "|" : ""));
            CHECK_ERR(ERR_NONE, buf_append(&all, sentence));
        }
        if (!check_slice(__FILE__, __LINE__, paragraphs[i].paragraph, slice_string(paragraphs[i].sentences), buf_slice(&all))) {
            continue;
        }
    }
}

static void check_encoding(const char *bytes, size_t len, const char *encoding)
{
    cleanup_arena struct arena *arena = arena_new(ARENA_BYTES);
    struct work_reply reply;
    CHECK_ERR(ERR_NONE, read_named(arena, "a.txt", slice_of(bytes, len), &reply));
    CHECK(slice_is(json_text(reply.output, "encoding", SLICE_NONE), encoding));
    CHECK_SLICE("täglich", json_text(json_member(reply.output, "clauses")->first, "text", SLICE_NONE));
    CHECK_SLICE("1.1", json_text(json_member(reply.output, "clauses")->first, "id", SLICE_NONE));
}

TEST(annex_knows_its_encoding)
{
    static const char utf8[] = "1. Z\n- täglich\n", marked[] = "\xef\xbb\xbf" "1. Z\n- täglich\n", ansi[] = "1. Z\n- t\xe4glich\n";
    char little[2 + 2 * sizeof(ansi)] = "\xff\xfe", big[2 + 2 * sizeof(ansi)] = "\xfe\xff";
    size_t len = sizeof(ansi) - 1;
    for (size_t i = 0; i < len; i++) {
        little[2 + 2 * i] = ansi[i];
        big[3 + 2 * i] = ansi[i];
    }
    check_encoding(utf8, sizeof(utf8) - 1, "utf-8");
    check_encoding(marked, sizeof(marked) - 1, "utf-8");
    check_encoding(ansi, len, "windows-1252");
    check_encoding(little, 2 + 2 * len, "utf-16");
    check_encoding(little + 2, 2 * len, "utf-16");
    check_encoding(big, 2 + 2 * len, "utf-16");
    check_encoding(big + 2, 2 * len, "utf-16");
}

TEST(clause_keeps_place_and_wording)
{
    cleanup_arena struct arena *arena = arena_new(ARENA_BYTES);
    struct work_reply reply;
    static const char text[] = "# T\n\n## 3. Zugang\n- alle **Konten**\n  haben MFA;\n";
    CHECK_ERR(ERR_NONE, read_named(arena, "a.md", slice_string(text), &reply));
    const struct json *clause = json_member(reply.output, "clauses")->first;
    uint64_t line = 0;
    CHECK_ERR(ERR_NONE, json_u64(clause, "line", &line));
    CHECK_U64(4, line);
    CHECK_SLICE("alle Konten haben MFA", json_text(clause, "text", SLICE_NONE));
    CHECK_SLICE("- alle **Konten**\n  haben MFA;", json_text(clause, "raw", SLICE_NONE));
    CHECK_SLICE("T", json_text(reply.output, "title", SLICE_NONE));
    CHECK_SLICE("de", json_text(reply.output, "language", SLICE_NONE));
    CHECK_SLICE("3", json_text(json_member(reply.output, "sections")->first, "number", SLICE_NONE));
}

static void refuse(const char *what, struct slice bytes, enum err expected, const char *words, size_t line)
{
    cleanup_arena struct arena *arena = arena_new(ARENA_BYTES);
    struct work_reply reply;
    enum err err = read_named(arena, "a.txt", bytes, &reply);
    if (err != expected || reply.complaint.text.english == NULL || strstr(reply.complaint.text.english, words) == NULL ||
        reply.complaint.text.german == NULL || reply.complaint.line != line || reply.output != NULL) {
        printf("%s: %s, line %zu: %s\n", what, err_name(err), reply.complaint.line,
               reply.complaint.text.english == NULL ? "-" : reply.complaint.text.english);
        check_fail(__FILE__, __LINE__, what);
    }
}

TEST(bad_input_gets_one_clear_complaint)
{
    refuse("empty", SLICE_NONE, ERR_INVALID, "empty", 0);
    refuse("blank", slice_string(" \n\t\n"), ERR_INVALID, "empty", 0);
    refuse("only a mark", slice_string("\xef\xbb\xbf\n"), ERR_INVALID, "no text", 1);
    refuse("binary", SLICE_LITERAL("1. Z\n- a\n\x01\x02\x00\xff\xfe\x80"), ERR_INVALID, "not text", 3);
    refuse("NULs", SLICE_LITERAL("1. Z\n- a\0b\n"), ERR_INVALID, "not text", 2);
    refuse("damaged UTF-8", slice_string("1. Zä\n- täglich\n- geprüft \xc3\n- ö"), ERR_INVALID, "damaged", 3);
    refuse("lone surrogate", SLICE_LITERAL("\xff\xfe" "a\0\n\0\x00\xd8" "b\0"), ERR_INVALID, "damaged", 2);
    refuse("only headings", slice_string("# A\n\n## B\n\n## C\n"), ERR_INVALID, "only headings", 1);
    refuse("only numbered names", slice_string("1. Zugriff\n2. Backup\n3. Notfall\n"), ERR_INVALID, "only headings", 1);
    refuse("old Word", SLICE_LITERAL("\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1...."), ERR_UNSUPPORTED, "password", 0);
    refuse("picture", SLICE_LITERAL("\x89PNG\r\n"), ERR_UNSUPPORTED, "picture", 0);
    refuse("broken zip", SLICE_LITERAL("PK\x03\x04" "abcdefgh"), ERR_INVALID, "Word file is broken", 0);
    refuse("broken PDF", SLICE_LITERAL("%PDF-1.7\nnothing"), ERR_INVALID, "PDF is broken", 0);
}

static void refuse_repeated(const char *what, const char *unit, size_t bytes, enum err expected, const char *words, size_t line)
{
    size_t len = strlen(unit);
    char *text = malloc(bytes + len);
    CHECK(text != NULL);
    for (size_t i = 0; i < bytes; i += len) {
        memcpy(text + i, unit, len);
    }
    refuse(what, slice_of(text, bytes / len * len), expected, words, line);
    free(text);
}

TEST(enormous_input_gets_one_clear_complaint)
{
    refuse_repeated("50 MB", "Backups are made daily.\n", 50 * 1000 * 1000, ERR_TOO_LARGE, "8 MiB", 0);
    refuse_repeated("one line", "wort ", 8 * 1000 * 1000, ERR_INVALID, "megabyte", 1);
    refuse_repeated("one long sentence", "wort ", 5000, ERR_INVALID, "longer than 4,000 bytes", 1);
    refuse_repeated("many sentences", "Backups are made daily.\n\n", 200 * 1000, ERR_INVALID, "5,000", 10001);
    refuse_repeated("many lines", "a\n", 1000 * 1000, ERR_TOO_LARGE, "200,000", 200000);
    refuse_repeated("many sections", "# A\n", 8000, ERR_INVALID, "only headings", 1);
    refuse_repeated("too many sections", "# A\nWe do it.\n", 16000, ERR_INVALID, "500 sections", 1001);
}

static struct slice fixture(struct arena *arena, const char *name)
{
    const char *path = arena_printf(arena, "%s/tests/annexes/%s", VOGT_SOURCE_ROOT, name);
    uint8_t *data = arena_alloc(arena, FILE_BYTES);
    FILE *file = path == NULL || data == NULL ? NULL : fopen(path, "rb");
    size_t len = file == NULL ? 0 : fread(data, 1, FILE_BYTES, file);
    if (file != NULL) {
        fclose(file);
    }
    return slice_of(data, len);
}

TEST(word_file_with_lists_and_table)
{
    cleanup_arena struct arena *arena = arena_new(ARENA_BYTES);
    cleanup_buf struct buf shown = BUF_INIT(SHOWN_BYTES);
    struct work_reply reply;
    CHECK_ERR(ERR_NONE, read_named(arena, "a.docx", fixture(arena, "lists-and-table.docx"), &reply));
    show(reply.output, &shown);
    CHECK_SLICE("[1] Zugriff\n1.1 Wir gewähren Rechte sparsam, z. B. über Rollen.\n1.2 Für Admins gilt: > MFA\n"
                "1.3 Für Admins gilt: MFA > mit Schlüssel\n1.4 Für Admins gilt: MFA > ohne SMS\n1.5 Für Admins gilt: > kurze Sitzungen\n"
                "[2] Kryptographie\n2.1 Transport > TLS 1.3 überall.\n2.2 Transport > HSTS ist gesetzt.\n"
                "2.3 Speicher > AES-256 auf Volumes\n2.4 Speicher > LUKS2 auf Hosts\n2.5 Schlüssel werden rotiert\n"
                "2.6 Ein KMS wird genutzt\n[2.1] Backups\n2.1.1 Täglich wird gesichert.\n2.1.2 Aufbewahrung: 30 Tage\n",
                buf_slice(&shown));
    CHECK_SLICE("docx", json_text(reply.output, "format", SLICE_NONE));
}

TEST(word_file_of_the_example)
{
    cleanup_arena struct arena *arena = arena_new(ARENA_BYTES);
    struct work_reply reply;
    CHECK_ERR(ERR_NONE, read_named(arena, "a.docx", fixture(arena, "example.de.docx"), &reply));
    CHECK_U64(9, json_member(reply.output, "sections")->count);
    CHECK_U64(28, json_member(reply.output, "clauses")->count);
}

TEST(pdf_joins_pages_and_drops_what_repeats)
{
    cleanup_arena struct arena *arena = arena_new(ARENA_BYTES);
    cleanup_buf struct buf shown = BUF_INIT(SHOWN_BYTES);
    struct work_reply reply;
    CHECK_ERR(ERR_NONE, read_named(arena, "a.pdf", fixture(arena, "two-pages.pdf"), &reply));
    show(reply.output, &shown);
    CHECK_SLICE("[1] Zugriff\n1.1 Wir vergeben Rechte sparsam, z. B. über Rollen, und prüfen sie in jedem Quartal.\n"
                "1.2 Für Administratoren gilt Folgendes: > Anmeldung nur mit zweitem Faktor und mit einem Schlüssel, der nicht "
                "kopiert werden kann\n1.3 Für Administratoren gilt Folgendes: > Notfallzugänge werden protokolliert\n"
                "[2] Verschlüsselung\n2.1 Alle Verbindungen nutzen TLS 1.3.\n"
                "2.2 Die Volumes aller Datenbanken und Sicherungen sind mit AES-256 verschlüsselt.\n"
                "[3] Sicherung\n3.1 Sicherungen entstehen täglich.\n3.2 Sie werden höchstens 30 Tage aufbewahrt.\n",
                buf_slice(&shown));
    CHECK_SLICE("Anhang Sicherheit", json_text(reply.output, "title", SLICE_NONE));
}

TEST(pdf_without_text_says_why)
{
    cleanup_arena struct arena *arena = arena_new(ARENA_BYTES);
    refuse("scan", fixture(arena, "scan.pdf"), ERR_INVALID, "scan", 0);
    refuse("locked", fixture(arena, "locked.pdf"), ERR_INVALID, "password", 0);
    struct slice whole = fixture(arena, "two-pages.pdf");
    refuse("cut", slice_first(whole, 3000), ERR_INVALID, "broken", 0);
}

TEST_MAIN
