/*
 * Images in a registry (OCI distribution specification, Docker Registry HTTP API v2): the manifest by tag or digest, of an index the one of the platform, the
 * configuration, and every layer, which streams through layer.c and is held against its digest. Nothing is kept of a layer but what layer.h says.
 *
 *   GET /v2/NAME/manifests/REFERENCE --401, WWW-Authenticate: Bearer realm=… --> GET realm (same place as the source, or its token address) --> again with the token
 *   manifest --> GET /v2/NAME/blobs/CONFIG, GET /v2/NAME/blobs/LAYER …
 *
 * With the option `layout` the address is the folder of an OCI image layout (image-layout.md) that any web server gives out, and images are names of its index:
 *   GET oci-layout, index.json, blobs/sha256/MANIFEST, blobs/sha256/CONFIG, blobs/sha256/LAYER …
 *
 * Redirects are not followed: a registry that keeps its blobs elsewhere must be told to serve them itself (registry: storage.redirect.disable).
 */
#include "collect/source_other.h"

#include "base/encode.h"
#include "collect/fact.h"
#include "collect/layer.h"
#include "collect/source_kinds.h"
#include "collect/source_run.h"

#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>

enum {
    IMAGES_MAX_COUNT = 20, LAYERS_MAX_COUNT = 127, DOCUMENT_MAX_BYTES = 4 << 20, LOGIN_MAX_BYTES = 16 << 10, URL_MAX_BYTES = 2048,
    TIMEOUT_DEFAULT_MS = 110000, TIMEOUT_MAX_MS = 120000, TREE_MAX_BYTES = 32 << 20, DIGEST_TEXT_BYTES = 71, PLANTED_MS = 10000, NAME_MAX_BYTES = 255,
};

static const char accept_types[] = "Accept: application/vnd.oci.image.index.v1+json, application/vnd.oci.image.manifest.v1+json, "
                                   "application/vnd.docker.distribution.manifest.list.v2+json, application/vnd.docker.distribution.manifest.v2+json";

struct registry_run {
    struct arena *arena;
    struct source_wire wire;
    const struct json *credential, *options;
    struct source_address address, token_address;
    bool is_layout;
    struct buf login;               /* "Authorization: …", NUL-terminated; empty: none. Wiped when freed */
    int64_t deadline_ms;
    const char *stopped;
};

/* -- requests ----------------------------------------------------------------------------------------------------------------- */

static const char *good_reply(unsigned status)
{
    return status == 200 ? NULL : source_status_reason(status);
}

static const char *exchange(struct registry_run *run, const char *url, http_sink_fn sink, void *sink_context, struct http_reply *reply)
{
    const char *headers[3] = {accept_types, run->login.len > 0 ? (const char *)run->login.data : NULL, NULL};
    int64_t left_ms = run->deadline_ms - source_mono_ms();
    struct complaint complaint = {0};
    if (left_ms <= 0) {
        run->stopped = "source.timeout";
        return run->stopped;
    }
    struct http_request request = {
        .method = "GET", .url = url, .headers = headers, .allow_plain = run->address.plain, .refuse_link_local = true, .timeout_ms = (unsigned)left_ms,
        .pinned_pem = json_text(run->options, "pinned_pem", SLICE_NONE), .authorities_pem = json_text(run->options, "authorities_pem", SLICE_NONE),
        .reply_max_bytes = DOCUMENT_MAX_BYTES, .sink = sink, .sink_context = sink_context,
    };
    enum err err = run->wire.ask(run->wire.context, &request, reply, &complaint);
    return err != ERR_NONE ? source_transport_reason(err, NULL) : NULL;
}

/* name="value" of WWW-Authenticate. */
static struct slice parameter(struct slice header, const char *name)
{
    size_t len = strlen(name);
    for (size_t i = 0; i + len + 2 < header.len; i++) {
        bool begins = i == 0 || header.data[i - 1] == ' ' || header.data[i - 1] == ',';
        if (begins && slice_starts_caseless(slice_from(header, i), slice_string(name)) && header.data[i + len] == '=' && header.data[i + len + 1] == '"') {
            struct slice value = slice_from(header, i + len + 2);
            return slice_first(value, slice_find_byte(value, '"'));
        }
    }
    return SLICE_NONE;
}

