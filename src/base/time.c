#include "base/time.h"

#include <stdio.h>
#include <time.h>

enum {
    MS_PER_S = 1000,
    S_PER_MINUTE = 60,
    S_PER_HOUR = 3600,
    S_PER_DAY = 86400,
    S_PER_WEEK = 604800,
    S_PER_YEAR = 365 * S_PER_DAY
};

static const int64_t first_ms = -62167219200000; /* 0000-01-01T00:00:00.000Z */
static const int64_t last_ms = 253402300799999;  /* 9999-12-31T23:59:59.999Z */

struct instant clock_now(void)
{
    struct timespec wall, boot;
    clock_gettime(CLOCK_REALTIME, &wall);
    clock_gettime(CLOCK_BOOTTIME, &boot);
    return (struct instant){
        .unix_ms = (int64_t)wall.tv_sec * MS_PER_S + wall.tv_nsec / 1000000,
        .mono_ns = (int64_t)boot.tv_sec * 1000000000 + boot.tv_nsec,
    };
}

/* Days since 1970-01-01 of the proleptic Gregorian calendar. Counting years from March puts the
 * leap day last, so that a month's offset is the same in every year. */
static int64_t days_of(int64_t year, int64_t month, int64_t day)
{
    int64_t march_year = month > 2 ? year : year - 1;
    int64_t march_month = (month + 9) % 12;
    int64_t era = (march_year >= 0 ? march_year : march_year - 399) / 400;
    int64_t year_of_era = march_year - era * 400;
    int64_t day_of_year = (153 * march_month + 2) / 5 + day - 1;
    return era * 146097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year -
           719468;
}

static void date_of(int64_t days, int *ret_year, int *ret_month, int *ret_day)
{
    int64_t shifted = days + 719468;
    int64_t era = (shifted >= 0 ? shifted : shifted - 146096) / 146097;
    int64_t day_of_era = shifted - era * 146097;
    int64_t year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    int64_t march_month = (5 * day_of_year + 2) / 153;
    int64_t month = march_month < 10 ? march_month + 3 : march_month - 9;
    *ret_day = (int)(day_of_year - (153 * march_month + 2) / 5 + 1);
    *ret_month = (int)month;
    *ret_year = (int)(year_of_era + era * 400 + (month <= 2 ? 1 : 0));
}

static void put_digits(char *out, int value, size_t digits)
{
    for (size_t i = digits; i > 0; i--) {
        out[i - 1] = (char)('0' + value % 10);
        value /= 10;
    }
}

/* Times outside the four-digit years are clamped: the format has no way to write them. */
void rfc3339_format(int64_t unix_ms, char out[RFC3339_BYTES])
{
    unix_ms = unix_ms < first_ms ? first_ms : unix_ms > last_ms ? last_ms : unix_ms;
    int64_t since_start = unix_ms - first_ms; /* never negative, so / and % need no care */
    int64_t days = since_start / ((int64_t)S_PER_DAY * MS_PER_S) - 719528;
    int ms = (int)(since_start % MS_PER_S);
    int second = (int)(since_start / MS_PER_S % S_PER_DAY);
    int year, month, day;
    date_of(days, &year, &month, &day);
    static const char shape[RFC3339_BYTES] = "0000-00-00T00:00:00.000Z";
    for (size_t i = 0; i < RFC3339_BYTES; i++) {
        out[i] = shape[i];
    }
    put_digits(out, year, 4);
    put_digits(out + 5, month, 2);
    put_digits(out + 8, day, 2);
    put_digits(out + 11, second / S_PER_HOUR, 2);
    put_digits(out + 14, second / S_PER_MINUTE % 60, 2);
    put_digits(out + 17, second % 60, 2);
    put_digits(out + 20, ms, 3);
}

static bool take_digits(struct slice *rest, size_t digits, int64_t *ret_value)
{
    if (rest->len < digits) {
        return false;
    }
    int64_t value = 0;
    for (size_t i = 0; i < digits; i++) {
        if (rest->data[i] < '0' || rest->data[i] > '9') {
            return false;
        }
        value = value * 10 + (rest->data[i] - '0');
    }
    *rest = slice_from(*rest, digits);
    *ret_value = value;
    return true;
}

static bool take_byte(struct slice *rest, uint8_t byte)
{
    if (rest->len == 0 || rest->data[0] != byte) {
        return false;
    }
    *rest = slice_from(*rest, 1);
    return true;
}

static int64_t days_in_month(int64_t year, int64_t month)
{
    static const int64_t days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    return month == 2 && leap ? 29 : days[month - 1];
}

static bool take_date(struct slice *rest, int64_t *ret_days)
{
    int64_t year, month, day;
    if (!take_digits(rest, 4, &year) || !take_byte(rest, '-') || !take_digits(rest, 2, &month) ||
        !take_byte(rest, '-') || !take_digits(rest, 2, &day)) {
        return false;
    }
    if (month < 1 || month > 12 || day < 1 || day > days_in_month(year, month)) {
        return false;
    }
    *ret_days = days_of(year, month, day);
    return true;
}

/* A leap second (:60) counts as the last moment of its minute, since Unix time has no place for it.
 */
static bool take_time(struct slice *rest, int64_t *ret_ms)
{
    int64_t hour, minute, second, ms = 0;
    if (!take_digits(rest, 2, &hour) || !take_byte(rest, ':') || !take_digits(rest, 2, &minute) ||
        !take_byte(rest, ':') || !take_digits(rest, 2, &second) || hour > 23 || minute > 59 ||
        second > 60) {
        return false;
    }
    if (take_byte(rest, '.')) {
        size_t digits = 0;
        int64_t digit, weight = 100;
        for (; digits < 10 && take_digits(rest, 1, &digit); digits++) {
            ms += digit * weight;
            weight /= 10;
        }
        if (digits == 0 || digits > 9) {
            return false;
        }
    }
    if (second == 60) {
        second = 59;
        ms = 999;
    }
    *ret_ms = (hour * S_PER_HOUR + minute * S_PER_MINUTE + second) * MS_PER_S + ms;
    return true;
}

