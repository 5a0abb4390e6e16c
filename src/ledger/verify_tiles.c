/*
 * verify_log and verify_known. The log is cut into chunks of one level 1 tile each (65,536
 * entries), which threads take one after the other; what a chunk yields are complete subtrees, and
 * the caller's thread puts these together.
 */
#include "ledger/verify.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

enum {
    CHUNK_LEVEL = 2 * TILE_HEIGHT,
    CHUNK_ENTRIES = 1 << CHUNK_LEVEL,
};

struct job {
    const struct verify_source *source;
    struct verify_report *report;
    uint8_t log;
    uint64_t size, chunk_count;
    struct tree_hash *tops; /* of full chunks, at tree level 16 */
    struct tree tail;       /* of the last chunk when it is not full */
    _Atomic uint64_t next, done;
    _Atomic int err; /* the first that is not a finding: memory */
};

/* Memory of one thread. */
struct bench {
    struct buf file;
    struct tree_hash leaves[TILE_WIDTH];
    struct tree_hash level_1[TILE_WIDTH];
};

/* Fetches into bench->file; what is missing or unreadable becomes a finding. */
static bool fetch(const struct job *job, struct bench *bench, const struct tile *tile)
{
    char path[TILE_PATH_BYTES];
    tile_path(tile, path);
    buf_clear(&bench->file);
    enum err err = job->source->fetch(job->source->context, path, &bench->file);
    if (err == ERR_NONE) {
        return true;
    }
    verify_find(
        job->report, VERIFY_BROKEN, job->log,
        err == ERR_NOT_FOUND
            ? TEXT("a file of the log is missing", "eine Datei des Logs fehlt")
            : TEXT("a file of the log cannot be read", "eine Datei des Logs ist nicht lesbar"),
        path, UINT64_MAX);
    return false;
}

/* Compares computed hashes with the tile that should hold them. */
static void compare_tile(const struct job *job, struct bench *bench, const struct tile *tile,
                         const struct tree_hash *hashes)
{
    char path[TILE_PATH_BYTES];
    if (!fetch(job, bench, tile)) {
        return;
    }
    size_t bytes = tile->width * sizeof(*hashes);
    if (bench->file.len == bytes && memcmp(bench->file.data, hashes, bytes) == 0) {
        return;
    }
    tile_path(tile, path);
    if (bench->file.len != bytes) {
        verify_find(job->report, VERIFY_BROKEN, job->log,
                    TEXT("a tile has the wrong length", "eine Kachel hat die falsche Länge"), path,
                    UINT64_MAX);
        return;
    }
    for (unsigned i = 0; i < tile->width; i++) {
        if (memcmp(bench->file.data + i * sizeof(*hashes), &hashes[i], sizeof(*hashes)) != 0) {
            uint64_t index = tile->number * TILE_WIDTH + i;
            verify_find(job->report, VERIFY_BROKEN, job->log,
                        tile->level == 0
                            ? TEXT("an entry is not the one that was hashed into the tree",
                                   "ein Eintrag ist nicht der, der in den Baum einging")
                            : TEXT("a hash of a tile does not follow from the entries",
                                   "ein Hash einer Kachel folgt nicht aus den Einträgen"),
                        path, tile->level == 0 ? index : UINT64_MAX);
            return;
        }
    }
}

/* Hashes a bundle's entries. Leaves that cannot be had stay zero: no tile holds such a hash. */
static void hash_bundle(const struct job *job, struct bench *bench, uint64_t number, unsigned width)
{
    struct tile tile = {TILE_LEVEL_ENTRIES, number, width};
    memset(bench->leaves, 0, sizeof(bench->leaves));
    if (!fetch(job, bench, &tile)) {
        return;
    }
    struct slice rest = buf_slice(&bench->file), entry;
    enum err err = ERR_NONE;
    unsigned count = 0;
    while (count < width && (err = bundle_next(&rest, &entry)) == ERR_NONE) {
        tree_leaf(entry, &bench->leaves[count++]);
    }
    if (count < width || rest.len > 0) {
        char path[TILE_PATH_BYTES];
        tile_path(&tile, path);
        verify_find(job->report, VERIFY_BROKEN, job->log,
                    TEXT("an entry bundle is cut short or has too many bytes",
                         "ein Eintragsbündel ist gekürzt oder zu lang"),
                    path, number * TILE_WIDTH + count);
    }
}

