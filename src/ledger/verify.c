/* The report, and a directory as a source. */
#include "ledger/verify.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

enum err verify_report_start(struct verify_report *ret_report)
{
    *ret_report = (struct verify_report){.finding_count = 0};
    ret_report->findings = calloc(VERIFY_FINDINGS_MAX, sizeof(*ret_report->findings));
    if (ret_report->findings == NULL) {
        return ERR_MEMORY;
    }
    if (pthread_mutex_init(&ret_report->lock, NULL) != 0) {
        free(ret_report->findings);
        return ERR_MEMORY;
    }
    return ERR_NONE;
}

void verify_report_free(struct verify_report *report)
{
    if (report != NULL && report->findings != NULL) {
        pthread_mutex_destroy(&report->lock);
        free(report->findings);
        report->findings = NULL;
    }
}

bool verify_report_good(const struct verify_report *report)
{
    return report->broken_count == 0;
}

void verify_find(struct verify_report *report, enum verify_weight weight, uint8_t log,
                 struct text text, const char *place, uint64_t index)
{
    pthread_mutex_lock(&report->lock);
    report->broken_count += weight == VERIFY_BROKEN;
    if (report->finding_count == VERIFY_FINDINGS_MAX) {
        report->left_out_count++;
    } else {
        struct verify_finding *finding = &report->findings[report->finding_count++];
        *finding = (struct verify_finding){.weight = weight, .text = text, .log = log};
        finding->has_index = index != UINT64_MAX;
        finding->index = finding->has_index ? index : 0;
        snprintf(finding->place, sizeof(finding->place), "%s", place == NULL ? "" : place);
    }
    pthread_mutex_unlock(&report->lock);
}

struct text verify_text_reopened(void)
{
    return TEXT("the log was rolled back and reopened under another name: it lacks what the known "
                "checkpoint states",
                "das Log wurde zurückgesetzt und unter anderem Namen wiedereröffnet: ihm fehlt, was "
                "der bekannte Prüfpunkt nennt");
}

static enum err open_beneath(int directory_fd, const char *path, int *ret_fd)
{
    struct open_how how = {.flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK,
                           .resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS};
    long fd = syscall(SYS_openat2, directory_fd, path, &how, sizeof(how));
    if (fd < 0) {
        return err_from_errno(errno);
    }
    *ret_fd = (int)fd;
    return ERR_NONE;
}

static enum err read_all(int fd, struct buf *out)
{
    struct stat status;
    if (fstat(fd, &status) != 0 || !S_ISREG(status.st_mode)) {
        return ERR_INVALID;
    }
    if (status.st_size < 0 || (uint64_t)status.st_size > out->max - out->len) {
        return ERR_TOO_LARGE;
    }
    size_t left = (size_t)status.st_size;
    enum err err = buf_reserve(out, left);
    while (err == ERR_NONE && left > 0) {
        ssize_t got = read(fd, out->data + out->len, left);
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got <= 0) {
            return got < 0 ? err_from_errno(errno) : ERR_IO; /* it shrank while being read */
        }
        out->len += (size_t)got;
        left -= (size_t)got;
    }
    return err;
}

static enum err fetch_file(void *context, const char *path, struct buf *out)
{
    const int *directory_fd = context;
    int fd = -1;
    enum err err = open_beneath(*directory_fd, path, &fd);
    if (err == ERR_NONE) {
        err = read_all(fd, out);
        close(fd);
    }
    return err;
}

struct verify_source verify_directory(const int *directory_fd)
{
    union {
        const int *borrowed;
        void *context;
    } pointer = {.borrowed = directory_fd}; /* fetch_file only reads it */
    return (struct verify_source){pointer.context, fetch_file, true};
}
