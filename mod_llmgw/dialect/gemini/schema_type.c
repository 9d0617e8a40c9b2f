/* schema_type.c: a schema of one type in the words that Gemini takes */
#include <string.h>
#include <apr_strings.h>
#include "schema.h"

static const char *find_type(node_t *in)
{
    static const char *const names[] = { "STRING", "NUMBER", "INTEGER",
                                         "BOOLEAN", "ARRAY", "OBJECT" };
    node_t *type = get_type(in, "type", json_type_string);
    size_t i;

    for (i = 0; type && i < sizeof(names) / sizeof(names[0]); i++) {
        if (apr_strnatcasecmp(json_object_get_string(type), names[i]) == 0) {
            return names[i];
        }
    }
    return get(in, "properties") ? "OBJECT" : get(in, "items") ? "ARRAY"
        : "STRING";
}

/* Other formats are refused. */
static void put_format(node_t *out, node_t *in, const char *type)
{
    static const char *const known[][2] = {
        { "STRING", "date-time" }, { "STRING", "enum" },
        { "NUMBER", "float" }, { "NUMBER", "double" },
        { "INTEGER", "int32" }, { "INTEGER", "int64" }
    };
    node_t *format = get(in, "format");
    size_t i;

    for (i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
        if (strcmp(known[i][0], type) == 0 && is_string(format, known[i][1])) {
            set(out, "format", json_object_get(format));
        }
    }
}

/* Values that are no strings cannot be listed: the description names them. */
static void describe_values(rewriting_t *rw, node_t *out, node_t *values)
{
    node_t *before = get(out, "description");

    set_string(out, "description", apr_pstrcat(
        rw->p, before ? json_object_get_string(before) : "",
        before ? " (one of " : "One of ",
        json_object_to_json_string_ext(values, JSON_C_TO_STRING_PLAIN),
        before ? ")" : "", NULL));
}

static void put_values(rewriting_t *rw, node_t *out, node_t *values,
                       const char *type)
{
    node_t *list = json_object_new_array(), *v;
    size_t i, n = json_object_array_length(values);
    int fits = strcmp(type, "STRING") == 0;

    for (i = 0; i < n; i++) {
        v = json_object_array_get_idx(values, i);
        if (!v) {
            set(out, "nullable", json_object_new_boolean(1));
        }
        else if (!json_object_is_type(v, json_type_string)) {
            fits = 0;
        }
        else if (json_object_get_string_len(v) > 0) {
            json_object_array_add(list, json_object_get(v));
        }
    }
    if (fits && json_object_array_length(list)) {
        set(out, "enum", json_object_get(list));
    }
    else if (!fits && n) {
        describe_values(rw, out, values);
    }
    json_object_put(list);
}

static void put_enum(rewriting_t *rw, node_t *out, node_t *in,
                     const char *type)
{
    node_t *values = get_type(in, "enum", json_type_array), *only;

    if (values && spend(rw, values)) {
        put_values(rw, out, values, type);
    }
    else if (get(in, "const") && spend(rw, get(in, "const"))) {
        only = json_object_new_array();
        json_object_array_add(only, json_object_get(get(in, "const")));
        put_values(rw, out, only, type);
        json_object_put(only);
    }
}

/* Names that are no property of it are refused. */
static void put_names(node_t *out, node_t *in, const char *name,
                      node_t *properties)
{
    node_t *names = get_type(in, name, json_type_array), *v;
    node_t *list = json_object_new_array();
    size_t i;

    for (i = 0; names && i < json_object_array_length(names); i++) {
        v = json_object_array_get_idx(names, i);
        if (json_object_is_type(v, json_type_string)
            && get(properties, json_object_get_string(v))) {
            json_object_array_add(list, json_object_get(v));
        }
    }
    if (json_object_array_length(list)) {
        set(out, name, json_object_get(list));
    }
    json_object_put(list);
}

static void put_properties(rewriting_t *rw, node_t *out, node_t *in,
                           const frame_t *frame)
{
    node_t *properties = get_type(in, "properties", json_type_object);
    node_t *list;

    if (!properties || !json_object_object_length(properties)) {
        return;
    }
    list = json_object_new_object();
    json_object_object_foreach(properties, name, v) {
        rw->bytes += strlen(name);
        set(list, name, llmgw_gemini_rewrite(rw, v, frame));
    }
    set(out, "properties", list);
    put_names(out, in, "required", list);
    put_names(out, in, "propertyOrdering", list);
}

/* A tuple's elements are any of its kinds; an array says of what it is. */
static void put_items(rewriting_t *rw, node_t *out, node_t *in,
                      const frame_t *frame)
{
    node_t *items = get(in, "items");

    if (!json_object_is_type(items, json_type_object)
        && get_type(in, "prefixItems", json_type_array)) {
        items = get(in, "prefixItems");
    }
    set(out, "items", json_object_is_type(items, json_type_array)
        ? llmgw_gemini_rewrite_any(rw, NULL, items, frame)
        : items ? llmgw_gemini_rewrite(rw, items, frame)
        : make_type("STRING"));
}

node_t *llmgw_gemini_rewrite_type(rewriting_t *rw, node_t *in,
                                  const frame_t *frame)
{
    static const char *const bounds[] = {
        "minimum", "maximum", "minLength", "maxLength", "minItems",
        "maxItems", "minProperties", "maxProperties"
    };
    const char *type = find_type(in);
    node_t *out = make_type(type);
    size_t i;

    put_format(out, in, type);
    copy(rw, out, in, "title", json_type_string);
    copy(rw, out, in, "description", json_type_string);
    copy(rw, out, in, "nullable", json_type_boolean);
    if (is_null(in)) {
        set(out, "nullable", json_object_new_boolean(1));
    }
    put_enum(rw, out, in, type);
    copy(rw, out, in, "pattern", json_type_string);
    for (i = 0; i < sizeof(bounds) / sizeof(bounds[0]); i++) {
        copy(rw, out, in, bounds[i], json_type_double);
    }
    if (get(in, "default") && spend(rw, get(in, "default"))) {
        set(out, "default", json_object_get(get(in, "default")));
    }
    if (*type == 'O') {
        put_properties(rw, out, in, frame);
    }
    else if (*type == 'A') {
        put_items(rw, out, in, frame);
    }
    return out;
}
