#include "measure/revision_weaken.h"

#include <string.h>

enum { QUANTITIES_MAX = 32, NAMED_WORDS_MAX = 12, LISTED_BYTES = 600 };

static const struct reason {
    const char *id;
    struct text text;              /* {before} and {after} are filled in */
} reasons[] = {
    {"limit.relaxed", {"the limit went from {before} to {after}", "die Frist oder Grenze ging von {before} auf {after}"}},
    {"limit.removed", {"the limit {before} is gone", "die Frist oder Grenze {before} fehlt nun"}},
    {"frequency.lowered", {"less often: {after} instead of {before}", "seltener: {after} statt {before}"}},
    {"strength.lowered", {"weaker technology: {after} instead of {before}", "schwächere Technik: {after} statt {before}"}},
    {"modal.weakened", {"less binding: \"{after}\" instead of \"{before}\"", "weniger verbindlich: „{after}“ statt „{before}“"}},
    {"scope.narrowed", {"covers less: \"{after}\" instead of \"{before}\"", "gilt für weniger: „{after}“ statt „{before}“"}},
    {"scope.removed", {"\"{before}\" is gone, so it may cover less", "„{before}“ fehlt nun, es gilt womöglich für weniger"}},
    {"hedge.added", {"\"{after}\" makes it optional", "„{after}“ schränkt die Zusage ein"}},
    {"exception.added", {"\"{after}\" excludes something", "„{after}“ nimmt etwas aus"}},
    {"strictness.removed", {"\"{before}\" is gone", "„{before}“ fehlt nun"}},
    {"words.removed", {"no longer promised: {before}", "nicht mehr zugesagt: {before}"}},
};

static enum err fill(struct buf *out, const char *pattern, struct slice before, struct slice after)
{
    enum err err = ERR_NONE;
    while (*pattern != 0 && err == ERR_NONE) {
        if (strncmp(pattern, "{before}", 8) == 0) {
            err = buf_append(out, before);
            pattern += 8;
        } else if (strncmp(pattern, "{after}", 7) == 0) {
            err = buf_append(out, after);
            pattern += 7;
        } else {
            err = buf_append_byte(out, (uint8_t)*pattern++);
        }
    }
    return err;
}

static enum err find(struct arena *arena, struct json *out, const char *id, struct slice before, struct slice after)
{
    const struct reason *reason = reasons;
    while (strcmp(reason->id, id) != 0) {
        reason++;
    }
    cleanup_buf struct buf english = BUF_INIT(LISTED_BYTES * 3), german = BUF_INIT(LISTED_BYTES * 3);
    struct slice from = slice_first(before, LISTED_BYTES), to = slice_first(after, LISTED_BYTES);
    enum err err = fill(&english, reason->text.english, from, to);
    err = err == ERR_NONE ? fill(&german, reason->text.german, from, to) : err;
    if (err != ERR_NONE) {
        return err;
    }
    struct json *item = json_append(out, json_new(arena, JSON_OBJECT));
    json_set_string(arena, item, "reason", slice_string(reason->id));
    struct json *values = json_set_object(arena, item, "values");
    if (before.len > 0) {
        json_set_string(arena, values, "before", from);
    }
    if (after.len > 0) {
        json_set_string(arena, values, "after", to);
    }
    struct json *text = json_set_object(arena, item, "text");
    json_set_string(arena, text, "en", buf_slice(&english));
    return json_set_string(arena, text, "de", buf_slice(&german)) == NULL ? ERR_TOO_LARGE : ERR_NONE;
}

enum quantity_kind { QUANTITY_LIMIT, QUANTITY_FLOOR, QUANTITY_FREQUENCY, QUANTITY_STRENGTH, QUANTITY_COUNT };

struct quantity {
    enum quantity_kind kind;
    uint64_t value;                /* seconds, or thousandths */
    struct slice text;
    bool changed;
};

