#include "collect/source_run.h"

#include <string.h>

static enum err set_url(const struct source_request *request, struct source_pages *pages, struct slice value)
{
    bool has_query = slice_find_byte(buf_slice(&pages->base), '?') != SIZE_MAX;
    buf_clear(&pages->url);
    enum err err = buf_append(&pages->url, buf_slice(&pages->base));
    if (value.len > 0) {
        err = err == ERR_NONE ? buf_append_byte(&pages->url, has_query ? '&' : '?') : err;
        err = err == ERR_NONE ? buf_append_string(&pages->url, request->parameter) : err;
        err = err == ERR_NONE ? buf_append_byte(&pages->url, '=') : err;
        err = err == ERR_NONE ? buf_append(&pages->url, value) : err;
    }
    return err == ERR_NONE ? buf_append_byte(&pages->url, '\0') : err;
}

static enum err set_number(const struct source_request *request, struct source_pages *pages)
{
    cleanup_buf struct buf text = BUF_INIT(32);
    enum err err = buf_append_u64_decimal(&text, pages->number);
    return err == ERR_NONE ? set_url(request, pages, buf_slice(&text)) : err;
}

static bool counts(enum source_paging paging)
{
    return paging == PAGES_NUMBER || paging == PAGES_HEADER || paging == PAGES_TOTAL || paging == PAGES_OFFSET || paging == PAGES_INDEX;
}

enum err source_pages_begin(const struct source_request *request, struct source_pages *pages)
{
    pages->number = request->paging == PAGES_OFFSET ? 0 : 1;
    return counts(request->paging) ? set_number(request, pages) : set_url(request, pages, SLICE_NONE);
}

void source_pages_free(struct source_pages *pages)
{
    buf_free(&pages->base);
    buf_free(&pages->url);
}

/* An address that the provider gives is followed only to where the source itself is. */
static const char *follow(const struct source_run *run, struct slice text, struct source_pages *pages)
{
    struct source_address next;
    if (source_address_read(text, &next) != ERR_NONE || !source_address_same(&next, &run->address)) {
        return "source.led-elsewhere";
    }
    if (slice_equal(slice_first(buf_slice(&pages->url), pages->url.len - 1), text)) {
        return "source.page-unknown";   /* itself, again and again */
    }
    buf_clear(&pages->url);
    enum err err = buf_append(&pages->url, text);
    err = err == ERR_NONE ? buf_append_byte(&pages->url, '\0') : err;
    return err == ERR_NONE ? NULL : "source.too-large";
}

/* RFC 8288: <address>; parameter; parameter, <address>; … A comma or semicolon inside the brackets belongs to the address. */
static struct slice link_next(struct slice header)
{
    while (header.len > 0) {
        size_t open = slice_find_byte(header, '<'), close = slice_find_byte(header, '>');
        if (open == SIZE_MAX || close == SIZE_MAX || close < open) {
            return SLICE_NONE;
        }
        struct slice address = slice_first(slice_from(header, open + 1), close - open - 1);
        header = slice_from(header, close + 1);
        size_t end = slice_find_byte(header, '<');
        struct slice parameters = slice_first(header, end), one;
        while (slice_split(&parameters, ';', &one)) {
            one = slice_trim(one);
            while (one.len > 0 && (one.data[one.len - 1] == ',' || one.data[one.len - 1] == ' ')) {
                one.len--;
            }
            if (slice_is(one, "rel=\"next\"") || slice_is(one, "rel=next")) {
                return address;
            }
        }
    }
    return SLICE_NONE;
}

static const struct json *member_at(const struct json *tree, const char *path)
{
    const struct json *member = json_member(tree, path); /* "@odata.nextLink" has a dot of its own */
    return member != NULL ? member : json_path(tree, path);
}

static const char *next_number(const struct source_request *request, struct slice text, struct source_pages *pages, bool *more)
{
    uint64_t number = 0;
    if (text.len == 0) {
        return NULL;
    }
    if (slice_to_u64(text, &number) != ERR_NONE || number != pages->number + 1) {
        return "source.page-unknown";
    }
    pages->number = number;
    *more = true;
    return set_number(request, pages) == ERR_NONE ? NULL : "source.too-large";
}

static const char *next_counted(const struct source_request *request, uint64_t step, struct source_pages *pages, bool *more)
{
    pages->number += step;
    *more = true;
    return set_number(request, pages) == ERR_NONE ? NULL : "source.too-large";
}

