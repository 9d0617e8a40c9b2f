/* event.c: usage, and which events are content */
#include "llmgw/event.h"

static void set_count(apr_int64_t *to, apr_int64_t from)
{
    if (from >= 0) {
        *to = from;
    }
}

void llmgw_usage_set(llmgw_usage_t *usage, const llmgw_usage_t *from)
{
    set_count(&usage->prompt, from->prompt);
    set_count(&usage->completion, from->completion);
    set_count(&usage->total, from->total);
    set_count(&usage->cache_read, from->cache_read);
    set_count(&usage->cache_write, from->cache_write);
    set_count(&usage->reasoning, from->reasoning);
    set_count(&usage->audio_prompt, from->audio_prompt);
    set_count(&usage->audio_completion, from->audio_completion);
    usage->estimated = from->estimated;
}

apr_int64_t llmgw_usage_total(const llmgw_usage_t *usage)
{
    if (usage->total >= 0) {
        return usage->total;
    }
    if (usage->prompt < 0 && usage->completion < 0) {
        return -1;
    }
    return (usage->prompt > 0 ? usage->prompt : 0)
        + (usage->completion > 0 ? usage->completion : 0);
}

int llmgw_event_is_content(const llmgw_event_t *ev)
{
    switch (ev->type) {
    case LLMGW_EV_TOOL_START:
    case LLMGW_EV_BUILTIN:
        return 1;
    case LLMGW_EV_TEXT:
    case LLMGW_EV_REASONING:
    case LLMGW_EV_SIGNATURE:
    case LLMGW_EV_REDACTED:
    case LLMGW_EV_TOOL_ARGS:
    case LLMGW_EV_ANNOTATION:
    case LLMGW_EV_IMAGE:
    case LLMGW_EV_AUDIO:
    case LLMGW_EV_REFUSAL:
    case LLMGW_EV_LOGPROBS:
        return ev->text.len > 0;
    case LLMGW_EV_START:
    case LLMGW_EV_TOOL_END:
    case LLMGW_EV_USAGE:
    case LLMGW_EV_STOP:
    case LLMGW_EV_ERROR:
    case LLMGW_EV_PING:
        break;
    }
    return 0;
}
