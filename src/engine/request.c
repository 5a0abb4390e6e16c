#include "engine/request.h"

enum {
    REMOTE_MAX_BYTES = 64,
    WRAP_TTL_MAX_BYTES = 20,
    NAME_SPACE_MAX_BYTES = 256,
    CONTENT_TYPE_MAX_BYTES = 128,
    FILE_NAME_MAX_BYTES = 255,
    REPLY_MAX_BYTES = 16 << 20,
};

static bool is_verb(uint8_t verb)
{
    return verb == VERB_READ || verb == VERB_WRITE || verb == VERB_DELETE || verb == VERB_LIST ||
           verb == VERB_PATCH || verb == VERB_SCAN;
}

/* A tree as bytes: the length is filled in once the tree is packed, so that nothing is copied. */
static enum err put_tree(struct buf *out, const struct json *tree)
{
    if (tree == NULL) {
        return put_bytes(out, SLICE_NONE);
    }
    size_t start = out->len;
    enum err err = put_u32(out, 0);
    if (err == ERR_NONE) {
        err = json_pack(out, tree);
    }
    if (err != ERR_NONE) {
        return err;
    }
    size_t len = out->len - start - sizeof(uint32_t);
    if (len > UINT32_MAX) {
        return ERR_TOO_LARGE;
    }
    store_u32_little(out->data + start, (uint32_t)len);
    return ERR_NONE;
}

static enum err get_tree(struct reader *reader, struct arena *arena, size_t max, bool object_only,
                         const struct json **ret_tree)
{
    struct slice packed;
    enum err err = get_bytes(reader, max, &packed);
    if (err != ERR_NONE) {
        return ERR_MALFORMED;
    }
    if (packed.len == 0) {
        *ret_tree = NULL;
        return ERR_NONE;
    }
    struct json *tree;
    err = json_unpack(arena, packed, &tree);
    if (err != ERR_NONE) {
        return err;
    }
    if (object_only && tree->type != JSON_OBJECT) {
        return ERR_MALFORMED;
    }
    *ret_tree = tree;
    return ERR_NONE;
}

/* The first error wins; the steps after it do nothing. */
static void step(enum err *err, enum err result)
{
    if (*err == ERR_NONE) {
        *err = result;
    }
}

#define STEP(err, call)                                                                            \
    do {                                                                                           \
        if (*(err) == ERR_NONE) {                                                                  \
            step((err), (call));                                                                   \
        }                                                                                          \
    } while (0)

bool request_takes_chain(enum verb verb, struct slice path)
{
    bool is_login = slice_ends(path, SLICE_LITERAL("/login")), is_renewal = slice_starts(path, SLICE_LITERAL("auth/token/renew"));
    return verb == VERB_WRITE && slice_starts(path, SLICE_LITERAL("auth/")) && (is_login || is_renewal);
}

enum err request_put(struct buf *out, const struct request *request)
{
    if (!is_verb((uint8_t)request->verb)) {
        return ERR_INVALID;
    }
    enum err err = ERR_NONE;
    STEP(&err, put_u8(out, (uint8_t)request->verb));
    STEP(&err, put_u8(out, request->flags));
    STEP(&err, put_bytes(out, request->path));
    STEP(&err, put_bytes(out, request->token));
    STEP(&err, put_bytes(out, request->remote));
    STEP(&err, put_bytes(out, request->wrap_ttl));
    STEP(&err, put_bytes(out, request->name_space));
    STEP(&err, put_bytes(out, request->certificate));
    STEP(&err, put_bytes(out, request->chain));
    STEP(&err, put_tree(out, request->query));
    STEP(&err, put_tree(out, request->body));
    STEP(&err, put_tree(out, request->headers));
    STEP(&err, put_bytes(out, request->raw));
    return err;
}

/* Whatever is too long in a frame is a broken frame: the sender knew the limits. */
static enum err get_limited(struct reader *reader, size_t max, struct slice *ret_bytes)
{
    return get_bytes(reader, max, ret_bytes) == ERR_NONE ? ERR_NONE : ERR_MALFORMED;
}

