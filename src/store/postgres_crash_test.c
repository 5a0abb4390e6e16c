/*
 * The server is killed in the middle of random commits and publications, again and again. What was acknowledged is there when it runs again; what was under way is there
 * whole or not at all.
 */
#include "crypto/check_crypto.h"
#include "store/keep_model.h"
#include "store/rows_scene.h"

#include "base/check.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

enum { CRASHES = 4, DELAY_MAX_MS = 120, MS_US = 1000, TURNS_MAX = 100000 };

struct crash_run {
    struct place place;
    struct model sure, maybe;
    size_t commits, open;
};

static enum err commit_once(struct crash_run *run)
{
    cleanup_buf struct buf body = BUF_INIT(MODEL_BODY_BYTES), answer = BUF_INIT(4096);
    run->maybe = run->sure;
    enum err err = model_commit(&run->maybe, &body);
    err = err == ERR_NONE ? store_commit(run->place.store, buf_slice(&body), &answer) : err;
    if (err == ERR_NONE) {
        run->sure = run->maybe;
        run->commits++;
    }
    return err;
}

static enum err publish_once(struct crash_run *run, uint8_t log)
{
    cleanup_buf struct buf body = BUF_INIT(MODEL_BODY_BYTES), answer = BUF_INIT(4096);
    enum err err = model_publication(&run->sure, log, &body);
    err = err == ERR_NONE ? store_publish(run->place.store, buf_slice(&body), &answer) : err;
    if (err == ERR_NONE) {
        run->sure.published[log] = run->sure.logs[log].size;
        run->maybe = run->sure;
    }
    return err;
}

static enum err work(struct crash_run *run)
{
    enum err err = ERR_NONE;
    for (size_t i = 0; err == ERR_NONE && i < TURNS_MAX; i++) {
        uint64_t dice = model_random(&run->sure, 8);
        err = dice < 6 ? commit_once(run) : publish_once(run, dice == 6 ? LOG_EVIDENCE : LOG_AUDIT);
    }
    return err;
}

/* Another process, so that the blow falls anywhere. */
static pid_t kill_later(useconds_t delay_us)
{
    pid_t pid = fork();
    if (pid == 0) {
        usleep(delay_us);
        kill(place_server(), SIGQUIT); /* at once, as after a crash: recovery when it starts again */
        _exit(0);
    }
    return pid;
}

static const char *difference(struct crash_run *run)
{
    struct files *files = NULL;
    int fd = open(run->place.path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0 || files_new(fd, &files) != ERR_NONE) {
        return "no directory";
    }
    const char *found = model_difference(&run->sure, run->place.store, files);
    if (found != NULL && model_difference(&run->maybe, run->place.store, files) == NULL) {
        run->sure = run->maybe;
        run->open++;
        found = NULL;
    }
    files_free(files);
    return found;
}

TEST(nothing_acknowledged_is_lost_when_the_server_is_killed)
{
    struct crash_run *run = calloc(1, sizeof(*run));
    CHECK(run != NULL);
    model_start(&run->sure, 7);
    run->maybe = run->sure;
    CHECK_ERR(ERR_NONE, place_new(&run->place));
    for (size_t i = 0; i < CRASHES; i++) {
        pid_t killer = kill_later((useconds_t)(1 + model_random(&run->sure, DELAY_MAX_MS)) * MS_US);
        CHECK_ERR(ERR_IO, work(run));
        CHECK(waitpid(killer, NULL, 0) == killer);
        CHECK_ERR(ERR_IO, store_ended(run->place.store));
        place_close(&run->place);
        CHECK_ERR(ERR_NONE, place_restart());
        CHECK_ERR(ERR_NONE, place_open(&run->place));
        const char *found = difference(run);
        CHECK_STRING("", found == NULL ? "" : found);
    }
    CHECK(run->commits > CRASHES);
    /* It would be noticed: a commit that the store never had. */
    cleanup_buf struct buf unsent = BUF_INIT(MODEL_BODY_BYTES);
    CHECK_ERR(ERR_NONE, model_commit(&run->sure, &unsent));
    run->maybe = run->sure;
    CHECK(difference(run) != NULL);
    printf("%zu commits in all; %zu of %d that were under way had happened\n", run->commits, run->open, CRASHES);
    place_end(&run->place);
    free(run);
}

TEST_MAIN
