/*
 * How TLS begins in protocols made of lines, and in XMPP:
 *   SMTP  (RFC 3207)  220, EHLO, 250-STARTTLS, STARTTLS, 220          AUTH among the 250 lines: passwords without TLS
 *   IMAP  (RFC 9051)  * OK, CAPABILITY, STARTTLS, OK                  no LOGINDISABLED, or AUTH=PLAIN: likewise
 *   POP3  (RFC 2595)  +OK, CAPA, STLS, +OK                            USER or SASL PLAIN: likewise
 *   Sieve (RFC 5804)  "STARTTLS" ... OK, STARTTLS, OK                 a non-empty "SASL": likewise
 *   FTP   (RFC 4217)  220, AUTH TLS, 234
 *   XMPP  (RFC 6120)  <stream:features> with <starttls>, <proceed/>   no <required/>, and mechanisms: likewise
 */
#include "collect/protocol.h"

#include <stdio.h>

static bool starts_with(struct slice line, const char *word)
{
    return slice_starts_caseless(line, slice_string(word));
}

/* Whether `word` stands in the line, whole, case apart. */
static bool has_word(struct slice line, const char *word)
{
    struct slice rest = line, one;
    while (slice_split(&rest, ' ', &one)) {
        if (slice_is_caseless(one, word)) {
            return true;
        }
    }
    return false;
}

static enum err misspoken(struct greeting *greeting, struct slice line)
{
    greeting_words(greeting, line);
    return ERR_PROTOCOL;
}

/* -- SMTP and FTP: lines "250-text" that end in "250 text" ----------------------------------------------------------- */

struct reply_seen {
    bool starttls, auth;
    bool refused;             /* another code than the one waited for */
};

/* FTP lets lines between the first and the last look as they like (RFC 959, 4.2). */
static enum err read_reply(struct talk *talk, const char *code, struct greeting *greeting, struct reply_seen *seen)
{
    *seen = (struct reply_seen){0};
    for (size_t lines = 0; lines < TALK_LINES_MAX; lines++) {
        struct slice line = SLICE_NONE;
        enum err err = talk_line(talk, &line);
        if (err != ERR_NONE) {
            return err;
        }
        bool numbered = line.len >= 3 && line.data[0] >= '1' && line.data[0] <= '5' && line.data[1] >= '0' && line.data[1] <= '9' && line.data[2] >= '0' && line.data[2] <= '9';
        if (lines == 0 && !numbered) {
            return misspoken(greeting, line);
        }
        seen->refused = seen->refused || (numbered && !starts_with(line, code));
        struct slice words = slice_from(line, 4);
        seen->starttls = seen->starttls || (starts_with(words, "STARTTLS") && slice_trim(words).len == 8);
        seen->auth = seen->auth || starts_with(words, "AUTH ") || starts_with(words, "AUTH=");
        if (numbered && (line.len == 3 || line.data[3] != '-')) {
            greeting_words(greeting, line);
            return ERR_NONE;
        }
    }
    return ERR_TOO_LARGE;
}

/* Says a line and wants one code in answer; another one is `otherwise`. */
static enum err ask_reply(struct talk *talk, struct slice words, const char *code, enum err otherwise, struct greeting *greeting, struct reply_seen *seen)
{
    enum err err = words.len == 0 ? ERR_NONE : talk_say(talk, words);
    err = err != ERR_NONE ? err : read_reply(talk, code, greeting, seen);
    return err == ERR_NONE && seen->refused ? otherwise : err;
}

enum err start_smtp(struct talk *talk, struct slice server_name, struct greeting *greeting)
{
    (void)server_name;
    struct reply_seen seen = {0};
    enum err err = ask_reply(talk, SLICE_NONE, "220", ERR_PROTOCOL, greeting, &seen);
    err = err != ERR_NONE ? err : ask_reply(talk, SLICE_LITERAL("EHLO vogt.invalid\r\n"), "250", ERR_PROTOCOL, greeting, &seen);
    if (err != ERR_NONE) {
        return err;
    }
    if (!seen.starttls) {
        return ERR_UNSUPPORTED;
    }
    greeting->unencrypted = seen.auth ? UNENCRYPTED_ACCEPTED : UNENCRYPTED_REFUSED;
    err = ask_reply(talk, SLICE_LITERAL("STARTTLS\r\n"), "220", ERR_UNSUPPORTED, greeting, &seen);
    return err != ERR_NONE ? err : talk_end(talk);
}

enum err start_ftp(struct talk *talk, struct slice server_name, struct greeting *greeting)
{
    (void)server_name;
    struct reply_seen seen = {0};
    enum err err = ask_reply(talk, SLICE_NONE, "220", ERR_PROTOCOL, greeting, &seen);
    err = err != ERR_NONE ? err : ask_reply(talk, SLICE_LITERAL("AUTH TLS\r\n"), "234", ERR_UNSUPPORTED, greeting, &seen);
    return err != ERR_NONE ? err : talk_end(talk);
}