enum err request_get(struct arena *arena, struct slice body, struct request *ret_request)
{
    struct reader reader = reader_of(body);
    struct request request = {0};
    uint8_t verb = 0;
    enum err err = ERR_NONE;
    STEP(&err, get_u8(&reader, &verb));
    STEP(&err, get_u8(&reader, &request.flags));
    STEP(&err, get_limited(&reader, REQUEST_PATH_MAX_BYTES, &request.path));
    STEP(&err, get_limited(&reader, REQUEST_TOKEN_MAX_BYTES, &request.token));
    STEP(&err, get_limited(&reader, REMOTE_MAX_BYTES, &request.remote));
    STEP(&err, get_limited(&reader, WRAP_TTL_MAX_BYTES, &request.wrap_ttl));
    STEP(&err, get_limited(&reader, NAME_SPACE_MAX_BYTES, &request.name_space));
    STEP(&err, get_limited(&reader, REQUEST_CERTIFICATE_BYTES, &request.certificate));
    STEP(&err, get_limited(&reader, REQUEST_CHAIN_MAX_BYTES, &request.chain));
    STEP(&err, get_tree(&reader, arena, REQUEST_BODY_MAX_BYTES, true, &request.query));
    STEP(&err, get_tree(&reader, arena, REQUEST_BODY_MAX_BYTES, true, &request.body));
    STEP(&err, get_tree(&reader, arena, REQUEST_HEADERS_MAX_BYTES, true, &request.headers));
    STEP(&err, get_limited(&reader, REQUEST_RAW_MAX_BYTES, &request.raw));
    STEP(&err, reader_end(&reader));
    if (err != ERR_NONE) {
        return err;
    }
    if (!is_verb(verb) || (request.certificate.len != 0 && request.certificate.len != REQUEST_CERTIFICATE_BYTES)) {
        return ERR_MALFORMED;
    }
    request.verb = (enum verb)verb;
    *ret_request = request;
    return ERR_NONE;
}

enum err reply_put(struct buf *out, const struct reply *reply)
{
    enum err err = ERR_NONE;
    STEP(&err, put_u16(out, reply->status));
    STEP(&err, put_u8(out, (uint8_t)reply->kind));
    STEP(&err, put_u8(out, reply->is_login));
    STEP(&err, put_u32(out, reply->retry_after_s));
    STEP(&err, put_bytes(out, reply->content_type));
    STEP(&err, put_bytes(out, reply->file_name));
    STEP(&err, put_bytes(out, reply->kind == REPLY_RAW ? reply->next : SLICE_NONE));
    if (reply->kind == REPLY_TREE) {
        STEP(&err, reply->tree == NULL ? ERR_INVALID : put_tree(out, reply->tree));
    } else {
        STEP(&err, put_bytes(out, reply->kind == REPLY_NONE ? SLICE_NONE : reply->raw));
    }
    return err;
}

static enum err get_reply_body(struct reader *reader, struct arena *arena, struct reply *reply)
{
    if (reply->kind == REPLY_TREE) {
        enum err err = get_tree(reader, arena, REPLY_MAX_BYTES, false, &reply->tree);
        return err == ERR_NONE && reply->tree == NULL ? ERR_MALFORMED : err;
    }
    enum err err = get_limited(reader, REPLY_MAX_BYTES, &reply->raw);
    return err == ERR_NONE && reply->kind == REPLY_NONE && reply->raw.len > 0 ? ERR_MALFORMED : err;
}

enum err reply_get(struct arena *arena, struct slice body, struct reply *ret_reply)
{
    struct reader reader = reader_of(body);
    struct reply reply = {0};
    uint8_t kind = 0, is_login = 0;
    enum err err = ERR_NONE;
    STEP(&err, get_u16(&reader, &reply.status));
    STEP(&err, get_u8(&reader, &kind));
    STEP(&err, get_u8(&reader, &is_login));
    STEP(&err, get_u32(&reader, &reply.retry_after_s));
    STEP(&err, get_limited(&reader, CONTENT_TYPE_MAX_BYTES, &reply.content_type));
    STEP(&err, get_limited(&reader, FILE_NAME_MAX_BYTES, &reply.file_name));
    STEP(&err, get_limited(&reader, REPLY_NEXT_MAX_BYTES, &reply.next));
    if (err != ERR_NONE) {
        return err;
    }
    if (is_login > 1 || kind > REPLY_REDIRECT || reply.status < 200 || reply.status > 599 || (kind != REPLY_RAW && reply.next.len > 0)) {
        return ERR_MALFORMED;
    }
    reply.kind = (enum reply_kind)kind;
    reply.is_login = is_login == 1;
    STEP(&err, get_reply_body(&reader, arena, &reply));
    STEP(&err, reader_end(&reader));
    if (err == ERR_NONE) {
        *ret_reply = reply;
    }
    return err;
}