static enum err set_basic(struct registry_run *run)
{
    struct slice user = json_text(run->credential, "user", SLICE_NONE), password = json_text(run->credential, "password", SLICE_NONE);
    cleanup_buf struct buf pair = BUF_INIT(4096);
    buf_clear(&run->login);
    if (user.len == 0) {
        return ERR_NONE;
    }
    enum err err = buf_append(&pair, user);
    err = err == ERR_NONE ? buf_append_byte(&pair, ':') : err;
    err = err == ERR_NONE ? buf_append(&pair, password) : err;
    err = err == ERR_NONE ? buf_append_string(&run->login, "Authorization: Basic ") : err;
    err = err == ERR_NONE ? base64_encode(&run->login, buf_slice(&pair)) : err;
    return err == ERR_NONE ? buf_append_byte(&run->login, '\0') : err;
}

static bool is_token(struct slice token)
{
    for (size_t i = 0; i < token.len; i++) {
        if (token.data[i] <= 0x20 || token.data[i] >= 0x7f) {
            return false;
        }
    }
    return token.len > 0 && token.len < LOGIN_MAX_BYTES - 64;
}

static const char *read_token(struct registry_run *run, const struct http_reply *reply)
{
    cleanup_arena struct arena *tree_arena = arena_new(TREE_MAX_BYTES);
    struct json *tree = NULL;
    if (tree_arena == NULL || json_read(tree_arena, buf_slice(&reply->body), &tree, NULL) != ERR_NONE) {
        return "source.malformed";
    }
    struct slice token = json_text(tree, "token", json_text(tree, "access_token", SLICE_NONE));
    buf_clear(&run->login);
    enum err err = is_token(token) ? buf_append_string(&run->login, "Authorization: Bearer ") : ERR_INVALID;
    err = err == ERR_NONE ? buf_append(&run->login, token) : err;
    err = err == ERR_NONE ? buf_append_byte(&run->login, '\0') : err;
    return err == ERR_NONE ? NULL : "source.wrong-shape";
}

/* Asks for the token that the registry wants, for reading alone. */
static const char *log_in(struct registry_run *run, struct slice challenge, struct slice name)
{
    struct slice realm = parameter(challenge, "realm"), service = parameter(challenge, "service");
    struct source_address address;
    cleanup_buf struct buf url = BUF_INIT(URL_MAX_BYTES);
    if (!slice_starts_caseless(challenge, SLICE_LITERAL("Bearer "))) {
        return set_basic(run) == ERR_NONE && run->login.len > 0 ? NULL : "source.unauthorised";
    }
    if (source_address_read(realm, &address) != ERR_NONE || !(source_address_same(&address, &run->address) || source_address_same(&address, &run->token_address))) {
        return "source.led-elsewhere";
    }
    enum err err = buf_append(&url, realm);
    err = err == ERR_NONE ? buf_append_string(&url, slice_find_byte(realm, '?') == SIZE_MAX ? "?scope=repository%3A" : "&scope=repository%3A") : err;
    err = err == ERR_NONE ? source_escape(&url, name) : err;
    err = err == ERR_NONE ? buf_append_string(&url, "%3Apull&service=") : err;
    err = err == ERR_NONE ? source_escape(&url, service) : err;
    err = err == ERR_NONE ? buf_append_byte(&url, '\0') : err;
    err = err == ERR_NONE ? set_basic(run) : err;
    struct http_reply reply = HTTP_REPLY_NONE;
    const char *reason = err != ERR_NONE ? "source.too-large" : exchange(run, (const char *)url.data, NULL, NULL, &reply);
    reason = reason == NULL ? good_reply(reply.status) : reason;
    reason = reason == NULL ? read_token(run, &reply) : reason;
    http_reply_free(&reply);
    return reason;
}

static const char folder_file[] = "file"; /* beside "manifests" and "blobs": a file of a layout by its name */

