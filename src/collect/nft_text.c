/*
 *   text   table FAMILY NAME {   chain NAME {   RULE # handle N   }   }
 *   RULE   (match | limit … | counter … | log … | comment "…" | xt match NAME | verdict)*
 *   match  (meta KEY | iifname… | ip|tcp|… FIELD | ct KEY | fib daddr type) [!=] (value | { value, … } | value,value)
 *   value  number, a-b, address/length, name, @set
 */
#include "collect/nft_text.h"

enum { RULES_MAX = 20000, TOKENS_MAX = 400 };

struct rule {
    struct slice family, table, chain, body;
    int64_t handle;
};

struct nft_text {
    struct arena *arena;
    struct rule *rules;
    size_t count;
};

/* -- lines ---------------------------------------------------------------------------------------------------------- */

static struct slice word_of(struct slice *rest)
{
    struct slice word;
    *rest = slice_trim(*rest);
    return slice_split(rest, ' ', &word) ? word : SLICE_NONE;
}

/* "BODY # handle N": the last mark is nft's own, whatever a comment says before it. */
static bool split_handle(struct slice line, struct slice *ret_body, int64_t *ret_handle)
{
    static const struct slice mark = SLICE_INIT("# handle ");
    size_t at = SIZE_MAX, from = 0, found;
    uint64_t handle = 0;
    while ((found = slice_find(slice_from(line, from), mark)) != SIZE_MAX) {
        at = from + found;
        from = at + mark.len;
    }
    if (at == SIZE_MAX || slice_to_u64(slice_trim(slice_from(line, from)), &handle) != ERR_NONE || handle > INT64_MAX) {
        return false;
    }
    *ret_body = slice_trim(slice_first(line, at));
    *ret_handle = (int64_t)handle;
    return true;
}

static size_t count_lines(struct slice text)
{
    size_t count = 1;
    for (size_t i = 0; i < text.len; i++) {
        count += text.data[i] == '\n' ? 1 : 0;
    }
    return count;
}

enum err nft_text_read(struct arena *arena, struct slice text, struct nft_text **ret_text)
{
    struct nft_text *read = arena_alloc(arena, sizeof(*read));
    size_t lines = count_lines(text);
    struct rule *rules = lines > 4 * RULES_MAX ? NULL : arena_alloc_array(arena, lines, sizeof(*rules));
    struct slice line, family = SLICE_NONE, table = SLICE_NONE, chain = SLICE_NONE;
    if (read == NULL || rules == NULL) {
        return ERR_TOO_LARGE;
    }
    size_t count = 0;
    while (slice_split(&text, '\n', &line)) {
        struct slice body = slice_trim(line), rest = body, first = word_of(&rest);
        int64_t handle = 0;
        if (slice_is(first, "table")) {
            family = word_of(&rest);
            table = word_of(&rest);
        } else if (slice_is(first, "chain")) {
            chain = word_of(&rest);
        } else if (slice_is(first, "}")) {
            chain = SLICE_NONE;
        } else if (chain.len > 0 && split_handle(line, &body, &handle)) {
            rules[count++] = (struct rule){family, table, chain, body, handle};
        }
    }
    *read = (struct nft_text){arena, rules, count};
    *ret_text = read;
    return ERR_NONE;
}

/* -- words ---------------------------------------------------------------------------------------------------------- */

struct words {
    struct slice list[TOKENS_MAX];
    size_t count, at;
};

static bool is_blank(uint8_t byte)
{
    return byte == ' ' || byte == '\t';
}

/* Quoted text is one word without its quotes; braces stand alone; the comma stays with its word. */
static void cut_words(struct slice body, struct words *words)
{
    size_t i = 0;
    while (i < body.len && words->count < TOKENS_MAX) {
        size_t start = i;
        if (is_blank(body.data[i])) {
            i++;
            continue;
        }
        if (body.data[i] == '"') {
            do {
                i++;
            } while (i < body.len && body.data[i] != '"');
            words->list[words->count++] = slice_first(slice_from(body, start + 1), i - start - 1);
            i++;
            continue;
        }
        while (i < body.len && !is_blank(body.data[i])) {
            i++;
        }
        words->list[words->count++] = slice_first(slice_from(body, start), i - start);
    }
}

static struct slice peek(const struct words *words)
{
    return words->at < words->count ? words->list[words->at] : SLICE_NONE;
}

