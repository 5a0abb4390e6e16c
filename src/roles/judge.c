#include "crypto/crypto.h"
#include "process/role_start.h"
#include "process/worker.h"
#include "roles/judge_works.h"

#define WORK(work_name, function) {work_name, function},
static const struct work works[] = {JUDGE_WORKS};
#undef WORK

int main(void)
{
    if (crypto_start() != ERR_NONE) {
        return ROLE_EXIT_START;
    }
    return worker_run(ROLE_JUDGE, works, sizeof(works) / sizeof(works[0]));
}