/* "/v2/NAME/KIND/REFERENCE"; of a layout the file's path, where a manifest is a blob like others. */
static char *url_of(const struct registry_run *run, struct slice name, const char *kind, struct slice reference)
{
    struct slice origin = run->address.origin, folder = run->address.target;
    if (!run->is_layout) {
        return arena_printf(run->arena, "%.*s/v2/%.*s/%s/%.*s", (int)origin.len, (const char *)origin.data, (int)name.len, (const char *)name.data, kind, (int)reference.len,
                            (const char *)reference.data);
    }
    while (folder.len > 0 && folder.data[folder.len - 1] == '/') {
        folder.len--;
    }
    bool is_file = strcmp(kind, folder_file) == 0;
    struct slice last = is_file ? reference : slice_from(reference, 7); /* without "sha256:" */
    return arena_printf(run->arena, "%.*s%.*s/%s%.*s", (int)origin.len, (const char *)origin.data, (int)folder.len, folder.len == 0 ? "" : (const char *)folder.data, is_file ? "" : "blobs/sha256/",
                        (int)last.len, (const char *)last.data);
}

/* Logs in when it must, once. With a sink the body goes there. */
static const char *get(struct registry_run *run, struct slice name, const char *kind, struct slice reference, http_sink_fn sink, void *sink_context, struct http_reply *reply)
{
    const char *url = url_of(run, name, kind, reference);
    const char *reason = url == NULL ? "source.too-large" : exchange(run, url, sink, sink_context, reply);
    if (reason == NULL && reply->status == 401) {
        struct slice challenge = arena_copy(run->arena, http_reply_header(reply, "WWW-Authenticate"));
        http_reply_free(reply);
        *reply = HTTP_REPLY_NONE;
        reason = log_in(run, challenge, name);
        reason = reason == NULL ? exchange(run, url, sink, sink_context, reply) : reason;
    }
    return reason == NULL ? good_reply(reply->status) : reason;
}

/* -- digests and names ---------------------------------------------------------------------------------------------------------- */

static bool is_digest(struct slice text)
{
    for (size_t i = 7; i < text.len; i++) {
        if (!((text.data[i] >= '0' && text.data[i] <= '9') || (text.data[i] >= 'a' && text.data[i] <= 'f'))) {
            return false;
        }
    }
    return text.len == DIGEST_TEXT_BYTES && slice_starts(text, SLICE_LITERAL("sha256:"));
}

static bool digest_is(const uint8_t *sha256_digest, struct slice text)
{
    cleanup_buf struct buf hex = BUF_INIT(64);
    return hex_encode(&hex, slice_of(sha256_digest, 32)) == ERR_NONE && slice_equal(buf_slice(&hex), slice_from(text, 7));
}

static bool body_is(const struct http_reply *reply, struct slice digest)
{
    uint8_t own[32];
    return EVP_Digest(reply->body.data == NULL ? (const uint8_t *)"" : reply->body.data, reply->body.len, own, NULL, EVP_sha256(), NULL) == 1 && digest_is(own, digest);
}

/* "shop/web:1.2", "shop/web@sha256:…". Names as the specification has them; what else it were would lead into other paths. */
static bool split_reference(struct slice text, struct slice *ret_name, struct slice *ret_reference)
{
    size_t at = slice_find_byte(text, '@'), colon = slice_find_byte(text, ':');
    size_t cut = at != SIZE_MAX ? at : colon;
    *ret_name = slice_first(text, cut);
    *ret_reference = cut == SIZE_MAX ? SLICE_LITERAL("latest") : slice_from(text, cut + 1);
    for (size_t i = 0; i < ret_name->len; i++) {
        uint8_t byte = ret_name->data[i];
        bool part = byte == '/' && i > 0 && i + 1 < ret_name->len && ret_name->data[i - 1] != '/' && ret_name->data[i + 1] != '.';
        if (!part && !byte_is_among(byte, i == 0 ? ASCII_LOWER ASCII_DIGITS "-_" : ASCII_LOWER ASCII_DIGITS "-_.")) {
            return false;
        }
    }
    bool is_tag = slice_consists_of(*ret_reference, ASCII_LETTERS ASCII_DIGITS "_-.") && !slice_starts(*ret_reference, SLICE_LITERAL("-")) && !slice_starts(*ret_reference, SLICE_LITERAL("."));
    return ret_name->len > 0 && ret_name->len <= 255 && ret_reference->len > 0 && ret_reference->len <= 128 && (at == SIZE_MAX ? is_tag : is_digest(*ret_reference));
}

/* -- layers ------------------------------------------------------------------------------------------------------------------------ */

