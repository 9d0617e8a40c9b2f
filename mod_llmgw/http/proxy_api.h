/* proxy_api.h: mod_proxy's functions, so that their absence can be reported */
#ifndef LLMGW_HTTP_PROXY_API_H
#define LLMGW_HTTP_PROXY_API_H

#include <mod_proxy.h>

/*
 * Weak references: without mod_proxy the dynamic linker would refuse this
 * module with the name of a symbol. So it loads, and the pre_config hook says
 * in a sentence that mod_proxy must be loaded before it.
 */
#pragma weak proxy_module
#pragma weak ap_proxy_define_worker
#pragma weak ap_proxy_define_balancer
#pragma weak ap_proxy_hashfunc
#pragma weak ap_proxy_initialize_worker
#pragma weak ap_proxy_sync_balancer
#pragma weak ap_proxy_acquire_connection
#pragma weak ap_proxy_release_connection
#pragma weak ap_proxy_determine_connection
#pragma weak ap_proxy_check_connection
#pragma weak ap_proxy_connect_backend
#pragma weak ap_proxy_connection_create

#endif /* LLMGW_HTTP_PROXY_API_H */
