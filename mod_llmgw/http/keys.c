/* keys.c: which of a provider's keys an attempt uses */
#include <apr_strings.h>
#include <httpd.h>
#include <http_core.h>
#include "call.h"
#include "keys.h"
#include "log.h"
#include "raw.h"
#include "standing.h"

static void choose(const llmgw_call_t *call, apr_uint32_t turn,
                   llmgw_key_choice_t *choice)
{
    const llmgw_provider_t *provider = call->attempt->provider;
    int i, n = provider->keys->nelts;
    llmgw_key_slot_t **slots = apr_palloc(call->attempt->pool,
                                          (n + 1) * sizeof(*slots));

    for (i = 0; i < n; i++) {
        slots[i] = llmgw_standing_key(provider, i);
    }
    llmgw_key_slot_choose(slots, n, turn, apr_time_now(), choice);
}

/* Where the provider refused all keys: one of those all the same, in turn. A
 * call that fails for itself (a model this key may not use) must not shut out
 * all others, and a key that was mended is noticed soon. */
static int last_resort(const llmgw_provider_t *provider, apr_uint32_t turn)
{
    apr_time_t now = apr_time_now();
    apr_uint32_t i, n = (apr_uint32_t)provider->keys->nelts;

    for (i = 0; i < n; i++) {
        int at = (int)((turn % n + i) % n);

        if (llmgw_bench_cause(&llmgw_standing_key(provider, at)->bench, now)
            != LLMGW_BENCH_LIMITED) {
            return at;
        }
    }
    return -1;
}

apr_status_t llmgw_keys_choose(llmgw_call_t *call, const char **key,
                               llmgw_err_t *err)
{
    llmgw_attempt_t *attempt = call->attempt;
    const llmgw_provider_t *provider = attempt->provider;
    apr_uint32_t turn
        = (apr_uint32_t)llmgw_word_add(llmgw_standing_turn(provider), 1);
    llmgw_key_choice_t choice;

    choose(call, turn, &choice);
    attempt->key_doubtful = choice.cause == LLMGW_BENCH_REFUSED;
    attempt->key = attempt->key_doubtful ? last_resort(provider, turn)
                   : choice.index;
    if (llmgw_raw_keeps_key(call->raw)) {
        attempt->key = call->keys_refused < provider->keys->nelts
                       ? call->keys_refused : -1;
    }
    *key = NULL;
    if (attempt->key >= 0) {
        *key = APR_ARRAY_IDX(provider->keys, attempt->key, char *);
        return APR_SUCCESS;
    }
    if (choice.cause == LLMGW_BENCH_LIMITED) {
        llmgw_err_set(err, call->pool, LLMGW_ERATELIMIT, NULL, "Provider '%s' "
                      "limits the rate of requests.", provider->name);
        err->retry_after_usec = choice.wait_usec;
        return err->status;
    }
    if (provider->kind->auth_header && !provider->kind->key_optional) {
        return llmgw_err_set(err, call->pool, LLMGW_EKEY, NULL,
                             "The gateway has no key for provider '%s'.",
                             provider->name);
    }
    return APR_SUCCESS;
}

int llmgw_keys_left(const llmgw_call_t *call)
{
    llmgw_key_choice_t choice;

    if (llmgw_raw_keeps_key(call->raw)) {
        return call->keys_refused < call->attempt->provider->keys->nelts;
    }
    choose(call, 0, &choice);
    return choice.index >= 0;
}

apr_interval_time_t llmgw_keys_wait(const llmgw_call_t *call)
{
    llmgw_key_choice_t choice;

    choose(call, 0, &choice);
    return choice.cause == LLMGW_BENCH_LIMITED ? choice.wait_usec : 0;
}

void llmgw_keys_report(llmgw_call_t *call,
                       apr_interval_time_t retry_after_usec)
{
    const llmgw_attempt_t *attempt = call->attempt;
    const llmgw_provider_t *provider = attempt->provider;
    llmgw_key_slot_t *key;
    apr_interval_time_t benched;

    if (attempt->key < 0 || attempt->status == 0
        || (attempt->status == HTTP_TOO_MANY_REQUESTS
            && retry_after_usec <= 0)) {
        return;                 /* a limit that ends nobody knows when */
    }
    call->keys_refused += attempt->status >= 400;
    key = llmgw_standing_key(provider, attempt->key);
    benched = llmgw_key_slot_report(key, attempt->status, retry_after_usec,
                                    apr_time_now());
    if (attempt->key_doubtful && attempt->status < 400) {
        llmgw_bench_pardon(&key->bench, apr_time_now());
    }
    if (benched > 0) {
        ap_log_rerror(APLOG_MARK, APLOG_NOTICE, 0, call->r,
                      LLMGW_ID("LLMGW0503") "provider %s: key %d of %d is left "
                      "out for %" APR_INT64_T_FMT " s: status %d",
                      provider->name, attempt->key + 1, provider->keys->nelts,
                      apr_time_sec(benched + APR_USEC_PER_SEC - 1),
                      attempt->status);
    }
}
