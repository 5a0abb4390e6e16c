#include "engine/quota.h"

#include "engine/mount.h"
#include "engine/namespace.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

enum { SETS = 1024, WAYS = 4, COUNTERS = SETS * WAYS };

const char *const quota_exempt_usual[] = {"sys/generate-root/attempt", "sys/generate-root/update", "sys/health", "sys/seal-status", "sys/unseal", NULL};

/* A quota as it is asked for with every request; texts lie in `texts` of the limiter. */
struct compiled {
    struct slice name, path, role;
    bool is_below, is_glob;             /* covers what lies below; what begins so */
    uint32_t rate;
    int64_t interval_ms, block_ms;
};

struct counter {
    uint64_t key;                       /* 0: free */
    int64_t window_ms, blocked_until_ms;
    uint32_t count;
};

struct limiter {
    uint8_t seed[32];
    uint64_t version;                   /* of the row that was compiled; 0: none is there */
    struct compiled *quotas;
    size_t count;
    char *texts;
    struct counter *counters;           /* COUNTERS; NULL until there is a quota */
};

struct limiter *limiter_new(const uint8_t seed[32])
{
    struct limiter *limiter = calloc(1, sizeof *limiter);
    if (limiter != NULL) {
        memcpy(limiter->seed, seed, sizeof limiter->seed);
    }
    return limiter;
}

static void forget(struct limiter *limiter)
{
    free(limiter->quotas);
    free(limiter->texts);
    limiter->quotas = NULL;
    limiter->texts = NULL;
    limiter->count = 0;
    limiter->version = 0;
}

void limiter_free(struct limiter *limiter)
{
    if (limiter != NULL) {
        forget(limiter);
        free(limiter->counters);
        free(limiter);
    }
}

size_t limiter_bytes(const struct limiter *limiter)
{
    return sizeof *limiter + limiter->count * (sizeof *limiter->quotas + QUOTA_NAME_MAX_BYTES + QUOTA_PATH_MAX_BYTES + QUOTA_ROLE_MAX_BYTES) +
           (limiter->counters == NULL ? 0 : COUNTERS * sizeof *limiter->counters);
}

/* ---- the row, compiled ---- */

enum err quota_load(struct turn *turn, const struct json **ret_row)
{
    enum err err = turn_json(turn, "core/quotas", ret_row);
    if (err == ERR_NOT_FOUND) {
        *ret_row = json_new(turn->arena, JSON_OBJECT);
        return *ret_row == NULL ? ERR_MEMORY : ERR_NONE;
    }
    return err;
}

static bool matches(struct slice pattern, struct slice path)
{
    bool is_glob = pattern.len > 0 && pattern.data[pattern.len - 1] == '*';
    return is_glob ? slice_starts(path, slice_first(pattern, pattern.len - 1)) : slice_equal(path, pattern);
}

static bool is_exempt(const struct json *row, struct slice path)
{
    const struct json *own = json_member(row, "exempt");
    for (const struct json *pattern = own == NULL ? NULL : own->first; pattern != NULL; pattern = pattern->next) {
        if (matches(pattern->text, path)) {
            return true;
        }
    }
    for (const char *const *usual = quota_exempt_usual; own == NULL && *usual != NULL; usual++) {
        if (slice_is(path, *usual)) {
            return true;
        }
    }
    return false;
}

static struct slice keep_text(char **at, struct slice text)
{
    char *start = *at;
    if (text.len > 0) {
        memcpy(start, text.data, text.len);
    }
    *at += text.len;
    return slice_of(start, text.len);
}

static enum err compile_one(const struct json *row, char **texts, struct compiled *out)
{
    uint64_t rate = 0, interval_s = 0, block_s = 0;
    enum err err = json_u64(row, "rate", &rate);
    err = err == ERR_NONE ? json_u64(row, "interval_s", &interval_s) : err;
    err = err == ERR_NONE ? json_u64(row, "block_s", &block_s) : err;
    struct slice name = json_text(row, "name", SLICE_NONE), path = json_text(row, "path", SLICE_NONE), role = json_text(row, "role", SLICE_NONE);
    bool fits = name.len <= QUOTA_NAME_MAX_BYTES && path.len <= QUOTA_PATH_MAX_BYTES && role.len <= QUOTA_ROLE_MAX_BYTES;
    if (err != ERR_NONE || !fits || rate > UINT32_MAX || interval_s > UINT32_MAX || block_s > UINT32_MAX) {
        return ERR_DAMAGED;
    }
    bool is_glob = path.len > 0 && path.data[path.len - 1] == '*';
    *out = (struct compiled){.name = keep_text(texts, name), .path = keep_text(texts, slice_first(path, path.len - (is_glob ? 1 : 0))), .role = keep_text(texts, role),
                             .is_glob = is_glob, .is_below = json_bool(row, "is_below", false), .rate = (uint32_t)rate,
                             .interval_ms = (int64_t)interval_s * 1000, .block_ms = (int64_t)block_s * 1000};
    return ERR_NONE;
}

