#include "collect/talk.h"

#include <string.h>

void talk_begin(struct talk *talk, struct stream *stream)
{
    talk->stream = stream;
    talk->from = 0;
    talk->until = 0;
}

enum err talk_say(struct talk *talk, struct slice words)
{
    return stream_write(talk->stream, words);
}

static struct slice held(const struct talk *talk)
{
    return slice_of(talk->held + talk->from, talk->until - talk->from);
}

static struct slice take(struct talk *talk, size_t count)
{
    struct slice taken = slice_first(held(talk), count);
    talk->from += taken.len;
    return taken;
}

static enum err read_more(struct talk *talk)
{
    if (talk->from > 0) {
        memmove(talk->held, talk->held + talk->from, talk->until - talk->from);
        talk->until -= talk->from;
        talk->from = 0;
    }
    if (talk->until == sizeof(talk->held)) {
        return ERR_TOO_LARGE;
    }
    size_t count = 0;
    enum err err = stream_read(talk->stream, talk->held + talk->until, sizeof(talk->held) - talk->until, &count);
    if (err == ERR_NONE) {
        talk->until += count;
    }
    return err;
}

enum err talk_until(struct talk *talk, struct slice mark, struct slice *ret_text)
{
    size_t at;
    while ((at = slice_find(held(talk), mark)) == SIZE_MAX) {
        enum err err = read_more(talk);
        if (err != ERR_NONE) {
            return err;
        }
    }
    *ret_text = take(talk, at + mark.len);
    return ERR_NONE;
}

enum err talk_line(struct talk *talk, struct slice *ret_line)
{
    struct slice line = SLICE_NONE;
    enum err err = talk_until(talk, SLICE_LITERAL("\n"), &line);
    if (err == ERR_NONE) {
        line.len--;
        line.len -= line.len > 0 && line.data[line.len - 1] == '\r' ? 1 : 0;
        *ret_line = line;
    }
    return err;
}

enum err talk_bytes(struct talk *talk, size_t count, struct slice *ret_bytes)
{
    if (count > sizeof(talk->held)) {
        return ERR_TOO_LARGE;
    }
    while (talk->until - talk->from < count) {
        enum err err = read_more(talk);
        if (err != ERR_NONE) {
            return err;
        }
    }
    *ret_bytes = take(talk, count);
    return ERR_NONE;
}

enum err talk_end(const struct talk *talk)
{
    return talk->from == talk->until ? ERR_NONE : ERR_PROTOCOL;
}
