#!/bin/sh
# Makes /image, the root of the container: the files of some Debian packages, /opt/elman and one user. The Containerfile
# runs it in its first stage. What no package here asks for, such as a shell, is not in it.
set -eu

python=$(python3 -c 'import sys; print("python%d.%d" % sys.version_info[:2])')
libraries="libc6 libgcc-s1 libstdc++6 zlib1g libexpat1 libffi8 libssl3t64 libzstd1 libbz2-1.0 liblzma5 libsqlite3-0 libuuid1"

# Tests, headers and type stubs are not needed to run, nor are the programs that packages bring.
(
  cd /opt/elman/lib/$python/site-packages
  find . -depth \( -type d -name tests -o -name '*.pyi' -o -name '*.h' -o -name '*.a' -o -name '*_tests.*.so' \) -exec rm -r {} +
  rm -r numpy/f2py
)
find /opt/elman/bin -mindepth 1 ! -name 'python*' ! -name elman -delete

mkdir -p /image/var/lib/dpkg/status.d
for package in base-files python3-minimal $python-minimal lib$python-minimal lib$python-stdlib $libraries; do
  # slim images lack the documentation that packages list
  dpkg-query --listfiles "$package" | while read -r path; do
    if [ -e "$path" ] || [ -L "$path" ]; then echo "${path#/}"; fi
  done > /build/files
  tar --create --no-recursion --directory / --files-from /build/files --file /build/files.tar
  tar --extract --directory /image --file /build/files.tar
  # where scanners for vulnerabilities look in images without dpkg
  dpkg-query --status "$package" > "/image/var/lib/dpkg/status.d/$package"
done
rm -rf /image/usr/share/man /image/usr/share/locale /image/usr/share/lintian /image/usr/lib/*/gconv
find /image/usr/share/doc -type f ! -name copyright -delete

mkdir -p /image/opt /image/models /image/data /image/run/secrets
cp -a /opt/elman /image/opt/
echo 'elman:x:65532:65532::/data:/usr/sbin/nologin' > /image/etc/passwd
echo 'elman:x:65532:' > /image/etc/group
chown 65532:65532 /image/data

# Compiled now, since it cannot be later; without times, so that the same packages give the same files.
python3 -m compileall -q -s /image --invalidation-mode unchecked-hash /image/opt/elman/lib /image/usr/lib/$python
