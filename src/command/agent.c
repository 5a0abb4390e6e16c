/* Agents: inviting, listing and revoking them is asked of the API; `vogt agent` becomes the agent of this machine, and its status is read from its directory. */
#include "command/client.h"
#include "command/show.h"

#include <errno.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>

enum { STATUS_MAX_BYTES = 1 << 18, WORDS_MAX = 16 };
static const char default_directory[] = "/var/lib/vogt-agent";

static const char *agent_directory(const struct run *run)
{
    const char *given = run_option(run, OPTION_DIR);
    return given == NULL ? default_directory : given;
}

/* ---- asked of Vogt ---- */

static void show_invitation(struct run *run, const struct json *data)
{
    FILE *out = run->screen.out;
    struct slice server = json_text(data, "server", SLICE_NONE);
    screen_wrap(&run->screen, 0, 0, COLOUR_NONE, slice_string(SAY(run, "On that host, as root (the token comes by standard input; it is good once and for an hour):",
                                                                  "Auf jenem Rechner, als root (das Token kommt über die Standardeingabe; es gilt einmal und eine Stunde):")));
    fputs("\n  vogt-agent --dir ", out);
    fputs(default_directory, out);
    fputs(" --server ", out);
    screen_put(&run->screen, COLOUR_NONE, server);
    fputs(" --pin ", out);
    screen_put(&run->screen, COLOUR_NONE, json_text(data, "pin", SLICE_NONE));
    fputs(" --name ", out);
    screen_put(&run->screen, COLOUR_NONE, json_text(data, "name", SLICE_NONE));
    fputs(" --token -\n\n", out);
    screen_put(&run->screen, COLOUR_BOLD, json_text(data, "token", SLICE_NONE));
    fputs("\n", out);
    if (slice_find(server, SLICE_LITERAL("//localhost:")) != SIZE_MAX) {
        screen_wrap(&run->screen, 0, 0, COLOUR_YELLOW, slice_string(SAY(run, "Vogt listens on this machine only: start it with --listen, and give the address under which that host reaches it.",
                                                                        "Vogt lauscht nur auf diesem Rechner: starte es mit --listen und gib die Adresse an, unter der jener Rechner es erreicht.")));
    }
}

enum outcome command_agent_create(struct run *run)
{
    const struct json *data = NULL;
    const char *kind = run_option(run, OPTION_KIND), *every = run_option(run, OPTION_EVERY);
    struct json *body = json_new(run->arena, JSON_OBJECT);
    json_set_string(run->arena, body, "name", slice_string(run->arguments[0]));
    if (kind != NULL) {
        json_set_string(run->arena, body, "kind", slice_string(kind));
    }
    if (every != NULL) {
        json_set_string(run->arena, body, "every", slice_string(every));
    }
    enum outcome outcome = client_post(run, "agent/create", body, &data);
    if (outcome != OUTCOME_OK || run->json) {
        return outcome == OUTCOME_OK ? run_print_json(data) : outcome;
    }
    show_invitation(run, data);
    return OUTCOME_OK;
}

static enum colour colour_of(struct slice state)
{
    return slice_is(state, "well") ? COLOUR_GREEN : slice_is(state, "invited") ? COLOUR_BLUE : slice_is(state, "revoked") ? COLOUR_DIM : COLOUR_RED;
}

static void show_list_of(struct run *run, const char *name, const struct json *list)
{
    for (const struct json *one = list == NULL ? NULL : list->first; one != NULL; one = one->next) {
        struct slice words = run_words(run, one);
        show_pair(run, name, words.len > 0 ? words : json_text(one, "collector", SLICE_NONE));
    }
}

static void show_agent(struct run *run, const struct json *agent)
{
    static const struct {
        const char *member;
        struct text name;
    } rows[] = {
        {"last_seen_at", TEXT_INIT("last heard", "zuletzt gehört")},        {"certificate_expires_at", TEXT_INIT("certificate until", "Zertifikat bis")},
        {"version", TEXT_INIT("version", "Version")},                       {"spooled", TEXT_INIT("waiting there", "wartet dort")},
        {"lost", TEXT_INIT("lost reports", "verlorene Berichte")},          {"skew_ms", TEXT_INIT("clock ahead by ms", "Uhr voraus um ms")},
    };
    struct slice state = json_text(agent, "state", SLICE_NONE);
    screen_put(&run->screen, COLOUR_BOLD, json_text(agent, "name", SLICE_NONE));
    fputs("  ", run->screen.out);
    screen_put(&run->screen, COLOUR_DIM, json_text(agent, "kind", SLICE_NONE));
    fputs("  ", run->screen.out);
    screen_wrap(&run->screen, PAIR_COLUMNS, PAIR_COLUMNS, colour_of(state), run_words(run, agent));
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const struct json *member = json_member(agent, rows[i].member);
        if (member != NULL && member->text.len > 0) {
            show_pair(run, text_in(rows[i].name, run->language), member->text);
        }
    }
    show_list_of(run, SAY(run, "cannot see", "sieht nicht"), json_member(agent, "cannot_see"));
    show_list_of(run, SAY(run, "refused task", "abgelehnte Aufgabe"), json_member(agent, "refused"));
}

