#include "measure/promise_value.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { MINUTE_S = 60, HOUR_S = 3600, DAY_S = 86400, NUMBER_MAX = 100000 };

/* Months and years as people mean them: three months are at most 92 days, twelve are a year. */
enum { QUARTER_S = 92 * DAY_S, HALF_YEAR_S = 183 * DAY_S, YEAR_S = 365 * DAY_S };

struct period_word {
    const char *stem; /* beginning of the folded word */
    uint64_t seconds;
};

/* Words that name a period by themselves. */
static const struct period_word rhythms[] = {
    {"taeglich", DAY_S},
    {"tagesaktuell", DAY_S},
    {"daily", DAY_S},
    {"nightly", DAY_S},
    {"naechtlich", DAY_S},
    {"stuendlich", HOUR_S},
    {"hourly", HOUR_S},
    {"woechentlich", 7 * DAY_S},
    {"weekly", 7 * DAY_S},
    {"monatlich", 31 * DAY_S},
    {"monthly", 31 * DAY_S},
    {"quartalsweise", QUARTER_S},
    {"quartalsmaessig", QUARTER_S},
    {"quarterly", QUARTER_S},
    {"vierteljaehrlich", QUARTER_S},
    {"halbjaehrlich", HALF_YEAR_S},
    {"semiannual", HALF_YEAR_S},
    {"biannual", HALF_YEAR_S},
    {"jaehrlich", YEAR_S},
    {"annual", YEAR_S},
    {"yearly", YEAR_S},
    {"alljaehrlich", YEAR_S},
    {"ganzjaehrlich", 0},
};

/* Units behind a number or a word such as "every". */
static const struct period_word units[] = {
    {"sekunde", 1},
    {"second", 1},
    {"minute", MINUTE_S},
    {"stunde", HOUR_S},
    {"hour", HOUR_S},
    {"tag", DAY_S},
    {"werktag", DAY_S},
    {"kalendertag", DAY_S},
    {"day", DAY_S},
    {"night", DAY_S},
    {"nacht", DAY_S},
    {"naechte", DAY_S},
    {"woche", 7 * DAY_S},
    {"week", 7 * DAY_S},
    {"monat", 365 * DAY_S / 12},
    {"month", 365 * DAY_S / 12},
    {"quartal", QUARTER_S},
    {"quarter", QUARTER_S},
    {"halbjahr", HALF_YEAR_S},
    {"jahr", YEAR_S},
    {"year", YEAR_S},
};
static const char *const short_units[] = {"h", "std", "min"};
static const uint64_t short_unit_seconds[] = {HOUR_S, HOUR_S, MINUTE_S};

static const char *const each_words[] = {"jede", "jeden", "jedes", "jeder", "jedem", "pro", "im",
                                         "je",   "per",   "each",  "every", "a",     "any"};

static const struct {
    const char *word;
    uint64_t number;
} numerals[] = {
    {"ein", 1},
    {"eine", 1},
    {"einem", 1},
    {"einer", 1},
    {"eines", 1},
    {"zwei", 2},
    {"drei", 3},
    {"vier", 4},
    {"fuenf", 5},
    {"sechs", 6},
    {"sieben", 7},
    {"acht", 8},
    {"neun", 9},
    {"zehn", 10},
    {"elf", 11},
    {"zwoelf", 12},
    {"vierzehn", 14},
    {"dreissig", 30},
    {"sechzig", 60},
    {"neunzig", 90},
    {"achtundvierzig", 48},
    {"zweiundsiebzig", 72},
    {"vierundzwanzig", 24},
    {"one", 1},
    {"two", 2},
    {"three", 3},
    {"four", 4},
    {"five", 5},
    {"six", 6},
    {"seven", 7},
    {"eight", 8},
    {"nine", 9},
    {"ten", 10},
    {"eleven", 11},
    {"twelve", 12},
    {"fourteen", 14},
    {"thirty", 30},
    {"sixty", 60},
    {"ninety", 90},
};

static const struct {
    const char *word;
    uint64_t times;
} frequencies[] = {{"zweimal", 2}, {"twice", 2},  {"dreimal", 3},
                   {"viermal", 4}, {"einmal", 1}, {"once", 1}};

static bool listed(const char *const *list, size_t count, struct slice word, size_t *ret_index)
{
    for (size_t i = 0; i < count; i++) {
        if (slice_is(word, list[i])) {
            *ret_index = i;
            return true;
        }
    }
    return false;
}

static uint64_t unit_seconds(struct slice word)
{
    size_t index = 0;
    if (listed(short_units, sizeof(short_units) / sizeof(short_units[0]), word, &index)) {
        return short_unit_seconds[index];
    }
    for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
        struct slice stem = slice_string(units[i].stem);
        /* "monats", "jahres", "tagen": the unit with an ending; "tagesgeschaeft" is none. */
        if (slice_starts(word, stem) && word.len <= stem.len + 2) {
            return units[i].seconds;
        }
    }
    return 0;
}

static uint64_t rhythm_seconds(struct slice word)
{
    for (size_t i = 0; i < sizeof(rhythms) / sizeof(rhythms[0]); i++) {
        if (slice_starts(word, slice_string(rhythms[i].stem))) {
            return rhythms[i].seconds;
        }
    }
    return 0;
}

static uint64_t number_of(struct slice word)
{
    uint64_t number = 0;
    if (slice_to_u64(word, &number) == ERR_NONE) {
        return number <= NUMBER_MAX ? number : 0;
    }
    for (size_t i = 0; i < sizeof(numerals) / sizeof(numerals[0]); i++) {
        if (slice_is(word, numerals[i].word)) {
            return numerals[i].number;
        }
    }
    return 0;
}

