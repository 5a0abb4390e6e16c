/*
 * What roles say to the parent, and what the parent says to keep.
 *   READY        {"confinement","features"} or {"err","english","german"}, that one also as the last word of a role that served
 *   ASK to keep  {"do":"operator-token"} (id 1), {"do":"login-link"} (id 2) -> ANSWER {"token"}, {"login_link"}, or {"err"}: sealed, say
 *   START_CHILD  {"program"} -> CHILD {"err"} and a descriptor
 *   START_SEAL   -> vogt-seal, its channel to keep by CHANNEL; START_TELL likewise
 */
#include "roles/parent.h"

#include "base/log.h"
#include "process/role_start.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { ASK_TOKEN = 1, ASK_LINK = 2, MESSAGE_ARENA_BYTES = 1 << 18 };

static enum err send_tree(struct channel *channel, enum message kind, uint64_t id,
                          const struct json *tree, int fd)
{
    cleanup_buf struct buf body = BUF_INIT(MESSAGE_ARENA_BYTES);
    enum err err = tree == NULL ? ERR_MEMORY : json_pack(&body, tree);
    if (err == ERR_NONE) {
        err = fd < 0 ? channel_send(channel, kind, id, buf_slice(&body))
                     : channel_send_fd(channel, kind, id, buf_slice(&body), fd);
    }
    return err == ERR_NONE ? channel_flush(channel) : err;
}

static struct channel *keep_channel(struct parent *parent)
{
    struct member *keep = member_of_role(parent, ROLE_KEEP);
    return keep != NULL && keep->state == MEMBER_SERVING ? keep->channel : NULL;
}

void keep_tell_ended(struct parent *parent, enum role role, uint64_t index, const char *reason,
                     bool restarted)
{
    struct channel *keep = keep_channel(parent);
    if (keep == NULL) {
        return; /* nobody to record it but the log */
    }
    struct arena *arena cleanup_arena = arena_new(MESSAGE_ARENA_BYTES);
    struct json *tree = arena == NULL ? NULL : json_new(arena, JSON_OBJECT);
    json_set_string(arena, tree, "role", slice_string(role_name(role)));
    json_set_u64(arena, tree, "index", index);
    json_set_string(arena, tree, "reason", slice_string(reason));
    struct json *last = json_set_bool(arena, tree, "restarted", restarted);
    enum err err = send_tree(keep, MESSAGE_ENDED, 0, last == NULL ? NULL : tree, -1);
    if (err != ERR_NONE) {
        LOG(LOG_ERROR, "parent.unsaid", LOG_ERR(err));
    }
}

static enum err hand_over(struct channel *keep, struct member *member)
{
    struct arena *arena cleanup_arena = arena_new(MESSAGE_ARENA_BYTES);
    struct json *tree = arena == NULL ? NULL : json_new(arena, JSON_OBJECT);
    json_set_string(arena, tree, "role", slice_string(role_name(member->role)));
    json_set_u64(arena, tree, "index", member->index);
    json_set_string(arena, tree, "confinement", slice_string(confinement_name(member->level)));
    json_set_string(arena, tree, "features", slice_string(member->features));
    struct json *last = json_set_u64(arena, tree, "pid", (uint64_t)member->spawned.pid);
    enum err err =
        send_tree(keep, MESSAGE_CHANNEL, 0, last == NULL ? NULL : tree, member->keep_end);
    if (err == ERR_NONE) {
        close(member->keep_end);
        member->keep_end = -1;
    }
    return err;
}

/* False: keep has just ended, and what it said last, or its end, tells why; its successor is asked anew. */
static bool ask(struct parent *parent, struct channel *keep, uint64_t id, const char *what)
{
    struct arena *arena cleanup_arena = arena_new(MESSAGE_ARENA_BYTES);
    struct json *tree = arena == NULL ? NULL : json_new(arena, JSON_OBJECT);
    struct json *last = json_set_string(arena, tree, "do", slice_string(what));
    enum err err = send_tree(keep, MESSAGE_ASK, id, last == NULL ? NULL : tree, -1);
    if (err != ERR_NONE && err != ERR_CLOSED) {
        parent_fail(parent, err, TEXT("keep takes no questions", "keep nimmt keine Fragen an"),
                    what);
    }
    return err == ERR_NONE;
}

