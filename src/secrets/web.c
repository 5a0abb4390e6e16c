#include "secrets/web.h"

#include "secrets/web_address.h"

/* The client's own words speak of Vogt's server; these of somebody else's. */
static struct text reason(enum err err)
{
    static const struct {
        enum err err;
        struct text text;
    } rows[] = {
        {ERR_UNREACHABLE, TEXT_INIT("the server could not be reached", "der Server ist nicht erreichbar")},
        {ERR_TIMEOUT, TEXT_INIT("the server did not answer in time", "der Server antwortete nicht rechtzeitig")},
        {ERR_FORGED, TEXT_INIT("the server's certificate is not trusted", "dem Zertifikat des Servers wird nicht vertraut")},
        {ERR_TOO_LARGE, TEXT_INIT("the server's answer is too large", "die Antwort des Servers ist zu groß")},
        {ERR_CLOSED, TEXT_INIT("the server broke off its answer", "der Server brach seine Antwort ab")},
        {ERR_BUSY, TEXT_INIT("too much is being asked of servers at once", "es werden zu viele Server zugleich gefragt")},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (rows[i].err == err) {
            return rows[i].text;
        }
    }
    return TEXT("the server could not be asked", "der Server ließ sich nicht fragen");
}

static void set_text(struct turn *turn, struct json *input, const char *name, struct slice text)
{
    if (text.len > 0) {
        json_set_string(turn->arena, input, name, text);
    }
}

enum err web_exchange(struct turn *turn, const struct web_ask *ask, uint64_t *ret_status, struct slice *ret_body)
{
    struct web_address address;
    struct json *input = json_new(turn->arena, JSON_OBJECT);
    const struct json *output = NULL;
    bool is_web = web_address_read(ask->url, &address);
    if (!is_web && ask->proves_itself) {
        return turn_refuse(turn, ERR_INVALID, TEXT("this is no http address", "das ist keine http-Adresse"), ask->url);
    }
    if (!is_web || (!ask->proves_itself && !web_address_is_safe(ask->url))) {
        return turn_refuse(turn, ERR_INVALID, TEXT("this must be an https address (http on this machine only)", "das muss eine https-Adresse sein (http nur auf dieser Maschine)"), SLICE_NONE);
    }
    set_text(turn, input, "url", ask->url);
    set_text(turn, input, "authorities_pem", ask->authorities_pem);
    set_text(turn, input, "authorization", ask->authorization);
    set_text(turn, input, "content_type", slice_string(ask->content_type));
    json_set_u64(turn->arena, input, "timeout_ms", WEB_TIMEOUT_MS);
    json_set_u64(turn->arena, input, "max_bytes", WEB_REPLY_MAX_BYTES);
    if (json_set_u64(turn->arena, input, "port", address.port) == NULL) {
        return ERR_MEMORY;
    }
    enum err err = turn_work(turn, ROLE_REACH, ask->content_type == NULL ? "http.get" : "http.post", input, ask->body, &output, ret_body, NULL);
    if (err == ERR_NEED || err == ERR_MEMORY) {
        return err;
    }
    if (err != ERR_NONE) {
        turn->complaint = (struct complaint){0};
        return turn_refuse(turn, ERR_INVALID, reason(err), ask->url);
    }
    return json_u64(output, "status", ret_status) == ERR_NONE ? ERR_NONE : ERR_PROTOCOL;
}

enum err web_encode(struct buf *out, struct slice text)
{
    static const char hex[] = "0123456789ABCDEF";
    enum err err = ERR_NONE;
    for (size_t i = 0; i < text.len && err == ERR_NONE; i++) {
        uint8_t byte = text.data[i];
        bool is_plain = byte_is_among(byte, ASCII_LETTERS ASCII_DIGITS "-._~");
        err = is_plain ? buf_append_byte(out, byte) : buf_append(out, slice_of((const char[]){'%', hex[byte >> 4], hex[byte & 15]}, 3));
    }
    return err;
}

enum err web_put_parameter(struct buf *out, const char *name, struct slice value)
{
    uint8_t last = out->len == 0 ? '?' : out->data[out->len - 1];
    bool is_first = last == '?' || last == '&' || last == '#';
    enum err err = is_first ? ERR_NONE : buf_append_byte(out, '&');
    err = err == ERR_NONE ? buf_append_string(out, name) : err;
    err = err == ERR_NONE ? buf_append_byte(out, '=') : err;
    return err == ERR_NONE ? web_encode(out, value) : err;
}