/* -- IMAP ------------------------------------------------------------------------------------------------------------ */

static bool imap_takes_passwords(struct slice capabilities)
{
    return has_word(capabilities, "AUTH=PLAIN") || has_word(capabilities, "AUTH=LOGIN") || !has_word(capabilities, "LOGINDISABLED");
}

/* Reads untagged lines until the one with our tag; of CAPABILITY lines it notes what TLS and passwords are said to be. */
static enum err read_imap(struct talk *talk, const char *tag, struct greeting *greeting, bool *starttls)
{
    for (size_t lines = 0; lines < TALK_LINES_MAX; lines++) {
        struct slice line = SLICE_NONE;
        enum err err = talk_line(talk, &line);
        if (err != ERR_NONE) {
            return err;
        }
        if (starts_with(line, "* CAPABILITY ")) {
            *starttls = has_word(line, "STARTTLS");
            greeting->unencrypted = imap_takes_passwords(line) ? UNENCRYPTED_ACCEPTED : UNENCRYPTED_REFUSED;
        } else if (starts_with(line, tag)) {
            greeting_words(greeting, line);
            return starts_with(slice_from(line, slice_string(tag).len), "OK") ? ERR_NONE : ERR_UNSUPPORTED;
        } else if (!starts_with(line, "* ")) {
            return misspoken(greeting, line);
        }
    }
    return ERR_TOO_LARGE;
}

enum err start_imap(struct talk *talk, struct slice server_name, struct greeting *greeting)
{
    (void)server_name;
    struct slice line = SLICE_NONE;
    bool starttls = false;
    enum err err = talk_line(talk, &line);
    if (err == ERR_NONE && !starts_with(line, "* OK")) {
        return misspoken(greeting, line);
    }
    err = err != ERR_NONE ? err : talk_say(talk, SLICE_LITERAL("v1 CAPABILITY\r\n"));
    err = err != ERR_NONE ? err : read_imap(talk, "v1 ", greeting, &starttls);
    if (err == ERR_NONE && !starttls) {
        return ERR_UNSUPPORTED;
    }
    err = err != ERR_NONE ? err : talk_say(talk, SLICE_LITERAL("v2 STARTTLS\r\n"));
    err = err != ERR_NONE ? err : read_imap(talk, "v2 ", greeting, &starttls);
    return err != ERR_NONE ? err : talk_end(talk);
}

/* -- POP3 ------------------------------------------------------------------------------------------------------------ */

/* One line; "-ERR" is `otherwise`. */
static enum err read_pop3(struct talk *talk, enum err otherwise, struct greeting *greeting)
{
    struct slice line = SLICE_NONE;
    enum err err = talk_line(talk, &line);
    if (err != ERR_NONE) {
        return err;
    }
    greeting_words(greeting, line);
    return starts_with(line, "+OK") ? ERR_NONE : starts_with(line, "-ERR") ? otherwise : ERR_PROTOCOL;
}

static enum err read_capa(struct talk *talk, struct greeting *greeting, bool *ret_starttls)
{
    bool starttls = false, passwords = false;
    for (size_t lines = 0; lines < TALK_LINES_MAX; lines++) {
        struct slice line = SLICE_NONE;
        enum err err = talk_line(talk, &line);
        if (err != ERR_NONE) {
            return err;
        }
        if (slice_is(line, ".")) {
            greeting->unencrypted = passwords ? UNENCRYPTED_ACCEPTED : UNENCRYPTED_REFUSED;
            *ret_starttls = starttls;
            return ERR_NONE;
        }
        starttls = starttls || has_word(line, "STLS");
        passwords = passwords || has_word(line, "USER") || (starts_with(line, "SASL") && (has_word(line, "PLAIN") || has_word(line, "LOGIN")));
    }
    return ERR_TOO_LARGE;
}

enum err start_pop3(struct talk *talk, struct slice server_name, struct greeting *greeting)
{
    (void)server_name;
    bool starttls = false;
    enum err err = read_pop3(talk, ERR_PROTOCOL, greeting);
    err = err != ERR_NONE ? err : talk_say(talk, SLICE_LITERAL("CAPA\r\n"));
    err = err != ERR_NONE ? err : read_pop3(talk, ERR_UNSUPPORTED, greeting);
    err = err != ERR_NONE ? err : read_capa(talk, greeting, &starttls);
    if (err == ERR_NONE && !starttls) {
        return ERR_UNSUPPORTED;
    }
    err = err != ERR_NONE ? err : talk_say(talk, SLICE_LITERAL("STLS\r\n"));
    err = err != ERR_NONE ? err : read_pop3(talk, ERR_UNSUPPORTED, greeting);
    return err != ERR_NONE ? err : talk_end(talk);
}

