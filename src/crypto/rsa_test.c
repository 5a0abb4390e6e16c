#include "crypto/rsa.h"

#include "base/check.h"
#include "crypto/check_crypto.h"
#include "crypto/vector.h"

#include <string.h>

/* A key and what pyca/cryptography made with it over "abc": PKCS #1 v1.5 and PSS (salt 32) with SHA-256, PSS with SHA-384 and the longest salt, OAEP with SHA-256. */
static const char key_hex[] =
    "308204a202010002820101009d871638baed5e141e497f5f491d5914c0e65f372ed2c74840fcf616f8165b041028138c725ff8d7e961620f82426e8bbde8c4b46f0260d118ae1a5c231eb5"
    "27020b82029c26fb1a36ed929dc133afe722b8eba3f4352ab1d18151e576d253180bd11e34333f86a10d9f722fa3e9a7817025b3734ac5938dd9e887aadf26ce424cdf45d0639a214d7963"
    "56973fbdd8ee99f0bd9430b12ad81bb647ab1c75b71cd443f9ad970d80308fd71c6f4de55a11ee22fef5ddf66fb6ac69235a331f2bfb00c85289bbeca33e2208afe1ffb332d2a2d263f9f4"
    "5f3c5cfdfe9ee68f1075510f38fe2fd8f4e7963476b60a6e0bf59f7a34610d6a1d3a989779cb387be1e94b02030100010282010013dd1ce83a6a041af556bf40fcaf3eb4673ea57307ec7c"
    "44982d4dbac7bdc9ec513d3c79d15258c6a11f2e86561e9a61f4a88d65533a318b2c5987e9666450e382568126631a673f7efda6274e5d7e28df300246c25c91edaa456c564b0d6a7cf5c0"
    "80d6843fd672288d9a907752d7547317cdf113d4a62e94f3c567be8bde263b477e09d0eb88bfebf260e14af46bc0ebab80bbb64d1414bece05b3f70fc005de000715a8830492940421c57b"
    "e5560783c77ee5dd6f9f76479f434395cfc6b174eec88edef3242f8bc75069c23f2c8d268d06f8070016c914c65d4f5809de75e6d48e48a271cfbed4bf390123fae2c03fbd4b499639217c"
    "2978c9de55042d8102818100da9545b4cebe621b69cf6b544ce4861ccdead32725ee84a3dc78a51a0ba067000732803155e4e16a1cb1f7252eba67b514aa7d7fa26ed4ad8229429adf6950"
    "df49e679bf6c87151b3f7f97a1d5f93bec5df8d29796bf173ac20f7570339be18130bdaec34239fa7b08682c4652364f71797480b189c39fa3874f140286ec570302818100b87e40015839"
    "5f2e7223c104a06522939c8d5680277bb2c958ae411c711ef1c4245de4dd2a568ebdc1fe0eef7dbf948927514454e3e0eae640224c36be6adfc757b60f623d7dbea048ac6745c7ced1979d"
    "01cab8eb20d54c8059a9295de56201c3e37c1e809927927baafbc0bb8e1163b400376108a92a483d5d6a69c943ce1902818031cf0e21537342bbe872a18c863114f67f5de15bec62dbcad3"
    "3492bacaa774912712b4ef89192cdc97495e7e1495d98803fb8db985f427769a5078a2fe01ebb1d60f34f30ff200374352f9e4a0f3b859f657faf51c1ed3564a5e676e77f42f80d6f08260"
    "7038f201133b59cb747477c9edd944723068697a441d1afc306eaead02818077fac2ad1d2ed253662f124b6bf3d9749d8edcfe22af3329f5ddfcc1fe5edd636d3312af31e57096bf1df5a0"
    "91ea913250bb6cf0b7f1815193cbba3cafc0d91ece4fbbd96b9be6e85ddaa09ea4be3f5795e7a06a799eb49837b0176eab7d8d2b10b553f6923307a51f7fa6914467b3af5f53f4afc9ee19"
    "6d395b12e510da63a10281803cd5a7f4b2759377431b307aa72df0a6841ac3480884ec52771cf4d521ada6221396d1e76bbb755529483bdc8786782527dbb612258fb0efab68bf58e5c2a9"
    "9d76f7a1c17f130f1c179fcacc772b96e7944456752b0d62ea1ac043ecb466f367904de63cdd59b1b621b818f5380d59b5f246e1116ea6557b063fe370fbdb53e3";
