/* metrics.c: SetHandler llmgw-metrics: all figures, for Prometheus */
#include <apr_strings.h>
#include <httpd.h>
#include <http_core.h>
#include <http_main.h>
#include "llmgw/balance.h"
#include "llmgw/promtext.h"
#include "balancer.h"
#include "handler.h"
#include "log.h"
#include "measure.h"
#include "mod_llmgw.h"
#include "next.h"
#include "reply.h"
#include "standing.h"
#include "survey.h"

#define PAGE_BYTES_MAX (64 * 1024 * 1024)
#define LABELS_MAX (LLMGW_SERIES_LABELS_MAX + 1)

/* A page being written. */
typedef struct page_t {
    llmgw_promtext_t text;
    apr_pool_t *pool;
    server_rec *servers;
    apr_time_t now;
    apr_array_header_t *places; /* of llmgw_place_t: each slot once */
} page_t;

/* ---- what was counted ---------------------------------------------------- */

/* An entry of a table; with its labels, and room for one more. */
typedef struct sample_t {
    llmgw_label_t labels[LABELS_MAX];
    int n;
    void *figures;
} sample_t;

static int next_sample(const llmgw_series_t *series, apr_uint32_t *at,
                       sample_t *sample)
{
    llmgw_series_key_t key;
    int i;

    sample->figures = llmgw_series_each(series, at, &key);
    sample->n = series->kind->n;
    for (i = 0; i < sample->n && sample->figures; i++) {
        sample->labels[i].name = series->kind->labels[i].name;
        sample->labels[i].value = key.values[i];
    }
    return sample->figures != NULL;
}

static void put_word(page_t *page, const sample_t *sample)
{
    apr_uint64_t n = llmgw_word_get(sample->figures);

    if (n) {
        llmgw_promtext_count(&page->text, sample->labels, sample->n, n);
    }
}

static void put_words(page_t *page, llmgw_measure_e table, const char *name,
                      const char *help)
{
    sample_t sample;
    apr_uint32_t at = 0;

    llmgw_promtext_family(&page->text, name, "counter", help);
    while (next_sample(llmgw_measure_table(table), &at, &sample)) {
        put_word(page, &sample);
    }
}

/* From a target to another one, or to itself. */
static void put_moves(page_t *page, int to_itself, const char *name,
                      const char *help)
{
    sample_t sample;
    apr_uint32_t at = 0;

    llmgw_promtext_family(&page->text, name, "counter", help);
    while (next_sample(llmgw_measure_table(LLMGW_MEASURE_MOVES), &at,
                       &sample)) {
        int itself = at > 1 && llmgw_str_eq(sample.labels[1].value,
                                            sample.labels[2].value);

        if (itself != to_itself) {
            continue;
        }
        if (itself) {           /* route, target, reason */
            sample.labels[1].name = "target";
            sample.labels[2] = sample.labels[3];
            sample.n = 3;
        }
        put_word(page, &sample);
    }
}

static int is_empty(const llmgw_hist_t *h, llmgw_hist_e kind)
{
    llmgw_hist_view_t view;

    llmgw_hist_get(h, kind, &view);
    return view.count == 0;
}

static void put_hist(page_t *page, const sample_t *sample, llmgw_hist_e kind,
                     const llmgw_hist_t *h)
{
    if (!is_empty(h, kind)) {
        llmgw_promtext_hist(&page->text, sample->labels, sample->n, kind, h);
    }
}

static void put_tokens(page_t *page, sample_t *sample)
{
    const llmgw_figures_t *f = sample->figures;
    llmgw_label_t *type = &sample->labels[sample->n++];

    type->name = "gen_ai_token_type";
    type->value = LLMGW_STR_LIT("input");
    put_hist(page, sample, LLMGW_HIST_TOKENS, &f->input);
    type->value = LLMGW_STR_LIT("output");
    put_hist(page, sample, LLMGW_HIST_TOKENS, &f->output);
}

static void put_durations(page_t *page)
{
    sample_t sample;
    apr_uint32_t at = 0;

    while (next_sample(llmgw_measure_table(LLMGW_MEASURE_DURATIONS), &at,
                       &sample)) {
        put_hist(page, &sample, LLMGW_HIST_DURATION, sample.figures);
    }
}

