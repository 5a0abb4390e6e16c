#include "crypto/key_form.h"

#include "base/check.h"
#include "crypto/check_crypto.h"
#include "crypto/rsa.h"
#include "crypto/vector.h"

#include <string.h>

/* Keys that pyca/cryptography made and wrote: PKCS #8, SubjectPublicKeyInfo, ECPrivateKey. */
static const struct {
    struct key_type type;
    const char *pkcs8, *spki, *sec1;
} vectors[] = {
    {{KEY_ED25519, CURVE_P256},
        "302e020100300506032b65700422042040ae83e6aab57403f566527fe6ea613b7d8d3bffe5c5da68a3691d1070516617",
        "302a300506032b65700321002d1d8af6ade90fe7ce97de38fa43cc193826c1d6718c34b636ee0fb917644be3",
        ""},
    {{KEY_EC, CURVE_P256},
        "308187020100301306072a8648ce3d020106082a8648ce3d030107046d306b0201010420bccfb7d8a38acb57a808e8a1ebdf578e15b873e42367b93d1fe6e029b8c4cabea14403420004a4"
        "deef12538ff3f0197159d6ae5509bdb6a7fe1d4e128dc51c004a84a55d69a4a06bcf14cca49d609604f919e538e3fe744351e5843395bbb8606a3fdf09f8f8",
        "3059301306072a8648ce3d020106082a8648ce3d03010703420004a4deef12538ff3f0197159d6ae5509bdb6a7fe1d4e128dc51c004a84a55d69a4a06bcf14cca49d609604f919e538e3fe"
        "744351e5843395bbb8606a3fdf09f8f8",
        "30770201010420bccfb7d8a38acb57a808e8a1ebdf578e15b873e42367b93d1fe6e029b8c4cabea00a06082a8648ce3d030107a14403420004a4deef12538ff3f0197159d6ae5509bdb6a7"
        "fe1d4e128dc51c004a84a55d69a4a06bcf14cca49d609604f919e538e3fe744351e5843395bbb8606a3fdf09f8f8"},
    {{KEY_EC, CURVE_P384},
        "3081b6020100301006072a8648ce3d020106052b8104002204819e30819b02010104301712ee6c599bd0c4bb5501da42cfd9c8c480bf440d49c850ef0ca82ed1fcfbdebac5fbd6f8ed99d4"
        "f6f86f6de22803d9a16403620004ea6fe530d37e6d58fb8bfbc35ea9d6e931629ffdee5b98e9310de8729ea97be16f0817acf464a923b5273a74490d0363af85b3e737ed0e1d26f3b0dcc7"
        "d77eea12f0b09b98dfd91a3b46ad3f4fb2c4e03030b076a9c3382d98110f2d9c247d01",
        "3076301006072a8648ce3d020106052b8104002203620004ea6fe530d37e6d58fb8bfbc35ea9d6e931629ffdee5b98e9310de8729ea97be16f0817acf464a923b5273a74490d0363af85b3"
        "e737ed0e1d26f3b0dcc7d77eea12f0b09b98dfd91a3b46ad3f4fb2c4e03030b076a9c3382d98110f2d9c247d01",
        "3081a402010104301712ee6c599bd0c4bb5501da42cfd9c8c480bf440d49c850ef0ca82ed1fcfbdebac5fbd6f8ed99d4f6f86f6de22803d9a00706052b81040022a16403620004ea6fe530"
        "d37e6d58fb8bfbc35ea9d6e931629ffdee5b98e9310de8729ea97be16f0817acf464a923b5273a74490d0363af85b3e737ed0e1d26f3b0dcc7d77eea12f0b09b98dfd91a3b46ad3f4fb2c4"
        "e03030b076a9c3382d98110f2d9c247d01"},
    {{KEY_EC, CURVE_P521},
        "3081ee020100301006072a8648ce3d020106052b810400230481d63081d30201010442001054559fbb7419a91c39065586316b448c2af75b392796595f04cc8ecc2bc93c6c68734669f3a8"
        "ad736163a891df0a71f36a94086fca02497b77bf7239e01a8b8ea181890381860004008d356f7ec60f1a466f74a9451b5a25a3609d03b15b847a709d64bc3284cfd75a081099feb24f174f"
        "3adbce2b9319fe4db1c0e0beee5922eb641ba5b0e1159ce129009968cc701531556547588ec985476b5fea77f8e8224d8dbab1dc9d2a97e9844c1bc3250e0352f6256372be0635d3b5421f"
        "5f8f9168b4e2487104fe97fc7dbfb1b7",
        "30819b301006072a8648ce3d020106052b810400230381860004008d356f7ec60f1a466f74a9451b5a25a3609d03b15b847a709d64bc3284cfd75a081099feb24f174f3adbce2b9319fe4d"
        "b1c0e0beee5922eb641ba5b0e1159ce129009968cc701531556547588ec985476b5fea77f8e8224d8dbab1dc9d2a97e9844c1bc3250e0352f6256372be0635d3b5421f5f8f9168b4e24871"
        "04fe97fc7dbfb1b7",
        "3081dc0201010442001054559fbb7419a91c39065586316b448c2af75b392796595f04cc8ecc2bc93c6c68734669f3a8ad736163a891df0a71f36a94086fca02497b77bf7239e01a8b8ea0"
        "0706052b81040023a181890381860004008d356f7ec60f1a466f74a9451b5a25a3609d03b15b847a709d64bc3284cfd75a081099feb24f174f3adbce2b9319fe4db1c0e0beee5922eb641b"
        "a5b0e1159ce129009968cc701531556547588ec985476b5fea77f8e8224d8dbab1dc9d2a97e9844c1bc3250e0352f6256372be0635d3b5421f5f8f9168b4e2487104fe97fc7dbfb1b7"},
    {{KEY_RSA, CURVE_P256},
        "308204bc020100300d06092a864886f70d0101010500048204a6308204a20201000282010100a1426c38516aedd4a32b9a9076c59a2052cdc073bb5ed15de1a73d7b3ae44881f4bf5cac15"
        "10513e3e86c582233a5ae11a10230f03bc596b29b06a07c1106aa8a3809710b0e6e69624c3055b0eeb538869c65a57e9c65b86c58d432732c644a27a85aca44d95e75c72a4ec8eb555f8b8"
        "85f5749b872b369df0e245c834151f5f9cfe68892fd535d934fe3633ef344fb7da079bae25a2614f742aa996e392098eb0e29d6eef252ed87c8439d91fc0009da80d6f5eb72051b4c251ea"
        "74a5c7d1a1ecf50029fd472f535122174e0447767c323b8bb98834da1d8982fd5b3268173abdb89955658e04fc704b009fe2605ce4e10ca09ef3e4919eb30169f11be49da9020301000102"
        "8201003b4aa160c9aacfbc75ac441de6d5bbd833a9dc1f915e890b843b0a1383b148e9a37432de40b669b0c1abaaf630feb5487bdd400eb6b86b8647e349f104ef04d071a187a9c6e97711"
        "f07d563c474d863eab699771288edabb406ab2acb87206ed58b04aac74ac6fcf6185bb46b36ce350f14c312e38324ed81ea80bb153590ad9f7019d86f24972996b2ad56b9196e419453e63"
        "2f32105cc28e813605ee54268278570f31a59acca1bb4b4c6c288105664d453d53a2974b49042a952c01780b7a175c2d67c26e3c4398b6f974fe65e0ea54992b46bd5f50b4aaf6b4035e9c"
        "4239b384d703ff6ae40e06567d4f0b50234c1bccf60e82bc6b42447f6675cc73c1e302818100ce062f15a61e24257cbbccb132bb5271e819a4201718b5cacffa9f72373eeead402d6df275"
        "9d5911c51dccf576198fc45f74f6646d060d10277155372132e3fa68f14df0b531b00e41d75c81debdd1c27bed15f743be3a4bea629a8bc55c01f28f76344b546c4d199dc0c921bcdbbff2"
        "3cb43bfb266820cbcd4e58a3ce96611302818100c86069c358d73bff55386490f786b95fb4589dc56238d5903288fd040f272e9792d38595f96ed2e2dd87754dceaeef8932ccd4e8769e22"
        "48268c9e4920dd65165cc5a38d8132c909f8348f9c86bccf75430abd2c8c3fb298cad2fda1de811a34e29032e560b8e303cce08fb5578cb100d2eb8124eaf116200bb05e9ae26159d30281"
        "80696a569b302549ff78642b271bbb27432b2c3b8343ee1bce8b3e44694f853ee09ceee1cbe68c3d2fcf79210f137f9ec52ec68ceff3acddf03f0e4938ed1eb9f1bdd2823bc0aa8cd7aeae"
        "c0219f53e6c92959b51c90a7fbf22e1a87d32e879663832e4b31a41fca0f6a5d634c84f2b7b2fd86870e49a78be85bc353ad751e12cb028180648cf525e11408f885544a2af0fb7b548a54"
        "99bf6e1da515ba3641f9627d400531d9d144442a17cb5e6d5631185172c47f688842ab1b898a7945c13c6330964495835c226b3e07e267da4062c4be44c0cc46bc4d79879160d90eedd5e7"
        "a913748c68de117aeaec8880ac0391758095661b71b099cd07f4195aa443a5278ac09f028180027d508f413faf03d263eff4b1c0377e4fa4733f8f80e124c8407d3b557de56424c5c8de74"
        "b531c450a7df3b285e6dbb60d193ffde0ed8650c11708686207b0ed6dd7da5e88af63968d3666a8158e1d4bbc97fccd2d4fb77543f6056fc89c6a5462fd550ffe812c8dc529714937f14d1"
        "39485dad39c06d1ac2620446ed0f2278",
        "30820122300d06092a864886f70d01010105000382010f003082010a0282010100a1426c38516aedd4a32b9a9076c59a2052cdc073bb5ed15de1a73d7b3ae44881f4bf5cac1510513e3e86"
        "c582233a5ae11a10230f03bc596b29b06a07c1106aa8a3809710b0e6e69624c3055b0eeb538869c65a57e9c65b86c58d432732c644a27a85aca44d95e75c72a4ec8eb555f8b885f5749b87"
        "2b369df0e245c834151f5f9cfe68892fd535d934fe3633ef344fb7da079bae25a2614f742aa996e392098eb0e29d6eef252ed87c8439d91fc0009da80d6f5eb72051b4c251ea74a5c7d1a1"
        "ecf50029fd472f535122174e0447767c323b8bb98834da1d8982fd5b3268173abdb89955658e04fc704b009fe2605ce4e10ca09ef3e4919eb30169f11be49da90203010001",
        ""},
};
enum { VECTORS = sizeof vectors / sizeof vectors[0] };

