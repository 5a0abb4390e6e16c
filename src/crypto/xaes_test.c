#include "base/check.h"
#include "crypto/crypto.h"
#include "crypto/vector.h"

static const char nonce_text[] = "ABCDEFGHIJKLMNOPQRSTUVWX";

static struct xaes *xaes_of(uint8_t byte)
{
    uint8_t key[KEY_BYTES];
    struct xaes *xaes = NULL;
    memset(key, byte, sizeof(key));
    return crypto_start() == ERR_NONE && xaes_new(slice_of(key, sizeof(key)), &xaes) == ERR_NONE
               ? xaes
               : NULL;
}

TEST(xaes_vectors_of_the_specification)
{
    static const struct {
        uint8_t key;
        struct slice associated;
        const char *sealed;
    } vectors[] = {
        {1, SLICE_INIT(""), "ce546ef63c9cc60765923609b33a9a1974e96e52daf2fcf7075e2271"},
        {3, SLICE_INIT("c2sp.org/XAES-256-GCM"),
         "986ec1832593df5443a179437fd083bf3fdb41abd740a21f71eb769d"},
    };
    for (size_t i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++) {
        struct xaes *xaes = xaes_of(vectors[i].key);
        cleanup_buf struct buf sealed = BUF_INIT(100), opened = BUF_INIT(100);
        CHECK(xaes != NULL);
        CHECK_ERR(ERR_NONE, xaes_seal(xaes, (const uint8_t *)nonce_text, vectors[i].associated,
                                      SLICE_LITERAL("XAES-256-GCM"), &sealed));
        CHECK_U64(12 + XAES_OVERHEAD_BYTES, sealed.len);
        CHECK_SLICE("ABCDEFGHIJKLMNOPQRSTUVWX", slice_first(buf_slice(&sealed), XAES_NONCE_BYTES));
        CHECK(vector_is(sealed.data + XAES_NONCE_BYTES, sealed.len - XAES_NONCE_BYTES,
                        vectors[i].sealed));
        CHECK_ERR(ERR_NONE, xaes_open(xaes, vectors[i].associated, buf_slice(&sealed), &opened));
        CHECK_SLICE("XAES-256-GCM", buf_slice(&opened));
        xaes_free(xaes);
    }
}

/* The specification's accumulated test: everything drawn from SHAKE-128 of nothing, all ciphertexts
 * hashed together. */
static struct slice draw(struct slice *stream, size_t len)
{
    struct slice drawn = slice_first(*stream, len);
    *stream = slice_from(*stream, len);
    return drawn;
}

static struct slice draw_sized(struct slice *stream)
{
    return draw(stream, draw(stream, 1).data[0]);
}

TEST(xaes_ten_thousand_random_messages)
{
    enum { ITERATIONS = 10000, STREAM_BYTES = ITERATIONS * (32 + 24 + 2 * 256) };
    CHECK_ERR(ERR_NONE, crypto_start());
    cleanup_buf struct buf random = BUF_INIT(STREAM_BYTES), all = BUF_INIT(ITERATIONS * 300);
    CHECK_ERR(ERR_NONE, buf_reserve(&random, STREAM_BYTES));
    CHECK_ERR(ERR_NONE, shake128(SLICE_NONE, random.data, STREAM_BYTES));
    struct slice stream = slice_of(random.data, STREAM_BYTES);
    cleanup_buf struct buf sealed = BUF_INIT(1000), opened = BUF_INIT(1000);
    for (int i = 0; i < ITERATIONS; i++) {
        struct slice key = draw(&stream, 32), nonce = draw(&stream, 24);
        struct slice plain = draw_sized(&stream), associated = draw_sized(&stream);
        struct xaes *xaes = NULL;
        CHECK_ERR(ERR_NONE, xaes_new(key, &xaes));
        buf_clear(&sealed);
        buf_clear(&opened);
        CHECK_ERR(ERR_NONE, xaes_seal(xaes, nonce.data, associated, plain, &sealed));
        CHECK_ERR(ERR_NONE, xaes_open(xaes, associated, buf_slice(&sealed), &opened));
        CHECK(slice_equal(plain, buf_slice(&opened)));
        CHECK_ERR(ERR_NONE, buf_append(&all, slice_from(buf_slice(&sealed), XAES_NONCE_BYTES)));
        xaes_free(xaes);
    }
    uint8_t digest[32];
    CHECK_ERR(ERR_NONE, shake128(buf_slice(&all), digest, sizeof(digest)));
    CHECK(
        vector_is(digest, 32, "e6b9edf2df6cec60c8cbd864e2211b597fb69a529160cd040d56c0c210081939"));
}

