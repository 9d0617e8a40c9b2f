/* vars.h: a call's figures as variables of expressions: %{LLM_MODEL} ... */
#ifndef LLMGW_HTTP_VARS_H
#define LLMGW_HTTP_VARS_H

#include <ap_expr.h>

/** The expr_lookup hook. */
int llmgw_vars_lookup(ap_expr_lookup_parms *parms);

#endif /* LLMGW_HTTP_VARS_H */
