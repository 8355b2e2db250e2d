/* Loaded before the C library (LD_PRELOAD): makes the n-th call of a kind fail, and keeps a journal of what is written.

   Calls count if they concern a file below ELMAN_FAULT_UNDER (an absolute path), or read standard input, or write to
   standard output.

     ELMAN_FAULT_STATE    a file of KINDS 8-byte counters, in the order of `kinds`; shared by child processes
     ELMAN_FAULT_CALL     the kind of call that fails: one of `kinds`
     ELMAN_FAULT_AT       which one, from 1
     ELMAN_FAULT_MODE     EIO (once), ENOSPC (from then on), EINTR (once), SHORT (half is written, once),
                          FULL (half is written, then ENOSPC)
     ELMAN_FAULT_JOURNAL  the file that the journal is appended to (tests/reliability/journal.py reads it)

   Linux alone. System calls are made directly, since the functions of the C library are the ones replaced. */

#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

enum { CREATE, OPEN, READ, WRITE, SYNC, RENAME, TRUNCATE, UNLINK, MKDIR, CLOSE, KINDS };
static const char *kinds[KINDS] = {"create",    "open",   "read",  "write", "fsync", "rename",
                                   "ftruncate", "unlink", "mkdir", "close"};

static const char *under;
static size_t under_length;
static long *counters;
static int failing = -1;
static long at;
static const char *mode = "";
static int journal = -1;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static int open_directly(const char *path, int flags) { return (int)syscall(SYS_openat, AT_FDCWD, path, flags, 0600); }

/* A number above those that the program uses, so that it finds the lowest ones free as it expects. */
static int moved_up(int number) {
    int high = fcntl(number, F_DUPFD_CLOEXEC, 200);
    syscall(SYS_close, number);
    return high;
}

/* Again in a forked process whose environment has changed. */
__attribute__((constructor)) void elman_faults_start(void) {
    const char *state = getenv("ELMAN_FAULT_STATE"), *call = getenv("ELMAN_FAULT_CALL");
    const char *journal_path = getenv("ELMAN_FAULT_JOURNAL"), *prefix = getenv("ELMAN_FAULT_UNDER");
    under = NULL;
    if (!prefix) return;
    if (state) {
        int number = open_directly(state, O_RDWR | O_CLOEXEC);
        void *memory = mmap(NULL, KINDS * sizeof(long), PROT_READ | PROT_WRITE, MAP_SHARED, number, 0);
        if (memory != MAP_FAILED) counters = memory;
        syscall(SYS_close, number);
    }
    for (int kind = 0; call && kind < KINDS; kind++)
        if (!strcmp(call, kinds[kind])) failing = kind;
    if (getenv("ELMAN_FAULT_AT")) at = atol(getenv("ELMAN_FAULT_AT"));
    if (getenv("ELMAN_FAULT_MODE")) mode = getenv("ELMAN_FAULT_MODE");
    if (journal_path) journal = moved_up(open_directly(journal_path, O_WRONLY | O_CREAT | O_APPEND));
    under_length = strlen(prefix);
    under = prefix;
}

static int below(const char *path) {
    return under && !strncmp(path, under, under_length) && (path[under_length] == '/' || !path[under_length]);
}

/* The path of an open file; "" if it has none. */
static void path_of(int number, char *path) {
    char link[64];
    snprintf(link, sizeof link, "/proc/self/fd/%d", number);
    ssize_t length = syscall(SYS_readlinkat, AT_FDCWD, link, path, PATH_MAX - 1);
    path[length < 0 ? 0 : length] = 0;
}

static int absolute(int folder, const char *name, char *path) {
    char base[PATH_MAX];
    if (!under || !name) return 0;
    if (name[0] == '/') {
        snprintf(path, PATH_MAX, "%s", name);
    } else {
        if (folder != AT_FDCWD) path_of(folder, base);
        else if (syscall(SYS_getcwd, base, sizeof base) < 0) return 0;
        if (snprintf(path, PATH_MAX, "%s/%s", base, name) >= PATH_MAX) return 0;
    }
    return below(path);
}

static int concerns(int number, int writes) {
    char path[PATH_MAX];
    if (!under) return 0;
    path_of(number, path);
    return below(path) || (number == !!writes && strcmp(path, "/dev/null"));
}

/* Whether this call is to fail: 0 no, else the error number; -1: write half of it. */
static int fate(int kind) {
    if (!counters) return 0;
    long n = __atomic_add_fetch(&counters[kind], 1, __ATOMIC_RELAXED);
    if (kind != failing || n < at) return 0;
    if (!strcmp(mode, "ENOSPC")) return ENOSPC;
    if (!strcmp(mode, "FULL")) return n == at ? -1 : ENOSPC;
    if (n > at) return 0;
    return !strcmp(mode, "EIO") ? EIO : !strcmp(mode, "EINTR") ? EINTR : !strcmp(mode, "SHORT") ? -1 : 0;
}