static void put_usage(page_t *page, llmgw_hist_e kind)
{
    sample_t sample;
    apr_uint32_t at = 0;

    while (next_sample(llmgw_measure_table(LLMGW_MEASURE_USAGE), &at,
                       &sample)) {
        const llmgw_figures_t *f = sample.figures;

        if (kind == LLMGW_HIST_TOKENS) {
            put_tokens(page, &sample);
        }
        else {
            put_hist(page, &sample, kind, kind == LLMGW_HIST_FIRST_TOKEN
                     ? &f->first_token : &f->per_token);
        }
    }
}

static void put_costs(page_t *page)
{
    sample_t sample;
    apr_uint32_t at = 0;

    llmgw_promtext_family(&page->text, "llmgw_cost_total", "counter",
                          "Cost of calls, in the currency of price-in= and "
                          "price-out=.");
    while (next_sample(llmgw_measure_table(LLMGW_MEASURE_USAGE), &at,
                       &sample)) {
        const llmgw_figures_t *f = sample.figures;
        apr_uint64_t nano = llmgw_word_get(&f->cost_nano);

        if (nano) {
            llmgw_promtext_number(&page->text, sample.labels, sample.n,
                                  (double)nano / 1e9);
        }
    }
}

static void put_unpriced(page_t *page)
{
    sample_t sample;
    apr_uint32_t at = 0;

    llmgw_promtext_family(&page->text, "llmgw_unpriced_calls_total",
                          "counter", "Calls that used tokens of a target "
                          "without prices.");
    while (next_sample(llmgw_measure_table(LLMGW_MEASURE_USAGE), &at,
                       &sample)) {
        llmgw_figures_t *f = sample.figures;

        sample.figures = &f->unpriced;
        put_word(page, &sample);
    }
}

static void put_aborts(page_t *page)
{
    static const char *const phases[] = { "before_first_token",
                                          "after_first_token" };
    int i;

    llmgw_promtext_family(&page->text, "llmgw_client_aborts_total", "counter",
                          "Calls whose client left before they were over.");
    for (i = 0; i < 2; i++) {
        llmgw_label_t label = { "phase", llmgw_str_of(phases[i]) };

        llmgw_promtext_count(&page->text, &label, 1,
                             llmgw_word_get(&llmgw_measure_totals()
                                            ->aborts[i]));
    }
}

static void put_detached(page_t *page)
{
    llmgw_promtext_family(&page->text, "llmgw_detached", "gauge",
                          "Calls that wait without a thread.");
    llmgw_promtext_count(&page->text, NULL, 0,
                         llmgw_board_detached(llmgw_standing_board()));
}

static void put_counted(page_t *page)
{
    put_words(page, LLMGW_MEASURE_CALLS, "llmgw_requests_total",
              "Requests, by what the client was told.");
    put_words(page, LLMGW_MEASURE_ATTEMPTS, "llmgw_attempts_total",
              "Attempts at providers, by what came of them.");
    put_moves(page, 0, "llmgw_fallbacks_total",
              "Attempts that followed a failure at another target.");
    put_moves(page, 1, "llmgw_retries_total",
              "Attempts that followed a failure at the same target.");
    put_aborts(page);
    put_costs(page);
    put_unpriced(page);
    llmgw_promtext_hist(&page->text, NULL, 0, LLMGW_HIST_OVERHEAD,
                        &llmgw_measure_totals()->overhead);
    llmgw_promtext_hist(&page->text, NULL, 0, LLMGW_HIST_RELAY_LAG,
                        &llmgw_measure_totals()->relay_lag);
    put_detached(page);
    put_durations(page);
    put_usage(page, LLMGW_HIST_TOKENS);
    put_usage(page, LLMGW_HIST_FIRST_TOKEN);
    put_usage(page, LLMGW_HIST_PER_TOKEN);
}

/* ---- how targets stand --------------------------------------------------- */

static const char *server_name(const page_t *page, const server_rec *s)
{
    return apr_psprintf(page->pool, "%s:%u", s->server_hostname,
                        (unsigned int)s->port);
}

/* Servers of the same name share slots: what was seen is left out. */
static void add_place(page_t *page, const llmgw_place_t *place, char *seen)
{
    if (!seen[place->target->slot]) {
        seen[place->target->slot] = 1;
        APR_ARRAY_PUSH(page->places, llmgw_place_t) = *place;
    }
}

