/*
 * The keys of an issuer that publishes them: asked for when the method is configured, when they are an hour old, and when a token names one that is not known; not
 * more than once a minute. While the issuer cannot be asked, keys that are less than a day old go on.
 */
#include "secrets/jwt.h"

#include "secrets/web.h"

enum { FRESH_MS = 3600 * 1000, STALE_MS = 24 * 3600 * 1000, AGAIN_MS = 60 * 1000 };

static const char well_known[] = "/.well-known/openid-configuration";

static enum err wrong_status(struct turn *turn, uint64_t status, struct slice url)
{
    return turn_refuse(turn, ERR_INVALID, TEXT("the server answered with an error", "der Server antwortete mit einem Fehler"),
                       slice_string(turn_path(turn, "%llu, %.*s", (unsigned long long)status, (int)url.len, (const char *)url.data)));
}

static enum err get(struct turn *turn, struct slice url, struct slice authorities, struct slice *ret_body)
{
    uint64_t status = 0;
    const struct web_ask ask = {.url = url, .authorities_pem = authorities};
    enum err err = web_exchange(turn, &ask, &status, ret_body);
    return err == ERR_NONE && status != 200 ? wrong_status(turn, status, url) : err;
}

/* The provider's document. */
static enum err discover(struct turn *turn, struct slice issuer, struct slice authorities, const struct json **ret_provider)
{
    struct slice body = SLICE_NONE;
    struct json *input = json_new(turn->arena, JSON_OBJECT);
    size_t len = issuer.len - (slice_ends(issuer, SLICE_LITERAL("/")) ? 1 : 0);
    enum err err = get(turn, slice_string(turn_path(turn, "%.*s%s", (int)len, (const char *)issuer.data, well_known)), authorities, &body);
    json_set_string(turn->arena, input, "issuer", issuer);
    return err == ERR_NONE ? turn_work(turn, ROLE_JUDGE, "login.discovery", input, body, ret_provider, NULL, NULL) : err;
}

/* {"keys":[…]} with the members of the provider's document, if there is one. */
static enum err fetch(struct turn *turn, const struct json *config, struct json **ret_row)
{
    struct slice issuer = json_text(config, "oidc_discovery_url", SLICE_NONE), url = json_text(config, "jwks_url", SLICE_NONE), body = SLICE_NONE;
    struct slice authorities = json_text(config, issuer.len > 0 ? "oidc_discovery_ca_pem" : "jwks_ca_pem", SLICE_NONE);
    const struct json *provider = NULL, *output = NULL;
    enum err err = issuer.len > 0 ? discover(turn, issuer, authorities, &provider) : ERR_NONE;
    url = provider != NULL ? json_text(provider, "jwks_uri", SLICE_NONE) : url;
    err = err == ERR_NONE ? get(turn, url, authorities, &body) : err;
    err = err == ERR_NONE ? turn_work(turn, ROLE_JUDGE, "login.jwks", NULL, body, &output, NULL, NULL) : err;
    if (err != ERR_NONE) {
        return err;
    }
    struct json *row = provider != NULL ? json_copy(turn->arena, provider) : json_new(turn->arena, JSON_OBJECT);
    json_set(turn->arena, row, "keys", json_copy(turn->arena, json_member(output, "keys")));
    *ret_row = row;
    return row == NULL ? ERR_MEMORY : ERR_NONE;
}

static enum err put(struct turn *turn, struct json *row)
{
    return turn_put_json(turn, mount_path(turn, "keys"), row, 0);
}

enum err jwt_keys_renew(struct turn *turn, const struct json *config)
{
    struct json *row = NULL;
    enum err err = fetch(turn, config, &row);
    json_set_i64(turn->arena, row, "fetched_ms", turn->steady_ms);
    json_set_i64(turn->arena, row, "tried_ms", turn->steady_ms);
    return err == ERR_NONE ? put(turn, row) : err;
}

/* A fetch failed: the keys stay as they are, and the next try waits. */
static enum err put_failure(struct turn *turn, const struct json *before)
{
    struct json *row = json_new(turn->arena, JSON_OBJECT);
    for (const struct json *one = before == NULL ? NULL : before->first; one != NULL; one = one->next) {
        if (!slice_is(one->name, "tried_ms")) {
            json_set(turn->arena, row, arena_string(turn->arena, one->name), json_copy(turn->arena, one));
        }
    }
    json_set_i64(turn->arena, row, "tried_ms", turn->steady_ms);
    enum err err = put(turn, row);
    turn_keep_changes(turn);
    return err;
}

static int64_t age_ms(const struct turn *turn, const struct json *row, const char *name)
{
    int64_t at = 0;
    return json_i64(row, name, &at) == ERR_NONE ? turn->steady_ms - at : INT64_MAX;
}

/* Asks; what came of it is kept even if this login is refused, so that nobody makes us ask more often. */
static enum err renew(struct turn *turn, const struct json *config, const struct json *before, bool is_usable)
{
    enum err err = jwt_keys_renew(turn, config);
    if (err == ERR_NONE) {
        turn_keep_changes(turn);
        return ERR_NONE;
    }
    if (err == ERR_NEED || err == ERR_MEMORY) {
        return err;
    }
    struct complaint complaint = turn->complaint;
    enum err put_err = put_failure(turn, before);
    turn->complaint = is_usable ? (struct complaint){0} : complaint;
    return put_err != ERR_NONE ? put_err : is_usable ? ERR_NONE : err;
}

enum err jwt_keys(struct turn *turn, const struct json *config, bool newer, const struct json **ret_row)
{
    const struct json *row = NULL;
    enum err err = turn_json(turn, mount_path(turn, "keys"), &row);
    if (err != ERR_NONE && err != ERR_NOT_FOUND) {
        return err;
    }
    bool is_usable = json_member(row, "keys") != NULL && age_ms(turn, row, "fetched_ms") < STALE_MS;
    bool is_wanted = newer || !is_usable || age_ms(turn, row, "fetched_ms") >= FRESH_MS;
    if (is_wanted && age_ms(turn, row, "tried_ms") >= AGAIN_MS) {
        err = renew(turn, config, row, is_usable);
        err = err == ERR_NONE ? turn_json(turn, mount_path(turn, "keys"), ret_row) : err;
        return err;
    }
    *ret_row = row;
    return is_usable ? ERR_NONE
                     : turn_refuse(turn, ERR_INVALID, TEXT("the issuer's keys could not be fetched; it is asked again within a minute", "die Schlüssel des Ausstellers ließen sich nicht holen; er wird innerhalb einer Minute wieder gefragt"), SLICE_NONE);
}
