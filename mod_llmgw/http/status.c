/* status.c: SetHandler llmgw-status: all that is known of targets, as JSON */
#include <apr_strings.h>
#include <httpd.h>
#include <http_core.h>
#include <scoreboard.h>
#include <ap_mpm.h>
#include "llmgw/balance.h"
#include "balancer.h"
#include "handler.h"
#include "mod_llmgw.h"
#include "next.h"
#include "reply.h"
#include "standing.h"
#include "survey.h"

#define STATUS_BYTES_MAX (64 * 1024 * 1024)

static void put_number(llmgw_json_writer_t *w, const char *name, double n)
{
    char text[40];

    apr_snprintf(text, sizeof(text), "%.3f", n);
    llmgw_json_key(w, name);
    llmgw_json_raw_out(w, llmgw_str_of(text));
}

static void begin_member(llmgw_json_writer_t *w, const char *name, char open)
{
    llmgw_json_key(w, name);
    llmgw_json_begin(w, open);
}

static void put_time(llmgw_json_writer_t *w, const char *name, apr_time_t t)
{
    apr_time_exp_t e;
    char text[40];

    apr_time_exp_gmt(&e, t);
    apr_snprintf(text, sizeof(text), "%04d-%02d-%02dT%02d:%02d:%02dZ",
                 e.tm_year + 1900, e.tm_mon + 1, e.tm_mday, e.tm_hour,
                 e.tm_min, e.tm_sec);
    llmgw_survey_put_text(w, name, text);
}

/* ---- the server ---------------------------------------------------------- */

static unsigned int calls_of_child(const llmgw_board_t *board, int child)
{
    unsigned int n = 0;
    apr_uint32_t i;

    for (i = 0; i < board->room.slots; i++) {
        const llmgw_cell_t *cell = llmgw_board_cell(board, child, (int)i);

        n += llmgw_load_calls(llmgw_word_get(&cell->load));
    }
    return n;
}

static void put_children(llmgw_json_writer_t *w)
{
    const llmgw_board_t *board = llmgw_standing_board();
    apr_uint32_t i;

    begin_member(w, "children", '[');
    for (i = 0; i < board->room.children; i++) {
        apr_uint32_t pid = llmgw_board_pid(board, i);

        if (pid) {
            llmgw_json_begin(w, '{');
            llmgw_survey_put_int(w, "pid", pid);
            llmgw_survey_put_int(w, "inflight_requests",
                                 calls_of_child(board, (int)i));
            llmgw_survey_put_int(w, "detached_calls",
                                 (apr_int64_t)llmgw_word_get(
                                     &board->detached[i]));
            llmgw_json_end(w, '}');
        }
    }
    llmgw_json_end(w, ']');
}

static void put_server(llmgw_json_writer_t *w, const request_rec *r,
                       apr_time_t now)
{
    apr_time_t started = ap_get_scoreboard_global()->restart_time;
    int generation = 0;

    ap_mpm_query(AP_MPMQ_GENERATION, &generation);
    begin_member(w, "server", '{');
    llmgw_survey_put_text(w, "version", LLMGW_VERSION);
    llmgw_survey_put_text(w, "name", r->server->server_hostname);
    put_time(w, "time", now);
    put_time(w, "started", started);
    llmgw_survey_put_seconds(w, "uptime_seconds",
                             now > started ? now - started : 0);
    llmgw_survey_put_int(w, "generation", generation);
    put_children(w);
    llmgw_json_end(w, '}');
}

/* ---- providers ----------------------------------------------------------- */

static const char *key_status(const llmgw_key_slot_t *key, apr_time_t now)
{
    switch (llmgw_bench_cause(&key->bench, now)) {
    case LLMGW_BENCH_LIMITED:
        return "limited";
    case LLMGW_BENCH_REFUSED:
        return "refused";
    default:
        return "ok";
    }
}

static void put_keys(llmgw_json_writer_t *w, const llmgw_provider_t *provider,
                     apr_time_t now)
{
    int i;

    begin_member(w, "keys", '[');
    for (i = 0; i < provider->keys->nelts; i++) {
        const llmgw_key_slot_t *key = llmgw_standing_key(provider, i);

        llmgw_json_begin(w, '{');
        llmgw_survey_put_int(w, "key", i + 1);
        llmgw_survey_put_text(w, "status", key_status(key, now));
        llmgw_survey_put_seconds(w, "benched_seconds",
                                 llmgw_bench_left(&key->bench, now));
        llmgw_survey_put_int(w, "used",
                             (apr_int64_t)llmgw_word_get(&key->used));
        llmgw_survey_put_int(w, "refused",
                             (apr_int64_t)llmgw_word_get(&key->refused));
        llmgw_survey_put_int(w, "limited",
                             (apr_int64_t)llmgw_word_get(&key->limited));
        llmgw_json_end(w, '}');
    }
    llmgw_json_end(w, ']');
}