static bool take_offset(struct slice *rest, int64_t *ret_seconds)
{
    if (take_byte(rest, 'Z') || take_byte(rest, 'z')) {
        *ret_seconds = 0;
        return true;
    }
    bool west = take_byte(rest, '-');
    int64_t hour, minute;
    if ((!west && !take_byte(rest, '+')) || !take_digits(rest, 2, &hour) || !take_byte(rest, ':') ||
        !take_digits(rest, 2, &minute) || hour > 23 || minute > 59) {
        return false;
    }
    int64_t seconds = hour * S_PER_HOUR + minute * S_PER_MINUTE;
    *ret_seconds = west ? -seconds : seconds;
    return true;
}

enum err rfc3339_parse(struct slice text, int64_t *ret_unix_ms)
{
    int64_t days, ms, offset_s;
    if (!take_date(&text, &days) || !(take_byte(&text, 'T') || take_byte(&text, 't')) ||
        !take_time(&text, &ms) || !take_offset(&text, &offset_s) || text.len > 0) {
        return ERR_MALFORMED;
    }
    *ret_unix_ms = (days * S_PER_DAY - offset_s) * MS_PER_S + ms;
    return ERR_NONE;
}

struct unit {
    uint8_t letter;
    uint64_t seconds;
};

static const struct unit units[] = {
    {'s', 1},         {'m', S_PER_MINUTE}, {'h', S_PER_HOUR},
    {'d', S_PER_DAY}, {'w', S_PER_WEEK},   {'y', S_PER_YEAR},
};

static uint64_t unit_seconds(uint8_t letter)
{
    for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
        if (units[i].letter == letter) {
            return units[i].seconds;
        }
    }
    return 0;
}

/* Units must fall ("1h30m", not "30m1h" or "1h1h"): anything else is more likely a slip than a
 * wish. */
enum err duration_parse(struct slice text, uint64_t *ret_seconds)
{
    uint64_t total = 0, previous_unit = UINT64_MAX;
    if (text.len == 0) {
        return ERR_MALFORMED;
    }
    while (text.len > 0) {
        size_t digits = 0;
        while (digits < text.len && text.data[digits] >= '0' && text.data[digits] <= '9') {
            digits++;
        }
        uint64_t value, seconds;
        enum err err = slice_to_u64(slice_first(text, digits), &value);
        if (err != ERR_NONE) {
            return err;
        }
        bool bare = digits == text.len;
        uint64_t unit = bare ? 1 : unit_seconds(text.data[digits]);
        if (unit == 0 || unit >= previous_unit || (bare && previous_unit != UINT64_MAX)) {
            return ERR_MALFORMED;
        }
        if (__builtin_mul_overflow(value, unit, &seconds) ||
            __builtin_add_overflow(total, seconds, &total)) {
            return ERR_TOO_LARGE;
        }
        previous_unit = unit;
        text = slice_from(text, bare ? digits : digits + 1);
    }
    *ret_seconds = total;
    return ERR_NONE;
}

struct unit_words {
    uint64_t seconds;
    struct text one, many;
};

static const struct unit_words words[] = {
    {S_PER_YEAR, {"year", "Jahr"}, {"years", "Jahre"}},
    {S_PER_DAY, {"day", "Tag"}, {"days", "Tage"}},
    {S_PER_HOUR, {"h", "Std."}, {"h", "Std."}},
    {S_PER_MINUTE, {"min", "Min."}, {"min", "Min."}},
    {1, {"s", "Sek."}, {"s", "Sek."}},
};
enum { WORDS_COUNT = sizeof(words) / sizeof(words[0]) };

static size_t append_words(uint64_t count, const struct unit_words *unit, enum language language,
                           char *out, size_t out_bytes, size_t length)
{
    const char *word = text_in(count == 1 ? unit->one : unit->many, language);
    int result = snprintf(out + length, out_bytes - length, "%s%llu %s", length == 0 ? "" : " ",
                          (unsigned long long)count, word);
    if (result < 0) {
        return length;
    }
    size_t left = out_bytes - length;
    return length + ((size_t)result < left ? (size_t)result : left - 1);
}

/* The sign is dropped: whether it is "ago" or "to go" stands in the sentence around. */
size_t duration_words(int64_t seconds, enum language language, char *out, size_t out_bytes)
{
    if (out_bytes == 0) {
        return 0;
    }
    uint64_t left = seconds < 0 ? 0 - (uint64_t)seconds : (uint64_t)seconds;
    size_t length = 0;
    out[0] = '\0';
    for (size_t i = 0; i < WORDS_COUNT; i++) {
        if (left < words[i].seconds) {
            continue;
        }
        length = append_words(left / words[i].seconds, &words[i], language, out, out_bytes, length);
        left %= words[i].seconds;
        if (i + 1 < WORDS_COUNT && left >= words[i + 1].seconds) {
            length = append_words(left / words[i + 1].seconds, &words[i + 1], language, out,
                                  out_bytes, length);
        }
        return length;
    }
    static const struct text now = {"just now", "gerade eben"};
    int result = snprintf(out, out_bytes, "%s", text_in(now, language));
    return result < 0 ? 0 : (size_t)result < out_bytes ? (size_t)result : out_bytes - 1;
}
