#include "process/worker.h"
#include "roles/reach_works.h"

#define WORK(work_name, function) {work_name, function},
static const struct work works[] = {REACH_WORKS};
#undef WORK

int main(void)
{
    return worker_run(ROLE_REACH, works, sizeof(works) / sizeof(works[0]));
}
