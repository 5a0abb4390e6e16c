#include "base/check.h"
#include "base/err.h"
#include "base/utf8.h"

#include <errno.h>

TEST(err_table_is_complete)
{
    for (int i = 0; i < ERR_COUNT; i++) {
        enum err err = (enum err)i;
        CHECK(strlen(err_name(err)) > 0);
        CHECK(strlen(err_text(err, LANGUAGE_ENGLISH)) > 0);
        CHECK(strlen(err_text(err, LANGUAGE_GERMAN)) > 0);
        CHECK(err_http_status(err) >= 200 && err_http_status(err) < 600);
    }
    CHECK_STRING("NOT_FOUND", err_name(ERR_NOT_FOUND));
    CHECK_STRING("nicht gefunden", err_text(ERR_NOT_FOUND, LANGUAGE_GERMAN));
    CHECK_U64(503, err_http_status(ERR_SEALED));
    CHECK(err_is_retryable(ERR_BUSY) && !err_is_retryable(ERR_FORGED));
}

TEST(err_of_a_number_outside_the_table)
{
    CHECK_STRING("INTERNAL", err_name((enum err)9999));
}

TEST(err_from_errno_knows_the_usual)
{
    CHECK_ERR(ERR_FULL, err_from_errno(ENOSPC));
    CHECK_ERR(ERR_RIGHTS, err_from_errno(EACCES));
    CHECK_ERR(ERR_IO, err_from_errno(EIO));
    CHECK_ERR(ERR_IO, err_from_errno(123456));
}

static struct complaint complaint_of(const char *detail, size_t length)
{
    struct complaint complaint;
    enum err err =
        complain(&complaint, ERR_MALFORMED, TEXT("wrong", "falsch"), 3, 7, detail, length);
    if (err != ERR_MALFORMED) {
        complaint.detail[0] = '\0';
    }
    return complaint;
}

TEST(complaint_in_both_languages)
{
    char out[300];
    struct complaint complaint = complaint_of("Größe", 7);
    CHECK_U64(strlen("line 3, column 7: wrong: Größe"),
              complaint_format(&complaint, LANGUAGE_ENGLISH, out, sizeof(out)));
    CHECK_STRING("line 3, column 7: wrong: Größe", out);
    complaint_format(&complaint, LANGUAGE_GERMAN, out, sizeof(out));
    CHECK_STRING("Zeile 3, Spalte 7: falsch: Größe", out);
    complaint.column = 0;
    complaint_format(&complaint, LANGUAGE_GERMAN, out, sizeof(out));
    CHECK_STRING("Zeile 3: falsch: Größe", out);
    complaint.line = 0;
    complaint.detail[0] = '\0';
    complaint_format(&complaint, LANGUAGE_ENGLISH, out, sizeof(out));
    CHECK_STRING("wrong", out);
}

TEST(complaint_detail_is_made_printable)
{
    CHECK_STRING("a?b?c?d", complaint_of("a\nb\x1b"
                                         "c\xff"
                                         "d",
                                         7)
                                .detail);
    CHECK_STRING("", complaint_of(NULL, 0).detail);
}

TEST(complaint_detail_is_cut_between_characters)
{
    char text[400];
    for (size_t i = 0; i < sizeof(text); i += 2) {
        memcpy(text + i, "ü", 2);
    }
    struct complaint complaint = complaint_of(text, sizeof(text));
    struct slice detail = slice_string(complaint.detail);
    CHECK(detail.len < COMPLAINT_DETAIL_BYTES && detail.len > COMPLAINT_DETAIL_BYTES - 8);
    CHECK(slice_ends(detail, SLICE_LITERAL("ü...")));
    CHECK(utf8_valid(detail));
}

TEST(complaint_fits_a_small_out)
{
    char out[8];
    struct complaint complaint = complaint_of("x", 1);
    CHECK_U64(7, complaint_format(&complaint, LANGUAGE_ENGLISH, out, sizeof(out)));
    CHECK_STRING("line 3,", out);
    CHECK_ERR(ERR_DENIED, complain(NULL, ERR_DENIED, TEXT("a", "b"), 0, 0, NULL, 0));
}

TEST_MAIN
