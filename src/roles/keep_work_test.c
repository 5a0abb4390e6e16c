/* Pieces of work over real channels, this program at their other end: handed out in their order, never more than a worker does at once, each answered once. */
#include "engine/mount.h"
#include "roles/keep.h"

#include "base/check.h"
#include "process/work.h"

#include <stdlib.h>

enum { WORKERS = 3, CAPACITY = 16, MANY = 5000 };

struct scene {
    struct keep keep;
    struct channel *workers[WORKERS];
    struct turn_private inside;
    struct turn turn;
    struct running running;
    struct ask *asks;
    size_t answered, in_flight_max;
};

static struct scene *scene; /* of the test that runs: what keep_turns.c does stands here */

void keep_answered(struct keep *keep, struct running *running)
{
    (void)keep;
    running->waiting--;
    scene->answered++;
}

void keep_told(struct keep *keep, struct running *running)
{
    (void)keep, (void)running;
}

void keep_forget_gate(struct keep *keep, const struct channel *gate)
{
    (void)keep;
    (void)gate;
}

operation_fn operation_find(const char *name)
{
    (void)name;
    return NULL;
}

const struct engine *engine_find(enum engine_class class, struct slice type)
{
    (void)class, (void)type;
    return NULL;
}

static void add_worker(size_t at, enum role role)
{
    int fds[2];
    CHECK_ERR(ERR_NONE, channel_pair(fds));
    scene->workers[at] = channel_new(fds[1], role, ROLE_KEEP, QUEUE_MAX_BYTES);
    scene->keep.members[at] = (struct member){.role = role, .index = at, .capacity = CAPACITY, .channel = channel_new(fds[0], ROLE_KEEP, role, QUEUE_MAX_BYTES)};
    scene->keep.member_count = at + 1;
}

static void begin(size_t asks)
{
    scene = calloc(1, sizeof *scene);
    scene->asks = calloc(asks, sizeof *scene->asks);
    scene->inside.lasting = arena_new(TURN_ARENA_MAX_BYTES);
    scene->turn.inside = &scene->inside;
    scene->running.turn = &scene->turn;
    scene->keep.state = state_new(1 << 20);
    scene->keep.audit = audit_new();
    for (size_t i = 0; i < WORKERS; i++) {
        add_worker(i, ROLE_REACH);
    }
}

/* What a test left unanswered. */
static void drop_all(struct task_queue *queue)
{
    for (struct task *task = queue->first, *next; task != NULL; task = next) {
        next = task->next;
        for (struct task *same = task->same, *after; same != NULL; same = after) {
            after = same->same;
            free(same);
        }
        free(task);
    }
}

static void end(void)
{
    for (enum role role = ROLE_NONE; role < ROLE_COUNT; role++) {
        drop_all(&scene->keep.waiting[role]);
    }
    for (size_t i = 0; i < WORKERS; i++) {
        drop_all(&scene->keep.members[i].at_work);
        channel_free(scene->workers[i]);
        channel_free(scene->keep.members[i].channel);
    }
    arena_free(scene->inside.lasting);
    state_free(scene->keep.state);
    audit_free(scene->keep.audit);
    free(scene->asks);
    free(scene);
    scene = NULL;
}

static void add(size_t at, enum role role, const char *name)
{
    scene->asks[at] = (struct ask){.role = role, .work = name, .input = SLICE_LITERAL("{}")};
    CHECK_ERR(ERR_NONE, keep_add_task(&scene->keep, &scene->running, &scene->asks[at]));
}

/* Hands out, and sees that nobody has more than he does at once. */
static void dispatch(void)
{
    size_t in_flight = 0;
    keep_dispatch(&scene->keep);
    for (size_t i = 0; i < WORKERS; i++) {
        const struct member *member = &scene->keep.members[i];
        in_flight += member->at_work.count;
        CHECK(member->at_work.count <= CAPACITY);
        CHECK_ERR(ERR_NONE, member->channel == NULL ? ERR_NONE : channel_flush(member->channel));
    }
    scene->in_flight_max = in_flight > scene->in_flight_max ? in_flight : scene->in_flight_max;
}