struct layer_stream {
    struct layer_image *image;
    EVP_MD_CTX *digest;
    enum err err;
};

static bool take_layer(void *context, struct slice bytes)
{
    struct layer_stream *stream = context;
    stream->err = EVP_DigestUpdate(stream->digest, bytes.data, bytes.len) == 1 ? layer_feed(stream->image, bytes) : ERR_CRYPTO;
    return stream->err == ERR_NONE;
}

static bool pack_of(struct slice media_type, enum layer_pack *ret_pack)
{
    static const struct {
        struct slice end;
        enum layer_pack pack;
    } rows[] = {{SLICE_INIT("tar+gzip"), LAYER_GZIP}, {SLICE_INIT("tar.gzip"), LAYER_GZIP}, {SLICE_INIT("tar+zstd"), LAYER_ZSTD}, {SLICE_INIT("tar.zstd"), LAYER_ZSTD}, {SLICE_INIT(".tar"), LAYER_TAR}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (slice_ends(media_type, rows[i].end)) {
            *ret_pack = rows[i].pack;
            return true;
        }
    }
    return false;
}

static const char *read_layer(struct registry_run *run, struct slice name, const struct json *descriptor, struct layer_image *image)
{
    struct slice digest = json_text(descriptor, "digest", SLICE_NONE);
    struct layer_stream stream = {image, EVP_MD_CTX_new(), ERR_NONE};
    struct http_reply reply = HTTP_REPLY_NONE;
    enum layer_pack pack;
    const char *reason = NULL;
    uint8_t own[32];
    if (!is_digest(digest) || !pack_of(json_text(descriptor, "mediaType", SLICE_NONE), &pack)) {
        reason = is_digest(digest) ? "image.layer-unknown" : "source.wrong-shape";
    } else if (stream.digest == NULL || EVP_DigestInit_ex(stream.digest, EVP_sha256(), NULL) != 1 || layer_begin(image, pack) != ERR_NONE) {
        reason = "source.too-large";
    }
    reason = reason == NULL ? get(run, name, "blobs", digest, take_layer, &stream, &reply) : reason;
    if (stream.err != ERR_NONE) {
        reason = stream.err == ERR_TOO_LARGE ? "source.too-large" : "source.malformed";
    }
    if (reason == NULL) {
        bool same = EVP_DigestFinal_ex(stream.digest, own, NULL) == 1 && digest_is(own, digest);
        reason = !same ? "image.digest-differs" : layer_end(image) == ERR_NONE ? NULL : "source.malformed";
    }
    EVP_MD_CTX_free(stream.digest);
    http_reply_free(&reply);
    return reason;
}

static const char *read_layers(struct registry_run *run, struct slice name, const struct json *manifest, struct json *item)
{
    const struct json *layers = json_member(manifest, "layers");
    struct layer_image *image = layer_image_new();
    const char *reason = image == NULL || layers == NULL || layers->type != JSON_ARRAY || layers->count > LAYERS_MAX_COUNT ? "source.wrong-shape" : NULL;
    uint64_t packed_bytes = 0;
    for (const struct json *layer = reason == NULL ? layers->first : NULL; layer != NULL && reason == NULL; layer = layer->next) {
        uint64_t size = 0;
        packed_bytes += json_u64(layer, "size", &size) == ERR_NONE && size < UINT64_C(1) << 50 ? size : 0;
        reason = read_layer(run, name, layer, image);
    }
    if (reason == NULL) {
        struct layer_summary summary = layer_summary(image);
        json_set_u64(run->arena, item, "layers", layers->count);
        json_set_u64(run->arena, item, "packed_bytes", packed_bytes);
        json_set_u64(run->arena, item, "unpacked_bytes", summary.unpacked_bytes);
        json_set_u64(run->arena, item, "entries", summary.entries);
        json_set_string(run->arena, item, "from", slice_string(summary.from));
        json_set_u64(run->arena, item, "shells", summary.shells);
        if (strcmp(summary.from, "rpm") != 0) {
            json_set_u64(run->arena, item, "packages", summary.packages);
        }
    }
    layer_image_free(image);
    return reason;
}

/* -- manifests ----------------------------------------------------------------------------------------------------------------------- */