static const char public_hex[] =
    "3082010a02820101009d871638baed5e141e497f5f491d5914c0e65f372ed2c74840fcf616f8165b041028138c725ff8d7e961620f82426e8bbde8c4b46f0260d118ae1a5c231eb527020b"
    "82029c26fb1a36ed929dc133afe722b8eba3f4352ab1d18151e576d253180bd11e34333f86a10d9f722fa3e9a7817025b3734ac5938dd9e887aadf26ce424cdf45d0639a214d796356973f"
    "bdd8ee99f0bd9430b12ad81bb647ab1c75b71cd443f9ad970d80308fd71c6f4de55a11ee22fef5ddf66fb6ac69235a331f2bfb00c85289bbeca33e2208afe1ffb332d2a2d263f9f45f3c5c"
    "fdfe9ee68f1075510f38fe2fd8f4e7963476b60a6e0bf59f7a34610d6a1d3a989779cb387be1e94b0203010001";
static const char v15_hex[] =
    "0cf267edb53d2551727302eabb102bf4b69456e7259616306d66bde8a717ff7a39cf373545564e61d2089a80aecc032b022195f64f5b9644e531538fbd0f647a3f4b616c8be60dc0570b16"
    "0ecee0d930d4c92e9c83432804197a5af8cfc1b7717412bf1691f44783e9676ae9f6ed973224049b7fb15313f3e6dbcdfa575506d3f417e14a678245e4b07dd3b87e652f2e953eb28d57f0"
    "f6fa49b0e109291358621102fe5f4014ed182845cc05fd4c9f1ce76632f33c53e781f1f456ff78e843904cd032dddb47b2e65f4f4b9d72aff678305040ec9e74cbbfbbc4588e468d0c0fdd"
    "87eb55429847f66850a16ef21f882446a547ce01965ed7a1d4ff2ce1f18b3e";
static const char pss_hex[] =
    "1311d4891bc54da9bec42f5c09dad6764c7fec278f6a58f4a12a72ed55f2362ee81c57f6a398a6bd5d7362a293524ca21282d36768a17c624aaff16a272a8e63253d622b9da0e713723ba9"
    "5ccaf1253eb10f5379c20fa24e8b6ba2f6b49e9b82c44d0f63c9ea8c4037295519a0187fef12ef4b56e6e0cbdc8202a8a41f61d818fd54efdf138e0cad0e1cf8d12c7b6c229b1b5a748923"
    "1c34bb3e138fe9c31bcb73af7d6b4af3b809e000218ff97cdb63d97210291d2c2f2e785e9ed56b4f85f2de955437c927959ca955d141d59e3bccf188076dcf566a2601fc0c60c9d008d391"
    "ba3306ee33740c60e78f3d531fd7873052622d448933aad847c4365d065b78";
static const char pss_longest_hex[] =
    "5c906975a157353edffbca84a129dd1a5b5e91a555fa2b2779cca19e89c20ea3fd6bfc505faf46dd5888142b2954e0bd394858020aa30382455fa43f7bf54300dcc76ca1bdd20be965ddf1"
    "a5bd521caf3d1051da4bfdeee1b0c71057eadb91b542762733302f6957df49302eefb73833eb5cfbadcf591acb4fa6d33c046009acdbd573e917ff2b5d1a964676b908e2f9425b774f30ef"
    "81c7c934228f48f1a0dfc6194689b7b6b9ad2ce97e9514b2979a22ba3a996e7c507a1fc80a4eebd33a9d9e223c9c97e737746d934e16f52bf3c492893b842dd18055f23b2057c9aecd55e4"
    "ab79e05e0b20e02311e31f9d030ccbb161c0c78ef87c4eb6a4737d2ce4ee17";
