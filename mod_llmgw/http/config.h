/* config.h: the configuration of a server, and of a route */
#ifndef LLMGW_HTTP_CONFIG_H
#define LLMGW_HTTP_CONFIG_H

#include <apr_hash.h>
#include <httpd.h>
#include <http_config.h>
#include "llmgw/dialect.h"
#include "llmgw/route.h"
#include "config_table.h"
#include "policy.h"

extern module AP_MODULE_DECLARE_DATA llmgw_module;

/* Types of directives; a negative number or NULL means not set. */
typedef int llmgw_flag_t;
typedef apr_off_t llmgw_size_t;             /* bytes */
typedef int llmgw_method_t;                 /* llmgw_balance_e */
typedef int llmgw_unsupported_t;            /* llmgw_unsupported_e */
typedef apr_array_header_t *llmgw_providers_t;  /* of llmgw_provider_t * */
typedef apr_array_header_t *llmgw_routes_t;     /* of llmgw_route_t * */

typedef apr_array_header_t *llmgw_allow_t;      /* of ap_expr_info_t * */

/** Settings of a server or of a route. */
typedef struct llmgw_config_t {
#define LLMGW_MEMBER(member, name, type, args, place, help) \
    llmgw_##type##_t member;
    LLMGW_DIRECTIVES(LLMGW_MEMBER)
#undef LLMGW_MEMBER
    llmgw_route_t *open_route;  /* while its section is being read */
    apr_array_header_t *guarded;    /* a server's llmgw_allow_routes(), when
                                     * all has been read; else NULL */
    apr_hash_t *of_routes;      /* in an effective one: those of its routes'
                                 * calls, by route */
    const struct llmgw_config_t *effective; /* over the defaults, when all
                                             * has been read */
} llmgw_config_t;

/** Nothing set. Lives in p. */
llmgw_config_t *llmgw_config_create(apr_pool_t *p);

/** The settings of add over those of base, in pool p. */
llmgw_config_t *llmgw_config_merge(apr_pool_t *p, const llmgw_config_t *base,
                                   const llmgw_config_t *add);

/** A server's settings. */
llmgw_config_t *llmgw_config_get(const server_rec *s);

/** Once all has been read: work out the server's settings over the defaults. */
void llmgw_config_complete(apr_pool_t *p, server_rec *s);

/** Settings of a call: the route's over the server's, then the defaults, so
 * that every value is set. They last as long as the configuration.
 * @param route one of this server's, or NULL */
const llmgw_config_t *llmgw_config_effective(const server_rec *s,
                                             const llmgw_route_t *route);

/** The command table. */
extern const command_rec llmgw_config_commands[];

/** Provider of that name, NULL if none. */
struct llmgw_provider_t *llmgw_config_provider(const llmgw_config_t *conf,
                                               const char *name,
                                               apr_size_t len);

/* Parsers of arguments; error text or NULL. name: of the directive or option */
const char *llmgw_config_parse_time(apr_pool_t *p, const char *name,
                                    const char *value,
                                    apr_interval_time_t *out);
const char *llmgw_config_parse_number(apr_pool_t *p, const char *name,
                                      const char *value, double min,
                                      double max, double *out);

#endif /* LLMGW_HTTP_CONFIG_H */
