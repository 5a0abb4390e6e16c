#include "base/glob.h"

bool glob_matches(struct slice pattern, struct slice text)
{
    size_t at = 0, i = 0, star = SIZE_MAX, mark = 0;
    while (i < text.len) {
        if (at < pattern.len && pattern.data[at] == '*') {
            star = at++;
            mark = i;
        } else if (at < pattern.len && pattern.data[at] == text.data[i]) {
            at++;
            i++;
        } else if (star != SIZE_MAX) {
            at = star + 1;
            i = ++mark;
        } else {
            return false;
        }
    }
    while (at < pattern.len && pattern.data[at] == '*') {
        at++;
    }
    return at == pattern.len;
}