/* A worker answers what he has, the newest first, and keep takes it. Returns how many; SIZE_MAX: something went wrong. */
static size_t work(size_t at)
{
    struct frame frame;
    uint64_t ids[CAPACITY + 1];
    size_t count = 0;
    enum err err = ERR_NONE;
    while (count <= CAPACITY && channel_receive(scene->workers[at], &frame) == ERR_NONE) {
        ids[count++] = frame.id;
    }
    for (size_t i = count; i > 0 && err == ERR_NONE; i--) {
        const struct work_result result = {.err = ERR_NONE};
        err = work_put_result(channel_begin(scene->workers[at], MESSAGE_WORKED, ids[i - 1]), &result);
        err = err == ERR_NONE ? channel_end(scene->workers[at]) : err;
    }
    err = err == ERR_NONE ? channel_flush(scene->workers[at]) : err;
    struct member *member = &scene->keep.members[at];
    while (err == ERR_NONE && channel_receive(member->channel, &frame) == ERR_NONE) {
        err = keep_take_worked(&scene->keep, member, frame.id, frame.body);
    }
    return err == ERR_NONE ? count : SIZE_MAX;
}

TEST(five_thousand_tasks_are_each_answered_once)
{
    begin(MANY);
    for (size_t i = 0; i < MANY; i++) {
        add(i, ROLE_REACH, "collect.tls");
    }
    size_t worked = 0;
    while (scene->answered < MANY) {
        size_t before = worked;
        dispatch();
        for (size_t i = 0; i < WORKERS; i++) {
            worked += work(i);
        }
        CHECK(worked > before);
    }
    CHECK_U64(MANY, worked);
    CHECK_U64(MANY, scene->keep.counters.works);
    CHECK_U64(0, scene->running.waiting);
    CHECK_U64(0, scene->keep.task_count);
    CHECK_U64(WORKERS * CAPACITY, scene->in_flight_max);
    for (size_t i = 0; i < MANY; i++) {
        CHECK(scene->asks[i].state == ASK_DONE && scene->asks[i].err == ERR_NONE);
    }
    end();
}

TEST(the_first_come_are_the_first_sent)
{
    begin(WORKERS * CAPACITY + 2);
    for (size_t i = 0; i < WORKERS * CAPACITY + 2; i++) {
        add(i, ROLE_REACH, "collect.tls");
    }
    dispatch();
    CHECK_U64(2, scene->keep.waiting[ROLE_REACH].count);
    CHECK(scene->keep.waiting[ROLE_REACH].first->ask == &scene->asks[WORKERS * CAPACITY]);
    CHECK(scene->keep.members[0].at_work.first->ask == &scene->asks[0]); /* spread over all of them, the least busy first */
    CHECK(scene->keep.members[1].at_work.first->ask == &scene->asks[1]);
    CHECK(scene->keep.members[2].at_work.first->ask == &scene->asks[2]);
    end();
}

TEST(a_role_that_is_missing_holds_up_nobody_else)
{
    begin(2);
    add(0, ROLE_JUDGE, "judge.tls");
    add(1, ROLE_REACH, "collect.tls");
    dispatch();
    CHECK_U64(1, work(0));
    CHECK_U64(1, scene->answered);
    CHECK_U64(1, scene->keep.waiting[ROLE_JUDGE].count);
    end();
}

TEST(a_lost_worker_fails_what_he_had_and_nothing_else)
{
    begin(WORKERS * CAPACITY + 5);
    for (size_t i = 0; i < WORKERS * CAPACITY + 5; i++) {
        add(i, ROLE_REACH, "collect.tls");
    }
    dispatch();
    keep_lose_member(&scene->keep, &scene->keep.members[1]);
    CHECK_U64(CAPACITY, scene->answered);
    CHECK_U64(0, scene->keep.members[1].at_work.count);
    size_t closed = 0;
    for (size_t i = 0; i < WORKERS * CAPACITY + 5; i++) {
        closed += scene->asks[i].err == ERR_CLOSED;
    }
    CHECK_U64(CAPACITY, closed);
    CHECK_U64(CAPACITY, work(0));
    dispatch();
    CHECK_U64(0, scene->keep.waiting[ROLE_REACH].count);
    CHECK_U64(5, work(0) + work(2) - CAPACITY);
    end();
}

