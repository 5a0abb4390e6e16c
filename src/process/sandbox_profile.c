#include "process/sandbox_profile.h"

#include <linux/capability.h>

#define CAPABILITY(name) (UINT64_C(1) << (name))

/* Names are looked up and certificates checked with the host's own files. */
static const char *const reach_paths[] = {
    "/etc/resolv.conf",   "/etc/hosts",
    "/etc/nsswitch.conf", "/etc/gai.conf",
    "/etc/host.conf",     "/etc/services",
    "/etc/protocols",     "/etc/ssl",
    "/usr/lib/ssl",       "/usr/share/ca-certificates",
    "/etc/pki/tls",       NULL,
};

/* An agent trusts one key and no authority of its host. */
static const char *const resolver_paths[] = {
    "/etc/resolv.conf", "/etc/hosts",    "/etc/nsswitch.conf", "/etc/gai.conf",
    "/etc/host.conf",   "/etc/services", "/etc/protocols",     NULL,
};

/* Names, and the host's log: its socket is bound as the link points to it now. */
static const char *const tell_paths[] = {
    "/etc/resolv.conf", "/etc/hosts",    "/etc/nsswitch.conf", "/etc/gai.conf", "/etc/host.conf",
    "/etc/services",    "/etc/protocols", "/dev/log",          NULL,
};

/* Names, and the authorities that vouch for a database server. */
static const char *const database_paths[] = {
    "/etc/resolv.conf", "/etc/hosts",     "/etc/nsswitch.conf", "/etc/gai.conf", "/etc/host.conf",
    "/etc/services",    "/etc/protocols", "/etc/ssl",           "/usr/lib/ssl",  "/usr/share/ca-certificates",
    NULL,
};

/* What describes the machine. /dev for the headers of encrypted volumes; permissions still decide
 * there. In a pod, what its cluster gave it to ask the cluster's API (collect/pod.h). */
static const char *const look_paths[] = {
    "/proc",
    "/sys",
    "/dev",
    "/etc/os-release",
    "/usr/lib/os-release",
    "/etc/hostname",
    "/etc/crypttab",
    "/etc/fstab",
    "/var/run/secrets/kubernetes.io/serviceaccount",
    NULL,
};

/* In the data directory, but no business of who keeps the data: the key that would open it, and the
 * operator's token. */
static const char *const store_hidden[] = {"seal.key", "operator.token", NULL};

enum { FILES_FEW = 64 };
#define GIBIBYTE (UINT64_C(1) << 30)

const struct sandbox_profile sandbox_profiles[ROLE_COUNT] = {
    [ROLE_GATE] = {.root = ROOT_EMPTY, .files_max = 4096, .memory_max_bytes = 2 * GIBIBYTE},
    [ROLE_KEEP] = {.root = ROOT_EMPTY, .threads = true, .files_max = 256}, /* RSA in a thread of its own */
    [ROLE_STORE] = {.root = ROOT_DIRECTORY, .files_max = 256, .hidden_names = store_hidden},
    /* Hostile facts: memory is bounded by the kernel too. Argon2id and a PDF fit well. */
    [ROLE_JUDGE] = {.root = ROOT_EMPTY, .files_max = FILES_FEW, .memory_max_bytes = 2 * GIBIBYTE},
    [ROLE_REACH] = {.root = ROOT_PATHS,
                    .host_network = true,
                    .task_ports = true,
                    .children = true,
                    .files_max = 256,
                    .memory_max_bytes = 2 * GIBIBYTE,
                    .read_paths = reach_paths},
    /* Reads what root reads, and may neither write nor connect. Rulesets come from the parent's
       nft, so no CAP_NET_ADMIN here. */
    [ROLE_LOOK] = {.root = ROOT_HOST,
                   .host_network = true,
                   .bind_any_port = true,
                   .files_max = 1024,
                   .memory_max_bytes = 2 * GIBIBYTE,
                   .capabilities = CAPABILITY(CAP_DAC_READ_SEARCH),
                   .read_paths = look_paths},
    /* Names and one port: narrowed to Vogt's once it is known (sandbox_narrow_task). */
    [ROLE_COURIER] = {.root = ROOT_PATHS,
                      .host_network = true,
                      .task_ports = true,
                      .directory_beside = true,
                      .files_max = 256,
                      .memory_max_bytes = GIBIBYTE,
                      .read_paths = resolver_paths},
    /* One directory for files and pipes; narrowed to its device's one port once that is known. */
    [ROLE_TELL] = {.root = ROOT_PATHS,
                   .host_network = true,
                   .task_ports = true,
                   .directory_beside = true,
                   .files_max = FILES_FEW,
                   .memory_max_bytes = GIBIBYTE,
                   .read_paths = tell_paths},
    [ROLE_SEAL] = {.root = ROOT_EMPTY, .files_max = FILES_FEW, .memory_max_bytes = GIBIBYTE},
};

/* The host's network for one connection, with no way to a second once it is there (sandbox_end_connecting). */
const struct sandbox_profile sandbox_profile_connecting = {.root = ROOT_PATHS,
                                                           .host_network = true,
                                                           .task_ports = true,
                                                           .directory_beside = true,
                                                           .files_max = 256,
                                                           .read_paths = database_paths,
                                                           .hidden_names = store_hidden};
