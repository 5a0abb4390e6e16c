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

/* What Wycheproof's tests of RSA are about, made with this key: messages that a careless check would take. PKCS #1 v1.5 over SHA-256 of "abc". */
static const struct {
    const char *what;
    enum err err;
    const char *hex;
} forgeries[] = {
    {"the signature itself", ERR_NONE,
     "0cf267edb53d2551727302eabb102bf4b69456e7259616306d66bde8a717ff7a39cf373545564e61d2089a80aecc032b022195f64f5b9644e531538fbd0f647a3f4b616c8be60dc0570b16"
     "0ecee0d930d4c92e9c83432804197a5af8cfc1b7717412bf1691f44783e9676ae9f6ed973224049b7fb15313f3e6dbcdfa575506d3f417e14a678245e4b07dd3b87e652f2e953eb28d57f0"
     "f6fa49b0e109291358621102fe5f4014ed182845cc05fd4c9f1ce76632f33c53e781f1f456ff78e843904cd032dddb47b2e65f4f4b9d72aff678305040ec9e74cbbfbbc4588e468d0c0fdd"
     "87eb55429847f66850a16ef21f882446a547ce01965ed7a1d4ff2ce1f18b3e"},
    {"NULL is left out of the name", ERR_FORGED,
     "812bdd58888245008009974de711260a33878b1813ea613ee76395d5b70170f9d746bf79b9e1af7c500f8a8ce10e29ca15a481c3ac42808cc6a8d5e01dfbd0ba6b7f5a8f4a6379a31aafda"
     "8dcaa19cad2532b620519d6538d7d01adb30b4d172a0c934ba169d53cc70647b45030ca11fda6e91864cd23ebc75d0f09c2dd1ff702ff6616fd86a7504376f42aefbf086d70a46abcec1b1"
     "dda959b62f848e829e1be07c1d1fa853529b6f3e4b6c0d6477767578f1a2cc197dabc7f082cf35d4e035ce54fe1c0c64dd8d6b6c8eb0c4d382e2298df1d97b29035db6cc70d1816a54b6d8"
     "4d07f6690a7c17f6a00ccf98f74aa35ca2e2afa5c416c64a60689fee24c547"},
    {"a length in long form", ERR_FORGED,
     "8c5b41b0afee9f4faa5ad1cc12a9aa72cd85ed6ab69c59f7ec139ed1171dcdcafd220b7ed53bebf8bc31f05a4140e6b90d1baad741d2b2399b6e557f8cfcf512c78911451400eecd07f19a"
     "b3b46ffe10e6f832cedb336a07ac7e32384ad86f06eebf2b0cf082ceafd4c5e78ca5b94653804ddabeb13a3923722127ba808059d8242d0e17346d7159bb40d3bdefcec2cc44d06b0298f6"
     "26ce234f2f32d2fd62f2b418c100821d71d8c7743108babb4a8303aa016fe5aae55ca09dd17e79d94cc3966cd8cc4e6bc64a5edcac1730bf7d4b78f55dcd48ed575375d50d24cc88fd28a6"
     "7fd216da97622999304e9ea76de74c56f5fa76b608309b6069c5da95ad4c0e"},
    {"eight bytes of padding, and something behind the digest", ERR_FORGED,
     "4d589767c801171ddcb2689dee3ea85c7b5f7455c896eca38551ecc20d2e68c76610b2dc5df5bbac73b62a6ccb23c18f794c7112e9dadd5edd407b851cd2e165a06b20d390c6ff5156d5d2"
     "25319be19e7fd3e62807a62ede354168a219bf0c422e13384da7edd7ac3a95de6e2d6264e198cab5c505bcab37da331ce81dbcf3d7d10922f5ca1592bbd9d290003c3515dc2ba41268d8b2"
     "7de724fb13b8d4edfe15a501c0c9ee6484d2189c5c7f4b073d75bdaae737163d0ab70388e47e7aea1a9b49eb74830002dcfaf588c48e7007c95931d3eaf6e378fae674c358f2f73570eb7e"
     "983dbfad34df2ba92f0ff7a5a1067c8a5e2d10bcc5574bd7e8b3781dfc9dce"},
    {"padding of another byte", ERR_FORGED,
     "46e2436e99f7993f42536c7a3d5092a642c584932792c0f252673f07b0bf7bd8f2b7e0b7ba5f53caef74ba4d3cb32b04e7ff707e03167fab1584ed822bd55b6ea818af79dd61434588c2b6"
     "27c6e49191664ac3d6913713454cca007876850e29bc116815a575ee9ddda913b557ff8c93bb4d03e4bf04db203a42a1339da671e66ee49826a661c38bd2bd66dbce6cffcc423032687e83"
     "47f4f8d3aea7faba081a5242591fb9719bfab2ec3821df4a70057f67cf6f72b3e87b8fed2078bf9fcaa5f33362e1dc58bd08b0038852ac7782ea7ac8c61e302cbe96ff62ef99fd76ca0943"
     "fcc1d6941f134a54ec887b637f19814806ca99a21bf22416dff75658e8a4ac"},
    {"padding of block type 2", ERR_FORGED,
     "2467213de3c42ba672d805b7c46e37a678c870418435465a7a74a6398d65edba2a3faaa850ec83937f32a1cd643819f6d1c376496368a4dcbee70b8c6cda8ac6d999bfbfcb24fdf877b0c3"
     "4f1c6cb9ece85e2a60c2633cbdc9f280b66e56c3c3968e17f2b839d8fa7b37e4fb41fcc4b49fa7009dbe06f9e53f8a585843c224b7e6e13c17f7e4022ba1b96a086a779ba0f1c4893cf450"
     "24604766f42f359bb609b794de2d50af96642b8c449f630ec19ed8c1cbeb4f90833128b7ed7c822f4e09614a4aa5c5dec0bc709e5f6eab9612d890ec35481a9f4b5920c92bf99581952e1a"
     "090ec307ce2a2ae1e39acd81955138fa8ae0ac762235b5a0ab3a93beb1ef27"},
    {"a first byte that is not zero", ERR_FORGED,
     "5d357884885efad532298c7c08483d57fd81337a52eb2c78010004326e3fc142b7c8ea1e8a439a2986eeaa4ed4b9780478b9e4807cc21c6f2549159489adbb33033a2b239864f574734d35"
     "d0f841b98b68247ef04db23055a3f3f3f437f7726d9facc41348cb33e9cdf394d9f0ab0c4c43ee4e218376f73c1c931046cd6c570d0c9c71bf62d1978144eb9f8cd9542901c637fe4fa446"
     "365bee82185a49b5c14fa4ed9958746470609cdda70726486fce8101ded5efc89b0e0af9a7f4a76741ea2493c00927a375d0da42377dabe12b3d943d0fd51ae33f5027a752930f15547624"
     "442519ad4a8d588edc41543353b0cf873fa75b0acc7e27ad1a4d16ae7c4022"},
    {"another hash's name", ERR_FORGED,
     "4358877e65dc8cde325810349477467bda15fe8de37964fcacc40d0333297da312f3263e1eb5464f13a6a30fe43252b73cd01a1f07869407890e564ee777db7510312bf2c2917f5da0f96a"
     "da2c70fcc56b6a61012957ae282f5f297ed97da1a63112703b8367c5dbfc813aabe6f57204126ef5dbdde8806e283a7f6d426d3a33246117076e6d9a83f831e36925404640864d512d7ca0"
     "dc43faa6a607d5c06ad6486289638119d837065b6cfcb28273747176fa364edf5780d3629c71f550aabbc0fc77d243e49a8d8b0db81c11bb0cb0e02749ad1b306c4f4d41e40576b73401e7"
     "ff786987e2073256f2aad3c5e42ad53598ec6647ab5745ee4bfc82471fb98c"},
    {"the digest alone", ERR_FORGED,
     "5a29d8e579293d4f2af7ba619a10a47d013ff766452b9ccf155f8e849c824d2bb14d2621569f9cb3434346b483869e7f1c41e7d1c60717700b33ab4f52589b1bcf89633317f875a4c86922"
     "f6980f25d14d215a53b59fb7c53c4a9f6b59a1b45919bc64c8cc545d8d0fb2761dc846972f3f36465c71ac79281eb35ba17b072814e300d12067e3aaa8d6cc67307f8276b2354492c89f93"
     "0193f4355e97dca382ff816870e092322308e0a86588c0ff42d12c4980b004d98e31a3c4f7c4f744be85639f10810693824ba29abae66aa607277c96f5aad0612c122c628e5cf13a3284d0"
     "19ff0cde5b73b0a66279b27ea3cf44c0ce42d80a5877abe195dea3d941ee99"},
    {"zero", ERR_FORGED,
     "000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000"
     "000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000"
     "000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000"
     "00000000000000000000000000000000000000000000000000000000000000"},
    {"one", ERR_FORGED,
     "000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000"
     "000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000"
     "000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000"
     "00000000000000000000000000000000000000000000000000000000000001"},
    {"the signature and the modulus added to it", ERR_FORGED,
     "00aa797e26702a836590bc824a042d8509777ab61e5468dd78ae63b3ff9f2e5a7e49f74ac1b7b64739bb69fc90310e71b6c00a5aaabe5df715fddf6debe02e19a14156e36f280d08da8df8"
     "a8ac90148917f7821a40777852b5eafbacde46940a897fe3dd4ac533ce24f706dd199ad73eb3942a4ef2fc18a781c0c455a5367bd51640f7271acb1c673229e12a4fbe23081d2f2f702188"
     "a221d2656728b445890f7ee546f80cd7226d48b81ce8754b31f92ed58931e91a4a57389e5d7a59ac076f8b4d988567973456248157fb7f7263294ad322a4e692d4081cb9c2f774d59d8160"
     "ecc0e9851b8d2f8c9cc75779602b7dc3c0d9a8db6bb39970394eca655dd37489"},
};

