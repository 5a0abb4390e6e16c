#include "command/command.h"
enum outcome command_evidence(struct run *run) { return run_fail_err(run, ERR_UNSUPPORTED, ""); }
enum outcome command_evidence_verify(struct run *run) { return run_fail_err(run, ERR_UNSUPPORTED, ""); }
enum outcome command_replay(struct run *run) { return run_fail_err(run, ERR_UNSUPPORTED, ""); }
