/*
 * What the parent does when keep ends between two words to it: that is no failure of its own. Keep's last word, or its end, comes by itself and tells the operator why.
 * Stands on the parent's files without its loop, whose part the three functions below play.
 */
#include "roles/parent.h"

#include "base/check.h"

#include <unistd.h>

enum { QUEUE_BYTES = 1 << 20, ASK_TOKEN = 1 };

struct scene {
    struct parent parent;
    struct channel *keep; /* its end of the channel */
};

int64_t parent_now_ms(void)
{
    return 1000;
}

void parent_begin_stop(struct parent *parent)
{
    parent->stopping = true;
}

void parent_fail(struct parent *parent, enum err err, struct text text, const char *detail)
{
    printf("parent_fail: %s: %s: %s\n", err_name(err), text.english, detail);
    parent->failed = true;
}

/* Keep and the store serve; the store's channel was handed over. */
static bool begin(struct scene *scene)
{
    int fds[2];
    *scene = (struct scene){.parent = {.member_count = 2, .directory_fd = -1, .lock_fd = -1}};
    scene->parent.members[0] = (struct member){.role = ROLE_STORE, .state = MEMBER_SERVING, .keep_end = -1};
    scene->parent.members[1] = (struct member){.role = ROLE_KEEP, .state = MEMBER_SERVING, .keep_end = -1};
    if (channel_pair(fds) != ERR_NONE) {
        return false;
    }
    scene->parent.members[1].channel = channel_new(fds[0], ROLE_PARENT, ROLE_KEEP, QUEUE_BYTES);
    scene->keep = channel_new(fds[1], ROLE_KEEP, ROLE_PARENT, QUEUE_BYTES);
    return scene->parent.members[1].channel != NULL && scene->keep != NULL;
}

static void end(struct scene *scene)
{
    channel_free(scene->parent.members[1].channel);
    channel_free(scene->keep);
}

TEST(keep_is_asked_once_when_all_serve)
{
    struct scene scene;
    struct frame frame;
    CHECK(begin(&scene));
    members_settle(&scene.parent);
    members_settle(&scene.parent);
    CHECK_ERR(ERR_NONE, channel_receive(scene.keep, &frame));
    CHECK(frame.kind == MESSAGE_ASK && frame.id == ASK_TOKEN);
    CHECK_ERR(ERR_BUSY, channel_receive(scene.keep, &frame));
    CHECK(!scene.parent.failed);
    end(&scene);
}

TEST(a_keep_that_ends_before_it_is_asked_is_not_the_failure_that_is_told)
{
    struct scene scene;
    CHECK(begin(&scene));
    channel_free(scene.keep);
    scene.keep = NULL;
    members_settle(&scene.parent);
    CHECK(!scene.parent.failed && !scene.parent.asked);
    end(&scene);
}

TEST_MAIN
