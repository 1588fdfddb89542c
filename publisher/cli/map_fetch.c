#include "publisher/cli/map_fetch.h"

#include <curl/curl.h>
#include <stdio.h>
#include <string.h>

//  A year of columns in the finest rows stays well below.
enum { BODY_BYTES_MAX = 256 << 20, URL_MAX = 1024 };

//  libcurl says what its type is.
static size_t
on_body (char *data, size_t size, size_t count, void *out_) //  NOLINT(readability-non-const-parameter)
{
    text_buffer_t *out = out_;
    if (out->size + size * count > BODY_BYTES_MAX)
        return 0; //  curl ends the exchange with an error
    text_add_slice (out, (slice_t){data, size * count});
    return size * count;
}

//  Returns E_RANGE when it does not fit.
static int
make_url (CURL *curl, const map_fetch_t *request, char url[URL_MAX])
{
    char *instrument = curl_easy_escape (curl, request->instrument, 0);
    char *range = curl_easy_escape (curl, request->range, 0);
    char *model = curl_easy_escape (curl, request->model, 0);
    size_t size = strlen (request->base_url);
    while (size > 0 && request->base_url[size - 1] == '/')
        size--;
    int length = -1;
    if (instrument && range && model)
        length = snprintf (url, URL_MAX, "%.*s/v1/heatmap/%s?range=%s&rows=%zu&model=%s", (int) size,
                           request->base_url, instrument, range, request->rows, model);
    curl_free (instrument);
    curl_free (range);
    curl_free (model);
    return length < 0 || length >= URL_MAX ? E_RANGE : OK;
}

//  What the server said, shortened to a line: its "error", or else the beginning of the body.
static int
refused (long code, const text_buffer_t *body, error_text_t *error)
{
    static const char key[] = "\"error\":\"";
    char said[120] = "";
    const char *from = body->size > 0 ? strstr (body->data, key) : NULL;
    from = from ? from + sizeof key - 1 : body->size > 0 ? body->data : "";
    size_t size = from == body->data ? strlen (from) : strcspn (from, "\"");
    size = size < sizeof said - 1 ? size : sizeof said - 1;
    for (size_t i = 0; i < size; i++)
        said[i] = (unsigned char) from[i] < 0x20 || from[i] == 0x7f ? ' ' : from[i];
    if (code == 401 || code == 403)
        return error_set (error, E_IO, "the publisher wants its read token (leadline/read_token): HTTP %ld",
                          code);
    return error_set (error,
                      code == 404   ? E_ABSENT
                      : code == 400 ? E_RANGE
                                    : E_IO,
                      "the publisher answered HTTP %ld: %s", code, said);
}

static int
exchange (CURL *curl, const map_fetch_t *request, text_buffer_t *out, error_text_t *error)
{
    char url[URL_MAX], authorization[320], trouble[CURL_ERROR_SIZE] = "";
    if (make_url (curl, request, url) != OK)
        return error_set (error, E_RANGE, "leadline/http_url is too long");
    struct curl_slist *headers = NULL;
    if (request->token[0]) {
        (void) snprintf (authorization, sizeof authorization, "Authorization: Bearer %s", request->token);
        headers = curl_slist_append (headers, authorization);
    }
    (void) curl_easy_setopt (curl, CURLOPT_URL, url);
    (void) curl_easy_setopt (curl, CURLOPT_HTTPHEADER, headers);
    (void) curl_easy_setopt (curl, CURLOPT_PROTOCOLS_STR, "http,https");
    (void) curl_easy_setopt (curl, CURLOPT_ACCEPT_ENCODING, "");
    (void) curl_easy_setopt (curl, CURLOPT_PROXY, ""); //  a proxy of the environment is for other hosts
    (void) curl_easy_setopt (curl, CURLOPT_NOSIGNAL, 1L);
    (void) curl_easy_setopt (curl, CURLOPT_TIMEOUT, (long) request->timeout_s);
    (void) curl_easy_setopt (curl, CURLOPT_ERRORBUFFER, trouble);
    (void) curl_easy_setopt (curl, CURLOPT_WRITEFUNCTION, on_body);
    (void) curl_easy_setopt (curl, CURLOPT_WRITEDATA, out);
    text_reset (out);
    CURLcode result = curl_easy_perform (curl);
    long code = 0;
    (void) curl_easy_getinfo (curl, CURLINFO_RESPONSE_CODE, &code);
    curl_slist_free_all (headers);
    if (result != CURLE_OK)
        return error_set (error, E_CLOSED, "%.100s does not answer: %.110s", request->base_url,
                          trouble[0] ? trouble : curl_easy_strerror (result));
    return code == 200 ? OK : refused (code, out, error);
}

int
map_fetch_heatmap (const map_fetch_t *request, text_buffer_t *out, error_text_t *error)
{
    (void) curl_global_init (CURL_GLOBAL_DEFAULT);
    CURL *curl = curl_easy_init ();
    int status =
        curl ? exchange (curl, request, out, error) : error_set (error, E_IO, "libcurl does not start");
    curl_easy_cleanup (curl);
    curl_global_cleanup ();
    return status;
}