/* A document of the registry as a tree; by digest it must be that one. */
static const char *read_document(struct registry_run *run, struct slice name, const char *kind, struct slice reference, struct arena *tree_arena, struct json **ret_tree, struct json *item)
{
    struct http_reply reply = HTTP_REPLY_NONE;
    const char *reason = get(run, name, kind, reference, NULL, NULL, &reply);
    if (reason == NULL && is_digest(reference) && !body_is(&reply, reference)) {
        reason = "image.digest-differs";
    }
    if (reason == NULL && (json_read(tree_arena, buf_slice(&reply.body), ret_tree, NULL) != ERR_NONE || (*ret_tree)->type != JSON_OBJECT)) {
        reason = "source.malformed";
    }
    if (reason == NULL && item != NULL) {
        uint8_t own[32];
        cleanup_buf struct buf hex = BUF_INIT(128);
        bool done = EVP_Digest(reply.body.data, reply.body.len, own, NULL, EVP_sha256(), NULL) == 1 && buf_append_string(&hex, "sha256:") == ERR_NONE &&
                    hex_encode(&hex, slice_of(own, sizeof own)) == ERR_NONE;
        json_set_string(run->arena, item, "digest", done ? buf_slice(&hex) : SLICE_NONE);
    }
    http_reply_free(&reply);
    return reason;
}

static const struct json *of_platform(const struct registry_run *run, const struct json *index)
{
    struct slice wanted = json_text(run->options, "platform", SLICE_LITERAL("amd64"));
    const struct json *manifests = json_member(index, "manifests");
    for (const struct json *one = manifests != NULL && manifests->type == JSON_ARRAY ? manifests->first : NULL; one != NULL; one = one->next) {
        if (slice_equal(json_text(json_member(one, "platform"), "architecture", SLICE_NONE), wanted)) {
            return one;
        }
    }
    return NULL;
}

static void keep_config(struct registry_run *run, const struct json *config, struct json *item)
{
    const struct json *inner = json_member(config, "config"), *entry = json_member(inner, "Entrypoint");
    fact_set_text(run->arena, item, "user", json_text(inner, "User", SLICE_NONE), 128);
    fact_set_text(run->arena, item, "architecture", json_text(config, "architecture", SLICE_NONE), 32);
    struct json *list = json_set_array(run->arena, item, "entrypoint");
    for (const struct json *word = entry != NULL && entry->type == JSON_ARRAY ? entry->first : NULL; word != NULL && list != NULL && list->count < 16; word = word->next) {
        json_append(list, json_string(run->arena, fact_text(run->arena, word->text, 256)));
    }
}

/* The digest of the image that a layout's index calls so; by digest, what its index holds of it. */
static const char *find_in_layout(struct registry_run *run, struct slice wanted, struct arena *tree_arena, struct slice *ret_digest)
{
    struct json *layout = NULL, *index = NULL;
    const char *reason = read_document(run, SLICE_NONE, folder_file, SLICE_LITERAL("oci-layout"), tree_arena, &layout, NULL);
    if (reason == NULL && !slice_starts(json_text(layout, "imageLayoutVersion", SLICE_NONE), SLICE_LITERAL("1."))) {
        reason = "source.wrong-shape";
    }
    reason = reason == NULL ? read_document(run, SLICE_NONE, folder_file, SLICE_LITERAL("index.json"), tree_arena, &index, NULL) : reason;
    const struct json *manifests = reason == NULL ? json_member(index, "manifests") : NULL;
    for (const struct json *one = manifests != NULL && manifests->type == JSON_ARRAY ? manifests->first : NULL; one != NULL; one = one->next) {
        struct slice digest = json_text(one, "digest", SLICE_NONE), name = json_text(json_member(one, "annotations"), "org.opencontainers.image.ref.name", SLICE_NONE);
        if (slice_equal(digest, wanted) || (name.len > 0 && slice_equal(name, wanted))) {
            *ret_digest = digest;
            return is_digest(digest) ? NULL : "source.wrong-shape";
        }
    }
    return reason == NULL ? "source.not-found" : reason;
}

