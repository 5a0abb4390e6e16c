#include "base/check.h"
#include "base/time.h"

TEST(rfc3339_both_ways)
{
    static const struct {
        const char *text;
        int64_t unix_ms;
    } vectors[] = {
        {"1970-01-01T00:00:00.000Z", 0},
        {"1969-12-31T23:59:59.999Z", -1},
        {"2000-02-29T12:00:00.000Z", 951825600000},
        {"2026-11-23T09:27:32.123Z", 1795426052123},
        {"2100-03-01T00:00:00.000Z", 4107542400000},
        {"0000-01-01T00:00:00.000Z", -62167219200000},
        {"9999-12-31T23:59:59.999Z", 253402300799999},
    };
    for (size_t i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++) {
        char out[RFC3339_BYTES];
        int64_t unix_ms = 1;
        rfc3339_format(vectors[i].unix_ms, out);
        CHECK_STRING(vectors[i].text, out);
        CHECK_ERR(ERR_NONE, rfc3339_parse(slice_string(vectors[i].text), &unix_ms));
        CHECK_U64(vectors[i].unix_ms, unix_ms);
    }
}

TEST(rfc3339_every_day_of_a_cycle)
{
    for (int64_t day = -200; day < 146097 + 400; day++) {
        char out[RFC3339_BYTES];
        int64_t back = 0;
        rfc3339_format(day * 86400000, out);
        CHECK_ERR(ERR_NONE, rfc3339_parse(slice_string(out), &back));
        CHECK_U64(day * 86400000, back);
    }
}

TEST(rfc3339_offsets_and_fractions)
{
    int64_t unix_ms = 0;
    CHECK_ERR(ERR_NONE, rfc3339_parse(SLICE_LITERAL("1970-01-01T02:00:00+02:00"), &unix_ms));
    CHECK_U64(0, unix_ms);
    CHECK_ERR(ERR_NONE, rfc3339_parse(SLICE_LITERAL("1969-12-31T18:30:00.5-05:30"), &unix_ms));
    CHECK_U64(500, unix_ms);
    CHECK_ERR(ERR_NONE, rfc3339_parse(SLICE_LITERAL("1970-01-01t00:00:00.123456789z"), &unix_ms));
    CHECK_U64(123, unix_ms);
    CHECK_ERR(ERR_NONE, rfc3339_parse(SLICE_LITERAL("2016-12-31T23:59:60Z"), &unix_ms));
    CHECK_U64(1483228799999, unix_ms);
}

TEST(rfc3339_refuses)
{
    static const char *const bad[] = {
        "",
        "2026-11-23",
        "2026-11-23T09:27:32",
        "2026-11-23 09:27:32Z",
        "2026-13-01T00:00:00Z",
        "2026-00-01T00:00:00Z",
        "2026-02-29T00:00:00Z",
        "2100-02-29T00:00:00Z",
        "2026-04-31T00:00:00Z",
        "2026-01-00T00:00:00Z",
        "2026-01-01T24:00:00Z",
        "2026-01-01T00:60:00Z",
        "2026-01-01T00:00:61Z",
        "2026-01-01T00:00:00.Z",
        "2026-01-01T00:00:00.1234567890Z",
        "2026-01-01T00:00:00+24:00",
        "2026-01-01T00:00:00+02",
        "2026-01-01T00:00:00Zx",
        "26-01-01T00:00:00Z",
        "2026-1-01T00:00:00Z",
    };
    int64_t unix_ms = 5;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        CHECK_ERR(ERR_MALFORMED, rfc3339_parse(slice_string(bad[i]), &unix_ms));
    }
    CHECK_U64(5, unix_ms);
}

TEST(rfc3339_clamps_what_it_cannot_write)
{
    char out[RFC3339_BYTES];
    rfc3339_format(INT64_MAX, out);
    CHECK_STRING("9999-12-31T23:59:59.999Z", out);
    rfc3339_format(INT64_MIN, out);
    CHECK_STRING("0000-01-01T00:00:00.000Z", out);
}

TEST(duration_parses)
{
    static const struct {
        const char *text;
        uint64_t seconds;
    } vectors[] = {{"90", 90},      {"90s", 90},      {"5m", 300},
                   {"1h30m", 5400}, {"30d", 2592000}, {"0", 0},
                   {"2w", 1209600}, {"1y", 31536000}, {"1d12h30m5s", 131405}};
    for (size_t i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++) {
        uint64_t seconds = 1;
        CHECK_ERR(ERR_NONE, duration_parse(slice_string(vectors[i].text), &seconds));
        CHECK_U64(vectors[i].seconds, seconds);
    }
    static const char *const bad[] = {"",     "h",   "1h30", "30m1h", "1h1h", "-1h",
                                      "1.5h", "1 h", "01h",  "1x",    "1ms",  "1H"};
    uint64_t seconds = 9;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        CHECK_ERR(ERR_MALFORMED, duration_parse(slice_string(bad[i]), &seconds));
    }
    CHECK_ERR(ERR_TOO_LARGE, duration_parse(SLICE_LITERAL("18446744073709551615y"), &seconds));
    CHECK_ERR(ERR_TOO_LARGE, duration_parse(SLICE_LITERAL("18446744073709551616"), &seconds));
    CHECK_U64(9, seconds);
}

TEST(duration_words_in_both_languages)
{
    static const struct {
        int64_t seconds;
        const char *english, *german;
    } vectors[] = {
        {0, "just now", "gerade eben"},       {45, "45 s", "45 Sek."},
        {7500, "2 h 5 min", "2 Std. 5 Min."}, {-7500, "2 h 5 min", "2 Std. 5 Min."},
        {3 * 86400, "3 days", "3 Tage"},      {86400 + 3600, "1 day 1 h", "1 Tag 1 Std."},
        {86400 + 59, "1 day", "1 Tag"},       {400 * 86400, "1 year 35 days", "1 Jahr 35 Tage"},
    };
    char out[64];
    for (size_t i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++) {
        CHECK_U64(strlen(vectors[i].english),
                  duration_words(vectors[i].seconds, LANGUAGE_ENGLISH, out, sizeof(out)));
        CHECK_STRING(vectors[i].english, out);
        duration_words(vectors[i].seconds, LANGUAGE_GERMAN, out, sizeof(out));
        CHECK_STRING(vectors[i].german, out);
    }
    CHECK_U64(5, duration_words(7500, LANGUAGE_ENGLISH, out, 6));
    CHECK_STRING("2 h 5", out);
    CHECK_U64(0, duration_words(7500, LANGUAGE_ENGLISH, out, 0));
    CHECK(duration_words(INT64_MIN, LANGUAGE_ENGLISH, out, sizeof(out)) > 0);
}

TEST(clock_goes_on)
{
    struct instant first = clock_now(), second = clock_now();
    CHECK(first.unix_ms > 1700000000000 && second.mono_ns >= first.mono_ns && first.mono_ns > 0);
}

TEST_MAIN
