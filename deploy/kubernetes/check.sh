#!/bin/bash
# Checks the manifests against the schemas that Kubernetes publishes (PyPI: kubernetes-validate), strictly: no unknown key.
#
#   pip install kubernetes-validate PyYAML
#   deploy/kubernetes/check.sh
#
# With `--if-possible` it says that the check is left out where the package is not installed.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
if ! python3 -c 'import kubernetes_validate, yaml' 2>/dev/null; then
    [ "${1:-}" = --if-possible ] && { echo "left out: the Python package kubernetes-validate is not installed"; exit 0; }
    echo "error: the Python package kubernetes-validate is not installed" >&2
    exit 1
fi
for options in "" "--storage-class fast --folder firms/acme --name move --state-size 500Mi"; do
    # shellcheck disable=SC2086
    "$here/manifests.sh" --shards 3 --image registry.example.com/bakkt-migrate:0.1.0 $options | python3 -c '
import sys, yaml, kubernetes_validate
versions = ["1.31", kubernetes_validate.latest_version()]
documents = list(yaml.safe_load_all(sys.stdin))
for document in documents:
    for version in versions:
        kubernetes_validate.validate(document, version, strict=True)
names = [(document["kind"], document["metadata"]["name"]) for document in documents]
assert len(set(names)) == len(names), names
print(len(documents), "manifests are valid in", " and ".join(str(version) for version in versions))'
done