static const char *read_image(struct registry_run *run, struct slice name, struct slice reference, struct json *item)
{
    cleanup_arena struct arena *tree_arena = arena_new(TREE_MAX_BYTES);
    struct json *manifest = NULL, *config = NULL;
    if (tree_arena == NULL) {
        return "source.too-large";
    }
    const char *reason = run->is_layout ? find_in_layout(run, reference, tree_arena, &reference) : NULL;
    if (reason != NULL) {
        return reason;
    }
    reason = read_document(run, name, "manifests", reference, tree_arena, &manifest, item);
    if (reason == NULL && json_member(manifest, "manifests") != NULL) {
        struct slice digest = json_text(of_platform(run, manifest), "digest", SLICE_NONE);
        reason = is_digest(digest) ? read_document(run, name, "manifests", digest, tree_arena, &manifest, NULL) : "image.no-platform";
    }
    struct slice digest = reason == NULL ? json_text(json_member(manifest, "config"), "digest", SLICE_NONE) : SLICE_NONE;
    reason = reason != NULL ? reason : is_digest(digest) ? read_document(run, name, "blobs", digest, tree_arena, &config, NULL) : "source.wrong-shape";
    if (reason == NULL) {
        keep_config(run, config, item);
    }
    return reason == NULL ? read_layers(run, name, manifest, item) : reason;
}

static enum err ask_image(struct registry_run *run, struct slice text, struct json *requests)
{
    struct json *request = json_append(requests, json_new(run->arena, JSON_OBJECT)), *items = NULL, *item = NULL;
    struct slice name, reference;
    json_set_string(run->arena, request, "name", text);
    items = json_set_array(run->arena, request, "items");
    item = json_new(run->arena, JSON_OBJECT);
    buf_clear(&run->login); /* tokens are for one repository */
    bool is_name = run->is_layout ? text.len > 0 && text.len <= NAME_MAX_BYTES : split_reference(text, &name, &reference);
    if (run->is_layout) {
        name = SLICE_NONE;
        reference = text; /* compared with names in the index alone: it goes into no address */
    }
    const char *reason = run->stopped != NULL ? run->stopped : is_name ? read_image(run, name, reference, item) : "source.not-found";
    if (json_member(item, "digest") != NULL) {
        json_append(items, item);
    }
    if (reason != NULL) {
        json_set_string(run->arena, request, "error", slice_string(reason));
    }
    return json_set_bool(run->arena, request, "complete", reason == NULL) == NULL ? ERR_TOO_LARGE : ERR_NONE;
}

/* -- the whole --------------------------------------------------------------------------------------------------------------------------- */

static struct json *begin_facts(struct arena *arena, struct json *to, struct slice origin, const char *credential)
{
    struct json *facts = json_set_object(arena, to, "facts");
    json_set_string(arena, facts, "kind", SLICE_LITERAL("registry"));
    json_set_string(arena, facts, "address", origin);
    json_set_string(arena, facts, "credential", slice_string(credential));
    return json_set_array(arena, facts, "requests");
}

static enum err ask_client(void *context, const struct http_request *request, struct http_reply *ret_reply, struct complaint *complaint)
{
    return http_client_ask(context, request, ret_reply, complaint);
}

static bool is_allowed(const struct json *input, uint16_t port)
{
    uint64_t allowed = 0;
    const struct json *ports = json_member(input, "ports");
    bool good = json_u64(input, "port", &allowed) == ERR_NONE && allowed == port;
    for (const struct json *one = ports == NULL ? NULL : ports->first; one != NULL && !good; one = one->next) {
        good = slice_to_u64(one->text, &allowed) == ERR_NONE && allowed == port;
    }
    return good;
}

