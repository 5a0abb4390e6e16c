#include "collect/http_head.h"

bool http_head_whole(struct slice received, size_t *ret_bytes)
{
    size_t crlf = slice_find(received, SLICE_LITERAL("\r\n\r\n"));
    size_t bare = slice_find(received, SLICE_LITERAL("\n\n"));
    if (crlf == SIZE_MAX && bare == SIZE_MAX) {
        return false;
    }
    *ret_bytes = crlf < bare ? crlf + 4 : bare + 2;
    return true;
}

static enum err read_status(struct slice line, unsigned *ret_status)
{
    if (!slice_starts(line, SLICE_LITERAL("HTTP/1.")) || line.len < 12 || line.data[8] != ' ' ||
        (line.len > 12 && line.data[12] != ' ')) {
        return ERR_MALFORMED;
    }
    uint64_t status = 0;
    enum err err = slice_to_u64(slice_first(slice_from(line, 9), 3), &status);
    if (err != ERR_NONE || status < 100 || status > 599) {
        return ERR_MALFORMED;
    }
    *ret_status = (unsigned)status;
    return ERR_NONE;
}

static enum err read_header(struct slice line, struct http_head *head)
{
    size_t colon = slice_find_byte(line, ':');
    if (colon == SIZE_MAX || colon == 0 || line.data[0] == ' ' || line.data[0] == '\t') {
        return ERR_MALFORMED; /* folded lines are obsolete and a known way to smuggle */
    }
    struct slice name = slice_first(line, colon), value = slice_trim(slice_from(line, colon + 1));
    if (slice_is_caseless(name, "strict-transport-security")) {
        if (head->hsts_count < HTTP_VALUES_MAX) {
            head->hsts[head->hsts_count] = value;
        }
        head->hsts_count++;
    } else if (slice_is_caseless(name, "location") && head->location.data == NULL) {
        head->location = value;
    } else if (slice_is_caseless(name, "content-length")) {
        head->length = value;
        head->length_count++;
    }
    return ERR_NONE;
}

enum err http_head_read(struct slice bytes, struct http_head *ret_head)
{
    if (slice_find_byte(bytes, 0) != SIZE_MAX) {
        return ERR_MALFORMED;
    }
    struct http_head head = {0};
    struct slice rest = bytes, line = SLICE_NONE;
    if (!slice_split(&rest, '\n', &line)) {
        return ERR_MALFORMED;
    }
    enum err err = read_status(slice_trim(line), &head.status);
    for (size_t count = 0; err == ERR_NONE && slice_split(&rest, '\n', &line); count++) {
        if (line.len > 0 && line.data[line.len - 1] == '\r') {
            line.len--;
        }
        if (line.len == 0) {
            break;
        }
        err = count == HTTP_HEADERS_MAX ? ERR_TOO_LARGE : read_header(line, &head);
    }
    if (err == ERR_NONE) {
        *ret_head = head;
    }
    return err;
}
