#include "secrets/login_judge.h"

#include "crypto/secret.h"

#include <crypt.h>
#include <stdlib.h>
#include <string.h>

enum { BCRYPT_BYTES = 60, BCRYPT_USED_BYTES = 72 };

enum err login_metadata(struct arena *arena, const struct json *input, struct slice raw, struct work_reply *reply)
{
    (void)input;
    struct json *tree = NULL, *output = json_new(arena, JSON_OBJECT);
    enum err err = raw.len > LOGIN_METADATA_MAX_BYTES ? ERR_TOO_LARGE : json_read(arena, raw, &tree, &reply->complaint);
    if (err == ERR_NONE && tree->type != JSON_OBJECT) {
        err = ERR_INVALID;
    }
    if (err != ERR_NONE) {
        return complain(&reply->complaint, ERR_INVALID, TEXT("metadata is a text that holds a JSON object", "metadata ist ein Text, der ein JSON-Objekt enthält"), 0, 0, NULL, 0);
    }
    reply->output = output;
    return json_set(arena, output, "metadata", tree) == NULL ? ERR_MEMORY : ERR_NONE;
}

/* What libcrypt makes of it; NULL when it refuses. Passphrases end at a zero byte there and at 72 bytes in bcrypt: longer ones match nothing. */
static struct json *hash(struct arena *arena, struct slice password, struct slice setting)
{
    struct crypt_data *data = calloc(1, sizeof *data);
    if (data == NULL) {
        return NULL;
    }
    char phrase[BCRYPT_USED_BYTES + 1] = {0};
    memcpy(data->setting, setting.data, setting.len); /* calloc left the zero behind it */
    memcpy(phrase, password.data, password.len);
    const char *made = crypt_rn(phrase, data->setting, data, (int)sizeof *data);
    struct json *text = made == NULL ? NULL : json_string(arena, slice_string(made));
    wipe(phrase, sizeof phrase);
    wipe(data, sizeof *data);
    free(data);
    return text;
}

enum err login_crypt(struct arena *arena, const struct json *input, struct slice raw, struct work_reply *reply)
{
    struct slice setting = json_text(input, "setting", SLICE_NONE);
    struct json *output = json_new(arena, JSON_OBJECT);
    if (setting.len != BCRYPT_BYTES || !slice_starts(setting, SLICE_LITERAL("$2")) || slice_find_byte(setting, 0) != SIZE_MAX) {
        return complain(&reply->complaint, ERR_INVALID, TEXT("this is no hash in bcrypt's form", "das ist kein Hash in der Form von bcrypt"), 0, 0, NULL, 0);
    }
    bool fits = raw.len > 0 && raw.len <= BCRYPT_USED_BYTES && slice_find_byte(raw, 0) == SIZE_MAX;
    struct json *text = hash(arena, fits ? raw : SLICE_LITERAL("x"), setting);
    if (text == NULL) {
        return complain(&reply->complaint, ERR_CRYPTO, TEXT("this hash cannot be checked", "dieser Hash lässt sich nicht prüfen"), 0, 0, NULL, 0);
    }
    reply->output = output;
    return json_set(arena, output, "hash", fits ? text : json_string(arena, SLICE_LITERAL("*"))) == NULL ? ERR_MEMORY : ERR_NONE;
}
