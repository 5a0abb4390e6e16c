/*
 * Shamir's scheme, byte by byte, over GF(2^8) with x^8+x^4+x^3+x+1 (0x11b). Share: y for each byte
 * of the secret, then x in one byte. Arithmetic without tables or branches on values: cache and
 * branch timing would tell about the secret.
 */
#include "crypto/crypto.h"

enum { SHARES_MAX = 255 };

static uint8_t multiply(uint8_t a, uint8_t b)
{
    unsigned product = 0, left = a, right = b;
    for (int bit = 0; bit < 8; bit++) {
        product ^= left & (0u - (right & 1u));
        left = (left << 1) ^ (0x11bu & (0u - (left >> 7)));
        right >>= 1;
    }
    return (uint8_t)product;
}

/* a^254, which is 1/a for every a but 0. */
static uint8_t invert(uint8_t a)
{
    uint8_t square = a, result = 1;
    for (int bit = 1; bit < 8; bit++) {
        square = multiply(square, square);
        result = multiply(result, square);
    }
    return result;
}

/* The polynomial at x, by Horner's rule: the secret byte is its value at 0. */
static uint8_t evaluate(uint8_t secret, const uint8_t *coefficients, size_t count, uint8_t x)
{
    uint8_t y = 0;
    for (size_t i = count; i > 0; i--) {
        y = multiply(y, x) ^ coefficients[i - 1];
    }
    return multiply(y, x) ^ secret;
}

static void fill_share(struct slice secret, unsigned threshold, struct slice random, uint8_t x,
                       uint8_t *share)
{
    size_t count = threshold - 1;
    for (size_t i = 0; i < secret.len; i++) {
        share[i] = evaluate(secret.data[i], random.data + i * count, count, x);
    }
    share[secret.len] = x;
}

enum err shamir_split(struct slice secret, unsigned shares, unsigned threshold, struct slice random,
                      struct secret *ret_shares)
{
    size_t needed;
    if (secret.len == 0 || shares > SHARES_MAX || threshold < 2 || threshold > shares ||
        __builtin_mul_overflow(secret.len, (size_t)(threshold - 1), &needed) ||
        random.len != needed) {
        return ERR_INVALID;
    }
    struct secret made[SHARES_MAX];
    for (unsigned i = 0; i < shares; i++) {
        enum err err = secret_new(secret.len + 1, &made[i]);
        if (err != ERR_NONE) {
            while (i > 0) {
                secret_free(&made[--i]);
            }
            return err;
        }
        fill_share(secret, threshold, random, (uint8_t)(i + 1), made[i].data);
    }
    for (unsigned i = 0; i < shares; i++) {
        ret_shares[i] = made[i];
    }
    return ERR_NONE;
}

static bool usable(const struct slice *shares, size_t count)
{
    bool seen[SHARES_MAX + 1] = {true}; /* x = 0 would be the secret itself */
    if (count < 2 || count > SHARES_MAX || shares[0].len < 2) {
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        if (shares[i].len != shares[0].len) {
            return false;
        }
        uint8_t x = shares[i].data[shares[i].len - 1];
        if (seen[x]) {
            return false;
        }
        seen[x] = true;
    }
    return true;
}

/* Lagrange's factor of share i at 0: the product over the others of x_j / (x_j - x_i); minus is
 * xor. */
static uint8_t factor(const struct slice *shares, size_t count, size_t i)
{
    size_t last = shares[0].len - 1;
    uint8_t above = 1, below = 1;
    for (size_t j = 0; j < count; j++) {
        if (j != i) {
            above = multiply(above, shares[j].data[last]);
            below = multiply(below, shares[j].data[last] ^ shares[i].data[last]);
        }
    }
    return multiply(above, invert(below));
}

enum err shamir_combine(const struct slice *shares, size_t count, struct secret *ret_secret)
{
    if (!usable(shares, count)) {
        return ERR_INVALID;
    }
    struct secret secret;
    enum err err = secret_new(shares[0].len - 1, &secret);
    if (err != ERR_NONE) {
        return err;
    }
    for (size_t i = 0; i < count; i++) {
        uint8_t weight = factor(shares, count, i);
        for (size_t byte = 0; byte < secret.len; byte++) {
            secret.data[byte] ^= multiply(weight, shares[i].data[byte]);
        }
    }
    *ret_secret = secret;
    return ERR_NONE;
}
