/* vogt up: the daemon in the foreground, the annex adopted, everything observed, the result shown.
 * Everything after the start goes through the API. */
#include "command/daemon.h"

#include "base/encode.h"
#include "command/adopt.h"
#include "command/client.h"
#include "command/estate.h"
#include "command/keys.h"
#include "command/observe.h"
#include "command/show.h"
#include "crypto/crypto.h"

enum { ESTATE_MAX_BYTES = 1 << 20 };

/* What later commands need to find this daemon and to verify its ledger once it is stopped:
 * DIR/address, DIR/verifier.keys. */
static void leave_notes(struct run *run, const char *directory, const char *address)
{
    const char *address_path = arena_printf(run->arena, "%s/address", directory);
    struct slice line = slice_string(arena_printf(run->arena, "%s\n", address));
    if (address_path != NULL) {
        (void)run_write_file(run, address_path, line);
    }
    keys_leave(run, directory);
}

static bool is_current(const struct json *current, struct slice bytes)
{
    uint8_t digest[SHA256_BYTES];
    cleanup_buf struct buf hex = BUF_INIT(2 * SHA256_BYTES);
    sha256(bytes, digest);
    return hex_encode(&hex, slice_of(digest, sizeof(digest))) == ERR_NONE &&
           slice_equal(json_text(current, "digest", SLICE_NONE), buf_slice(&hex));
}

/* Adopts the file unless it is the one adopted last. */
static enum outcome take_annex(struct run *run, const char *path)
{
    const struct json *current = NULL, *adopted = NULL;
    cleanup_buf struct buf bytes = BUF_INIT(ADOPT_FILE_BYTES + (1 << 16));
    enum outcome outcome = run_read_file(run, path, ADOPT_FILE_BYTES, &bytes);
    struct ask ask = {.method = "GET", .path = "annex/current", .missing_is_fine = true};
    outcome = outcome == OUTCOME_OK ? client_data(run, &ask, &current) : outcome;
    if (outcome != OUTCOME_OK || is_current(current, buf_slice(&bytes))) {
        return outcome;
    }
    outcome = adopt_send(run, path, &bytes, false, &adopted);
    if (outcome == OUTCOME_OK && !run->json && current != NULL) {
        adopt_show_changes(run, adopted);
    }
    return outcome;
}

static enum outcome take_estate(struct run *run, const char *path)
{
    cleanup_buf struct buf bytes = BUF_INIT(ESTATE_MAX_BYTES + (1 << 16));
    enum outcome outcome = run_read_file(run, path, ESTATE_MAX_BYTES, &bytes);
    return outcome == OUTCOME_OK ? estate_send(run, buf_slice(&bytes)) : outcome;
}

static enum outcome observe(struct run *run)
{
    const struct json *data = NULL;
    return observe_everything(run, &data);
}

static enum outcome show(struct run *run)
{
    const struct json *annex = NULL, *morning = NULL;
    struct ask ask = {.method = "GET", .path = "annex/current", .missing_is_fine = true};
    enum outcome outcome = client_data(run, &ask, &annex);
    struct ask more = {.method = "GET", .path = "morning", .missing_is_fine = true};
    outcome = outcome == OUTCOME_OK ? client_data(run, &more, &morning) : outcome;
    if (outcome != OUTCOME_OK || run->json) {
        return outcome == OUTCOME_OK ? run_print_json(annex) : outcome;
    }
    if (annex == NULL) {
        screen_wrap(
            &run->screen, 0, 0, COLOUR_NONE,
            slice_string(SAY(
                run, "No annex is adopted yet: give one with --annex FILE or `vogt adopt FILE`.",
                "Es ist noch keine Anlage übernommen: gib eine mit --annex DATEI oder `vogt adopt "
                "DATEI` an.")));
    } else {
        show_annex(run, annex);
    }
    show_own(run, morning);
    return OUTCOME_OK;
}

static void show_end(struct run *run, const struct daemon *daemon)
{
    FILE *out = run->json ? stderr : run->screen.out;
    fprintf(out, "\n%s %s/\n", SAY(run, "The page:  ", "Die Seite:  "), daemon->address);
    if (daemon->login_link != NULL) {
        fprintf(
            out, "%s %s\n",
            SAY(run, "First login (one use, one hour):", "Erste Anmeldung (einmal, eine Stunde):"),
            daemon->login_link);
    }
    fprintf(out, "%s\n", SAY(run, "Ctrl-C stops Vogt.", "Strg-C beendet Vogt."));
    fflush(out);
}

static enum outcome ask_sealed(struct run *run, bool *ret_sealed)
{
    const struct json *reply = NULL;
    struct ask ask = {.method = "GET", .path = "sys/seal-status"};
    enum outcome outcome = client_ask(run, &ask, &reply);
    *ret_sealed = json_bool(reply, "sealed", false);
    return outcome;
}

static enum outcome work(struct run *run, const struct daemon *daemon, const char *directory)
{
    bool is_sealed = false;
    enum outcome outcome = ask_sealed(run, &is_sealed);
    if (outcome != OUTCOME_OK) {
        return outcome;
    }
    if (is_sealed) {
        screen_wrap(&run->screen, 0, 0, COLOUR_YELLOW,
                    slice_string(SAY(run,
                                     "Vogt is sealed: unseal it from another terminal with `vogt "
                                     "unseal`, or set it up with `vogt init`.",
                                     "Vogt ist versiegelt: entsiegle es von einem anderen Terminal "
                                     "mit `vogt unseal`, oder richte es mit `vogt init` ein.")));
        show_end(run, daemon);
        return OUTCOME_OK;
    }
    leave_notes(run, directory, daemon->address);
    const char *estate = run_option(run, OPTION_ESTATE), *annex = run_option(run, OPTION_ANNEX);
    outcome = estate == NULL ? OUTCOME_OK : take_estate(run, estate);
    outcome = outcome == OUTCOME_OK && annex != NULL ? take_annex(run, annex) : outcome;
    outcome = outcome == OUTCOME_OK ? observe(run) : outcome;
    outcome = outcome == OUTCOME_OK ? show(run) : outcome;
    if (outcome == OUTCOME_OK) {
        show_end(run, daemon);
    }
    return outcome;
}

enum outcome command_up(struct run *run)
{
    const char *listen = run_option(run, OPTION_LISTEN);
    struct daemon_start start = {.directory = run_directory(run),
                                 .listen = listen == NULL ? "localhost:8200" : listen,
                                 .minimum = run_option(run, OPTION_MINIMUM),
                                 .config = run_option(run, OPTION_CONFIG),
                                 .database = run_option(run, OPTION_DATABASE),
                                 .log_here = run_has(run, OPTION_LOG)};
    struct daemon daemon = {.pid = -1};
    enum outcome outcome = daemon_begin(run, &start, &daemon);
    if (outcome != OUTCOME_OK) {
        return outcome;
    }
    outcome = client_start(run, daemon.address, start.directory);
    outcome = outcome == OUTCOME_OK ? work(run, &daemon, start.directory) : outcome;
    bool failed = outcome != OUTCOME_OK && !daemon_told_to_stop();
    int code = daemon_end(&daemon, failed || daemon_told_to_stop());
    return failed ? outcome : (enum outcome)code;
}