static const struct unit {
    const char *words;
    uint64_t seconds;
} units[] = {
    {" minute minuten minutes min ", 60},
    {" stunde stunden hour hours std h ", 3600},
    {" tag tage tagen tages day days kalendertage kalendertagen werktage werktagen arbeitstage arbeitstagen ", 86400},
    {" woche wochen week weeks ", 604800},
    {" monat monate monaten monats month months ", 2592000},
    {" quartal quartale quartalen quarter quarters ", 7776000},
    {" halbjahr halbjahre ", 15552000},
    {" jahr jahre jahren jahres year years ", 31536000},
};
static const struct unit frequencies[] = {
    {" laufend ständig kontinuierlich continuously continuous ", 1},
    {" minütlich ", 60},
    {" stündlich stündliche stündlichen stündlicher hourly ", 3600},
    {" täglich tägliche täglichen täglicher tägliches daily nightly nächtlich ", 86400},
    {" wöchentlich wöchentliche wöchentlichen wöchentlicher weekly ", 604800},
    {" monatlich monatliche monatlichen monatlicher monthly ", 2592000},
    {" quartalsweise quartalsweisen vierteljährlich vierteljährliche vierteljährlichen quarterly ", 7776000},
    {" halbjährlich halbjährliche halbjährlichen half-yearly semi-annually biannually ", 15552000},
    {" jährlich jährliche jährlichen jährlicher yearly annually annual ", 31536000},
};
static const char *const number_words[] = {"", " ein eine einem einen einer one a an ", " zwei two ", " drei three ", " vier four ",
                                           " fünf five ", " sechs six ", " sieben seven ", " acht eight ", " neun nine ",
                                           " zehn ten ", " elf eleven ", " zwölf twelve "};

static uint64_t look_up(const struct token *token, const struct unit *table, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (token_in(token, table[i].words)) {
            return table[i].seconds;
        }
    }
    return 0;
}

/* A number in thousandths ("1.3" and "99,9" have fractions), 0 if the word is none. */
static uint64_t thousandths(struct slice word)
{
    uint64_t value = 0, scale = 1000;
    bool fraction = false;
    if (word.len == 0 || word.len > 9) {
        return 0;
    }
    for (size_t i = 0; i < word.len; i++) {
        uint8_t c = word.data[i];
        if ((c == '.' || c == ',') && !fraction) {
            fraction = true;
        } else if (c >= '0' && c <= '9') {
            value = fraction ? value : value * 10;
            scale = fraction ? scale / 10 : scale;
            value += fraction ? (uint64_t)(c - '0') * scale : (uint64_t)(c - '0') * 1000;
        } else {
            return 0;
        }
    }
    return value;
}

static uint64_t number_of(const struct token *token)
{
    for (size_t i = 1; i < sizeof(number_words) / sizeof(number_words[0]); i++) {
        if (token_in(token, number_words[i])) {
            return i * 1000;
        }
    }
    return thousandths(token->folded);
}

static struct slice span(const struct token *first, const struct token *last)
{
    return slice_of(first->text.data, (size_t)(last->text.data + last->text.len - first->text.data));
}

/* "AES-256", "RSA-4096": the number behind the last hyphen. */
static uint64_t strength_of(const struct token *token)
{
    static const char *const names[] = {"aes-", "rsa-", "sha-", "aes", "tls-", "tlsv"};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        struct slice name = slice_string(names[i]);
        if (slice_starts(token->folded, name) && token->folded.len > name.len) {
            size_t end = name.len;
            while (end < token->folded.len && strchr("0123456789.", token->folded.data[end]) != NULL) {
                end++;
            }
            return thousandths(slice_first(slice_from(token->folded, name.len), end - name.len));
        }
    }
    return 0;
}

static bool stands_before(const struct tokens *tokens, size_t i, const char *list, size_t reach)
{
    for (size_t back = 1; back <= reach && back <= i; back++) {
        if (token_in(&tokens->items[i - back], list)) {
            return true;
        }
    }
    return false;
}

