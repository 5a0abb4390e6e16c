/*
 * vogt-store: the role that holds the data, without keys. Descriptors: 3 the parent, 4 keep, 5 the
 * data directory. It drains what keep has sent, answers in order, writes the answers out, and moves
 * the WAL when nothing waits. After a failed sync or on damaged data it answers with the error,
 * logs one line and ends with ROLE_EXIT_DATA: starting it again would not bring the data back.
 */
#include "base/log.h"
#include "crypto/crypto.h"
#include "process/role_start.h"
#include "store/store.h"

#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>

enum { ANSWER_DEADLINE_MS = 2000 };

struct service {
    struct role_start *start;
    struct store *store;
};

typedef enum err (*answer_fn)(struct store *store, struct slice body, struct buf *out);

struct question {
    enum message question, answer;
    answer_fn run;
};

static const struct question questions[] = {
    {MESSAGE_FETCH, MESSAGE_FETCHED, store_fetch},
    {MESSAGE_COMMIT, MESSAGE_COMMITTED, store_commit},
    {MESSAGE_PUBLISH, MESSAGE_PUBLISHED, store_publish},
};

/* What a person reads when the store cannot be opened: one row an error, the last for all others.
 */
struct refusal {
    enum err err;
    struct text text;
};

static const struct refusal refusals[] = {
    {ERR_NEWER,
     {"The data directory was written by a newer version of Vogt. Install that version again; "
      "nothing was changed.",
      "Das Datenverzeichnis wurde von einer neueren Version von Vogt geschrieben. Diese Version "
      "wieder installieren; "
      "nichts wurde verändert."}},
    {ERR_LOCKED,
     {"The database vogt.db is in use by another process. End that process first.",
      "Die Datenbank vogt.db wird von einem anderen Prozess benutzt. Zuerst diesen Prozess "
      "beenden."}},
    {ERR_DAMAGED,
     {"The database vogt.db is damaged or missing beside its ledger. Restore the data directory "
      "from a backup.",
      "Die Datenbank vogt.db ist beschädigt oder fehlt neben ihrem Ledger. Das Datenverzeichnis "
      "aus einer "
      "Sicherung wiederherstellen."}},
    {ERR_INVALID,
     {"vogt.db is not a database of Vogt. Choose another data directory.",
      "vogt.db ist keine Datenbank von Vogt. Ein anderes Datenverzeichnis wählen."}},
    {ERR_READ_ONLY,
     {"The data directory cannot be written. Give this user the right to write it, or mount it "
      "writable.",
      "Das Datenverzeichnis ist nicht beschreibbar. Diesem Benutzer Schreibrechte geben oder es "
      "beschreibbar "
      "einhängen."}},
    {ERR_RIGHTS,
     {"The data directory may not be entered by the user that the store runs as. Check its owner "
      "and rights.",
      "Der Benutzer, unter dem der Speicher läuft, darf das Datenverzeichnis nicht betreten. "
      "Eigentümer und "
      "Rechte prüfen."}},
    {ERR_FULL,
     {"There is no space left for the data directory. Free some space and start again; nothing was "
      "lost.",
      "Für das Datenverzeichnis ist kein Platz mehr. Platz schaffen und neu starten; nichts ging "
      "verloren."}},
    {ERR_NONE,
     {"The database vogt.db could not be opened. The log names the error.",
      "Die Datenbank vogt.db konnte nicht geöffnet werden. Das Protokoll nennt den Fehler."}},
};

static struct text refusal_text(enum err err)
{
    size_t i = 0;
    while (refusals[i].err != err && refusals[i].err != ERR_NONE) {
        i++;
    }
    return refusals[i].text;
}

static const struct question *question_find(enum message kind)
{
    for (size_t i = 0; i < sizeof(questions) / sizeof(questions[0]); i++) {
        if (questions[i].question == kind) {
            return &questions[i];
        }
    }
    return NULL;
}

/* Answers one frame. An error of the question itself stands in the answer; only an answer that
 * cannot be queued is an error here. */
static enum err answer(struct service *service, const struct frame *frame)
{
    const struct question *question = question_find(frame->kind);
    if (question == NULL) {
        return ERR_PROTOCOL;
    }
    struct buf *out = channel_begin(service->start->keep, question->answer, frame->id);
    if (out == NULL) {
        return ERR_MEMORY;
    }
    enum err err = question->run(service->store, frame->body, out);
    if (err != ERR_NONE && err != ERR_CONFLICT) {
        LOG(LOG_WARN, "store.refused", LOG_ERR(err), LOG_NUMBER("message", frame->kind));
    }
    return channel_end(service->start->keep);
}

