/* What the parts of the engine share during one run at one source. Private to source*.c of reach. */
#ifndef VOGT_COLLECT_SOURCE_RUN_H
#define VOGT_COLLECT_SOURCE_RUN_H

#include "collect/source_api.h"
#include "collect/source_kinds.h"
#include "net/http_client.h"

enum {
    SOURCE_REPLY_MAX_BYTES = 8 << 20,
    SOURCE_TREE_MAX_BYTES = 64 << 20,   /* of one parsed reply */
    SOURCE_PAGES_MAX_COUNT = 500,       /* of one request */
    SOURCE_REQUESTS_MAX_COUNT = 6000,   /* of one run */
    SOURCE_ITEMS_MAX_COUNT = 50000,
    SOURCE_FACTS_MAX_BYTES = 12 << 20,  /* as written: what a task may answer has 16 MiB */
    SOURCE_LOGIN_MAX_BYTES = 16 << 10,
    SOURCE_URL_MAX_BYTES = 4096,
    SOURCE_EXCHANGE_MAX_MS = 30000,
};

/* How an exchange is made: by the HTTP client, or answered by the planted provider. */
struct source_wire {
    enum err (*ask)(void *context, const struct http_request *request, struct http_reply *ret_reply, struct complaint *complaint);
    void *context;
};

struct source_run {
    struct arena *arena;
    const struct source_api *api;
    const struct json *credential, *options;
    struct source_address address, token_address;
    struct source_wire wire;
    struct buf login;                   /* the header with the secret; empty: none. Wiped when freed */
    int64_t deadline_ms, now_ms;        /* monotonic; wall clock at the beginning */
    size_t asked_count, items_count, facts_bytes;
    const char *stopped;                /* the reason why nothing more is asked; NULL: go on */
    struct json *facts, *requests;      /* grow */
};

struct source_ask {
    const char *method;
    const struct buf *url;
    const char *content_type;           /* NULL: no body */
    struct slice body;
    bool with_login;
};

int64_t source_mono_ms(void);
/* One exchange; `note` gets status and what else is said about it. NULL: a good reply, which the caller frees. Otherwise the reason id, and the
 * reply is only there (status > 0) if `ask_anyway`. What concerns all further requests stops the run. */
const char *source_exchange(struct source_run *run, const struct source_ask *ask, bool ask_anyway, struct json *note, struct http_reply *ret_reply);
/* The reason id of a failed exchange; whether it concerns all further requests as well (ret_stops may be NULL). */
const char *source_transport_reason(enum err err, bool *ret_stops);
/* Of a status that is no success. */
const char *source_status_reason(unsigned status);
/* The reply's body as a tree of its own arena. NULL: good. */
const char *source_read(const struct http_reply *reply, struct arena *tree_arena, struct json **ret_tree);

/* Logs in: fills run->login, asking for a token where the kind needs one. ERR_INVALID with a complaint: the credential cannot be used at all.
 * A refusal by the provider is a fact, and stops the run. */
enum err source_log_in(struct source_run *run, struct complaint *complaint) must_check;

/* Appends origin, the address's own path, and the template filled. ERR_NOT_FOUND: a word has no value. */
enum err source_url(struct source_run *run, const struct source_address *address, const char *template, struct slice id, struct buf *out) must_check;

/* Percent-escapes everything but letters, digits and "-._~". */
enum err source_escape(struct buf *out, struct slice text) must_check;

/* Where a request stands between its pages. */
struct source_pages {
    struct buf base, url;               /* without and with the page's parameter */
    uint64_t number;                    /* of the page, offset or index */
    size_t page_count, items_count;
};
enum err source_pages_begin(const struct source_request *request, struct source_pages *pages) must_check;
/* After a page: sets *ret_more and the next address. NULL, or the reason why the rest cannot be asked for. */
const char *source_pages_next(const struct source_run *run, const struct source_request *request, const struct http_reply *reply, const struct json *tree,
                              size_t page_items, struct source_pages *pages, bool *ret_more);
void source_pages_free(struct source_pages *pages);

/* The whole run; facts of either kind of wire. ERR_INVALID with a complaint, ERR_TOO_LARGE when the arena is full. */
enum err source_run_all(struct source_run *run, const struct json *input, struct complaint *complaint) must_check;

#endif
