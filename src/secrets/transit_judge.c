#include "secrets/transit_judge.h"

#include "base/encode.h"
#include "crypto/der.h"
#include "crypto/key_form.h"
#include "crypto/rsa.h"

enum err transit_backup_text(struct arena *arena, const struct json *input, struct slice raw, struct work_reply *reply)
{
    cleanup_buf struct buf text = BUF_INIT(TRANSIT_BACKUP_MAX_BYTES);
    struct complaint place; /* would show the text */
    struct slice copy;
    (void)input;
    enum err err = base64_decode(&text, slice_trim(raw));
    copy = err == ERR_NONE ? arena_copy(arena, buf_slice(&text)) : SLICE_NONE;
    err = err == ERR_NONE ? json_read(arena, copy, &reply->output, &place) : err;
    if (err == ERR_NONE && reply->output->type == JSON_OBJECT) {
        return ERR_NONE;
    }
    return complain(&reply->complaint, err == ERR_TOO_LARGE ? err : ERR_INVALID, TEXT("this is no backup: it should be base64 of a JSON object", "das ist keine Sicherung: erwartet ist Base64 eines JSON-Objekts"), 0, 0, NULL, 0);
}

enum err transit_public_pem(struct arena *arena, const struct json *input, struct slice raw, struct work_reply *reply)
{
    cleanup_buf struct buf der = BUF_INIT(KEY_FORM_MAX_BYTES);
    uint64_t family = 0, curve = 0;
    unsigned bits = 0;
    struct slice public_key = SLICE_NONE;
    (void)arena;
    enum err err = json_u64(input, "family", &family);
    err = err == ERR_NONE ? json_u64(input, "curve", &curve) : err;
    if (err != ERR_NONE || family > KEY_RSA || curve > CURVE_P521) {
        return ERR_INVALID;
    }
    err = pem_read(raw, "PUBLIC KEY", &der);
    err = err == ERR_NONE ? key_from_spki((struct key_type){(enum key_family)family, (enum curve)curve}, buf_slice(&der), &public_key) : err;
    err = err == ERR_NONE && family == KEY_RSA ? rsa_check_public(public_key, &bits) : err;
    if (err != ERR_NONE) {
        return complain(&reply->complaint, ERR_INVALID, TEXT("this is no public key of this type in PEM", "das ist kein öffentlicher Schlüssel dieses Typs in PEM"), 0, 0, NULL, 0);
    }
    reply->output = json_new(arena, JSON_OBJECT);
    json_set_u64(arena, reply->output, "bits", bits);
    return buf_append(reply->raw, public_key);
}