/* All that waits, in order. ERR_CLOSED: keep is gone. */
static enum err drain(struct service *service)
{
    struct channel *keep = service->start->keep;
    struct frame frame;
    enum err err = ERR_NONE;
    while (err == ERR_NONE && store_ended(service->store) == ERR_NONE) {
        err = channel_receive(keep, &frame);
        if (err == ERR_BUSY) {
            break;
        }
        if (err == ERR_NONE) {
            err = answer(service, &frame);
        }
        if (err == ERR_NONE) {
            err = channel_flush(keep);
        }
    }
    return err == ERR_BUSY ? channel_flush(keep) : err;
}

/* ERR_CLOSED: asked to stop, or the parent is gone. */
static enum err hear_parent(struct service *service)
{
    struct frame frame;
    enum err err = channel_receive(service->start->parent, &frame);
    if (err == ERR_BUSY) {
        return ERR_NONE;
    }
    if (err == ERR_NONE) {
        err = frame.kind == MESSAGE_STOP ? ERR_CLOSED : ERR_PROTOCOL;
    }
    return err;
}

static enum err wait_and_serve(struct service *service)
{
    struct role_start *start = service->start;
    short keep_events = channel_queued_bytes(start->keep) > 0 ? POLLIN | POLLOUT : POLLIN;
    struct pollfd fds[] = {{channel_fd(start->parent), POLLIN, 0},
                           {channel_fd(start->keep), keep_events, 0}};
    if (poll(fds, 2, -1) < 0) {
        return ERR_NONE; /* interrupted */
    }
    enum err err = ERR_NONE;
    if (fds[1].revents != 0) {
        err = drain(service);
    }
    if (err == ERR_NONE) {
        err = store_ended(service->store);
    }
    if (err == ERR_NONE && store_tidy(service->store, STORE_TIDY_PAGES) != ERR_NONE) {
        /* All that was committed lies safe in the WAL; a full disk is told to whoever commits next.
         */
        err = store_ended(service->store);
    }
    if (err == ERR_NONE && fds[0].revents != 0) {
        err = hear_parent(service);
    }
    return err;
}

/* Serves until somebody stops it; the exit code says whether the data had a part in it. */
static int serve(struct service *service)
{
    enum err err = ERR_NONE;
    while (err == ERR_NONE) {
        err = wait_and_serve(service);
    }
    enum err ended = store_ended(service->store);
    if (ended != ERR_NONE) {
        /* The last answer tells keep that its commit did not happen; should keep not take it, the
         * closed channel says the same. */
        if (channel_flush_all(service->start->keep, ANSWER_DEADLINE_MS) != ERR_NONE) {
            LOG(LOG_WARN, "store.answer-lost", LOG_ERR(ended));
        }
        LOG(LOG_ERROR, "store.failed", LOG_ERR(ended),
            LOG_TEXT("text", err_text(ended, service->start->language)));
        return ROLE_EXIT_DATA;
    }
    if (err == ERR_CLOSED) {
        return ROLE_EXIT_STOPPED;
    }
    LOG(LOG_ERROR, "store.stopped", LOG_ERR(err));
    return ROLE_EXIT_FAILED;
}

/* The descriptor is kept for the sandbox; the file layer gets its own. */
static enum err open_store(struct role_start *start, struct store **ret_store)
{
    int directory_fd = fcntl(start->fds[0], F_DUPFD_CLOEXEC, 0);
    struct files *files = NULL;
    if (directory_fd < 0) {
        return ERR_IO;
    }
    enum err err = files_new(directory_fd, &files);
    return err == ERR_NONE ? store_open(files, NULL, ret_store) : err;
}

int main(void)
{
    struct role_start start;
    struct store *store = NULL;
    if (role_start(ROLE_STORE, &start) != ERR_NONE) {
        return ROLE_EXIT_START;
    }
    enum err err = start.fd_count == 1 && start.keep != NULL ? crypto_start() : ERR_PROTOCOL;
    if (err == ERR_NONE) {
        err = role_confine(&start, start.fds[0]);
    }
    if (err != ERR_NONE) {
        return role_fail(&start, err,
                         TEXT("The store could not be confined.",
                              "Der Speicher konnte nicht abgeschottet werden."));
    }
    err = open_store(&start, &store);
    if (err != ERR_NONE) {
        return role_fail(&start, err, refusal_text(err));
    }
    err = role_ready(&start);
    int code = ROLE_EXIT_FAILED;
    if (err == ERR_NONE) {
        struct service service = {&start, store};
        code = serve(&service);
    }
    store_close(store);
    role_end(&start);
    return code;
}