static enum err read_input(struct registry_run *run, const struct json *input, struct complaint *complaint)
{
    struct slice text = json_text(input, "address", SLICE_NONE), token = json_text(run->options, "token_address", text);
    const struct json *images = json_member(run->options, "images");
    uint64_t timeout_ms = 0;
    bool known = json_u64(input, "timeout_ms", &timeout_ms) == ERR_NONE && timeout_ms > 0 && timeout_ms <= TIMEOUT_MAX_MS;
    run->is_layout = json_bool(run->options, "layout", false);
    run->deadline_ms = source_mono_ms() + (known ? (int64_t)timeout_ms : TIMEOUT_DEFAULT_MS);
    if (source_address_read(text, &run->address) != ERR_NONE || source_address_read(token, &run->token_address) != ERR_NONE || (run->address.target.len > 1 && !run->is_layout) ||
        slice_find_byte(run->address.target, '?') != SIZE_MAX ||
        slice_starts(text, SLICE_LITERAL("dns://")) || slice_starts(token, SLICE_LITERAL("dns://"))) {
        return complain(complaint, ERR_INVALID, TEXT("the address of a registry is https://HOST, that of a layout https://HOST/FOLDER",
                                                     "die Adresse einer Registry lautet https://RECHNER, die eines Layouts https://RECHNER/ORDNER"), 0, 0,
                        (const char *)text.data, text.len);
    }
    bool here = slice_is(run->address.host, "localhost") || slice_starts(run->address.host, SLICE_LITERAL("127.")) || slice_is(run->address.host, "::1");
    if ((run->address.plain || run->token_address.plain) && !here && !json_bool(run->options, "plain", false)) {
        return complain(complaint, ERR_INVALID, TEXT("a credential must not travel without TLS; use https, or set the option plain for a network that is private",
                                                     "ein Zugang darf nicht ohne TLS übertragen werden; https benutzen oder in einem privaten Netz die Option plain setzen"),
                        0, 0, (const char *)text.data, text.len);
    }
    if (!is_allowed(input, run->address.port) || !is_allowed(input, run->token_address.port)) {
        return complain(complaint, ERR_INVALID, TEXT("the source's address has another port than was allowed", "die Adresse der Quelle hat einen anderen Port als erlaubt"), 0, 0,
                        NULL, 0);
    }
    if (images == NULL || images->type != JSON_ARRAY || images->count == 0 || images->count > IMAGES_MAX_COUNT) {
        return complain(complaint, ERR_INVALID, TEXT("images needs one to 20 images, such as shop/web:1.2", "images braucht ein bis 20 Images, etwa shop/web:1.2"), 0, 0, NULL, 0);
    }
    return ERR_NONE;
}

static enum err read_planted(struct arena *arena, struct json *output)
{
    struct registry_run run = {.arena = arena, .login = BUF_INIT(LOGIN_MAX_BYTES), .deadline_ms = source_mono_ms() + PLANTED_MS};
    struct json *requests = begin_facts(arena, json_set_object(arena, output, "plant"), SLICE_LITERAL("http://192.0.2.1"), "planted");
    void *context = NULL;
    enum err err = registry_planted(arena, &context, &run.wire.ask);
    run.wire.context = context;
    err = err == ERR_NONE ? source_address_read(SLICE_LITERAL("http://192.0.2.1"), &run.address) : err;
    err = err == ERR_NONE ? ask_image(&run, SLICE_LITERAL("planted/whole:1"), requests) : err;
    err = err == ERR_NONE ? ask_image(&run, SLICE_LITERAL("planted/cut:1"), requests) : err;
    buf_free(&run.login);
    return err;
}

enum err source_registry(struct arena *arena, const struct json *input, struct work_reply *reply)
{
    struct registry_run run = {.arena = arena, .credential = json_member(input, "credential"), .options = json_member(input, "options"), .login = BUF_INIT(LOGIN_MAX_BYTES)};
    enum err err = read_input(&run, input, &reply->complaint);
    struct http_client *client = err == ERR_NONE ? http_client_new() : NULL;
    err = err == ERR_NONE && client == NULL ? ERR_MEMORY : err;
    run.wire = (struct source_wire){ask_client, client};
    struct json *output = json_new(arena, JSON_OBJECT);
    bool known = json_member(run.credential, "user") != NULL;
    struct json *requests = begin_facts(arena, output, run.address.origin, known ? "used" : "none");
    const struct json *images = json_member(run.options, "images");
    for (const struct json *image = err == ERR_NONE ? images->first : NULL; image != NULL && err == ERR_NONE; image = image->next) {
        err = ask_image(&run, image->text, requests);
    }
    http_client_free(client);
    buf_free(&run.login);
    err = err == ERR_NONE ? read_planted(arena, output) : err;
    reply->output = err == ERR_NONE ? output : NULL;
    return err == ERR_NONE && json_set_string(arena, output, "vantage", SLICE_LITERAL("local")) == NULL ? ERR_TOO_LARGE : err;
}
