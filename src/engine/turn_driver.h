/*
 * Drives turns in memory, for tests: rows and log entries lie in plain arrays (memory_rows) instead of in store, work is answered by a
 * function of the test, and time and randomness come from the test alone. So an operation can be tested without any process, and
 * any sequence of turns can be run again and gives the same bytes.
 *
 * It owns the rows, the state, the vault and every turn it began. It is a keep without channels: it serves what a turn asked
 * for, applies it, and commits as keep does, audit entry included.
 * Never part of a daemon.
 *
 *   driver_begin -> driver_run_once --ERR_NEED--> driver_serve -> driver_run_once ... -> driver_apply -> driver_commit
 *   driver_run does all of that for one turn.
 */
#ifndef VOGT_ENGINE_TURN_DRIVER_H
#define VOGT_ENGINE_TURN_DRIVER_H

#include "engine/device.h"
#include "engine/memory_rows.h"
#include "engine/turn_inside.h"
#include "engine/vault.h"

struct turn_driver;

/* Answers a piece of work; *ret_output lives in the arena. */
typedef enum err (*driver_work_fn)(struct arena *arena, enum role role, const char *name, const struct json *input,
                                   const struct json **ret_output);

/* Starts cryptography and makes an initialised, unsealed store. The same seed gives the same store. NULL: no memory. */
struct turn_driver *driver_new(uint64_t seed, int64_t now_ms);
void driver_free(struct turn_driver *driver);

/* Operations that tests bring along, found before those of the engine. `name` must outlive the driver. */
void driver_add_operation(struct turn_driver *driver, const char *name, operation_fn run);
/* Stands for the audit devices: what one device (the first of `records`) is told; its error is "no device takes it". Without it all is taken. */
typedef enum err (*driver_tell_fn)(void *context, const struct device_record *record);
void driver_set_tell(struct turn_driver *driver, driver_tell_fn tell, void *context);
/* Stands for what store does with a database that comes; without it there is none (ERR_NOT_FOUND). */
typedef void (*driver_stage_fn)(void *context, const struct stage_ask *question, struct stage_answer *answer);
void driver_set_stage(struct turn_driver *driver, driver_stage_fn stage, void *context);
/* Engines likewise. */
struct engine;
void driver_add_engine(struct turn_driver *driver, const struct engine *engine);
void driver_set_work(struct turn_driver *driver, driver_work_fn work);
struct slice driver_work_raw(const struct turn_driver *driver);     /* the bytes beside the input of the work that is being answered */
/* Within a work: why it refuses, and the bytes beside its output, which must live until the function has returned. */
void driver_work_say(struct turn_driver *driver, const struct complaint *complaint, struct slice raw);
void driver_set_now(struct turn_driver *driver, int64_t now_ms);         /* time goes by: both clocks move */
void driver_step_wall(struct turn_driver *driver, int64_t by_ms);         /* somebody moves the wall's clock; the steady one stays */
struct state *driver_state(struct turn_driver *driver);
struct vault *driver_vault(struct turn_driver *driver);
/* What the next turns see around them; a test may seal or name roles. */
struct surroundings *driver_surroundings(struct turn_driver *driver);
/* Forgets the cache, as a keep that was started anew, but keeps the keys: every row has to be fetched again. */
enum err driver_restart(struct turn_driver *driver) must_check;

/* Begins one of keep's own turns (input NULL: an empty object) or a request. The driver frees it with driver_end. NULL: no memory. */
struct turn *driver_begin(struct turn_driver *driver, const char *operation, const struct json *input);
struct turn *driver_begin_request(struct turn_driver *driver, const struct request *request);
enum err driver_run_once(struct turn_driver *driver, struct turn *turn) must_check;
enum err driver_serve(struct turn_driver *driver, struct turn *turn) must_check;
/* Takes effects and audit record of a turn that ended with `result` into the open batch; refused turns are counted. */
enum err driver_apply(struct turn_driver *driver, struct turn *turn, enum err result) must_check;
/* ERR_CONFLICT: a change's expected version, an index or an intended root was not what the rows hold. */
enum err driver_commit(struct turn_driver *driver) must_check;
void driver_end(struct turn *turn);

/* Runs, serves until the turn has ended, applies, commits. Gives the turn's own result; *ret_turn (may be NULL) holds the reply
 * and is ended by the caller. */
enum err driver_run(struct turn_driver *driver, const char *operation, const struct json *input, struct turn **ret_turn) must_check;
enum err driver_request(struct turn_driver *driver, const struct request *request, struct turn **ret_turn) must_check;
unsigned driver_runs(const struct turn *turn);          /* how often the operation ran */

/* The same, with the reply copied into the arena, what is no tree as text; NULL: there is none. */
enum err driver_ask(struct turn_driver *driver, struct arena *arena, const struct request *request, const struct json **ret_reply) must_check;
/* A new token of this policy alone, in the arena. Aborts when there is none. */
struct slice driver_token(struct turn_driver *driver, struct arena *arena, const char *policy);
/* A tree that the test writes as text; NULL gives NULL, a broken one aborts. */
struct json *driver_tree(struct arena *arena, const char *text);

/* Turns that others started (turn_start) and that nobody ran yet: runs the oldest ones, and what they start, at most `most`. Gives how many ran. ERR_… of the first that fails. */
enum err driver_settle(struct turn_driver *driver, size_t most, size_t *ret_ran) must_check;
/* As after a crash: they are forgotten. */
void driver_forget_started(struct turn_driver *driver);

/* What was committed. */
const struct memory_rows *driver_rows(const struct turn_driver *driver);
uint64_t driver_commit_count(const struct turn_driver *driver);

#endif