static void check_chunk(struct job *job, struct bench *bench, uint64_t chunk)
{
    uint64_t first = chunk * TILE_WIDTH;
    unsigned full = 0;
    struct tree tail;
    tree_clear(&tail);
    enum err err = ERR_NONE;
    for (unsigned i = 0; i < TILE_WIDTH; i++) {
        unsigned width = tile_width_at(0, first + i, job->size);
        if (width == 0) {
            break;
        }
        hash_bundle(job, bench, first + i, width);
        compare_tile(job, bench, &(struct tile){0, first + i, width}, bench->leaves);
        if (width == TILE_WIDTH) {
            tile_fold(bench->leaves, TILE_WIDTH, &bench->level_1[full++]);
            err =
                err == ERR_NONE ? tree_append_subtree(&tail, TILE_HEIGHT, &bench->level_1[i]) : err;
        }
        for (unsigned leaf = 0; width < TILE_WIDTH && leaf < width; leaf++) {
            err = err == ERR_NONE ? tree_append_leaf(&tail, &bench->leaves[leaf]) : err;
        }
    }
    if (full > 0) {
        compare_tile(job, bench, &(struct tile){1, chunk, full}, bench->level_1);
    }
    if (full == TILE_WIDTH) {
        job->tops[chunk] = tail.edge[CHUNK_LEVEL];
    } else {
        job->tail = tail; /* the last chunk only, so that no other thread writes it */
    }
    if (err != ERR_NONE) {
        atomic_store(&job->err, (int)err);
    }
}

/* One thread's part; only the caller's has options, and reports the progress of all. */
static void work(struct job *job, const struct verify_options *options)
{
    struct bench *bench = calloc(1, sizeof(*bench));
    if (bench == NULL) {
        atomic_store(&job->err, (int)ERR_MEMORY);
        return;
    }
    bench->file.max = BUNDLE_MAX_BYTES;
    uint64_t chunk;
    while ((chunk = atomic_fetch_add(&job->next, 1)) < job->chunk_count) {
        check_chunk(job, bench, chunk);
        uint64_t done = (atomic_fetch_add(&job->done, 1) + 1) * CHUNK_ENTRIES;
        if (options != NULL && options->progress != NULL) {
            options->progress(options->progress_context, job->log,
                              done < job->size ? done : job->size, job->size);
        }
    }
    buf_free(&bench->file);
    free(bench);
}

static void *work_beside(void *context)
{
    work(context, NULL);
    digest_end_thread();
    return NULL;
}

static void run(struct job *job, const struct verify_options *options)
{
    pthread_t threads[VERIFY_THREADS_MAX];
    unsigned wanted = options == NULL || !job->source->parallel || options->threads < 2
                          ? 0
                          : options->threads - 1;
    unsigned started = 0;
    wanted = wanted < VERIFY_THREADS_MAX ? wanted : VERIFY_THREADS_MAX;
    wanted = wanted < job->chunk_count ? wanted : (unsigned)job->chunk_count;
    while (started < wanted && pthread_create(&threads[started], NULL, work_beside, job) == 0) {
        started++;
    }
    work(job, options);
    while (started > 0) {
        pthread_join(threads[--started], NULL);
    }
}

/* Levels 2 and up, which only very long logs have, from the tops of the chunks; *hashes is folded
 * in place. */
static void check_high_tiles(struct job *job, struct bench *bench)
{
    uint64_t count = job->size >> CHUNK_LEVEL;
    for (unsigned level = 2; level < TILE_LEVELS && count > 0; level++) {
        uint64_t full = count / TILE_WIDTH;
        for (uint64_t number = 0; number < tile_count(level, job->size); number++) {
            struct tile tile = {level, number, tile_width_at(level, number, job->size)};
            compare_tile(job, bench, &tile, &job->tops[number * TILE_WIDTH]);
        }
        for (uint64_t number = 0; number < full; number++) {
            tile_fold(&job->tops[number * TILE_WIDTH], TILE_WIDTH, &job->tops[number]);
        }
        count = full;
    }
}

