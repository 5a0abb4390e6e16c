/*
 * Checks for test programs: each TEST registers itself, TEST_MAIN runs them all and counts.
 * A failed check ends its test, prints the place, and makes the program exit with 1. Never part of
 * a daemon.
 */
#ifndef VOGT_BASE_CHECK_H
#define VOGT_BASE_CHECK_H

#include "base/bytes.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { CHECK_TESTS_MAX = 512 };

struct check_test {
    const char *name;
    void (*run)(void);
};

static struct check_test check_tests[CHECK_TESTS_MAX];
static size_t check_test_count;
static size_t check_failures; /* of the running test */
static const char *check_name;

static inline void check_register(const char *name, void (*run)(void))
{
    if (check_test_count == CHECK_TESTS_MAX) {
        fprintf(stderr, "more than %d tests in one file\n", CHECK_TESTS_MAX);
        __builtin_trap();
    }
    check_tests[check_test_count++] = (struct check_test){name, run};
}

static inline void check_fail(const char *file, int line, const char *what)
{
    check_failures++;
    printf("FAIL %s %s:%d %s\n", check_name, file, line, what);
}

static inline int check_err(const char *file, int line, const char *expression, enum err expected,
                            enum err got)
{
    if (expected == got) {
        return 1;
    }
    check_fail(file, line, expression);
    printf("     expected %s, got %s\n", err_name(expected), err_name(got));
    return 0;
}

static inline int check_u64(const char *file, int line, const char *expression, uint64_t expected,
                            uint64_t got)
{
    if (expected == got) {
        return 1;
    }
    check_fail(file, line, expression);
    printf("     expected %" PRIu64 ", got %" PRIu64 "\n", expected, got);
    return 0;
}

static inline int check_slice(const char *file, int line, const char *expression,
                              struct slice expected, struct slice got)
{
    if (slice_equal(expected, got)) {
        return 1;
    }
    check_fail(file, line, expression);
    printf("     expected \"%.*s\" (%zu bytes)\n     got      \"%.*s\" (%zu bytes)\n",
           (int)expected.len, expected.data == NULL ? "" : (const char *)expected.data,
           expected.len, (int)got.len, got.data == NULL ? "" : (const char *)got.data, got.len);
    return 0;
}

static inline int check_main(void)
{
    size_t passed = 0, failed = 0;
    for (size_t i = 0; i < check_test_count; i++) {
        check_failures = 0;
        check_name = check_tests[i].name;
        check_tests[i].run();
        if (check_failures == 0) {
            passed++;
            printf("ok %s\n", check_name);
        } else {
            failed++;
        }
        fflush(stdout);
    }
    printf("%zu passed, %zu failed\n", passed, failed);
    return failed == 0 && passed > 0 ? 0 : 1;
}

#define TEST(test_name)                                                                            \
    static void test_##test_name(void);                                                            \
    __attribute__((constructor)) static void register_##test_name(void)                            \
    {                                                                                              \
        check_register(#test_name, test_##test_name);                                              \
    }                                                                                              \
    static void test_##test_name(void)

#define TEST_MAIN                                                                                  \
    int main(void)                                                                                 \
    {                                                                                              \
        return check_main();                                                                       \
    }

#define CHECK(condition)                                                                           \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            check_fail(__FILE__, __LINE__, #condition);                                            \
            return;                                                                                \
        }                                                                                          \
    } while (0)

#define CHECK_ERR(expected, expression)                                                            \
    do {                                                                                           \
        if (!check_err(__FILE__, __LINE__, #expression, (expected), (expression))) {               \
            return;                                                                                \
        }                                                                                          \
    } while (0)

#define CHECK_U64(expected, value)                                                                 \
    do {                                                                                           \
        if (!check_u64(__FILE__, __LINE__, #value, (uint64_t)(expected), (uint64_t)(value))) {     \
            return;                                                                                \
        }                                                                                          \
    } while (0)

/* The expected text is a literal; it may hold NUL bytes. */
#define CHECK_SLICE(literal, slice)                                                                \
    do {                                                                                           \
        if (!check_slice(__FILE__, __LINE__, #slice, SLICE_LITERAL(literal), (slice))) {           \
            return;                                                                                \
        }                                                                                          \
    } while (0)

#define CHECK_STRING(expected, string)                                                             \
    do {                                                                                           \
        if (!check_slice(__FILE__, __LINE__, #string, slice_string(expected),                      \
                         slice_string(string))) {                                                  \
            return;                                                                                \
        }                                                                                          \
    } while (0)

#endif
