/*
 * Hetzner Cloud's facts (collect/source_api_hetzner.c): "servers" with public_net.firewalls [{"id","status"}], "firewalls" with rules
 * [{"direction","protocol","port","source_ips"}]. Several firewalls on one server allow together; one that is not applied yet stops nothing.
 */
#include "measure/exposure_provider.h"

#include "measure/edit.h"
#include "measure/newest.h"
#include "measure/standing.h"

static const struct json *request_of(const struct json *facts, const char *name)
{
    for (const struct json *one = edit_items(facts, "requests"); one != NULL; one = one->next) {
        if (slice_is(json_text(one, "name", SLICE_NONE), name) && json_bool(one, "complete", false)) {
            return one;
        }
    }
    return NULL;
}

static struct slice text_at(const struct json *object, const char *name)
{
    const struct json *member = json_member(object, name);
    return member != NULL && (member->type == JSON_STRING || member->type == JSON_NUMBER) ? member->text : SLICE_NONE;
}

static const struct json *item_with(const struct json *request, const char *member, struct slice wanted)
{
    for (const struct json *one = edit_items(request, "items"); one != NULL; one = one->next) {
        if (wanted.len > 0 && slice_equal(text_at(one, member), wanted)) {
            return one;
        }
    }
    return NULL;
}

static bool add_rules(struct arena *arena, struct json *rules, const struct json *firewall)
{
    const struct json *list = json_member(firewall, "rules");
    if (list == NULL || list->type != JSON_ARRAY) {
        return false;
    }
    for (const struct json *rule = list->first; rule != NULL; rule = rule->next) {
        if (json_append(rules, json_copy(arena, rule)) == NULL) {
            return false;
        }
    }
    return true;
}

/* NULL: not read whole. */
static struct json *firewalls_of(struct arena *arena, const struct json *server, const struct json *firewalls)
{
    struct json *provider = json_new(arena, JSON_OBJECT), *rules = json_new(arena, JSON_ARRAY);
    bool attached = false, whole = json_member(server, "public_net") != NULL;
    for (const struct json *one = edit_items(json_member(server, "public_net"), "firewalls"); one != NULL; one = one->next) {
        if (slice_is(json_text(one, "status", SLICE_NONE), "applied")) {
            attached = true;
            whole = whole && add_rules(arena, rules, item_with(firewalls, "id", text_at(one, "id")));
        }
    }
    json_set_bool(arena, provider, "attached", attached);
    return json_set(arena, provider, "rules", rules) == NULL || !whole ? NULL : provider;
}

struct json *exposure_provider_of(struct arena *arena, const struct json *told, struct slice host)
{
    const struct json *firewalls = request_of(told, "firewalls"), *server = item_with(request_of(told, "servers"), "name", host);
    bool known = server != NULL && firewalls != NULL && slice_is(json_text(told, "kind", SLICE_NONE), "hetzner");
    return known ? firewalls_of(arena, server, firewalls) : NULL;
}

static enum err ask_source(struct turn *turn, struct slice source, struct slice host, struct json *facts, struct json *times)
{
    struct json *payload = NULL;
    enum err err = newest_run(turn, "source", source, &payload);
    if (err != ERR_NONE) {
        return err == ERR_NOT_FOUND ? ERR_NONE : err;
    }
    bool caught = json_bool(json_member(payload, "plant"), "caught", false);
    struct json *provider = caught ? exposure_provider_of(turn->arena, json_member(payload, "facts"), host) : NULL;
    if (provider == NULL) {
        return ERR_NONE;
    }
    json_set(turn->arena, facts, "provider", provider);
    return json_set_i64(turn->arena, times, "provider", edit_number(payload, "collected_at_ms", 0)) == NULL ? ERR_MEMORY : ERR_NONE;
}

enum err exposure_provider(struct turn *turn, struct slice subject, struct json *facts, struct json *times)
{
    static const struct slice kind = SLICE_INIT("host:");
    struct json *subjects = NULL;
    enum err err = standing_subjects(turn, &subjects), all = ERR_NONE;
    for (const struct json *one = err == ERR_NONE ? subjects->first : NULL; one != NULL && json_member(facts, "provider") == NULL; one = one->next) {
        if (slice_is(json_text(one, "kind", SLICE_NONE), "source") &&
            !standing_goes_on(&all, ask_source(turn, json_text(one, "id", SLICE_NONE), slice_from(subject, kind.len), facts, times))) {
            return all;
        }
    }
    return err != ERR_NONE ? err : all;
}
