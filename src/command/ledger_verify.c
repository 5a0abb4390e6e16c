/*
 * vogt ledger verify: both logs from a data directory, a copy of its ledger folder, or an address;
 * then the database's rows when they are there and no daemon holds them. Nothing is written beside
 * the ledger.
 */
#include "command/client.h"
#include "command/keys.h"
#include "command/show.h"
#include "command/snapshot.h"
#include "ledger/verify.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { KNOWN_MAX_BYTES = NOTE_MAX_BYTES, FETCH_MAX_BYTES = BUNDLE_MAX_BYTES, THREADS = 4 };

enum rows_state { ROWS_NONE, ROWS_CHECKED, ROWS_HELD, ROWS_ELSEWHERE };

struct job {
    struct run *run;
    struct log_keys keys;
    struct slice known[LOG_AUDIT + 1];
    struct verify_report report;
    struct verify_options options;
    const char *place; /* the directory or the address */
    enum rows_state rows;
    char folder[64]; /* a private one with the snapshot as vogt.db, or empty */
    int folder_fd;
};

static void tell_progress(void *context, uint8_t log, uint64_t done, uint64_t total)
{
    (void)context;
    (void)log;
    progress_count(done, total);
}

static enum outcome read_known(struct job *job)
{
    const struct option_values *given = &job->run->options[OPTION_KNOWN];
    for (size_t i = 0; i < given->count; i++) {
        cleanup_buf struct buf bytes = BUF_INIT(KNOWN_MAX_BYTES + (1 << 17));
        enum outcome outcome = run_read_file(job->run, given->list[i], KNOWN_MAX_BYTES, &bytes);
        if (outcome != OUTCOME_OK) {
            return outcome;
        }
        struct slice note = arena_copy(job->run->arena, buf_slice(&bytes));
        uint8_t log = log_of_name(slice_first(note, slice_find_byte(note, '\n')));
        if (log == 0 || job->known[log].len > 0) {
            return run_fail(
                job->run, OUTCOME_INPUT,
                TEXT("this is no checkpoint of a log of Vogt, or the second one of the same log",
                     "das ist kein Prüfpunkt eines Logbuchs von Vogt oder der zweite desselben "
                     "Logbuchs"),
                slice_string(given->list[i]));
        }
        job->known[log] = note;
    }
    return OUTCOME_OK;
}

static enum err check_log(struct job *job, uint8_t log, const struct verify_source *source,
                          const int *directory_fd)
{
    const struct note_key *key = &job->keys.list[log];
    enum err err = verify_log(source, log, key, &job->options, &job->report);
    if (err == ERR_NONE && directory_fd != NULL) {
        err = verify_folder(directory_fd, log, &job->report);
    }
    if (err == ERR_NONE && job->known[log].len > 0) {
        err = verify_known(source, log, key, job->known[log], &job->report);
    }
    return err;
}

/* ---- from a directory ---- */

/* More may have been published since, so it is held against its own checkpoints. */
static enum err check_snapshot(struct job *job, const struct verify_store *store)
{
    struct verify_log_state published[LOG_AUDIT + 1];
    memcpy(published, job->report.logs, sizeof(published));
    memset(job->report.logs, 0, sizeof(published));
    enum err err = verify_rows(store, &job->options, &job->report);
    memcpy(job->report.logs, published, sizeof(published));
    job->rows = err == ERR_NONE ? ROWS_CHECKED : ROWS_NONE;
    return err;
}

/* `directory_fd`: -1, or a data directory. */
static enum err check_rows(struct job *job, int directory_fd)
{
    struct verify_store store = {.directory_fd = job->folder[0] == '\0' ? directory_fd : job->folder_fd};
    for (uint8_t log = LOG_EVIDENCE; log <= LOG_AUDIT; log++) {
        store.keys[log] = &job->keys.list[log];
        store.known[log] = job->known[log];
    }
    if (job->folder[0] != '\0') {
        return check_snapshot(job, &store);
    }
    if (directory_fd >= 0 && faccessat(directory_fd, "postgresql", F_OK, 0) == 0) {
        job->rows = ROWS_ELSEWHERE;
        return ERR_NONE;
    }
    if (directory_fd < 0 || faccessat(directory_fd, "vogt.db", F_OK, 0) != 0) {
        return ERR_NONE;
    }
    enum err err = verify_rows(&store, &job->options, &job->report);
    if (err == ERR_LOCKED) {
        job->rows = ROWS_HELD;
        return ERR_NONE;
    }
    job->rows = err == ERR_NONE ? ROWS_CHECKED : ROWS_NONE;
    return err;
}

