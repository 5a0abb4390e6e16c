/* Tables into filters, by libseccomp. The action for all that is not in a role's table is the end
 * of the process. */
#include "process/filter_calls.h"
#include "process/sandbox_profile.h"

#include <errno.h>
#include <sched.h>
#include <seccomp.h>
#include <unistd.h>

static bool add_call(scmp_filter_ctx filter, const struct filter_call *call)
{
    int number = seccomp_syscall_resolve_name(call->name);
    if (number < 0) {
        return true; /* not on this architecture, or newer than the library: nobody can call it by
                        accident */
    }
    struct scmp_arg_cmp tests[FILTER_ARGUMENTS];
    unsigned count = 0;
    for (size_t i = 0; i < FILTER_ARGUMENTS; i++) {
        const struct filter_argument *argument = &call->arguments[i];
        if (argument->mask != 0) {
            uint64_t value = argument->test == TEST_SELF ? (uint64_t)getpid() : argument->value;
            tests[count++] = SCMP_CMP(argument->number, SCMP_CMP_MASKED_EQ, argument->mask, value);
        }
    }
    uint32_t action =
        call->refuse_errno == 0 ? SCMP_ACT_ALLOW : SCMP_ACT_ERRNO((uint32_t)call->refuse_errno);
    int result = seccomp_rule_add_array(filter, action, number, count, tests);
    return result == 0 || result == -EEXIST; /* the same row in two lists */
}

static bool add_list(scmp_filter_ctx filter, const struct filter_call *list)
{
    for (; list->name != NULL; list++) {
        if (!add_call(filter, list)) {
            return false;
        }
    }
    return true;
}

static bool add_names(scmp_filter_ctx filter, uint32_t action, const char *const *names)
{
    for (; *names != NULL; names++) {
        int number = seccomp_syscall_resolve_name(*names);
        if (number >= 0 && seccomp_rule_add(filter, action, number, 0) != 0) {
            return false;
        }
    }
    return true;
}

/* Into the kernel; a kernel without filters is told apart from a mistake of ours. */
static enum err load(scmp_filter_ctx filter)
{
    int result = seccomp_load(filter);
    if (result == 0) {
        return ERR_NONE;
    }
    return result == -EINVAL || result == -ENOSYS || result == -ECANCELED ? ERR_UNSUPPORTED
                                                                          : err_from_errno(-result);
}

static scmp_filter_ctx filter_new(uint32_t action)
{
    scmp_filter_ctx filter = seccomp_init(action);
    if (filter != NULL &&
        (seccomp_attr_set(filter, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS) != 0 ||
         seccomp_attr_set(filter, SCMP_FLTATR_CTL_OPTIMIZE, 2) != 0)) {
        seccomp_release(filter);
        return NULL;
    }
    return filter;
}

static enum err load_lists(const struct filter_call *const *lists)
{
    scmp_filter_ctx filter = filter_new(SCMP_ACT_KILL_PROCESS);
    if (filter == NULL) {
        return ERR_MEMORY;
    }
    bool ok = true;
    for (; ok && *lists != NULL; lists++) {
        ok = add_list(filter, *lists);
    }
#ifdef __SANITIZE_ADDRESS__
    ok = ok && add_list(filter, filter_sanitizer);
#endif
    enum err err = ok ? load(filter) : ERR_INTERNAL;
    seccomp_release(filter);
    return err;
}

enum err filter_load_role(enum role role)
{
    return load_lists(filters_of_roles[role].lists);
}

enum err filter_load_connecting(void)
{
    return load_lists(filter_connecting.lists);
}

enum err filter_load_connected(void)
{
    scmp_filter_ctx filter = filter_new(SCMP_ACT_ALLOW);
    if (filter == NULL) {
        return ERR_MEMORY;
    }
    enum err err = add_names(filter, SCMP_ACT_KILL_PROCESS, filter_connected_refused) ? load(filter)
                                                                                      : ERR_INTERNAL;
    seccomp_release(filter);
    return err;
}

enum err filter_load_child(enum child_kind kind)
{
    return load_lists(filters_of_children[kind].lists);
}

enum err filter_load_task(bool listens)
{
    scmp_filter_ctx filter = filter_new(SCMP_ACT_ALLOW);
    if (filter == NULL) {
        return ERR_MEMORY;
    }
    /* A thread shares the memory; a process does not. */
    struct scmp_arg_cmp process = SCMP_CMP(0, SCMP_CMP_MASKED_EQ, CLONE_THREAD, 0);
    static const char *const no_listening[] = {"listen", NULL};
    bool ok = add_names(filter, SCMP_ACT_KILL_PROCESS, filter_task_refused) &&
              (listens || add_names(filter, SCMP_ACT_KILL_PROCESS, no_listening)) &&
              seccomp_rule_add_array(filter, SCMP_ACT_KILL_PROCESS,
                                     seccomp_syscall_resolve_name("clone"), 1, &process) == 0;
    enum err err = ok ? load(filter) : ERR_INTERNAL;
    seccomp_release(filter);
    return err;
}

enum err filter_load_parent(void)
{
    scmp_filter_ctx filter = filter_new(SCMP_ACT_ALLOW);
    if (filter == NULL) {
        return ERR_MEMORY;
    }
    enum err err = add_names(filter, SCMP_ACT_ERRNO(EPERM), filter_parent_refused) ? load(filter)
                                                                                   : ERR_INTERNAL;
    seccomp_release(filter);
    return err;
}