/* The quantity that begins at token *i; moves *i to its last token. */
static bool quantity_at(const struct tokens *tokens, size_t *i, struct quantity *ret_quantity)
{
    const struct token *token = &tokens->items[*i], *next = *i + 1 < tokens->count ? token + 1 : NULL;
    uint64_t seconds = look_up(token, frequencies, sizeof(frequencies) / sizeof(frequencies[0])), number;
    if (seconds > 0) {
        *ret_quantity = (struct quantity){QUANTITY_FREQUENCY, seconds, token->text, token->changed};
        return true;
    }
    if (strength_of(token) > 0) {
        *ret_quantity = (struct quantity){QUANTITY_STRENGTH, strength_of(token), token->text, token->changed};
        return true;
    }
    if (next != NULL && token_in(token, " tls ssl ssh version ab ") && thousandths(next->folded) > 0) {
        *ret_quantity = (struct quantity){QUANTITY_STRENGTH, thousandths(next->folded), span(token, next), next->changed};
        ++*i;
        return true;
    }
    number = number_of(token);
    seconds = next == NULL ? 0 : look_up(next, units, sizeof(units) / sizeof(units[0]));
    if (number > 0 && seconds > 0) {
        bool often = stands_before(tokens, *i, " alle every einmal once zweimal twice pro per ", 1);
        bool least = stands_before(tokens, *i, " mindestens mind minimum least mindestdauer ", 2) && !often;
        enum quantity_kind kind = often ? QUANTITY_FREQUENCY : least ? QUANTITY_FLOOR : QUANTITY_LIMIT;
        *ret_quantity = (struct quantity){kind, number * seconds / 1000, span(token, next), token->changed || next->changed};
        ++*i;
        return true;
    }
    if (number > 0 && next != NULL && token_in(next, " % prozent percent bit bits ")) {
        *ret_quantity = (struct quantity){QUANTITY_STRENGTH, number, span(token, next), token->changed || next->changed};
        ++*i;
        return true;
    }
    seconds = look_up(token, units, sizeof(units) / sizeof(units[0]));
    if (seconds > 0 && stands_before(tokens, *i, " im pro je jeden jedes jede per every each ", 1)) {
        *ret_quantity = (struct quantity){QUANTITY_FREQUENCY, seconds, span(token - 1, token), token->changed};
        return true;
    }
    return false;
}

static size_t quantities_read(const struct tokens *tokens, struct quantity *ret_quantities)
{
    size_t count = 0;
    for (size_t i = 0; i < tokens->count && count < QUANTITIES_MAX; i++) {
        count += quantity_at(tokens, &i, &ret_quantities[count]) ? 1 : 0;
    }
    return count;
}

/* Which way is weaker, and what it is called. */
static const struct direction {
    const char *reason;
    bool weaker_when_larger;
} directions[QUANTITY_COUNT] = {
    [QUANTITY_LIMIT] = {"limit.relaxed", true},
    [QUANTITY_FLOOR] = {"limit.relaxed", false},
    [QUANTITY_FREQUENCY] = {"frequency.lowered", true},
    [QUANTITY_STRENGTH] = {"strength.lowered", false},
};

static enum err weaken_quantities(struct arena *arena, const struct tokens *before, const struct tokens *after, struct json *out)
{
    struct quantity old[QUANTITIES_MAX], new[QUANTITIES_MAX];
    size_t old_count = quantities_read(before, old), new_count = quantities_read(after, new);
    bool used[QUANTITIES_MAX] = {false};
    enum err err = ERR_NONE;
    for (size_t i = 0; i < old_count && err == ERR_NONE; i++) {
        size_t match = 0;
        /* An unchanged quantity answers to an unchanged one, a changed one to the next changed one of its kind. */
        while (match < new_count && (used[match] || new[match].kind != old[i].kind || new[match].changed != old[i].changed)) {
            match++;
        }
        if (match == new_count) {
            err = old[i].changed ? find(arena, out, "limit.removed", old[i].text, SLICE_NONE) : ERR_NONE;
            continue;
        }
        used[match] = true;
        const struct direction *direction = &directions[old[i].kind];
        bool weaker = direction->weaker_when_larger ? new[match].value > old[i].value : new[match].value < old[i].value;
        err = weaker ? find(arena, out, direction->reason, old[i].text, new[match].text) : ERR_NONE;
    }
    return err;
}

