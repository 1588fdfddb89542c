//  The dashboard's files: those inside the folder, and nothing else.

#include "publisher/pages.h"
#include "tests/support/expect.h"
#include "tests/support/temp_folder.h"

#include <sys/stat.h>
#include <unistd.h>

typedef struct {
    char folder[TEMP_FOLDER_MAX], web[TEMP_FOLDER_MAX + 8];
    text_buffer_t out;
    page_t page;
} world_t;

static void
write_file (const char *folder, const char *name, const char *text)
{
    char path[160];
    (void) snprintf (path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen (path, "w");
    assert_non_null (file);
    assert_true (fputs (text, file) >= 0);
    (void) fclose (file);
}

static int
set_up (void **state)
{
    world_t *world = calloc (1, sizeof *world);
    char path[160];
    temp_folder_new (world->folder);
    (void) snprintf (world->web, sizeof world->web, "%s/web", world->folder);
    assert_int_equal (mkdir (world->web, 0755), 0);
    (void) snprintf (path, sizeof path, "%s/assets", world->web);
    assert_int_equal (mkdir (path, 0755), 0);
    write_file (world->folder, "secret.json", "{\"secret\":1}");
    write_file (world->web, "index.html", "<!doctype html>");
    write_file (world->web, "assets/app-1a2b.js", "let a;");
    write_file (world->web, ".hidden.json", "{}");
    write_file (world->web, "notes.txt", "x");
    (void) snprintf (path, sizeof path, "%s/out.json", world->web);
    assert_int_equal (symlink ("../secret.json", path), 0);
    (void) snprintf (path, sizeof path, "%s/up", world->web);
    assert_int_equal (symlink ("..", path), 0);
    (void) snprintf (path, sizeof path, "%s/pipe.json", world->web);
    assert_int_equal (mkfifo (path, 0644), 0);
    (void) snprintf (path, sizeof path, "%s/folder.json", world->web);
    assert_int_equal (mkdir (path, 0755), 0);
    *state = world;
    return 0;
}

static int
tear_down (void **state)
{
    world_t *world = *state;
    text_fini (&world->out);
    temp_folder_remove (world->folder);
    free (world);
    return 0;
}

static int
get (world_t *world, const char *path)
{
    return pages_read (world->web, slice_of (path), &world->page, &world->out);
}

static void
test_pages_are_given_with_their_kind (void **state)
{
    world_t *world = *state;
    assert_int_equal (get (world, "/"), OK);
    assert_string_equal (world->out.data, "<!doctype html>");
    assert_string_equal (world->page.content_type, "text/html; charset=utf-8");
    assert_int_equal (get (world, "/index.html"), OK);
    assert_int_equal (get (world, "/assets/app-1a2b.js"), OK);
    assert_string_equal (world->out.data, "let a;");
    assert_string_equal (world->page.content_type, "text/javascript; charset=utf-8");
}

static void
test_a_changed_page_has_another_tag (void **state)
{
    world_t *world = *state;
    char before[PAGES_TAG_MAX];
    assert_int_equal (get (world, "/"), OK);
    memcpy (before, world->page.tag, sizeof before);
    assert_true (before[0] == '"' && before[strlen (before) - 1] == '"');
    assert_int_equal (get (world, "/"), OK);
    assert_string_equal (world->page.tag, before);
    write_file (world->web, "index.html", "<!doctype html><title>x</title>");
    assert_int_equal (get (world, "/"), OK);
    assert_string_not_equal (world->page.tag, before);
}

static void
test_nothing_else_is_given (void **state)
{
    world_t *world = *state;
    static const char *const paths[] = {"/../secret.json",
                                        "/assets/../../secret.json",
                                        "/assets/../index.html",
                                        "//index.html",
                                        "/./index.html",
                                        "/assets//app-1a2b.js",
                                        "/..%2fsecret.json",
                                        "/%2e%2e/secret.json",
                                        "/..\\secret.json",
                                        "/out.json",
                                        "/up/secret.json",
                                        "/pipe.json",
                                        "/folder.json",
                                        "/.hidden.json",
                                        "/notes.txt",
                                        "/assets",
                                        "/assets/",
                                        "/missing.js",
                                        "index.html",
                                        "",
                                        "/index.html/",
                                        "/index.html?x",
                                        "/.js"};
    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
        assert_int_equal (get (world, paths[i]), E_ABSENT);
        assert_int_equal (world->out.size, 0);
    }
    assert_int_equal (pages_read (world->web, (slice_t){"/index.html\0.js", 15}, &world->page, &world->out),
                      E_ABSENT);
    assert_int_equal (pages_read ("", slice_of ("/"), &world->page, &world->out), E_ABSENT);
    assert_int_equal (pages_read ("/does/not/exist", slice_of ("/"), &world->page, &world->out), E_ABSENT);
    char longest[5000];
    memset (longest, 'a', sizeof longest);
    memcpy (longest, "/", 1);
    memcpy (longest + sizeof longest - 3, ".js", 3);
    assert_int_equal (pages_read (world->web, (slice_t){longest, sizeof longest}, &world->page, &world->out),
                      E_ABSENT);
}

#define TEST(name) cmocka_unit_test_setup_teardown (name, set_up, tear_down)

int
main (void)
{
    const struct CMUnitTest tests[] = {
        TEST (test_pages_are_given_with_their_kind),
        TEST (test_a_changed_page_has_another_tag),
        TEST (test_nothing_else_is_given),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}
