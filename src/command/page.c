/* Writes docs/commands.md: ninja command_page && ./command_page > docs/commands.md. command_test
 * compares the two. */
#include "command/command.h"

int main(void)
{
    cleanup_buf struct buf page = BUF_INIT(1 << 20);
    bool good = help_page(&page) == ERR_NONE &&
                fwrite(page.data, 1, page.len, stdout) == page.len && fflush(stdout) == 0;
    return good ? 0 : 1;
}