static const char *const modal_ranks[] = {
    " kann können könnten may can might could ",
    " soll sollen sollte sollten should ",
    " muss müssen wird werden ist sind hat haben darf dürfen shall must will is are has have verpflichtet required ",
};

static int modal_rank(const struct token *token)
{
    for (int rank = 0; rank < 3; rank++) {
        if (token_in(token, modal_ranks[rank])) {
            return rank;
        }
    }
    return -1;
}

static enum err weaken_modals(struct arena *arena, const struct tokens *before, const struct tokens *after, struct json *out)
{
    const struct token *strong = NULL, *weak = NULL;
    for (size_t i = 0; i < before->count; i++) {
        const struct token *token = &before->items[i];
        bool stronger = token->changed && modal_rank(token) >= 0 && (strong == NULL || modal_rank(token) > modal_rank(strong));
        strong = stronger ? token : strong;
    }
    for (size_t i = 0; i < after->count; i++) {
        const struct token *token = &after->items[i];
        bool weaker = token->changed && modal_rank(token) >= 0 && (weak == NULL || modal_rank(token) < modal_rank(weak));
        weak = weaker ? token : weak;
    }
    if (weak == NULL || modal_rank(weak) == 2 || (strong != NULL && modal_rank(strong) <= modal_rank(weak))) {
        return ERR_NONE;
    }
    /* A full verb may have stood where "should" stands now. */
    return strong == NULL ? find(arena, out, "hedge.added", SLICE_NONE, weak->text)
                          : find(arena, out, "modal.weakened", strong->text, weak->text);
}

static const struct token *first_changed(const struct tokens *tokens, const char *list)
{
    for (size_t i = 0; i < tokens->count; i++) {
        if (tokens->items[i].changed && token_in(&tokens->items[i], list)) {
            return &tokens->items[i];
        }
    }
    return NULL;
}

static const char wide_scope[] =
    " alle allen aller alles jede jeder jedes jeden jedem sämtliche sämtlichen sämtlicher gesamte gesamten all every each any entire "
    "whole ";
static const char narrow_scope[] =
    " ausgewählte ausgewählten ausgewählter einige einigen einzelne einzelnen bestimmte bestimmten wesentliche wesentlichen kritische "
    "kritischen zentrale zentralen wichtige wichtigen relevante relevanten teilweise viele mehrere selected some certain critical key "
    "important relevant major many several partly most ";
static const char hedges[] =
    " grundsätzlich möglichst gegebenenfalls ggf angemessen angemessene angemessener angemessenen zumutbar zumutbaren üblicherweise "
    "in-der-regel typischerweise vorzugsweise nötigenfalls bedarfsweise weitgehend bemüht bemühen optional anlassbezogen geplant "
    "typically generally usually reasonable reasonably appropriate practicable feasible possible möglich preferably endeavour endeavor "
    "aim aims strive intend planned efforts mostly largely ";
static const char exceptions[] =
    " nicht kein keine keinen keiner außer ausser ausgenommen ausnahme ausnahmen abgesehen sofern soweit except excluding unless not "
    "exception exceptions exempt ";
static const char strict_words[] =
    " mindestens spätestens höchstens maximal max ausschließlich immer stets unverzüglich sofort streng strenge strengen strikt zwingend "
    "verpflichtend verpflichtende verpflichtenden obligatorisch obligatorische vollständig vollständige automatisch automatisierte "
    "unabhängig unabhängige least latest most always only immediately promptly strict strictly mandatory fully automatic automatically "
    "never nie niemals regelmäßig regelmäßige regelmäßigen regular regularly automated ";

