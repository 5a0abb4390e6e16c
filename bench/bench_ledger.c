/*
 * Verifying a million evidence entries (33 bytes each) from tiles on disk, beside the bare SHA-256
 * work of the same hashes. Five rounds of both in turn; prints "figure floor ratio" of the medians,
 * in milliseconds.
 */
/* The floor is the library's fastest way, its oldest functions; the one-call SHA256() of 3.0 is
 * three times slower. */
#define OPENSSL_SUPPRESS_DEPRECATED

#include "ledger/commitment.h"
#include "ledger/verify.h"

#include <fcntl.h>
#include <openssl/sha.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { ENTRIES = 1000000, ROUNDS = 5 };

static double now_ms(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec * 1e3 + (double)time.tv_nsec / 1e6;
}

static void entry_of(uint64_t index, uint8_t ret_entry[EVIDENCE_ENTRY_BYTES])
{
    memset(ret_entry, 0x5a, EVIDENCE_ENTRY_BYTES);
    ret_entry[0] = ENTRY_EVIDENCE;
    store_u64_big(ret_entry + 1, index);
}

static void must(bool good, const char *what)
{
    if (!good) {
        fprintf(stderr, "bench_ledger: %s failed\n", what);
        exit(1);
    }
}

static void write_file(int directory_fd, const char *path, struct slice bytes)
{
    char folder[128];
    for (size_t i = 0; path[i] != '\0'; i++) {
        if (path[i] == '/') {
            snprintf(folder, sizeof(folder), "%.*s", (int)i, path);
            mkdirat(directory_fd, folder, 0700);
        }
    }
    int fd = openat(directory_fd, path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    must(fd >= 0 && write(fd, bytes.data, bytes.len) == (ssize_t)bytes.len, path);
    close(fd);
}

static void make_log(int directory_fd, const struct note_key *key, struct slice seed)
{
    struct tree_hash *hashes = calloc(ENTRIES, sizeof(*hashes));
    struct buf bytes = BUF_INIT(BUNDLE_MAX_BYTES);
    struct tile tile;
    struct tree tree;
    must(hashes != NULL, "memory");
    tree_clear(&tree);
    for (struct tile_walk walk = tile_walk_start(0, ENTRIES); tile_walk_next(&walk, &tile);) {
        char path[TILE_PATH_BYTES];
        uint64_t first = tile.number * TILE_WIDTH;
        buf_clear(&bytes);
        for (unsigned i = 0; i < tile.width; i++) {
            uint8_t entry[EVIDENCE_ENTRY_BYTES];
            if (tile.level == TILE_LEVEL_ENTRIES) {
                entry_of(first + i, entry);
                tree_leaf(slice_of(entry, sizeof(entry)), &hashes[first + i]);
                must(tree_append_leaf(&tree, &hashes[first + i]) == ERR_NONE, "append");
                must(bundle_append(&bytes, slice_of(entry, sizeof(entry))) == ERR_NONE, "bundle");
            } else if (tile.level > 0) {
                tile_fold(&hashes[(first + i) * TILE_WIDTH], TILE_WIDTH, &hashes[first + i]);
            }
        }
        if (tile.level != TILE_LEVEL_ENTRIES) {
            must(buf_append(&bytes, slice_of(&hashes[first], tile.width * SHA256_BYTES)) ==
                     ERR_NONE,
                 "tile");
        }
        tile_path(&tile, path);
        write_file(directory_fd, path, buf_slice(&bytes));
    }
    struct tree_hash root;
    tree_root(&tree, &root);
    buf_clear(&bytes);
    must(checkpoint_sign(key, seed, ENTRIES, &root, &bytes) == ERR_NONE, "checkpoint");
    write_file(directory_fd, "checkpoint", buf_slice(&bytes));
    buf_free(&bytes);
    free(hashes);
}

static void bare(const uint8_t *data, size_t len, uint8_t ret_digest[SHA256_BYTES])
{
    SHA256_CTX context;
    SHA256_Init(&context);
    SHA256_Update(&context, data, len);
    SHA256_Final(ret_digest, &context);
}

/* A leaf hash for every entry, a node hash for all but one. */
static double floor_ms(void)
{
    uint8_t leaf[1 + EVIDENCE_ENTRY_BYTES] = {0}, node[1 + 2 * SHA256_BYTES] = {1},
                     digest[SHA256_BYTES];
    double start_ms = now_ms();
    for (uint64_t i = 0; i < ENTRIES; i++) {
        store_u64_big(leaf + 2, i);
        bare(leaf, sizeof(leaf), digest);
        memcpy(node + 1, digest, sizeof(digest));
        bare(node, sizeof(node), digest);
        memcpy(node + 1 + SHA256_BYTES, digest, sizeof(digest));
    }
    return now_ms() - start_ms;
}

static double verify_ms(const int *directory_fd, const struct note_key *key, unsigned threads)
{
    struct verify_report report;
    struct verify_source source = verify_directory(directory_fd);
    must(verify_report_start(&report) == ERR_NONE, "report");
    double start_ms = now_ms();
    enum err err = verify_log(&source, LOG_EVIDENCE, key,
                              &(struct verify_options){.threads = threads}, &report);
    double elapsed_ms = now_ms() - start_ms;
    must(err == ERR_NONE && verify_report_good(&report) &&
             report.logs[LOG_EVIDENCE].size == ENTRIES,
         "verify");
    verify_report_free(&report);
    return elapsed_ms;
}

static int compare(const void *a, const void *b)
{
    const double *left = a, *right = b;
    return (*left > *right) - (*left < *right);
}

static double median(double values[ROUNDS])
{
    qsort(values, ROUNDS, sizeof(values[0]), compare);
    return values[ROUNDS / 2];
}

int main(void)
{
    static const uint8_t seed[ED25519_SEED_BYTES] = {7};
    char directory[] = "/tmp/vogt-bench-XXXXXX", command[64];
    uint8_t public_key[ED25519_PUBLIC_BYTES];
    struct note_key key;
    double floors[ROUNDS], one[ROUNDS], two[ROUNDS];
    must(crypto_start() == ERR_NONE && mkdtemp(directory) != NULL, "start");
    int directory_fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    must(ed25519_public(slice_of(seed, sizeof(seed)), public_key) == ERR_NONE, "key");
    must(note_key_make(SLICE_LITERAL("bench"), NOTE_TYPE_ED25519,
                       slice_of(public_key, sizeof(public_key)), &key) == ERR_NONE,
         "key");
    make_log(directory_fd, &key, slice_of(seed, sizeof(seed)));
    for (size_t i = 0; i < ROUNDS; i++) {
        floors[i] = floor_ms();
        one[i] = verify_ms(&directory_fd, &key, 1);
        two[i] = verify_ms(&directory_fd, &key, 2);
    }
    double floor = median(floors), single = median(one), pair = median(two);
    printf("verify 1M entries, one thread (ms): %.0f %.0f %.2f\n", single, floor, single / floor);
    printf("verify 1M entries, two threads (ms): %.0f %.0f %.2f\n", pair, floor, pair / floor);
    close(directory_fd);
    snprintf(command, sizeof(command), "rm -r %s", directory);
    return system(command) == 0 ? 0 : 1;
}
