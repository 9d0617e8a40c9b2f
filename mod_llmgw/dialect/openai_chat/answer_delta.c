/* answer_delta.c: reading what a delta or a message holds */
#include <string.h>
#include "openai_chat.h"

/* Emit a string member, if there is one. */
static apr_status_t emit_member(llmgw_decode_t *d, llmgw_event_e type,
                                int choice, const llmgw_json_t *v)
{
    if (!llmgw_json_is(v, LLMGW_JSON_STRING) || v->len <= 2) {
        return APR_SUCCESS;
    }
    return llmgw_emit_text(d, type, choice,
                           llmgw_json_string_buf(v, d->scratch));
}

/* ---- reasoning ---------------------------------------------------------- */

static apr_status_t read_detail(llmgw_decode_t *d, int choice,
                                const llmgw_json_t *v)
{
    const llmgw_json_t *type = llmgw_json_lookup(v, "type");
    apr_status_t rv;

    if (llmgw_json_string_is(type, "reasoning.encrypted")) {
        return emit_member(d, LLMGW_EV_REDACTED, choice,
                           llmgw_json_lookup(v, "data"));
    }
    rv = emit_member(d, LLMGW_EV_REASONING, choice,
                     llmgw_json_lookup(v, llmgw_json_string_is(
                         type, "reasoning.summary") ? "summary" : "text"));
    if (rv == APR_SUCCESS) {
        rv = emit_member(d, LLMGW_EV_SIGNATURE, choice,
                         llmgw_json_lookup(v, "signature"));
    }
    return rv;
}

/* Is the reasoning's text in the details? Then it is not read twice. */
static int has_detail_text(const llmgw_json_t *details)
{
    const llmgw_json_t *v;

    for (v = llmgw_json_each(details, NULL); v;
         v = llmgw_json_each(details, v)) {
        if (llmgw_json_lookup_type(v, "text", LLMGW_JSON_STRING)
            || llmgw_json_lookup_type(v, "summary", LLMGW_JSON_STRING)) {
            return 1;
        }
    }
    return 0;
}

static apr_status_t read_reasoning(llmgw_decode_t *d, int choice,
                                   const llmgw_json_t *delta)
{
    const llmgw_json_t *details = llmgw_json_lookup(delta,
                                                    "reasoning_details");
    const llmgw_json_t *v;
    apr_status_t rv = APR_SUCCESS;

    if (!has_detail_text(details)) {
        v = llmgw_json_lookup(delta, "reasoning_content");
        if (!llmgw_json_is(v, LLMGW_JSON_STRING)) {
            v = llmgw_json_lookup(delta, "reasoning");
        }
        rv = emit_member(d, LLMGW_EV_REASONING, choice, v);
    }
    for (v = llmgw_json_each(details, NULL); v && rv == APR_SUCCESS;
         v = llmgw_json_each(details, v)) {
        rv = read_detail(d, choice, v);
    }
    return rv;
}

/* ---- content ------------------------------------------------------------ */

static apr_status_t emit_image(llmgw_decode_t *d, int choice,
                               const llmgw_json_t *part)
{
    const llmgw_json_t *v = llmgw_json_lookup(part, "image_url");
    llmgw_event_t ev;
    llmgw_str_t url;

    if (llmgw_json_is(v, LLMGW_JSON_OBJECT)) {
        v = llmgw_json_lookup(v, "url");
    }
    url = llmgw_json_string_buf(v, d->scratch);
    memset(&ev, 0, sizeof(ev));
    ev.type = LLMGW_EV_IMAGE;
    ev.choice = choice;
    if (!llmgw_openai_split_data_url(url, &ev.media_type, &ev.text)) {
        return APR_SUCCESS;
    }
    return d->emit(d->emit_ctx, &ev);
}

/* {"type":"thinking","thinking":"..." or [{"type":"text","text":"..."}]} */
static apr_status_t read_thinking(llmgw_decode_t *d, int choice,
                                  const llmgw_json_t *part)
{
    const llmgw_json_t *list = llmgw_json_lookup(part, "thinking"), *v;
    apr_status_t rv;

    rv = emit_member(d, LLMGW_EV_REASONING, choice, list);
    for (v = llmgw_json_each(list, NULL); v && rv == APR_SUCCESS;
         v = llmgw_json_each(list, v)) {
        rv = emit_member(d, LLMGW_EV_REASONING, choice,
                         llmgw_json_lookup(v, "text"));
    }
    return rv;
}

