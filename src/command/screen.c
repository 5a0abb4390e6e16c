#include "command/screen.h"

#include "base/utf8.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

enum { WIDTH_DEFAULT = 100, WIDTH_LEAST = 40, WIDTH_MOST = 120 };

static const char *const colour_codes[] = {
    [COLOUR_NONE] = "",          [COLOUR_BOLD] = "\033[1m",     [COLOUR_DIM] = "\033[2m",
    [COLOUR_GREEN] = "\033[32m", [COLOUR_RED] = "\033[1;31m",   [COLOUR_YELLOW] = "\033[33m",
    [COLOUR_BLUE] = "\033[34m",  [COLOUR_MAGENTA] = "\033[35m",
};

static size_t width_of(int fd)
{
    struct winsize size;
    uint64_t columns = 0;
    const char *text = getenv("COLUMNS");
    if (ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) {
        columns = size.ws_col;
    } else if (text == NULL || slice_to_u64(slice_string(text), &columns) != ERR_NONE) {
        return WIDTH_DEFAULT;
    }
    return columns < WIDTH_LEAST  ? WIDTH_LEAST
           : columns > WIDTH_MOST ? WIDTH_MOST
                                  : (size_t)columns;
}

struct screen screen_of(FILE *out)
{
    const char *none = getenv("NO_COLOR"), *term = getenv("TERM");
    bool wanted = (none == NULL || none[0] == '\0') && (term == NULL || strcmp(term, "dumb") != 0);
    return (struct screen){out, wanted && isatty(fileno(out)) == 1, width_of(fileno(out))};
}

static bool is_control(uint32_t point)
{
    /* C0, DEL, C1; and what turns the direction of writing, which makes text say another thing than
     * it holds */
    return point < 0x20 || (point >= 0x7f && point < 0xa0) ||
           (point >= 0x202a && point <= 0x202e) || (point >= 0x2066 && point <= 0x2069);
}

static bool is_combining(uint32_t point)
{
    return (point >= 0x300 && point < 0x370) || point == 0x200b || point == 0x200d ||
           point == 0xad || (point >= 0xfe00 && point <= 0xfe0f);
}

static void put_clean(FILE *out, struct slice text)
{
    size_t position = 0;
    while (position < text.len) {
        size_t begin = position;
        uint32_t point = 0;
        if (utf8_next(text, &position, &point) != ERR_NONE) {
            position = begin + 1;
            point = 0;
        }
        if (is_control(point)) {
            fputs("\xef\xbf\xbd", out);
        } else {
            fwrite(text.data + begin, 1, position - begin, out);
        }
    }
}

size_t text_width(struct slice text)
{
    size_t width = 0, position = 0;
    uint32_t point = 0;
    while (position < text.len) {
        if (utf8_next(text, &position, &point) != ERR_NONE) {
            position++;
            width++;
            continue;
        }
        width += is_combining(point) ? 0 : 1;
    }
    return width;
}

void screen_put(const struct screen *screen, enum colour colour, struct slice text)
{
    bool coloured = screen->colours && colour != COLOUR_NONE;
    if (coloured) {
        fputs(colour_codes[colour], screen->out);
    }
    put_clean(screen->out, text);
    if (coloured) {
        fputs("\033[0m", screen->out);
    }
}

void screen_string(const struct screen *screen, enum colour colour, const char *text)
{
    screen_put(screen, colour, slice_string(text));
}

void screen_spaces(const struct screen *screen, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        fputc(' ', screen->out);
    }
}

static bool is_space(uint8_t byte)
{
    return byte == ' ' || byte == '\t' || byte == '\n' || byte == '\r';
}

static struct slice next_word(struct slice *rest)
{
    size_t begin = 0, end;
    while (begin < rest->len && is_space(rest->data[begin])) {
        begin++;
    }
    end = begin;
    while (end < rest->len && !is_space(rest->data[end])) {
        end++;
    }
    struct slice word = slice_first(slice_from(*rest, begin), end - begin);
    *rest = slice_from(*rest, end);
    return word;
}

void screen_wrap(const struct screen *screen, size_t column, size_t indent, enum colour colour,
                 struct slice text)
{
    bool first = true;
    for (struct slice word = next_word(&text); word.len > 0; word = next_word(&text)) {
        size_t width = text_width(word);
        if (!first && column + 1 + width > screen->width) {
            fputc('\n', screen->out);
            screen_spaces(screen, indent);
            column = indent;
        } else if (!first) {
            fputc(' ', screen->out);
            column++;
        }
        screen_put(screen, colour, word);
        column += width;
        first = false;
    }
    fputc('\n', screen->out);
}

/* ---- progress: a thread of its own, because a question to the daemon blocks ---- */

static struct {
    pthread_mutex_t lock;
    pthread_cond_t wake;
    pthread_t thread;
    bool running, ended;
    const char *text;
    uint64_t done, total;
} progress = {.lock = PTHREAD_MUTEX_INITIALIZER, .wake = PTHREAD_COND_INITIALIZER};

static void draw(unsigned seconds, bool is_terminal)
{
    if (!is_terminal) {
        if (seconds == 1) {
            fprintf(stderr, "%s ...\n", progress.text);
        }
        return;
    }
    if (progress.total > 0) {
        fprintf(stderr, "\r\033[K%s: %u %%, %u s", progress.text,
                (unsigned)(progress.done * 100 / progress.total), seconds);
    } else {
        fprintf(stderr, "\r\033[K%s ... %u s", progress.text, seconds);
    }
    fflush(stderr);
}

static void *tell(void *context)
{
    (void)context;
    bool is_terminal = isatty(STDERR_FILENO) == 1;
    unsigned seconds = 0;
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    pthread_mutex_lock(&progress.lock);
    while (!progress.ended) {
        until.tv_sec++;
        while (!progress.ended &&
               pthread_cond_timedwait(&progress.wake, &progress.lock, &until) == 0) {
        }
        if (!progress.ended) {
            draw(++seconds, is_terminal);
        }
    }
    if (seconds > 0 && is_terminal) {
        fputs("\r\033[K", stderr);
        fflush(stderr);
    }
    pthread_mutex_unlock(&progress.lock);
    return NULL;
}

void progress_begin(const char *text)
{
    progress.text = text;
    progress.done = progress.total = 0;
    progress.ended = false;
    progress.running = pthread_create(&progress.thread, NULL, tell, NULL) ==
                       0; /* without it there is just no line */
}

void progress_count(uint64_t done, uint64_t total)
{
    pthread_mutex_lock(&progress.lock);
    progress.done = total > UINT64_MAX / 100 ? 0 : done;
    progress.total = total > UINT64_MAX / 100 ? 0 : total;
    pthread_mutex_unlock(&progress.lock);
}

void progress_end(void)
{
    if (!progress.running) {
        return;
    }
    pthread_mutex_lock(&progress.lock);
    progress.ended = true;
    pthread_cond_signal(&progress.wake);
    pthread_mutex_unlock(&progress.lock);
    pthread_join(progress.thread, NULL);
    progress.running = false;
}
