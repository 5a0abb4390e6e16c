/* Revocation lists of cert: numbers that judge read from them. A list is taken on the word of who may write it; its own times and signature are not looked at, as in Vault. */
#include "secrets/cert.h"

#include "secrets/cert_judge.h"

static char *crl_path(struct turn *turn)
{
    struct slice name = secrets_lower(turn, turn->values[0]);
    return mount_path(turn, "crl/%.*s", (int)name.len, (const char *)name.data);
}

enum err operation_cert_crl_write(struct turn *turn)
{
    struct slice name = secrets_lower(turn, turn->values[0]), text = turn_field(turn, "crl");
    const struct json *output = NULL;
    if (!cert_name_is_good(name)) {
        return turn_refuse(turn, ERR_INVALID, TEXT("a list's name has 1 to 128 letters, digits, - _ . @", "der Name einer Sperrliste hat 1 bis 128 Buchstaben, Ziffern, - _ . @"), name);
    }
    if (turn_field(turn, "url").len > 0) {
        return turn_refuse(turn, ERR_INVALID, TEXT("Vogt fetches no revocation list: write its text as crl", "Vogt holt keine Sperrliste: ihr Text gehört in crl"), SLICE_NONE);
    }
    if (text.len == 0) {
        return turn_refuse(turn, ERR_INVALID, TEXT("one of 'crl' or 'url' must be provided", "crl fehlt"), SLICE_NONE);
    }
    enum err err = turn_work(turn, ROLE_JUDGE, "cert.crl", NULL, text, &output, NULL, NULL);
    err = err == ERR_NONE ? turn_put_json(turn, crl_path(turn), output, 0) : err;
    return err == ERR_NONE ? turn_reply_none(turn) : err;
}

/* {"serials":{"123":{}}}, as Vault has it. */
enum err operation_cert_crl_read(struct turn *turn)
{
    const struct json *row = NULL;
    enum err err = turn_json(turn, crl_path(turn), &row);
    if (err != ERR_NONE) {
        return err;
    }
    struct json *data = json_new(turn->arena, JSON_OBJECT), *serials = json_set_object(turn->arena, data, "serials");
    const struct json *numbers = json_member(row, "serials");
    for (const struct json *one = numbers == NULL ? NULL : numbers->first; one != NULL; one = one->next) {
        json_set(turn->arena, serials, arena_string(turn->arena, one->text), json_new(turn->arena, JSON_OBJECT));
    }
    return turn_reply_data(turn, data);
}

enum err operation_cert_crl_list(struct turn *turn)
{
    return secrets_list(turn, "crl", SLICE_NONE);
}

enum err operation_cert_crl_delete(struct turn *turn)
{
    struct slice bytes;
    char *path = crl_path(turn);
    enum err err = turn_row(turn, path, &bytes);
    err = err == ERR_NONE ? turn_delete(turn, path) : err;
    return err == ERR_NONE || err == ERR_NOT_FOUND ? turn_reply_none(turn) : err;
}