void members_settle(struct parent *parent)
{
    struct channel *keep = keep_channel(parent);
    if (keep == NULL || parent->stopping) {
        return;
    }
    for (size_t i = 0; i < parent->member_count; i++) {
        struct member *member = &parent->members[i];
        if (member->state != MEMBER_SERVING || member->keep_end < 0) {
            continue;
        }
        enum err err = hand_over(keep, member);
        if (err == ERR_CLOSED) {
            return; /* keep has just ended: its successor will be handed all channels */
        }
        if (err != ERR_NONE) {
            parent_fail(parent, err,
                        TEXT("a role's channel could not be handed over",
                             "der Kanal einer Rolle ließ sich nicht übergeben"),
                        role_name(member->role));
            return;
        }
    }
    if (parent->keep_reason[0] != '\0' && members_all(parent, MEMBER_SERVING)) {
        keep_tell_ended(parent, parent->ended_role, 0, parent->keep_reason, true);
        parent->keep_reason[0] = '\0';
    }
    if (!parent->asked && members_all(parent, MEMBER_SERVING)) {
        parent->asked = ask(parent, keep, ASK_TOKEN, "operator-token");
    }
}

/* ---- one frame ---- */

static enum err err_of_name(struct slice name)
{
    for (unsigned i = 0; i < ERR_COUNT; i++) {
        if (slice_is(name, err_name((enum err)i))) {
            return (enum err)i;
        }
    }
    return ERR_INTERNAL;
}

/* The role told why it cannot begin: its own words go to the operator. */
static void take_failure(struct parent *parent, struct arena *arena, const struct member *member,
                         const struct json *tree)
{
    const char *english =
        arena_string(arena, json_text(tree, "english", SLICE_LITERAL("a role could not start")));
    const char *german = arena_string(
        arena, json_text(tree, "german", SLICE_LITERAL("eine Rolle konnte nicht starten")));
    enum err err = err_of_name(json_text(tree, "err", SLICE_NONE));
    if (member->role == ROLE_STORE && parent->announced && parent->options.database != NULL && (err == ERR_UNREACHABLE || err == ERR_LOCKED)) {
        /* It served before, so what came over its database may pass. What keep thought was under way nobody knows now: it begins anew with what the database says when
         * that is back. A key file opens it again, for no fault of its own led here. */
        parent->store_away = true;
        if (member->state == MEMBER_SERVING) {
            members_begin_anew(parent, ROLE_STORE, "the connection to the database was lost");
        }
        return;
    }
    if (member->role == ROLE_SEAL || member->role == ROLE_TELL || (parent->announced && member->role != ROLE_STORE)) {
        return; /* the role has logged it; its end is told to keep, and a role that served before is
                   tried again */
    }
    parent_fail(parent, err,
                english == NULL || german == NULL
                    ? TEXT("a role could not start", "eine Rolle konnte nicht starten")
                    : TEXT(english, german),
                role_name(member->role));
}

static void join_features(const struct json *features, char *out, size_t out_bytes)
{
    size_t used = 0;
    out[0] = '\0';
    for (const struct json *word = features == NULL ? NULL : features->first; word != NULL;
         word = word->next) {
        int length = snprintf(out + used, out_bytes - used, "%s%.*s", used == 0 ? "" : ", ",
                              (int)word->text.len, (const char *)word->text.data);
        if (length < 0 || (size_t)length >= out_bytes - used) {
            return;
        }
        used += (size_t)length;
    }
}

