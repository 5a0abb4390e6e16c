/*
 * How TLS begins in protocols made of packets, and what they let through without it.
 *
 * PostgreSQL  u32 BE length (with itself), then:
 *   SSLRequest 80877103                     answer one byte: 'S' TLS, 'N' none; 'E' an error packet
 *   StartupMessage 196608, name\0value\0..., \0   answer u8 type, u32 BE length: 'R' it asks for a password (or for none), 'E' fields
 *                                           u8 code, text\0: 'C' SQLSTATE, 'M' message, 'R' routine
 * MySQL       u24 LE length, u8 sequence, then:
 *   greeting   u8 10, version\0, u32 thread, 8 bytes, 0, u16 LE capabilities ...; or u8 255, u16 LE error, text
 *   SSLRequest u32 LE capabilities, u32 LE greatest packet, u8 character set, 23 zeros
 *   Whether it requires TLS is checked after the password, so that it is not asked: a failed login would tell nothing.
 * LDAP        BER: 30 length { 02 01 id, tag length { 0a 01 result ... } }
 *   StartTLS is the extended operation 1.3.6.1.4.1.1466.20037 (tag 77, answer 78); a simple bind is tag 60, answer 61;
 *   the search for a tree to bind in is tag 63, answers 64 and 65
 */
#include "collect/protocol.h"

#include <assert.h>
#include <string.h>

enum {
    PACKET_MAX_BYTES = 8192,
    MYSQL_SSL = 0x0800,
    LDAP_EXTENDED_RESPONSE = 0x78,
    LDAP_BIND_RESPONSE = 0x61,
    LDAP_SEARCH_ENTRY = 0x64,
    LDAP_SEARCH_DONE = 0x65,
    TREE_MAX_BYTES = 80,
    LDAP_SUCCESS = 0,
    LDAP_STRONGER_AUTHENTICATION = 8,
    LDAP_CONFIDENTIALITY = 13,
    LDAP_INVALID_CREDENTIALS = 49,
};

/* -- PostgreSQL ------------------------------------------------------------------------------------------------------ */

static uint32_t load_u32_big(const uint8_t *data)
{
    return (uint32_t)data[0] << 24 | (uint32_t)data[1] << 16 | (uint32_t)data[2] << 8 | data[3];
}

/* The rest of a packet whose type is read. */
static enum err read_postgres(struct talk *talk, struct slice *ret_body)
{
    struct slice head = SLICE_NONE;
    enum err err = talk_bytes(talk, 4, &head);
    if (err != ERR_NONE) {
        return err;
    }
    uint32_t length = load_u32_big(head.data);
    if (length < 4 || length > PACKET_MAX_BYTES) {
        return ERR_PROTOCOL;
    }
    return talk_bytes(talk, length - 4, ret_body);
}

/* The field of an error packet; empty when it is not there. */
static struct slice postgres_field(struct slice body, char code)
{
    struct slice rest = body, one;
    while (slice_split(&rest, 0, &one)) {
        if (one.len > 0 && one.data[0] == (uint8_t)code) {
            return slice_from(one, 1);
        }
    }
    return SLICE_NONE;
}

enum err start_postgres(struct talk *talk, struct slice server_name, struct greeting *greeting)
{
    static const uint8_t request[] = {0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x2f};
    (void)server_name;
    struct slice answer = SLICE_NONE, body = SLICE_NONE;
    enum err err = talk_say(talk, slice_of(request, sizeof(request)));
    err = err != ERR_NONE ? err : talk_bytes(talk, 1, &answer);
    if (err != ERR_NONE) {
        return err;
    }
    uint8_t byte = answer.data[0];
    if (byte == 'S') {
        return talk_end(talk); /* bytes after it would be taken for what TLS protects (CVE-2021-23222) */
    }
    if (byte == 'E' && read_postgres(talk, &body) == ERR_NONE) {
        greeting_words(greeting, postgres_field(body, 'M'));
    }
    return byte == 'N' ? ERR_UNSUPPORTED : ERR_PROTOCOL;
}

/* Which rule let nobody in is told by SQLSTATE and routine, which are not translated; PgBouncer knows neither. */
static enum unencrypted postgres_refusal(struct slice body)
{
    bool by_rule = slice_is(postgres_field(body, 'C'), "28000") && slice_is(postgres_field(body, 'R'), "ClientAuthentication");
    bool by_pooler = slice_find(postgres_field(body, 'M'), SLICE_LITERAL("SSL required")) != SIZE_MAX;
    return by_rule || by_pooler ? UNENCRYPTED_REFUSED : UNENCRYPTED_UNCLEAR;
}

