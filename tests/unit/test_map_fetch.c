#include "tests/support/expect.h"

#include <arpa/inet.h>
#include <pthread.h>
#include <sys/socket.h>
#include <unistd.h>

#include "publisher/cli/map_fetch.h"

//  A server of one answer: takes a connection, keeps what was asked, sends the answer, closes.
static struct {
    int listener;
    const char *answer;
    char asked[2048], url[64];
    pthread_t thread;
} server;

static void *
serve (void *unused)
{
    (void) unused;
    int connection = accept (server.listener, NULL, NULL);
    size_t used = 0;
    while (used < sizeof server.asked - 1 && !strstr (server.asked, "\r\n\r\n")) {
        ssize_t got = recv (connection, server.asked + used, sizeof server.asked - 1 - used, 0);
        if (got <= 0)
            break;
        used += (size_t) got;
        server.asked[used] = 0;
    }
    (void) send (connection, server.answer, strlen (server.answer), MSG_NOSIGNAL);
    (void) close (connection);
    return NULL;
}

static void
listen_somewhere (void)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl (INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    server.listener = socket (AF_INET, SOCK_STREAM, 0);
    assert_int_equal (bind (server.listener, (struct sockaddr *) &address, sizeof address), 0);
    assert_int_equal (listen (server.listener, 1), 0);
    assert_int_equal (getsockname (server.listener, (struct sockaddr *) &address, &size), 0);
    (void) snprintf (server.url, sizeof server.url, "http://127.0.0.1:%d/", ntohs (address.sin_port));
    memset (server.asked, 0, sizeof server.asked);
}

static text_buffer_t body;
static error_text_t error;

static int
fetch (const char *answer, const char *token)
{
    listen_somewhere ();
    server.answer = answer;
    assert_int_equal (pthread_create (&server.thread, NULL, serve, NULL), 0);
    map_fetch_t request = {.base_url = server.url,
                           .token = token,
                           .instrument = "1000PEPE/X&",
                           .range = "24h",
                           .model = "full",
                           .rows = 300,
                           .timeout_s = 20};
    error = (error_text_t){{0}};
    int status = map_fetch_heatmap (&request, &body, &error);
    (void) pthread_join (server.thread, NULL);
    (void) close (server.listener);
    return status;
}

static int
tear_down (void **state)
{
    (void) state;
    text_fini (&body);
    body = (text_buffer_t){0};
    return 0;
}

static void
test_body_arrives_and_the_question_is_right (void **state)
{
    (void) state;
    assert_int_equal (fetch ("HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\n{\"a\":1}", ""), OK);
    assert_int_equal (body.size, 7);
    assert_string_equal (body.data, "{\"a\":1}");
    assert_non_null (
        strstr (server.asked, "GET /v1/heatmap/1000PEPE%2FX%26?range=24h&rows=300&model=full HTTP/1.1\r\n"));
    assert_null (strstr (server.asked, "Authorization"));
}

static void
test_token_is_sent_and_asked_for (void **state)
{
    (void) state;
    assert_int_equal (fetch ("HTTP/1.1 401 Unauthorized\r\nContent-Length: 2\r\n\r\n{}", "abc"), E_IO);
    assert_non_null (strstr (server.asked, "Authorization: Bearer abc\r\n"));
    assert_non_null (strstr (error.text, "leadline/read_token"));
}

static void
test_a_refusal_is_passed_on_in_one_line (void **state)
{
    (void) state;
    assert_int_equal (
        fetch ("HTTP/1.1 404 Not Found\r\nContent-Length: 24\r\n\r\n{\"error\":\n\"no such map\"}", ""),
        E_ABSENT);
    assert_string_equal (error.text, "the publisher answered HTTP 404: {\"error\": \"no such map\"}");
    assert_int_equal (
        fetch ("HTTP/1.1 400 Bad\r\nContent-Length: 37\r\n\r\n{\"error\":\"range: one of 12h\",\"x\":[1]}",
               ""),
        E_RANGE);
    assert_string_equal (error.text, "the publisher answered HTTP 400: range: one of 12h");
    assert_int_equal (fetch ("HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n", ""), E_IO);
    assert_string_equal (error.text, "the publisher answered HTTP 503: ");
}

static void
test_half_an_answer_is_none (void **state)
{
    (void) state;
    assert_int_equal (fetch ("HTTP/1.1 200 OK\r\nContent-Length: 700\r\n\r\n{\"a\":1}", ""), E_CLOSED);
    assert_int_equal (fetch ("", ""), E_CLOSED);
    assert_int_equal (fetch ("SSH-2.0-OpenSSH_9.2\r\n", ""), E_CLOSED);
}

static void
test_nobody_there_says_where (void **state)
{
    (void) state;
    listen_somewhere ();
    (void) close (server.listener);
    map_fetch_t request = {.base_url = server.url,
                           .token = "",
                           .instrument = "BTCUSDT",
                           .range = "24h",
                           .model = "full",
                           .rows = 300,
                           .timeout_s = 20};
    assert_int_equal (map_fetch_heatmap (&request, &body, &error), E_CLOSED);
    assert_non_null (strstr (error.text, server.url));
    assert_non_null (strstr (error.text, "does not answer"));
    request.base_url = "file:///etc/hostname?";
    assert_int_equal (map_fetch_heatmap (&request, &body, &error), E_CLOSED);
}

int
main (void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown (test_body_arrives_and_the_question_is_right, tear_down),
        cmocka_unit_test_teardown (test_token_is_sent_and_asked_for, tear_down),
        cmocka_unit_test_teardown (test_a_refusal_is_passed_on_in_one_line, tear_down),
        cmocka_unit_test_teardown (test_half_an_answer_is_none, tear_down),
        cmocka_unit_test_teardown (test_nobody_there_says_where, tear_down),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}
