/* measure.c: what all children have counted */
#include <apr_hash.h>
#include <apr_strings.h>
#include <httpd.h>
#include <http_core.h>
#include "llmgw/retry.h"
#include "config.h"
#include "measure.h"
#include "shared.h"
#include "standing.h"

#define RETAINED "llmgw-measure"
#define WORD sizeof(llmgw_word_t)

/* With another layout of the block comes another number. */
#define LAYOUT APR_UINT64_C(0x4C4C4D4757030002)

/* ---- tables -------------------------------------------------------------- */

static const llmgw_series_kind_t kinds[LLMGW_MEASURE__COUNT] = {
    [LLMGW_MEASURE_CALLS] = {
        6, { { "operation", 24 }, { "route", 64 }, { "provider", 32 },
             { "model", 96 }, { "code", 8 }, { "class", 24 } }, WORD
    },
    [LLMGW_MEASURE_ATTEMPTS] = {
        4, { { "route", 64 }, { "provider", 32 }, { "model", 96 },
             { "outcome", 24 } }, WORD
    },
    [LLMGW_MEASURE_MOVES] = {
        4, { { "route", 64 }, { "from", 128 }, { "to", 128 },
             { "reason", 24 } }, WORD
    },
    [LLMGW_MEASURE_DURATIONS] = {
        6, { { "gen_ai_operation_name", 24 }, { "gen_ai_provider_name", 24 },
             { "provider", 32 }, { "gen_ai_request_model", 96 },
             { "gen_ai_response_model", 96 }, { "error_type", 40 } },
        sizeof(llmgw_hist_t)
    },
    [LLMGW_MEASURE_USAGE] = {
        5, { { "gen_ai_operation_name", 24 }, { "gen_ai_provider_name", 24 },
             { "provider", 32 }, { "gen_ai_request_model", 96 },
             { "gen_ai_response_model", 96 } },
        sizeof(llmgw_figures_t)
    }
};

/* Room for so many combinations, and so many for each target there is when the
 * tables are made; in all, no more than ROOM_MAX. */
#define ROOM_MAX 16384

static const struct {
    apr_uint32_t least;
    apr_uint32_t each;
} rooms[LLMGW_MEASURE__COUNT] = {
    [LLMGW_MEASURE_CALLS] = { 1024, 8 },
    [LLMGW_MEASURE_ATTEMPTS] = { 1024, 8 },
    [LLMGW_MEASURE_MOVES] = { 512, 8 },
    [LLMGW_MEASURE_DURATIONS] = { 512, 8 },
    [LLMGW_MEASURE_USAGE] = { 512, 4 }
};

/* What outlives a reading of the configuration. */
typedef struct memory_t {
    llmgw_shared_t shared;
    apr_uint32_t targets;       /* when it was made */
} memory_t;

static llmgw_series_t tables[LLMGW_MEASURE__COUNT];
static llmgw_totals_t *totals;
static apr_hash_t *names;       /* of models that the configuration names */

static apr_uint32_t room_of(int table, apr_uint32_t targets)
{
    apr_uint64_t room = rooms[table].least
                        + (apr_uint64_t)rooms[table].each * targets;

    return room < ROOM_MAX ? (apr_uint32_t)room : ROOM_MAX;
}

static apr_size_t count_bytes(apr_uint32_t targets)
{
    apr_size_t bytes = sizeof(llmgw_totals_t);
    int i;

    for (i = 0; i < LLMGW_MEASURE__COUNT; i++) {
        bytes += llmgw_series_bytes(&kinds[i], room_of(i, targets));
    }
    return bytes;
}

static int attach(const memory_t *memory)
{
    const apr_uint64_t head[] = { LAYOUT, count_bytes(memory->targets) };
    char *at = llmgw_shared_base(&memory->shared);
    int i;

    totals = (llmgw_totals_t *)at;
    if (!llmgw_word_begin(totals->head, head, 2)) {
        return 0;               /* of another release */
    }
    at += sizeof(llmgw_totals_t);
    for (i = 0; i < LLMGW_MEASURE__COUNT; i++) {
        apr_uint32_t room = room_of(i, memory->targets);

        if (llmgw_series_attach(&tables[i], &kinds[i], at, room)
            != APR_SUCCESS) {
            return 0;
        }
        at += llmgw_series_bytes(&kinds[i], room);
    }
    return 1;
}

/* ---- names --------------------------------------------------------------- */

static void add_name(const char *name)
{
    apr_hash_set(names, name, APR_HASH_KEY_STRING, name);
}

static void add_route(const llmgw_route_t *route)
{
    apr_pool_t *p = apr_hash_pool_get(names);
    int i;

    if (route->exact) {
        add_name(route->pattern);
    }
    for (i = 0; i < route->targets->nelts; i++) {
        const llmgw_target_t *t = APR_ARRAY_IDX(route->targets, i,
                                                llmgw_target_t *);

        if (t->model) {
            add_name(t->model);
            add_name(llmgw_target_name(t, p));
        }
    }
}

