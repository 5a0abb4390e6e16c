#include "base/language.h"

#include <stdlib.h>
#include <string.h>

enum language language_of_environment(void)
{
    static const char *const names[] = {"LC_ALL", "LC_MESSAGES", "LANG"};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        const char *value = getenv(names[i]);
        if (value != NULL && value[0] != '\0') {
            return strncmp(value, "de", 2) == 0 ? LANGUAGE_GERMAN : LANGUAGE_ENGLISH;
        }
    }
    return LANGUAGE_ENGLISH;
}
