/* For tests that use cryptography: starts it before the first test, as a role's main does. */
#ifndef VOGT_CRYPTO_CHECK_CRYPTO_H
#define VOGT_CRYPTO_CHECK_CRYPTO_H

#include "crypto/crypto.h"

#include <stdlib.h>

__attribute__((constructor)) static void start_crypto(void)
{
    if (crypto_start() != ERR_NONE) {
        abort();
    }
}

#endif