TEST(nobody_answers_for_another)
{
    begin(2);
    add(0, ROLE_REACH, "collect.tls");
    dispatch();
    uint64_t id = scene->keep.members[0].at_work.first->id;
    CHECK_ERR(ERR_PROTOCOL, keep_take_worked(&scene->keep, &scene->keep.members[1], id, SLICE_NONE));
    CHECK_ERR(ERR_PROTOCOL, keep_take_worked(&scene->keep, &scene->keep.members[0], id + 1, SLICE_NONE));
    CHECK_U64(0, scene->answered);
    end();
}

/* Of an issuer's keys, say: all who want them are given the answer to one request, also when it is an error. */
TEST(the_same_get_is_asked_once_for_all_who_want_it)
{
    begin(9);
    for (size_t i = 0; i < 9; i++) {
        const char *name = i < 7 ? "http.get" : "http.post";
        scene->asks[i] = (struct ask){.role = ROLE_REACH, .work = name, .input = SLICE_LITERAL("{}"), .key = i == 6 ? SLICE_LITERAL("another") : slice_string(name)};
        CHECK_ERR(ERR_NONE, keep_add_task(&scene->keep, &scene->running, &scene->asks[i]));
        if (i == 2) {
            dispatch(); /* whether it waits or is at work */
        }
    }
    dispatch();
    CHECK_U64(4, work(0) + work(1) + work(2));
    CHECK_U64(9, scene->answered);
    CHECK_U64(4, scene->keep.counters.works);
    CHECK_U64(0, scene->keep.task_count);
    CHECK_U64(0, scene->running.waiting);
    for (size_t i = 0; i < 9; i++) {
        CHECK(scene->asks[i].state == ASK_DONE && scene->asks[i].err == ERR_NONE);
    }
    scene->asks[0].state = scene->asks[1].state = ASK_OPEN;
    CHECK_ERR(ERR_NONE, keep_add_task(&scene->keep, &scene->running, &scene->asks[0]));
    CHECK_ERR(ERR_NONE, keep_add_task(&scene->keep, &scene->running, &scene->asks[1]));
    dispatch();
    for (size_t i = 0; i < WORKERS; i++) {
        keep_lose_member(&scene->keep, &scene->keep.members[i]);
    }
    CHECK(scene->asks[0].err == ERR_CLOSED && scene->asks[1].err == ERR_CLOSED);
    CHECK_U64(0, scene->keep.task_count);
    end();
}

/* Nothing to publish: both are done at once, in one go through the queue. */
TEST(several_turns_wait_for_one_checkpoint)
{
    begin(3);
    for (size_t i = 0; i < 3; i++) {
        scene->asks[i] = (struct ask){.role = ROLE_STORE, .need = {.log = LOG_EVIDENCE}};
        CHECK_ERR(ERR_NONE, keep_add_task(&scene->keep, &scene->running, &scene->asks[i]));
    }
    dispatch();
    CHECK_U64(3, scene->answered);
    CHECK_U64(0, scene->keep.task_count);
    end();
}

TEST(too_many_tasks_are_refused_and_the_turn_is_told)
{
    enum { LIMIT = 16384 };
    begin(LIMIT + 1);
    for (size_t i = 0; i < LIMIT + 1; i++) {
        add(i, ROLE_JUDGE, "judge.tls");
    }
    CHECK_U64(LIMIT, scene->running.waiting);
    CHECK(scene->asks[LIMIT].state == ASK_DONE && scene->asks[LIMIT].err == ERR_BUSY);
    while (scene->keep.waiting[ROLE_JUDGE].first != NULL) { /* nobody will come for them */
        struct task *task = scene->keep.waiting[ROLE_JUDGE].first;
        scene->keep.waiting[ROLE_JUDGE].first = task->next;
        free(task);
    }
    end();
}

TEST_MAIN