static struct slice hex(struct buf *out, const char *text)
{
    *out = BUF_INIT(KEY_FORM_MAX_BYTES);
    if (hex_decode(out, slice_string(text)) != ERR_NONE) {
        abort();
    }
    return buf_slice(out);
}

TEST(keys_of_other_programs_are_read_and_written_alike)
{
    for (size_t i = 0; i < VECTORS; i++) {
        struct key_type type = vectors[i].type;
        cleanup_buf struct buf a, b, c, pkcs8 = BUF_INIT(KEY_FORM_MAX_BYTES), spki = BUF_INIT(KEY_FORM_MAX_BYTES), sec1 = BUF_INIT(KEY_FORM_MAX_BYTES);
        struct slice private_form = hex(&a, vectors[i].pkcs8), public_form = hex(&b, vectors[i].spki), ec_form = hex(&c, vectors[i].sec1), key, public_key;
        uint8_t room[EC_PRIVATE_MAX_BYTES];
        CHECK_ERR(ERR_NONE, key_from_pkcs8(type, private_form, room, &key));
        CHECK_ERR(ERR_NONE, key_from_spki(type, public_form, &public_key));
        CHECK_ERR(ERR_NONE, key_to_pkcs8(type, key, public_key, &pkcs8));
        CHECK(slice_equal(private_form, buf_slice(&pkcs8)));
        CHECK_ERR(ERR_NONE, key_to_spki(type, public_key, &spki));
        CHECK(slice_equal(public_form, buf_slice(&spki)));
        if (type.family == KEY_EC) {
            CHECK_ERR(ERR_NONE, key_to_sec1(type.curve, key, public_key, &sec1));
            CHECK(slice_equal(ec_form, buf_slice(&sec1)));
        }
        for (size_t k = 0; k < VECTORS; k++) {
            if (k != i) {
                CHECK_ERR(ERR_MALFORMED, key_from_pkcs8(vectors[k].type, private_form, room, &key));
                CHECK_ERR(ERR_MALFORMED, key_from_spki(vectors[k].type, public_form, &public_key));
            }
        }
    }
}

