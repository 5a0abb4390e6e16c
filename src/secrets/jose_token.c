/* The compact form: three parts in base64url, a header that names one known algorithm, a payload. */
#include "secrets/jose.h"

#include "base/encode.h"

static enum err refuse(struct complaint *complaint, struct text text)
{
    return complain(complaint, ERR_INVALID, text, 0, 0, NULL, 0);
}

static enum err decode(struct arena *arena, struct slice text, struct slice *ret_bytes)
{
    cleanup_buf struct buf bytes = BUF_INIT(JOSE_TOKEN_MAX_BYTES);
    enum err err = base64url_decode(&bytes, text);
    *ret_bytes = err == ERR_NONE ? arena_copy(arena, buf_slice(&bytes)) : SLICE_NONE;
    return err == ERR_NONE && bytes.len > 0 && ret_bytes->data == NULL ? ERR_MEMORY : err;
}

static enum err read_object(struct arena *arena, struct slice text, struct json **ret_object)
{
    enum err err = json_read(arena, text, ret_object, NULL);
    return err == ERR_NONE && (*ret_object)->type != JSON_OBJECT ? ERR_MALFORMED : err;
}

/* A member that must be a text where it stands at all. */
static bool is_text(const struct json *header, const char *name)
{
    const struct json *member = json_member(header, name);
    return member == NULL || member->type == JSON_STRING;
}

static enum err read_header(struct arena *arena, struct slice part, struct jose *jose, struct complaint *complaint)
{
    struct slice text = SLICE_NONE;
    struct json *header = NULL;
    enum err err = part.len > JOSE_HEADER_MAX_BYTES ? ERR_TOO_LARGE : decode(arena, part, &text);
    err = err == ERR_NONE ? read_object(arena, text, &header) : err;
    if (err != ERR_NONE) {
        return err == ERR_MEMORY ? err : refuse(complaint, TEXT("the token's header is malformed", "der Kopf des Tokens ist fehlerhaft"));
    }
    if (json_member(header, "crit") != NULL || json_member(header, "b64") != NULL) {
        return refuse(complaint, TEXT("the token's header names critical extensions, none of which is supported", "der Kopf des Tokens verlangt Erweiterungen (crit), von denen keine unterstützt wird"));
    }
    if (!is_text(header, "alg") || !is_text(header, "kid") || !is_text(header, "typ") || !is_text(header, "cty")) {
        return refuse(complaint, TEXT("the token's header is malformed", "der Kopf des Tokens ist fehlerhaft"));
    }
    struct slice name = json_text(header, "alg", SLICE_NONE);
    jose->header = header;
    jose->kid = json_text(header, "kid", SLICE_NONE);
    jose->algorithm = jose_algorithm_find(name);
    return jose->algorithm != NULL ? ERR_NONE
                                   : complain(complaint, ERR_INVALID, TEXT("token is signed with an unsupported algorithm", "das Token ist mit einem nicht unterstützten Verfahren signiert"), 0, 0,
                                              (const char *)name.data, name.len);
}

enum err jose_split(struct arena *arena, struct slice text, struct jose *ret_jose, struct complaint *complaint)
{
    struct jose jose = {0};
    if (text.len > JOSE_TOKEN_MAX_BYTES) {
        return complain(complaint, ERR_TOO_LARGE, TEXT("the token is larger than 64 KiB", "das Token ist größer als 64 KiB"), 0, 0, NULL, 0);
    }
    size_t first = slice_find_byte(text, '.');
    size_t second = first == SIZE_MAX ? SIZE_MAX : slice_find_byte(slice_from(text, first + 1), '.');
    if (second == SIZE_MAX || slice_find_byte(slice_from(text, first + second + 2), '.') != SIZE_MAX) {
        return refuse(complaint, TEXT("malformed token: it must have three parts", "fehlerhaftes Token: es muss aus drei Teilen bestehen"));
    }
    jose.signed_part = slice_first(text, first + 1 + second);
    enum err err = read_header(arena, slice_first(text, first), &jose, complaint);
    if (err != ERR_NONE) {
        return err;
    }
    err = decode(arena, slice_from(jose.signed_part, first + 1), &jose.payload);
    err = err == ERR_NONE ? decode(arena, slice_from(text, first + second + 2), &jose.signature) : err;
    if (err != ERR_NONE) {
        return err == ERR_MEMORY ? err : refuse(complaint, TEXT("malformed token: a part is not base64url", "fehlerhaftes Token: ein Teil ist nicht base64url"));
    }
    *ret_jose = jose;
    return ERR_NONE;
}

enum err jose_claims(struct arena *arena, const struct jose *jose, struct json **ret_claims, struct complaint *complaint)
{
    enum err err = read_object(arena, jose->payload, ret_claims);
    return err == ERR_NONE || err == ERR_MEMORY ? err : refuse(complaint, TEXT("the token's claims are no JSON object", "die Angaben des Tokens sind kein JSON-Objekt"));
}
