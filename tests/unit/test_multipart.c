/* test_multipart.c: the fields of a form */
#include "llmgw/error.h"
#include "llmgw/multipart.h"
#include "unit.h"

/* Parts as text: "name[filename]=value|". */
static apr_status_t add_part(void *ctx, const llmgw_multipart_part_t *part)
{
    char **out = ctx;

    *out = apr_psprintf(unit_pool, "%s%.*s%s%.*s%s=%.*s|", *out,
                        LLMGW_STR_ARG(part->name), part->filename.p ? "[" : "",
                        LLMGW_STR_ARG(part->filename),
                        part->filename.p ? "]" : "",
                        LLMGW_STR_ARG(part->value));
    return APR_SUCCESS;
}

static const char *scan(const char *body, apr_size_t len)
{
    char *out = apr_pstrdup(unit_pool, "");
    const char *why = "";
    apr_status_t rv = llmgw_multipart_scan(llmgw_str_make(body, len),
                                           LLMGW_STR_LIT("B-1"), NULL,
                                           add_part, &out, &why);

    ck_assert_msg(rv == APR_SUCCESS || rv == LLMGW_EBODY, "status %d", rv);
    ck_assert_msg((rv == APR_SUCCESS) == (why == NULL), "why is %s", why);
    return rv == APR_SUCCESS ? out : apr_pstrcat(unit_pool, "!", why, NULL);
}

static const char *scan_z(const char *body)
{
    return scan(body, strlen(body));
}

#define FIELD(name, value) \
    "--B-1\r\nContent-Disposition: form-data; name=\"" name "\"\r\n\r\n" \
    value "\r\n"
#define END "--B-1--\r\n"

START_TEST(forms)
{
    ck_assert_str_eq(scan_z(FIELD("model", "whisper-1") END),
                     "model=whisper-1|");
    ck_assert_str_eq(scan_z(FIELD("a", "") FIELD("b", "\r\n") END),
                     "a=|b=\r\n|");
    ck_assert_str_eq(scan_z("--B-1--"), "");
    ck_assert_str_eq(scan_z(FIELD("a", "1") "--B-1-- \t\r\n\r\n"), "a=1|");
    ck_assert_str_eq(scan_z("--B-1 \t\r\ncontent-disposition:form-data;name=a"
                            "\r\nContent-Type: text/plain; charset=utf-8\r\n"
                            "\r\nx\r\n" END), "a=x|");
    ck_assert_str_eq(scan_z(
        "--B-1\r\nContent-Type: audio/mpeg\r\nContent-Disposition: form-data; "
        "name=\"file\"; filename=\"C:\\a; name=b.mp3\"; "
        "filename*=utf-8''a.mp3\r\nContent-Transfer-Encoding: binary\r\n\r\n"
        "x\r\n-- B-1\r\n--B-\r\ny\r\n\r\n" END),
        "file[utf-8''a.mp3]=x\r\n-- B-1\r\n--B-\r\ny\r\n|");
}
END_TEST

static apr_status_t keep_last(void *ctx, const llmgw_multipart_part_t *part)
{
    *(llmgw_multipart_part_t *)ctx = *part;
    return APR_SUCCESS;
}

START_TEST(values_are_ranges_of_the_body)
{
    static const char body[] = FIELD("a", "1") FIELD("b", "\0\r\xff") END;
    llmgw_multipart_part_t part;
    const char *why;

    unit_assert_ok(llmgw_multipart_scan(llmgw_str_make(body, sizeof(body) - 1),
                                        LLMGW_STR_LIT("B-1"), NULL, keep_last,
                                        &part, &why));
    ck_assert_ptr_eq(part.value.p,
                     body + sizeof(FIELD("a", "1") FIELD("b", "")) - 3);
    ck_assert_uint_eq(part.value.len, 3);
    ck_assert_mem_eq(part.value.p, "\0\r\xff", 3);
}
END_TEST

#define PART(head) "--B-1\r\n" head "\r\n\r\nx\r\n" END
#define DISPOSITION(rest) PART("Content-Disposition: form-data" rest)

START_TEST(what_could_be_read_otherwise)
{
    static const char *const bodies[] = {
        "", "x", "--B-2--", "--B-1", "--B-1\r\n", "--B-1-",
        "\r\n" FIELD("a", "1") END,                     /* a preamble */
        "x\r\n" FIELD("a", "1") END,
        FIELD("a", "1") "--B-1--x",                     /* an epilogue */
        FIELD("a", "1") "--B-1--\r\nx",
        FIELD("a", "1") "--B-1x\r\n" END,               /* a prefix of it */
        FIELD("a", "1"), FIELD("a", "1") "--B-1",
        "--B-1\nContent-Disposition: form-data; name=\"a\"\n\nx\n--B-1--\n",
        PART("Content-Type: text/plain"),
        DISPOSITION(""), DISPOSITION(";"), DISPOSITION("; filename=\"a\""),
        DISPOSITION("; name=\"\""), DISPOSITION("; name="),
        DISPOSITION("; name=\"a"), DISPOSITION("; name=\"a\"b"),
        DISPOSITION("; name=\"a\"; name=\"b\""),
        DISPOSITION("; name=\"mo\\del\""), DISPOSITION("; name=\"a\\\""),
        DISPOSITION("; name*=utf-8''model"),
        DISPOSITION("; filename=\"a\\\"; name=\"model\"; x=\""),
        DISPOSITION("; name = \"a\""), DISPOSITION("; name=\"a\"; x=y"),
        DISPOSITION(" name=\"a\""), DISPOSITION(";;name=\"a\""),
        DISPOSITION("; name=\"a\"\r\n x"),              /* folded */
        DISPOSITION("; name=\"a\"\r\n"
                    "Content-Disposition: form-data; name=\"b\""),
        DISPOSITION("; name=\"a\"\r\nContent-Transfer-Encoding: base64"),
        DISPOSITION("; name=\"a\"\r\nNoColon"),
        DISPOSITION("; name=\"a\"\r\n: x"),
        DISPOSITION("; name=\"a\"\r\nSpace : x"),
        DISPOSITION("; name=\"a\x01\""), DISPOSITION("; name=\"a\nb\""),
        DISPOSITION("; name=\"a\rb\""),
        PART("Content-Disposition: attachment; name=\"a\""),
        "--B-1\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n" END,
        "--B-1\r\n\r\nx\r\n" END,
        "--B-1\r\nContent-Disposition: form-data; name=\"a\"\r\n",
    };
    size_t i;

    for (i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++) {
        ck_assert_msg(*scan_z(bodies[i]) == '!', "taken: %s", bodies[i]);
    }
}
END_TEST

