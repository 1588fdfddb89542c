#include "publisher/pages.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/base/check.h"

static const struct {
    const char *ending, *content_type;
} kinds[] = {
    {".html", "text/html; charset=utf-8"},
    {".js", "text/javascript; charset=utf-8"},
    {".mjs", "text/javascript; charset=utf-8"},
    {".css", "text/css; charset=utf-8"},
    {".svg", "image/svg+xml"},
    {".png", "image/png"},
    {".json", "application/json"},
    {".map", "application/json"},
    {".woff2", "font/woff2"},
};

static const char *
kind_of (slice_t path)
{
    for (size_t i = 0; i < COUNT_OF (kinds); i++) {
        size_t size = strlen (kinds[i].ending);
        if (path.size > size && memcmp (path.data + path.size - size, kinds[i].ending, size) == 0)
            return kinds[i].content_type;
    }
    return NULL;
}

//  "/" and names of letters, digits, - _ . that do not start with a dot.
static bool
is_plain (slice_t path)
{
    for (size_t i = 0; i < path.size; i++) {
        const char c = path.data[i], before = i > 0 ? path.data[i - 1] : 0;
        if (!(isalnum ((unsigned char) c) || c == '-' || c == '_' || c == '.' || c == '/') ||
            (before == '/' && (c == '.' || c == '/')))
            return false;
    }
    return path.size > 0 && path.data[0] == '/';
}

//  The real path, if it is inside the folder.
static bool
find_file (const char *folder, slice_t path, char out[PATH_MAX])
{
    char wanted[PATH_MAX], root[PATH_MAX];
    int length = snprintf (wanted, sizeof wanted, "%s%.*s", folder, (int) path.size, path.data);
    if (length < 0 || (size_t) length >= sizeof wanted || !realpath (folder, root) || !realpath (wanted, out))
        return false;
    size_t size = strlen (root);
    return strncmp (out, root, size) == 0 && out[size] == '/';
}

static int
read_file (int fd, size_t size, text_buffer_t *out)
{
    char bytes[65536];
    for (size_t left = size; left > 0;) {
        ssize_t got = read (fd, bytes, left < sizeof bytes ? left : sizeof bytes);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return E_ABSENT; //  it is being changed
        text_add_slice (out, (slice_t){bytes, (size_t) got});
        left -= (size_t) got;
    }
    return OK;
}

int
pages_read (const char *folder, slice_t path, page_t *page, text_buffer_t *out)
{
    char real[PATH_MAX];
    struct stat status;
    if (slice_is (path, "/"))
        path = slice_of ("/index.html");
    page->content_type = kind_of (path);
    text_reset (out);
    if (!folder[0] || path.size >= 256 || !page->content_type || !is_plain (path) ||
        !find_file (folder, path, real))
        return E_ABSENT;
    int fd = open (real, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (fd < 0)
        return E_ABSENT;
    int code = E_ABSENT;
    if (fstat (fd, &status) == 0 && S_ISREG (status.st_mode) && status.st_size <= PAGES_BYTES_MAX) {
        (void) snprintf (page->tag, sizeof page->tag, "\"%llx-%llx%08lx\"",
                         (unsigned long long) status.st_size, (unsigned long long) status.st_mtim.tv_sec,
                         (unsigned long) status.st_mtim.tv_nsec);
        code = read_file (fd, (size_t) status.st_size, out);
    }
    (void) close (fd);
    return code;
}