/* One entry: a line of words that JSON would not need to quote, then `size` bytes as they are. */
static void note(const void *data, size_t size, const char *format, ...) {
    char line[2 * PATH_MAX + 100];
    va_list rest;
    va_start(rest, format);
    int length = vsnprintf(line, sizeof line, format, rest);
    va_end(rest);
    struct iovec parts[2] = {{line, (size_t)length}, {(void *)data, size}};
    syscall(SYS_writev, journal, parts, size ? 2 : 1);
}

static unsigned long long inode(int number) {
    struct stat status;
    return fstat(number, &status) ? 0 : (unsigned long long)status.st_ino;
}

#define FAIL(error) do { errno = (error); return -1; } while (0)

static int opened(int folder, const char *name, int flags, mode_t permissions) {
    char path[PATH_MAX];
    int creates = (flags & O_CREAT) || (flags & O_TMPFILE) == O_TMPFILE;
    int ours = absolute(folder, name, path);
    int error = ours ? fate(creates ? CREATE : OPEN) : 0;
    if (error > 0) FAIL(error);
    if (!ours || journal < 0) return (int)syscall(SYS_openat, folder, name, flags, permissions);
    pthread_mutex_lock(&lock);
    struct stat before;
    int existed = !fstatat(folder, name, &before, 0);
    int number = (int)syscall(SYS_openat, folder, name, flags, permissions);
    if (number >= 0 && (flags & O_CREAT) && !existed) note(NULL, 0, "create\t%llu\t%s\n", inode(number), path);
    if (number >= 0 && (flags & O_TRUNC) && existed) note(NULL, 0, "truncate\t%llu\t0\n", inode(number));
    pthread_mutex_unlock(&lock);
    return number;
}

static mode_t permissions_of(int flags, va_list rest) {
    return (flags & O_CREAT) || (flags & O_TMPFILE) == O_TMPFILE ? va_arg(rest, mode_t) : 0;
}

#define OPENS(function, parameters, folder) \
    int function parameters { \
        va_list rest; \
        va_start(rest, flags); \
        mode_t permissions = permissions_of(flags, rest); \
        va_end(rest); \
        return opened(folder, name, flags, permissions); \
    }
OPENS(open, (const char *name, int flags, ...), AT_FDCWD)
OPENS(open64, (const char *name, int flags, ...), AT_FDCWD)
OPENS(openat, (int folder, const char *name, int flags, ...), folder)
OPENS(openat64, (int folder, const char *name, int flags, ...), folder)
int creat(const char *name, mode_t permissions) { return opened(AT_FDCWD, name, O_CREAT | O_WRONLY | O_TRUNC, permissions); }

/* `offset` -1: where the file stands. */
static ssize_t put(int number, const struct iovec *parts, int n, off_t offset) {
    int ours = concerns(number, 1);
    int error = ours ? fate(WRITE) : 0;
    if (error > 0) FAIL(error);
    struct iovec half;
    if (error < 0 && n > 0 && parts[0].iov_len > 1) {
        half = (struct iovec){parts[0].iov_base, parts[0].iov_len / 2};
        parts = &half;
        n = 1;
    }
    if (!ours || journal < 0 || number == 1) {
        if (offset < 0) return syscall(SYS_writev, number, parts, n);
        return syscall(SYS_pwritev, number, parts, n, (long)offset, 0L);
    }
    pthread_mutex_lock(&lock);
    struct stat status;
    off_t place = offset;
    if (place < 0) {
        int appends = fcntl(number, F_GETFL) & O_APPEND;
        place = appends && !fstat(number, &status) ? status.st_size : lseek(number, 0, SEEK_CUR);
    }
    ssize_t written = offset < 0 ? syscall(SYS_writev, number, parts, n)
                                 : syscall(SYS_pwritev, number, parts, n, (long)offset, 0L);
    ssize_t left = written;
    for (int i = 0; i < n && left > 0; i++) {
        size_t size = (size_t)left < parts[i].iov_len ? (size_t)left : parts[i].iov_len;
        note(parts[i].iov_base, size, "write\t%llu\t%lld\t%zu\n", inode(number), (long long)place, size);
        place += (off_t)size;
        left -= (ssize_t)size;
    }
    pthread_mutex_unlock(&lock);
    return written;
}

ssize_t write(int number, const void *data, size_t size) {
    struct iovec part = {(void *)data, size};
    return put(number, &part, 1, -1);
}
ssize_t pwrite(int number, const void *data, size_t size, off_t offset) {
    struct iovec part = {(void *)data, size};
    return put(number, &part, 1, offset);
}
ssize_t pwrite64(int number, const void *data, size_t size, off64_t offset) { return pwrite(number, data, size, offset); }
ssize_t writev(int number, const struct iovec *parts, int n) { return put(number, parts, n, -1); }
ssize_t pwritev(int number, const struct iovec *parts, int n, off_t offset) { return put(number, parts, n, offset); }

