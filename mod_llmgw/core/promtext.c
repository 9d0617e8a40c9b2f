/* promtext.c: metrics in Prometheus' text format */
#include <string.h>
#include <apr_strings.h>
#include "llmgw/promtext.h"

void llmgw_promtext_init(llmgw_promtext_t *w, llmgw_buf_t *out)
{
    w->out = out;
    w->family = NULL;
}

/* ---- texts --------------------------------------------------------------- */

static void put_escaped(llmgw_buf_t *out, llmgw_str_t s, int quotes)
{
    apr_size_t i;

    for (i = 0; i < s.len; i++) {
        if (s.p[i] == '\n') {
            llmgw_buf_puts(out, "\\n");
        }
        else {
            if (s.p[i] == '\\' || (quotes && s.p[i] == '"')) {
                llmgw_buf_putc(out, '\\');
            }
            llmgw_buf_putc(out, s.p[i]);
        }
    }
}

/* Whoever reads the page wants UTF-8, or none of it. */
static void put_value(llmgw_buf_t *out, llmgw_str_t s)
{
    apr_size_t good;

    while (s.len > 0) {
        good = llmgw_str_utf8_check(s.p, s.len);
        put_escaped(out, llmgw_str_make(s.p, good), 1);
        if (good < s.len) {
            llmgw_buf_putc(out, '?');
            good++;
        }
        s = llmgw_str_make(s.p + good, s.len - good);
    }
}

/* A number of units, exactly: 1234500 of a million to one are 1.2345. */
static void put_units(llmgw_buf_t *out, apr_uint64_t value, apr_int64_t unit)
{
    apr_uint64_t u = (apr_uint64_t)unit, rest = value % u;

    llmgw_buf_printf(out, "%" APR_UINT64_T_FMT, value / u);
    if (rest) {
        llmgw_buf_putc(out, '.');
    }
    while (rest) {
        rest *= 10;
        llmgw_buf_putc(out, (char)('0' + rest / u));
        rest %= u;
    }
}

/* ---- lines --------------------------------------------------------------- */

void llmgw_promtext_family(llmgw_promtext_t *w, const char *name,
                           const char *type, const char *help)
{
    if (w->family && !strcmp(w->family, name)) {
        return;
    }
    w->family = name;
    llmgw_buf_printf(w->out, "# HELP %s ", name);
    put_escaped(w->out, llmgw_str_of(help), 0);
    llmgw_buf_printf(w->out, "\n# TYPE %s %s\n", name, type);
}

/* What comes before the sample's value. The bound of a bucket, if it is one,
 * is the last label: le_unit is 0 when it is none, and -1 for +Inf. */
static void begin_line(llmgw_promtext_t *w, const char *suffix,
                       const llmgw_label_t *labels, int n, apr_int64_t le,
                       apr_int64_t le_unit)
{
    char sep = '{';
    int i;

    llmgw_buf_puts(w->out, w->family);
    llmgw_buf_puts(w->out, suffix);
    for (i = 0; i < n; i++) {
        if (labels[i].value.len) {
            llmgw_buf_putc(w->out, sep);
            llmgw_buf_printf(w->out, "%s=\"", labels[i].name);
            put_value(w->out, labels[i].value);
            llmgw_buf_putc(w->out, '"');
            sep = ',';
        }
    }
    if (le_unit) {
        llmgw_buf_putc(w->out, sep);
        llmgw_buf_puts(w->out, "le=\"");
        if (le_unit > 0) {
            put_units(w->out, (apr_uint64_t)le, le_unit);
        }
        else {
            llmgw_buf_puts(w->out, "+Inf");
        }
        llmgw_buf_putc(w->out, '"');
        sep = ',';
    }
    llmgw_buf_puts(w->out, sep == ',' ? "} " : " ");
}

static void end_line(llmgw_promtext_t *w, apr_uint64_t value)
{
    llmgw_buf_printf(w->out, "%" APR_UINT64_T_FMT "\n", value);
}

void llmgw_promtext_count(llmgw_promtext_t *w, const llmgw_label_t *labels,
                          int n, apr_uint64_t value)
{
    begin_line(w, "", labels, n, 0, 0);
    end_line(w, value);
}

void llmgw_promtext_number(llmgw_promtext_t *w, const llmgw_label_t *labels,
                           int n, double value)
{
    double size = value < 0 ? -value : value;
    char digits[40];

    begin_line(w, "", labels, n, 0, 0);
    if (value != value) {
        llmgw_buf_puts(w->out, "NaN\n");
        return;
    }
    if (value - value != 0) {
        llmgw_buf_puts(w->out, value > 0 ? "+Inf\n" : "-Inf\n");
        return;
    }
    /* apr_snprintf() knows no locale, but writes .5 for 0.5 */
    apr_snprintf(digits, sizeof(digits), "%.15g", size);
    llmgw_buf_printf(w->out, "%s%s%s\n", value < 0 ? "-" : "",
                     *digits == '.' ? "0" : "", digits);
}

void llmgw_promtext_hist(llmgw_promtext_t *w, const llmgw_label_t *labels,
                         int n, llmgw_hist_e kind, const llmgw_hist_t *h)
{
    const llmgw_hist_kind_t *k = llmgw_hist_kind(kind);
    llmgw_hist_view_t view;
    int i;

    llmgw_hist_get(h, kind, &view);
    llmgw_promtext_family(w, k->name, "histogram", k->help);
    for (i = 0; i < k->n; i++) {
        begin_line(w, "_bucket", labels, n, k->bounds[i], k->unit);
        end_line(w, view.below[i]);
    }
    begin_line(w, "_bucket", labels, n, 0, -1);
    end_line(w, view.count);
    begin_line(w, "_sum", labels, n, 0, 0);
    put_units(w->out, view.sum, k->unit);
    llmgw_buf_putc(w->out, '\n');
    begin_line(w, "_count", labels, n, 0, 0);
    end_line(w, view.count);
}
