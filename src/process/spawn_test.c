/* spawn_role starts this very program under the name "vogt-seal" from a directory of its own, and
 * the child tells what it got. */
#include "process/spawn.h"

#include "base/check.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

/* In the child: one line about descriptors, environment, signals, into descriptor 3. */
static int tell(void)
{
    char line[512];
    unsigned open_count = 0;
    int death = 0;
    struct sigaction interrupt, child;
    DIR *directory = opendir("/proc/self/fd");
    for (struct dirent *entry = directory == NULL ? NULL : readdir(directory); entry != NULL;
         entry = readdir(directory)) {
        open_count += entry->d_name[0] != '.' && atoi(entry->d_name) != dirfd(directory) ? 1 : 0;
    }
    if (directory != NULL) {
        closedir(directory);
    }
    char byte = 0;
    ssize_t from_four = read(4, &byte, 1), from_stdin = read(STDIN_FILENO, &line, 1);
    prctl(PR_GET_PDEATHSIG, &death, 0, 0, 0);
    sigaction(SIGINT, NULL, &interrupt);
    sigaction(SIGCHLD, NULL, &child);
    const char *language = getenv("LANG");
    snprintf(
        line, sizeof(line), "fds=%u four=%zd%c stdin=%zd death=%d int=%d chld=%d secret=%d lang=%s",
        open_count, from_four, byte, from_stdin, death, interrupt.sa_handler == SIG_IGN,
        child.sa_handler == SIG_DFL, getenv("SECRET") != NULL, language == NULL ? "-" : language);
    return write(3, line, strlen(line)) > 0 ? 7 : 1;
}

/* A directory that holds this program as vogt-seal. */
static int own_directory(void)
{
    char command[256], place[64] = "/tmp/vogt-spawn-XXXXXX";
    if (mkdtemp(place) == NULL) {
        return -1;
    }
    snprintf(command, sizeof(command), "cp /proc/%d/exe %s/vogt-seal", (int)getpid(), place);
    int fd = system(command) == 0 ? open(place, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
    return fd;
}

static void remove_directory(int fd)
{
    char path[64], place[256] = {0};
    snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
    if (readlink(path, place, sizeof(place) - 1) > 0) {
        unlinkat(fd, "vogt-seal", 0);
        rmdir(place);
    }
    close(fd);
}

TEST(a_role_gets_its_descriptors_and_nothing_else)
{
    int directory_fd = own_directory(), out[2], in[2], status = 0;
    struct spawned spawned;
    char line[512] = {0};
    CHECK(directory_fd >= 0 && pipe2(out, O_CLOEXEC) == 0 && pipe2(in, O_CLOEXEC) == 0 &&
          write(in[1], "z", 1) == 1);
    int stray = open("/dev/null", O_RDONLY); /* without CLOEXEC, as a careless library would */
    setenv("SECRET", "x", 1);
    setenv("LANG", "de_DE.UTF-8", 1);
    signal(SIGCHLD, SIG_IGN);
    signal(SIGCHLD, SIG_DFL);
    const int fds[] = {out[1], in[0]};
    CHECK_ERR(ERR_NONE, spawn_role(directory_fd, ROLE_SEAL, NULL, fds, 2, &spawned));
    CHECK((fcntl(spawned.pidfd, F_GETFD) & FD_CLOEXEC) != 0);
    close(out[1]);
    struct pollfd ended = {spawned.pidfd, POLLIN, 0};
    CHECK(poll(&ended, 1, 10000) == 1);
    CHECK(waitpid(spawned.pid, &status, 0) == spawned.pid && WIFEXITED(status) &&
          WEXITSTATUS(status) == 7);
    CHECK(read(out[0], line, sizeof(line) - 1) > 0);
    CHECK_STRING("fds=5 four=1z stdin=0 death=9 int=1 chld=1 secret=0 lang=de_DE.UTF-8", line);
    close(stray);
    close(spawned.pidfd);
    close(out[0]);
    close(in[0]);
    close(in[1]);
    remove_directory(directory_fd);
}

TEST(descriptors_may_come_in_any_order)
{
    /* All of ours are moved up first, so that 3 and 4 are free to be given crosswise: 3 is wanted
     * at 4 and the other way round. */
    int directory_low = own_directory(), out[2], in[2], status = 0;
    struct spawned spawned;
    char line[512] = {0};
    CHECK(directory_low >= 0 && pipe2(out, O_CLOEXEC) == 0 && pipe2(in, O_CLOEXEC) == 0 &&
          write(in[1], "y", 1) == 1);
    int directory_fd = fcntl(directory_low, F_DUPFD_CLOEXEC, 40),
        reader = fcntl(out[0], F_DUPFD_CLOEXEC, 40);
    int to_four = fcntl(in[0], F_DUPFD_CLOEXEC, 40), to_three = fcntl(out[1], F_DUPFD_CLOEXEC, 40);
    CHECK(dup3(to_four, 3, O_CLOEXEC) == 3 && dup3(to_three, 4, O_CLOEXEC) == 4);
    const int fds[] = {4, 3};
    CHECK_ERR(ERR_NONE, spawn_role(directory_fd, ROLE_SEAL, NULL, fds, 2, &spawned));
    CHECK(waitpid(spawned.pid, &status, 0) == spawned.pid && WIFEXITED(status) &&
          WEXITSTATUS(status) == 7);
    close(spawned.pidfd);
    CHECK(read(reader, line, sizeof(line) - 1) > 0);
    CHECK(strstr(line, "fds=5 four=1y") == line);
    remove_directory(directory_fd);
}

TEST(a_missing_program_is_said)
{
    int directory_fd = open("/tmp", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    struct spawned spawned;
    CHECK_ERR(ERR_NOT_FOUND, spawn_role(directory_fd, ROLE_GATE, NULL, NULL, 0, &spawned));
    close(directory_fd);
}

TEST(our_own_directory_is_found)
{
    int fd = -1;
    CHECK_ERR(ERR_NONE, spawn_directory(&fd));
    CHECK(faccessat(fd, "spawn_test", X_OK, 0) == 0);
    close(fd);
}

int main(int count, char **arguments)
{
    return count == 1 && strcmp(arguments[0], "vogt-seal") == 0 ? tell() : check_main();
}