static const char oaep_hex[] =
    "5892eafdd25d8c0f962868b0e5ff563b725d104383b47728229f2fedf226fb1505862d52c140ccbef7f70074b7ce1531ce8f3c260850f346208086806340ad6c0138fed8f6cf5b15bd39d7"
    "1d91ff02c86ce756add9abc0f673c5a6f524620cc360ee6e03719c29fa966367fcc1f845fbd044c3d292c6eaaf4e360f94762fb828af790ba6e44c5dacf5f4d0b0331f0f5e73eb07422ec5"
    "d0d1c614ec73a5c0b8527fb006d378291fc1af76b4b0a00984d70cb4771c40b59784ffe9caca2c7f6e0015c58a5ad40b2d3282f264b128d4777926a8361edee078917374a07c3f98e79aa9"
    "476dd7d04cbcea1754103739f9445c0f2ed2c2ef61ec1dbe6c6da425588314";


static struct slice hex(struct buf *out, const char *text)
{
    *out = BUF_INIT(4096);
    if (hex_decode(out, slice_string(text)) != ERR_NONE) {
        abort();
    }
    return buf_slice(out);
}

static const struct rsa_scheme schemes[] = {
    {false, HASH_SHA2_256, 0}, {true, HASH_SHA2_256, 32}, {true, HASH_SHA2_384, RSA_SALT_AUTO}, {true, HASH_SHA2_256, RSA_SALT_HASH}, {true, HASH_SHA3_256, 0}, {false, HASH_SHA1, 0}, {false, HASH_NONE, 0},
};

static struct slice digest_of(enum hash hash, uint8_t digest[HASH_MAX_BYTES])
{
    if (hash == HASH_NONE) {
        return SLICE_LITERAL("as it is");
    }
    if (hash_of(hash, SLICE_LITERAL("abc"), digest) != ERR_NONE) {
        abort();
    }
    return slice_of(digest, hash_bytes(hash));
}

TEST(rsa_agrees_with_other_programs)
{
    cleanup_buf struct buf a, b, c, d;
    struct slice private_key = hex(&a, key_hex), public_key = hex(&b, public_hex), sealed = hex(&d, oaep_hex);
    cleanup_buf struct buf made = BUF_INIT(RSA_PUBLIC_MAX_BYTES), plain = BUF_INIT(2 * RSA_MAX_BYTES);
    unsigned bits = 0;
    CHECK_ERR(ERR_NONE, rsa_check_private(private_key, true, &bits));
    CHECK_U64(2048, bits);
    CHECK_ERR(ERR_NONE, rsa_check_public(public_key, &bits));
    CHECK_U64(2048, bits);
    CHECK_ERR(ERR_NONE, rsa_public(private_key, &made));
    CHECK(slice_equal(public_key, buf_slice(&made)));
    static const char *const signatures[] = {v15_hex, pss_hex, pss_longest_hex};
    for (size_t i = 0; i < 3; i++) {
        uint8_t digest[HASH_MAX_BYTES];
        struct slice signature = hex(&c, signatures[i]), over = digest_of(schemes[i].hash, digest);
        CHECK_ERR(ERR_NONE, rsa_verify(public_key, &schemes[i], over, signature));
        c.data[17] ^= 4;
        CHECK_ERR(ERR_FORGED, rsa_verify(public_key, &schemes[i], over, signature));
        buf_free(&c);
    }
    CHECK_ERR(ERR_NONE, rsa_decrypt(private_key, HASH_SHA2_256, sealed, &plain));
    CHECK_SLICE("abc", buf_slice(&plain));
    CHECK_ERR(ERR_FORGED, rsa_decrypt(private_key, HASH_SHA1, sealed, &plain));
    CHECK_ERR(ERR_FORGED, rsa_decrypt(private_key, HASH_SHA2_256, slice_first(sealed, 255), &plain));
    CHECK_ERR(ERR_FORGED, rsa_decrypt(private_key, HASH_SHA2_256, SLICE_NONE, &plain));
    CHECK_U64(3, plain.len);
}

