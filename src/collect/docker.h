/*
 * Container engines of this machine (Docker, and Podman through the same interface): what runs, from which images, with which rights. look asks through
 * vogt-relay (roles/relay.c), which holds the connection and lets only reading through; look reads the answers and keeps named members of them. Values
 * of environment variables never become facts: their names do, and fingerprints where the task brings a key (fingerprint.h).
 *
 * Facts: {"engines":[{"engine":"docker|podman","read":"ok|absent|no-rights|no-relay|timeout|too-large|malformed|closed|failed|status-N", "version","api","os","security":[…],
 *   "cut":[what was not read whole],
 *   "containers":[{"id","name","read","image","image_id","user","privileged","cap_add":[],"cap_drop":[],"pid_mode","network_mode","ipc_mode",
 *      "userns_mode","read_only","security":[],"devices":N,"mounts":[{"type","source","destination","writable"}],
 *      "ports":[{"inside":"80/tcp","address","port"}],"networks":[],"labels":{},"environment":[{"name","worth":"tells|short|common|plain","fingerprint"?}]}],
 *   "images":[{"id","read","digests":[],"tags":[],"size_bytes","layers":N,"user","entrypoint":[],"environment":[as a container's],"packages":{"from":"dpkg|apk|rpm|none|unread","count"?}}],
 *   "networks":[{"id","name","driver","internal","ipv6"}], "services":[{"id","name","image","ports":[{"port","inside","protocol","mode"}],"labels":{}}]}]}
 * An image stands there when a running container uses it. "read" of a container or image is "ok" or why not.
 */
#ifndef VOGT_COLLECT_DOCKER_H
#define VOGT_COLLECT_DOCKER_H

#include "collect/engine_reply.h"
#include "process/worker.h"

/* "collect.docker", in look. Input {"fingerprint_key"?: 64 hex digits}. Output {"facts","plant":{"facts"},"vantage":"local"}. */
enum err collect_docker(struct arena *arena, const struct json *input, struct slice raw, struct work_reply *reply) must_check;
/* "judge.docker", in judge. Subject: the host. See docs/probes.md. */
enum err judge_docker(struct arena *arena, const struct json *input, struct slice raw, struct work_reply *reply) must_check;

/* One exchange with an engine: a line of the relay, a whole reply. */
struct engine_wire {
    enum err (*ask)(void *context, const char *line, struct engine_reply *ret_reply);
    void *context;
};
/* Facts of one engine into `engine`, an object. ERR_MEMORY; what the engine does wrong is a fact. `key` NULL: no fingerprints. */
enum err docker_read(struct arena *arena, const struct engine_wire *wire, const uint8_t *key, struct json *engine) must_check;

/* docker_pick.c: what is kept of one reply. NULL once the arena is full. */
struct json *docker_pick_container(struct arena *arena, const struct json *reply, const uint8_t *key);
struct json *docker_pick_image(struct arena *arena, const struct json *reply, const uint8_t *key);
struct json *docker_pick_network(struct arena *arena, const struct json *reply);
struct json *docker_pick_service(struct arena *arena, const struct json *reply);
void docker_pick_version(struct arena *arena, const struct json *version, const struct json *info, struct json *engine);

/* docker_plant.c: an engine within this process on which everything is wrong. */
extern const struct engine_wire docker_planted;

#endif
