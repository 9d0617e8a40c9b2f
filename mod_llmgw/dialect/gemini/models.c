/* models.c: what differs between Google's models, as data */
#include "gemini.h"

#define NEW (GEMINI_SIGNED | GEMINI_RESULT_MEDIA | GEMINI_TOOLS_JSON)

/* The first pattern that fits counts; the last fits all. */
static const gemini_model_t models[] = {
    { "*gemma-*", GEMINI_THINKS_NOT, 0, 0, GEMINI_NO_SYSTEM },
    { "*gemini-1*", GEMINI_THINKS_NOT, 0, 0, 0 },
    { "*gemini-2.0*", GEMINI_THINKS_NOT, 0, 0, 0 },
    { "*gemini-2.5*-image*", GEMINI_THINKS_NOT, 0, 0, 0 },
    { "*gemini-2.5*-tts*", GEMINI_THINKS_NOT, 0, 0, 0 },
    { "*gemini-2.5-pro*", GEMINI_THINKS_BY_BUDGET, 128, 32768, 0 },
    { "*gemini-2.5-flash-lite*", GEMINI_THINKS_BY_BUDGET, 0, 24576, 0 },
    { "*gemini-2.5*", GEMINI_THINKS_BY_BUDGET, 0, 24576, 0 },
    { "*gemini-3*-image*", GEMINI_THINKS_NOT, 0, 0, NEW },
    { "*gemini-3-pro*", GEMINI_THINKS_BY_LEVEL, 128, 32768, NEW },
    { "*gemini-3*-pro*", GEMINI_THINKS_BY_LEVEL, 128, 32768,
      NEW | GEMINI_MEDIUM },
    { "*gemini-3*", GEMINI_THINKS_BY_LEVEL, 0, 24576,
      NEW | GEMINI_MEDIUM | GEMINI_MINIMAL },
    { "*gemini-*", GEMINI_THINKS_BY_BUDGET, 128, 24576, NEW },
    { "*", GEMINI_THINKS_BY_BUDGET, 0, 24576, GEMINI_TOOLS_JSON }
};

const gemini_model_t *llmgw_gemini_model_get(llmgw_str_t name)
{
    apr_size_t i = 0;

    while (i < sizeof(models) / sizeof(models[0]) - 1
           && !llmgw_str_glob(models[i].pattern, name)) {
        i++;
    }
    return &models[i];
}