/* Cut anywhere, a form is no form. */
START_TEST(every_cut)
{
    static const char body[] = FIELD("a", "1") FIELD("model", "m") "--B-1--";
    apr_size_t len;

    for (len = 0; len < sizeof(body) - 1; len++) {
        char *copy = apr_pmemdup(unit_pool, body, len + 1);

        ck_assert_msg(*scan(copy, len) == '!', "taken at %d", (int)len);
    }
    ck_assert_str_eq(scan(body, len), "a=1|model=m|");
}
END_TEST

START_TEST(bounds)
{
    static const llmgw_multipart_limits_t limits = { 2, 1, 60 };
    char *out = apr_pstrdup(unit_pool, "");
    const char *why;

#define SCAN(body) \
    llmgw_multipart_scan(LLMGW_STR_LIT(body), LLMGW_STR_LIT("B-1"), &limits, \
                         add_part, &out, &why)
    unit_assert_ok(SCAN(FIELD("a", "1") FIELD("b", "2") END));
    unit_assert_status(SCAN(FIELD("a", "1") FIELD("b", "2") FIELD("c", "3")
                            END), LLMGW_EBODY);
    ck_assert_str_eq(why, "too many parts");
    unit_assert_status(SCAN(DISPOSITION("; name=a\r\nA: b")), LLMGW_EBODY);
    ck_assert_str_eq(why, "a part with too many header fields");
    unit_assert_status(SCAN(FIELD("aaaaaaaaaaaaaaaaaaaaaaaa", "1") END),
                       LLMGW_EBODY);
    ck_assert_str_eq(why, "a part's header that is too long");
#undef SCAN
}
END_TEST

static apr_status_t stop(void *ctx UNIT_UNUSED,
                         const llmgw_multipart_part_t *part UNIT_UNUSED)
{
    return LLMGW_EINVAL;
}

START_TEST(the_callback_may_end_it)
{
    const char *why;

    unit_assert_status(llmgw_multipart_scan(LLMGW_STR_LIT(FIELD("a", "1") END),
                                            LLMGW_STR_LIT("B-1"), NULL, stop,
                                            NULL, &why), LLMGW_EINVAL);
    ck_assert_ptr_eq(why, NULL);
}
END_TEST

START_TEST(boundaries)
{
    static const struct {
        const char *type, *boundary;
    } cases[] = {
        { "multipart/form-data; boundary=abc", "abc" },
        { "Multipart/Form-Data;BOUNDARY=\"a b?\"", "a b?" },
        { "multipart/form-data ; charset=utf-8; boundary=--x; ", "--x" },
        { "multipart/form-data; boundary=", NULL },
        { "multipart/form-data; boundary=\"\"", NULL },
        { "multipart/form-data; boundary=\"a ", NULL },
        { "multipart/form-data; boundary=\"a \"", NULL },
        { "multipart/form-data; boundary=a; boundary=b", NULL },
        { "multipart/form-data; boundary=a b", NULL },
        { "multipart/form-data; boundary=a,boundary=b", NULL },
        { "multipart/form-data; boundary=\"a\\\"b\"", NULL },
        { "multipart/form-data; boundary=\"a\rb\"", NULL },
        { "multipart/form-data", NULL },
        { "multipart/form-data; x", NULL },
        { "multipart/mixed; boundary=abc", NULL },
        { "application/json", NULL },
        { "", NULL },
        { NULL, NULL },
        { "multipart/form-data; boundary=12345678901234567890123456789012345"
          "678901234567890123456789012345678901", NULL },
    };
    llmgw_str_t boundary;
    size_t i;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        apr_status_t rv = llmgw_multipart_boundary(cases[i].type, &boundary);

        if (cases[i].boundary) {
            unit_assert_ok(rv);
            unit_assert_str(boundary, cases[i].boundary);
        }
        else {
            unit_assert_status(rv, LLMGW_EBODY);
        }
    }
    ck_assert_int_eq(llmgw_multipart_is("multipart/form-data; x"), 1);
    ck_assert_int_eq(llmgw_multipart_is("multipart/form-data2"), 0);
    ck_assert_int_eq(llmgw_multipart_is(NULL), 0);
}
END_TEST

UNIT_MAIN("multipart", forms, values_are_ranges_of_the_body,
          what_could_be_read_otherwise, every_cut, bounds,
          the_callback_may_end_it, boundaries)
