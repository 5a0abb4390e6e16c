#include "collect/rotation.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct given {
    struct slice left;
};

static enum err hear(void *context, struct slice bytes)
{
    (void)context;
    (void)bytes;
    return ERR_NONE;
}

static enum err tell(void *context, uint8_t *out, size_t max_bytes, size_t *ret_count)
{
    struct given *given = context;
    size_t count = given->left.len < max_bytes ? given->left.len : max_bytes;
    if (count == 0) {
        return ERR_CLOSED;
    }
    memcpy(out, given->left.data, count);
    given->left = slice_from(given->left, count);
    *ret_count = count;
    return ERR_NONE;
}

/* Whoever does not know the password can let in without one, or refuse, but never be taken for one that knows it. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const uint8_t nonce[18] = "eighteen bytes!!!";
    struct given given = {slice_of(data, size)};
    struct credential_line line = {hear, tell, &given};
    struct credential credential = {.user = SLICE_LITERAL("app"), .database = SLICE_LITERAL("shop"), .value = SLICE_LITERAL("pencil")};
    char status[16];
    enum credential_state state = credential_postgres_talk(&line, &credential, nonce, status);
    if (memchr(status, 0, sizeof status) == NULL || (state == CREDENTIAL_ACCEPTED && strcmp(status, "no password") != 0)) {
        __builtin_trap();
    }
    return 0;
}