/* "48h", "30d": number and unit in one word. */
static uint64_t joined_seconds(struct slice word)
{
    size_t digits = 0;
    while (digits < word.len && word.data[digits] >= '0' && word.data[digits] <= '9') {
        digits++;
    }
    uint64_t number = digits == 0 ? 0 : number_of(slice_first(word, digits));
    struct slice unit = slice_from(word, digits);
    if (number == 0 || unit.len == 0) {
        return 0;
    }
    return number * (slice_is(unit, "d") ? DAY_S : unit_seconds(unit));
}

/* How often in the period: "twice a year" halves it. Looks at the two words before. */
static uint64_t times_before(const struct words *words, size_t first, size_t at)
{
    for (size_t back = 1; back <= 2 && at >= first + back; back++) {
        for (size_t i = 0; i < sizeof(frequencies) / sizeof(frequencies[0]); i++) {
            if (slice_is(words->items[at - back].folded, frequencies[i].word)) {
                return frequencies[i].times;
            }
        }
    }
    return 1;
}

static uint64_t period_at(const struct words *words, struct word_range range, size_t at)
{
    struct slice word = words->items[at].folded;
    uint64_t seconds = rhythm_seconds(word);
    if (seconds > 0) {
        return seconds / times_before(words, range.first, at);
    }
    seconds = joined_seconds(word);
    if (seconds > 0 || at == range.first) {
        return seconds;
    }
    struct slice before = words->items[at - 1].folded;
    uint64_t unit = unit_seconds(word), number = number_of(before);
    size_t index = 0;
    if (unit > 0 && number > 0) {
        return number * unit;
    }
    if (unit > 0 &&
        listed(each_words, sizeof(each_words) / sizeof(each_words[0]), before, &index)) {
        return unit / times_before(words, range.first, at);
    }
    return 0;
}

static bool is_key_size(uint64_t number)
{
    static const uint64_t sizes[] = {128, 192, 256, 384, 512, 1024, 2048, 3072, 4096};
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        if (sizes[i] == number) {
            return true;
        }
    }
    return false;
}

/* "AES-256", "aes256", "256 Bit". */
static uint64_t bits_at(const struct words *words, struct word_range range, size_t at)
{
    struct slice word = words->items[at].folded;
    if (slice_starts(word, SLICE_LITERAL("aes")) && is_key_size(number_of(slice_from(word, 3)))) {
        return number_of(slice_from(word, 3));
    }
    uint64_t number = number_of(word);
    bool behind_aes = at > range.first && slice_is(words->items[at - 1].folded, "aes");
    bool before_bit =
        at + 1 < range.end && slice_starts(words->items[at + 1].folded, SLICE_LITERAL("bit"));
    return is_key_size(number) && (behind_aes || before_bit) ? number : 0;
}

/* "1.3" of "TLS 1.3", "TLSv1.2", "TLS 1.2/1.3"; only versions that TLS has. */
static struct slice version_at(const struct words *words, struct word_range range, size_t at)
{
    struct slice word = words->items[at].folded;
    if (slice_starts(word, SLICE_LITERAL("tlsv"))) {
        word = slice_from(word, 4);
    } else if (slice_starts(word, SLICE_LITERAL("tls"))) {
        word = slice_from(word, 3);
    }
    bool is_version = word.len == 3 && word.data[0] == '1' && word.data[1] == '.' &&
                      word.data[2] >= '0' && word.data[2] <= '3';
    bool near_tls = word.len < words->items[at].folded.len;
    for (size_t back = 1; back <= 6 && at >= range.first + back; back++) {
        near_tls = near_tls || slice_starts(words->items[at - back].folded, SLICE_LITERAL("tls"));
    }
    return is_version && near_tls ? word : SLICE_NONE;
}

struct clause_values clause_values_read(const struct words *words, struct word_range range)
{
    struct clause_values values = {0, 0, ""};
    for (size_t at = range.first; at < range.end; at++) {
        struct slice version = version_at(words, range, at);
        values.period_s = values.period_s > 0 ? values.period_s : period_at(words, range, at);
        values.bits = values.bits > 0 ? values.bits : bits_at(words, range, at);
        if (version.len == 3 &&
            (values.version[0] == '\0' || version.data[2] < (uint8_t)values.version[2])) {
            memcpy(values.version, version.data, 3);
            values.version[3] = '\0';
        }
    }
    return values;
}

static const struct {
    const char *name;
    uint64_t seconds;
} period_parameters[] = {{"days", DAY_S}, {"hours", HOUR_S}, {"minutes", MINUTE_S}, {"seconds", 1}};

bool clause_value(const struct clause_values *values, const char *parameter, char *out,
                  size_t out_bytes)
{
    struct slice name = slice_string(parameter);
    for (size_t i = 0; i < sizeof(period_parameters) / sizeof(period_parameters[0]); i++) {
        if (slice_is(name, period_parameters[i].name) && values->period_s > 0) {
            uint64_t unit = period_parameters[i].seconds;
            snprintf(out, out_bytes, "%" PRIu64, (values->period_s + unit - 1) / unit);
            return true;
        }
    }
    if (slice_is(name, "bits") && values->bits > 0) {
        snprintf(out, out_bytes, "%" PRIu64, values->bits);
        return true;
    }
    if (slice_is(name, "version") && values->version[0] != '\0') {
        snprintf(out, out_bytes, "\"%s\"", values->version);
        return true;
    }
    return false;
}