TEST(signatures_that_a_careless_check_would_take)
{
    static const struct rsa_scheme scheme = {false, HASH_SHA2_256, 0};
    uint8_t digest[HASH_MAX_BYTES];
    cleanup_buf struct buf b;
    struct slice public_key = hex(&b, public_hex), over = digest_of(HASH_SHA2_256, digest);
    for (size_t i = 0; i < sizeof forgeries / sizeof forgeries[0]; i++) {
        cleanup_buf struct buf signature;
        CHECK_ERR(forgeries[i].err, rsa_verify(public_key, &scheme, over, hex(&signature, forgeries[i].hex)));
    }
}

/* OAEP with SHA-256 of "abc". */
static const struct {
    const char *what;
    enum err err;
    const char *hex;
} wrappings[] = {
    {"as it should be", ERR_NONE,
     "722f40d6998f1b1009e1275bd5e81fa5e54a357bcab65ec041a7a3fa6e2049430eaf76538d4fc9f1dceb159c28ee5899a8126020623402311e9a41ec99bd9a17077afb8a22618458f9bb28"
     "57031d89fab1a111984c15ef8717c548d3f51d74b9bb7b83a2a2f5e346fd47d02baad4ad4724169213146663e733e766dc46016840522e64322df622591949e00a01273358d22f5b66aa97"
     "873a0448cc08075a49e44e61d2d7790e28561a6581c5de2598d4b142b4df34f737125575037d182693915e3e76d6d1fc79713ffd714afd66eb79cd2f0a1db0f19cf1cf79497946ab913a1b"
     "6a454bbdb1418d1662859c971687c4f313fd965e46b586fbe66da3f73b38ab"},
    {"a first byte of one", ERR_FORGED,
     "937ba7497c0c7c5785123af20f5d096e6a595f4ef3ceb5afe464718003b1806ae5336491b7343f5b14044bc0e796d5b45c60967ea7de2caca7befe5fb4071a681458094108975287b4c314"
     "0a817ea1b3ebfcf05ce63510b71b169a7f7ff4d5806bc2e06f06203bffa484150a5f909f0f0559d932e06fb75795aea8316c15e6da20d5ca3521f85614418e9d4c55e8a8c823f2a26234ce"
     "c740d3c38f7813ac1a42acc471835b1c4272169846d36553f45b310eaef06249bde6ca0fb86d488a44d2ab0c2702802326fbf3b3c1cd406c5b253bd950fd70d8a3ae6d3d5ca00fa5acb07d"
     "837547ca9e39df3bdc565ea59ad693e3b4af28f0450e214b629008f64efeca"},
    {"the hash of another label", ERR_FORGED,
     "737ec310e96f7cc15915cefec74a3d0fc60de4beabae38bab6282d6bb0281421ba9853714f3eeb954d3736d2c768b16937c0eb7f1bf695a0c52fa35ee487f2a24fb3f3a21448c34bcee8ea"
     "59bc946a651bbb38c001e8a50195aaf86b9dd543be26f2bd81ba33173da6b5455fdd02b552b71deb533e90126143f1a5cfec633ce589139c5a7d6c9b5fd775d913f2e8b5c95428aa91aa93"
     "3bc6fcbfacf4f6e998103491189776c7bc372db7bb8ea4a07f2f8e799c6c5c57f92a69774b77d452eaa22fb2aa512ea48082a54311ceebc6829fafc875a4f7d558ed6fe2d6c2250f15fd5d"
     "12a2a1ede71bee4d52506234a2211e7a0be8ade6ebf72b0c49dd0c9829f8d0"},
    {"no one before the text", ERR_FORGED,
     "7a4303d51a3a6449669efecf70ea91b15de192a1f1bfd62b4acb26378b0e54b13dd16a4efdbd6e181c9f5499261b2f476345c7ea5964d84ee2e8cb127bc5d33cfe920551c031f2cafdc46f"
     "a323d0abb0b91b389873be75df9cb784c524a590f39b89f7b2088cbb495a962b2848b6c6a17011afed48a60846076652247d0c0403e872f3d6bf61b226bbb27d7ea74d5992a01922ecffca"
     "de67efe74e749eab79130036f9e5f32dd28561cf3fa6a9aece995d9e0da6e6254584990074b4f94f39b956b26ead2914da13ef36e18cd852854d4f1df51c1785384f7e5e90f56a0608ed44"
     "92c86177f9bb03935d0b7e194f1ad5c138bdcb8f211bafae23d1fa6a565182"},
    {"a two before the text", ERR_FORGED,
     "479eeca2a3c4a721a55a90f36cadbe13670e8b7bd6b527e4247a4d683f0954815c215304efe541bad1cce5ef2ea80c2980c25d1776fe2dc394014d1c7eaf2cb7a00bce31249c70e733985a"
     "af1e806b4eb9956ee897f234439e7b7e0ae227ac3cd0158056ee16556be0a8e903bc4fa69caaaa817906d8df3fe64729fa3de1644f25490357d405ea41b9edee3cd1b7ad527d4c68b58bac"
     "464d9fbfc69a79fb93b9e9db102fb3aac79b016eea32525de7c2d948cd220712e83192be825137781f248297b505f0d8f3d0ec1986cc4a402e36b4cb54db545124b7727922014ebbf5864e"
     "15c959488f8b9ec9a09dc8715bd9d278e191533d6bf2f4c2a6cafbb317a277"},
    {"padding that is not zero", ERR_FORGED,
     "7a4de0c4440ade47017efb2d3c7a00bbf89d5887d9ab0a11ae970e286ceab25076e53e7e75db30ab85970a73af05bdf18824ca5af7e5221833ea5c8cc2899327b9fb6e479cabf9951f5fc7"
     "f8737280e70c30955c41fd84ff2441e7f021e1ab5013b5b33273e2f6ba6fa67bd302f65ee345fd4eea535e9134c83f367ea589cb578c957171e9d24ed9659851c45406d7f0115ec980e132"
     "b3b99ef9126f818600ab8d7ccdc63145c4704aff955f23d606c4f99fee79176187bcdea7272ab5cfe98dcc8a87318f707176c9a66c8b6d000b7562355de8139b841e175719c8123fa80fa8"
     "434ccb9b952979194dc96e0e08951cc880195eda98fc608dda34a805d3d031"},
    {"nothing but zeros", ERR_FORGED,
     "000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000"
     "000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000"
     "000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000"
     "00000000000000000000000000000000000000000000000000000000000000"},
};

TEST(encryptions_that_a_careless_check_would_take)
{
    cleanup_buf struct buf a, first = BUF_INIT(2 * RSA_MAX_BYTES);
    struct slice private_key = hex(&a, key_hex);
    for (size_t i = 0; i < sizeof wrappings / sizeof wrappings[0]; i++) {
        cleanup_buf struct buf sealed;
        CHECK_ERR(wrappings[i].err, rsa_decrypt(private_key, HASH_SHA2_256, hex(&sealed, wrappings[i].hex), &first));
    }
    CHECK_SLICE("abc", buf_slice(&first));
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