/* ---- targets ------------------------------------------------------------- */

/* As an operator has set them, if he did. */
static void put_settings(llmgw_json_writer_t *w, const llmgw_target_t *t)
{
    const proxy_worker *member = t->member;

    llmgw_survey_put_int(w, "tier", member ? member->s->lbset : t->tier);
    put_number(w, "weight", member ? member->s->lbfactor / 100.0 : t->weight);
    llmgw_survey_put_flag(w, "standby", member ? PROXY_WORKER_IS_STANDBY(member)
                          : t->weight <= 0);
    llmgw_survey_put_flag(w, "after_failures_only", t->on != 0);
}

static void put_breaker(llmgw_json_writer_t *w, const llmgw_place_t *place,
                        apr_time_t now)
{
    llmgw_breaker_view_t view;

    llmgw_breaker_get(&place->slot->breaker, &place->breaker, now,
                      &view);
    begin_member(w, "breaker_window", '{');
    llmgw_survey_put_int(w, "calls", view.counts.total);
    llmgw_survey_put_int(w, "failed", view.counts.failed);
    llmgw_survey_put_int(w, "slow", view.counts.slow);
    llmgw_survey_put_int(w, "probes", view.probes);
    llmgw_survey_put_int(w, "probes_succeeded", view.successes);
    llmgw_survey_put_seconds(w, "wait_seconds", view.wait_usec);
    llmgw_json_end(w, '}');
}

static void put_counts(llmgw_json_writer_t *w, const llmgw_slot_t *slot)
{
    static const char *const names[LLMGW_SLOT__COUNT] = {
        [LLMGW_SLOT_CALLS] = "attempts",
        [LLMGW_SLOT_SUCCEEDED] = "succeeded",
        [LLMGW_SLOT_FAILED] = "failed",
        [LLMGW_SLOT_NEUTRAL] = "neutral",
        [LLMGW_SLOT_ABANDONED] = "abandoned",
        [LLMGW_SLOT_PROMPT_TOKENS] = "prompt_tokens",
        [LLMGW_SLOT_COMPLETION_TOKENS] = "completion_tokens",
        [LLMGW_SLOT_OPENED] = "breaker_opened"
    };
    int i;

    begin_member(w, "counts", '{');
    for (i = 0; i < LLMGW_SLOT__COUNT; i++) {
        llmgw_survey_put_int(w, names[i],
                             (apr_int64_t)llmgw_slot_count(slot, i));
    }
    llmgw_json_end(w, '}');
}

static void put_last_error(llmgw_json_writer_t *w, const llmgw_slot_t *slot)
{
    llmgw_slot_error_t error;

    llmgw_slot_last_error(slot, &error);
    if (error.status != APR_SUCCESS) {
        begin_member(w, "last_error", '{');
        llmgw_survey_put_text(w, "code",
                              llmgw_status_get(error.status)->code);
        llmgw_survey_put_int(w, "http_status", error.http_status);
        put_time(w, "time", error.at);
        llmgw_json_end(w, '}');
    }
}

static void put_figures(llmgw_json_writer_t *w, const llmgw_place_t *place,
                        apr_time_t now)
{
    const llmgw_slot_t *slot = place->slot;
    apr_uint64_t load = llmgw_word_get(&slot->load);

    llmgw_survey_put_int(w, "inflight_requests", llmgw_load_calls(load));
    llmgw_survey_put_int(w, "inflight_tokens",
                         (apr_int64_t)llmgw_load_tokens(load));
    llmgw_survey_put_seconds(w, "first_token_seconds",
                             llmgw_slot_first_token(slot,
                                 LLMGW_SLOT_HALF_LIFE_USEC, now));
    llmgw_survey_put_int(w, "usual_completion_tokens",
                         llmgw_slot_completion(slot));
    put_breaker(w, place, now);
    put_counts(w, slot);
    put_last_error(w, slot);
}

