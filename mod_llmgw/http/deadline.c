/* deadline.c: which of a call's times is up first */
#include "llmgw/error.h"
#include "deadline.h"
#include "outlet.h"
#include "relay.h"

/* After the stream's own end mark: how long the rest may still take. */
#define TAIL_USEC apr_time_from_msec(200)

static void tighten(llmgw_deadline_t *d, apr_time_t at, apr_status_t status,
                    const char *message)
{
    if (!d->at || at < d->at) {
        d->at = at;
        d->status = status;
        d->message = message;
    }
}

llmgw_deadline_t llmgw_deadline_total(const llmgw_call_t *call)
{
    llmgw_deadline_t d = { call->began + call->conf->timeout.total_usec,
                           LLMGW_ETOTALTIMEOUT,
                           "The request took longer than the gateway "
                           "allows." };

    return d;
}

/* When the provider last got something to work on. */
static apr_time_t last_sent(const llmgw_attempt_t *attempt)
{
    return attempt->x->moved ? attempt->x->moved : attempt->connected;
}

/* While the body goes as it comes, either side may stall. */
static void bound_upload(llmgw_deadline_t *d, const llmgw_call_t *call)
{
    apr_time_t at = last_sent(call->attempt) + call->conf->timeout.idle_usec;

    if (call->attempt->x->wait.client) {
        tighten(d, at, LLMGW_EBODYTIMEOUT,
                "The request body did not arrive in time.");
    }
    else {
        tighten(d, at, LLMGW_EIDLETIMEOUT,
                "The provider stopped taking the request.");
    }
}

llmgw_deadline_t llmgw_deadline_next(const llmgw_call_t *call)
{
    const llmgw_attempt_t *attempt = call->attempt;
    const llmgw_timeouts_t *t = &attempt->timeout;
    llmgw_deadline_t d = llmgw_deadline_total(call);

    tighten(&d, attempt->began + t->total_usec, LLMGW_EATTEMPTTIMEOUT,
            "The provider's answer took longer than the gateway allows.");
    if (attempt->x->phase <= LLMGW_PHASE_CONNECTED) {
        tighten(&d, attempt->x->connect_until, LLMGW_ECONNECTTIMEOUT,
                "The provider could not be reached in time.");
    }
    else if (attempt->x->phase == LLMGW_PHASE_SENDING && attempt->send.source) {
        bound_upload(&d, call);
    }
    else if (llmgw_relay_ended(call->relay)) {
        tighten(&d, attempt->last_byte + TAIL_USEC, LLMGW_EIDLETIMEOUT, "");
    }
    else if (call->meter.first_content
             || (attempt->has_body && !call->stream)) {
        tighten(&d, attempt->last_byte + t->idle_usec, LLMGW_EIDLETIMEOUT,
                "The provider's answer stalled.");
    }
    else {
        tighten(&d, last_sent(attempt) + t->first_usec, LLMGW_EFIRSTTIMEOUT,
                "The provider did not begin to answer in time.");
    }
    return d;
}

llmgw_deadline_t llmgw_deadline_client(const llmgw_call_t *call)
{
    llmgw_deadline_t d = llmgw_deadline_total(call);

    tighten(&d, llmgw_outlet_moved(call->outlet) + call->r->server->timeout,
            LLMGW_ECLIENTGONE, "");
    return d;
}
