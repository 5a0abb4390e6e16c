/* How fast JSON is read and written: a small kv body, a list of records, a long text. MB of text a
 * second. */
#include "base/json.h"
#include "base/time.h"

#include <stdio.h>

enum { TARGET_BYTES = 200 << 20, MAX_BYTES = 8 << 20 };

static enum err kv_body(struct buf *out)
{
    return buf_append_string(
        out,
        "{\"data\":{\"username\":\"svc-billing\",\"password\":\"kT9!x-vv3Qq\",\"port\":5432,"
        "\"tls\":true,\"hosts\":[\"db-1.internal\",\"db-2.internal\"]},\"options\":{\"cas\":3}}");
}

static enum err record_list(struct buf *out)
{
    enum err err = buf_append_byte(out, '[');
    for (int i = 0; err == ERR_NONE && i < 5000; i++) {
        err = buf_printf(out,
                         "%s{\"id\":%d,\"name\":\"host-%d\",\"region\":\"eu-central\",\"address\":"
                         "\"192.0.2.%d\",\"up\":true,"
                         "\"note\":\"Größe %d, geprüft am 23.11.2026 von der Betriebsgruppe\"}",
                         i == 0 ? "" : ",", i, i, i % 256, i);
    }
    return err == ERR_NONE ? buf_append_byte(out, ']') : err;
}

static enum err long_text(struct buf *out)
{
    enum err err = buf_append_string(out, "{\"text\":\"");
    for (int i = 0; err == ERR_NONE && i < 20000; i++) {
        err = buf_append_string(out, "plain words of a certificate or a key, and then\\n");
    }
    return err == ERR_NONE ? buf_append_string(out, "\"}") : err;
}

static const struct {
    const char *name;
    enum err (*make)(struct buf *out);
} bodies[] = {{"kv body", kv_body}, {"record list", record_list}, {"long text", long_text}};

static double seconds_since(int64_t start_ns)
{
    return (double)(clock_now().mono_ns - start_ns) / 1e9;
}

static int measure(const char *name, struct slice text)
{
    struct arena *arena = arena_new(256 << 20);
    cleanup_buf struct buf out = BUF_INIT(MAX_BYTES);
    struct json *value = NULL;
    size_t rounds = TARGET_BYTES / text.len + 1;
    double megabytes = (double)rounds * (double)text.len / 1e6;
    int64_t start_ns = clock_now().mono_ns;
    for (size_t i = 0; i < rounds; i++) {
        arena_reset(arena);
        if (json_read(arena, text, &value, NULL) != ERR_NONE) {
            return 1;
        }
    }
    double read_s = seconds_since(start_ns);
    start_ns = clock_now().mono_ns;
    for (size_t i = 0; i < rounds; i++) {
        buf_clear(&out);
        if (json_write(&out, value, 0) != ERR_NONE) {
            return 1;
        }
    }
    double write_s = seconds_since(start_ns);
    printf("%-12s %8zu bytes: read %7.0f MB/s, write %7.0f MB/s\n", name, text.len,
           megabytes / read_s, megabytes / write_s);
    arena_free(arena);
    return 0;
}

int main(void)
{
    for (size_t i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++) {
        cleanup_buf struct buf text = BUF_INIT(MAX_BYTES);
        if (bodies[i].make(&text) != ERR_NONE || measure(bodies[i].name, buf_slice(&text)) != 0) {
            return 1;
        }
    }
    return 0;
}
