/* What an agent keeps between starts, "agent.json" in its directory: whom it talks to, who it is there, how often it collects, when its certificate ends. */
#ifndef VOGT_AGENT_CONFIG_H
#define VOGT_AGENT_CONFIG_H

#include "base/json.h"

enum { CONFIG_TEXT_MAX_BYTES = 300 };

struct config {
    char server[CONFIG_TEXT_MAX_BYTES], pin[80], name[CONFIG_TEXT_MAX_BYTES], kind[16]; /* kind "": not enrolled */
    uint64_t every_s;
    int64_t expires_ms;                 /* of the certificate, by this host's clock */
};

/* ERR_NOT_FOUND: there is none yet; ERR_DAMAGED. */
enum err config_read(int directory_fd, struct config *ret_config) must_check;
enum err config_write(int directory_fd, const struct config *config) must_check;
/* Takes a text into a field of `size` bytes. ERR_INVALID: too long, or a NUL in it. */
enum err config_set(char *field, size_t size, struct slice text) must_check;

#endif