static void add_models(const llmgw_provider_t *provider)
{
    int i;

    for (i = 0; i < provider->models->nelts; i++) {
        const char *model = APR_ARRAY_IDX(provider->models, i, char *);

        if (!model[llmgw_str_glob_prefix(model)]) {
            add_name(model);
        }
    }
}

/* @return how many targets there are */
static apr_uint32_t add_server(const llmgw_config_t *conf)
{
    apr_uint32_t n = 0;
    int i;

    for (i = 0; i < conf->routes->nelts; i++) {
        const llmgw_route_t *route = APR_ARRAY_IDX(conf->routes, i,
                                                   llmgw_route_t *);

        add_route(route);
        n += (apr_uint32_t)route->targets->nelts;
    }
    for (i = 0; i < conf->providers->nelts; i++) {
        add_models(APR_ARRAY_IDX(conf->providers, i, llmgw_provider_t *));
        n++;
    }
    return n;
}

const char *llmgw_measure_prepare(server_rec *servers, apr_pool_t *p)
{
    memory_t *memory = llmgw_shared_retain(RETAINED, sizeof(*memory));
    apr_uint32_t targets = 0;
    server_rec *s;

    names = apr_hash_make(p);
    for (s = servers; s; s = s->next) {
        targets += add_server(llmgw_config_get(s));
    }
    if (memory->shared.shm) {
        if (attach(memory)) {
            return NULL;
        }
        llmgw_shared_destroy(&memory->shared);
    }
    memory->targets = targets;
    return llmgw_shared_create(&memory->shared, count_bytes(targets))
           && attach(memory) ? NULL
           : "there is not enough shared memory for metrics";
}

/* A name, if the configuration has it; clients invent others. */
static llmgw_str_t known(llmgw_str_t name)
{
    if (!name.len || apr_hash_get(names, name.p, (apr_ssize_t)name.len)) {
        return name;
    }
    return LLMGW_STR_LIT("other");
}

/* ---- labels -------------------------------------------------------------- */

/* Why a call ended as it did, seen from the client; see docs/manual/metrics.md
 */
static const char *class_of(int code)
{
    switch (code) {
    case 499:
        return "aborted";
    case HTTP_TOO_MANY_REQUESTS:
        return "rate_limited";
    case HTTP_GATEWAY_TIME_OUT:
        return "timeout";
    default:
        return code < 400 ? "success" : code < 500 ? "client_error"
               : "upstream_error";
    }
}

static const char *class_of_error(const llmgw_err_t *err)
{
    switch (err->status) {
    case APR_SUCCESS:
        return "success";
    case LLMGW_EINTERNAL:
    case LLMGW_EKEY:
        return "gateway_error";
    case LLMGW_ENOTARGET:
    case LLMGW_EFULL:
        return "unavailable";
    default:
        return class_of(llmgw_err_http_status(err));
    }
}

/* OpenTelemetry's name of what was done, where it has one. */
static llmgw_str_t operation_of(const llmgw_surface_t *surface)
{
    static const char *const calls[] = {
        [LLMGW_OP_CHAT] = "chat",
        [LLMGW_OP_MODELS] = "models",
        [LLMGW_OP_COUNT] = "count_tokens",
        [LLMGW_OP_EMBED] = "embeddings",
        [LLMGW_OP_RAW] = "pass_through"
    };

    if (surface->surface == LLMGW_SURFACE_MODELS
        || surface->surface == LLMGW_SURFACE_MODEL) {
        return LLMGW_STR_LIT("models");
    }
    return surface->surface == LLMGW_SURFACE_CHAT
           || surface->op == LLMGW_OP_RAW
           ? llmgw_str_of(calls[surface->op]) : LLMGW_STR_LIT("unknown");
}

static llmgw_str_t route_of(const llmgw_call_t *call)
{
    return llmgw_str_of(call->plan.route_name);
}

static llmgw_str_t provider_of(const llmgw_call_t *call)
{
    return call->attempt ? llmgw_str_of(call->attempt->provider->name)
           : LLMGW_STR_NULL;
}

static const char *code_of(const request_rec *r)
{
    return apr_itoa(r->pool, r->status);
}

/* The name of the model that answered: as the provider has it, if anybody here
 * has heard of that, else as it was asked for. */
static llmgw_str_t answering_model(const llmgw_call_t *call)
{
    llmgw_str_t model = call->meter.model;

    if (!model.len || !apr_hash_get(names, model.p, (apr_ssize_t)model.len)) {
        model = llmgw_str_of(call->attempt->model);
    }
    return known(model);
}

/* ---- counting ------------------------------------------------------------ */

static void count(llmgw_measure_e table, const llmgw_series_key_t *key)
{
    llmgw_word_add(llmgw_series_get(&tables[table], key), 1);
}

