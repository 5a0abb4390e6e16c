/*
 * Revocation lists of cert: numbers that judge read from them. A list is taken on the word of who may write it; its own signature is not looked at, as in Vault. One with
 * an address is fetched when it is written and every hour from then on; while that fails the one that is there goes on until it has run out by its own word, and then
 * nobody of its issuer logs in (cert_login.c).
 */
#include "secrets/cert.h"

#include "engine/job.h"
#include "secrets/cert_judge.h"
#include "secrets/web.h"
#include "secrets/web_address.h"

enum { FETCH_EVERY_MS = 3600 * 1000, OK_STATUS = 200 };

static char *crl_path(struct turn *turn)
{
    struct slice name = secrets_lower(turn, turn->values[0]);
    return mount_path(turn, "crl/%.*s", (int)name.len, (const char *)name.data);
}

/* ---- fetched ---- */

static struct slice job_key(struct turn *turn, struct slice name)
{
    return slice_string(turn_path(turn, "%.*s/%.*s", (int)turn->mount->uuid.len, (const char *)turn->mount->uuid.data, (int)name.len, (const char *)name.data));
}

/* The row as the address gives it now; the next time is due. */
static enum err fetch(struct turn *turn, struct slice url, char *path, struct slice key)
{
    const struct web_ask ask = {.url = url};
    const struct json *output = NULL;
    struct slice body = SLICE_NONE;
    uint64_t status = 0;
    enum err err = web_exchange(turn, &ask, &status, &body);
    if (err == ERR_NONE && status != OK_STATUS) {
        return turn_refuse(turn, ERR_INVALID, TEXT("the server answered with an error", "der Server antwortete mit einem Fehler"), slice_string(turn_path(turn, "%llu, %.*s", (unsigned long long)status, (int)url.len, (const char *)url.data)));
    }
    err = err == ERR_NONE ? turn_work(turn, ROLE_JUDGE, "cert.crl", NULL, body, &output, NULL, NULL) : err;
    if (err != ERR_NONE) {
        return err;
    }
    struct json *row = json_copy(turn->arena, output), *input = json_new(turn->arena, JSON_OBJECT);
    json_set_string(turn->arena, row, "url", url);
    json_set_string(turn->arena, input, "row", slice_string(path));
    if (json_set_string(turn->arena, input, "key", key) == NULL || row == NULL) {
        return ERR_MEMORY;
    }
    err = turn_put_json(turn, path, row, 0);
    return err == ERR_NONE ? job_put(turn, JOB_CRL_FETCH, key, input, turn->now_ms + FETCH_EVERY_MS) : err;
}

/* Keep's own: a list whose address is asked again. One that is not there any more, or was written by hand since, needs nothing. */
enum err operation_cert_crl_fetch(struct turn *turn)
{
    const struct json *row = NULL;
    struct slice key = turn_field(turn, "key");
    char *path = arena_string(turn->arena, turn_field(turn, "row"));
    enum err err = turn_json(turn, path, &row);
    struct slice url = err == ERR_NONE ? json_text(row, "url", SLICE_NONE) : SLICE_NONE;
    if (err != ERR_NONE && err != ERR_NOT_FOUND) {
        return err;
    }
    err = url.len == 0 ? job_end(turn, JOB_CRL_FETCH, key) : fetch(turn, url, path, key);
    return err == ERR_NONE ? turn_reply_none(turn) : err;
}

/* ---- written ---- */

enum err operation_cert_crl_write(struct turn *turn)
{
    struct slice name = secrets_lower(turn, turn->values[0]), text = turn_field(turn, "crl"), url = turn_field(turn, "url");
    const struct json *output = NULL;
    if (!cert_name_is_good(name)) {
        return turn_refuse(turn, ERR_INVALID, TEXT("a list's name has 1 to 128 letters, digits, - _ . @", "der Name einer Sperrliste hat 1 bis 128 Buchstaben, Ziffern, - _ . @"), name);
    }
    if ((text.len == 0) == (url.len == 0)) {
        return turn_refuse(turn, ERR_INVALID, text.len == 0 ? TEXT("one of 'crl' or 'url' must be provided", "crl oder url fehlt") : TEXT("'crl' and 'url' cannot both be provided", "crl und url gehen nicht zugleich"), SLICE_NONE);
    }
    if (url.len > 0) {
        enum err err = fetch(turn, url, crl_path(turn), job_key(turn, name));
        return err == ERR_NONE ? turn_reply_none(turn) : err;
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