static enum err take_ready(struct parent *parent, struct arena *arena, struct member *member,
                           const struct frame *frame)
{
    struct json *tree = NULL;
    enum err err = json_unpack(arena, frame->body, &tree);
    bool is_last_word = err == ERR_NONE && json_member(tree, "err") != NULL; /* of one that served, too */
    if (err != ERR_NONE || (member->state != MEMBER_STARTING && !is_last_word)) {
        return parent->stopping || member->replaced ? ERR_NONE : ERR_PROTOCOL;
    }
    if (json_member(tree, "err") != NULL) {
        take_failure(parent, arena, member, tree);
        return ERR_NONE;
    }
    if (confinement_of_name(json_text(tree, "confinement", SLICE_NONE), &member->level) !=
        ERR_NONE) {
        return ERR_PROTOCOL;
    }
    join_features(json_member(tree, "features"), member->features, sizeof(member->features));
    member->state = MEMBER_SERVING;
    parent->store_away = parent->store_away && member->role != ROLE_STORE;
    if (member->level < parent->options.minimum) {
        char detail[sizeof(member->features) + 64];
        snprintf(detail, sizeof(detail), "%s: %s < %s (%s)", role_name(member->role),
                 confinement_name(member->level), confinement_name(parent->options.minimum),
                 member->features);
        parent_fail(parent, ERR_RIGHTS,
                    TEXT("this host does not allow the confinement that --minimum asks for; lower "
                         "it, or allow what is missing",
                         "dieser Rechner erlaubt die Einsperrung nicht, die --minimum verlangt; "
                         "senke sie oder erlaube, was fehlt"),
                    detail);
        return ERR_NONE;
    }
    members_settle(parent);
    return ERR_NONE;
}

static enum err take_child(struct parent *parent, struct arena *arena, struct member *member,
                           const struct frame *frame)
{
    struct json *tree = NULL;
    if (json_unpack(arena, frame->body, &tree) != ERR_NONE ||
        (member->role != ROLE_JUDGE && member->role != ROLE_LOOK)) {
        return ERR_PROTOCOL;
    }
    int fd = -1;
    enum err err = program_start(&parent->programs, parent_now_ms(), member->role, json_text(tree, "program", SLICE_NONE), &fd);
    struct json *answer = json_new(arena, JSON_OBJECT);
    json_set_string(arena, answer, "err", slice_string(err_name(err)));
    err = send_tree(member->channel, MESSAGE_CHILD, frame->id, answer, fd);
    if (fd >= 0) {
        close(fd);
    }
    return err;
}

static enum err take_answer(struct parent *parent, struct arena *arena, struct member *member,
                            const struct frame *frame)
{
    struct json *tree = NULL;
    if (member->role != ROLE_KEEP || json_unpack(arena, frame->body, &tree) != ERR_NONE) {
        return ERR_PROTOCOL;
    }
    if (frame->id == ASK_TOKEN) {
        struct slice token = json_text(tree, "token", SLICE_NONE),
                     certificate = json_text(tree, "certificate", SLICE_NONE);
        enum err err = token.len == 0 ? ERR_NONE : directory_write(parent, NOTICE_TOKEN, token);
        if (err == ERR_NONE && certificate.len > 0) {
            err = directory_write(parent, NOTICE_CERTIFICATE, certificate);
        }
        if (err != ERR_NONE) {
            LOG(LOG_ERROR, "parent.token-unwritten", LOG_ERR(err));
        }
        ask(parent, member->channel, ASK_LINK, "login-link"); /* only now: who reads that Vogt is ready finds token and certificate */
        return ERR_NONE;
    }
    if (frame->id == ASK_LINK && !parent->announced) {
        parent->announced = true;
        notify_ready(parent, json_text(tree, "login_link", SLICE_NONE));
    }
    return ERR_NONE;
}