void llmgw_measure_attempt(const llmgw_call_t *call, const llmgw_err_t *err)
{
    const char *outcome = !err ? "success"
                          : err->status == LLMGW_ECLIENTGONE ? "aborted"
                          : llmgw_retry_word(err);
    llmgw_series_key_t key = { {
        route_of(call), provider_of(call),
        known(llmgw_str_of(call->attempt->model)), llmgw_str_of(outcome)
    } };

    count(LLMGW_MEASURE_ATTEMPTS, &key);
}

void llmgw_measure_move(const llmgw_call_t *call, const llmgw_target_t *to)
{
    const llmgw_target_t *from = call->attempt->target;
    llmgw_series_key_t key = { {
        route_of(call), llmgw_str_of(llmgw_target_name(from, call->pool)),
        llmgw_str_of(llmgw_target_name(to, call->pool)),
        llmgw_str_of(call->failure)
    } };

    count(LLMGW_MEASURE_MOVES, &key);
}

void llmgw_measure_request(const request_rec *r,
                           const llmgw_surface_t *surface)
{
    llmgw_series_key_t key = { {
        operation_of(surface), LLMGW_STR_NULL, LLMGW_STR_NULL,
        LLMGW_STR_NULL, llmgw_str_of(code_of(r)),
        llmgw_str_of(class_of(r->status))
    } };

    count(LLMGW_MEASURE_CALLS, &key);
}

static void count_usage(const llmgw_call_t *call, llmgw_figures_t *f)
{
    const llmgw_meter_t *meter = &call->meter;
    apr_int64_t cost = llmgw_call_cost_nano(call);

    llmgw_hist_add(&f->input, LLMGW_HIST_TOKENS, meter->usage.prompt);
    llmgw_hist_add(&f->output, LLMGW_HIST_TOKENS, meter->usage.completion);
    if (cost >= 0) {
        llmgw_word_add(&f->cost_nano, (apr_uint64_t)cost);
    }
    else if (llmgw_usage_total(&meter->usage) >= 0) {
        llmgw_word_add(&f->unpriced, 1);
    }
}

/* Of whole answers nobody knows when their first token was there. */
static void count_times(const llmgw_call_t *call, apr_interval_time_t took,
                        llmgw_figures_t *f)
{
    const llmgw_meter_t *meter = &call->meter;
    apr_interval_time_t first = meter->first_content - call->began;

    if (call->stream && meter->first_content
        && call->err.status == APR_SUCCESS) {
        llmgw_hist_add(&f->first_token, LLMGW_HIST_FIRST_TOKEN, first);
        llmgw_hist_add(&f->per_token, LLMGW_HIST_PER_TOKEN,
                       llmgw_hist_per_token(took, first,
                                            meter->usage.completion));
    }
}

/* What a provider had a part in. */
static void count_answer(const llmgw_call_t *call)
{
    const llmgw_attempt_t *attempt = call->attempt;
    apr_interval_time_t took = apr_time_now() - call->began;
    llmgw_series_key_t key = { {
        operation_of(&call->surface),
        llmgw_str_of(attempt->provider->kind->system), provider_of(call),
        known(call->model), answering_model(call), LLMGW_STR_NULL
    } };
    llmgw_figures_t *f = llmgw_series_get(&tables[LLMGW_MEASURE_USAGE], &key);

    count_usage(call, f);
    count_times(call, took, f);
    if (call->err.status != APR_SUCCESS) {
        key.values[5] = llmgw_str_of(llmgw_status_get(call->err.status)->code);
    }
    llmgw_hist_add(llmgw_series_get(&tables[LLMGW_MEASURE_DURATIONS], &key),
                   LLMGW_HIST_DURATION, took);
    llmgw_hist_add(&totals->overhead, LLMGW_HIST_OVERHEAD,
                   llmgw_call_overhead_usec(call));
    llmgw_slot_usage(llmgw_standing_slot(attempt->target),
                     call->meter.usage.prompt, call->meter.usage.completion);
}

void llmgw_measure_call(llmgw_call_t *call)
{
    llmgw_series_key_t key = { {
        operation_of(&call->surface), route_of(call),
        provider_of(call), known(call->model), llmgw_str_of(code_of(call->r)),
        llmgw_str_of(class_of_error(&call->err))
    } };

    count(LLMGW_MEASURE_CALLS, &key);
    if (call->err.status == LLMGW_ECLIENTGONE) {
        llmgw_word_add(&totals->aborts[call->meter.first_content != 0], 1);
    }
    if (call->attempt) {
        count_answer(call);
    }
}

void llmgw_measure_wakeup(apr_interval_time_t busy_usec)
{
    llmgw_hist_add(&totals->relay_lag, LLMGW_HIST_RELAY_LAG, busy_usec);
}

/* ---- reading ------------------------------------------------------------- */

const llmgw_series_t *llmgw_measure_table(llmgw_measure_e table)
{
    return &tables[table];
}

const llmgw_totals_t *llmgw_measure_totals(void)
{
    return totals;
}
