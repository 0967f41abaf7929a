#!/bin/bash
# Writes the manifests of a migration in shards: a Valkey for the shared quota, and for each shard a Job with a volume of its own.
# README.md says what has to be there before, and how to go on.
#
#   deploy/kubernetes/manifests.sh --shards 8 --image registry.example.com/bakkt-migrate:0.1.0 >migration.yaml
#   kubectl apply -n migration -f migration.yaml
set -euo pipefail

shards= image= name=bakkt-migrate folder=acme claim=migration size=10Gi class= valkey=valkey/valkey:8.1
usage() {
    cat <<TEXT
manifests.sh --shards COUNT --image IMAGE [options]
  --shards COUNT         how many shards; it stays what it is when the first has started
  --image IMAGE          an image with bakkt-migrate, such as the one of deploy/container
  --name NAME            what the names of all objects begin with ($name)
  --migration-claim NAME a PersistentVolumeClaim with the migration folder, which all pods can mount ($claim)
  --folder NAME          the migration folder in that volume ($folder)
  --state-size SIZE      size of the volume of each shard's journal ($size)
  --storage-class NAME   its storage class; block storage that one node at a time mounts (the cluster's default)
  --valkey IMAGE         the image of the quota server ($valkey)
TEXT
}
while [ $# -gt 0 ]; do
    case $1 in
    --shards) shards=${2:-} ;;
    --image) image=${2:-} ;;
    --name) name=${2:-} ;;
    --migration-claim) claim=${2:-} ;;
    --folder) folder=${2:-} ;;
    --state-size) size=${2:-} ;;
    --storage-class) class=${2:-} ;;
    --valkey) valkey=${2:-} ;;
    --help) usage; exit 0 ;;
    *) echo "error: $1 is not an option" >&2; usage >&2; exit 2 ;;
    esac
    shift 2 || { echo "error: an option has no value" >&2; exit 2; }
