/* handler.h: the handlers */
#ifndef LLMGW_HTTP_HANDLER_H
#define LLMGW_HTTP_HANDLER_H

#include <httpd.h>
#include "llmgw/dialect.h"
#include "llmgw/surface.h"

/**
 * The translate_name and map_to_storage hooks: URLs whose <Location> says
 * SetHandler llmgw are no files. As for mod_proxy, no directory is searched for
 * them, and neither <Directory> sections nor .htaccess files apply.
 */
int llmgw_handler_translate(request_rec *r);
int llmgw_handler_map(request_rec *r);

/** The handler hook: SetHandler llmgw. */
int llmgw_handler_run(request_rec *r);

/** The handler hook: SetHandler llmgw-health. */
int llmgw_handler_health(request_rec *r);

/** The handler hook: SetHandler llmgw-metrics. */
int llmgw_handler_metrics(request_rec *r);

/** The handler hook: SetHandler llmgw-status. */
int llmgw_handler_status(request_rec *r);

/** GET .../models and .../models/{id}. @return OK */
int llmgw_models_run(request_rec *r, const llmgw_surface_t *surface,
                     const llmgw_dialect_t *dialect);

#endif /* LLMGW_HTTP_HANDLER_H */
