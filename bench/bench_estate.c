/*
 * An estate of 10,000 endpoints: what one changed fact costs from judge's answer to the recorded verdict, and what a full evaluation costs, in keep alone
 * (turns on rows in memory: unsealing, judging, sealing, the audit entry; without the hop to store and its sync, which bench_store measures). The floor
 * is the cryptography of the same rows: each byte that was sealed, sealed once more by itself.
 */
#include "measure/scene.h"

#include "measure/edit.h"
#include "measure/standing.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { SUBJECTS = 10000, ROUNDS = 50, ARENA_BYTES = 256 << 20 };

static double now_ms(void)
{
    struct timespec time;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
    return (double)time.tv_sec * 1000 + (double)time.tv_nsec / 1e6;
}

static int by_value(const void *left, const void *right)
{
    double a = *(const double *)left, b = *(const double *)right;
    return a < b ? -1 : a > b;
}

static double median(double *values, size_t count)
{
    qsort(values, count, sizeof *values, by_value);
    return values[count / 2];
}

static void must(enum err err, const char *what)
{
    if (err != ERR_NONE) {
        printf("bench_estate: %s: %s\n", what, err_name(err));
        exit(1);
    }
}

static char *estate_body(struct arena *arena)
{
    struct buf text = BUF_INIT(16 << 20);
    must(buf_append_string(&text, "{\"hcl\":{\"text\":\"x\",\"tree\":{\"host\":[{\"labels\":[\"this\"],\"line\":1}],\"endpoint\":["), "body");
    for (int i = 0; i < SUBJECTS; i++) {
        must(buf_printf(&text, "%s{\"labels\":[\"server-%d.example:443\"],\"line\":%d,\"host\":\"this\",\"protocol\":\"https\"}", i == 0 ? "" : ",", i, i + 2), "body");
    }
    must(buf_append_string(&text, "]}}}"), "body");
    char *copy = arena_string(arena, buf_slice(&text));
    buf_free(&text);
    return copy;
}

static enum err operation_evaluate(struct turn *turn)
{
    struct world world;
    enum err err = standing_load(turn, &world);
    return err == ERR_NONE ? standing_refresh(turn, &world) : err;
}

int main(void)
{
    struct scene scene = scene_start();
    struct arena *arena = arena_new(ARENA_BYTES);
    const struct json *data = NULL;
    double changed[ROUNDS], whole[ROUNDS];
    driver_add_operation(scene.driver, "evaluate", operation_evaluate);
    must(scene_ask(&scene, VERB_WRITE, "annex/adopt", NULL, "the first file", &data), "adopt");
    double start_ms = now_ms();
    must(scene_ask(&scene, VERB_WRITE, "estate", estate_body(arena), NULL, &data), "estate");
    printf("an estate of %d subjects is put and evaluated whole: %.0f ms (bar: 2000)\n", SUBJECTS, now_ms() - start_ms);
    must(driver_run(scene.driver, "observe_one", scene_parsed(arena, "{\"probe\":\"machine\",\"subject\":\"host:this\"}"), NULL), "machine");
    must(driver_run(scene.driver, "observe_one", scene_parsed(arena, "{\"probe\":\"ledger\",\"subject\":\"vogt:this\"}"), NULL), "ledger");
    start_ms = now_ms();
    for (int i = 0; i < SUBJECTS; i++) {
        struct arena *own = arena_new(65536);
        const struct json *watch = scene_parsed(own, arena_printf(own, "{\"probe\":\"tls\",\"subject\":\"endpoint:server-%d.example:443\"}", i));
        must(driver_run(scene.driver, "observe_one", watch, NULL), "observe");
        arena_free(own);
    }
    printf("all %d observed one by one: %.2f ms each\n", SUBJECTS, (now_ms() - start_ms) / SUBJECTS);
    printf("the sentence is %.*s\n", (int)scene_verdict(&scene, "3.1").len, (const char *)scene_verdict(&scene, "3.1").data);
    for (int i = 0; i < ROUNDS; i++) {
        struct arena *own = arena_new(65536);
        scene_script.failing = i % 2 == 0 ? "tls.version" : "";
        const struct json *watch = scene_parsed(own, arena_printf(own, "{\"probe\":\"tls\",\"subject\":\"endpoint:server-%d.example:443\"}", i / 2));
        start_ms = now_ms();
        must(driver_run(scene.driver, "observe_one", watch, NULL), "change");
        changed[i] = now_ms() - start_ms;
        struct slice verdict = scene_verdict(&scene, "3.1");
        if (!slice_is(verdict, i % 2 == 0 ? "broken" : "kept")) {
            printf("bench_estate: the verdict did not follow: %.*s\n", (int)verdict.len, (const char *)verdict.data);
            return 1;
        }
        start_ms = now_ms();
        must(driver_run(scene.driver, "evaluate", NULL, NULL), "evaluate");
        whole[i] = now_ms() - start_ms;
        arena_free(own);
    }
    printf("one changed fact to its verdict: %.2f ms (bar: 5)\n", median(changed, ROUNDS));
    printf("all sentences evaluated from the tallies: %.2f ms\n", median(whole, ROUNDS));
    scene_end(&scene);
    arena_free(arena);
    return 0;
}
