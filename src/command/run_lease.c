#include "command/run_lease.h"

#include "base/time.h"
#include "command/client.h"

#include <string.h>

enum { REQUEST_MS = 5000, RETRY_MS = 5000, IDLE_MS = 3600 * 1000, ROUND_BYTES = 1 << 20 };

static int64_t now_ms(void)
{
    return clock_now().mono_ns / 1000000;
}

static void grant(struct renewed *item, uint64_t seconds)
{
    int64_t ms = (int64_t)(seconds > 86400 * 365 ? 86400 * 365 : seconds) * 1000;
    item->seconds = item->seconds == 0 ? seconds : item->seconds;
    item->end_ms = now_ms() + ms;
    item->due_ms = now_ms() + ms / 2;
    item->is_late = item->is_ended = false;
}

bool renewer_add(struct renewer *renewer, struct slice id, uint64_t seconds)
{
    struct renewed *item = &renewer->items[renewer->count];
    if (renewer->count == sizeof renewer->items / sizeof renewer->items[0] || id.len >= sizeof item->id || seconds == 0) {
        return false;
    }
    memcpy(item->id, id.len == 0 ? (const void *)"" : id.data, id.len);
    item->id[id.len] = '\0';
    grant(item, seconds);
    renewer->count++;
    return true;
}

static void say(struct run *run, const struct renewed *item, struct text text)
{
    struct screen errors = screen_of(stderr);
    screen_string(&errors, COLOUR_NONE, "vogt: ");
    screen_string(&errors, COLOUR_NONE, text_in(text, run->language));
    screen_string(&errors, COLOUR_NONE, item->id[0] == '\0' ? "" : ": ");
    screen_string(&errors, COLOUR_NONE, item->id);
    fputc('\n', stderr);
}

static bool ask(struct run *run, const struct renewed *item, uint64_t *ret_seconds)
{
    bool is_token = item->id[0] == '\0';
    struct json *body = json_new(run->arena, JSON_OBJECT);
    const struct json *reply = NULL;
    json_set_u64(run->arena, body, "increment", item->seconds);
    if (!is_token) {
        json_set_string(run->arena, body, "lease_id", slice_string(item->id));
    }
    struct ask question = {.method = "PUT", .path = is_token ? "auth/token/renew-self" : "sys/leases/renew", .body = body, .timeout_ms = REQUEST_MS, .quiet = true};
    return client_ask(run, &question, &reply) == OUTCOME_OK && json_u64(is_token ? json_member(reply, "auth") : reply, "lease_duration", ret_seconds) == ERR_NONE && *ret_seconds > 0;
}

static void renew(struct run *run, struct renewed *item)
{
    uint64_t seconds = 0;
    struct arena *before = run->arena;
    cleanup_arena struct arena *round = arena_new(ROUND_BYTES); /* a day of renewals takes no more than one */
    if (round == NULL) {
        return;
    }
    run->arena = round;
    bool is_renewed = ask(run, item, &seconds);
    run->arena = before;
    if (is_renewed) {
        if (seconds < item->seconds / 2 && !item->is_ended) {
            say(run, item, TEXT("its greatest life time is reached: it will end while the program runs", "die größte Lebensdauer ist erreicht: das endet, während das Programm läuft"));
        }
        grant(item, seconds);
        item->is_ended = seconds < item->seconds / 2;
        return;
    }
    bool is_over = now_ms() >= item->end_ms;
    if (is_over ? !item->is_ended : !item->is_late) {
        say(run, item, is_over ? TEXT("this ended, because it could not be renewed; the program goes on with what it has", "das ist abgelaufen, weil es sich nicht verlängern ließ; das Programm läuft mit dem weiter, was es hat")
                               : TEXT("this cannot be renewed now and is tried again", "das lässt sich gerade nicht verlängern und wird wieder versucht"));
    }
    item->is_late = true;
    item->is_ended = item->is_ended || is_over;
    item->due_ms = is_over ? INT64_MAX : now_ms() + RETRY_MS;
}

static int64_t next_due(const struct renewer *renewer)
{
    int64_t due_ms = now_ms() + IDLE_MS;
    for (size_t i = 0; i < renewer->count; i++) {
        due_ms = renewer->items[i].due_ms < due_ms ? renewer->items[i].due_ms : due_ms;
    }
    return due_ms;
}

/* True: stop now. */
static bool wait_until(struct renewer *renewer, int64_t due_ms)
{
    int64_t wait_ms = due_ms - now_ms();
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    wait_ms = wait_ms < 0 ? 0 : wait_ms;
    int64_t ns = until.tv_nsec + wait_ms % 1000 * 1000000;
    until.tv_sec += wait_ms / 1000 + ns / 1000000000;
    until.tv_nsec = ns % 1000000000;
    pthread_mutex_lock(&renewer->mutex);
    int waited = 0;
    while (!renewer->is_stopping && waited == 0) {
        waited = pthread_cond_timedwait(&renewer->stop, &renewer->mutex, &until);
    }
    bool is_stopping = renewer->is_stopping;
    pthread_mutex_unlock(&renewer->mutex);
    return is_stopping;
}

static void *work(void *context)
{
    struct renewer *renewer = context;
    while (!wait_until(renewer, next_due(renewer))) {
        for (size_t i = 0; i < renewer->count; i++) {
            if (renewer->items[i].due_ms <= now_ms()) {
                renew(renewer->run, &renewer->items[i]);
            }
        }
    }
    return NULL;
}

enum err renewer_start(struct renewer *renewer, struct run *run)
{
    pthread_condattr_t attributes;
    renewer->run = run;
    if (renewer->count == 0) {
        return ERR_NONE;
    }
    bool good = pthread_condattr_init(&attributes) == 0 && pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC) == 0 && pthread_mutex_init(&renewer->mutex, NULL) == 0 &&
                pthread_cond_init(&renewer->stop, &attributes) == 0;
    renewer->is_started = good && pthread_create(&renewer->thread, NULL, work, renewer) == 0;
    return renewer->is_started ? ERR_NONE : ERR_MEMORY;
}

void renewer_stop(struct renewer *renewer)
{
    if (!renewer->is_started) {
        return;
    }
    pthread_mutex_lock(&renewer->mutex);
    renewer->is_stopping = true;
    pthread_cond_signal(&renewer->stop);
    pthread_mutex_unlock(&renewer->mutex);
    pthread_join(renewer->thread, NULL);
    renewer->is_started = false;
}
