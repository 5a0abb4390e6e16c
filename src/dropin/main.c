#include "command/command.h"
#include "dropin/dropin.h"

#include <signal.h>

int main(int count, char **words)
{
    signal(SIGPIPE, SIG_IGN); /* a write that fails says so itself */
    if (count > 0 && dropin_is_called(words[0])) {
        return dropin_main(count - 1, words + 1);
    }
    return command_main(count - 1, words + 1);
}
