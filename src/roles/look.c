#include "process/worker.h"
#include "roles/look_works.h"

#define WORK(work_name, function) {work_name, function},
static const struct work works[] = {LOOK_WORKS};
#undef WORK

int main(void)
{
    return worker_run(ROLE_LOOK, works, sizeof(works) / sizeof(works[0]));
}
