/* answer_util.c: what several dialects need to read an answer */
#include <string.h>
#include "common.h"

apr_status_t llmgw_emit_text(llmgw_decode_t *d, llmgw_event_e type, int choice,
                             llmgw_str_t text)
{
    llmgw_event_t ev;

    if (text.len == 0) {
        return APR_SUCCESS;
    }
    memset(&ev, 0, sizeof(ev));
    ev.type = type;
    ev.choice = choice;
    ev.text = text;
    return d->emit(d->emit_ctx, &ev);
}

apr_status_t llmgw_emit_stop(llmgw_decode_t *d, int choice, llmgw_stop_e stop,
                             llmgw_str_t sequence)
{
    llmgw_event_t ev;

    memset(&ev, 0, sizeof(ev));
    ev.type = LLMGW_EV_STOP;
    ev.choice = choice;
    ev.stop = stop;
    ev.text = sequence;
    return d->emit(d->emit_ctx, &ev);
}

apr_status_t llmgw_emit_usage(llmgw_decode_t *d, const llmgw_usage_t *usage)
{
    llmgw_event_t ev;

    memset(&ev, 0, sizeof(ev));
    ev.type = LLMGW_EV_USAGE;
    ev.usage = usage;
    return d->emit(d->emit_ctx, &ev);
}

apr_int64_t llmgw_json_tokens(const llmgw_json_t *obj, const char *name)
{
    apr_int64_t n;

    if (llmgw_json_int(llmgw_json_lookup(obj, name), &n) != APR_SUCCESS
        || n < 0 || n > LLMGW_TOKENS_MAX) {
        return -1;
    }
    return n;
}

apr_status_t llmgw_emit_error(llmgw_decode_t *d, const llmgw_json_t *body)
{
    llmgw_err_t err = LLMGW_ERR_INIT;
    llmgw_event_t ev;

    err.status = LLMGW_EUPSTREAM;
    err.kind = llmgw_status_get(err.status)->kind;
    err.from_provider = 1;
    llmgw_error_body_decode(&err, body, d->pool);
    memset(&ev, 0, sizeof(ev));
    ev.type = LLMGW_EV_ERROR;
    ev.error = &err;
    return d->emit(d->emit_ctx, &ev);
}