TEST(xaes_refuses_every_flipped_bit)
{
    struct xaes *xaes = xaes_of(7);
    CHECK(xaes != NULL);
    cleanup_buf struct buf sealed = BUF_INIT(100), opened = BUF_INIT(100);
    CHECK_ERR(ERR_NONE, xaes_seal(xaes, (const uint8_t *)nonce_text, SLICE_LITERAL("path"),
                                  SLICE_LITERAL("value"), &sealed));
    CHECK_ERR(ERR_NONE, buf_append_string(&opened, "before"));
    for (size_t bit = 0; bit < sealed.len * 8; bit++) {
        sealed.data[bit / 8] = (uint8_t)(sealed.data[bit / 8] ^ (1u << bit % 8));
        CHECK_ERR(ERR_FORGED, xaes_open(xaes, SLICE_LITERAL("path"), buf_slice(&sealed), &opened));
        sealed.data[bit / 8] = (uint8_t)(sealed.data[bit / 8] ^ (1u << bit % 8));
        CHECK_SLICE("before", buf_slice(&opened));
    }
    for (size_t len = 0; len < sealed.len; len++) {
        CHECK_ERR(ERR_FORGED, xaes_open(xaes, SLICE_LITERAL("path"),
                                        slice_first(buf_slice(&sealed), len), &opened));
    }
    CHECK_ERR(ERR_FORGED, xaes_open(xaes, SLICE_LITERAL("pat"), buf_slice(&sealed), &opened));
    CHECK_ERR(ERR_NONE, xaes_open(xaes, SLICE_LITERAL("path"), buf_slice(&sealed), &opened));
    CHECK_SLICE("beforevalue", buf_slice(&opened));
    xaes_free(xaes);
}

TEST(xaes_empty_message_and_full_buf)
{
    struct xaes *xaes = xaes_of(7);
    CHECK(xaes != NULL);
    cleanup_buf struct buf sealed = BUF_INIT(XAES_OVERHEAD_BYTES), opened = BUF_INIT(0);
    CHECK_ERR(ERR_TOO_LARGE, xaes_seal(xaes, (const uint8_t *)nonce_text, SLICE_NONE,
                                       SLICE_LITERAL("x"), &sealed));
    CHECK_ERR(ERR_NONE,
              xaes_seal(xaes, (const uint8_t *)nonce_text, SLICE_NONE, SLICE_NONE, &sealed));
    CHECK_ERR(ERR_NONE, xaes_open(xaes, SLICE_NONE, buf_slice(&sealed), &opened));
    CHECK_U64(0, opened.len);
    sealed.data[sealed.len - 1] ^= 1;
    CHECK_ERR(ERR_FORGED, xaes_open(xaes, SLICE_NONE, buf_slice(&sealed), &opened));
    xaes_free(xaes);
    xaes_free(NULL);
}

TEST(xaes_keys_have_one_length)
{
    struct xaes *xaes = NULL;
    CHECK_ERR(ERR_NONE, crypto_start());
    CHECK_ERR(ERR_INVALID, xaes_new(SLICE_LITERAL("short"), &xaes));
    CHECK(xaes == NULL);
}

TEST_MAIN
