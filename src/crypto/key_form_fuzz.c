/* Keys in the forms that others write: byte 0 says which type is asked for. What is read is written again and read again alike; nothing crashes. */
#include "crypto/crypto.h"
#include "crypto/der.h"
#include "crypto/key_form.h"
#include "crypto/rsa.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool condition)
{
    if (!condition) {
        abort();
    }
}

static void private_form(struct key_type type, struct slice der)
{
    uint8_t room[EC_PRIVATE_MAX_BYTES], again_room[EC_PRIVATE_MAX_BYTES], point[EC_PUBLIC_MAX_BYTES];
    struct slice key, again, public_key = slice_of(point, type.family == KEY_EC ? ec_public_bytes(type.curve) : ED25519_PUBLIC_BYTES);
    cleanup_buf struct buf written = BUF_INIT(2 * KEY_FORM_MAX_BYTES);
    unsigned bits = 0;
    if (der.len > KEY_FORM_MAX_BYTES / 2 || key_from_pkcs8(type, der, room, &key) != ERR_NONE) {
        return;
    }
    if (type.family == KEY_RSA && rsa_check_private(key, false, &bits) != ERR_NONE) {
        return;
    }
    if (type.family == KEY_EC) {
        require(ec_public(type.curve, key, point) == ERR_NONE);
    }
    require(key_to_pkcs8(type, key, public_key, &written) == ERR_NONE);
    require(key_from_pkcs8(type, buf_slice(&written), again_room, &again) == ERR_NONE && slice_equal(key, again));
}

static void public_form(struct key_type type, struct slice der)
{
    struct slice key;
    cleanup_buf struct buf written = BUF_INIT(2 * KEY_FORM_MAX_BYTES);
    unsigned bits = 0;
    if (der.len > KEY_FORM_MAX_BYTES / 2 || key_from_spki(type, der, &key) != ERR_NONE) {
        return;
    }
    require(key_to_spki(type, key, &written) == ERR_NONE && slice_equal(der, buf_slice(&written))); /* there is one way to write it */
    if (type.family == KEY_RSA && rsa_check_public(key, &bits) == ERR_NONE) {
        require(bits >= 2048 && bits <= RSA_BITS_MAX);
    }
}

static void others(struct slice input)
{
    cleanup_buf struct buf out = BUF_INIT(1 << 17), back = BUF_INIT(1 << 17), number = BUF_INIT(4096), text = BUF_INIT(4096);
    static const uint8_t wrapping[32] = {7};
    if (pem_read(input, "PUBLIC KEY", &out) == ERR_NONE) {
        cleanup_buf struct buf again = BUF_INIT(1 << 17);
        require(pem_write(&back, "PUBLIC KEY", buf_slice(&out)) == ERR_NONE && pem_read(buf_slice(&back), "PUBLIC KEY", &again) == ERR_NONE && slice_equal(buf_slice(&out), buf_slice(&again)));
    }
    buf_clear(&out);
    require(kwp_unwrap(slice_of(wrapping, sizeof wrapping), input, &out) != ERR_NONE || out.len > 0);
    if (ec_to_jws(CURVE_P256, input, &text) == ERR_NONE) {
        buf_clear(&back);
        require(text.len == 64 && ec_from_jws(CURVE_P256, buf_slice(&text), &back) == ERR_NONE && slice_equal(buf_slice(&back), input));
    }
    buf_clear(&text);
    if (number_from_decimal(input, &number) == ERR_NONE) {
        require(number_to_decimal(buf_slice(&number), &text) == ERR_NONE);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct key_type types[] = {{KEY_ED25519, CURVE_P256}, {KEY_EC, CURVE_P256}, {KEY_EC, CURVE_P384}, {KEY_EC, CURVE_P521}, {KEY_RSA, CURVE_P256}};
    if (size == 0) {
        return 0;
    }
    struct key_type type = types[data[0] % (sizeof types / sizeof types[0])];
    struct slice input = slice_from(slice_of(data, size), 1);
    private_form(type, input);
    public_form(type, input);
    others(input);
    return 0;
}