TEST(what_is_cut_longer_or_changed_is_no_key_or_another)
{
    for (size_t i = 0; i < VECTORS; i++) {
        struct key_type type = vectors[i].type;
        cleanup_buf struct buf a;
        struct slice whole = hex(&a, vectors[i].pkcs8), key;
        uint8_t room[EC_PRIVATE_MAX_BYTES], public_key[EC_PUBLIC_MAX_BYTES];
        for (size_t len = 0; len < whole.len; len++) {
            CHECK_ERR(ERR_MALFORMED, key_from_pkcs8(type, slice_first(whole, len), room, &key));
        }
        CHECK_ERR(ERR_NONE, buf_append_byte(&a, 0));
        CHECK_ERR(ERR_MALFORMED, key_from_pkcs8(type, buf_slice(&a), room, &key));
        whole = slice_first(buf_slice(&a), a.len - 1);
        size_t taken = 0;
        for (size_t at = 0; at < whole.len; at++) {
            a.data[at] ^= 1;
            enum err err = key_from_pkcs8(type, whole, room, &key);
            taken += err == ERR_NONE;
            if (err == ERR_NONE && type.family == KEY_EC) {
                CHECK_ERR(ERR_NONE, ec_public(type.curve, key, public_key)); /* the number was changed where no public half stood beside it */
            }
            a.data[at] ^= 1;
        }
        /* Of Ed25519 every seed is a key, of RSA the inner form is judged later; of ECDSA the public half beside the number tells. */
        CHECK_U64(type.family == KEY_EC ? 0 : type.family == KEY_ED25519 ? 32 : taken, taken);
    }
}