static enum err compile(struct limiter *limiter, const struct json *row, uint64_t version)
{
    const struct json *quotas = json_member(row, "quotas");
    size_t count = quotas == NULL ? 0 : quotas->count;
    forget(limiter);
    if (count == 0) {
        limiter->version = version;
        return ERR_NONE;
    }
    if (count > QUOTAS_MAX) {
        return ERR_DAMAGED;
    }
    limiter->quotas = calloc(count, sizeof *limiter->quotas);
    limiter->texts = malloc(count * (size_t)(QUOTA_NAME_MAX_BYTES + QUOTA_PATH_MAX_BYTES + QUOTA_ROLE_MAX_BYTES));
    limiter->counters = limiter->counters == NULL ? calloc(COUNTERS, sizeof *limiter->counters) : limiter->counters;
    if (limiter->quotas == NULL || limiter->texts == NULL || limiter->counters == NULL) {
        forget(limiter);
        return ERR_MEMORY;
    }
    char *texts = limiter->texts;
    for (const struct json *quota = quotas->first; quota != NULL; quota = quota->next) {
        enum err err = compile_one(quota, &texts, &limiter->quotas[limiter->count]);
        if (err != ERR_NONE) {
            forget(limiter);
            return err;
        }
        limiter->count++;
    }
    limiter->version = version;
    return ERR_NONE;
}

/* The compiled form follows the row: read again only when that is another. */
static enum err refresh(struct turn *turn, struct limiter *limiter)
{
    struct stored_row stored;
    if (!turn_want(turn, "core/quotas")) {
        return ERR_NEED;
    }
    if (state_row(turn->state, SLICE_LITERAL("core/quotas"), &stored) != LOOKUP_FOUND) {
        if (limiter->version != 0) {
            forget(limiter);
        }
        return ERR_NONE;
    }
    if (stored.version == limiter->version) {
        return ERR_NONE;
    }
    uint64_t version = stored.version;
    const struct json *row = NULL;
    enum err err = turn_json(turn, "core/quotas", &row);
    return err == ERR_NONE ? compile(limiter, row, version) : err;
}

/* ---- which one decides ---- */

static bool covers(const struct compiled *quota, struct slice path)
{
    if (quota->path.len == 0 || quota->is_glob) {
        return slice_starts(path, quota->path);
    }
    bool begins = slice_starts(path, quota->path);
    return begins && (path.len == quota->path.len || (quota->is_below && path.data[quota->path.len] == '/'));
}

/* The role that a login is for, where its body or its engine says so. */
static enum err login_role(struct turn *turn, struct slice *ret_role)
{
    *ret_role = SLICE_NONE;
    if (turn->mount == NULL || turn->mount->engine->class != ENGINE_AUTH || turn->request->verb != VERB_WRITE) {
        return ERR_NONE;
    }
    if (turn->mount->engine->login_role != NULL) {
        enum err err = turn->mount->engine->login_role(turn, ret_role);
        return err == ERR_NOT_FOUND ? ERR_NONE : err;
    }
    *ret_role = json_text(turn->request->body, "role", SLICE_NONE);
    return ERR_NONE;
}

static enum err decide(struct turn *turn, const struct limiter *limiter, const struct compiled **ret_quota)
{
    struct slice role = SLICE_NONE;
    bool has_asked = false;
    const struct compiled *best = NULL;
    struct slice path = namespace_whole(turn, turn->request->path);
    for (size_t i = 0; i < limiter->count; i++) {
        const struct compiled *quota = &limiter->quotas[i];
        if (!covers(quota, path)) {
            continue;
        }
        if (quota->role.len > 0 && !has_asked) {
            enum err err = login_role(turn, &role);
            if (err != ERR_NONE) {
                return err;
            }
            has_asked = true;
        }
        bool is_for = quota->role.len == 0 || slice_equal(quota->role, role);
        bool is_better = best == NULL || (quota->role.len > 0) > (best->role.len > 0) || ((quota->role.len > 0) == (best->role.len > 0) && quota->path.len > best->path.len);
        best = is_for && is_better ? quota : best;
    }
    *ret_quota = best;
    return ERR_NONE;
}

