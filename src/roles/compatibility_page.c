/* Writes docs/vault-compatibility.md to standard output.. */
#include "roles/compatibility.h"

#include <stdio.h>

int main(void)
{
    cleanup_buf struct buf page = BUF_INIT(1 << 20);
    struct complaint complaint = {.text = {NULL, NULL}};
    enum err err = compatibility_page(&page, &complaint);
    if (err != ERR_NONE) {
        fprintf(stderr, "%s: %s\n", complaint.text.english == NULL ? err_name(err) : complaint.text.english, complaint.detail);
        return 1;
    }
    return fwrite(page.data, 1, page.len, stdout) == page.len && fflush(stdout) == 0 ? 0 : 1;
}