static apr_status_t read_part(llmgw_decode_t *d, int choice,
                              const llmgw_json_t *part)
{
    const llmgw_json_t *type = llmgw_json_lookup(part, "type");

    if (llmgw_json_string_is(type, "thinking")) {
        return read_thinking(d, choice, part);
    }
    if (llmgw_json_string_is(type, "image_url")) {
        return emit_image(d, choice, part);
    }
    if (llmgw_json_string_is(type, "refusal")) {
        return emit_member(d, LLMGW_EV_REFUSAL, choice,
                           llmgw_json_lookup(part, "refusal"));
    }
    return emit_member(d, LLMGW_EV_TEXT, choice,
                       llmgw_json_lookup(part, "text"));
}

static apr_status_t read_content(llmgw_decode_t *d, int choice,
                                 const llmgw_json_t *content)
{
    const llmgw_json_t *v;
    apr_status_t rv = emit_member(d, LLMGW_EV_TEXT, choice, content);

    for (v = llmgw_json_each(content, NULL); v && rv == APR_SUCCESS;
         v = llmgw_json_each(content, v)) {
        rv = read_part(d, choice, v);
    }
    return rv;
}

/* The transcript is the answer's text where it has no other. */
static apr_status_t read_audio(llmgw_decode_t *d, int choice,
                               const llmgw_json_t *delta)
{
    const llmgw_json_t *audio = llmgw_json_lookup_type(delta, "audio",
                                                       LLMGW_JSON_OBJECT);
    const llmgw_json_t *v = llmgw_json_lookup(audio, "data");
    llmgw_event_t ev;
    apr_status_t rv;

    if (!audio) {
        return APR_SUCCESS;
    }
    rv = emit_member(d, LLMGW_EV_TEXT, choice,
                     llmgw_json_lookup(audio, "transcript"));
    if (rv != APR_SUCCESS || !llmgw_json_is(v, LLMGW_JSON_STRING)) {
        return rv;
    }
    memset(&ev, 0, sizeof(ev));
    ev.type = LLMGW_EV_AUDIO;
    ev.choice = choice;
    ev.text = llmgw_json_string_buf(v, d->scratch);
    ev.id = llmgw_json_string_buf(llmgw_json_lookup(audio, "id"), d->scratch);
    return d->emit(d->emit_ctx, &ev);
}

static apr_status_t read_images(llmgw_decode_t *d, int choice,
                                const llmgw_json_t *images)
{
    const llmgw_json_t *v;
    apr_status_t rv = APR_SUCCESS;

    for (v = llmgw_json_each(images, NULL); v && rv == APR_SUCCESS;
         v = llmgw_json_each(images, v)) {
        rv = emit_image(d, choice, v);
    }
    return rv;
}

static apr_status_t read_annotations(llmgw_decode_t *d, int choice,
                                     const llmgw_json_t *annotations)
{
    const llmgw_json_t *v, *cited;
    llmgw_event_t ev;
    apr_status_t rv = APR_SUCCESS;

    for (v = llmgw_json_each(annotations, NULL); v && rv == APR_SUCCESS;
         v = llmgw_json_each(annotations, v)) {
        cited = llmgw_json_lookup(v, "url_citation");
        memset(&ev, 0, sizeof(ev));
        ev.type = LLMGW_EV_ANNOTATION;
        ev.choice = choice;
        ev.text = llmgw_json_raw(v);
        ev.id = llmgw_json_string_buf(llmgw_json_lookup(cited, "url"),
                                      d->scratch);
        ev.name = llmgw_json_string_buf(llmgw_json_lookup(cited, "title"),
                                        d->scratch);
        ev.dialect = &llmgw_dialect_openai_chat;
        rv = d->emit(d->emit_ctx, &ev);
    }
    return rv;
}

apr_status_t llmgw_openai_chat_read_delta(llmgw_decode_t *d, int choice,
                                          const llmgw_json_t *delta)
{
    apr_status_t rv;

    rv = read_reasoning(d, choice, delta);
    if (rv == APR_SUCCESS) {
        rv = read_content(d, choice, llmgw_json_lookup(delta, "content"));
    }
    if (rv == APR_SUCCESS) {
        rv = read_audio(d, choice, delta);
    }
    if (rv == APR_SUCCESS) {
        rv = read_images(d, choice, llmgw_json_lookup(delta, "images"));
    }
    if (rv == APR_SUCCESS) {
        rv = emit_member(d, LLMGW_EV_REFUSAL, choice,
                         llmgw_json_lookup(delta, "refusal"));
    }
    if (rv == APR_SUCCESS) {
        rv = read_annotations(d, choice,
                              llmgw_json_lookup(delta, "annotations"));
    }
    return rv == APR_SUCCESS ? llmgw_openai_chat_read_calls(d, choice, delta)
                             : rv;
}