TEST(kwp_of_rfc_5649)
{
    static const struct {
        const char *key, *wrapped;
    } cases[] = {{"c37b7e6492584340bed12207808941155068f738", "138bdeaa9b8fa7fc61f97742e72248ee5ae6ae5360d1ae6a5f54f373fa543b6a"}, {"466f7250617369", "afbeb0f07dfbf5419200f2ccb50bb24f"}};
    struct vector wrapping = vector_hex("5840df6e29b02af1ab493b705bf16ea1ae8338f4dcc176a8");
    for (size_t i = 0; i < 2; i++) {
        struct vector key = vector_hex(cases[i].key);
        cleanup_buf struct buf wrapped = BUF_INIT(256), back = BUF_INIT(256);
        CHECK_ERR(ERR_NONE, kwp_wrap(vector_slice(&wrapping), vector_slice(&key), &wrapped));
        CHECK(vector_is(wrapped.data, wrapped.len, cases[i].wrapped));
        CHECK_ERR(ERR_NONE, kwp_unwrap(vector_slice(&wrapping), buf_slice(&wrapped), &back));
        CHECK(vector_is(back.data, back.len, cases[i].key));
        for (size_t at = 0; at < wrapped.len; at++) {
            wrapped.data[at] ^= 0x80;
            CHECK_ERR(ERR_FORGED, kwp_unwrap(vector_slice(&wrapping), buf_slice(&wrapped), &back));
            wrapped.data[at] ^= 0x80;
        }
        CHECK_ERR(ERR_FORGED, kwp_unwrap(vector_slice(&wrapping), slice_first(buf_slice(&wrapped), wrapped.len - 1), &back));
        CHECK_ERR(ERR_FORGED, kwp_unwrap(vector_slice(&wrapping), SLICE_NONE, &back));
        CHECK_ERR(ERR_INVALID, kwp_unwrap(SLICE_LITERAL("short"), buf_slice(&wrapped), &back));
        CHECK_U64(key.len, back.len);
    }
}

TEST(numbers_in_decimal_come_back)
{
    cleanup_buf struct buf text = BUF_INIT(2048), back = BUF_INIT(2048), zero = BUF_INIT(8);
    uint8_t bytes[512];
    memset(bytes, 0xfe, sizeof bytes);
    CHECK_ERR(ERR_NONE, number_to_decimal(slice_of(bytes, sizeof bytes), &text));
    CHECK_U64(1234, text.len);
    CHECK_ERR(ERR_NONE, number_from_decimal(buf_slice(&text), &back));
    CHECK(slice_equal(slice_of(bytes, sizeof bytes), buf_slice(&back)));
    CHECK_ERR(ERR_NONE, number_from_decimal(SLICE_LITERAL("0"), &zero));
    CHECK_U64(0, zero.len);
    static const char *const bad[] = {"", "-1", "1.0", "0x10", "1e5", " 1"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        CHECK_ERR(ERR_MALFORMED, number_from_decimal(slice_string(bad[i]), &zero));
    }
}

TEST_MAIN
