/*
 * vogt-store: the role that holds the data, without keys. Descriptors: 3 the parent, 4 keep, then
 * those of store_place.h. It drains what keep has sent, answers in order, writes the answers out, and moves
 * the WAL when nothing waits. After a failed sync or on damaged data it answers with the error,
 * logs one line and ends with ROLE_EXIT_DATA: starting it again would not bring the data back.
 */
#include "base/log.h"
#include "crypto/crypto.h"
#include "roles/store_place.h"

#include <poll.h>

enum { ANSWER_DEADLINE_MS = 2000 };

struct service {
    struct role_start *start;
    struct store *store;
    struct store_place *place;
};

struct text store_refusal_text(const struct store_refusal *refusals, enum err err)
{
    while (refusals->err != err && refusals->err != ERR_NONE) {
        refusals++;
    }
    return refusals->text;
}

typedef enum err (*answer_fn)(struct store *store, struct slice body, struct buf *out);

struct question {
    enum message question, answer;
    answer_fn run;
};

static const struct question questions[] = {
    {MESSAGE_FETCH, MESSAGE_FETCHED, store_fetch},
    {MESSAGE_COMMIT, MESSAGE_COMMITTED, store_commit},
    {MESSAGE_PUBLISH, MESSAGE_PUBLISHED, store_publish},
    {MESSAGE_STAGE, MESSAGE_STAGED, store_place_stage},
};

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
    enum err err = ERR_NONE;
    short keep_events = channel_queued_bytes(start->keep) > 0 ? POLLIN | POLLOUT : POLLIN;
    struct pollfd fds[] = {{channel_fd(start->parent), POLLIN, 0},
                           {channel_fd(start->keep), keep_events, 0},
                           {store_place_fd(service->place), POLLIN, 0}};
    if (poll(fds, 3, -1) < 0) {
        return ERR_NONE; /* interrupted */
    }
    if (fds[2].revents != 0) {
        store_place_heed(service->place);
        err = store_ended(service->store);
    }
    if (err == ERR_NONE && fds[1].revents != 0) {
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
    struct role_start *start = service->start;
    struct store_place *place = service->place;
    enum err err = hear_parent(service); /* what came together with CONFIGURE is in the channel already: poll would not tell */
    while (err == ERR_NONE) {
        err = wait_and_serve(service);
    }
    enum err ended = store_ended(service->store);
    bool is_away = store_place_is_away(start, place);
    if (ended != ERR_NONE || is_away) {
        /* The last answer tells keep that its commit did not happen; should keep not take it, the
         * closed channel says the same. Of a database that is away nobody knows, so nothing is said:
         * whoever reads there next will. */
        if (!is_away && channel_flush_all(start->keep, ANSWER_DEADLINE_MS) != ERR_NONE) {
            LOG(LOG_WARN, "store.answer-lost", LOG_ERR(ended));
        }
        LOG(LOG_ERROR, "store.failed", LOG_ERR(ended),
            LOG_TEXT("text", is_away ? text_in(place->refusal, start->language) : err_text(ended, start->language)));
        return is_away ? role_fail(start, ERR_UNREACHABLE, place->refusal) : ROLE_EXIT_DATA;
    }
    if (err == ERR_CLOSED) {
        return ROLE_EXIT_STOPPED;
    }
    LOG(LOG_ERROR, "store.stopped", LOG_ERR(err));
    return ROLE_EXIT_FAILED;
}

int main(void)
{
    struct role_start start;
    struct store_place place = {.store = NULL};
    if (role_start(ROLE_STORE, &start) != ERR_NONE) {
        return ROLE_EXIT_START;
    }
    place.refusal = TEXT("The store could not be confined.", "Der Speicher konnte nicht abgeschottet werden.");
    enum err err = start.fd_count >= 1 && start.keep != NULL ? crypto_start() : ERR_PROTOCOL;
    if (err == ERR_NONE) {
        err = store_place_open(&start, &place);
    }
    if (err != ERR_NONE) {
        store_place_close(&place);
        return role_fail(&start, err, place.refusal);
    }
    err = role_ready(&start);
    int code = ROLE_EXIT_FAILED;
    if (err == ERR_NONE) {
        struct service service = {&start, place.store, &place};
        code = serve(&service);
    }
    store_place_close(&place);
    role_end(&start);
    return code;
}
