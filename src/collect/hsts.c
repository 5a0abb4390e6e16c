#include "collect/hsts.h"

static void skip_space(struct slice *rest)
{
    while (rest->len > 0 && (rest->data[0] == ' ' || rest->data[0] == '\t')) {
        *rest = slice_from(*rest, 1);
    }
}

static struct slice take_token(struct slice *rest)
{
    size_t len = 0;
    while (len < rest->len && byte_is_among(rest->data[len], ASCII_LETTERS ASCII_DIGITS "!#$%&'*+-.^_`|~")) {
        len++;
    }
    struct slice token = slice_first(*rest, len);
    *rest = slice_from(*rest, len);
    return token;
}

/* A token, or what stands between quotes; escapes inside quotes mean nothing to any directive we know. */
static enum err take_value(struct slice *rest, struct slice *ret_value)
{
    if (rest->len > 0 && rest->data[0] == '"') {
        struct slice inner = slice_from(*rest, 1);
        size_t end = slice_find_byte(inner, '"');
        if (end == SIZE_MAX) {
            return ERR_MALFORMED;
        }
        *ret_value = slice_first(inner, end);
        *rest = slice_from(inner, end + 1);
        return ERR_NONE;
    }
    struct slice token = take_token(rest);
    if (token.len == 0) {
        return ERR_MALFORMED;
    }
    *ret_value = token;
    return ERR_NONE;
}

/* Leading zeros are digits too (RFC 6797 says 1*DIGIT); what overflows is simply very long. */
static enum err read_seconds(struct slice text, uint64_t *ret_seconds)
{
    if (text.len == 0) {
        return ERR_MALFORMED;
    }
    uint64_t seconds = 0;
    for (size_t i = 0; i < text.len; i++) {
        if (text.data[i] < '0' || text.data[i] > '9') {
            return ERR_MALFORMED;
        }
        if (__builtin_mul_overflow(seconds, 10, &seconds) ||
            __builtin_add_overflow(seconds, (uint64_t)(text.data[i] - '0'), &seconds)) {
            seconds = UINT64_MAX / 16; /* keeps overflowing to the same large value */
        }
    }
    *ret_seconds = seconds;
    return ERR_NONE;
}

struct seen {
    bool max_age, include_subdomains, preload;
};

static enum err read_directive(struct slice *rest, struct hsts *hsts, struct seen *seen)
{
    struct slice name = take_token(rest), value = SLICE_NONE;
    bool has_value = false;
    skip_space(rest);
    if (rest->len > 0 && rest->data[0] == '=') {
        *rest = slice_from(*rest, 1);
        skip_space(rest);
        enum err err = take_value(rest, &value);
        if (err != ERR_NONE) {
            return err;
        }
        has_value = true;
        skip_space(rest);
    }
    if (name.len == 0 && has_value) {
        return ERR_MALFORMED;
    }
    bool *flag = slice_is_caseless(name, "max-age") ? &seen->max_age
                 : slice_is_caseless(name, "includeSubDomains") ? &seen->include_subdomains
                 : slice_is_caseless(name, "preload") ? &seen->preload : NULL;
    if (flag == NULL) {
        return ERR_NONE;
    }
    if (*flag) {
        return ERR_MALFORMED;
    }
    *flag = true;
    return flag == &seen->max_age ? read_seconds(value, &hsts->max_age_s) : ERR_NONE;
}

enum err hsts_read(struct slice value, struct hsts *ret_hsts)
{
    struct hsts hsts = {0};
    struct seen seen = {0};
    struct slice rest = value;
    for (;;) {
        skip_space(&rest);
        enum err err = read_directive(&rest, &hsts, &seen);
        if (err != ERR_NONE) {
            return err;
        }
        if (rest.len == 0) {
            break;
        }
        if (rest.data[0] != ';') {
            return ERR_MALFORMED;
        }
        rest = slice_from(rest, 1);
    }
    if (!seen.max_age) {
        return ERR_MALFORMED;
    }
    hsts.include_subdomains = seen.include_subdomains;
    hsts.preload = seen.preload;
    *ret_hsts = hsts;
    return ERR_NONE;
}