enum err unencrypted_postgres(struct talk *talk, struct greeting *greeting)
{
    static const char parameters[] = "user\0vogt-probe\0database\0postgres\0"; /* and the literal's own zero ends the list */
    uint8_t message[8 + sizeof(parameters)] = {0, 0, 0, sizeof(message), 0, 3, 0, 0};
    memcpy(message + 8, parameters, sizeof(parameters));
    struct slice type = SLICE_NONE, body = SLICE_NONE;
    enum err err = talk_say(talk, slice_of(message, sizeof(message)));
    err = err != ERR_NONE ? err : talk_bytes(talk, 1, &type);
    if (err != ERR_NONE) {
        return err;
    }
    uint8_t byte = type.data[0];
    err = read_postgres(talk, &body);
    if (err != ERR_NONE) {
        return err;
    }
    greeting->unencrypted = byte == 'R' ? UNENCRYPTED_ACCEPTED : byte == 'E' ? postgres_refusal(body) : UNENCRYPTED_UNCLEAR;
    greeting_words(greeting, byte == 'E' ? postgres_field(body, 'M') : SLICE_LITERAL("authentication goes on"));
    return ERR_NONE;
}

/* -- MySQL and MariaDB ----------------------------------------------------------------------------------------------- */

static enum err read_mysql(struct talk *talk, struct slice *ret_body)
{
    struct slice head = SLICE_NONE;
    enum err err = talk_bytes(talk, 4, &head);
    if (err != ERR_NONE) {
        return err;
    }
    size_t length = (size_t)head.data[0] | (size_t)head.data[1] << 8 | (size_t)head.data[2] << 16;
    return length == 0 || length > PACKET_MAX_BYTES ? ERR_PROTOCOL : talk_bytes(talk, length, ret_body);
}

static uint16_t load_u16_little(const uint8_t *data)
{
    return (uint16_t)(data[0] | data[1] << 8);
}

/* The words of an error packet, with or without "#" and SQLSTATE. Returns the error's number, 0 when it is none. */
static uint16_t read_mysql_error(struct slice body, struct greeting *greeting)
{
    if (body.len < 3 || body.data[0] != 0xff) {
        return 0;
    }
    struct slice words = slice_from(body, 3);
    greeting_words(greeting, words.len > 6 && words.data[0] == '#' ? slice_from(words, 6) : words);
    return load_u16_little(body.data + 1);
}

static enum err read_mysql_greeting(struct talk *talk, struct greeting *greeting, uint16_t *ret_capabilities)
{
    struct slice body = SLICE_NONE;
    enum err err = read_mysql(talk, &body);
    if (err != ERR_NONE) {
        return err;
    }
    if (read_mysql_error(body, greeting) != 0 || body.data[0] != 10) {
        return ERR_PROTOCOL; /* "host is blocked", "not allowed to connect", too many connections */
    }
    size_t end = slice_find_byte(slice_from(body, 1), 0);
    struct slice fixed = end == SIZE_MAX ? SLICE_NONE : slice_from(body, 1 + end + 1);
    if (fixed.len < 4 + 8 + 1 + 2) {
        return ERR_PROTOCOL;
    }
    *ret_capabilities = load_u16_little(fixed.data + 13);
    return ERR_NONE;
}

enum err start_mysql(struct talk *talk, struct slice server_name, struct greeting *greeting)
{
    /* Capabilities 4.1, TLS, secure connection, plugin names; packets up to 16 MiB, UTF-8. */
    static const uint8_t request[4 + 32] = {32, 0, 0, 1, 0x00, 0x8a, 0x08, 0x00, 0x00, 0x00, 0x00, 0x01, 33};
    (void)server_name;
    uint16_t capabilities = 0;
    enum err err = read_mysql_greeting(talk, greeting, &capabilities);
    err = err != ERR_NONE ? err : talk_end(talk);
    if (err == ERR_NONE && (capabilities & MYSQL_SSL) == 0) {
        return ERR_UNSUPPORTED;
    }
    return err != ERR_NONE ? err : talk_say(talk, slice_of(request, sizeof(request)));
}

/* -- LDAP ------------------------------------------------------------------------------------------------------------ */

