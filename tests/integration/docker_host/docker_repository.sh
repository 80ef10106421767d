# Builds and serves a package repository laid out and signed like Docker's, on a host that has Docker from Debian.
# The packages carry Debian's files under Docker's names. What this cannot show: that Docker's own packages install.
set -eu
release=$1
top=/srv/docker-repository
rm -rf "$top"
pool=$top/dists/$release/stable/binary-amd64
mkdir -p "$pool" /root/.gnupg
chmod 700 /root/.gnupg

repack() { # NAME "DEBIAN PACKAGES" "DEPENDS"
    tree=$(mktemp -d)
    dpkg -L $2 | sort -u | while read -r path; do
        [ -d "$path" ] && [ ! -L "$path" ] || printf '%s\0' "$path"
    done | tar -C / --null -T - -cf - 2>/dev/null | tar -C "$tree" -xf -
    rm -rf "$tree/usr/share/doc" "$tree/etc/init.d" "$tree/etc/default"
    mkdir -p "$tree/DEBIAN"
    {
        echo "Package: $1"
        echo "Version: 5:29.0.0-1~debian"
        echo "Architecture: amd64"
        echo "Maintainer: testbed <testbed@upkeep.test>"
        echo "Description: Debian's files under Docker's name"
        [ -z "$3" ] || echo "Depends: $3"
    } >"$tree/DEBIAN/control"
    if [ "$1" = docker-ce ]; then
        printf '#!/bin/sh\nset -e\ngroupadd -rf docker\nsystemctl daemon-reload\nsystemctl enable --now docker.service\n' \
            >"$tree/DEBIAN/postinst"
        chmod 755 "$tree/DEBIAN/postinst"
    fi
    dpkg-deb -Znone --root-owner-group -b "$tree" "$pool/$1.deb" >/dev/null
    rm -rf "$tree"
}

repack containerd.io "containerd runc" ""
repack docker-ce-cli "docker-cli" ""
repack docker-ce "docker.io" "containerd.io, docker-ce-cli, iptables"
repack docker-compose-plugin "docker-compose" ""

cd "$top"
for package in "$pool"/*.deb; do
    dpkg-deb -f "$package"
    echo "Filename: ${package#"$top"/}"
    echo "Size: $(stat -c %s "$package")"
    echo "SHA256: $(sha256sum "$package" | cut -d' ' -f1)"
    echo
done >"$pool/Packages"
{
    echo "Origin: Docker"
    echo "Suite: $release"
    echo "Codename: $release"
    echo "Components: stable"
    echo "Architectures: amd64"
    echo "Date: $(LC_ALL=C date -Ru)"
    echo "SHA256:"
    echo " $(sha256sum "$pool/Packages" | cut -d' ' -f1) $(stat -c %s "$pool/Packages") stable/binary-amd64/Packages"
} >"dists/$release/Release"
gpg --batch --quiet --passphrase '' --quick-generate-key 'Docker Release (testbed)' ed25519 sign never 2>/dev/null || true
gpg --batch --quiet --yes --clearsign -o "dists/$release/InRelease" "dists/$release/Release"
gpg --batch --quiet --armor --export >gpg
systemd-run --quiet --collect --unit=docker-repository python3 -m http.server --directory "$top" 8088
sha256sum gpg | cut -d' ' -f1
