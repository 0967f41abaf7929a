#!/usr/bin/env bash
# Builds the packages into target/packages: an archive, a Debian package, an SBOM, and their checksums. Needs cargo-deb and
# cargo-cyclonedx. See deploy/README.md.
set -euo pipefail
cd "$(dirname "$0")/.."

target=${CARGO_TARGET_DIR:-target}
packages=$target/packages
assets=$target/dist/assets
version=$(sed -n 's/^version = "\(.*\)"$/\1/p' Cargo.toml | head -n 1)
name=bakkt-migrate-$version-$(uname -m)

for tool in cargo-deb cargo-cyclonedx; do
    command -v "$tool" >/dev/null || {
        echo "$tool is not here: cargo install --locked $tool" >&2
        exit 1
    }
done

cargo build --locked --profile dist --features object-storage,opentelemetry --bin bakkt-migrate
rm -rf "$packages" "$assets"
mkdir -p "$packages" "$assets/completions"
"$target/dist/bakkt-migrate" man --out "$assets/man" >/dev/null
for shell in bash zsh fish; do
    "$target/dist/bakkt-migrate" completions "$shell" >"$assets/completions/bakkt-migrate.$shell"
done

tree=$packages/$name
mkdir "$tree"
cp "$target/dist/bakkt-migrate" README.md CHANGELOG.md LICENSE-APACHE LICENSE-MIT "$tree"
cp -r "$assets/man" "$assets/completions" docs samples mappings "$tree"
find "$tree" -name .bakkt-migrate -prune -exec rm -rf {} +
chmod -R u=rwX,go=rX "$tree"
tar -C "$packages" --owner=0 --group=0 --numeric-owner --sort=name -czf "$packages/$name.tar.gz" "$name"
rm -rf "$tree"

cargo deb --no-build --no-strip --profile dist --output "$packages/"
cargo cyclonedx --features object-storage,opentelemetry --format json --override-filename bakkt-migrate-sbom >/dev/null
find . -path "./$target" -prune -o -name 'bakkt-migrate-sbom*.json' -print | while read -r sbom; do
    case $sbom in
    ./bakkt-migrate-sbom*) mv "$sbom" "$packages/$name.cdx.json" ;;
    *) rm "$sbom" ;;
    esac
done
(cd "$packages" && sha256sum -- * >SHA256SUMS)
ls -l "$packages"