static int reads(int number) { return concerns(number, 0) ? fate(READ) : 0; }
ssize_t read(int number, void *data, size_t size) {
    int error = reads(number);
    if (error > 0) FAIL(error);
    return syscall(SYS_read, number, data, error < 0 && size > 1 ? size / 2 : size);
}
ssize_t pread(int number, void *data, size_t size, off_t offset) {
    int error = reads(number);
    if (error > 0) FAIL(error);
    return syscall(SYS_pread64, number, data, error < 0 && size > 1 ? size / 2 : size, offset);
}
ssize_t pread64(int number, void *data, size_t size, off64_t offset) { return pread(number, data, size, offset); }

static int synced(int number, long call) {
    char path[PATH_MAX];
    path_of(number, path);
    int ours = below(path);
    int error = ours ? fate(SYNC) : 0;
    if (error > 0) FAIL(error);
    pthread_mutex_lock(&lock);
    int result = (int)syscall(call, number);
    if (!result && ours && journal >= 0) note(NULL, 0, "fsync\t%llu\t%s\n", inode(number), path);
    pthread_mutex_unlock(&lock);
    return result;
}
int fsync(int number) { return synced(number, SYS_fsync); }
int fdatasync(int number) { return synced(number, SYS_fdatasync); }

int ftruncate(int number, off_t size) {
    int ours = concerns(number, 0);
    int error = ours ? fate(TRUNCATE) : 0;
    if (error > 0) FAIL(error);
    int result = (int)syscall(SYS_ftruncate, number, size);
    if (!result && ours && journal >= 0) note(NULL, 0, "truncate\t%llu\t%lld\n", inode(number), (long long)size);
    return result;
}
int ftruncate64(int number, off64_t size) { return ftruncate(number, size); }

/* The file is closed all the same, as Linux does. What fails is to close a file that was written: a server of files
   reports here what it could not write. */
int close(int number) {
    char path[PATH_MAX];
    int error = 0;
    if (under && number > 2 && (fcntl(number, F_GETFL) & O_ACCMODE) != O_RDONLY) {
        path_of(number, path);
        error = below(path) ? fate(CLOSE) : 0;
    }
    int result = (int)syscall(SYS_close, number);
    if (error > 0) FAIL(error);
    return result;
}

static int renamed(int from_folder, const char *from, int to_folder, const char *to, unsigned flags) {
    char old[PATH_MAX], new[PATH_MAX];
    int ours = absolute(from_folder, from, old) & absolute(to_folder, to, new);
    int error = ours ? fate(RENAME) : 0;
    if (error > 0) FAIL(error);
    pthread_mutex_lock(&lock);
    int result = (int)syscall(SYS_renameat2, from_folder, from, to_folder, to, flags);
    if (!result && ours && journal >= 0) note(NULL, 0, "rename\t%s\t%s\n", old, new);
    pthread_mutex_unlock(&lock);
    return result;
}
int rename(const char *from, const char *to) { return renamed(AT_FDCWD, from, AT_FDCWD, to, 0); }
int renameat(int a, const char *from, int b, const char *to) { return renamed(a, from, b, to, 0); }
int renameat2(int a, const char *from, int b, const char *to, unsigned flags) { return renamed(a, from, b, to, flags); }

static int removed(int folder, const char *name, int flags) {
    char path[PATH_MAX];
    int ours = absolute(folder, name, path);
    int error = ours ? fate(UNLINK) : 0;
    if (error > 0) FAIL(error);
    pthread_mutex_lock(&lock);
    int result = (int)syscall(SYS_unlinkat, folder, name, flags);
    if (!result && ours && journal >= 0) note(NULL, 0, "unlink\t%s\n", path);
    pthread_mutex_unlock(&lock);
    return result;
}
int unlink(const char *name) { return removed(AT_FDCWD, name, 0); }
int unlinkat(int folder, const char *name, int flags) { return removed(folder, name, flags); }
int rmdir(const char *name) { return removed(AT_FDCWD, name, AT_REMOVEDIR); }

static int made(int folder, const char *name, mode_t permissions) {
    char path[PATH_MAX];
    int ours = absolute(folder, name, path);
    int error = ours ? fate(MKDIR) : 0;
    if (error > 0) FAIL(error);
    pthread_mutex_lock(&lock);
    int result = (int)syscall(SYS_mkdirat, folder, name, permissions);
    if (!result && ours && journal >= 0) note(NULL, 0, "mkdir\t%s\n", path);
    pthread_mutex_unlock(&lock);
    return result;
}
int mkdir(const char *name, mode_t permissions) { return made(AT_FDCWD, name, permissions); }
int mkdirat(int folder, const char *name, mode_t permissions) { return made(folder, name, permissions); }
