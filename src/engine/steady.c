#include "engine/steady.h"

#include <string.h>

static int64_t mono_ms(struct instant now)
{
    return now.mono_ns / 1000000;
}

static bool is_same_boot(const struct anchor *last, struct instant now, const char *boot)
{
    return boot[0] != '\0' && strcmp(last->boot, boot) == 0 && mono_ms(now) >= last->mono_ms;
}

void steady_start(struct steady *steady, const struct anchor *last, struct instant now, const char *boot)
{
    *steady = (struct steady){.base_ms = now.unix_ms, .mono_ms = mono_ms(now), .has_anchor = last != NULL};
    size_t len = strnlen(boot, BOOT_ID_BYTES);
    memcpy(steady->boot, boot, len < BOOT_ID_BYTES ? len : 0);
    if (last == NULL) {
        return;
    }
    steady->last = *last;
    if (is_same_boot(last, now, steady->boot)) {
        steady->base_ms = last->steady_ms + mono_ms(now) - last->mono_ms;
        return;
    }
    int64_t gone_ms = now.unix_ms - last->wall_ms;
    steady->wall_is_behind = gone_ms < 0;
    steady->base_ms = last->steady_ms + (gone_ms < 0 ? 0 : gone_ms);
}

int64_t steady_ms(struct steady *steady, struct instant now)
{
    int64_t own_ms = steady->base_ms + mono_ms(now) - steady->mono_ms;
    if (!steady->wall_is_behind || now.unix_ms < steady->last.wall_ms) {
        return own_ms;
    }
    int64_t right_ms = steady->last.steady_ms + now.unix_ms - steady->last.wall_ms;
    steady->wall_is_behind = false;
    if (right_ms > own_ms) {
        steady->base_ms += right_ms - own_ms;
        own_ms = right_ms;
    }
    return own_ms;
}

bool steady_wants_anchor(struct steady *steady, struct instant now, int64_t *ret_step_ms)
{
    int64_t ahead_ms = steady_ms(steady, now) - now.unix_ms, last_ahead_ms = steady->last.steady_ms - steady->last.wall_ms;
    *ret_step_ms = 0;
    if (!steady->has_anchor) {
        return true;
    }
    if (steady->wall_is_behind) {
        return false; /* an anchor with a wrong wall would hide what is missing */
    }
    int64_t step_ms = last_ahead_ms - ahead_ms;
    bool is_step = step_ms >= STEADY_STEP_MS || step_ms <= -STEADY_STEP_MS;
    *ret_step_ms = is_step ? step_ms : 0;
    return is_step || steady_ms(steady, now) - steady->last.steady_ms >= STEADY_ANCHOR_MS;
}

struct anchor steady_anchor(struct steady *steady, struct instant now)
{
    struct anchor anchor = {.steady_ms = steady_ms(steady, now), .wall_ms = now.unix_ms, .mono_ms = mono_ms(now)};
    memcpy(anchor.boot, steady->boot, sizeof anchor.boot);
    steady->last = anchor;
    steady->has_anchor = true;
    return anchor;
}