static bool has_header(const struct http_reply *reply, const char *name)
{
    struct slice rest = buf_slice(&reply->headers), line;
    while (slice_split(&rest, '\n', &line)) {
        size_t colon = slice_find_byte(line, ':');
        if (colon != SIZE_MAX && slice_is_caseless(slice_first(line, colon), name)) {
            return true;
        }
    }
    return false;
}

static const char *next_by_header(const struct source_run *run, const struct source_request *request, const struct http_reply *reply, size_t page_items,
                                  struct source_pages *pages, bool *more)
{
    uint64_t total = 0;
    if (request->paging == PAGES_LINK) {
        struct slice next = link_next(http_reply_header(reply, "Link"));
        *more = next.len > 0;
        return next.len == 0 ? NULL : follow(run, next, pages);
    }
    struct slice text = http_reply_header(reply, request->next);
    if (request->paging == PAGES_HEADER) {
        /* at the end the header is there and empty; without it only an empty page is the end */
        return page_items == 0 || has_header(reply, request->next) ? next_number(request, text, pages, more) : next_counted(request, 1, pages, more);
    }
    bool known = slice_to_u64(text, &total) == ERR_NONE;
    if (page_items == 0) {
        return known && pages->items_count < total ? "source.page-missing" : NULL;
    }
    return known && pages->items_count >= total ? NULL : next_counted(request, 1, pages, more);
}

static const char *next_after(const struct source_request *request, const struct json *tree, struct source_pages *pages, bool *more)
{
    const struct json *last = tree->type == JSON_ARRAY ? tree->last : NULL, *id = json_member(last, request->next);
    if (last == NULL) {
        return NULL;
    }
    if (id == NULL || (id->type != JSON_STRING && id->type != JSON_NUMBER) || id->text.len == 0) {
        return "source.wrong-shape";
    }
    cleanup_buf struct buf cursor = BUF_INIT(SOURCE_URL_MAX_BYTES);
    *more = true;
    return source_escape(&cursor, id->text) == ERR_NONE && set_url(request, pages, buf_slice(&cursor)) == ERR_NONE ? NULL : "source.too-large";
}

static const char *next_by_member(const struct source_run *run, const struct source_request *request, const struct json *tree, size_t page_items,
                                  struct source_pages *pages, bool *more)
{
    const struct json *member = member_at(tree, request->next);
    bool none = member == NULL || member->type == JSON_NULL || member->text.len == 0;
    uint64_t total = 0;
    if (request->paging == PAGES_INDEX) {
        if (none || slice_to_u64(member->text, &total) != ERR_NONE) {
            return "source.wrong-shape";
        }
        if (pages->items_count >= total) {
            return NULL;
        }
        return page_items == 0 ? "source.page-missing" : next_counted(request, page_items, pages, more);
    }
    if (none) {
        /* where a number belongs, "no more" is said with null; silence is a reply that was cut */
        return request->paging == PAGES_NUMBER && member == NULL ? "source.page-unknown" : NULL;
    }
    if (request->paging == PAGES_NUMBER) {
        return next_number(request, member->text, pages, more);
    }
    if (member->type != JSON_STRING) {
        return "source.wrong-shape";
    }
    *more = true;
    if (request->paging == PAGES_ADDRESS) {
        return follow(run, member->text, pages);
    }
    cleanup_buf struct buf cursor = BUF_INIT(SOURCE_URL_MAX_BYTES);
    return source_escape(&cursor, member->text) == ERR_NONE && set_url(request, pages, buf_slice(&cursor)) == ERR_NONE ? NULL : "source.too-large";
}

const char *source_pages_next(const struct source_run *run, const struct source_request *request, const struct http_reply *reply, const struct json *tree,
                              size_t page_items, struct source_pages *pages, bool *ret_more)
{
    bool more = false;
    const char *reason = NULL;
    pages->page_count++;
    switch (request->paging) {
    case PAGES_NONE:
        break;
    case PAGES_LINK:
    case PAGES_HEADER:
    case PAGES_TOTAL:
        reason = next_by_header(run, request, reply, page_items, pages, &more);
        break;
    case PAGES_OFFSET:
        reason = page_items == 0 ? NULL : next_counted(request, page_items, pages, &more);
        break;
    case PAGES_AFTER:
        reason = next_after(request, tree, pages, &more);
        break;
    case PAGES_NUMBER:
    case PAGES_ADDRESS:
    case PAGES_CURSOR:
    case PAGES_INDEX:
        reason = next_by_member(run, request, tree, page_items, pages, &more);
        break;
    }
    if (reason == NULL && more && pages->page_count == SOURCE_PAGES_MAX_COUNT) {
        return "source.too-much";
    }
    *ret_more = reason == NULL && more;
    return reason;
}
