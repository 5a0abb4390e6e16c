#include "base/check.h"
#include "base/glob.h"

TEST(a_star_stands_for_any_bytes_wherever_it_is)
{
    static const struct {
        const char *pattern, *text;
        bool fits;
    } rows[] = {
        {"", "", true}, {"", "a", false}, {"a", "a", true}, {"a", "A", false}, {"*", "", true}, {"*", "anything", true}, {"web-*", "web-1", true}, {"web-*", "web", false},
        {"*.example", "a.b.example", true}, {"*.example", "a.example.org", false}, {"a*b*c", "axxbxbyyc", true}, {"a*b*c", "axxbxbyy", false}, {"**", "x", true}, {"a?", "ab", false},
        {"*aab", "aaaaaaab", true},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        CHECK(glob_matches(slice_string(rows[i].pattern), slice_string(rows[i].text)) == rows[i].fits);
    }
}

TEST_MAIN
