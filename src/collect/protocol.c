#include "collect/protocol.h"

#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const struct protocol protocols[] = {
    {"https", NULL, NULL, "\x08http/1.1", true},
    {"tls", NULL, NULL, NULL, false},
    {"otlp-http", NULL, NULL, "\x08http/1.1", false},
    {"otlp-grpc", NULL, NULL, "\x02h2", false},
    {"smtp", start_smtp, NULL, NULL, false},
    {"imap", start_imap, NULL, NULL, false},
    {"pop3", start_pop3, NULL, NULL, false},
    {"sieve", start_sieve, NULL, NULL, false},
    {"ftp", start_ftp, NULL, NULL, false},
    {"xmpp", start_xmpp, NULL, NULL, false},
    {"xmpp-server", start_xmpp_server, NULL, NULL, false},
    {"postgres", start_postgres, unencrypted_postgres, NULL, false},
    {"mysql", start_mysql, NULL, NULL, false},
    {"ldap", start_ldap, unencrypted_ldap, NULL, false},
};

/* Where a protocol is meant when nobody named one. What is not listed is taken for https. */
static const struct {
    uint16_t port;
    const char *protocol;
} ports[] = {
    {21, "ftp"},          {25, "smtp"},         {110, "pop3"},      {143, "imap"},     {389, "ldap"},     {465, "tls"},
    {563, "tls"},         {587, "smtp"},        {636, "tls"},       {853, "tls"},      {990, "tls"},      {993, "tls"},
    {995, "tls"},         {2525, "smtp"},       {3268, "ldap"},     {3269, "tls"},     {3306, "mysql"},   {4190, "sieve"},
    {4317, "otlp-grpc"},  {4318, "otlp-http"},  {5222, "xmpp"},     {5223, "tls"},     {5269, "xmpp-server"},
    {5432, "postgres"},   {5433, "postgres"},   {5671, "tls"},      {6379, "tls"},     {6380, "tls"},     {6432, "postgres"},
    {8883, "tls"},        {9093, "tls"},        {11211, "tls"},     {27017, "tls"},    {33060, "tls"},
};

static const char *const unencrypted_names[] = {
    [UNENCRYPTED_UNASKED] = "unasked",
    [UNENCRYPTED_UNCLEAR] = "unclear",
    [UNENCRYPTED_REFUSED] = "refused",
    [UNENCRYPTED_ACCEPTED] = "accepted",
};

const char *unencrypted_name(enum unencrypted unencrypted)
{
    return unencrypted_names[unencrypted];
}

void greeting_words(struct greeting *greeting, struct slice words)
{
    words = slice_first(slice_trim(words), sizeof(greeting->words));
    if (words.len > 0) {
        memcpy(greeting->words, words.data, words.len);
    }
    greeting->words_bytes = words.len;
}

const struct protocol *protocol_by_name(struct slice name)
{
    for (size_t i = 0; i < COUNT(protocols); i++) {
        if (slice_is(name, protocols[i].name)) {
            return &protocols[i];
        }
    }
    return NULL;
}

const struct protocol *protocol_by_port(uint16_t port)
{
    for (size_t i = 0; i < COUNT(ports); i++) {
        if (ports[i].port == port) {
            return protocol_by_name(slice_string(ports[i].protocol));
        }
    }
    return &protocols[0];
}

const struct protocol *protocol_all(size_t *ret_count)
{
    *ret_count = COUNT(protocols);
    return protocols;
}