static enum err join(struct job *job, struct tree_hash *ret_root)
{
    struct tree tree;
    tree_clear(&tree);
    enum err err = ERR_NONE;
    for (uint64_t chunk = 0; err == ERR_NONE && chunk < job->size >> CHUNK_LEVEL; chunk++) {
        err = tree_append_subtree(&tree, CHUNK_LEVEL, &job->tops[chunk]);
    }
    for (unsigned level = CHUNK_LEVEL; err == ERR_NONE && level-- > 0;) {
        if ((job->tail.size >> level & 1) != 0) {
            err = tree_append_subtree(&tree, level, &job->tail.edge[level]);
        }
    }
    tree_root(&tree, ret_root);
    return err;
}

static enum err check_tiles(struct job *job, const struct verify_options *options,
                            struct tree_hash *ret_root)
{
    uint64_t tops = job->size >> CHUNK_LEVEL;
    struct bench *bench = calloc(1, sizeof(*bench));
    job->tops = calloc(tops == 0 ? 1 : tops, sizeof(*job->tops));
    enum err err = bench == NULL || job->tops == NULL ? ERR_MEMORY : ERR_NONE;
    if (err == ERR_NONE) {
        bench->file.max = BUNDLE_MAX_BYTES;
        run(job, options);
        err = (enum err)atomic_load(&job->err);
    }
    if (err == ERR_NONE) {
        err = join(job, ret_root);
    }
    if (err == ERR_NONE) {
        check_high_tiles(job, bench);
        buf_free(&bench->file);
    }
    free(job->tops);
    free(bench);
    return err;
}

struct open_row {
    enum err err;
    struct text text;
};

static const struct open_row open_rows[] = {
    {ERR_NOT_FOUND,
     {"the checkpoint is not signed by the log's key",
      "der Prüfpunkt ist nicht vom Schlüssel des Logs signiert"}},
    {ERR_FORGED, {"the checkpoint's signature is wrong", "die Signatur des Prüfpunkts ist falsch"}},
    {ERR_INVALID,
     {"the checkpoint is of another log", "der Prüfpunkt gehört zu einem anderen Log"}},
};

static bool open_checkpoint(struct slice bytes, uint8_t log, const struct note_key *key,
                            const char *place, struct verify_report *report,
                            struct checkpoint *ret_checkpoint)
{
    struct note note;
    enum err err = checkpoint_open(bytes, key, &note, ret_checkpoint);
    if (err == ERR_NONE && ret_checkpoint->extensions.len > 0) {
        err = ERR_MALFORMED; /* Vogt signs none */
    }
    if (err == ERR_NONE) {
        return true;
    }
    struct text text =
        TEXT("the checkpoint is not well-formed", "der Prüfpunkt ist nicht wohlgeformt");
    for (size_t i = 0; i < sizeof(open_rows) / sizeof(open_rows[0]); i++) {
        text = open_rows[i].err == err ? open_rows[i].text : text;
    }
    verify_find(report, VERIFY_BROKEN, log, text, place, UINT64_MAX);
    return false;
}

enum err verify_log(const struct verify_source *source, uint8_t log, const struct note_key *key,
                    const struct verify_options *options, struct verify_report *report)
{
    cleanup_buf struct buf bytes = BUF_INIT(NOTE_MAX_BYTES);
    struct checkpoint checkpoint;
    enum err err = source->fetch(source->context, "checkpoint", &bytes);
    if (err == ERR_MEMORY || log > LOG_AUDIT) {
        return err == ERR_NONE ? ERR_INVALID : err;
    }
    if (err != ERR_NONE) {
        verify_find(report, VERIFY_BROKEN, log,
                    TEXT("there is no checkpoint to read", "es gibt keinen lesbaren Prüfpunkt"),
                    "checkpoint", UINT64_MAX);
        return ERR_NONE;
    }
    if (!open_checkpoint(buf_slice(&bytes), log, key, "checkpoint", report, &checkpoint)) {
        return ERR_NONE;
    }
    struct job job = {.source = source, .report = report, .log = log, .size = checkpoint.size};
    job.chunk_count = (checkpoint.size >> CHUNK_LEVEL) + (checkpoint.size % CHUNK_ENTRIES != 0);
    struct verify_log_state state = {true, checkpoint.size, checkpoint.root, 0};
    struct tree_hash root;
    err = check_tiles(&job, options, &root);
    if (err != ERR_NONE) {
        return err;
    }
    if (!tree_hash_equal(&root, &state.root)) {
        verify_find(report, VERIFY_BROKEN, log,
                    TEXT("the entries do not lead to the root that was signed",
                         "die Einträge führen nicht zur signierten Wurzel"),
                    "checkpoint", UINT64_MAX);
    }
    report->logs[log] = state;
    return ERR_NONE;
}