TEST(rsa_keys_sign_and_decrypt_what_belongs_to_them)
{
    for (unsigned bits = 2048; bits <= 3072; bits += 1024) {
        cleanup_buf struct buf key = BUF_INIT(RSA_PRIVATE_MAX_BYTES), public_key = BUF_INIT(RSA_PUBLIC_MAX_BYTES), again = BUF_INIT(RSA_PRIVATE_MAX_BYTES);
        unsigned found = 0;
        CHECK_ERR(ERR_NONE, rsa_make(bits, &key));
        CHECK_ERR(ERR_NONE, rsa_check_private(buf_slice(&key), true, &found));
        CHECK_U64(bits, found);
        CHECK_ERR(ERR_NONE, rsa_public(buf_slice(&key), &public_key));
        for (size_t i = 0; i < sizeof schemes / sizeof schemes[0]; i++) {
            uint8_t digest[HASH_MAX_BYTES];
            struct slice over = digest_of(schemes[i].hash, digest);
            cleanup_buf struct buf signature = BUF_INIT(RSA_MAX_BYTES);
            CHECK_ERR(ERR_NONE, rsa_sign(buf_slice(&key), &schemes[i], over, &signature));
            CHECK_U64(bits / 8, signature.len);
            CHECK_ERR(ERR_NONE, rsa_verify(buf_slice(&public_key), &schemes[i], over, buf_slice(&signature)));
            CHECK_ERR(ERR_FORGED, rsa_verify(buf_slice(&public_key), &schemes[i], slice_from(over, 1), buf_slice(&signature)));
            CHECK_ERR(ERR_FORGED, rsa_verify(buf_slice(&public_key), &schemes[i], over, SLICE_NONE));
        }
        struct rsa_scheme huge = {true, HASH_SHA2_256, 4000};
        cleanup_buf struct buf sealed = BUF_INIT(RSA_MAX_BYTES), plain = BUF_INIT(RSA_MAX_BYTES), none = BUF_INIT(RSA_MAX_BYTES);
        uint8_t digest[HASH_MAX_BYTES], text[512] = {0};
        CHECK_ERR(ERR_INVALID, rsa_sign(buf_slice(&key), &huge, digest_of(HASH_SHA2_256, digest), &none));
        CHECK_ERR(ERR_NONE, rsa_encrypt(buf_slice(&public_key), HASH_SHA2_256, SLICE_NONE, &sealed));
        CHECK_ERR(ERR_NONE, rsa_decrypt(buf_slice(&key), HASH_SHA2_256, buf_slice(&sealed), &plain));
        CHECK_U64(0, plain.len);
        CHECK_ERR(ERR_TOO_LARGE, rsa_encrypt(buf_slice(&public_key), HASH_SHA2_256, slice_of(text, bits / 8 - 65), &none));
        struct slice numbers[RSA_NUMBERS];
        CHECK_ERR(ERR_NONE, rsa_numbers(buf_slice(&key), numbers));
        CHECK_ERR(ERR_NONE, rsa_from_numbers(numbers, &again));
        CHECK(slice_equal(buf_slice(&key), buf_slice(&again)));
    }
}

TEST(what_is_no_rsa_key_is_refused)
{
    cleanup_buf struct buf a, b;
    struct slice private_key = hex(&a, key_hex), public_key = hex(&b, public_hex);
    unsigned bits;
    for (size_t len = 0; len < private_key.len; len += 7) {
        CHECK_ERR(ERR_INVALID, rsa_check_private(slice_first(private_key, len), false, &bits));
    }
    a.data[a.len / 2] ^= 1; /* within a prime */
    CHECK_ERR(ERR_INVALID, rsa_check_private(private_key, true, &bits));
    CHECK_ERR(ERR_INVALID, rsa_check_public(private_key, &bits));
    CHECK_ERR(ERR_INVALID, rsa_check_public(SLICE_NONE, &bits));
    b.data[b.len - 1] = 0; /* an even exponent */
    CHECK_ERR(ERR_INVALID, rsa_check_public(public_key, &bits));
}

TEST_MAIN