/* -- ManageSieve ----------------------------------------------------------------------------------------------------- */

static enum err read_sieve(struct talk *talk, enum err otherwise, struct greeting *greeting, bool *starttls)
{
    for (size_t lines = 0; lines < TALK_LINES_MAX; lines++) {
        struct slice line = SLICE_NONE;
        enum err err = talk_line(talk, &line);
        if (err != ERR_NONE) {
            return err;
        }
        if (starts_with(line, "\"SASL\"")) {
            bool any = slice_trim(slice_from(line, 6)).len > 2; /* more than a pair of quotes */
            greeting->unencrypted = any ? UNENCRYPTED_ACCEPTED : UNENCRYPTED_REFUSED;
        } else if (starts_with(line, "\"STARTTLS\"")) {
            *starttls = true;
        } else if (line.len == 0 || line.data[0] != '"') {
            greeting_words(greeting, line);
            return starts_with(line, "OK") ? ERR_NONE : starts_with(line, "NO") ? otherwise : ERR_PROTOCOL;
        }
    }
    return ERR_TOO_LARGE;
}

enum err start_sieve(struct talk *talk, struct slice server_name, struct greeting *greeting)
{
    (void)server_name;
    bool starttls = false;
    enum err err = read_sieve(talk, ERR_PROTOCOL, greeting, &starttls);
    if (err == ERR_NONE && !starttls) {
        return ERR_UNSUPPORTED;
    }
    err = err != ERR_NONE ? err : talk_say(talk, SLICE_LITERAL("STARTTLS\r\n"));
    err = err != ERR_NONE ? err : read_sieve(talk, ERR_UNSUPPORTED, greeting, &starttls);
    return err != ERR_NONE ? err : talk_end(talk);
}

/* -- XMPP: read as text up to the tag that ends an answer; what stands in it is looked for, not parsed ---------------------- */

static bool has(struct slice text, const char *words)
{
    return slice_find(text, slice_string(words)) != SIZE_MAX;
}

/* An answer ends with the mark, or with an error of the whole stream. */
static enum err read_xmpp(struct talk *talk, struct slice mark, struct greeting *greeting, struct slice *ret_text)
{
    struct slice text = SLICE_NONE;
    enum err err = talk_until(talk, mark, &text);
    if (err != ERR_NONE) {
        return err;
    }
    if (!has(text, "<stream:") && !has(text, "urn:ietf:params:xml:ns:xmpp-tls")) {
        return misspoken(greeting, text);
    }
    *ret_text = text;
    return ERR_NONE;
}

static enum err open_xmpp(struct talk *talk, struct slice server_name, const char *space)
{
    char text[600];
    int length = snprintf(text, sizeof(text), "<?xml version='1.0'?><stream:stream to='%.*s' xmlns='%s' xmlns:stream='http://etherx.jabber.org/streams' version='1.0'>",
                          (int)server_name.len, (const char *)server_name.data, space);
    return length < 0 || (size_t)length >= sizeof(text) ? ERR_TOO_LARGE : talk_say(talk, slice_of(text, (size_t)length));
}

static enum err start_stream(struct talk *talk, struct slice server_name, const char *space, struct greeting *greeting)
{
    struct slice text = SLICE_NONE;
    enum err err = open_xmpp(talk, server_name, space);
    err = err != ERR_NONE ? err : read_xmpp(talk, SLICE_LITERAL("</stream:"), greeting, &text);
    if (err != ERR_NONE) {
        return err;
    }
    if (has(text, "<stream:error")) {
        return misspoken(greeting, slice_from(text, slice_find(text, SLICE_LITERAL("<stream:error"))));
    }
    if (!has(text, "<starttls")) {
        return ERR_UNSUPPORTED;
    }
    bool passwords = has(text, "<mechanism>") && !has(text, "<required");
    greeting->unencrypted = passwords ? UNENCRYPTED_ACCEPTED : has(text, "<required") ? UNENCRYPTED_REFUSED : UNENCRYPTED_UNCLEAR;
    err = talk_until(talk, SLICE_LITERAL("features>"), &text);
    err = err != ERR_NONE ? err : talk_say(talk, SLICE_LITERAL("<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>"));
    err = err != ERR_NONE ? err : read_xmpp(talk, SLICE_LITERAL(">"), greeting, &text);
    if (err == ERR_NONE && !has(text, "<proceed")) {
        greeting_words(greeting, text);
        return ERR_UNSUPPORTED;
    }
    return err != ERR_NONE ? err : talk_end(talk);
}

enum err start_xmpp(struct talk *talk, struct slice server_name, struct greeting *greeting)
{
    return start_stream(talk, server_name, "jabber:client", greeting);
}

enum err start_xmpp_server(struct talk *talk, struct slice server_name, struct greeting *greeting)
{
    return start_stream(talk, server_name, "jabber:server", greeting);
}
