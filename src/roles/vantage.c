/* vogt-reach of an agent at another place: the fixed list of what it can do, and nothing that posts. */
#include "collect/connect.h"
#include "collect/port_scan.h"
#include "collect/tls.h"
#include "process/worker.h"

static const struct work works[] = {{"collect.connect", collect_connect}, {"collect.ports", collect_ports}, {"collect.tls", collect_tls}};

int main(void)
{
    return worker_run(ROLE_REACH, works, sizeof(works) / sizeof(works[0]));
}
