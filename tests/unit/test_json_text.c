/* test_json_text.c: the characters of strings, and undoing escapes */
#include "unit.h"
#include "../../mod_llmgw/core/json_text.h"

START_TEST(test_plain)
{
    char text[24];
    unsigned int c, at, plain;

    for (c = 0; c < 256; c++) {
        plain = c >= 0x20 && c < 0x80 && c != '"' && c != '\\';
        ck_assert_int_eq(is_json_plain((unsigned char)c), plain);
        for (at = 0; at < sizeof(text); at++) {
            memset(text, '~', sizeof(text));
            text[at] = (char)c;
            ck_assert_uint_eq((unsigned int)(skip_json_plain(text, text
                                                             + sizeof(text))
                                             - text),
                              plain ? sizeof(text) : at);
        }
    }
}
END_TEST

static void check_escape(const char *text, const char *expected,
                         size_t taken)
{
    llmgw_str_t piece = unit_piece(text, strlen(text));
    const char *after;
    unsigned int n = 0;
    char out[4];

    after = llmgw_json_unescape(piece.p, piece.p + piece.len, out, &n);
    unit_assert_same(llmgw_str_make(out, n), llmgw_str_of(expected));
    ck_assert_uint_eq((size_t)(after - piece.p), taken);
    free((void *)piece.p);
}

START_TEST(test_unescape)
{
    check_escape("\\n", "\n", 2);
    check_escape("\\\\n", "\\", 2);
    check_escape("\\\"", "\"", 2);
    check_escape("\\/", "/", 2);
    check_escape("\\u0041x", "A", 6);
    check_escape("\\u00E9", "\xc3\xa9", 6);
    check_escape("\\uffff", "\xef\xbf\xbf", 6);
    check_escape("\\ud83d\\ude00", "\xf0\x9f\x98\x80", 12);
    check_escape("\\ud83d", "\xef\xbf\xbd", 6);
    check_escape("\\ud83dude00", "\xef\xbf\xbd", 6);
    check_escape("\\ud83d\\n1234", "\xef\xbf\xbd", 6);
    check_escape("\\ude00\\ud83d", "\xef\xbf\xbd", 6);
}
END_TEST

UNIT_MAIN("json_text", test_plain, test_unescape)
