#include "command/command.h"

#include <signal.h>

int main(int count, char **words)
{
    signal(SIGPIPE, SIG_IGN); /* a write that fails says so itself */
    return (int)command_main(count - 1, words + 1);
}