static void put_place(llmgw_json_writer_t *w, const llmgw_place_t *place,
                      apr_time_t now)
{
    llmgw_json_begin(w, '{');
    llmgw_survey_put_target(w, place, now);
    put_settings(w, place->target);
    put_figures(w, place, now);
    llmgw_json_end(w, '}');
}

static void put_provider(llmgw_json_writer_t *w, const request_rec *r,
                         const llmgw_provider_t *provider, apr_time_t now)
{
    llmgw_place_t place = llmgw_survey_provider(r->server, provider);

    llmgw_json_begin(w, '{');
    llmgw_survey_put_text(w, "name", provider->name);
    llmgw_survey_put_text(w, "kind", provider->kind->name);
    llmgw_survey_put_status(w, !provider->disabled);
    put_keys(w, provider, now);
    llmgw_json_key(w, "without_route");
    put_place(w, &place, now);
    llmgw_json_end(w, '}');
}

/* ---- routes -------------------------------------------------------------- */

static void put_retries(llmgw_json_writer_t *w, const llmgw_config_t *conf,
                        const llmgw_route_slot_t *slot, apr_time_t now)
{
    llmgw_retry_budget_t budget = llmgw_next_budget(conf);

    begin_member(w, "retries", '{');
    put_number(w, "budget",
               (double)llmgw_retry_budget_left(&slot->budget, &budget, now)
               / 1000);
    llmgw_survey_put_int(w, "made",
                         (apr_int64_t)llmgw_word_get(&slot->retries));
    llmgw_survey_put_int(w, "refused",
                         (apr_int64_t)llmgw_word_get(&slot->refused));
    llmgw_json_end(w, '}');
}

static void put_route(llmgw_json_writer_t *w, const request_rec *r,
                      const llmgw_route_t *route, apr_time_t now)
{
    const apr_array_header_t *places = llmgw_survey_route(r->server, route,
                                                          r->pool);
    const llmgw_config_t *conf = llmgw_config_effective(r->server, route);
    const llmgw_route_slot_t *slot
        = &llmgw_standing_board()->routes[route->slot];
    const proxy_balancer *balancer = llmgw_balancer_of(route, r);
    int i;

    llmgw_json_begin(w, '{');
    llmgw_survey_put_text(w, "pattern", route->pattern);
    llmgw_survey_put_status(w, llmgw_survey_can_serve(places, now));
    if (balancer) {
        llmgw_survey_put_text(w, "balancer", balancer->s->name);
        llmgw_survey_put_text(w, "method", balancer->s->lbpname);
    }
    llmgw_survey_put_int(w, "calls",
                         (apr_int64_t)llmgw_word_get(&slot->calls));
    put_retries(w, conf, slot, now);
    begin_member(w, "targets", '[');
    for (i = 0; i < places->nelts; i++) {
        put_place(w, &APR_ARRAY_IDX(places, i, llmgw_place_t), now);
    }
    llmgw_json_end(w, ']');
    llmgw_json_end(w, '}');
}

static void put_all(llmgw_json_writer_t *w, const request_rec *r,
                    apr_time_t now)
{
    const llmgw_config_t *conf = llmgw_config_get(r->server)->effective;
    int i;

    llmgw_json_begin(w, '{');
    put_server(w, r, now);
    begin_member(w, "providers", '[');
    for (i = 0; i < conf->providers->nelts; i++) {
        put_provider(w, r, APR_ARRAY_IDX(conf->providers, i,
                                         llmgw_provider_t *), now);
    }
    llmgw_json_end(w, ']');
    begin_member(w, "routes", '[');
    for (i = 0; i < conf->routes->nelts; i++) {
        put_route(w, r, APR_ARRAY_IDX(conf->routes, i, llmgw_route_t *), now);
    }
    llmgw_json_end(w, ']');
    llmgw_json_end(w, '}');
}

int llmgw_handler_status(request_rec *r)
{
    llmgw_json_writer_t w = LLMGW_JSON_WRITER(NULL);
    int rv = llmgw_survey_begin(r, "llmgw-status");

    if (rv != OK) {
        return rv;
    }
    w.out = llmgw_buf_create(r->pool, STATUS_BYTES_MAX);
    put_all(&w, r, apr_time_now());
    return w.out->failed ? HTTP_INTERNAL_SERVER_ERROR
           : llmgw_reply_json(r, HTTP_OK, w.out);
}