/* One element's tag and contents; its length in one byte, or in up to four more (some servers always use four). ERR_PROTOCOL: cut short. */
static enum err read_element(struct slice *rest, uint8_t *ret_tag, struct slice *ret_contents)
{
    size_t head = 2, length = rest->len < 2 ? 0x80 : rest->data[1];
    if (length == 0x80 || length > 0x84) {
        return ERR_PROTOCOL;
    }
    if (length > 0x80) {
        head += length - 0x80;
        if (rest->len < head) {
            return ERR_PROTOCOL;
        }
        length = 0;
        for (size_t i = 2; i < head; i++) {
            length = length << 8 | rest->data[i];
        }
    }
    if (rest->len - head < length) {
        return ERR_PROTOCOL;
    }
    *ret_tag = rest->data[0];
    *ret_contents = slice_first(slice_from(*rest, head), length);
    *rest = slice_from(*rest, head + length);
    return ERR_NONE;
}

/* A whole message, read piece by piece, for what follows it belongs to TLS. */
static enum err read_message(struct talk *talk, struct slice *ret_contents)
{
    struct slice head = SLICE_NONE;
    enum err err = talk_bytes(talk, 2, &head);
    if (err != ERR_NONE) {
        return err;
    }
    uint8_t tag = head.data[0], first = head.data[1];
    size_t length = first;
    if (tag != 0x30 || first == 0x80 || first > 0x84) {
        return ERR_PROTOCOL;
    }
    if (first > 0x80) {
        struct slice more = SLICE_NONE;
        err = talk_bytes(talk, first - 0x80u, &more);
        length = 0;
        for (size_t i = 0; i < more.len; i++) {
            length = length << 8 | more.data[i];
        }
    }
    if (err != ERR_NONE) {
        return err;
    }
    return length > PACKET_MAX_BYTES ? ERR_PROTOCOL : talk_bytes(talk, length, ret_contents);
}

/* A message's operation: what stands behind its number. */
static enum err read_operation(struct talk *talk, uint8_t *ret_tag, struct slice *ret_operation)
{
    struct slice rest = SLICE_NONE, number = SLICE_NONE;
    uint8_t tag = 0;
    enum err err = read_message(talk, &rest);
    err = err != ERR_NONE ? err : read_element(&rest, &tag, &number);
    return err != ERR_NONE ? err : read_element(&rest, ret_tag, ret_operation);
}

static enum err read_code(struct slice answer, struct greeting *greeting, unsigned *ret_code)
{
    struct slice contents = SLICE_NONE;
    uint8_t tag = 0;
    enum err err = read_element(&answer, &tag, &contents);
    if (err != ERR_NONE || tag != 0x0a || contents.len != 1) {
        return ERR_PROTOCOL;
    }
    unsigned code = contents.data[0];
    struct slice matched = SLICE_NONE, words = SLICE_NONE;
    if (read_element(&answer, &tag, &matched) == ERR_NONE && read_element(&answer, &tag, &words) == ERR_NONE) {
        greeting_words(greeting, words);
    }
    *ret_code = code;
    return ERR_NONE;
}

/* The result code of the answer to a request; ERR_PROTOCOL when it is another kind of answer. */
static enum err read_result(struct talk *talk, uint8_t wanted_tag, struct greeting *greeting, unsigned *ret_code)
{
    struct slice answer = SLICE_NONE;
    uint8_t tag = 0;
    enum err err = read_operation(talk, &tag, &answer);
    return err != ERR_NONE ? err : tag == wanted_tag ? read_code(answer, greeting, ret_code) : ERR_PROTOCOL;
}

/* The first value of the first attribute of an entry: its name, { { type, { value ... } } ... }. */
static struct slice first_value(struct slice entry)
{
    struct slice name = SLICE_NONE, attributes = SLICE_NONE, attribute = SLICE_NONE, values = SLICE_NONE, value = SLICE_NONE;
    uint8_t tag = 0;
    bool found = read_element(&entry, &tag, &name) == ERR_NONE && read_element(&entry, &tag, &attributes) == ERR_NONE &&
                 read_element(&attributes, &tag, &attribute) == ERR_NONE && read_element(&attribute, &tag, &name) == ERR_NONE &&
                 read_element(&attribute, &tag, &values) == ERR_NONE && read_element(&values, &tag, &value) == ERR_NONE;
    return found ? value : SLICE_NONE;
}