static enum err check_directory(struct job *job, int directory_fd)
{
    bool is_data = faccessat(directory_fd, "ledger", F_OK, 0) == 0;
    enum err err = ERR_NONE;
    for (uint8_t log = LOG_EVIDENCE; log <= LOG_AUDIT && err == ERR_NONE; log++) {
        const char *path =
            arena_printf(job->run->arena, "%s%s", is_data ? "ledger/" : "", log_name(log));
        int fd = path == NULL ? -1 : openat(directory_fd, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (fd < 0) {
            return err_from_errno(errno);
        }
        struct verify_source source = verify_directory(&fd);
        err = check_log(job, log, &source, &fd);
        close(fd);
    }
    return err == ERR_NONE ? check_rows(job, directory_fd) : err;
}

/* ---- from an address ---- */

struct remote {
    struct run *run;
    const char *log;
};

static enum err fetch(void *context, const char *path, struct buf *out)
{
    const struct remote *remote = context;
    char target[256];
    int len = snprintf(target, sizeof(target), "/ledger/%s/%s", remote->log, path);
    if (len < 0 || (size_t)len >= sizeof(target)) {
        return ERR_TOO_LARGE;
    }
    return client_fetch(remote->run, target, out->max - out->len, out);
}

static enum err check_address(struct job *job)
{
    enum err err = ERR_NONE;
    for (uint8_t log = LOG_EVIDENCE; log <= LOG_AUDIT && err == ERR_NONE; log++) {
        struct remote remote = {job->run, log_name(log)};
        struct verify_source source = {&remote, fetch, false}; /* one connection */
        err = check_log(job, log, &source, NULL);
    }
    return err == ERR_NONE ? check_rows(job, -1) : err;
}

/* ---- the result ---- */

static struct text summary(const struct job *job)
{
    if (!verify_report_good(&job->report)) {
        return TEXT("The ledger does NOT agree.", "Das Logbuch stimmt NICHT.");
    }
    static const struct text rows[] = {
        [ROWS_NONE] = TEXT_INIT("Both logs agree: every entry, every tile, the signed roots. There "
                                "was no database to compare.",
                                "Beide Logbücher stimmen: jeder Eintrag, jede Kachel, die "
                                "gezeichneten Wurzeln. Es gab keine Datenbank zum Vergleichen."),
        [ROWS_CHECKED] = TEXT_INIT("Both logs and the database agree: every entry, every tile, the "
                                   "signed roots, every row.",
                                   "Beide Logbücher und die Datenbank stimmen: jeder Eintrag, jede "
                                   "Kachel, die gezeichneten Wurzeln, jede Zeile."),
        [ROWS_HELD] = TEXT_INIT(
            "Both logs agree: every entry, every tile, the signed roots. The database was not "
            "compared, because a running Vogt holds it.",
            "Beide Logbücher stimmen: jeder Eintrag, jede Kachel, die gezeichneten Wurzeln. Die "
            "Datenbank wurde nicht verglichen, weil ein laufender Vogt sie hält."),
        [ROWS_ELSEWHERE] = TEXT_INIT(
            "Both logs agree: every entry, every tile, the signed roots. The rows lie in PostgreSQL and were not compared: `vogt snapshot save FILE`, then this with "
            "--snapshot FILE.",
            "Beide Logbücher stimmen: jeder Eintrag, jede Kachel, die gezeichneten Wurzeln. Die Zeilen liegen in PostgreSQL und wurden nicht verglichen: `vogt snapshot save "
            "DATEI`, dann dies mit --snapshot DATEI."),
    };
    return rows[job->rows];
}

static struct json *finding_tree(struct arena *arena, const struct verify_finding *finding)
{
    struct json *one = json_new(arena, JSON_OBJECT);
    json_set_string(arena, one, "weight",
                    slice_string(finding->weight == VERIFY_BROKEN ? "broken" : "note"));
    json_set_string(arena, one, "log", slice_string(log_name(finding->log)));
    json_set_string(arena, one, "place", slice_string(finding->place));
    if (finding->has_index) {
        json_set_u64(arena, one, "index", finding->index);
    } else {
        json_set_null(arena, one, "index");
    }
    json_set_string(arena, one, "english", slice_string(finding->text.english));
    json_set_string(arena, one, "german", slice_string(finding->text.german));
    return one;
}

static enum outcome print_json(struct job *job)
{
    static const char *const rows[] = {
        [ROWS_NONE] = "none", [ROWS_CHECKED] = "checked", [ROWS_HELD] = "held by a running daemon", [ROWS_ELSEWHERE] = "in PostgreSQL"};
    struct arena *arena = job->run->arena;
    struct json *top = json_new(arena, JSON_OBJECT);
    json_set_bool(arena, top, "good", verify_report_good(&job->report));
    json_set_string(arena, top, "place", slice_string(job->place));
    json_set_string(arena, top, "keys", slice_string(job->keys.source.english));
    json_set_string(arena, top, "rows", slice_string(rows[job->rows]));
    json_set_u64(arena, top, "row_count", job->report.row_count);
    json_set_u64(arena, top, "erased", job->report.erased_count);
    json_set_u64(arena, top, "pruned", job->report.pruned_count);
    struct json *logs = json_set_object(arena, top, "logs");
    for (uint8_t log = LOG_EVIDENCE; log <= LOG_AUDIT; log++) {
        struct json *one = json_set_object(arena, logs, log_name(log));
        json_set_bool(arena, one, "opened", job->report.logs[log].opened);
        json_set_u64(arena, one, "size", job->report.logs[log].size);
        json_set_u64(arena, one, "unpublished", job->report.logs[log].unpublished);
        json_set_bool(arena, one, "known", job->known[log].len > 0);
    }
    struct json *findings = json_set_array(arena, top, "findings");
    for (size_t i = 0; i < job->report.finding_count; i++) {
        json_append(findings, finding_tree(arena, &job->report.findings[i]));
    }
    json_set_u64(arena, top, "findings_left_out", job->report.left_out_count);
    return run_print_json(top);
}

static void print_findings(struct job *job)
{
    struct run *run = job->run;
    for (size_t i = 0; i < job->report.finding_count; i++) {
        const struct verify_finding *finding = &job->report.findings[i];
        bool is_broken = finding->weight == VERIFY_BROKEN;
        const char *index = finding->has_index ? arena_printf(run->arena, " #%llu",
                                                              (unsigned long long)finding->index)
                                               : "";
        const char *line = arena_printf(run->arena, "%s%s%s%s%s%s", log_name(finding->log), index,
                                        finding->place[0] == '\0' ? "" : " ", finding->place,
                                        finding->log == 0 && finding->place[0] == '\0' ? "" : ": ",
                                        run_text(run, finding->text));
        const char *mark =
            is_broken ? SAY(run, "  broken  ", "  Fehler  ") : SAY(run, "  note    ", "  Hinweis ");
        screen_string(&run->screen, is_broken ? COLOUR_RED : COLOUR_DIM, mark);
        screen_wrap(&run->screen, 10, 10, COLOUR_NONE, slice_string(line));
    }
    if (job->report.left_out_count > 0) {
        fprintf(run->screen.out, "  ... %llu\n", (unsigned long long)job->report.left_out_count);
    }
}

static enum outcome tell(struct job *job)
{
    struct run *run = job->run;
    bool good = verify_report_good(&job->report);
    if (run->json) {
        enum outcome outcome = print_json(job);
        return outcome == OUTCOME_OK && !good ? OUTCOME_INTEGRITY : outcome;
    }
    screen_string(&run->screen, COLOUR_BOLD, job->place);
    fputc('\n', run->screen.out);
    for (uint8_t log = LOG_EVIDENCE; log <= LOG_AUDIT; log++) {
        const struct verify_log_state *state = &job->report.logs[log];
        const char *line =
            arena_printf(run->arena, "%llu %s%s", (unsigned long long)state->size,
                         SAY(run, "entries under the checkpoint", "Einträge unter dem Prüfpunkt"),
                         job->known[log].len > 0 ? SAY(run, "; compared with the checkpoint given",
                                                       "; mit dem gegebenen Prüfpunkt verglichen")
                                                 : "");
        show_pair(run, log_name(log), slice_string(line));
    }
    if (job->rows == ROWS_CHECKED) {
        const char *line = arena_printf(
            run->arena, "%llu (%llu %s, %llu %s)", (unsigned long long)job->report.row_count,
            (unsigned long long)job->report.erased_count, SAY(run, "erased", "gelöscht"),
            (unsigned long long)job->report.pruned_count, SAY(run, "pruned", "ausgedünnt"));
        show_pair(run, SAY(run, "rows", "Zeilen"), slice_string(line));
    }
    show_pair(run, SAY(run, "verifier keys", "Prüfschlüssel"),
              slice_string(run_text(run, job->keys.source)));
    print_findings(job);
    screen_wrap(&run->screen, 0, 0, good ? COLOUR_GREEN : COLOUR_RED,
                slice_string(run_text(run, summary(job))));
    return good ? OUTCOME_OK : OUTCOME_INTEGRITY;
}

static enum outcome verify_place(struct job *job, bool is_address)
{
    struct run *run = job->run;
    int fd = -1;
    enum err err = verify_report_start(&job->report);
    if (err != ERR_NONE) {
        return run_fail_err(run, err, "");
    }
    job->options = (struct verify_options){.threads = THREADS, .progress = tell_progress};
    progress_begin(SAY(run, "Verifying", "Prüfe"));
    if (is_address) {
        err = check_address(job);
    } else {
        fd = open(job->place, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        err = fd < 0 ? err_from_errno(errno) : check_directory(job, fd);
    }
    progress_end();
    enum outcome outcome =
        err == ERR_NONE
            ? tell(job)
            : run_fail(run, err == ERR_NOT_FOUND ? OUTCOME_INPUT : outcome_of_err(err),
                       err == ERR_NOT_FOUND
                           ? TEXT("there is no ledger of Vogt", "hier liegt kein Logbuch von Vogt")
                           : (struct text){err_text(err, LANGUAGE_ENGLISH),
                                           err_text(err, LANGUAGE_GERMAN)},
                       slice_string(job->place));
    if (fd >= 0) {
        close(fd);
    }
    verify_report_free(&job->report);
    return outcome;
}

static enum outcome take_snapshot(struct job *job)
{
    const char *path = run_option(job->run, OPTION_SNAPSHOT), *temporary = getenv("TMPDIR");
    if (path == NULL) {
        return OUTCOME_OK;
    }
    if (temporary == NULL || strlen(temporary) > sizeof(job->folder) - 24) {
        temporary = "/tmp";
    }
    snprintf(job->folder, sizeof(job->folder), "%s/vogt-verify-XXXXXX", temporary);
    if (mkdtemp(job->folder) == NULL) {
        job->folder[0] = '\0';
        return run_fail_err(job->run, err_from_errno(errno), temporary);
    }
    job->folder_fd = open(job->folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return job->folder_fd < 0 ? run_fail_err(job->run, err_from_errno(errno), job->folder) : snapshot_unpack(job->run, path, job->folder_fd);
}

static void drop_snapshot(struct job *job)
{
    if (job->folder_fd >= 0) {
        unlinkat(job->folder_fd, "vogt.db", 0);
        close(job->folder_fd);
    }
    if (job->folder[0] != '\0') {
        rmdir(job->folder);
    }
}

enum outcome command_ledger_verify(struct run *run)
{
    struct job job = {.run = run, .folder_fd = -1,
                      .place = run->argument_count > 0 ? run->arguments[0] : run_directory(run)};
    bool is_address = strncmp(job.place, "https://", 8) == 0;
    if (is_address) {
        run->options[OPTION_ADDRESS] = (struct option_values){.list = {job.place}, .count = 1};
    } else if (access(job.place, F_OK) != 0) {
        return run_fail(run, OUTCOME_INPUT,
                        TEXT("there is no such directory", "dieses Verzeichnis gibt es nicht"),
                        slice_string(job.place));
    }
    enum outcome outcome = keys_find(run, is_address ? NULL : job.place, &job.keys);
    if (outcome == OUTCOME_OK && (!job.keys.have[LOG_EVIDENCE] || !job.keys.have[LOG_AUDIT])) {
        return run_fail(run, OUTCOME_INPUT,
                        TEXT("the verifier keys of both logs are needed: --vkey twice",
                             "es braucht die Prüfschlüssel beider Logbücher: zweimal --vkey"),
                        SLICE_NONE);
    }
    outcome = outcome == OUTCOME_OK ? read_known(&job) : outcome;
    outcome = outcome == OUTCOME_OK ? take_snapshot(&job) : outcome;
    outcome = outcome == OUTCOME_OK ? verify_place(&job, is_address) : outcome;
    drop_snapshot(&job);
    return outcome;
}
