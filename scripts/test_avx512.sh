#!/usr/bin/env bash
# The tests of the kernels, the golden cases and the same bytes for two threads on an emulated processor with AVX-512
# (Bochs), for machines that have none. A quarter of an hour; Debian 12 only, whose kernel it starts.
# Arguments choose tests of the kernels, e.g. -tc="op tanh".
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/setup.sh"

need "${PACKAGES[@]}" bochs bochsbios vgabios busybox-static cpio grub-common grub-pc-bin mtools xorriso
build release

work=$PWD/build/avx512
rm -rf "$work"
mkdir -p "$work"/{root/{bin,proc,dev,tmp},iso/boot/grub}
root=$work/root

# The system: busybox, three programs with their libraries, and the golden cases where the tests look for them.
cp /bin/busybox "$root/bin/"
for name in sh mount poweroff cmp; do ln -s busybox "$root/bin/$name"; done
programs=(build/release/bin/dcrnn build/release/tests/test_kernels build/release/tests/test_api)
cp "${programs[@]}" "$root/bin/"
ldd "${programs[@]}" | grep -o '/[^ ]*\.so[^ ]*' | sort -u | xargs cp -L --parents -t "$root"
mkdir -p "$root$PWD/tests"
cp -r tests/golden "$root$PWD/tests/"
cat >"$root/init" <<'INIT'
#!/bin/sh
export PATH=/bin
mount -t proc proc /proc
mount -t devtmpfs dev /dev
exec >/dev/ttyS0 2>&1
run() { echo "\$ $*"; "$@"; echo "exit code $?: $1"; }
run dcrnn --version
run test_api -nc -tc=*olden*
run dcrnn synth /tmp --rows 1600
for threads in 1 2; do
  run dcrnn train /tmp/config.json --train /tmp/train.csv --out /tmp/$threads --threads $threads --isa avx512 --quiet \
    --set train.epochs=1 --set train.batch=600
done
run cmp /tmp/1 /tmp/2
INIT
{
  printf 'run test_kernels -nc'
  [ $# -eq 0 ] || printf ' %q' "$@"
  printf '\nbusybox sleep 5  # for the serial line\npoweroff -f\n'
} >>"$root/init"
chmod +x "$root/init"
(cd "$root" && find . | cpio -o -H newc --quiet | gzip -1) >"$work/iso/boot/initrd.gz"

# The kernel. Its check of the register file does not agree with Bochs on xsaves and xsavec, which are therefore off.
image=$(apt-cache depends linux-image-cloud-amd64 | sed -n 's/.*Depends: \(linux-image.*\)/\1/p')
(cd "$work" && apt-get download -qq "$image" && dpkg -x "$image"_*.deb kernel)
cp "$work"/kernel/boot/vmlinuz-* "$work/iso/boot/vmlinuz"
cat >"$work/iso/boot/grub/grub.cfg" <<'GRUB'
set timeout=0
menuentry dcrnn {
  linux /boot/vmlinuz console=ttyS0 quiet mitigations=off tsc=reliable clearcpuid=321,323
  initrd /boot/initrd.gz
}
GRUB
grub-mkrescue -o "$work/disk.iso" "$work/iso" >"$work/grub.log" 2>&1

cat >"$work/bochsrc" <<BOCHS
cpu: model=corei7_skylake_x, count=1, ips=100000000, reset_on_triple_fault=1, ignore_bad_msrs=1
memory: guest=1024, host=1024
romimage: file=/usr/share/bochs/BIOS-bochs-latest
vgaromimage: file=/usr/share/bochs/VGABIOS-lgpl-latest
ata0: enabled=1
ata0-master: type=cdrom, path=$work/disk.iso, status=inserted
boot: cdrom
com1: enabled=1, mode=file, dev=$work/output.txt
log: $work/bochs.log
display_library: rfb, options="timeout=0"
BOCHS
echo continue >"$work/commands"
touch "$work/output.txt"
tail -f "$work/output.txt" &
trap 'kill $!' EXIT
bochs -q -f "$work/bochsrc" -rc "$work/commands" >"$work/bochs.out" 2>&1 </dev/null || true

codes=$(tr -d '\r' <"$work/output.txt" | grep '^exit code ' || true)
if ! grep -q 'chosen: avx512' "$work/output.txt" || [ "$(grep -c '^exit code 0' <<<"$codes")" -ne 7 ]; then
  printf '\nSome tests failed; see above.\n' >&2
  exit 1
fi
printf '\nAll tests passed with AVX-512.\n'
