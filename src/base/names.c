#include "base/names.h"

#include <string.h>

/* Shorter names first: most comparisons end at the length. */
static bool is_before(const struct name_place *a, const struct name_place *b)
{
    if (a->name.len != b->name.len) {
        return a->name.len < b->name.len;
    }
    int order = a->name.len == 0 ? 0 : memcmp(a->name.data, b->name.data, a->name.len);
    return order != 0 ? order < 0 : a->index < b->index;
}

static void sift_down(struct name_place *names, size_t root, size_t count)
{
    struct name_place moved = names[root];
    for (size_t child = root * 2 + 1; child < count; child = root * 2 + 1) {
        if (child + 1 < count && is_before(&names[child], &names[child + 1])) {
            child++;
        }
        if (!is_before(&moved, &names[child])) {
            break;
        }
        names[root] = names[child];
        root = child;
    }
    names[root] = moved;
}

/* Heapsort: in place and never quadratic. The C library's qsort may allocate and ask the kernel for
 * the memory size, which a confined process must not depend on. */
static void sort(struct name_place *names, size_t count)
{
    for (size_t i = count / 2; i > 0; i--) {
        sift_down(names, i - 1, count);
    }
    for (size_t left = count; left > 1; left--) {
        struct name_place last = names[left - 1];
        names[left - 1] = names[0];
        names[0] = last;
        sift_down(names, 0, left - 1);
    }
}

size_t names_repeated(struct name_place *names, size_t count)
{
    size_t repeated = SIZE_MAX;
    sort(names, count);
    for (size_t i = 1; i < count; i++) {
        if (slice_equal(names[i - 1].name, names[i].name) && names[i].index < repeated) {
            repeated = names[i].index;
        }
    }
    return repeated;
}

bool names_contain(const struct name_place *names, size_t count, struct slice name)
{
    const struct name_place wanted = {name, 0};
    size_t from = 0;
    while (count > 0) {
        size_t half = count / 2;
        if (is_before(&names[from + half], &wanted)) {
            from += half + 1;
            count -= half + 1;
        } else if (slice_equal(names[from + half].name, name)) {
            return true;
        } else {
            count = half;
        }
    }
    return false;
}