/* ---- counting ---- */

/* What counts as one client: an IPv4 address, a network of 64 bits of IPv6. */
static struct slice client_of(struct slice remote, uint8_t buffer[16])
{
    char text[64];
    size_t len = remote.len;
    while (len > 0 && remote.data[len - 1] != ':') {
        len--;
    }
    struct slice host = len > 1 ? slice_first(remote, len - 1) : remote;
    bool is_bracketed = host.len > 2 && host.data[0] == '[' && host.data[host.len - 1] == ']';
    host = is_bracketed ? slice_of(host.data + 1, host.len - 2) : host;
    if (host.len >= sizeof text) {
        return host;
    }
    memcpy(text, host.data, host.len);
    text[host.len] = '\0';
    return is_bracketed && inet_pton(AF_INET6, text, buffer) == 1 ? slice_of(buffer, 8) : host;
}

static uint64_t key_of(const struct limiter *limiter, const struct compiled *quota, struct slice client)
{
    uint8_t name[SHA256_BYTES], digest[SHA256_BYTES];
    sha256_prefixed(0x51, slice_of(limiter->seed, sizeof limiter->seed), quota->name, name);
    sha256_prefixed(0x52, slice_of(name, sizeof name), client, digest);
    uint64_t key = 0;
    memcpy(&key, digest, sizeof key);
    return key == 0 ? 1 : key;
}

static struct counter *counter_of(struct limiter *limiter, uint64_t key)
{
    struct counter *set = &limiter->counters[(key % SETS) * WAYS], *oldest = set;
    for (size_t i = 0; i < WAYS; i++) {
        if (set[i].key == key) {
            return &set[i];
        }
        int64_t end = set[i].key == 0 ? INT64_MIN : set[i].window_ms > set[i].blocked_until_ms ? set[i].window_ms : set[i].blocked_until_ms;
        int64_t oldest_end = oldest->key == 0 ? INT64_MIN : oldest->window_ms > oldest->blocked_until_ms ? oldest->window_ms : oldest->blocked_until_ms;
        oldest = end < oldest_end ? &set[i] : oldest;
    }
    *oldest = (struct counter){.key = key, .window_ms = INT64_MIN};
    return oldest;
}

/* How long to wait; 0: it may go on. */
static int64_t count(struct counter *counter, const struct compiled *quota, int64_t now_ms)
{
    if (counter->blocked_until_ms > now_ms) {
        return counter->blocked_until_ms - now_ms;
    }
    if (counter->window_ms == INT64_MIN || now_ms - counter->window_ms >= quota->interval_ms || now_ms < counter->window_ms) {
        counter->window_ms = now_ms;
        counter->count = 0;
    }
    if (counter->count < quota->rate) {
        counter->count++;
        return 0;
    }
    if (quota->block_ms > 0) {
        counter->blocked_until_ms = now_ms + quota->block_ms;
        return quota->block_ms;
    }
    return quota->interval_ms - (now_ms - counter->window_ms);
}

enum err quota_check(struct turn *turn)
{
    struct limiter *limiter = turn->around->limiter;
    if (limiter == NULL || turn->around->sealed || state_barrier(turn->state) == NULL) {
        return ERR_NONE;
    }
    const struct compiled *quota = NULL;
    enum err err = refresh(turn, limiter);
    err = err == ERR_NONE && limiter->count > 0 ? decide(turn, limiter, &quota) : err;
    if (err != ERR_NONE || quota == NULL) {
        return err;
    }
    const struct json *row = NULL;
    err = quota_load(turn, &row);
    if (err != ERR_NONE || is_exempt(row, namespace_whole(turn, turn->request->path))) {
        return err;
    }
    uint8_t buffer[16];
    int64_t wait_ms = count(counter_of(limiter, key_of(limiter, quota, client_of(turn->request->remote, buffer))), quota, turn->steady_ms);
    if (wait_ms == 0) {
        return ERR_NONE;
    }
    turn->retry_after_s = (uint32_t)((wait_ms + 999) / 1000);
    return turn_refuse(turn, ERR_BUSY, TEXT("rate limit quota exceeded", "mehr Anfragen, als die Quote erlaubt"), quota->name);
}
