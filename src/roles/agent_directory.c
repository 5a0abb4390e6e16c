#include "roles/agent.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

enum { CONFIG_BYTES = 4096, DEPTH_MAX = 2 };

static enum err about(struct complaint *complaint, enum err err, struct text text, const char *path)
{
    return complain(complaint, err, text, 0, 0, path, strlen(path));
}

/* Links are never followed; what is not the courier's becomes the courier's. */
static bool give(int directory_fd, const char *name, uid_t uid, unsigned depth)
{
    struct stat status;
    if (fstatat(directory_fd, name, &status, AT_SYMLINK_NOFOLLOW) != 0) {
        return errno == ENOENT;
    }
    if (status.st_uid != uid && fchownat(directory_fd, name, uid, uid, AT_SYMLINK_NOFOLLOW) != 0) {
        return false;
    }
    if (!S_ISDIR(status.st_mode) || depth == 0) {
        return true;
    }
    int fd = openat(directory_fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    DIR *folder = fd < 0 ? NULL : fdopendir(fd);
    bool ok = folder != NULL;
    for (const struct dirent *entry = ok ? readdir(folder) : NULL; ok && entry != NULL; entry = readdir(folder)) {
        ok = strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0 || give(fd, entry->d_name, uid, depth - 1);
    }
    if (folder != NULL) {
        closedir(folder);
    }
    return ok;
}

static enum err check(struct agent *agent, struct complaint *complaint)
{
    struct stat status;
    uid_t courier = sandbox_uid(ROLE_COURIER);
    if (fstat(agent->directory_fd, &status) != 0) {
        return err_from_errno(errno);
    }
    if (status.st_uid != geteuid() && !(geteuid() == 0 && status.st_uid == courier)) {
        return about(complaint, ERR_RIGHTS, TEXT("the agent's directory belongs to another user", "das Verzeichnis des Agenten gehört einem anderen Benutzer"), agent->options.directory);
    }
    if ((status.st_mode & 022) != 0) {
        return about(complaint, ERR_RIGHTS, TEXT("others can write to the agent's directory; look what happened there, then: chmod 700", "andere dürfen ins Verzeichnis des Agenten schreiben; prüfe, was dort geschah, dann: chmod 700"),
                     agent->options.directory);
    }
    bool given = fchmod(agent->directory_fd, 0700) == 0 &&
                 (geteuid() != 0 || (fchown(agent->directory_fd, courier, courier) == 0 && give(agent->directory_fd, ".", courier, DEPTH_MAX)));
    return given ? ERR_NONE : about(complaint, ERR_READ_ONLY, TEXT("the agent's directory cannot be given to its courier", "das Verzeichnis des Agenten lässt sich seinem Boten nicht übergeben"), agent->options.directory);
}

static enum err lock(struct agent *agent, struct complaint *complaint)
{
    agent->lock_fd = openat(agent->directory_fd, "agent.pid", O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (agent->lock_fd < 0) {
        return about(complaint, err_from_errno(errno), TEXT("the agent's directory cannot be written", "ins Verzeichnis des Agenten lässt sich nicht schreiben"), agent->options.directory);
    }
    if (flock(agent->lock_fd, LOCK_EX | LOCK_NB) != 0) {
        return about(complaint, ERR_LOCKED, TEXT("another agent runs on this directory", "auf diesem Verzeichnis läuft schon ein Agent"), agent->options.directory);
    }
    char text[32];
    int len = snprintf(text, sizeof(text), "%d\n", (int)getpid());
    return ftruncate(agent->lock_fd, 0) == 0 && pwrite(agent->lock_fd, text, (size_t)len, 0) == len ? ERR_NONE : err_from_errno(errno);
}

enum err agent_directory_open(struct agent *agent, struct complaint *complaint)
{
    const char *path = agent->options.directory;
    if (mkdir(path, 0700) != 0 && errno != EEXIST) {
        return about(complaint, err_from_errno(errno), TEXT("the agent's directory cannot be made", "das Verzeichnis des Agenten lässt sich nicht anlegen"), path);
    }
    agent->directory_fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (agent->directory_fd < 0) {
        return about(complaint, err_from_errno(errno), TEXT("the agent's directory cannot be opened", "das Verzeichnis des Agenten lässt sich nicht öffnen"), path);
    }
    enum err err = check(agent, complaint);
    return err == ERR_NONE ? lock(agent, complaint) : err;
}

enum err agent_read_token(struct agent *agent, struct complaint *complaint)
{
    const char *path = agent->options.token;
    if (path == NULL) {
        return ERR_NONE;
    }
    bool is_input = strcmp(path, "-") == 0;
    int fd = is_input ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
    ssize_t got = fd < 0 ? -1 : read(fd, agent->token, sizeof(agent->token));
    if (fd >= 0 && !is_input) {
        close(fd);
    }
    struct slice text = slice_trim(slice_of(agent->token, got > 0 ? (size_t)got : 0));
    if (text.len == 0 || text.len > AGENT_TOKEN_MAX_BYTES || !slice_starts(text, SLICE_LITERAL("vga."))) {
        return about(complaint, got < 0 ? err_from_errno(errno) : ERR_INVALID, TEXT("this file holds no token of `vogt agent create`", "diese Datei enthält kein Token von `vogt agent create`"), path);
    }
    memmove(agent->token, text.data, text.len);
    agent->token[text.len] = '\0';
    return ERR_NONE;
}

/* Of what the courier wrote only one word is looked for, whole: this process parses nothing. */
enum role agent_worker_role(const struct agent *agent)
{
    char text[CONFIG_BYTES];
    int fd = openat(agent->directory_fd, "agent.json", O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    ssize_t got = fd < 0 ? 0 : read(fd, text, sizeof(text));
    if (fd >= 0) {
        close(fd);
    }
    struct slice whole = slice_of(text, got > 0 ? (size_t)got : 0);
    bool is_host = slice_find(whole, SLICE_LITERAL("\"kind\": \"host\"")) != SIZE_MAX, is_vantage = slice_find(whole, SLICE_LITERAL("\"kind\": \"vantage\"")) != SIZE_MAX;
    return is_host == is_vantage ? ROLE_NONE : is_host ? ROLE_LOOK : ROLE_REACH;
}