static enum err take_seal(struct parent *parent, struct arena *arena, struct member *member,
                          const struct frame *frame)
{
    struct json *tree = NULL;
    struct member *seal = member_of_role(parent, ROLE_SEAL);
    if (member->role != ROLE_KEEP || json_unpack(arena, frame->body, &tree) != ERR_NONE) {
        return ERR_PROTOCOL;
    }
    if (parent->stopping || seal->state != MEMBER_EMPTY) {
        return ERR_NONE; /* one at a time; keep hears of its end */
    }
    enum err err = slice_is(json_text(tree, "seal", SLICE_NONE), "key-file")
                       ? member_start(parent, seal)
                       : ERR_UNSUPPORTED;
    if (err != ERR_NONE) {
        keep_tell_ended(parent, ROLE_SEAL, 0, err_name(err), false);
    }
    return ERR_NONE;
}

/* A role for an audit device. One that is still ending is asked for again by keep. */
static enum err take_tell(struct parent *parent, struct arena *arena, struct member *member,
                          const struct frame *frame)
{
    struct json *tree = NULL;
    uint64_t index = 0;
    if (member->role != ROLE_KEEP || json_unpack(arena, frame->body, &tree) != ERR_NONE ||
        json_u64(tree, "index", &index) != ERR_NONE) {
        return ERR_PROTOCOL;
    }
    struct member *tell = member_at(parent, ROLE_TELL, index);
    if (tell == NULL) {
        return ERR_PROTOCOL;
    }
    if (parent->stopping || tell->state != MEMBER_EMPTY) {
        return ERR_NONE;
    }
    enum err err = member_start(parent, tell);
    if (err != ERR_NONE) {
        keep_tell_ended(parent, ROLE_TELL, index, err_text(err, parent->language), false);
    }
    return ERR_NONE;
}

/* What it holds of the old store, the operator's token among it, is good no more. */
static enum err take_anew(struct parent *parent, struct arena *arena, struct member *member, const struct frame *frame)
{
    struct reader reader = reader_of(frame->body);
    uint8_t sealed = 0;
    (void)arena;
    if (member->role != ROLE_KEEP || get_u8(&reader, &sealed) != ERR_NONE || reader_end(&reader) != ERR_NONE) {
        return ERR_PROTOCOL;
    }
    if (parent->stopping || member->replaced) {
        return ERR_NONE;
    }
    parent->sealed = parent->sealed || sealed != 0;
    members_begin_anew(parent, ROLE_STORE, "");
    parent->asked = false;
    return ERR_NONE;
}

struct verb {
    enum message kind;
    enum err (*take)(struct parent *parent, struct arena *arena, struct member *member,
                     const struct frame *frame);
};

static const struct verb verbs[] = {{MESSAGE_READY, take_ready},
                                    {MESSAGE_START_CHILD, take_child},
                                    {MESSAGE_ANSWER, take_answer},
                                    {MESSAGE_START_SEAL, take_seal},
                                    {MESSAGE_START_TELL, take_tell},
                                    {MESSAGE_BEGIN_ANEW, take_anew}};

static enum err take(struct parent *parent, struct member *member, const struct frame *frame)
{
    struct arena *arena cleanup_arena = arena_new(MESSAGE_ARENA_BYTES);
    for (size_t i = 0; arena != NULL && i < sizeof(verbs) / sizeof(verbs[0]); i++) {
        if (verbs[i].kind == frame->kind) {
            return verbs[i].take(parent, arena, member, frame);
        }
    }
    return arena == NULL ? ERR_MEMORY : ERR_PROTOCOL;
}

void member_hear(struct parent *parent, struct member *member)
{
    for (;;) {
        struct frame frame;
        enum err err =
            member->channel == NULL ? ERR_CLOSED : channel_receive(member->channel, &frame);
        if (err == ERR_BUSY || err == ERR_CLOSED) {
            return; /* its end comes as a signal */
        }
        if (err == ERR_NONE) {
            err = take(parent, member, &frame);
        }
        if (err != ERR_NONE) {
            LOG(LOG_ERROR, "role.violated", LOG_TEXT("violator", role_name(member->role)),
                LOG_ERR(err));
            member_kill(member);
            return;
        }
    }
}
