/* survey.c: where targets, keys and routes stand, for pages that show it */
#include <apr_strings.h>
#include <httpd.h>
#include <http_core.h>
#include <http_protocol.h>
#include "llmgw/balance.h"
#include "llmgw/bench.h"
#include "balancer.h"
#include "override.h"
#include "standing.h"
#include "survey.h"

/* ---- what there is ------------------------------------------------------- */

static const char *name_of(const llmgw_route_t *route, int i, apr_pool_t *p)
{
    const llmgw_target_t *t = APR_ARRAY_IDX(route->targets, i,
                                            llmgw_target_t *);
    const char *name = llmgw_target_name(t, p);
    int twins = llmgw_balancer_twins(route, i);

    return twins ? apr_psprintf(p, "%s;%d", name, twins + 1) : name;
}

apr_array_header_t *llmgw_survey_route(const server_rec *s,
                                       const llmgw_route_t *route,
                                       apr_pool_t *p)
{
    apr_array_header_t *places = apr_array_make(p, route->targets->nelts,
                                                sizeof(llmgw_place_t));
    int i;

    for (i = 0; i < route->targets->nelts; i++) {
        llmgw_place_t *place = apr_array_push(places);

        place->server = s;
        place->route = route;
        place->target = APR_ARRAY_IDX(route->targets, i, llmgw_target_t *);
        place->provider = place->target->provider_data;
        place->name = name_of(route, i, p);
        place->conf = llmgw_config_effective(s, route);
        place->breaker = *llmgw_override_breaker(place->target,
                                                 &place->conf->breaker, p);
        place->slot = llmgw_standing_slot(place->target);
    }
    return places;
}

llmgw_place_t llmgw_survey_provider(const server_rec *s,
                                    const llmgw_provider_t *provider)
{
    llmgw_place_t place = { s, NULL, provider->self, provider, provider->name,
                            llmgw_config_effective(s, NULL),
                            llmgw_standing_slot(provider->self),
                            llmgw_config_effective(s, NULL)->breaker };

    return place;
}

unsigned int llmgw_survey_out(const llmgw_place_t *place, apr_time_t now)
{
    const llmgw_slot_t *slot = place->slot;
    const proxy_worker *member = place->target->member;
    unsigned int out = place->provider->disabled ? LLMGW_OUT_OTHER : 0;

    if (member && !llmgw_member_takes_calls(member)) {
        out |= LLMGW_OUT_DRAINED;
    }
    if (llmgw_word_get(&slot->flags) & LLMGW_SLOT_UNHEALTHY) {
        out |= LLMGW_OUT_UNHEALTHY;
    }
    if (llmgw_bench_left(&slot->bench, now) > 0) {
        out |= LLMGW_OUT_BENCHED;
    }
    if (!llmgw_breaker_peek(&slot->breaker, &place->breaker, now)) {
        out |= LLMGW_OUT_BREAKER;
    }
    return out;
}

int llmgw_survey_can_serve(const apr_array_header_t *places, apr_time_t now)
{
    int i;

    for (i = 0; i < places->nelts; i++) {
        const llmgw_place_t *place = &APR_ARRAY_IDX(places, i, llmgw_place_t);

        if (!place->target->on && !llmgw_survey_out(place, now)) {
            return 1;
        }
    }
    return 0;
}

int llmgw_survey_keys_usable(const llmgw_provider_t *provider, apr_time_t now)
{
    int i, n = 0;

    for (i = 0; i < provider->keys->nelts; i++) {
        n += llmgw_bench_left(&llmgw_standing_key(provider, i)->bench, now)
             == 0;
    }
    return n;
}

/* ---- as JSON ------------------------------------------------------------- */

void llmgw_survey_put_int(llmgw_json_writer_t *w, const char *name,
                          apr_int64_t n)
{
    llmgw_json_key(w, name);
    llmgw_json_int_out(w, n);
}

void llmgw_survey_put_flag(llmgw_json_writer_t *w, const char *name, int truth)
{
    llmgw_json_key(w, name);
    llmgw_json_bool_out(w, truth);
}

void llmgw_survey_put_text(llmgw_json_writer_t *w, const char *name,
                           const char *text)
{
    llmgw_json_key(w, name);
    llmgw_json_str(w, llmgw_str_of(text));
}

void llmgw_survey_put_seconds(llmgw_json_writer_t *w, const char *name,
                              apr_interval_time_t usec)
{
    char text[40];

    apr_snprintf(text, sizeof(text), "%" APR_INT64_T_FMT ".%06d",
                 usec / APR_USEC_PER_SEC, (int)(usec % APR_USEC_PER_SEC));
    llmgw_json_key(w, name);
    llmgw_json_raw_out(w, llmgw_str_of(text));
}

void llmgw_survey_put_status(llmgw_json_writer_t *w, int good)
{
    llmgw_survey_put_text(w, "status", good ? "ok" : "unavailable");
}

void llmgw_survey_put_target(llmgw_json_writer_t *w,
                             const llmgw_place_t *place, apr_time_t now)
{
    unsigned int out = llmgw_survey_out(place, now);
    llmgw_breaker_view_t breaker;

    llmgw_breaker_get(&place->slot->breaker, &place->breaker, now,
                      &breaker);
    llmgw_survey_put_text(w, "target", place->name);
    llmgw_survey_put_status(w, !out);
    llmgw_survey_put_text(w, "breaker",
                          llmgw_breaker_state_name(breaker.state));
    llmgw_survey_put_flag(w, "drained", (out & LLMGW_OUT_DRAINED) != 0);
    llmgw_survey_put_flag(w, "health_check_failed",
                          (out & LLMGW_OUT_UNHEALTHY) != 0);
    llmgw_survey_put_seconds(w, "benched_seconds",
                             llmgw_bench_left(&place->slot->bench, now));
}

/* ---- requests ------------------------------------------------------------ */

int llmgw_survey_begin(request_rec *r, const char *handler)
{
    if (!r->handler || strcmp(r->handler, handler)) {
        return DECLINED;
    }
    if (r->method_number != M_GET) {
        ap_allow_standard_methods(r, REPLACE_ALLOW, M_GET, -1);
        return HTTP_METHOD_NOT_ALLOWED;
    }
    apr_table_setn(r->headers_out, "Cache-Control", "no-store");
    return OK;
}
