#include "base/check.h"
#include "crypto/crypto.h"
#include "crypto/vector.h"

/* The vectors of RFC 9106 use four lanes and a key; these come from the authors' reference program,
 * with one lane. */
TEST(argon2id_as_the_reference)
{
    static const struct {
        struct slice password, salt;
        uint32_t memory_kib, passes;
        const char *out;
    } vectors[] = {
        {SLICE_INIT("password"), SLICE_INIT("somesaltsomesalt"), 65536, 2,
         "fc33b78139231d34b71626bd6245c1d72efa190ad605c3d8166a72adcedfa2c2"},
        {SLICE_INIT("password"), SLICE_INIT("somesaltsomesalt"), 8, 1,
         "05b6ca8f8038b683887ad4916533858b49cb52040126c134f4c6e9d8711b8c09"},
        {SLICE_INIT(""), SLICE_INIT("\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"), 256, 3,
         "719f0619b24e8f1a9ee5b91c05fad3cedcaeb71b6b3a56a29e8045433ea58f65"},
    };
    CHECK_ERR(ERR_NONE, crypto_start());
    for (size_t i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++) {
        uint8_t out[32];
        CHECK_ERR(ERR_NONE, argon2id(vectors[i].password, vectors[i].salt, vectors[i].memory_kib,
                                     vectors[i].passes, out));
        CHECK(vector_is(out, sizeof(out), vectors[i].out));
    }
}

TEST(argon2id_bounds)
{
    uint8_t out[32];
    struct slice salt = SLICE_LITERAL("somesaltsomesalt");
    CHECK_ERR(ERR_NONE, crypto_start());
    CHECK_ERR(ERR_INVALID, argon2id(SLICE_LITERAL("p"), SLICE_LITERAL("short"), 8, 1, out));
    CHECK_ERR(ERR_INVALID, argon2id(SLICE_LITERAL("p"), salt, 7, 1, out));
    CHECK_ERR(ERR_INVALID, argon2id(SLICE_LITERAL("p"), salt, 8, 0, out));
}

TEST_MAIN
