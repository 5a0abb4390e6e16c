#include "secrets/transit_scene.h"

#include "secrets/transit_judge.h"
#include "secrets/transit_rsa.h"

#include <string.h>

extern const struct engine engine_transit;
/* Keep's thread's, then judge's. */
static const struct work works[] = {TRANSIT_RSA_WORKS {"transit.backup", transit_backup_text}, {"transit.public", transit_public_pem}};
static struct turn_driver *work_driver; /* whose work is being answered: the driver hands a work function no more than names and trees */

static enum err work(struct arena *arena, enum role role, const char *name, const struct json *input, const struct json **ret_output)
{
    cleanup_buf struct buf raw = BUF_INIT(1 << 16);
    struct work_reply reply = {.raw = &raw};
    for (size_t i = 0; i < sizeof works / sizeof works[0]; i++) {
        bool is_here = strcmp(name, works[i].name) == 0 && (role == ROLE_JUDGE) == (strncmp(name, "transit.", 8) == 0);
        if (is_here) {
            enum err err = works[i].run(arena, input, driver_work_raw(work_driver), &reply);
            *ret_output = reply.output == NULL ? json_new(arena, JSON_OBJECT) : reply.output;
            driver_work_say(work_driver, &reply.complaint, arena_copy(arena, buf_slice(&raw)));
            return err;
        }
    }
    return ERR_NOT_FOUND;
}

struct kv_scene transit_scene_start(void)
{
    struct kv_scene scene = kv_scene_start();
    const struct json *reply = NULL;
    work_driver = scene.driver;
    driver_set_work(scene.driver, work);
    driver_add_engine(scene.driver, &engine_transit);
    if (WRITE("sys/mounts/t", "{\"type\":\"transit\"}") != ERR_NONE) {
        __builtin_trap();
    }
    return scene;
}

const char *transit_text_of(struct kv_scene *scene, const struct json *reply, const char *dotted)
{
    const struct json *part = json_path(reply, dotted);
    return part == NULL ? "" : arena_string(scene->arena, part->text);
}
