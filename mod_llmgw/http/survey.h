/* survey.h: where targets, keys and routes stand, for pages that show it */
#ifndef LLMGW_HTTP_SURVEY_H
#define LLMGW_HTTP_SURVEY_H

#include <httpd.h>
#include "llmgw/json.h"
#include "config.h"
#include "provider.h"
#include "routes.h"

/** A target and what it belongs to. */
typedef struct llmgw_place_t {
    const server_rec *server;   /* whose settings hold */
    const llmgw_route_t *route; /* NULL: a provider, without a route */
    const llmgw_target_t *target;
    const llmgw_provider_t *provider;
    const char *name;           /* "PROVIDER/MODEL", of twins also ";2" */
    const llmgw_config_t *conf; /* of its calls */
    llmgw_slot_t *slot;
    llmgw_breaker_conf_t breaker;   /* of its breaker */
} llmgw_place_t;

/** The targets of a route. @return of llmgw_place_t, in pool p */
apr_array_header_t *llmgw_survey_route(const server_rec *s,
                                       const llmgw_route_t *route,
                                       apr_pool_t *p);

/** What a provider is to calls that no route leads, in pool p. */
llmgw_place_t llmgw_survey_provider(const server_rec *s,
                                    const llmgw_provider_t *provider);

/** Why a target gets no calls now: LLMGW_OUT_...; 0: it may get some. */
unsigned int llmgw_survey_out(const llmgw_place_t *place, apr_time_t now);

/** Is there one that may get calls, and not only after others' failures? */
int llmgw_survey_can_serve(const apr_array_header_t *places, apr_time_t now);

/** How many of a provider's keys are not benched. */
int llmgw_survey_keys_usable(const llmgw_provider_t *provider,
                             apr_time_t now);

/* ---- as JSON ------------------------------------------------------------- */

/** Write members of an object that is open: the target's name, whether it may
 * get calls, and what speaks against it. */
void llmgw_survey_put_target(llmgw_json_writer_t *w,
                             const llmgw_place_t *place, apr_time_t now);

/** Write a member: "status": "ok" or "unavailable". */
void llmgw_survey_put_status(llmgw_json_writer_t *w, int good);

/** Write a member. */
void llmgw_survey_put_int(llmgw_json_writer_t *w, const char *name,
                          apr_int64_t n);
void llmgw_survey_put_flag(llmgw_json_writer_t *w, const char *name,
                           int truth);
void llmgw_survey_put_text(llmgw_json_writer_t *w, const char *name,
                           const char *text);
void llmgw_survey_put_seconds(llmgw_json_writer_t *w, const char *name,
                              apr_interval_time_t usec);

/** Begin to answer a page: GET and HEAD only.
 * @return OK to go on; else what the handler has to return */
int llmgw_survey_begin(request_rec *r, const char *handler);

#endif /* LLMGW_HTTP_SURVEY_H */