done
[[ $shards =~ ^[1-9][0-9]{0,3}$ ]] || { echo "error: --shards is a number from 1" >&2; exit 2; }
[[ -n $image && $image != *[[:space:]\"]* ]] || { echo "error: --image names an image" >&2; exit 2; }
for word in "$name" "$claim"; do
    [[ $word =~ ^[a-z]([-a-z0-9]{0,40}[a-z0-9])?$ ]] || { echo "error: \"$word\" is no name for an object" >&2; exit 2; }
done
[[ $folder =~ ^[A-Za-z0-9][A-Za-z0-9._/-]*$ && $folder != *..* ]] || { echo "error: --folder names a folder in the volume" >&2; exit 2; }
[[ $size =~ ^[1-9][0-9]*(Mi|Gi|Ti)$ ]] || { echo "error: --state-size is such as 10Gi" >&2; exit 2; }
[[ -z $class || $class =~ ^[a-z0-9][-a-z0-9.]*$ ]] || { echo "error: --storage-class is no name" >&2; exit 2; }
[[ -n $valkey && $valkey != *[[:space:]\"]* ]] || { echo "error: --valkey names an image" >&2; exit 2; }

storage_class=
[ -z "$class" ] || storage_class=$'\n  storageClassName: '"$class"

cat <<YAML
# The quota server. It holds the registry of shards, so it keeps what it has written.
apiVersion: v1
kind: Service
metadata:
  name: $name-quota
  labels: {app.kubernetes.io/name: bakkt-migrate, app.kubernetes.io/instance: $name, app.kubernetes.io/component: quota}
spec:
  selector: {app.kubernetes.io/instance: $name, app.kubernetes.io/component: quota}
  ports:
    - {name: valkey, port: 6379, targetPort: valkey}
---
apiVersion: apps/v1
kind: StatefulSet
metadata:
  name: $name-quota
  labels: {app.kubernetes.io/name: bakkt-migrate, app.kubernetes.io/instance: $name, app.kubernetes.io/component: quota}
spec:
  serviceName: $name-quota
  # One, and no replicas: a copy that is behind would grant times twice.
  replicas: 1
  selector:
    matchLabels: {app.kubernetes.io/instance: $name, app.kubernetes.io/component: quota}
  template:
    metadata:
      labels: {app.kubernetes.io/name: bakkt-migrate, app.kubernetes.io/instance: $name, app.kubernetes.io/component: quota}
    spec:
      automountServiceAccountToken: false
      securityContext: {runAsNonRoot: true, runAsUser: 999, runAsGroup: 999, fsGroup: 999, seccompProfile: {type: RuntimeDefault}}
      containers:
        - name: valkey
          image: "$valkey"
          command: [valkey-server]
          args: [--port, "0", --tls-port, "6379", --tls-cert-file, /tls/tls.crt, --tls-key-file, /tls/tls.key, --tls-ca-cert-file, /tls/ca.crt,
                 --tls-auth-clients, "no", --requirepass, \$(QUOTA_PASSWORD), --dir, /data, --appendonly, "yes", --appendfsync, always, --save, "",
                 --maxmemory-policy, noeviction]
          env:
            - name: QUOTA_PASSWORD
              valueFrom: {secretKeyRef: {name: $name, key: quota-password}}
          ports:
            - {name: valkey, containerPort: 6379}
          readinessProbe:
            tcpSocket: {port: valkey}
          resources:
            requests: {cpu: 100m, memory: 64Mi}
            limits: {memory: 256Mi}
          securityContext: {allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: {drop: [ALL]}}
          volumeMounts:
            - {name: data, mountPath: /data}
            - {name: tls, mountPath: /tls, readOnly: true}
      volumes:
        - name: tls
          secret: {secretName: $name-quota-tls, defaultMode: 288}
  volumeClaimTemplates:
    - metadata: {name: data}
      spec:
        accessModes: [ReadWriteOnce]$(printf '%s' "$storage_class" | sed 's/^  /        /')
        resources: {requests: {storage: 1Gi}}
YAML

for ((shard = 0; shard < shards; shard++)); do
    labels="{app.kubernetes.io/name: bakkt-migrate, app.kubernetes.io/instance: $name, app.kubernetes.io/component: shard, bakkt-migrate/shard: \"$shard\"}"
    cat <<YAML
---
# The journal of shard $shard. It outlives every pod: deleting it loses what is known of what was sent.
apiVersion: v1
kind: PersistentVolumeClaim
metadata:
  name: $name-state-$shard
  labels: $labels
spec:
  accessModes: [ReadWriteOncePod]$storage_class
  resources: {requests: {storage: $size}}
---
apiVersion: batch/v1
kind: Job
metadata:
  name: $name-$shard
  labels: $labels
spec:
  completions: 1
  parallelism: 1
  # Each restart waits longer, up to six minutes.
  backoffLimit: 200
  podFailurePolicy:
    rules:
      # A drained node, a preempted pod: the next pod goes on.
      - action: Ignore
        onPodConditions:
          - {type: DisruptionTarget, status: "True"}
      # 1: cannot go on, or does not balance; 2: settings, arguments, the registry. A person has to look.
      - action: FailJob
        onExitCodes: {containerName: migrate, operator: In, values: [1, 2]}
      # 4: interrupted or stopped; 137 and 143: killed. The same command goes on.
      - action: Count
        onExitCodes: {containerName: migrate, operator: In, values: [4, 137, 143]}
  template:
    metadata:
      labels: $labels
    spec:
      restartPolicy: Never
      automountServiceAccountToken: false
      # The first signal lets what is on its way finish.
      terminationGracePeriodSeconds: 120
      # The journal must stay its owner's alone, so the group of the files is not set anew at each start.
      securityContext: {runAsNonRoot: true, runAsUser: 10001, runAsGroup: 10001, fsGroup: 10001, fsGroupChangePolicy: OnRootMismatch,
                        seccompProfile: {type: RuntimeDefault}}
      containers:
        - name: migrate
          image: "$image"
          command: [bakkt-migrate]
          args: [--quiet, run, /migration/$folder, --state, /state/journals, --shard, $shard/$shards, "--yes", --done-is-zero]
          env:
            - name: BAKKT_API_KEY
              valueFrom: {secretKeyRef: {name: $name, key: api-key}}
            - name: BAKKT_REDIS_PASSWORD
              valueFrom: {secretKeyRef: {name: $name, key: quota-password}}
            # The authority of the quota server's certificate, beside those that the image trusts.
            - {name: SSL_CERT_FILE, value: /quota/ca.crt}
            - {name: SSL_CERT_DIR, value: /etc/ssl/certs}
          resources:
            requests: {cpu: 500m, memory: 256Mi}
            limits: {memory: 1Gi}
          securityContext: {allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: {drop: [ALL]}}
          volumeMounts:
            - {name: state, mountPath: /state}
            - {name: migration, mountPath: /migration}
            - {name: quota, mountPath: /quota, readOnly: true}
            - {name: tmp, mountPath: /tmp}
      volumes:
        - name: state
          persistentVolumeClaim: {claimName: $name-state-$shard}
        - name: migration
          persistentVolumeClaim: {claimName: $claim}
        - name: quota
          secret: {secretName: $name-quota-tls, items: [{key: ca.crt, path: ca.crt}]}
        - name: tmp
          emptyDir: {}
YAML
done