/* Asks for a tree that the server keeps: what it asks of a bind depends on the tree. The code is that of the search. */
static enum err find_tree(struct talk *talk, struct greeting *greeting, char tree[TREE_MAX_BYTES], size_t *ret_bytes, unsigned *ret_code)
{
    static const uint8_t request[] = "\x30\x35\x02\x01\x01\x63\x30\x04\x00\x0a\x01\x00\x0a\x01\x00\x02\x01\x00\x02\x01\x00\x01\x01\x00"
                                     "\x87\x0b" "objectClass" "\x30\x10\x04\x0e" "namingContexts";
    size_t bytes = 0;
    enum err err = talk_say(talk, slice_of(request, sizeof(request) - 1));
    for (size_t messages = 0; err == ERR_NONE && messages < TALK_LINES_MAX; messages++) {
        struct slice operation = SLICE_NONE;
        uint8_t tag = 0;
        err = read_operation(talk, &tag, &operation);
        if (err == ERR_NONE && tag == LDAP_SEARCH_DONE) {
            *ret_bytes = bytes;
            return read_code(operation, greeting, ret_code);
        }
        struct slice value = err == ERR_NONE && tag == LDAP_SEARCH_ENTRY ? first_value(operation) : SLICE_NONE;
        if (value.len > 0 && value.len <= TREE_MAX_BYTES) {
            memcpy(tree, value.data, value.len);
            bytes = value.len;
        }
    }
    return err != ERR_NONE ? err : ERR_TOO_LARGE;
}

enum err start_ldap(struct talk *talk, struct slice server_name, struct greeting *greeting)
{
    static const uint8_t request[] = "\x30\x1d\x02\x01\x01\x77\x18\x80\x16" "1.3.6.1.4.1.1466.20037";
    (void)server_name;
    unsigned code = 0;
    enum err err = talk_say(talk, slice_of(request, sizeof(request) - 1));
    err = err != ERR_NONE ? err : read_result(talk, LDAP_EXTENDED_RESPONSE, greeting, &code);
    if (err == ERR_NONE && code != LDAP_SUCCESS) {
        return ERR_UNSUPPORTED;
    }
    return err != ERR_NONE ? err : talk_end(talk);
}

static bool is_refusal(unsigned code)
{
    return code == LDAP_CONFIDENTIALITY || code == LDAP_STRONGER_AUTHENTICATION;
}

/* A simple bind with a name that nobody has and a password that is none. */
static enum err bind_nobody(struct talk *talk, struct slice tree)
{
    static const char name[] = "cn=vogt-probe", password[] = "\x80\x07no-pass";
    uint8_t request[16 + sizeof(name) + TREE_MAX_BYTES + sizeof(password)];
    size_t name_bytes = sizeof(name) - 1 + (tree.len > 0 ? 1 + tree.len : 0), bind_bytes = 3 + 2 + name_bytes + sizeof(password) - 1;
    const uint8_t head[] = {0x30, (uint8_t)(bind_bytes + 5), 2, 1, 2, 0x60, (uint8_t)bind_bytes, 2, 1, 3, 4, (uint8_t)name_bytes};
    static_assert(sizeof(name) + TREE_MAX_BYTES + sizeof(password) + 10 < 128, "lengths of one byte");
    size_t len = sizeof(head);
    memcpy(request, head, sizeof(head));
    memcpy(request + len, name, sizeof(name) - 1);
    len += sizeof(name) - 1;
    if (tree.len > 0) {
        request[len++] = ',';
        memcpy(request + len, tree.data, tree.len);
        len += tree.len;
    }
    memcpy(request + len, password, sizeof(password) - 1);
    return talk_say(talk, slice_of(request, len + sizeof(password) - 1));
}

enum err unencrypted_ldap(struct talk *talk, struct greeting *greeting)
{
    char tree[TREE_MAX_BYTES];
    size_t tree_bytes = 0;
    unsigned code = 0;
    enum err err = find_tree(talk, greeting, tree, &tree_bytes, &code);
    if (err == ERR_NONE && !is_refusal(code)) {
        err = bind_nobody(talk, slice_of(tree, tree_bytes));
        err = err != ERR_NONE ? err : read_result(talk, LDAP_BIND_RESPONSE, greeting, &code);
    }
    if (err != ERR_NONE) {
        return err;
    }
    bool accepted = code == LDAP_SUCCESS || code == LDAP_INVALID_CREDENTIALS;
    greeting->unencrypted = is_refusal(code) ? UNENCRYPTED_REFUSED : accepted ? UNENCRYPTED_ACCEPTED : UNENCRYPTED_UNCLEAR;
    return ERR_NONE;
}
