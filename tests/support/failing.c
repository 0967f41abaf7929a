/* Lets chosen calls of the C library fail, for tests that preload it:
 *   FAIL_THREAD=N       the N-th thread that is started, and every one after it, cannot be started
 *   FAIL_OPEN=SUFFIX    files whose names end so cannot be opened (errno FAIL_ERRNO)
 *   CLOCK_AHEAD=SECONDS the clock of the day is ahead by so much
 *   FAIL_READ=SUFFIX:N  from the N-th read at an offset on, such files give EIO
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static int ends_with(const char *name, const char *suffix, size_t length) {
    size_t all = strlen(name);
    return all >= length && strncmp(name + all - length, suffix, length) == 0;
}

int pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*start)(void *), void *argument) {
    static atomic_int started;
    static int (*real)(pthread_t *, const pthread_attr_t *, void *(*)(void *), void *);
    const char *first = getenv("FAIL_THREAD");
    if (!real) real = dlsym(RTLD_NEXT, "pthread_create");
    if (first && atomic_fetch_add(&started, 1) + 1 >= atoi(first)) return EAGAIN;
    return real(thread, attributes, start, argument);
}

int clock_gettime(clockid_t clock, struct timespec *time) {
    static int (*real)(clockid_t, struct timespec *);
    const char *ahead = getenv("CLOCK_AHEAD");
    if (!real) real = dlsym(RTLD_NEXT, "clock_gettime");
    int done = real(clock, time);
    if (ahead && clock == CLOCK_REALTIME) time->tv_sec += atol(ahead);
    return done;
}

static int refused(const char *name) {
    const char *suffix = getenv("FAIL_OPEN"), *code = getenv("FAIL_ERRNO");
    if (!suffix || !ends_with(name, suffix, strlen(suffix))) return 0;
    errno = code ? atoi(code) : EIO;
    return 1;
}

int open64(const char *name, int flags, ...) {
    static int (*real)(const char *, int, ...);
    va_list more;
    va_start(more, flags);
    int mode = va_arg(more, int);
    va_end(more);
    if (!real) real = dlsym(RTLD_NEXT, "open64");
    return refused(name) ? -1 : real(name, flags, mode);
}

ssize_t pread64(int file, void *buffer, size_t count, off64_t offset) {
    static atomic_int reads;
    static ssize_t (*real)(int, void *, size_t, off64_t);
    const char *wish = getenv("FAIL_READ");
    if (!real) real = dlsym(RTLD_NEXT, "pread64");
    if (wish) {
        char link[64], name[4096];
        const char *colon = strchr(wish, ':');
        snprintf(link, sizeof link, "/proc/self/fd/%d", file);
        ssize_t length = readlink(link, name, sizeof name - 1);
        if (length > 0 && colon) {
            name[length] = 0;
            if (ends_with(name, wish, colon - wish) && atomic_fetch_add(&reads, 1) + 1 >= atoi(colon + 1)) {
                errno = EIO;
                return -1;
            }
        }
    }
    return real(file, buffer, count, offset);
}