enum outcome command_agent_list(struct run *run)
{
    const struct json *data = NULL;
    enum outcome outcome = client_get(run, "agent/list", &data);
    if (outcome != OUTCOME_OK || run->json) {
        return outcome == OUTCOME_OK ? run_print_json(data) : outcome;
    }
    const struct json *agents = json_member(data, "agents");
    if (agents == NULL || agents->count == 0) {
        screen_wrap(&run->screen, 0, 0, COLOUR_NONE, slice_string(SAY(run, "There are no agents; `vogt agent create NAME` invites one.", "Es gibt keine Agenten; `vogt agent create NAME` lädt einen ein.")));
    }
    for (const struct json *agent = agents == NULL ? NULL : agents->first; agent != NULL; agent = agent->next) {
        show_agent(run, agent);
    }
    return OUTCOME_OK;
}

enum outcome command_agent_revoke(struct run *run)
{
    const struct json *data = NULL;
    struct json *body = json_new(run->arena, JSON_OBJECT);
    json_set_string(run->arena, body, "name", slice_string(run->arguments[0]));
    return client_post(run, "agent/revoke", body, &data);
}

/* ---- of this machine ---- */

enum outcome command_agent_status(struct run *run)
{
    const char *path = arena_printf(run->arena, "%s/status.json", agent_directory(run));
    cleanup_buf struct buf text = BUF_INIT(STATUS_MAX_BYTES);
    struct json *status = NULL;
    struct complaint complaint = {.text = {NULL, NULL}};
    enum outcome outcome = path == NULL ? OUTCOME_FAILED : run_read_file(run, path, STATUS_MAX_BYTES, &text);
    if (outcome != OUTCOME_OK) {
        return outcome;
    }
    enum err err = json_read(run->arena, buf_slice(&text), &status, &complaint);
    if (err != ERR_NONE) {
        return run_fail_complaint(run, err, &complaint);
    }
    bool is_well = slice_is(json_text(status, "state", SLICE_NONE), "well");
    if (run->json) {
        (void)run_print_json(status);
        return is_well ? OUTCOME_OK : OUTCOME_FAILED;
    }
    for (const struct json *member = status->first; member != NULL; member = member->next) {
        if (member->text.len > 0) {
            show_pair(run, arena_string(run->arena, member->name), member->text);
        }
    }
    return is_well ? OUTCOME_OK : OUTCOME_FAILED;
}

enum outcome command_agent(struct run *run)
{
    static const struct {
        enum option option;
        const char *word;
    } passed[] = {{OPTION_SERVER, "--server"}, {OPTION_PIN, "--pin"}, {OPTION_TOKEN, "--token"}, {OPTION_NAME, "--name"}, {OPTION_MINIMUM, "--minimum"}};
    static const char *const places[] = {"/packaging/agent/vogt-agent", "/agent/vogt-agent", "/vogt-agent", "/../" VOGT_LIBRARY_FOLDER "/vogt/agent/vogt-agent", "/../lib/vogt/agent/vogt-agent"};
    const char *program = run_find_program(run, places, sizeof places / sizeof places[0]), *words[WORDS_MAX] = {"vogt-agent", "--dir", agent_directory(run)};
    size_t count = 3;
    for (size_t i = 0; i < sizeof(passed) / sizeof(passed[0]); i++) {
        const char *value = run_option(run, passed[i].option);
        if (value != NULL) {
            words[count++] = passed[i].word;
            words[count++] = value;
        }
    }
    if (program != NULL) {
        union {
            const char *const *borrowed;
            char *const *words;
        } arguments = {.borrowed = words}; /* execv does not change them */
        execv(program, arguments.words);
    }
    return run_fail(run, OUTCOME_FAILED, TEXT("the program vogt-agent is not installed beside vogt", "das Programm vogt-agent ist nicht neben vogt installiert"), SLICE_NONE);
}