static void add_server(page_t *page, const server_rec *s, char *seen)
{
    const llmgw_config_t *conf = llmgw_config_get(s);
    int i, j;

    for (i = 0; i < conf->routes->nelts; i++) {
        const llmgw_route_t *route = APR_ARRAY_IDX(conf->routes, i,
                                                   llmgw_route_t *);
        const apr_array_header_t *places
            = llmgw_survey_route(llmgw_balancer_home(route), route,
                                 page->pool);

        for (j = 0; j < places->nelts; j++) {
            add_place(page, &APR_ARRAY_IDX(places, j, llmgw_place_t), seen);
        }
    }
    for (i = 0; i < conf->providers->nelts; i++) {
        const llmgw_provider_t *provider = APR_ARRAY_IDX(conf->providers, i,
                                                         llmgw_provider_t *);
        llmgw_place_t place = llmgw_survey_provider(provider->server,
                                                    provider);

        add_place(page, &place, seen);
    }
}

static void find_places(page_t *page)
{
    char *seen = apr_pcalloc(page->pool, llmgw_standing_board()->room.slots);
    const server_rec *s;

    page->places = apr_array_make(page->pool, 64, sizeof(llmgw_place_t));
    for (s = page->servers; s; s = s->next) {
        add_server(page, s, seen);
    }
}

/* 0 closed, 1 half-open, 2 open */
static apr_int64_t breaker_figure(const page_t *page,
                                  const llmgw_place_t *place)
{
    llmgw_breaker_view_t view;

    llmgw_breaker_get(&place->slot->breaker, &place->breaker, page->now,
                      &view);
    switch (view.state) {
    case LLMGW_BREAKER_HALF_OPEN:
        return 1;
    case LLMGW_BREAKER_OPEN:
    case LLMGW_BREAKER_FORCED_OPEN:
        return 2;
    default:
        return 0;
    }
}

static apr_int64_t is_available(const page_t *page,
                                const llmgw_place_t *place)
{
    return !llmgw_survey_out(place, page->now);
}

static apr_int64_t calls_inflight(const page_t *page LLMGW_UNUSED,
                                  const llmgw_place_t *place)
{
    return llmgw_load_calls(llmgw_word_get(&place->slot->load));
}

static apr_int64_t tokens_inflight(const page_t *page LLMGW_UNUSED,
                                   const llmgw_place_t *place)
{
    return (apr_int64_t)llmgw_load_tokens(llmgw_word_get(&place->slot->load));
}

static void put_places(page_t *page, const char *name, const char *help,
                       apr_int64_t (*figure)(const page_t *page,
                                             const llmgw_place_t *place))
{
    int i;

    llmgw_promtext_family(&page->text, name, "gauge", help);
    for (i = 0; i < page->places->nelts; i++) {
        const llmgw_place_t *place = &APR_ARRAY_IDX(page->places, i,
                                                    llmgw_place_t);
        const llmgw_label_t labels[] = {
            { "server", llmgw_str_of(server_name(page, place->server)) },
            { "route", llmgw_str_of(place->route ? place->route->pattern
                                    : NULL) },
            { "target", llmgw_str_of(place->name) }
        };

        llmgw_promtext_count(&page->text, labels, 3,
                             (apr_uint64_t)figure(page, place));
    }
}

/* Each of the places of providers is one. */
static void put_keys(page_t *page)
{
    int i, j;

    llmgw_promtext_family(&page->text, "llmgw_key_benched", "gauge",
                          "1 while a provider's key, by its place in the "
                          "configuration, is left out.");
    for (i = 0; i < page->places->nelts; i++) {
        const llmgw_place_t *place = &APR_ARRAY_IDX(page->places, i,
                                                    llmgw_place_t);

        for (j = 0; !place->route && j < place->provider->keys->nelts; j++) {
            const llmgw_label_t labels[] = {
                { "server", llmgw_str_of(server_name(page, place->server)) },
                { "provider", llmgw_str_of(place->provider->name) },
                { "key", llmgw_str_of(apr_itoa(page->pool, j + 1)) }
            };

            llmgw_promtext_count(&page->text, labels, 3,
                                 llmgw_bench_left(&llmgw_standing_key(
                                     place->provider, j)->bench, page->now)
                                 > 0);
        }
    }
}

/* ---- how routes stand ---------------------------------------------------- */

