#include "measure/agent.h"

enum { DIGEST_BYTES = 32, POINT_BYTES = 65 };

static const struct agent_gap gaps[] = {
#define GAP(id, english, german) {id, TEXT_INIT(english, german)},
#include "measure/agent_gaps.def"
#undef GAP
};

const struct agent_gap *agent_gap_find(struct slice id)
{
    for (size_t i = 0; i < sizeof gaps / sizeof gaps[0]; i++) {
        if (slice_is(id, gaps[i].id)) {
            return &gaps[i];
        }
    }
    return NULL;
}

bool agent_name_is_good(struct slice name)
{
    return name.len > 0 && name.len <= AGENT_NAME_MAX_BYTES && byte_is_among(name.data[0], ASCII_LETTERS ASCII_DIGITS) &&
           slice_consists_of(name, ASCII_LETTERS ASCII_DIGITS ".-_") && !slice_is(name, "this");
}

uint64_t agent_poll_s(uint64_t every_s)
{
    return every_s < AGENT_POLL_MAX_S ? every_s : AGENT_POLL_MAX_S;
}

enum err agent_proof_message(struct buf *out, const char *label, struct slice digest, struct slice point, struct slice name)
{
    if (digest.len != DIGEST_BYTES || point.len != POINT_BYTES) {
        return ERR_INVALID; /* fixed lengths: what follows the label can be read in one way only */
    }
    enum err err = buf_append_string(out, label);
    err = err == ERR_NONE ? buf_append_byte(out, 0) : err;
    err = err == ERR_NONE ? buf_append(out, digest) : err;
    err = err == ERR_NONE ? buf_append(out, point) : err;
    return err == ERR_NONE ? buf_append(out, name) : err;
}