struct nodes {
    const struct verify_source *source;
    uint64_t size;
};

static enum err node_of_tiles(void *context, unsigned level, uint64_t index,
                              struct tree_hash *ret_hash)
{
    const struct nodes *nodes = context;
    struct tile tile;
    unsigned offset, count;
    char path[TILE_PATH_BYTES];
    cleanup_buf struct buf file = BUF_INIT(TILE_BYTES);
    tile_of_node(level, index, &tile.level, &tile.number, &offset, &count);
    tile.width = tile_width_at(tile.level, tile.number, nodes->size);
    if (offset + count > tile.width) {
        return ERR_NOT_FOUND;
    }
    tile_path(&tile, path);
    enum err err = nodes->source->fetch(nodes->source->context, path, &file);
    if (err == ERR_NONE && file.len != tile.width * SHA256_BYTES) {
        err = ERR_MALFORMED;
    }
    if (err == ERR_NONE) {
        struct tree_hash hashes[TILE_WIDTH];
        memcpy(hashes, file.data + offset * SHA256_BYTES, count * SHA256_BYTES);
        tile_fold(hashes, count, ret_hash);
    }
    return err;
}

enum err verify_known(const struct verify_source *source, uint8_t log, const struct note_key *key,
                      struct slice known, struct verify_report *report)
{
    struct checkpoint checkpoint;
    struct note note;
    const struct verify_log_state *state = &report->logs[log];
    bool is_former = checkpoint_open_former(known, key, &note, &checkpoint) == ERR_NONE;
    if ((!is_former &&
         !open_checkpoint(known, log, key, "known checkpoint", report, &checkpoint)) ||
        !state->opened) {
        return ERR_NONE; /* said by a finding of here or of verify_log */
    }
    if (checkpoint.size > state->size) {
        verify_find(report, VERIFY_BROKEN, log,
                    is_former ? verify_text_reopened()
                              : TEXT("the log was rolled back: a larger checkpoint is known",
                                     "das Log wurde zurückgesetzt: ein größerer Prüfpunkt ist "
                                     "bekannt"),
                    "known checkpoint", checkpoint.size);
        return ERR_NONE;
    }
    struct nodes nodes = {source, state->size};
    struct tree_hash root;
    enum err err =
        tree_source_root(&(struct tree_source){&nodes, node_of_tiles}, checkpoint.size, &root);
    if (err == ERR_MEMORY) {
        return err;
    }
    if (err != ERR_NONE || !tree_hash_equal(&root, &checkpoint.root)) {
        verify_find(report, VERIFY_BROKEN, log,
                    is_former
                        ? verify_text_reopened()
                        : TEXT("the log does not begin with what the known checkpoint states",
                               "das Log beginnt nicht mit dem, was der bekannte Prüfpunkt nennt"),
                    "known checkpoint", checkpoint.size);
    } else if (is_former) {
        verify_find(report, VERIFY_NOTE, log,
                    TEXT("the known checkpoint bears a former name of the log, which was reopened "
                         "since; nothing of what it states is missing",
                         "der bekannte Prüfpunkt trägt einen früheren Namen des Logs, das seither "
                         "wiedereröffnet wurde; nichts von dem, was er nennt, fehlt"),
                    "known checkpoint", checkpoint.size);
    }
    return ERR_NONE;
}
