#include "collect/works.h"

#include "collect/tls.h"

static const struct work works[] = {
    {"collect.tls", collect_tls},
    {"judge.tls", judge_tls},
};

const struct work *collect_works(size_t *ret_count)
{
    *ret_count = sizeof(works) / sizeof(works[0]);
    return works;
}