static struct slice take(struct words *words)
{
    return words->at < words->count ? words->list[words->at++] : SLICE_NONE;
}

static bool take_if(struct words *words, const char *word)
{
    bool same = slice_is(peek(words), word);
    words->at += same && words->at < words->count ? 1 : 0;
    return same;
}

static bool is_one_of(struct slice word, const char *const *list)
{
    for (; *list != NULL; list++) {
        if (slice_is(word, *list)) {
            return true;
        }
    }
    return false;
}

/* -- values --------------------------------------------------------------------------------------------------------- */

static struct json *scalar(struct arena *arena, struct slice text)
{
    uint64_t number = 0;
    return slice_to_u64(text, &number) == ERR_NONE ? json_number_u64(arena, number) : json_string(arena, text);
}

static struct json *value_of(struct arena *arena, struct slice text)
{
    size_t dash = slice_find_byte(text, '-'), slash = slice_find_byte(text, '/');
    uint64_t number = 0;
    bool digits = text.len > 0 && ((text.data[0] >= '0' && text.data[0] <= '9') || text.data[0] == ':');
    struct json *value = json_new(arena, JSON_OBJECT);
    if (digits && dash != SIZE_MAX) {
        struct json *range = json_set_array(arena, value, "range");
        json_append(range, scalar(arena, slice_first(text, dash)));
        json_append(range, scalar(arena, slice_from(text, dash + 1)));
        return value;
    }
    if (slash != SIZE_MAX && slice_to_u64(slice_from(text, slash + 1), &number) == ERR_NONE) {
        struct json *prefix = json_set_object(arena, value, "prefix");
        json_set_string(arena, prefix, "addr", slice_first(text, slash));
        json_set_u64(arena, prefix, "len", number);
        return value;
    }
    return scalar(arena, text);
}

static void add_values(struct arena *arena, struct json *list, struct slice word)
{
    struct slice part;
    while (slice_split(&word, ',', &part)) {
        if (part.len > 0) {
            json_append(list, value_of(arena, part));
        }
    }
}

/* One value, or several as {"set":[…]}. */
static struct json *right_side(struct arena *arena, struct words *words)
{
    struct json *several = json_new(arena, JSON_OBJECT), *list = json_set_array(arena, several, "set");
    struct slice word = take(words);
    if (!slice_is(word, "{")) {
        bool single = slice_find_byte(word, ',') == SIZE_MAX;
        add_values(arena, list, word);
        return single ? value_of(arena, word) : several;
    }
    while (words->at < words->count && !take_if(words, "}")) {
        add_values(arena, list, take(words));
    }
    return several;
}

/* -- statements ----------------------------------------------------------------------------------------------------- */

static struct json *add(struct arena *arena, struct json *list, const char *name)
{
    return json_set_object(arena, json_append(list, json_new(arena, JSON_OBJECT)), name);
}

static void add_unknown(struct arena *arena, struct json *list)
{
    json_set_null(arena, json_append(list, json_new(arena, JSON_OBJECT)), "unknown");
}

/* After the left side: an operator and the right side. Bit operations are more than we read. */
static void add_match(struct arena *arena, struct json *list, struct words *words, struct json *left)
{
    static const char *const operators[] = {"!=", "<", ">", "<=", ">=", "==", NULL}, *const bits[] = {"&", "|", "^", "vmap", "map", ".", NULL};
    struct slice operation = SLICE_LITERAL("==");
    if (is_one_of(peek(words), bits)) {
        add_unknown(arena, list);
        return;
    }
    if (is_one_of(peek(words), operators)) {
        operation = take(words);
    }
    struct json *match = add(arena, list, "match");
    json_set_string(arena, match, "op", operation);
    json_set(arena, match, "left", left);
    json_set(arena, match, "right", right_side(arena, words));
}

