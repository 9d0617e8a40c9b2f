/* openai_models.c: lists of models as OpenAI's clients expect them */
#include "openai.h"

static void put_model(llmgw_json_writer_t *w, const llmgw_model_t *m)
{
    llmgw_json_begin(w, '{');
    llmgw_json_key(w, "id");
    llmgw_json_strz(w, m->id);
    llmgw_json_key(w, "object");
    llmgw_json_strz(w, "model");
    llmgw_json_key(w, "created");
    llmgw_json_int_out(w, m->created_sec);
    llmgw_json_key(w, "owned_by");
    llmgw_json_strz(w, m->owner);
    llmgw_json_end(w, '}');
}

apr_status_t llmgw_openai_models_encode(llmgw_buf_t *out,
                                        const llmgw_model_page_t *page,
                                        int single)
{
    llmgw_json_writer_t w = LLMGW_JSON_WRITER(out);

    if (single) {
        put_model(&w, page->models);
        return out->failed;
    }
    llmgw_json_begin(&w, '{');
    llmgw_json_key(&w, "object");
    llmgw_json_strz(&w, "list");
    llmgw_page_put(&w, "data", page, put_model);
    llmgw_json_end(&w, '}');
    return out->failed;
}