/* The first of a route's targets stands for it. */
static int begins_route(const page_t *page, int i)
{
    const llmgw_place_t *place = &APR_ARRAY_IDX(page->places, i,
                                                llmgw_place_t);

    return place->route && (i == 0 || place[-1].route != place->route);
}

static double budget_left(const page_t *page, const llmgw_config_t *conf,
                          const llmgw_route_slot_t *slot)
{
    llmgw_retry_budget_t budget = llmgw_next_budget(conf);

    return (double)llmgw_retry_budget_left(&slot->budget, &budget, page->now)
           / 1000;
}

static double retries_refused(const page_t *page LLMGW_UNUSED,
                              const llmgw_config_t *conf LLMGW_UNUSED,
                              const llmgw_route_slot_t *slot)
{
    return (double)llmgw_word_get(&slot->refused);
}

static void put_routes(page_t *page, const char *name, const char *type,
                       const char *help,
                       double (*figure)(const page_t *page,
                                        const llmgw_config_t *conf,
                                        const llmgw_route_slot_t *slot))
{
    int i;

    llmgw_promtext_family(&page->text, name, type, help);
    for (i = 0; i < page->places->nelts; i++) {
        const llmgw_place_t *place = &APR_ARRAY_IDX(page->places, i,
                                                    llmgw_place_t);

        if (begins_route(page, i)) {
            const llmgw_label_t labels[] = {
                { "server", llmgw_str_of(server_name(page, place->server)) },
                { "route", llmgw_str_of(place->route->pattern) }
            };

            llmgw_promtext_number(&page->text, labels, 2,
                                  figure(page, place->conf,
                                         &llmgw_standing_board()
                                         ->routes[place->route->slot]));
        }
    }
}

static void put_standing(page_t *page)
{
    find_places(page);
    put_places(page, "llmgw_inflight",
               "Attempts under way at a target.", calls_inflight);
    put_places(page, "llmgw_inflight_tokens",
               "Tokens of attempts under way at a target, as estimated.",
               tokens_inflight);
    put_places(page, "llmgw_breaker_state",
               "A target's breaker: 0 closed, 1 half-open, 2 open.",
               breaker_figure);
    put_places(page, "llmgw_target_available",
               "1 while a target may get calls.", is_available);
    put_keys(page);
    put_routes(page, "llmgw_retry_budget", "gauge",
               "Retries that a route's calls may make now.", budget_left);
    put_routes(page, "llmgw_retries_refused_total", "counter",
               "Retries that a route's budget refused.", retries_refused);
}

/* ---- the gateway itself -------------------------------------------------- */

static void put_self(page_t *page)
{
    static const char *const names[] = { "requests", "attempts", "moves",
                                         "durations", "usage" };
    const llmgw_label_t version = { "version",
                                    LLMGW_STR_LIT(LLMGW_VERSION) };
    int i;

    llmgw_promtext_family(&page->text, "llmgw_build_info", "gauge",
                          "Always 1.");
    llmgw_promtext_count(&page->text, &version, 1, 1);
    llmgw_promtext_family(&page->text, "llmgw_series_free", "gauge",
                          "Combinations of labels there is room for yet; "
                          "further ones are \"other\".");
    for (i = 0; i < LLMGW_MEASURE__COUNT; i++) {
        const llmgw_series_t *series = llmgw_measure_table(i);
        const llmgw_label_t label = { "table", llmgw_str_of(names[i]) };

        llmgw_promtext_count(&page->text, &label, 1,
                             series->room - llmgw_series_used(series));
    }
}

int llmgw_handler_metrics(request_rec *r)
{
    page_t page = { .pool = r->pool, .servers = ap_server_conf,
                    .now = apr_time_now() };
    llmgw_buf_t *body;
    int rv = llmgw_survey_begin(r, "llmgw-metrics");

    if (rv != OK) {
        return rv;
    }
    body = llmgw_buf_create(r->pool, PAGE_BYTES_MAX);
    llmgw_promtext_init(&page.text, body);
    put_counted(&page);
    put_standing(&page);
    put_self(&page);
    if (body->failed) {
        return HTTP_INTERNAL_SERVER_ERROR;
    }
    return llmgw_reply_body(r, HTTP_OK, LLMGW_PROMTEXT_TYPE,
                            llmgw_buf_str(body));
}