static bool add_named_match(struct arena *arena, struct json *list, struct words *words, struct slice word)
{
    static const char *const interfaces[] = {"iifname", "oifname", "iif", "oif", NULL};
    static const char *const headers[] = {"ip", "ip6", "tcp", "udp", "udplite", "sctp", "dccp", "th", "icmp", "icmpv6", "ether", "arp", "rt", "ah", "esp", NULL};
    struct json *left = json_new(arena, JSON_OBJECT);
    if (is_one_of(word, interfaces) || slice_is(word, "meta")) {
        json_set_string(arena, json_set_object(arena, left, "meta"), "key", slice_is(word, "meta") ? take(words) : word);
    } else if (is_one_of(word, headers)) {
        struct json *payload = json_set_object(arena, left, "payload");
        json_set_string(arena, payload, "protocol", word);
        json_set_string(arena, payload, "field", take(words));
    } else if (slice_is(word, "ct")) {
        json_set_string(arena, json_set_object(arena, left, "ct"), "key", take(words));
    } else if (slice_is(word, "fib") && take_if(words, "daddr") && take_if(words, "type")) {
        json_set_string(arena, json_set_object(arena, left, "fib"), "result", SLICE_LITERAL("type"));
    } else {
        return false;
    }
    add_match(arena, list, words, left);
    return true;
}

/* Statements that decide nothing: their words are eaten. */
static bool skip_quiet(struct arena *arena, struct json *list, struct words *words, struct slice word)
{
    static const char *const of_log[] = {"prefix", "level", "group", "snaplen", "queue-threshold", NULL};
    if (slice_is(word, "counter")) {
        words->at += slice_is(peek(words), "packets") ? 4 : 0;
    } else if (slice_is(word, "comment")) {
        (void)take(words);
    } else if (slice_is(word, "limit")) {
        add(arena, list, "limit");
        words->at += slice_is(peek(words), "rate") ? 1 : 0;
        (void)take_if(words, "over");
        (void)take(words);
        (void)(take_if(words, "bytes/second") || take_if(words, "kbytes/second") || take_if(words, "mbytes/second"));
        words->at += slice_is(peek(words), "burst") ? 3 : 0;
    } else if (slice_is(word, "log")) {
        for (bool more = true; more;) {
            more = is_one_of(peek(words), of_log);
            words->at += more ? 2 : 0;
            while (take_if(words, "flags")) {
                bool two = slice_is(peek(words), "tcp") || slice_is(peek(words), "ip");
                words->at += two ? 2 : 1;
                more = true;
            }
        }
    } else {
        return false;
    }
    return true;
}

/* Verdicts and translations end a rule: what follows them ("with icmp …", "to 172.17.0.2:80") changes nothing here. */
static bool add_verdict(struct arena *arena, struct json *list, struct words *words, struct slice word)
{
    static const char *const verdicts[] = {"accept", "drop", "return", "reject", "jump", "goto", "dnat", "redirect", "tproxy", "snat", "masquerade", "queue", NULL};
    if (slice_is(word, "continue")) {
        return true;
    }
    if (!is_one_of(word, verdicts)) {
        return false;
    }
    const char *name = arena_string(arena, word);
    struct json *verdict = name == NULL ? NULL : add(arena, list, name);
    if (slice_is(word, "jump") || slice_is(word, "goto")) {
        json_set_string(arena, verdict, "target", take(words));
    }
    words->at = words->count;
    return true;
}

static bool add_foreign(struct arena *arena, struct json *list, struct words *words, struct slice word)
{
    if (!slice_is(word, "xt")) {
        return false;
    }
    struct json *foreign = add(arena, list, "xt");
    json_set_string(arena, foreign, "type", take(words));
    json_set_string(arena, foreign, "name", take(words));
    return true;
}

const struct json *nft_text_rule(const struct nft_text *text, struct slice family, struct slice table, struct slice chain, int64_t handle)
{
    for (size_t i = 0; text != NULL && i < text->count; i++) {
        const struct rule *rule = &text->rules[i];
        if (rule->handle != handle || !slice_equal(rule->family, family) || !slice_equal(rule->table, table) || !slice_equal(rule->chain, chain)) {
            continue;
        }
        struct words words = {.count = 0};
        struct json *list = json_new(text->arena, JSON_ARRAY);
        cut_words(rule->body, &words);
        while (words.at < words.count && list != NULL) {
            struct slice word = take(&words);
            if (!skip_quiet(text->arena, list, &words, word) && !add_verdict(text->arena, list, &words, word) &&
                !add_foreign(text->arena, list, &words, word) && !add_named_match(text->arena, list, &words, word)) {
                add_unknown(text->arena, list);
            }
        }
        return words.count == TOKENS_MAX ? NULL : list;
    }
    return NULL;
}