static enum err weaken_scope(struct arena *arena, const struct tokens *before, const struct tokens *after, struct json *out)
{
    const struct token *wide = first_changed(before, wide_scope), *narrow = first_changed(after, narrow_scope);
    if (narrow != NULL && first_changed(before, narrow_scope) == NULL) {
        return find(arena, out, "scope.narrowed", wide == NULL ? SLICE_LITERAL("–") : wide->text, narrow->text);
    }
    bool still_wide = first_changed(after, wide_scope) != NULL;
    return wide == NULL || still_wide ? ERR_NONE : find(arena, out, "scope.removed", wide->text, SLICE_NONE);
}

static enum err weaken_words(struct arena *arena, const struct tokens *before, const struct tokens *after, struct json *out)
{
    const struct token *hedge = first_changed(after, hedges), *exception = first_changed(after, exceptions);
    const struct token *strict = first_changed(before, strict_words);
    enum err err = ERR_NONE;
    if (hedge != NULL && first_changed(before, hedges) == NULL) {
        err = find(arena, out, "hedge.added", SLICE_NONE, hedge->text);
    }
    if (err == ERR_NONE && exception != NULL && first_changed(before, exceptions) == NULL) {
        err = find(arena, out, "exception.added", SLICE_NONE, exception->text);
    }
    if (err == ERR_NONE && strict != NULL && first_changed(after, strict_words) == NULL) {
        err = find(arena, out, "strictness.removed", strict->text, SLICE_NONE);
    }
    return err;
}

/* Content that went and was not replaced: twice as many words left as came. */
static bool is_content(const struct token *token)
{
    return token->changed && !token_is_filler(token) && token->folded.len > 2 && modal_rank(token) < 0 && !token_in(token, wide_scope) &&
           !token_in(token, strict_words) && !token_in(token, hedges) && number_of(token) == 0 &&
           look_up(token, units, sizeof(units) / sizeof(units[0])) == 0 &&
           look_up(token, frequencies, sizeof(frequencies) / sizeof(frequencies[0])) == 0 && strength_of(token) == 0;
}

static enum err weaken_removed(struct arena *arena, const struct tokens *before, const struct tokens *after, struct json *out)
{
    cleanup_buf struct buf words = BUF_INIT(LISTED_BYTES * 2);
    size_t gone = 0, came = 0;
    enum err err = ERR_NONE;
    for (size_t i = 0; i < after->count; i++) {
        came += is_content(&after->items[i]) ? 1 : 0;
    }
    for (size_t i = 0; i < before->count && err == ERR_NONE; i++) {
        const struct token *token = &before->items[i];
        if (!is_content(token)) {
            continue;
        }
        if (gone++ < NAMED_WORDS_MAX && words.len + token->text.len < LISTED_BYTES) {
            err = words.len > 0 ? buf_append_string(&words, ", ") : ERR_NONE;
            err = err == ERR_NONE ? buf_append(&words, token->text) : err;
        }
    }
    if (err != ERR_NONE || words.len == 0 || gone < 2 * came) {
        return err;
    }
    return find(arena, out, "words.removed", buf_slice(&words), SLICE_NONE);
}

enum err revision_weaken(struct arena *arena, const struct tokens *before, const struct tokens *after, struct json *out)
{
    typedef enum err (*rule_fn)(struct arena *, const struct tokens *, const struct tokens *, struct json *);
    static const rule_fn rules[] = {weaken_quantities, weaken_modals, weaken_scope, weaken_words, weaken_removed};
    enum err err = ERR_NONE;
    for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]) && err == ERR_NONE; i++) {
        err = rules[i](arena, before, after, out);
    }
    return err;
}
